//! What happens in the phone: each message of the WebSocket `/api/events` is one [`Event`].
use crate::asked::Asked;
use crate::name::{
    AwayReason, CallPart, NoticeKind, Outcome, Presence, RefusalCode, Role, Stage, StatusCause,
};
use crate::not_secured::NotSecured;
use crate::status::{
    Account, Audio, Call, Lamp, Party, Quality, Records, Status, Voicemail, WrapUp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One message of the WebSocket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// One more with each change, over all clients; higher after each start of the phone. A `status` has the number of the last
    /// change that it holds.
    pub seq: u64,
    /// When it happened, in Unix milliseconds.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened, by its fixed name. Every change of the status has an event; `view` is the thing as it is afterwards, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The whole phone: first on a connection that does not resume, and in place of changes that are no longer there.
    Status {
        /// Why the client gets it: `connected`, `too-old` (the changes after `since` are no longer there), `too-slow` (this
        /// client has fallen behind) or `asked` (`status=true`: after each change).
        why: StatusCause,
        /// How many changes this client did not get, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missed: Option<u64>,
        /// The phone as it is now.
        status: Box<Status>,
    },
    /// A call rings here.
    CallOffered(Began),
    /// A call was placed from here.
    CallPlaced(Began),
    /// Sound was agreed with the first party.
    CallAnswered {
        /// The call's number.
        call: u32,
    },
    /// The call is ours from now on: a guest has taken a transfer.
    CallOwned {
        /// The call's number.
        call: u32,
        /// The customer.
        peer: Party,
    },
    /// The party that the call is about is another than before, or is called otherwise: the called party's server has stated who
    /// answered, or a PBX has put another party there.
    CallIdentified {
        /// The call's number.
        call: u32,
        /// The party that it is about from now on.
        peer: Party,
    },
    /// Something about a call is other than before.
    CallChanged {
        /// The call's number.
        call: u32,
        /// The parts that differ from before.
        changed: Vec<CallPart>,
        /// The former state, where that has changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Stage>,
        /// The call as it is now.
        view: Box<Call>,
    },
    /// The quality of a party's sound was measured.
    Quality {
        /// The call's number.
        call: u32,
        /// The leg's id.
        leg: String,
        /// How its sound comes here; absent where nothing came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quality: Option<Quality>,
    },
    /// How loud the parties are: only for a client that asks for it (`levels=true`), up to eight times a second while it changes. It is no
    /// change of the status: it has the number of the last one, and is not sent again to a client that comes back.
    Levels {
        /// How loud each is.
        levels: Levels,
    },
    /// A call is over for the agent.
    CallEnded {
        /// The call's number.
        call: u32,
        /// How it ended.
        outcome: Outcome,
        /// The SIP status of a call that was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Why, as the other party's side has stated it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
    },
    /// A call has left the status: its last leg is gone.
    CallGone {
        /// The call's number.
        call: u32,
    },
    /// A wrap-up is drafted: not yet owed.
    WrapUpDrafted {
        /// The wrap-up's number.
        wrap_up: u32,
        /// The number of the call that it is about.
        call: u32,
    },
    /// A wrap-up is owed from now on.
    WrapUpDue {
        /// The wrap-up's number.
        wrap_up: u32,
        /// The number of the call that it is about.
        call: u32,
    },
    /// Something about a wrap-up is other than before, or it is new.
    WrapUpChanged {
        /// The wrap-up's number.
        wrap_up: u32,
        /// The wrap-up as it is now.
        view: WrapUp,
    },
    /// A wrap-up was handed in, and is kept.
    WrapUpSubmitted {
        /// The wrap-up's number.
        wrap_up: u32,
        /// The number of the call that it is about.
        call: u32,
        /// The reason's code.
        reason: String,
        /// What the agent has written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// The timer submitted it, not the agent.
        timed: bool,
    },
    /// An account stands otherwise with its registrar than before.
    Registration {
        /// The account as it is now.
        account: Account,
    },
    /// What is known of an account's mailbox changed.
    Voicemail {
        /// The number of the account.
        account: u16,
        /// Its voice messages; absent where nothing is known of them any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        voicemail: Option<Voicemail>,
    },
    /// Somebody else's phone stands otherwise than before.
    Lamp {
        /// The lamp as it is now.
        lamp: Lamp,
    },
    /// A new caller meets something else than before.
    Presence {
        /// The presence as it is now.
        presence: Presence,
        /// When that began, in Unix milliseconds.
        since_ms: u64,
        /// The code of the reason that the agent has given for being idle; absent where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idle_reason: Option<String>,
        /// The SIP status with which a new call is refused now; absent where it rings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callers_get: Option<u16>,
    },
    /// A new call was refused at once, and never was in the status.
    CallTurnedAway {
        /// The caller; of several, the last one.
        peer: Party,
        /// The SIP status that it got.
        status: u16,
        /// Why.
        why: AwayReason,
        /// How many calls this is about: more than one where more came in a minute than have an event each.
        calls: u32,
    },
    /// Microphone and ear, or the recordings, are other than before.
    Audio {
        /// Microphone and ear as they are now.
        audio: Audio,
    },
    /// The disk refuses what is to be kept of calls, or takes it again.
    Records {
        /// How the records are now.
        records: Records,
    },
    /// The phone is being switched off; it may wait for a conference or an anchored call.
    Ending,
    /// The agent is told something: which party is not heard, that a guest declined, which digit was pressed.
    Notice {
        /// What the agent is told.
        notice: Notice,
    },
    /// What waits to be read is other than before.
    Unread {
        /// What waits now, oldest first.
        unread: Vec<Unread>,
    },
    /// An act was asked for, by any client or the headset, and refused.
    Refused(Refused),
    /// An event of a newer phone, by a name that is not known here: its members are passed over. No phone sends it.
    #[serde(other, skip_serializing)]
    #[schemars(skip)]
    Unknown,
}

/// A notice that waits to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unread {
    /// Its number, never used again.
    pub id: u64,
    /// When it was told, in Unix milliseconds.
    pub at_ms: u64,
    /// What the agent was told.
    #[serde(flatten)]
    pub notice: Notice,
}

/// Why a party's side ends a call, in its own terms (SIP's header Reason, RFC 3326); or why no secured connection to it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndReason {
    /// What `cause` is a code of: `SIP` (a status), `Q.850` (a cause), or another protocol. `TLS`: no code, and `not_secured` has
    /// what was wrong.
    pub protocol: String,
    /// Why no secured connection to it came about; of `TLS` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_secured: Option<NotSecured>,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u16>,
    /// For people, in the other side's words of 100 characters at most; of `TLS` in ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `text` in German, where it is in our words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_de: Option<String>,
}

/// How loud the parties are: the RMS of the loudest 10 ms since the event before, in dB of full scale, -90 (silence) to 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Levels {
    /// What the microphone takes in, muted or not.
    pub microphone_db: i8,
    /// What the ear is given.
    pub ear_db: i8,
    /// What comes from the far parties.
    pub legs: Vec<LegLevel>,
}

/// How loud a far party is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegLevel {
    /// The leg's id.
    pub leg: String,
    /// As in `Levels`.
    pub db: i8,
}

/// A call that is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Began {
    /// Its number.
    pub call: u32,
    /// This phone's role in it.
    pub role: Role,
    /// The other party.
    pub peer: Party,
    /// The call, unless it was over at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Box<Call>>,
}

/// An act that was refused, whichever client asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// What was asked for.
    pub act: Asked,
    /// The number of the call that it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// The number of the wrap-up that it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up: Option<u32>,
    /// Why it was refused, as a code.
    pub refused: RefusalCode,
    /// Why it was refused, for people.
    pub reason: String,
    /// `reason` in German.
    pub reason_de: String,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// What the agent is told, as a code.
    pub kind: NoticeKind,
    /// Something went wrong: it stays in the status's `unread` until it was read.
    #[serde(default)]
    pub grave: bool,
    /// The number of the call that it is about; absent for the headset's notices and for calls that were turned away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// The party that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// The SIP status behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How many calls it is about, of `turned-away` and `not-answered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    /// The digit that the party sent: `0` to `9`, `*`, `#`, `A` to `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digit: Option<String>,
    /// The far side's own words, of `reason` (100 characters at most) and `message` (1,000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// What the agent is told, for people.
    pub text: String,
    /// `text` in German.
    pub text_de: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_newer_phone_is_read_all_the_same() {
        let text =
            r#"{"seq":7,"at_ms":8,"event":"call-translated","call":1,"into":{"language":"eo"}}"#;
        let event: Event = serde_json::from_str(text).unwrap();
        assert_eq!((event.seq, event.at_ms, event.what), (7, 8, What::Unknown));
    }

    #[test]
    fn a_known_event_without_a_member_that_it_needs_is_none() {
        let text = r#"{"seq":7,"at_ms":8,"event":"call-gone"}"#;
        assert!(serde_json::from_str::<Event>(text).is_err());
    }
}
