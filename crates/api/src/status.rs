//! The phone at one moment: what `GET /api/status` is answered with, and what the events keep up to date.
use crate::event::Unread;
use crate::name::{
    ActName, AudioEnd, LampState, Member, Presence, RefusalCode, RegistrationState, Role, Stage,
    Verdict,
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
    /// What a new caller meets.
    pub presence: Presence,
    /// Since when a new caller meets that, in Unix milliseconds.
    pub presence_since_ms: u64,
    /// The code of the reason that the agent has given for being idle; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_reason: Option<String>,
    /// The SIP status with which a new call is refused now; absent where it rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callers_get: Option<u16>,
    /// The phone is being switched off, and waits for a conference or an anchored call to end.
    pub terminating: bool,
    /// The accounts, in the configuration's order.
    pub accounts: Vec<Account>,
    /// The calls, oldest first.
    pub calls: Vec<Call>,
    /// Wrap-ups drafted or owed, oldest first.
    pub wrap_ups: Vec<WrapUp>,
    /// Others' phones that are watched, in the configuration's order.
    #[serde(default)]
    pub lamps: Vec<Lamp>,
    /// The reasons that a wrap-up may have.
    pub reasons: Vec<WrapUpReason>,
    /// The reasons that an idle agent may give.
    #[serde(default)]
    pub idle_reasons: Vec<IdleReason>,
    /// Microphone and ear.
    pub audio: Audio,
    /// What is kept of calls and wrap-ups.
    #[serde(default)]
    pub records: Records,
    /// What went wrong and was not read yet, oldest first: the last six, until the phone ends.
    #[serde(default)]
    pub unread: Vec<Unread>,
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
    /// `state`, for people.
    pub state_text: String,
    /// `state_text` in German.
    pub state_text_de: String,
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
    /// Its mailbox; absent where nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voicemail: Option<Voicemail>,
}

/// Somebody else's phone, a colleague's say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lamp {
    /// Its number, from 0.
    pub id: u16,
    /// Its address.
    pub uri: String,
    /// Whose it is, as the configuration names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it stands.
    pub state: LampState,
}

/// Voice messages in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Voicemail {
    /// Something waits to be heard; a server may say so without counts.
    pub waiting: bool,
    /// Messages that were not heard yet, urgent ones included.
    pub new: u32,
    /// Messages that were heard.
    pub old: u32,
    /// New ones that are urgent.
    pub urgent: u32,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Its number, never used again while the phone runs.
    pub id: u32,
    /// The number of its account.
    pub account: u16,
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
    /// When sound was agreed with the first party, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<u64>,
    /// Whom the caller has called: one of our lines, or a hotline that leads here. Absent for a call that this phone placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<Party>,
    /// The parties that have diverted the call on its way here, the one that was called first before the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverted_from: Vec<Party>,
    /// The party that sent the caller here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referred_by: Option<Party>,
    /// Whether a padlock may be shown: signalling and sound of each leg that is up are encrypted, as far as the first server.
    #[serde(default)]
    pub secured: bool,
    /// The legs, the customer's first.
    pub legs: Vec<CallLeg>,
    /// The transfer, or the call that another party wishes, that the agent is asked to take up: `accept` or `decline`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_request: Option<TransferRequest>,
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
    /// The far party, as it was last stated.
    #[serde(flatten)]
    pub party: Party,
    /// The leg was answered, and is not yet over.
    pub up: bool,
    /// When it was answered, in Unix milliseconds; while it is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_since_ms: Option<u64>,
    /// This phone holds the party.
    pub held: bool,
    /// When the party was put on hold, in Unix milliseconds; while it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since_ms: Option<u64>,
    /// The party holds this phone.
    pub far_held: bool,
    /// No sound comes from the party.
    pub silent: bool,
    /// How its sound comes here; absent until it was measured, and while nothing comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// What of the leg is encrypted.
    #[serde(default)]
    pub secured: Secured,
    /// The party's phone or server sends the call to this address: `accept` follows, `decline` does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<String>,
}

/// How a party's sound comes here, over the last three seconds. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Packets that never came, in percent of those that were sent.
    pub lost_percent: f32,
    /// Packets that came when their sound was already replaced, in percent.
    pub late_percent: f32,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter_ms: f32,
    /// What the jitter buffer aims at.
    pub target_ms: f32,
    /// How long the sound waits in it now.
    pub delay_ms: f32,
    /// There and back through the network, by RTCP; absent until it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f32>,
    /// Packets of ours that the far side has lost, in percent, as it reports by RTCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub far_lost_percent: Option<f32>,
    /// The mean opinion score that listeners would give, 1.0–4.5: an estimate out of delay and loss (ITU-T G.107), not a measurement of
    /// the sound. Without a round trip the network's delay is not in it.
    pub mos_estimate: f32,
    /// The estimate in one of four words.
    pub verdict: Verdict,
    /// `verdict`, for people.
    pub verdict_text: String,
    /// `verdict_text` in German.
    pub verdict_text_de: String,
    /// The estimates of the last two minutes, oldest first, each of three seconds.
    pub recent: Vec<f32>,
}

/// What of a leg is encrypted, between this phone and the first server, or the party where there is none. Keys for the sound stand in the
/// signalling: sound alone keeps out only those who do not see that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Secured {
    /// SIP goes by TLS.
    pub signalling: bool,
    /// Sound goes by SRTP.
    pub media: bool,
}

/// Who a party is. A PBX may state another one in the middle of a call, where it has put another party there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    /// What a screen shows of it in one word: the display name, else the address, else that it is anonymous or unknown.
    pub name: String,
    /// `name` in German, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_de: Option<String>,
    /// Its phone number or extension: digits, `*` and `#`, with a leading `+` where it is a global one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its SIP or tel URI, without parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The account's registrar, or another peer that this phone is told to believe, vouches for it. Else it is what the party says of
    /// itself.
    pub asserted: bool,
    /// It asked not to be shown.
    pub anonymous: bool,
}

/// What a party asks the agent by REFER: to take a transfer, or outside of any call to call another party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferRequest {
    /// The party that is to be called; its name is the one that the sender of the REFER has given it.
    #[serde(flatten)]
    pub party: Party,
    /// The party expects the call: a transfer out of a consult or conference. Else it is called as any.
    pub attended: bool,
    /// The party is of another domain than the account's own.
    pub elsewhere: bool,
    /// The party that asks.
    pub by: Party,
    /// It is asked outside of any call: the party that asks is in none with this phone.
    pub outside: bool,
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
    /// Its number, never used again.
    pub id: u32,
    /// The number of the call that it is about; it may be of an earlier run of the phone.
    pub call: u32,
    /// The customer.
    pub peer: Party,
    /// It is owed; else a draft.
    pub due: bool,
    /// The code of the reason chosen so far.
    pub reason: Option<String>,
    /// What the agent has written so far.
    #[serde(default)]
    pub note: Option<String>,
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

/// Why an agent is idle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdleReason {
    /// What is sent in a request, and told to the ACD.
    pub code: String,
    /// For people, in English.
    pub en: String,
    /// For people, in German.
    pub de: String,
}

/// Microphone and ear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audio {
    /// What they are.
    pub end: AudioEnd,
    /// When the recordings began, in Unix microseconds.
    pub started_unix_us: Option<u64>,
    /// Which sound devices are asked for.
    #[serde(default)]
    pub asked: AskedDevices,
    /// The microphone that is used in a call, as the system names it; absent where it is missing, or no sound device is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microphone: Option<String>,
    /// The ear that is used in a call: headset or loudspeaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ear: Option<String>,
    /// What rings; absent where it rings in the ear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<String>,
    /// Why there is no microphone, in the system's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_microphone: Option<String>,
    /// Why there is no ear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_ear: Option<String>,
    /// Why the device does not ring that was asked for: it rings in the ear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_ring: Option<String>,
    /// The devices are open, which they are while there is a call.
    #[serde(default)]
    pub open: bool,
    /// All sound devices that the system has.
    #[serde(default)]
    pub known: KnownDevices,
}

/// Which sound devices are asked for, each by its name or id or a part of one; absent: the system's default, whichever that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedDevices {
    /// What the agent speaks into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microphone: Option<String>,
    /// What the agent hears the parties by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ear: Option<String>,
    /// What rings; absent: the ear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<String>,
}

/// All sound devices of the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownDevices {
    /// What can be a microphone.
    pub microphones: Vec<SoundDevice>,
    /// What can be an ear, or ring.
    pub ears: Vec<SoundDevice>,
}

/// A sound device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SoundDevice {
    /// The system's own name of it, which is no other's.
    pub id: String,
    /// For people.
    pub name: String,
    /// It is the system's default.
    #[serde(default)]
    pub is_default: bool,
    /// It captures what another device plays: no microphone unless it is named whole.
    #[serde(default)]
    pub is_monitor: bool,
}

/// What is kept of calls and wrap-ups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Records {
    /// Why the disk refuses them, in the system's words; absent where it takes them. Calls are held and kept later; a wrap-up is refused
    /// and stays due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
    /// The file of an earlier start was broken, and has this name now; a new one was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}
