//! What was kept of calls, as `GET /api/history` and `trialog records export --json` tell it.
use crate::name::HistoryKind;
use crate::status::Party;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// The calls, the newest first.
    pub calls: Vec<HistoryCall>,
    /// The `before` of the next page; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A call that was, or still is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryCall {
    /// Its number in the history, higher for each newer one.
    pub id: u64,
    /// The name of the phone.
    pub phone: String,
    /// The call's number in status and events; absent where the caller was turned away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// What became of it.
    pub kind: HistoryKind,
    /// It was received, not placed.
    pub incoming: bool,
    /// This phone's role at the beginning, as the status has it.
    pub role: String,
    /// The other party.
    pub peer: Party,
    /// The party that the caller had called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<Party>,
    /// The parties that had diverted the call, the one that was called first before the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverted_from: Vec<Party>,
    /// The party that had sent the caller here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referred_by: Option<Party>,
    /// When it began, in Unix milliseconds.
    pub began_ms: u64,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_ms: Option<u64>,
    /// When it was over; absent while it goes on, and where the phone died in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// How it ended, as the event `call-ended` has it; `turned-away`; `lost` where the phone died in it. Absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The SIP status of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the caller was turned away, as the event `call-turned-away` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How many calls it stands for: more than one where many callers were turned away in a minute.
    pub calls: u32,
    /// The party that it was handed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transferred_to: Option<Party>,
    /// Its legs, in the order in which they began.
    pub legs: Vec<HistoryLeg>,
    /// What happened in it, in order: notices and acts by their names.
    pub events: Vec<HistoryEvent>,
    /// Its wrap-ups.
    pub wrap_ups: Vec<HistoryWrapUp>,
}

/// A leg of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryLeg {
    /// Its name, as in the status.
    pub leg: String,
    /// The far party's role.
    pub role: String,
    /// The far party.
    pub party: Party,
    /// When it was placed or came, in Unix milliseconds.
    pub began_ms: u64,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<u64>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
}

/// Something that happened in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEvent {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The name of a notice or of an act.
    pub kind: String,
    /// The party that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// The SIP status, or the words, that belong to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A wrap-up of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryWrapUp {
    /// Its number.
    pub wrap_up: u32,
    /// When it was opened, in Unix milliseconds.
    pub opened_ms: u64,
    /// When it became due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<u64>,
    /// The reason's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the agent has written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The timer submitted it, not the agent.
    pub timed: bool,
    /// When it was handed in; absent while it is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_ms: Option<u64>,
}
