//! All that can happen to the phone.
use crate::{AccountId, CallId, Info, LegId, Target, WrapUpId};
use alloc::string::String;

/// One thing that happened, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The agent places a call.
    Dial {
        /// From which account.
        account: AccountId,
        /// To whom.
        target: Target,
    },
    /// The agent acts on a call.
    Act {
        /// On which.
        call: CallId,
        /// What.
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
        /// Which.
        id: WrapUpId,
        /// What.
        act: WrapUpAct,
    },
    /// The wire said something about a leg.
    Wire {
        /// Which.
        leg: LegId,
        /// What.
        event: WireEvent,
    },
    /// The audio engine noticed something about a leg.
    Media {
        /// Which.
        leg: LegId,
        /// What.
        event: MediaEvent,
    },
    /// The headset or card went away (`false`) or is back (`true`).
    Device(bool),
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
    /// Refuse an offered call.
    Reject,
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
    /// Hold the customer and call a second agent.
    Consult(Target),
    /// End the consult, from either side, asked or answered.
    EndConsult,
    /// Change between customer and guest.
    Swap,
    /// Join all three.
    Conference,
    /// Hand the call to the guest (`None`) or, blind, to somebody else.
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

/// What the agent may do about a wrap-up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WrapUpAct {
    /// Choose a reason while it is still a draft.
    Draft(String),
    /// Hand it in, with the code of a configured reason.
    Submit(String),
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
}

/// What the wire says about a leg. Re-INVITEs that meet 491 are tried again by the user agent (RFC 3261 §14.1);
/// the core hears how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WireEvent {
    /// A new INVITE; the leg is new.
    Incoming(Incoming),
    /// Our INVITE was answered with 180 (`early_media` false) or with sound of the far side's own (183 with SDP).
    Progress {
        /// The far side plays its own ring-back or announcement.
        early_media: bool,
    },
    /// Our INVITE was answered with 2xx and sound is agreed.
    Answered(Capabilities),
    /// Our 2xx to the far side's INVITE was acknowledged.
    Confirmed,
    /// Our INVITE ended without 2xx; 408 stands for no answer at all, 487 for our own CANCEL.
    Refused {
        /// RFC 3261 §21.
        status: u16,
    },
    /// The leg is over, and not by us.
    Ended(EndCause),
    /// The BYE that we sent was answered or given up: nothing of the leg is left.
    Gone,
    /// Our last re-INVITE was answered with 2xx; the session asked for is agreed.
    Renegotiated(Capabilities),
    /// Our last re-INVITE failed for good; the session is as it was.
    RenegotiationRefused {
        /// RFC 3261 §21; 408 stands for no answer.
        status: u16,
    },
    /// The far side holds us (`sendonly`, `inactive`) or took us off hold.
    FarHold(bool),
    /// The far side's Contact has `isfocus` (RFC 4579), or has it no more.
    Focus(bool),
    /// Our REFER was answered with 2xx: it will be tried. Not yet success.
    ReferAccepted,
    /// Our REFER was answered otherwise; 408 stands for no answer.
    ReferRefused {
        /// RFC 3261 §21.
        status: u16,
    },
    /// A NOTIFY of our REFER's subscription (RFC 3515 §2.4.4).
    ReferNotified {
        /// The status line in the sipfrag; 0 when the subscription ended without one.
        status: u16,
    },
    /// The far side asks us to call somebody else (REFER), in this leg's dialog.
    Referred(Referral),
    /// The one who referred us ended the subscription: he takes it back.
    ReferralWithdrawn,
    /// A Trialog told us something by INFO.
    Informed(Info),
}

/// Who calls, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Incoming {
    /// To which account.
    pub account: AccountId,
    /// Who it says it is: display name where there is one, else the address.
    pub from: String,
    /// The caller's address of record.
    pub uri: Target,
    /// It carries `Trialog-Role: guest`, and policy trusts the peer: we are the guest of a consult.
    pub as_guest: bool,
    /// Policy trusts this peer, so that a later `isfocus` makes us its guest.
    pub trusted: bool,
    /// It is to take the place of this leg (RFC 3891), which is ours and up.
    pub replaces: Option<LegId>,
    /// Its Referred-By names the peer of the replaced leg, so it may be answered without ringing.
    pub by_peer: bool,
    /// What the caller can do.
    pub capabilities: Capabilities,
}

/// What a peer can do, as its Allow and Supported said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// Allows REFER.
    pub refer: bool,
    /// Supports `replaces`.
    pub replaces: bool,
    /// Is a Trialog agent: can be asked for a transfer and told of things by INFO.
    pub trialog: bool,
}

/// How a leg ended. All of these are leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndCause {
    /// The far side's BYE.
    Bye,
    /// The far side's CANCEL, before we answered.
    Cancelled,
    /// A request of ours in the dialog was answered with 408 or 481.
    Lost,
    /// Our 2xx was never acknowledged, or the session timer ran out.
    TimedOut,
    /// RTP and RTCP both silent beyond the limit.
    Silent,
    /// Sound could not be agreed or could not be set up; the user agent has answered the far side already.
    NoMedia,
}

/// A REFER that we received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Referral {
    /// Refer-To, with its URI headers.
    pub to: Target,
    /// It names a dialog to be replaced, so whoever we call knows.
    pub replaces: bool,
    /// Policy trusts the peer that sent it.
    pub trusted: bool,
}

/// What the audio engine notices about a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaEvent {
    /// RTP and RTCP have both stopped for 5 s. Far-held, DTX and comfort noise are not silence.
    Silent,
    /// It is heard again.
    Heard,
    /// Both are silent beyond the limit: the party has left.
    Lost,
    /// The far side sent a digit.
    Dtmf(u8),
}
