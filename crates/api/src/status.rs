//! The phone at one moment: what `GET /api/status` is answered with, and what the events keep up to date.
use crate::name::{
    ActName, AudioEnd, Member, Presence, RefusalCode, RegistrationState, Role, Stage,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole phone at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The phone's name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// Whether new calls are taken.
    pub presence: Presence,
    /// The phone is being switched off, and waits for a conference or an anchored call to end.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Its number, for `account` in a request; from 0, in the configuration's order.
    pub id: u16,
    /// Its address of record.
    pub aor: String,
    /// How it stands with its registrar.
    pub state: RegistrationState,
    /// Why it is not registered, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `detail` in German.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail_de: Option<String>,
    /// How to put it right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// `hint` in German.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint_de: Option<String>,
    /// The SIP status with which the registrar refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When the phone tries again by itself, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_ms: Option<u64>,
}

impl Account {
    /// An account in this state, with nothing to say about it.
    #[must_use]
    pub fn new(id: u16, aor: String, state: RegistrationState) -> Self {
        Self {
            id,
            aor,
            state,
            detail: None,
            detail_de: None,
            hint: None,
            hint_de: None,
            status: None,
            again_ms: None,
        }
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Its number, never used again while the phone runs.
    pub id: u32,
    /// This phone's role in it.
    pub role: Role,
    /// Its state.
    pub stage: Stage,
    /// Its state, for people.
    pub stage_text: String,
    /// `stage_text` in German.
    pub stage_text_de: String,
    /// Our microphone is stopped.
    pub muted: bool,
    /// When the state began, in Unix milliseconds.
    pub since_ms: u64,
    /// The legs, the customer's first.
    pub legs: Vec<CallLeg>,
    /// Each act of this state.
    pub acts: Vec<Act>,
}

/// A leg of a call: the dialog with one far party.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallLeg {
    /// `p` and a number for a placed one, `r` for a received one.
    #[schemars(regex(pattern = "^[pr][0-9]+$"))]
    pub id: String,
    /// The far party's role.
    pub role: Role,
    /// The far party's name or address.
    pub name: String,
    /// The leg was answered, and is not yet over.
    pub up: bool,
    /// This phone holds the party.
    pub held: bool,
    /// The party holds this phone.
    pub far_held: bool,
    /// No sound comes from the party.
    pub silent: bool,
}

/// An act, allowed or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// Its name, as in the path of a request.
    pub act: ActName,
    /// The label of its button.
    pub label: String,
    /// `label` in German.
    pub label_de: String,
    /// The member that it takes in the body. `transfer` is in the list twice: to the guest, and, blind, to an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<Member>,
    /// It may be done now.
    pub allowed: bool,
    /// Why it may not be done, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusalCode>,
    /// Why it may not be done, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `reason` in German.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_de: Option<String>,
}

/// A wrap-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WrapUp {
    /// Its number, never used again while the phone runs.
    pub id: u32,
    /// The number of the call that it is about.
    pub call: u32,
    /// The customer's name or address.
    pub peer: String,
    /// It is owed; else a draft.
    pub due: bool,
    /// The code of the reason chosen so far.
    pub reason: Option<String>,
    /// When the timer submits the default reason, in Unix milliseconds.
    pub deadline_ms: Option<u64>,
}

/// A wrap-up reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrapUpReason {
    /// What is sent in a request, and recorded.
    pub code: String,
    /// For people, in English.
    pub en: String,
    /// For people, in German.
    pub de: String,
}

/// Microphone and ear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audio {
    /// What they are.
    pub end: AudioEnd,
    /// When the recordings began, in Unix microseconds.
    pub started_unix_us: Option<u64>,
}
