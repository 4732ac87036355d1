//! All that the phone can be told to do.
use crate::{AccountId, CallId, Direction, LegId, Refusal, Role, Target, Time, WrapUpId};
use alloc::string::String;

/// One thing to do, in the order in which it is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send an INVITE; its leg is new.
    Invite {
        /// The leg's name from now on.
        leg: LegId,
        /// From which account.
        account: AccountId,
        /// To whom; with URI headers where a REFER gave them.
        target: Target,
        /// Say `Trialog-Role: guest`.
        as_guest: bool,
        /// It follows from the REFER that came on this leg: carry its Referred-By.
        referral: Option<LegId>,
    },
    /// Answer 180.
    Ring(LegId),
    /// Answer 200.
    Answer(LegId),
    /// Answer with a final refusal.
    Reject {
        /// Which.
        leg: LegId,
        /// 4xx or 6xx.
        status: u16,
    },
    /// Answer 302 with this Contact.
    Redirect {
        /// Which.
        leg: LegId,
        /// Where to.
        target: Target,
    },
    /// Send CANCEL; a 2xx that crosses it is acknowledged and ended with BYE by the user agent, which says
    /// [`crate::WireEvent::Gone`] at the end in any case.
    Cancel(LegId),
    /// Send BYE; [`crate::WireEvent::Gone`] follows.
    Bye {
        /// Which.
        leg: LegId,
        /// For the Reason header (RFC 3326).
        reason: ByeReason,
    },
    /// Send a re-INVITE for this session. A later one takes the place of one that is still waiting.
    Reinvite {
        /// Which.
        leg: LegId,
        /// What is wanted.
        session: SessionIntent,
    },
    /// Send a REFER in this leg's dialog.
    Refer {
        /// Whom to send.
        leg: LegId,
        /// Where to.
        to: ReferTo,
    },
    /// End our REFER's subscription (`Expires: 0`): the transfer is withdrawn.
    WithdrawRefer(LegId),
    /// Answer a REFER with 202 and NOTIFY 100.
    AcceptReferral(LegId),
    /// Answer a REFER with a final refusal.
    RefuseReferral {
        /// Which.
        leg: LegId,
        /// 4xx or 6xx.
        status: u16,
    },
    /// Send the final NOTIFY of a REFER that we had accepted; the subscription ends with it.
    ReferralResult {
        /// The leg on which the REFER came.
        leg: LegId,
        /// How our INVITE ended; 603 when our agent declined.
        status: u16,
    },
    /// Tell a Trialog something by INFO.
    Inform {
        /// Whom.
        leg: LegId,
        /// What.
        info: Info,
    },
    /// Send a digit as telephone-event (RFC 4733).
    Dtmf {
        /// To whom.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// Keep this for ever, before the next action.
    Record(CallRecord),
    /// Tell the agent.
    Notice(Notice),
    /// The input was refused; nothing changed and nothing is sent.
    Refuse(Refusal),
    /// All calls are over after a [`crate::Input::Terminate`]: the program may end.
    Quit,
}

/// What a re-INVITE asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionIntent {
    /// As seen from here: `SendOnly` holds the far side.
    pub direction: Direction,
    /// Our Contact carries `isfocus` (RFC 4579).
    pub focus: bool,
}

/// Where a REFER points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReferTo {
    /// Blind: an address.
    Target(Target),
    /// Attended: the party at the far end of this leg, with `Replaces` of our dialog with it (RFC 3891 §3).
    Leg(LegId),
}

/// Why we hang up, for the Reason header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByeReason {
    /// The agent ended it.
    Ended,
    /// The owner ended the conference for all.
    ConferenceEnded,
    /// The guest left.
    Exit,
    /// The call was handed over.
    Transferred,
    /// Another leg took its place.
    Replaced,
    /// The phone is being switched off.
    ShuttingDown,
}

/// What one Trialog tells another in a dialog they share. Others ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Info {
    /// You own the call now; I only carry the sound (anchored).
    YouAreOwner,
    /// The customer has left; we two go on (post-call).
    PostCall,
}

/// What is kept of calls and wrap-ups. Each is written and synced before anything else happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallRecord {
    /// A call came into being.
    Began {
        /// Which.
        call: CallId,
        /// As what.
        role: Role,
        /// The other party.
        peer: String,
        /// It was offered to us, not placed by us.
        incoming: bool,
        /// When.
        at: Time,
    },
    /// Sound was agreed with the first party.
    Connected {
        /// Which.
        call: CallId,
        /// When.
        at: Time,
    },
    /// We own it from now on (a guest who took a transfer).
    Owned {
        /// Which.
        call: CallId,
        /// The customer; where another phone carries the call (anchored), who carries it.
        peer: String,
        /// When.
        at: Time,
    },
    /// It is over for us.
    Finished {
        /// Which.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// When.
        at: Time,
    },
    /// A wrap-up is drafted (`due` false) or owed (`due` true).
    WrapUpOpened {
        /// Which.
        id: WrapUpId,
        /// Of which call.
        call: CallId,
        /// It is owed now.
        due: bool,
        /// When.
        at: Time,
    },
    /// A reason was chosen but not yet handed in.
    WrapUpDrafted {
        /// Which.
        id: WrapUpId,
        /// Code of a configured reason.
        reason: String,
        /// When.
        at: Time,
    },
    /// A wrap-up is not owed after all: its call has become another's.
    WrapUpDropped {
        /// Which.
        id: WrapUpId,
        /// When.
        at: Time,
    },
    /// A wrap-up was handed in, by the agent or (`timed` true) by the timer.
    WrapUpSubmitted {
        /// Which.
        id: WrapUpId,
        /// Of which call.
        call: CallId,
        /// Code of a configured reason.
        reason: String,
        /// The timer did it.
        timed: bool,
        /// When.
        at: Time,
    },
}

/// How a call ended for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was never answered here.
    NotAnswered,
    /// The far side did not answer or refused.
    Refused(u16),
    /// We ended it.
    Ended,
    /// The far side left.
    FarEnded,
    /// We handed it over.
    Transferred,
    /// We left as guest.
    Exited,
    /// It failed (no sound, lost).
    Failed,
}

/// What the agent is told. The screen has the words in English and German.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// The consulted agent was not reached: busy, declined, no answer. The customer stays held with music.
    GuestRefused {
        /// Which call.
        call: CallId,
        /// Whom.
        guest: String,
        /// RFC 3261 §21.
        status: u16,
    },
    /// The party could not be held; nothing changed.
    HoldRefused {
        /// Which call.
        call: CallId,
        /// Who.
        party: String,
        /// RFC 3261 §21.
        status: u16,
    },
    /// The party could not be taken off hold.
    ResumeRefused {
        /// Which call.
        call: CallId,
        /// Who.
        party: String,
        /// RFC 3261 §21.
        status: u16,
    },
    /// Swap failed and was undone.
    SwapUndone {
        /// Which call.
        call: CallId,
        /// RFC 3261 §21.
        status: u16,
    },
    /// The transfer failed; the customer is with you.
    TransferFailed {
        /// Which call.
        call: CallId,
        /// RFC 3261 §21; 408 when no final NOTIFY came.
        status: u16,
    },
    /// The guest declined the transfer; the conference goes on.
    TransferDeclined {
        /// Which call.
        call: CallId,
    },
    /// The transfer that we were asked to take was taken back.
    TransferWithdrawn {
        /// Which call.
        call: CallId,
    },
    /// The transfer is done.
    Transferred {
        /// Which call.
        call: CallId,
    },
    /// Nobody could be referred: our phone carries the two on.
    Anchored {
        /// Which call.
        call: CallId,
    },
    /// You own the call now.
    NowOwner {
        /// Which call.
        call: CallId,
    },
    /// The guest left; you are alone with the customer.
    GuestLeft {
        /// Which call.
        call: CallId,
        /// Who.
        guest: String,
    },
    /// The customer left.
    CustomerLeft {
        /// Which call.
        call: CallId,
    },
    /// No sound comes from this party.
    NoAudio {
        /// Which call.
        call: CallId,
        /// Who.
        party: String,
    },
    /// Sound comes again.
    AudioBack {
        /// Which call.
        call: CallId,
        /// Who.
        party: String,
    },
    /// The headset is gone; the parties still hear each other.
    DeviceGone,
    /// The headset is back.
    DeviceBack,
    /// A party sent a digit.
    Dtmf {
        /// Which call.
        call: CallId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// The hook was pressed in a conference and `hangup = "ask"`: end for everyone? It is done in 5 s without an answer.
    AskEndForAll {
        /// Which call.
        call: CallId,
    },
}
