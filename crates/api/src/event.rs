//! What happens in the phone: each message of the WebSocket `/api/events` is one [`Event`].
use crate::name::{
    Asked, CallPart, NoticeKind, Outcome, Presence, RefusalCode, Role, Stage, StatusCause,
};
use crate::status::{Account, Audio, Call, Status, WrapUp};
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
        /// The customer's name or address.
        peer: String,
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
    /// A call is over for the agent.
    CallEnded {
        /// The call's number.
        call: u32,
        /// How it ended.
        outcome: Outcome,
        /// The SIP status of a call that was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
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
    /// A wrap-up was handed in.
    WrapUpSubmitted {
        /// The wrap-up's number.
        wrap_up: u32,
        /// The number of the call that it is about.
        call: u32,
        /// The reason's code.
        reason: String,
        /// The timer submitted it, not the agent.
        timed: bool,
    },
    /// A draft was not needed after all.
    WrapUpDropped {
        /// The wrap-up's number.
        wrap_up: u32,
    },
    /// An account stands otherwise with its registrar than before.
    Registration {
        /// The account as it is now.
        account: Account,
    },
    /// The agent is available or idle.
    Presence {
        /// The presence as it is now.
        presence: Presence,
    },
    /// Microphone and ear, or the recordings, are other than before.
    Audio {
        /// Microphone and ear as they are now.
        audio: Audio,
    },
    /// The phone is being switched off; it may wait for a conference or an anchored call.
    Ending,
    /// The agent is told something: which party is not heard, that a guest declined, which digit was pressed.
    Notice {
        /// What the agent is told.
        notice: Notice,
    },
    /// An act was asked for, by any client or the headset, and refused.
    Refused(Refused),
}

/// A call that is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Began {
    /// Its number.
    pub call: u32,
    /// This phone's role in it.
    pub role: Role,
    /// The other party's name or address.
    pub peer: String,
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
    /// The number of the call that it is about; absent for the headset's notices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// The name or address of the party that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// The SIP status behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The digit that the party sent: `0` to `9`, `*`, `#`, `A` to `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digit: Option<String>,
    /// What the agent is told, for people.
    pub text: String,
    /// `text` in German.
    pub text_de: String,
}
