//! What a request has in its body or its query. A member that is not known is refused, so that a misspelt one does not pass
//! unnoticed; so is a value that can't be meant. Reading checks that; the fields are open, and the phone has the last word.
use crate::name::Presence;
use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

/// The longest address or path, in characters.
const LONGEST_TEXT: usize = 1_000;
/// The longest code of a wrap-up reason, in characters.
const LONGEST_CODE: usize = 100;

/// No members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoMembers {}

/// Places a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dial {
    /// The address to call: a SIP address, `user@host`, or a number or name at the account's registrar.
    #[serde(deserialize_with = "address")]
    #[schemars(length(min = 1, max = LONGEST_TEXT), regex(pattern = "^[^\\u0000-\\u001f\\u007f]+$"))]
    #[schemars(example = &"sip:bob@example.com")]
    pub to: String,
    /// The number of the account that places it; the first one where this is left out.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = 0)]
    pub account: Option<u16>,
}

/// An act that has another party as its aim: forward and consult.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// The party's address: a SIP address, `user@host`, or a number or name at the account's registrar.
    #[serde(deserialize_with = "address")]
    #[schemars(length(min = 1, max = LONGEST_TEXT), regex(pattern = "^[^\\u0000-\\u001f\\u007f]+$"))]
    #[schemars(example = &"sip:bob@example.com")]
    pub to: String,
}

/// Hands a call over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The address to transfer to, unannounced; to the guest where this is left out.
    #[serde(
        default,
        deserialize_with = "given_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = LONGEST_TEXT), regex(pattern = "^[^\\u0000-\\u001f\\u007f]+$"))]
    #[schemars(example = &"sip:bob@example.com")]
    pub to: Option<String>,
}

/// Sends a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dtmf {
    /// `0` to `9`, `*`, `#`, `A` to `D` (RFC 4733 §3.2).
    #[serde(deserialize_with = "digit")]
    #[schemars(regex(pattern = "^[0-9A-Da-d*#]$"), example = &"5")]
    pub digit: char,
}

/// Submits or drafts a wrap-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrapUp {
    /// The code of one of the status's `reasons`.
    #[serde(deserialize_with = "code")]
    #[schemars(length(min = 1, max = LONGEST_CODE), example = &"sale")]
    pub reason: String,
}

/// Makes the agent available or idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// The new presence.
    #[schemars(example = Presence::Idle)]
    pub presence: Presence,
}

/// Speaks a WAV file into the microphone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// The file's absolute path on the phone's machine.
    #[serde(deserialize_with = "absolute_path")]
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    #[schemars(regex(pattern = "^(/|[A-Za-z]:\\\\|\\\\\\\\)[^\\u0000-\\u001f\\u007f]*$"))]
    #[schemars(example = &"/srv/prompts/welcome.wav")]
    pub file: String,
}

/// The query of the events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Follow {
    /// The `seq` of the last event that was received; the events after it are sent.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1_795_340_718_123_457_u64)]
    pub since: Option<u64>,
    /// `true`: the whole status follows each change, or several that came together, for clients that only show it.
    #[schemars(example = true)]
    pub status: bool,
    /// `true`: an agent looks at this client and can answer the notice `ask-end-for-all`. Without such a client the headset's hook
    /// ends a conference at once.
    #[schemars(example = false)]
    pub page: bool,
    /// The token, for browsers, whose WebSockets can't have headers. Only here; elsewhere it is not looked at.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A member that may be left out, but is never null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

fn given_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    address(from).map(Some)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, |text| is_plain(text, LONGEST_TEXT))
}

fn code<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, |text| {
        (1..=LONGEST_CODE).contains(&text.chars().count())
    })
}

fn absolute_path<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, |text| {
        is_plain(text, LONGEST_TEXT) && is_absolute(text)
    })
}

fn digit<'de, D: Deserializer<'de>>(from: D) -> Result<char, D::Error> {
    let digit = char::deserialize(from)?;
    let is_digit = "0123456789ABCDabcd*#".contains(digit);
    is_digit
        .then_some(digit)
        .ok_or_else(|| D::Error::custom("no digit"))
}

fn checked<'de, D: Deserializer<'de>>(from: D, fits: fn(&str) -> bool) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if fits(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom("a text that can't be meant"))
    }
}

fn is_plain(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count()) && !text.chars().any(|c| c.is_ascii_control())
}

/// Also a path of the other systems: whether it is one here, the phone finds when it opens it.
fn is_absolute(path: &str) -> bool {
    let drive = |path: &str| {
        let mut bytes = path.bytes();
        let letter = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        letter && bytes.next() == Some(b':') && bytes.next() == Some(b'\\')
    };
    path.starts_with('/') || path.starts_with(r"\\") || drive(path)
}
