//! What a request has in its body or its query. A member that is not known is refused, so that a misspelt one does not pass
//! unnoticed; so is a value that can't be meant. Reading checks that; the fields are open, and the phone has the last word.
use crate::access::PageRole;
use crate::name::{HistoryKind, OwnPresence};
use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// The longest address or path, in characters.
const LONGEST_TEXT: usize = 1_000;
/// The longest code of a wrap-up reason, in characters.
const LONGEST_CODE: usize = 100;
/// The most calls of a page of the history.
const MOST_CALLS: u32 = 500;
/// The latest time in milliseconds, and the highest number of a call of the history.
const LATEST: u64 = 9_007_199_254_740_991;
/// The longest note of a wrap-up, in characters.
const LONGEST_NOTE: usize = 4_000;

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

/// Refuses an offered call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// `true`: for all phones that the call rings at (603); `false`: for this one (486), and others of a group ring on. Where it is
    /// left out, as the configuration's `agent.reject_status` has it; a consult is then declined with 603.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = true)]
    pub everywhere: Option<bool>,
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
    /// The number of the account whose registrar a number or name is at, and by which a consult is called; the call's own where this is left out.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = 0)]
    pub account: Option<u16>,
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
    /// The number of the account whose registrar a number or name is at; the call's own where this is left out.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = 0)]
    pub account: Option<u16>,
}

/// Makes a code that pairs a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// What the page may do in that browser: an agent's where this is left out.
    #[serde(default = "agent")]
    #[schemars(example = PageRole::Agent)]
    pub role: PageRole,
}

fn agent() -> PageRole {
    PageRole::Agent
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

/// Submits a wrap-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrapUp {
    /// The code of one of the status's `reasons`.
    #[serde(deserialize_with = "code")]
    #[schemars(length(min = 1, max = LONGEST_CODE), example = &"sale")]
    pub reason: String,
    /// What the agent has to say about the call; where it is left out, what was drafted. Empty: nothing.
    #[serde(
        default,
        deserialize_with = "given_note",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = LONGEST_NOTE), example = &"Calls back on Monday.")]
    pub note: Option<String>,
}

/// Keeps what was entered of a wrap-up so far. A member that is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrapUpDraft {
    /// The code of one of the status's `reasons`.
    #[serde(
        default,
        deserialize_with = "given_code",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = LONGEST_CODE), example = &"sale")]
    pub reason: Option<String>,
    /// What the agent has to say about the call; empty: nothing.
    #[serde(
        default,
        deserialize_with = "given_note",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = LONGEST_NOTE), example = &"Calls back on")]
    pub note: Option<String>,
}

/// Makes the agent available or idle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// The new presence.
    #[schemars(example = OwnPresence::Idle)]
    pub presence: OwnPresence,
    /// The code of one of the status's `idle_reasons`: why the agent is idle. It says nothing about one that is available.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = LONGEST_TEXT), example = &"lunch")]
    pub reason: Option<String>,
}

/// Chooses sound devices, all at once: each by its name or id or a part of one. One that is left out is the configuration's, or the
/// system's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDevices {
    /// What the agent speaks into.
    #[serde(
        default,
        deserialize_with = "given_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = LONGEST_TEXT), regex(pattern = "^[^\\u0000-\\u001f\\u007f]+$"), example = &"Headset Mono")]
    pub microphone: Option<String>,
    /// What the agent hears the parties by.
    #[serde(
        default,
        deserialize_with = "given_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = LONGEST_TEXT), regex(pattern = "^[^\\u0000-\\u001f\\u007f]+$"), example = &"Headset Stereo")]
    pub ear: Option<String>,
    /// What rings; left out, too, by the configuration: the ear.
    #[serde(
        default,
        deserialize_with = "given_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = LONGEST_TEXT), regex(pattern = "^[^\\u0000-\\u001f\\u007f]+$"), example = &"Loudspeaker")]
    pub ring: Option<String>,
}

/// A notice was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Its `id` in the status's `unread`.
    #[schemars(example = 1_795_340_748_123_457_u64)]
    pub id: u64,
}

/// Registers an account, or takes its registration back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The number of the account; all that have a registrar where this is left out.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = 0)]
    pub account: Option<u16>,
}

/// Takes a call that rings at somebody else's phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pickup {
    /// The number of the lamp in the status.
    #[schemars(example = 0)]
    pub lamp: u16,
}

/// Pairs a browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The code that the page was opened with.
    #[serde(deserialize_with = "code")]
    #[schemars(length(min = 1, max = LONGEST_CODE), example = &"9f0c0c3d5a1e4b7f")]
    pub code: String,
}

/// The code is not printed.
impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair(…)")
    }
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
    /// `true`: how loud the parties are is sent as well, in events `levels`.
    #[schemars(example = false)]
    pub levels: bool,
    /// `true`: an agent looks at this client and can answer the notice `ask-end-for-all`. Without such a client the headset's hook
    /// ends a conference at once.
    #[schemars(example = false)]
    pub page: bool,
    /// What a client shows whose WebSocket can't have headers: a ticket that it was given a moment ago. Only here.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// The query of the history. All that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Past {
    /// So many calls at most; 50 where this is left out.
    #[serde(deserialize_with = "page", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MOST_CALLS), example = 50)]
    pub limit: Option<u32>,
    /// Calls before the one of this `id`: the `next` of the page before.
    #[serde(deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = LATEST), example = 4711)]
    pub before: Option<u64>,
    /// Calls that began at this time or later, in Unix milliseconds.
    #[serde(deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = LATEST), example = 1_795_340_718_123_u64)]
    pub since_ms: Option<u64>,
    /// Calls that began before this time.
    #[serde(deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = LATEST), example = 1_795_340_718_123_u64)]
    pub until_ms: Option<u64>,
    /// A part of name, number or URI of a party of the call.
    #[serde(
        deserialize_with = "given_party",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = LONGEST_TEXT), example = &"Carla")]
    pub party: Option<String>,
    /// What became of them.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(example = HistoryKind::Missed)]
    pub kind: Option<HistoryKind>,
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

fn given_code<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    code(from).map(Some)
}

fn given_note<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |text| text.chars().count() <= LONGEST_NOTE).map(Some)
}

/// A query has a number where a text has only digits.
fn given_party<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Digits(u64),
        Flag(bool),
    }
    let text = match Written::deserialize(from)? {
        Written::Text(text) => text,
        Written::Digits(digits) => digits.to_string(),
        Written::Flag(flag) => flag.to_string(),
    };
    let fits = is_plain(&text, LONGEST_TEXT);
    let wrong = || D::Error::custom("a text that can't be meant");
    fits.then_some(Some(text)).ok_or_else(wrong)
}

fn page<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    within(u32::deserialize(from)?, 1..=MOST_CALLS)
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    within(u64::deserialize(from)?, 0..=LATEST)
}

fn within<T: PartialOrd, E: Error>(number: T, range: RangeInclusive<T>) -> Result<Option<T>, E> {
    let fits = range.contains(&number);
    let wrong = || E::custom("a number that can't be meant");
    fits.then_some(Some(number)).ok_or_else(wrong)
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
