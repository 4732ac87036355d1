//! All that the core asks of user agent, desk and record.
use crate::{
    AccountId, CallId, CallOrigin, Direction, EndReason, LegId, Notice, PartyIdentity, Refusal,
    Role, Target, Time, TurnedAway, WrapUpId,
};
use alloc::{string::String, sync::Arc};

/// One thing to do, in the order in which it is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send an INVITE; its leg is new.
    Invite {
        /// The new leg; its id is used from now on.
        leg: LegId,
        /// The account whose identity and registrar the request has.
        account: AccountId,
        /// Request-URI and To; with URI headers where a Refer-To had them.
        target: Target,
        /// The request has `Trialog-Role: guest`.
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
        /// An offered leg.
        leg: LegId,
        /// Final status, 4xx or 6xx (RFC 3261 §21).
        status: u16,
    },
    /// Answer 302 with this Contact.
    Redirect {
        /// An offered leg.
        leg: LegId,
        /// The response's Contact.
        target: Target,
    },
    /// Send this leg's INVITE to the target of the last [`crate::WireEvent::Redirected`].
    FollowRedirection(LegId),
    /// Do not: its next target is offered, or the call is refused.
    RefuseRedirection(LegId),
    /// Send CANCEL; a 2xx that crosses it is acknowledged and ended with BYE by the user agent, which reports
    /// [`crate::WireEvent::Gone`] at the end in any case.
    Cancel(LegId),
    /// Send BYE; [`crate::WireEvent::Gone`] follows.
    Bye {
        /// A leg that was answered, by either side.
        leg: LegId,
        /// For the Reason header (RFC 3326).
        reason: ByeReason,
    },
    /// Send a re-INVITE for this session. A later one takes the place of one that is still waiting.
    Reinvite {
        /// A leg that is up.
        leg: LegId,
        /// The session that is offered.
        session: SessionIntent,
    },
    /// Send a REFER in this leg's dialog.
    Refer {
        /// The leg whose far party is sent.
        leg: LegId,
        /// Refer-To.
        to: ReferTo,
    },
    /// End our REFER's subscription (`Expires: 0`): the transfer is withdrawn.
    WithdrawRefer(LegId),
    /// Answer a REFER with 202 and NOTIFY 100.
    AcceptReferral(LegId),
    /// Answer a REFER with a final refusal.
    RefuseReferral {
        /// The leg on which the REFER came.
        leg: LegId,
        /// Final status, 4xx or 6xx (RFC 3261 §21).
        status: u16,
    },
    /// Send the final NOTIFY of a REFER that we had accepted; the subscription ends with it.
    ReferralResult {
        /// The leg on which the REFER came.
        leg: LegId,
        /// How our INVITE ended; 603 when our agent declined.
        status: u16,
    },
    /// Send an INFO to a Trialog.
    Inform {
        /// The leg in whose dialog it is sent; its far side is a Trialog.
        leg: LegId,
        /// The INFO's body.
        info: Info,
    },
    /// Tell this leg's far side, by way of a server that takes our word for it, that the party of another leg is whom it talks to now.
    StateParty {
        /// The leg in whose dialog it is told; its far side is no Trialog, or one behind a B2BUA.
        leg: LegId,
        /// The leg of the party that is told of.
        party: LegId,
    },
    /// Send a digit as telephone-event (RFC 4733).
    Dtmf {
        /// The leg that it is sent on.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// Keep this for ever, before the next action.
    Record(CallRecord),
    /// To be shown to the agent.
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

/// Body of an INFO between two Trialogs, in a dialog that they share. Other phones ignore it.
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
        /// Its id, new.
        call: CallId,
        /// Our role at the beginning.
        role: Role,
        /// The other party.
        peer: Arc<PartyIdentity>,
        /// How it came here.
        origin: Arc<CallOrigin>,
        /// The INVITE was received, not sent.
        incoming: bool,
        /// Time of the step.
        at: Time,
    },
    /// Sound was agreed with the first party.
    Connected {
        /// A call that has begun.
        call: CallId,
        /// Time of the step.
        at: Time,
    },
    /// We own it from now on (a guest that took a transfer).
    Owned {
        /// A call that has begun.
        call: CallId,
        /// The customer; where another phone carries the call (anchored), that phone.
        peer: Arc<PartyIdentity>,
        /// Time of the step.
        at: Time,
    },
    /// The party that it is about is another than was recorded, or is called otherwise.
    Identified {
        /// A call that has begun.
        call: CallId,
        /// The party that it is about from now on.
        peer: Arc<PartyIdentity>,
        /// Time of the step.
        at: Time,
    },
    /// It is over for us.
    Finished {
        /// A call that has begun.
        call: CallId,
        /// How it ended for us.
        outcome: Outcome,
        /// What the side of the party that it is about stated at the end of its leg.
        reason: Option<Arc<EndReason>>,
        /// Time of the step.
        at: Time,
    },
    /// A new call was refused at once, and no call came into being.
    TurnedAway {
        /// The caller; of several, the last one.
        peer: Arc<PartyIdentity>,
        /// With which status, and why.
        how: TurnedAway,
        /// How many the entry stands for: more than one where too many came in a minute to have one each.
        calls: u32,
        /// Time of the step.
        at: Time,
    },
    /// A wrap-up is drafted (`due` false) or owed (`due` true).
    WrapUpOpened {
        /// Its id; new, unless a draft is owed from now on.
        id: WrapUpId,
        /// The call that it is about.
        call: CallId,
        /// It is owed now.
        due: bool,
        /// Time of the step.
        at: Time,
    },
    /// Something was entered but not yet handed in.
    WrapUpDrafted {
        /// A wrap-up that is open.
        id: WrapUpId,
        /// Code of a configured reason.
        reason: Option<String>,
        /// In the agent's words.
        note: Option<String>,
        /// Time of the step.
        at: Time,
    },
    /// A wrap-up was handed in, by the agent or (`timed` true) by the timer. It is owed until [`crate::Input::WrapUpKept`].
    WrapUpSubmitted {
        /// A wrap-up that was open; its id is not used again.
        id: WrapUpId,
        /// The call that it is about.
        call: CallId,
        /// Code of a configured reason.
        reason: String,
        /// In the agent's words.
        note: Option<String>,
        /// The timer submitted it, not the agent.
        timed: bool,
        /// Time of the step.
        at: Time,
    },
}

/// How a call ended for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was never answered here.
    NotAnswered,
    /// Another phone that it rang at has answered it: it was not missed.
    AnsweredElsewhere,
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
