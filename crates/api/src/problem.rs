//! What a request that was not done is answered with.
use crate::name::ActName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// The code: one of the core's refusals, or one of the API's own, as its document lists them. It never changes; new ones may
    /// be added.
    pub refused: String,
    /// Why it was not done, for people.
    pub reason: String,
    /// `reason` in German.
    pub reason_de: String,
    /// How to put it right, for people.
    pub hint: String,
    /// `hint` in German.
    pub hint_de: String,
    /// The acts that are allowed for this call now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<ActName>>,
    /// The name of the member of body or query that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was expected as its value, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The names that there are, where one is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Vec<String>>,
    /// The line of the body in which it stops to be JSON, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The byte of that line, from 1; 0 where the body is JSON but no object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}
