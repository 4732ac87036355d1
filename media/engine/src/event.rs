//! What the engine tells the control side, and what can go wrong on its side of the fence.
use std::path::PathBuf;

/// Something that was noticed in the sound. Legs are named by the key that they were opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineEvent {
    /// Neither RTP nor RTCP has come from this leg for [`Options::silent_after`](crate::Options::silent_after),
    /// although it is bound to send.
    Silent(u64),
    /// The leg's first sound was played (a packet that was decoded, nothing made up), or RTP comes again after [`EngineEvent::Silent`].
    Heard(u64),
    /// Nothing has come for [`Options::lost_after`](crate::Options::lost_after): said once.
    Lost(u64),
    /// The far side pressed a digit, `0`–`9`, `*`, `#`, `A`–`D`; said once for each press.
    Dtmf(u64, u8),
    /// The sound card is gone; the timer drives the tick, the parties still hear each other.
    DeviceGone,
    /// The sound card is back and drives the tick again.
    DeviceBack,
    /// Something failed that a person should know of; the engine goes on.
    Error(String),
}

/// Why the engine, or one thing asked of it, could not start.
#[derive(Debug)]
pub enum EngineError {
    /// There is no such sound card, or it can't be opened: name another, or use [`AudioEnd::None`](crate::AudioEnd::None).
    NoDevice(String),
    /// A WAV file can't be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No thread can be started.
    Thread(std::io::Error),
    /// All places for legs are taken.
    TooManyLegs,
    /// There is no such leg.
    NoSuchLeg(u64),
    /// This leg has agreed on no telephone-event, or that is no digit.
    NoDtmf,
    /// The local end is no file, so that it can't say one.
    NotAFileEnd,
    /// Opus refused its settings.
    Codec(String),
    /// The audio thread has not taken earlier commands for a second: the machine is overloaded.
    Stuck,
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoDevice(what) => write!(out, "no usable sound device: {what}"),
            Self::File { path, reason } => write!(out, "{}: {reason}", path.display()),
            Self::Thread(error) => write!(out, "no thread for the sound: {error}"),
            Self::TooManyLegs => write!(out, "all {} places for legs are taken", crate::MAX_LEGS),
            Self::NoSuchLeg(key) => write!(out, "there is no leg {key}"),
            Self::NoDtmf => write!(out, "the leg takes no such digit"),
            Self::NotAFileEnd => write!(out, "only a file end can say a file"),
            Self::Codec(what) => write!(out, "codec: {what}"),
            Self::Stuck => write!(out, "the audio thread does not take commands"),
        }
    }
}

impl std::error::Error for EngineError {}

/// What one leg has seen so far, for a screen or a log. All times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// Which.
    pub key: u64,
    /// RTP packets received, duplicates and late ones among them.
    pub received: u64,
    /// Packets that never came, as far as is known.
    pub lost: u64,
    /// Packets that came when their sound was already replaced.
    pub late: u64,
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

/// The whole engine at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Ticks done.
    pub ticks: u64,
    /// How often the timer took over because the sound card did not tick.
    pub taken_over: u64,
    /// Longest time that one tick took, in microseconds.
    pub longest_tick_us: u64,
    /// The sound card drives the tick now.
    pub device: bool,
    /// The legs, by key.
    pub legs: Vec<LegStats>,
}
