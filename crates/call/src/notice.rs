//! What the agent is told.
use crate::{CallId, EndReason, PartyIdentity, ReferralView, TurnedAway, WebhookState};
use alloc::{string::String, sync::Arc};

/// What the agent is shown. The screen has the words in English and German.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// The consulted agent was not reached: busy, declined, no answer. The customer stays held with music.
    GuestRefused {
        /// The call that it is about.
        call: CallId,
        /// The guest.
        guest: Arc<PartyIdentity>,
        /// Final status of the guest's leg (RFC 3261 §21); 488 without a common codec, 480 where the leg ended otherwise.
        status: u16,
    },
    /// The party could not be held; nothing changed.
    HoldRefused {
        /// The call that it is about.
        call: CallId,
        /// The party.
        party: Arc<PartyIdentity>,
        /// Final status of the re-INVITE (RFC 3261 §21).
        status: u16,
    },
    /// The party could not be taken off hold.
    ResumeRefused {
        /// The call that it is about.
        call: CallId,
        /// The party.
        party: Arc<PartyIdentity>,
        /// Final status of the re-INVITE (RFC 3261 §21).
        status: u16,
    },
    /// Swap failed and was undone.
    SwapUndone {
        /// The call that it is about.
        call: CallId,
        /// Final status of the re-INVITE of its second step (RFC 3261 §21).
        status: u16,
    },
    /// The transfer failed; the customer is with you.
    TransferFailed {
        /// The call that it is about.
        call: CallId,
        /// Final status of the REFER, else the one that its NOTIFY reported or with which a blind target refused (RFC 3261 §21);
        /// 408 when no final NOTIFY came.
        status: u16,
    },
    /// The transfer failed, and the customer has hung up meanwhile.
    TransferFailedCustomerGone {
        /// The call that it is about.
        call: CallId,
        /// As in [`Notice::TransferFailed`].
        status: u16,
    },
    /// The guest declined the transfer; the conference goes on.
    TransferDeclined {
        /// The call that it is about.
        call: CallId,
    },
    /// The transfer that we were asked to take was taken back.
    TransferWithdrawn {
        /// The call that it is about.
        call: CallId,
    },
    /// The transfer is done.
    Transferred {
        /// The call that it is about.
        call: CallId,
    },
    /// No party could be referred: our phone carries the two on.
    Anchored {
        /// The call that it is about.
        call: CallId,
    },
    /// You own the call now.
    NowOwner {
        /// The call that it is about.
        call: CallId,
    },
    /// The guest left; you are alone with the customer.
    GuestLeft {
        /// The call that it is about.
        call: CallId,
        /// The guest.
        guest: Arc<PartyIdentity>,
    },
    /// The offered call was answered at another phone.
    AnsweredElsewhere {
        /// The call that it is about.
        call: CallId,
        /// The caller.
        party: Arc<PartyIdentity>,
    },
    /// The party's side says why its leg ends: Ended or Refused follows.
    Reason {
        /// The call that it is about.
        call: CallId,
        /// The party.
        party: Arc<PartyIdentity>,
        /// It has words (`EndReason::has_words`).
        reason: Arc<EndReason>,
    },
    /// The customer left.
    CustomerLeft {
        /// The call that it is about.
        call: CallId,
    },
    /// No sound comes from this party.
    NoAudio {
        /// The call that it is about.
        call: CallId,
        /// The party.
        party: Arc<PartyIdentity>,
    },
    /// Sound comes again.
    AudioBack {
        /// The call that it is about.
        call: CallId,
        /// The party.
        party: Arc<PartyIdentity>,
    },
    /// A text came for the agent (RFC 3428).
    Message {
        /// The sender.
        from: Arc<PartyIdentity>,
        /// On one line, 1,000 characters at most.
        text: String,
    },
    /// Calls were turned away, since policy does not take calls of their senders. Told once a minute at most.
    StrangersTurnedAway {
        /// IP address of the latest sender.
        from: String,
        /// How many since this was told last.
        count: u32,
    },
    /// New calls were refused at once; one notice a minute at most.
    TurnedAway {
        /// The caller; of several, the last one.
        peer: Arc<PartyIdentity>,
        /// With which status, and why; of several, the last one.
        how: TurnedAway,
        /// How many.
        calls: u32,
    },
    /// Calls rang and were not answered: the agent takes no more until one says otherwise.
    NotAnswered {
        /// How many in a row.
        calls: u32,
    },
    /// A wrap-up that was handed in could not be kept: it is owed as before.
    WrapUpNotKept {
        /// The call that it is about.
        call: CallId,
    },
    /// The disk refuses the records of calls; they are kept when it takes them again.
    RecordsFailing {
        /// In the system's words.
        why: String,
    },
    /// The disk takes the records again, and what was held is kept.
    RecordsKept,
    /// Something about a webhook that gets the records.
    Webhook {
        /// Its name in the configuration.
        name: String,
        /// How it is.
        state: WebhookState,
    },
    /// An earlier run of the phone has died in this call; this run goes on with it.
    TakenUp {
        /// The call.
        call: CallId,
    },
    /// It could not go on with this one, which is not there any more.
    CallLost {
        /// The call.
        call: CallId,
    },
    /// The headset is gone; the parties still hear each other.
    DeviceGone,
    /// The headset is back.
    DeviceBack,
    /// The agent speaks, and the microphone is stopped.
    SpeaksMuted {
        /// The call whose parties don't hear it.
        call: CallId,
    },
    /// A party asks us to call another one (REFER): [`crate::Act::Accept`] or [`crate::Act::Decline`].
    TransferRequested {
        /// The call that it is about; outside of any, the one that is asked for.
        call: CallId,
        /// The party that asks, and the one that is to be called.
        to: ReferralView,
    },
    /// The called party's phone or server sends the call elsewhere.
    Redirected {
        /// The call that it is about.
        call: CallId,
        /// The party that was called.
        party: Arc<PartyIdentity>,
        /// The URI that the call is sent to.
        to: String,
        /// The agent is asked whether to follow: [`crate::Act::Accept`] or [`crate::Act::Decline`]. Else it is followed.
        asked: bool,
    },
    /// A call was answered without the agent's doing.
    AnsweredUnasked {
        /// The call that it is about.
        call: CallId,
        /// The caller.
        party: Arc<PartyIdentity>,
        /// Its caller has asked for it; else policy did.
        on_request: bool,
    },
    /// A party sent a digit.
    Dtmf {
        /// The call that it is about.
        call: CallId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// The hook was pressed in a conference and `hangup = "ask"`: end for everyone? It is done in 5 s without an answer.
    AskEndForAll {
        /// The call that it is about.
        call: CallId,
    },
}
