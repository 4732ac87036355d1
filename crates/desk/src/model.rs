//! The JSON of the API as types: what the desk writes and what a client (`trialog ctl`, the demo, a page) reads.
//! No logic but the names; times are Unix milliseconds unless said otherwise.
use crate::names;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole phone at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The phone's name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// `available` or `idle`.
    #[schemars(extend("enum" = names::presences()))]
    pub presence: String,
    /// A first SIGTERM waits for a conference or an anchored call.
    pub terminating: bool,
    /// The accounts, in the configuration's order.
    pub accounts: Vec<Account>,
    /// The calls, oldest first.
    pub calls: Vec<Call>,
    /// Wrap-ups drafted or owed, oldest first.
    pub wrap_ups: Vec<WrapUp>,
    /// The reasons that a wrap-up may have.
    pub reasons: Vec<WrapUpReason>,
    /// Microphone and ear.
    pub audio: Audio,
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Its number, for `account` in a request.
    pub id: u16,
    /// Its address of record.
    pub aor: String,
    /// `direct` (no registrar), `registering`, `registered`, `failed` or `unregistered`.
    #[schemars(extend("enum" = names::registrations()))]
    pub state: String,
    /// Why it is not registered, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The same in German.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail_de: Option<String>,
    /// How to put it right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The same in German.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint_de: Option<String>,
    /// The SIP status with which the registrar refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When it is tried again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_ms: Option<u64>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Its number, never used again.
    pub id: u32,
    /// Ours: `owner`, `guest` or `customer`.
    #[schemars(extend("enum" = names::roles()))]
    pub role: String,
    /// The state, by its fixed name.
    #[schemars(extend("enum" = names::stages()))]
    pub stage: String,
    /// The state, for people.
    pub stage_text: String,
    /// The same in German.
    pub stage_text_de: String,
    /// Our microphone is stopped.
    pub muted: bool,
    /// When the state began.
    pub since_ms: u64,
    /// The legs, the customer's first.
    pub legs: Vec<CallLeg>,
    /// Each act of this state.
    pub acts: Vec<Act>,
}

/// A leg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallLeg {
    /// `p` and a number for a placed one, `r` for a received one.
    #[schemars(regex(pattern = "^[pr][0-9]+$"))]
    pub id: String,
    /// The far party's role.
    #[schemars(extend("enum" = names::roles()))]
    pub role: String,
    /// Its name or address.
    pub name: String,
    /// Answered, and not yet over.
    pub up: bool,
    /// We hold it.
    pub held: bool,
    /// It holds us.
    pub far_held: bool,
    /// No sound comes from it.
    pub silent: bool,
}

/// An act, allowed or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// Its name, as in the path of a request.
    #[schemars(extend("enum" = names::acts()))]
    pub act: String,
    /// Its label.
    pub label: String,
    /// The same in German.
    pub label_de: String,
    /// The key that it takes in the body: `to` or `digit`. `transfer` stands twice: to the guest, and, blind, to an address.
    #[schemars(extend("enum" = ["to", "digit"]))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// It may be done now.
    pub allowed: bool,
    /// Why not, as a code.
    #[schemars(extend("enum" = names::refusals()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why not, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same in German.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_de: Option<String>,
}

/// A wrap-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WrapUp {
    /// Its number.
    pub id: u32,
    /// Of which call.
    pub call: u32,
    /// The customer.
    pub peer: String,
    /// It is owed; else a draft.
    pub due: bool,
    /// The reason chosen so far.
    pub reason: Option<String>,
    /// When the timer submits the default.
    pub deadline_ms: Option<u64>,
}

/// A wrap-up reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrapUpReason {
    /// What is recorded.
    pub code: String,
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

/// Microphone and ear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audio {
    /// `device`, `file` or `none`.
    #[schemars(extend("enum" = ["device", "file", "none"]))]
    pub end: String,
    /// When the recordings began, in Unix microseconds.
    pub started_unix_us: Option<u64>,
}

/// One message of the WebSocket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// One more with each change, over all clients; higher after each start of the phone. A `status` has the number of the last
    /// change that it holds.
    pub seq: u64,
    /// When it happened.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened, by its fixed name. Every change of the status has an event; `view` is the thing as it is afterwards, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The whole phone: first on a connection that does not resume, and in place of changes that are no longer there.
    Status {
        /// Why it comes: `connected`, `too-old` (the changes after `since` are no longer there), `too-slow` (this client has
        /// fallen behind) or `asked` (`status=true`: after each change).
        #[schemars(extend("enum" = ["connected", "too-old", "too-slow", "asked"]))]
        why: String,
        /// How many changes this client did not get, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missed: Option<u64>,
        /// All of it.
        status: Box<Status>,
    },
    /// A call rings here.
    CallOffered(Began),
    /// A call was placed from here.
    CallPlaced(Began),
    /// Sound was agreed with the first party.
    CallAnswered {
        /// Which.
        call: u32,
    },
    /// The call is ours from now on: a guest has taken a transfer.
    CallOwned {
        /// Which.
        call: u32,
        /// The customer.
        peer: String,
    },
    /// Something about a call is other than before.
    CallChanged {
        /// Which.
        call: u32,
        /// What: any of `stage`, `role`, `muted`, `legs`, `acts`.
        #[schemars(extend("items" = {"type": "string", "enum": ["stage", "role", "muted", "legs", "acts"]}))]
        changed: Vec<String>,
        /// The former stage, where that has changed.
        #[schemars(extend("enum" = names::stages()))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// As it is now.
        view: Box<Call>,
    },
    /// A call is over for the agent.
    CallEnded {
        /// Which.
        call: u32,
        /// How: `not-answered`, `refused`, `ended` (by us), `far-ended`, `transferred`, `exited` or `failed`.
        #[schemars(extend("enum" = names::outcomes()))]
        outcome: String,
        /// With which SIP status it was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// A call has left the status: its last leg is gone.
    CallGone {
        /// Which.
        call: u32,
    },
    /// A wrap-up is drafted: not yet owed.
    WrapUpDrafted {
        /// Which.
        wrap_up: u32,
        /// Of which call.
        call: u32,
    },
    /// A wrap-up is owed from now on.
    WrapUpDue {
        /// Which.
        wrap_up: u32,
        /// Of which call.
        call: u32,
    },
    /// Something about a wrap-up is other than before, or it is new.
    WrapUpChanged {
        /// Which.
        wrap_up: u32,
        /// As it is now.
        view: WrapUp,
    },
    /// A wrap-up was handed in.
    WrapUpSubmitted {
        /// Which.
        wrap_up: u32,
        /// Of which call.
        call: u32,
        /// With which reason.
        reason: String,
        /// The timer did it.
        timed: bool,
    },
    /// A draft was not needed after all.
    WrapUpDropped {
        /// Which.
        wrap_up: u32,
    },
    /// How an account stands with its registrar.
    Registration {
        /// As it is now.
        account: Account,
    },
    /// The agent is available or idle.
    Presence {
        /// `available` or `idle`.
        #[schemars(extend("enum" = names::presences()))]
        presence: String,
    },
    /// Microphone and ear, or the recordings, are other than before.
    Audio {
        /// As it is now.
        audio: Audio,
    },
    /// The phone is being switched off; it may wait for a conference or an anchored call.
    Ending,
    /// The agent is told something: who is not heard, who declined, which digit was pressed.
    Notice {
        /// What.
        notice: Notice,
    },
    /// Somebody asked for an act, and it was refused.
    Refused(Refused),
}

/// A call that is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Began {
    /// Its number.
    pub call: u32,
    /// Ours in it: `owner`, `guest` or `customer`.
    #[schemars(extend("enum" = names::roles()))]
    pub role: String,
    /// The other party.
    pub peer: String,
    /// The call, unless it was over at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Box<Call>>,
}

/// An act that was refused, whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// The act's name, or `call`, `hook`, `submit`, `draft`, `extend`.
    #[schemars(extend("enum" = names::refusable()))]
    pub act: String,
    /// For which call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// For which wrap-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up: Option<u32>,
    /// Why, as a code.
    #[schemars(extend("enum" = names::refusals()))]
    pub refused: String,
    /// Why, for people.
    pub reason: String,
    /// The same in German.
    pub reason_de: String,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Its fixed name.
    #[schemars(extend("enum" = names::notices()))]
    pub kind: String,
    /// About which call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// About whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// The SIP status behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The digit pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digit: Option<String>,
    /// For people.
    pub text: String,
    /// The same in German.
    pub text_de: String,
}

/// What an act came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Always `true`: else there is a problem document. What follows from the act is told by events.
    pub done: bool,
}

/// A call that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// Its number.
    pub call: u32,
}

/// Why a request was not done (RFC 9457). `refused` is what a program goes by; the sentences are for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The kind: `urn:trialog:problem:` and the code in `refused`.
    pub r#type: String,
    /// The kind in a few words, always the same.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was not done and why, in English.
    pub detail: String,
    /// The path that was asked for, without its query.
    pub instance: String,
    /// The code. It never changes.
    pub refused: String,
    /// Why.
    pub reason: String,
    /// The same in German.
    pub reason_de: String,
    /// How to put it right.
    pub hint: String,
    /// The same in German.
    pub hint_de: String,
    /// The acts that are allowed for this call now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// The member of body or query that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was expected there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The names that are known in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Vec<String>>,
    /// In which line of the body JSON ends, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// At which byte of that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}
