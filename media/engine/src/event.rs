//! What the engine tells the control side, and what can go wrong on its side of the fence.
use crate::DeviceNames;
use std::path::PathBuf;
use trialog_frame::Level;

/// Something that was noticed in the sound. Legs are named by the key that they were opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineEvent {
    /// Neither RTP nor RTCP has come from this leg for [`Options::silent_after`](crate::Options::silent_after),
    /// although it is bound to send.
    Silent(u64),
    /// Before its answer: the leg has sounded, and no RTP has come for 2 s, which neither comfort noise nor DTX has announced.
    Stopped(u64),
    /// The leg sounds: 40 ms in a row of it were played that were decoded, nothing made up. Or RTP comes again after
    /// [`EngineEvent::Silent`] or [`EngineEvent::Stopped`].
    Heard(u64),
    /// Nothing has come for [`Options::lost_after`](crate::Options::lost_after): said once.
    Lost(u64),
    /// The far side pressed a digit, `0`–`9`, `*`, `#`, `A`–`D`; said once for each press.
    Dtmf(u64, u8),
    /// The local party speaks into its microphone although it is not heard by those that it hears: told once in 30 s at most, until it is heard
    /// again.
    Unheard,
    /// Sound devices as they are from now on; said at the start and after each change.
    Devices(Box<Devices>),
    /// Microphone or ear is gone; the timer drives the tick, the parties still hear each other.
    DeviceGone,
    /// Microphone and ear are both there again.
    DeviceBack,
    /// Something failed that a person should know of; the engine goes on.
    Error(String),
}

/// The sound devices: what is asked for, what that is, and what is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// What is asked for.
    pub asked: DeviceNames,
    /// The capture device that is used in a call, as the system names it for people; `None`: it is missing.
    pub microphone: Option<String>,
    /// Why there is no microphone, in the system's words.
    pub no_microphone: Option<String>,
    /// The playback device that is used in a call.
    pub ear: Option<String>,
    /// Why there is no ear.
    pub no_ear: Option<String>,
    /// The device that rings; `None`: it rings in the ear.
    pub ring: Option<String>,
    /// Why the device does not ring that was asked for.
    pub no_ring: Option<String>,
    /// They are open: there is a call.
    pub open: bool,
    /// All devices that the system has.
    pub known: KnownDevices,
}

impl Devices {
    /// Microphone and ear are there.
    pub fn is_there(&self) -> bool {
        self.microphone.is_some() && self.ear.is_some()
    }

    /// Nothing is missing that was asked for.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_there() && self.no_ring.is_none()
    }
}

/// All sound devices of the system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownDevices {
    /// What can be a microphone.
    pub microphones: Vec<DeviceInfo>,
    /// What can be an ear, or ring.
    pub ears: Vec<DeviceInfo>,
}

/// A sound device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The system's own name of it, which is no other's.
    pub id: String,
    /// For people.
    pub name: String,
    /// It is the system's default.
    pub is_default: bool,
    /// It captures what a playback device plays.
    pub is_monitor: bool,
}

/// Why the engine, or one thing asked of it, could not start.
#[derive(Debug)]
pub enum EngineError {
    /// A sound device is missing or can't be opened, and which one or why.
    NoDevice(String),
    /// A WAV file can't be read or written.
    File {
        /// The file's path, as it was given.
        path: PathBuf,
        /// The system's error, or what is wrong with the file's content.
        reason: String,
    },
    /// No thread can be started.
    Thread(std::io::Error),
    /// All slots for legs are taken.
    TooManyLegs,
    /// There is no such leg.
    NoSuchLeg(u64),
    /// This leg sends nothing now or has agreed on no telephone-event, or that is no digit.
    NoDtmf,
    /// The local end is no file, so that it can't say one.
    NotAFileEnd,
    /// Opus refused its settings.
    Codec(String),
    /// The keys of SRTP are of no use.
    Keys,
    /// The audio thread has not taken earlier commands for a second: the machine is overloaded.
    Stuck,
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoDevice(what) => write!(out, "no usable sound device: {what}"),
            Self::File { path, reason } => write!(out, "{}: {reason}", path.display()),
            Self::Thread(error) => write!(out, "no thread for the sound: {error}"),
            Self::TooManyLegs => write!(out, "all {} slots for legs are taken", crate::MAX_LEGS),
            Self::NoSuchLeg(key) => write!(out, "there is no leg {key}"),
            Self::NoDtmf => write!(out, "the leg takes no such digit"),
            Self::NotAFileEnd => write!(out, "only a file end can say a file"),
            Self::Codec(what) => write!(out, "codec: {what}"),
            Self::Keys => write!(out, "the keys for SRTP are of no use"),
            Self::Stuck => write!(out, "the audio thread does not take commands"),
        }
    }
}

impl std::error::Error for EngineError {}

/// What one leg has seen so far, for a screen or a log. All times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// The key that it was opened with.
    pub key: u64,
    /// RTP packets received, duplicates and late ones among them.
    pub received: u64,
    /// Packets that never came, as far as is known.
    pub lost: u64,
    /// Packets that came when their sound was already replaced.
    pub late: u64,
    /// Packets that have become sound.
    pub decoded: u64,
    /// Milliseconds of sound that were made up, comfort in silence not counted.
    pub concealed_ms: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter_ms: f32,
    /// What the jitter buffer aims at.
    pub target_ms: f32,
    /// How long the sound waits in it now.
    pub delay_ms: f32,
    /// Round trip by RTCP, when one was measured.
    pub round_trip_ms: Option<f32>,
    /// Loss that the far side reports, 0.0–1.0.
    pub far_loss: Option<f32>,
}

/// How loud each party was for a moment: the RMS of its loudest 10 ms; [`Level::FLOOR`] for silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// What the microphone has taken in, muted or not.
    pub microphone: Level,
    /// What the local ear was given.
    pub ear: Level,
    /// What came from the legs, by their keys; parallel legs are not among them.
    pub legs: Vec<(u64, Level)>,
}

/// The whole engine at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Ticks done.
    pub ticks: u64,
    /// How often the timer took over because the sound card did not tick.
    pub taken_over: u64,
    /// Ticks that took longer than the 10 ms that they are for.
    pub overrun: u64,
    /// Longest time that one tick took, in microseconds.
    pub longest_tick_us: u64,
    /// The sound card drives the tick now.
    pub device: bool,
    /// The legs, by key.
    pub legs: Vec<LegStats>,
}
