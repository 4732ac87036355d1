//! The JSON of the API as types: what the desk writes and what a client (`trialog ctl`, the demo, a page) reads.
//! No logic but the names; times are Unix milliseconds unless said otherwise.
use serde::{Deserialize, Serialize};

/// The whole phone at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The phone's name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// `available` or `idle`.
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
    pub reasons: Vec<Reason>,
    /// Microphone and ear.
    pub audio: Audio,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its number, for `account` in a request.
    pub id: u16,
    /// Its address of record.
    pub aor: String,
    /// `direct` (no registrar), `registering`, `registered`, `failed` or `unregistered`.
    pub state: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its number, never used again.
    pub id: u32,
    /// Ours: `owner`, `guest` or `customer`.
    pub role: String,
    /// The state, by its fixed name.
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
    pub legs: Vec<Leg>,
    /// Each act of this state.
    pub acts: Vec<Act>,
}

/// A leg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// `p` and a number for a placed one, `r` for a received one.
    pub id: String,
    /// The far party's role.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Its name, as in the path of a request.
    pub act: String,
    /// Its label.
    pub label: String,
    /// The same in German.
    pub label_de: String,
    /// The key that it takes in the body: `to` or `digit`. `transfer` stands twice: to the guest, and, blind, to an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// It may be done now.
    pub allowed: bool,
    /// Why not, as a code.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What is recorded.
    pub code: String,
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

/// Microphone and ear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audio {
    /// `device`, `file` or `none`.
    pub end: String,
    /// When the recordings began, in Unix microseconds.
    pub started_unix_us: Option<u64>,
}

/// What happened, on the WebSocket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts up by one an event, over all clients; the first one of a connection may have any.
    pub seq: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum What {
    /// The phone, in full: first on each connection and after each change.
    Status {
        /// All of it.
        status: Box<Status>,
    },
    /// The agent is told something.
    Notice {
        /// What.
        notice: Notice,
    },
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its fixed name.
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
