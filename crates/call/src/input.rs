//! All that can happen to the phone.
use crate::{
    AccountId, CallId, CallOrigin, EndReason, Grade, Info, LegId, PartyIdentity, Target, WrapUpId,
};
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

/// One thing that happened, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The agent places a call.
    Dial {
        /// The account whose identity and registrar the call has.
        account: AccountId,
        /// The party to be called.
        target: Target,
    },
    /// The agent acts on a call.
    Act {
        /// The call that it is done to.
        call: CallId,
        /// The act, with its argument.
        act: Act,
    },
    /// The headset's hook, or a kiosk's cradle, was pressed: what it means depends on the state of the call in focus.
    Hook,
    /// A page is open, so that `hangup = "ask"` may ask; without one the hook acts at once.
    PageOpen(bool),
    /// The agent is available or idle.
    Presence(Presence),
    /// The agent does something about a wrap-up.
    WrapUp {
        /// A wrap-up that is drafted or owed.
        id: WrapUpId,
        /// What is done to it.
        act: WrapUpAct,
    },
    /// What was handed in of a wrap-up ([`crate::CallRecord::WrapUpSubmitted`]) is on the disk (`kept`), or could not be kept: it
    /// is owed until then, and takes no act.
    WrapUpKept {
        /// A wrap-up that was handed in.
        id: WrapUpId,
        /// It is on the disk.
        kept: bool,
    },
    /// Something happened in the dialog of a leg.
    Wire {
        /// The leg; a new one for [`WireEvent::Incoming`] alone.
        leg: LegId,
        /// What happened in its dialog.
        event: WireEvent,
    },
    /// The audio engine noticed something about a leg.
    Media {
        /// The leg whose RTP it is about.
        leg: LegId,
        /// What was noticed.
        event: MediaEvent,
    },
    /// The headset or card went away (`false`) or is back (`true`).
    Device(bool),
    /// A new leg can have an RTP port (`true`), or all are taken or none can be bound.
    RtpPorts(bool),
    /// Our own address changed or the network was away: each leg is to be re-INVITEd from the new address.
    NetworkChanged,
    /// The next deadline has come: `now` is at or after [`crate::Phone::next_deadline`].
    Deadline,
    /// SIGINT or SIGTERM; the second one ends everything.
    Terminate,
}

/// What the agent may do with a call. The tables of acts are in `RULES.md`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Take an offered call.
    Answer,
    /// Refuse an offered call; `None`: as policy has it ([`crate::Policy::rejection`]).
    Reject(Option<Rejection>),
    /// Send an offered call elsewhere (302).
    Forward(Target),
    /// Give up dialling.
    Cancel,
    /// Put the customer on hold.
    Hold,
    /// Take the customer off hold.
    Resume,
    /// Stop one's own microphone.
    Mute,
    /// Start it again.
    Unmute,
    /// Hold the customer and call a second agent, by the call's own account.
    Consult(Target),
    /// The same by another account.
    ConsultBy {
        /// The account whose identity and registrar the guest's call has.
        account: AccountId,
        /// The second agent.
        target: Target,
    },
    /// End the consult, from either side, asked or answered.
    EndConsult,
    /// Change between customer and guest.
    Swap,
    /// Join all three.
    Conference,
    /// Hand the call to the guest (`None`) or, blind, to another party.
    Transfer(Option<Target>),
    /// Take a transfer back before it is done.
    Withdraw,
    /// The guest takes the transfer.
    Accept,
    /// The guest declines the transfer.
    Decline,
    /// The guest leaves.
    Exit,
    /// End the call; in a conference, for all.
    End,
    /// Answer to [`crate::Notice::AskEndForAll`]: no, the conference goes on. ([`Act::End`] is yes.)
    Stay,
    /// Send a digit: `0`–`9`, `*`, `#`, `A`–`D`.
    Dtmf(u8),
}

/// For which of the callee's phones an offered call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// For this one: others that the call rings at go on ringing.
    Here,
    /// For all of them.
    Everywhere,
}

impl Rejection {
    /// RFC 3261 §16.7: a proxy that gets a 6xx cancels all branches of a forked call; a 4xx ends its own branch alone.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Here => 486,
            Self::Everywhere => 603,
        }
    }
}

/// What the agent may do about a wrap-up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WrapUpAct {
    /// Keep what was entered so far, before it is handed in; `None` leaves what is there as it is.
    Draft {
        /// Code of a configured reason.
        reason: Option<String>,
        /// In the agent's words; empty: none.
        note: Option<String>,
    },
    /// Hand it in.
    Submit {
        /// Code of a configured reason.
        reason: String,
        /// In the agent's words; `None`: the drafted ones.
        note: Option<String>,
    },
    /// Ask for more time before the timer submits the default.
    Extend,
}

/// Whether the agent takes new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Takes calls.
    Available,
    /// Does not.
    Idle,
    /// Has let calls ring ([`crate::Policy::rona_after`]), and takes none until one says otherwise.
    NotAnswered,
}

/// What happens in the dialog of a leg. Re-INVITEs that meet 491 are tried again by the user agent (RFC 3261 §14.1);
/// the core gets how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WireEvent {
    /// A new INVITE; the leg is new.
    Incoming(Incoming),
    /// Our INVITE was answered with 180: the called phone rings. Sound of the far side's own is told by [`MediaEvent::Heard`].
    Rings,
    /// Our INVITE was answered with 2xx and sound is agreed.
    Answered(Capabilities),
    /// Our 2xx to the far side's INVITE was acknowledged.
    Confirmed,
    /// Our INVITE ended without 2xx.
    Refused {
        /// Final status (RFC 3261 §21); 408 stands for no answer at all, 487 for our own CANCEL.
        status: u16,
    },
    /// Why the leg ends, as the far side states it; [`WireEvent::Ended`] or [`WireEvent::Refused`] follows.
    Reason(Arc<EndReason>),
    /// Our INVITE was answered with a redirection (RFC 3261 §21.3): the user agent waits for [`crate::Action::FollowRedirection`]
    /// or [`crate::Action::RefuseRedirection`]. After the latter comes the next of its targets, or [`WireEvent::Refused`].
    Redirected(Redirection),
    /// The leg is over, and not by us.
    Ended(EndCause),
    /// The BYE that we sent was answered or given up: nothing of the leg is left.
    Gone,
    /// Our last re-INVITE was answered with 2xx; the session asked for is agreed.
    Renegotiated(Capabilities),
    /// Our last re-INVITE failed for good; the session is as it was.
    RenegotiationRefused {
        /// Final status (RFC 3261 §21); 408 stands for no answer.
        status: u16,
    },
    /// The far side holds us (`sendonly`, `inactive`) or took us off hold.
    FarHold(bool),
    /// The far side's Contact has `isfocus` (RFC 4579), or has it no more.
    Focus(bool),
    /// A peer that policy believes states who the far side is: in an answer to our INVITE, or within the call (RFC 5876), where
    /// a transfer at a PBX has put another party there.
    Identity(Arc<PartyIdentity>),
    /// Our REFER was answered with 2xx: it will be tried. Not yet success.
    ReferAccepted,
    /// Our REFER was answered otherwise; 408 stands for no answer.
    ReferRefused {
        /// Final status (RFC 3261 §21); 408 stands for no answer.
        status: u16,
    },
    /// A NOTIFY of our REFER's subscription (RFC 3515 §2.4.4).
    ReferNotified {
        /// The status line in the sipfrag; 0 when the subscription ended without one.
        status: u16,
    },
    /// The far side asks us by REFER, in this leg's dialog, to call another party.
    Referred(Referral),
    /// A REFER that belongs to no call asks us to call a party; the leg is new, and stands for that REFER alone. It comes to an
    /// end with [`crate::Action::RefuseReferral`] or [`crate::Action::ReferralResult`], or with the INVITE that follows from it:
    /// the user agent then reports how that goes by itself.
    CallAsked(CallRequest),
    /// The referrer ended its subscription: the REFER is withdrawn.
    ReferralWithdrawn,
    /// A Trialog sent us an INFO.
    Informed(Info),
}

/// An INVITE outside a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Incoming {
    /// The account that it is for.
    pub account: AccountId,
    /// The caller, as a peer that policy believes states it, else by From.
    pub from: Arc<PartyIdentity>,
    /// How the call came here.
    pub origin: Arc<CallOrigin>,
    /// It has `Trialog-Role: guest`. Where a colleague sent it, it came as a consult and we are the guest, as where policy takes all
    /// calls of colleagues for consults; no other call makes us one, whatever its far side says later.
    pub as_guest: bool,
    /// How far its sender is believed.
    pub grade: Grade,
    /// It is to take the place of this leg (RFC 3891), which is ours and up.
    pub replaces: Option<LegId>,
    /// Its Referred-By names the peer of the replaced leg, so it may be answered without ringing.
    pub by_peer: bool,
    /// It asks to be answered without the agent's doing, after so long a time (RFC 5373, Call-Info, Alert-Info); `None`: it does not.
    pub answer_after: Option<Duration>,
    /// By the INVITE's Allow and Supported.
    pub capabilities: Capabilities,
}

/// What a peer can do, by its last Allow and Supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// Allows REFER.
    pub refer: bool,
    /// Supports `replaces`.
    pub replaces: bool,
    /// Is a Trialog agent: asks its agent when it is referred, and understands our INFO.
    pub trialog: bool,
}

/// How a leg ended. All of these are leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndCause {
    /// The far side's BYE.
    Bye,
    /// The far side's CANCEL, before we answered; or its INVITE has expired.
    Cancelled,
    /// Its CANCEL, which says that another phone has answered the call (RFC 3326).
    AnsweredElsewhere,
    /// A request of ours in the dialog was answered with 408 or 481.
    Lost,
    /// Our 2xx was never acknowledged, or the session timer ran out.
    TimedOut,
    /// RTP and RTCP both silent beyond the limit.
    Silent,
    /// Sound could not be agreed or could not be set up; the user agent has answered the far side already.
    NoMedia,
}

/// Where a redirection points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Redirection {
    /// The Contact, a SIP URI without URI headers.
    pub to: Target,
    /// It is of the domain that we called. Another one is where whoever answered wants us to go.
    pub same_domain: bool,
}

/// A REFER that we received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Referral {
    /// Refer-To, with its URI headers.
    pub to: Target,
    /// The party in Refer-To, with the name that the sender has given it.
    pub party: Arc<PartyIdentity>,
    /// Refer-To is of another domain than the account's own, which has one.
    pub elsewhere: bool,
    /// It has `Replaces`: the party that we are to call expects us.
    pub replaces: bool,
    /// How far its sender is believed.
    pub grade: Grade,
}

/// A REFER outside of any call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallRequest {
    /// The account that it is for, and that is to call.
    pub account: AccountId,
    /// The party that asks, as a peer that policy believes states it, else by From.
    pub by: Arc<PartyIdentity>,
    /// The party that is to be called.
    pub referral: Referral,
}

/// What the audio engine notices about a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaEvent {
    /// RTP and RTCP have both stopped for 5 s. Far-held, DTX and comfort noise are not silence.
    Silent,
    /// Its sound has come for the first time, be it before its answer, or comes again after [`MediaEvent::Silent`].
    Heard,
    /// Its sound had come before its answer, and comes no more: no RTP for 2 s, without comfort noise or DTX having said so.
    /// [`MediaEvent::Heard`] follows where it comes again.
    Stopped,
    /// Both are silent beyond the limit: the party has left.
    Lost,
    /// The far side sent a digit.
    Dtmf(u8),
}
