//! The closed sets of names in the API's JSON. A name never changes once it was published.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that is none of the set's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is none of the names that are known here")
    }
}

impl std::error::Error for UnknownName {}

/// An enum whose values are names in JSON, and the same names everywhere else.
macro_rules! names {
    ($($(#[$about:meta])* $set:ident { $($(#[$meaning:meta])* $value:ident = $name:literal,)+ })+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $set {
            $($(#[$meaning])* #[serde(rename = $name)] $value,)+
        }

        impl $set {
            /// Each value once.
            pub const ALL: &[Self] = &[$(Self::$value,)+];

            /// As it is in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $set {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                match name {
                    $($name => Ok(Self::$value),)+
                    _ => Err(UnknownName),
                }
            }
        }
    )+};
}

names! {
    /// What a new caller meets: whether calls are taken, and why not.
    Presence {
        /// They ring here.
        Available = "available",
        /// The agent is idle.
        Idle = "idle",
        /// The agent let a call ring, and takes none until one says otherwise (`agent.rona`).
        NotAnswered = "not-answered",
        /// Microphone or ear is missing (`agent.no_device_is_away`).
        NoDevice = "no-device",
        /// The agent owes a wrap-up (`agent.wrap_up_is_away`).
        WrapUp = "wrap-up",
        /// There are as many calls as the phone takes.
        Busy = "busy",
        /// The phone is being switched off.
        Ending = "ending",
    }

    /// The presence that an agent sets.
    OwnPresence {
        /// New calls ring here.
        Available = "available",
        /// They do not.
        Idle = "idle",
    }

    /// Why a new call is not even offered.
    AwayReason {
        /// The agent is idle.
        Idle = "idle",
        /// The agent let a call ring before.
        NotAnswered = "not-answered",
        /// The agent's microphone or ear is missing.
        NoDevice = "no-device",
        /// The agent owes a wrap-up.
        WrapUp = "wrap-up",
        /// There are as many calls as the phone takes.
        Busy = "busy",
        /// No RTP port is free.
        NoRtpPort = "no-rtp-port",
        /// It is for no account of this phone.
        NotKnown = "not-known",
        /// The phone is being switched off.
        Ending = "ending",
    }

    /// What a party is in a call.
    Role {
        /// The agents' customer: only talks and hangs up.
        Customer = "customer",
        /// The agent to whom the call belongs.
        Owner = "owner",
        /// The agent that the owner consults.
        Guest = "guest",
    }

    /// The state of a call, as this phone sees it.
    Stage {
        /// Rings here.
        Offered = "offered",
        /// A peer asks this phone to place the call: `accept` or `decline`. It has no leg yet.
        Asked = "asked",
        /// Rings there.
        Dialling = "dialling",
        /// Both talk.
        Connected = "connected",
        /// The party is on hold here.
        Held = "held",
        /// The customer is on hold, and the guest was called and has not answered.
        ConsultRequested = "consult-requested",
        /// The customer is on hold, and owner and guest talk.
        Consulting = "consulting",
        /// The guest is on hold, and owner and customer talk.
        Swapped = "swapped",
        /// All three hear each other.
        Conference = "conference",
        /// A conference whose guest is asked to take the call.
        TransferPending = "transfer-pending",
        /// The transfer was accepted, and this phone carries customer and guest on without its agent.
        Anchored = "anchored",
        /// The customer has left the conference; the agents talk on.
        PostCall = "post-call",
        /// Over for the agent; the last leg is not down yet.
        Ending = "ending",
    }

    /// How a call ended for this phone.
    Outcome {
        /// It rang, here or there, until the caller gave up.
        NotAnswered = "not-answered",
        /// Another phone that it rang at has answered it.
        AnsweredElsewhere = "answered-elsewhere",
        /// The callee refused it; the event has the SIP status.
        Refused = "refused",
        /// By this phone.
        Ended = "ended",
        /// By the other party.
        FarEnded = "far-ended",
        /// To another agent.
        Transferred = "transferred",
        /// As guest, out of a conference or consult that goes on.
        Exited = "exited",
        /// By a fault of network or sound.
        Failed = "failed",
    }

    /// What became of a call of the history.
    HistoryKind {
        /// It came, and was answered here.
        Answered = "answered",
        /// It was placed here.
        Placed = "placed",
        /// It came, and was not answered.
        Missed = "missed",
        /// It came, and the agent refused it or sent it elsewhere.
        Rejected = "rejected",
        /// It came, and another phone has answered it.
        AnsweredElsewhere = "answered-elsewhere",
        /// It came, and was refused at once.
        TurnedAway = "turned-away",
        /// It came as a consult: this phone was the guest.
        Consulted = "consulted",
    }

    /// How good a party's sound is, by the estimate of its mean opinion score.
    Verdict {
        /// 4.03 or more: listeners are content.
        Good = "good",
        /// 3.6 or more: some are not.
        Fair = "fair",
        /// 3.1 or more: many are not.
        Poor = "poor",
        /// Less: nearly all are not.
        Bad = "bad",
    }

    /// How an account stands with its registrar.
    RegistrationState {
        /// There is no registrar: the phone is called by its address.
        Direct = "direct",
        /// The registrar was asked and has not answered yet.
        Registering = "registering",
        /// Calls to the address of record come here.
        Registered = "registered",
        /// The registrar refused or was not reached; the account's `detail` has the cause.
        Failed = "failed",
        /// The registrar was not asked, or was asked to forget this phone.
        Unregistered = "unregistered",
    }

    /// How somebody else's phone stands.
    LampState {
        /// It has no call.
        Idle = "idle",
        /// It rings.
        Ringing = "ringing",
        /// It has a call, or places one.
        Busy = "busy",
        /// Nothing is known of it.
        Unknown = "unknown",
    }

    /// An act on a call, as in the path `/api/calls/{call}/…`.
    ActName {
        /// Take an offered call.
        Answer = "answer",
        /// Refuse an offered call.
        Reject = "reject",
        /// Send an offered call to another address.
        Forward = "forward",
        /// Give up dialling.
        Cancel = "cancel",
        /// Put the party on hold.
        Hold = "hold",
        /// Take the party off hold.
        Resume = "resume",
        /// Stop the microphone.
        Mute = "mute",
        /// Start the microphone again.
        Unmute = "unmute",
        /// Hold the customer and call a second agent.
        Consult = "consult",
        /// End the consult.
        EndConsult = "end-consult",
        /// Change between customer and guest.
        Swap = "swap",
        /// Join all three.
        Conference = "conference",
        /// Hand the call over.
        Transfer = "transfer",
        /// Take a transfer back before it is done.
        Withdraw = "withdraw",
        /// Take the transfer, as guest.
        Accept = "accept",
        /// Decline the transfer, as guest.
        Decline = "decline",
        /// Leave the conference, as guest.
        Exit = "exit",
        /// End the call; a conference for all.
        End = "end",
        /// Go on with the conference that the hook would have ended.
        Stay = "stay",
        /// Send a digit.
        Dtmf = "dtmf",
    }

    /// What is asked of the phone and not of one of its calls, where the core may refuse it.
    PhoneAct {
        /// To place a call.
        Call = "call",
        /// What the headset's hook means now.
        Hook = "hook",
        /// To hand a wrap-up in.
        Submit = "submit",
        /// To draft a wrap-up.
        Draft = "draft",
        /// To give a wrap-up more time.
        Extend = "extend",
    }

    /// Why the call-state core refused.
    RefusalCode {
        /// There is no such call.
        NoSuchCall = "no-such-call",
        /// There is no such wrap-up.
        NoSuchWrapUp = "no-such-wrap-up",
        /// There is no such account.
        NoSuchAccount = "no-such-account",
        /// The call's state does not have the act.
        NotHere = "not-here",
        /// A conference has no hold.
        NoHoldInConference = "no-hold-in-conference",
        /// A conference has no consult.
        NoConsultInConference = "no-consult-in-conference",
        /// Post-call has no hold, resume or consult.
        NotInPostCall = "not-in-post-call",
        /// Only the owner ends a conference.
        GuestCannotEnd = "guest-cannot-end",
        /// Only the guest exits a conference.
        OwnerCannotExit = "owner-cannot-exit",
        /// A customer's phone only talks and hangs up.
        CustomerOnlyTalks = "customer-only-talks",
        /// The consulted agent has not answered.
        ConsultNotAnswered = "consult-not-answered",
        /// The consult must end first.
        EndConsultFirst = "end-consult-first",
        /// The wrap-up is the owner's.
        GuestHasNoWrapUp = "guest-has-no-wrap-up",
        /// The party is on hold: there is nothing to mute.
        MutedByHold = "muted-by-hold",
        /// This phone only carries the two others on.
        Anchored = "anchored",
        /// A step for this call is under way.
        Busy = "busy",
        /// A transfer is pending.
        TransferPending = "transfer-pending",
        /// The other phone can't undo the transfer.
        CannotWithdraw = "cannot-withdraw",
        /// Another call is in a consult or conference.
        OtherCallFirst = "other-call-first",
        /// There are as many calls as the phone takes.
        TooManyCalls = "too-many-calls",
        /// No RTP port can be had.
        NoRtpPort = "no-rtp-port",
        /// There is no such reason.
        NoSuchReason = "no-such-reason",
        /// A wrap-up is handed in after the talk.
        StillTalking = "still-talking",
        /// The wrap-up has no timer to extend.
        NoTimer = "no-timer",
        /// This is no digit of RFC 4733.
        NotADigit = "not-a-digit",
        /// The phone is being switched off.
        Terminating = "terminating",
    }

    /// How a digit went to the far side.
    DigitWay {
        /// As telephone-event in the RTP stream (RFC 4733).
        Event = "event",
        /// By INFO, which the far side has answered with 2xx.
        Info = "info",
        /// As two tones in the sound. Whether the far side listens for them is not known.
        InBand = "in-band",
    }

    /// What the agent is told.
    NoticeKind {
        /// The guest was not reached; the customer is still on hold.
        GuestRefused = "guest-refused",
        /// The party could not be put on hold.
        HoldRefused = "hold-refused",
        /// The party could not be taken off hold.
        ResumeRefused = "resume-refused",
        /// The swap failed and was undone.
        SwapUndone = "swap-undone",
        /// The transfer failed; the customer is still here.
        TransferFailed = "transfer-failed",
        /// The transfer failed, and the customer has hung up meanwhile.
        TransferFailedCustomerGone = "transfer-failed-customer-gone",
        /// The guest declined the transfer.
        TransferDeclined = "transfer-declined",
        /// The owner took the transfer back.
        TransferWithdrawn = "transfer-withdrawn",
        /// The call was transferred.
        Transferred = "transferred",
        /// This phone carries customer and guest on.
        Anchored = "anchored",
        /// The call belongs to this agent now.
        NowOwner = "now-owner",
        /// The guest has left.
        GuestLeft = "guest-left",
        /// The offered call was answered at another phone.
        AnsweredElsewhere = "answered-elsewhere",
        /// The far side has said in words why its leg ends.
        Reason = "reason",
        /// The customer has left.
        CustomerLeft = "customer-left",
        /// No sound comes from the party.
        NoAudio = "no-audio",
        /// Sound comes from the party again.
        AudioBack = "audio-back",
        /// Calls of senders that policy does not let in were turned away.
        StrangersTurnedAway = "strangers-turned-away",
        /// A caller was turned away; one such notice a minute at most.
        TurnedAway = "turned-away",
        /// Calls rang and were not answered: the agent takes no more until one says otherwise.
        NotAnswered = "not-answered",
        /// A wrap-up that was handed in could not be kept: it is due as before.
        WrapUpNotKept = "wrap-up-not-kept",
        /// The disk refuses the records of calls; they are held until it takes them.
        RecordsFailing = "records-failing",
        /// The disk takes the records again.
        RecordsKept = "records-kept",
        /// A webhook does not take records; they are kept and sent again.
        WebhookFailing = "webhook-failing",
        /// It takes them again.
        WebhookWell = "webhook-well",
        /// Records that waited too long for a webhook, or were too many, are not sent.
        WebhookDropped = "webhook-dropped",
        /// A webhook wants no more (410), and gets none until the phone is started anew.
        WebhookOff = "webhook-off",
        /// The phone has died and was started again, and goes on with the call.
        TakenUp = "taken-up",
        /// The phone has died and was started again, and could not go on with the call.
        CallLost = "call-lost",
        /// The headset is gone.
        DeviceGone = "device-gone",
        /// The headset is back.
        DeviceBack = "device-back",
        /// The agent speaks, and the microphone is stopped; one such notice in 30 s at most.
        SpeaksMuted = "speaks-muted",
        /// A party asks this phone to call another one: a transfer.
        TransferRequested = "transfer-requested",
        /// The called party's phone or server sends the call elsewhere.
        Redirected = "redirected",
        /// A call was answered without the agent's doing, by policy or because its caller asked for it.
        AnsweredUnasked = "answered-unasked",
        /// The party sent a digit.
        Dtmf = "dtmf",
        /// The hook would end a conference for all: `end` or `stay`.
        AskEndForAll = "ask-end-for-all",
    }

    /// Why a client gets the whole status.
    StatusCause {
        /// The client has just connected, and did not resume.
        Connected = "connected",
        /// The events after `since` are no longer kept.
        TooOld = "too-old",
        /// The client fell behind further than events are kept.
        TooSlow = "too-slow",
        /// The client asked for it after each change (`status=true`).
        Asked = "asked",
    }

    /// A part of a call that can differ from before.
    CallPart {
        /// Its state.
        Stage = "stage",
        /// Our role.
        Role = "role",
        /// Whether our microphone is stopped.
        Muted = "muted",
        /// Any of its legs.
        Legs = "legs",
        /// The transfer that the agent is asked to take.
        TransferRequest = "transfer-request",
        /// Which acts there are, which of them are allowed, and why others are not.
        Acts = "acts",
    }

    /// The member that an act takes in its body.
    Member {
        /// An address.
        To = "to",
        /// A digit of RFC 4733.
        Digit = "digit",
    }

    /// What microphone and ear are.
    AudioEnd {
        /// The sound card.
        Device = "device",
        /// WAV files.
        File = "file",
        /// None: the phone is silent.
        None = "none",
        /// None: each party hears itself (a phone for load).
        Echo = "echo",
    }
}

#[expect(
    clippy::derivable_impls,
    reason = "the names' macro has no place for it"
)]
impl Default for AudioEnd {
    fn default() -> Self {
        Self::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_json_and_in_text_and_a_strange_one_is_none() {
        for stage in Stage::ALL {
            let json = serde_json::to_value(stage).unwrap();
            assert_eq!(json, stage.name());
            assert_eq!(serde_json::from_value::<Stage>(json).unwrap(), *stage);
            assert_eq!(stage.to_string().parse(), Ok(*stage));
        }
        assert_eq!("talking".parse::<Stage>(), Err(UnknownName));
    }
}
