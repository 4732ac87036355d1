//! What the control side says to the engine: where the local sound is, what a leg has agreed, who hears whom.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use trialog_codec::Codec;

/// Where the local party's microphone and ear are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AudioEnd {
    /// A sound card; it drives the tick while it is there, the timer does while it is not.
    Device {
        /// Name of the capture device, or a part of it; `None`: the system's default.
        input: Option<String>,
        /// Name of the playback device, or a part of it; `None`: the system's default.
        output: Option<String>,
    },
    /// WAV files, in real time by the timer.
    File {
        /// What the microphone says; nothing: silence.
        play: Option<PathBuf>,
        /// From its start again, with no pause, when it has come to its end.
        repeat: bool,
        /// Where what the ear hears is written (mono, 48 kHz, 16 bits).
        record: Option<PathBuf>,
        /// Where what the microphone said is written, sample by sample beside `record`.
        record_spoken: Option<PathBuf>,
    },
    /// No local party: a pure bridge, on the timer's tick.
    #[default]
    None,
}

/// What a leg that stands alone hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoneSound {
    /// Silence, sent as RTP.
    Silence,
    /// What it says, packet by packet as it came.
    Echo,
}

/// What holds for the engine as long as it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Hold music instead of the built-in one: a WAV file, looped.
    pub music: Option<PathBuf>,
    /// Every leg stands alone and hears this, whatever the routing says; there may be as many as there are sockets.
    pub alone: Option<LoneSound>,
    /// 0 (cheap) to 10 (best).
    pub opus_complexity: u8,
    /// Bits a second.
    pub opus_bitrate: u32,
    /// The jitter buffer holds at least this much more than the fastest packet needs.
    pub jitter_floor: Duration,
    /// And never aims at more than this.
    pub jitter_ceiling: Duration,
    /// No RTP for so long where some is due: [`EngineEvent::Silent`](crate::EngineEvent::Silent).
    pub silent_after: Duration,
    /// Neither RTP nor RTCP for so long: [`EngineEvent::Lost`](crate::EngineEvent::Lost).
    pub lost_after: Duration,
    /// Length of a DTMF digit that we send.
    pub dtmf_length: Duration,
    /// Canonical name in RTCP (RFC 3550 §6.5.1); should say nothing about the user.
    pub cname: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            music: None,
            alone: None,
            opus_complexity: 5,
            opus_bitrate: 32_000,
            jitter_floor: Duration::from_millis(1),
            jitter_ceiling: Duration::from_millis(400),
            silent_after: Duration::from_secs(5),
            lost_after: Duration::from_secs(30),
            dtmf_length: Duration::from_millis(120),
            cname: String::from("trialog"),
        }
    }
}

/// What offer and answer have agreed for one leg, all that the sound needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionParams {
    /// Where RTP goes.
    pub remote: SocketAddr,
    /// Where RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// What we send.
    pub codec: Codec,
    /// Its payload type, 0–127.
    pub send_payload: u8,
    /// What the far side may send, by payload type.
    pub receive_payloads: Vec<(u8, Codec)>,
    /// Payload types of telephone-event: what we send, what we receive.
    pub telephone_event: Option<(u8, u8)>,
    /// Milliseconds of sound in a packet of ours: 10, 20, 30, 40 or 60; others are taken as 20.
    pub ptime_ms: u32,
    /// We send RTP (`sendrecv` or `sendonly`, ours); hold music counts.
    pub sends: bool,
    /// We take RTP in (`sendrecv` or `recvonly`, ours). What comes although we do not is thrown away.
    pub receives: bool,
    /// The far side is bound to send: false where it is on hold, holds us, or said it sends nothing. Silence is
    /// reported only where this and `receives` hold.
    pub far_sends: bool,
}

/// Whose port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortOf {
    /// Our own microphone and ear.
    Local,
    /// The far end of a leg, by the key that it was opened with.
    Leg(u64),
}

/// A sound that the engine makes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Hold music.
    Music,
    /// The called party rings.
    RingBack,
    /// The called party is busy.
    Busy,
    /// We are called.
    Ringing,
    /// A second call waits.
    Waiting,
}

/// One party's place in the bridge: it hears the sum of those in its group who speak, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortSpec {
    /// Whose.
    pub port: PortOf,
    /// Parties of different groups never hear each other.
    pub group: u16,
    /// Its sound goes to the others of the group.
    pub speaks: bool,
    /// It gets the others' sound.
    pub hears: bool,
    /// It gets this sound.
    pub tone: Option<Tone>,
}
