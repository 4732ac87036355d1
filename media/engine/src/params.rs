//! What the control side says to the engine: where the local sound is, what a leg has agreed, which party hears which.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use trialog_codec::Codec;
use trialog_dsp::Country;
use trialog_srtp::MasterKey;
use trialog_voice::Settings;

/// Which sound devices are asked for: each by its name or id or a part of one; `None`: the system's default, whichever that is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceNames {
    /// What the agent speaks into.
    pub microphone: Option<String>,
    /// What the agent hears the parties by.
    pub ear: Option<String>,
    /// What rings; `None`: the ear.
    pub ring: Option<String>,
}

/// Where the local party's microphone and ear are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AudioEnd {
    /// Sound devices; they drive the tick while they are open, the timer does while they are not.
    Device(DeviceNames),
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

/// What the far end of a parallel leg hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParallelSound {
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
    /// Whose ring-back, busy and call waiting tones the local party knows.
    pub country: Country,
    /// What is done with the microphone's sound, of a sound card or of a file; without a local party nothing is.
    pub voice: Settings,
    /// All legs are parallel: each hears this, whatever the routing says. There may be as many as there are sockets.
    pub parallel: Option<ParallelSound>,
    /// 0 (cheap) to 10 (best).
    pub opus_complexity: u8,
    /// Bits a second.
    pub opus_bitrate: u32,
    /// Pauses are not sent, where a session has comfort noise, or its far side would like DTX of Opus.
    pub dtx: bool,
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
            country: Country::default(),
            voice: Settings::default(),
            parallel: None,
            opus_complexity: 5,
            opus_bitrate: 40_000,
            dtx: false,
            jitter_floor: Duration::from_millis(1),
            jitter_ceiling: Duration::from_millis(400),
            silent_after: Duration::from_secs(5),
            lost_after: Duration::from_secs(30),
            dtmf_length: Duration::from_millis(120),
            cname: String::from("trialog"),
        }
    }
}

/// telephone-event as agreed (RFC 4733).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventParams {
    /// Payload type that we send, 0–127.
    pub send: u8,
    /// Payload type that we receive.
    pub receive: u8,
    /// Units of a duration in a second, in Hz (RFC 4733 §2.3.5). The codec's clock, unless the far side has no such event.
    pub clock: u32,
}

/// What a receiver of Opus can take (RFC 7587 §6.1): it holds for the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusLimits {
    /// `maxaveragebitrate`: at most so many bits a second.
    pub max_bitrate: Option<u32>,
    /// `maxplaybackrate`, in Hz: no wider band than that is played.
    pub playback_rate: u32,
    /// `useinbandfec`: a copy of the packet before is of use.
    pub fec: bool,
    /// `cbr`: every packet is to have the same size.
    pub constant_bitrate: bool,
    /// `usedtx`: pauses need not be sent.
    pub dtx: bool,
}

impl Default for OpusLimits {
    /// Of a far side that can all.
    fn default() -> Self {
        Self {
            max_bitrate: None,
            playback_rate: 48_000,
            fec: true,
            constant_bitrate: false,
            dtx: false,
        }
    }
}

/// What offer and answer have agreed for one leg, all that the sound needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionParams {
    /// Where RTP goes. With port 0 the far side has not answered: its host alone is known, and may send from any port.
    pub remote: SocketAddr,
    /// Where RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// What we send.
    pub codec: Codec,
    /// Its payload type, 0–127.
    pub send_payload: u8,
    /// What the far side may send, by payload type.
    pub receive_payloads: Vec<(u8, Codec)>,
    /// How digits go.
    pub telephone_event: Option<EventParams>,
    /// Comfort noise is agreed (RFC 3389, payload type 13).
    pub comfort_noise: bool,
    /// What the far side asks of the Opus that we send.
    pub opus: OpusLimits,
    /// Milliseconds of sound in a packet of ours: 10, 20, 30, 40 or 60; others are taken as 20.
    pub ptime_ms: u32,
    /// We send RTP (`sendrecv` or `sendonly`, ours); hold music counts.
    pub sends: bool,
    /// We take RTP in (`sendrecv` or `recvonly`, ours). What comes although we do not is thrown away.
    pub receives: bool,
    /// The far side is bound to send: false where it is on hold, holds us, or said it sends nothing. Silence is
    /// reported only where this and `receives` hold.
    pub far_sends: bool,
    /// The far side has not answered: it may send, and need not.
    pub early: bool,
    /// Keys of SRTP and SRTCP; `None`: plain RTP. Parallel legs have none.
    pub srtp: Option<Srtp>,
}

/// Keys for one leg (RFC 3711), of one suite. They are shown nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srtp {
    /// For what we send.
    pub send: MasterKey,
    /// For what the far side sends.
    pub receive: MasterKey,
}

impl SessionParams {
    /// Of an offer that has no answer yet (RFC 3264 §5.1): what `host` sends by these payload types is heard, and nothing is sent.
    pub fn offered(host: IpAddr, payloads: Vec<(u8, Codec)>) -> Self {
        Self {
            remote: SocketAddr::new(host, 0),
            remote_rtcp: SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
            // Of no meaning, as nothing is sent.
            codec: Codec::Pcmu,
            send_payload: 0,
            receive_payloads: payloads,
            telephone_event: None,
            comfort_noise: false,
            opus: OpusLimits::default(),
            ptime_ms: 20,
            sends: false,
            receives: true,
            far_sends: false,
            early: true,
            srtp: None,
        }
    }
}

/// A party of the bridge.
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
    /// A call failed: there is no such party, or no way to it.
    Congestion,
    /// We are called.
    Ringing,
    /// A second call waits.
    Waiting,
    /// A call was answered without our doing.
    Answered,
    /// What the local party says, without any other.
    Voice,
}

/// What one party does in the bridge: it hears the sum of those in its group who speak, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortSpec {
    /// The party's port.
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
