//! Parties with file ends, joined by real RTP on loopback, and the measuring of what they heard.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each suite uses its share"
)]
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;
use trialog_engine::{
    AudioEnd, Codec, Engine, EngineEvent, EventParams, MasterKey, Options, OpusLimits, PortOf,
    PortSpec, RtpSocket, SessionParams, Srtp, Suite, Tone,
};
use trialog_frame::Level;

mod foreign;
pub use foreign::Foreign;

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const CUSTOMER: f64 = 433.0;
pub const AGENT_1: f64 = 997.0;
pub const AGENT_2: f64 = 1511.0;

/// One engine with a pilot for a voice.
pub struct Party {
    pub engine: Engine,
    pub events: Receiver<EngineEvent>,
    ear: PathBuf,
}

/// What one ear heard: samples at 48 kHz, and the unix time of the first in µs.
pub struct Heard {
    pub samples: Vec<f32>,
    pub started: u64,
}

impl Party {
    /// Says a pilot at −30 dBFS without end.
    pub fn with_pilot(dir: &Path, name: &str, pilot: f64) -> Self {
        let voice = dir.join(format!("{name}-voice.wav"));
        write_wav(&voice, &tone(pilot, -30.0, 48_000));
        Self::with_voice(dir, name, Some(voice), Options::default())
    }

    pub fn with_voice(dir: &Path, name: &str, play: Option<PathBuf>, options: Options) -> Self {
        let ear = dir.join(format!("{name}.wav"));
        let end = AudioEnd::File {
            play,
            repeat: true,
            record: Some(ear.clone()),
            record_spoken: None,
        };
        let (engine, events) = Engine::start(end, options).expect("a file end needs no hardware");
        Self {
            engine,
            events,
            ear,
        }
    }

    pub fn bind(&self) -> RtpSocket {
        self.engine
            .bind(LOOPBACK, 0..=0)
            .expect("loopback has ports")
    }

    /// Ends it and reads what it heard.
    pub fn heard(self) -> Heard {
        let started = self.engine.recording_started().expect("it has recorded");
        self.engine.shutdown().expect("the recording is whole");
        let mut reader = hound::WavReader::open(&self.ear).expect("it was written");
        let samples = reader
            .samples::<i16>()
            .map(|sample| f32::from(sample.expect("whole")) / 32_768.0)
            .collect();
        Heard { samples, started }
    }
}

impl Heard {
    /// The level of a tone from `from` to `to` in seconds after the unix time `origin` in µs.
    pub fn level(&self, tone: f64, origin: u64, from: f64, to: f64) -> f32 {
        let offset = (origin as f64 - self.started as f64) / 1e6;
        let at = |seconds: f64| (((seconds + offset) * 48e3) as usize).min(self.samples.len());
        Level::sine_amplitude(&self.samples[at(from)..at(to)], tone, 48e3).0
    }

    /// The longest time that the tone, of level −30, is missing between two times, in ms, by windows of 20 ms.
    pub fn gap_ms(&self, tone: f64, origin: u64, from: f64, to: f64) -> usize {
        let offset = (origin as f64 - self.started as f64) / 1e6;
        let at = |seconds: f64| (((seconds + offset) * 48e3) as usize).min(self.samples.len());
        let (mut longest, mut now) = (0, 0);
        for start in (at(from)..at(to).saturating_sub(960)).step_by(48) {
            let level = Level::sine_amplitude(&self.samples[start..start + 960], tone, 48e3).0;
            now = if level < -42.0 { now + 1 } else { 0 };
            longest = longest.max(now);
        }
        longest
    }
}

pub fn unix_us() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_micros() as u64
}

/// Real time passes: these are tests of the real clock.
pub fn wait(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

pub fn tone(frequency: f64, level: f32, samples: usize) -> Vec<f32> {
    let amplitude = f64::from(Level(level).amplitude());
    (0..samples)
        .map(|n| (amplitude * (std::f64::consts::TAU * frequency * n as f64 / 48e3).sin()) as f32)
        .collect()
}

pub fn write_wav(path: &Path, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("created");
    for sample in samples {
        writer
            .write_sample((sample * 32_768.0).round() as i16)
            .expect("written");
    }
    writer.finalize().expect("finished");
}

pub fn session(remote: SocketAddr, codec: Codec) -> SessionParams {
    let payload = match codec {
        Codec::Opus => 96,
        Codec::G722 => 9,
        Codec::Pcma => 8,
        Codec::Pcmu => 0,
    };
    SessionParams {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        codec,
        send_payload: payload,
        receive_payloads: vec![(payload, codec)],
        telephone_event: Some(EventParams {
            send: 101,
            receive: 101,
            clock: codec.rtp_clock(),
        }),
        comfort_noise: false,
        opus: OpusLimits::default(),
        ptime_ms: 20,
        sends: true,
        receives: true,
        far_sends: true,
        early: false,
        srtp: None,
    }
}

/// Keys of this suite, made of one number a side, as the first side has them.
pub fn keys(suite: Suite, numbers: (u8, u8)) -> Srtp {
    let key = |number| {
        let octets = vec![number; suite.key_length() + suite.salt_length()];
        MasterKey::new(suite, &octets).expect("of the right length")
    };
    Srtp {
        send: key(numbers.0),
        receive: key(numbers.1),
    }
}

/// The same keys as the other side has them.
pub fn reversed(keys: &Srtp) -> Srtp {
    Srtp {
        send: keys.receive.clone(),
        receive: keys.send.clone(),
    }
}

/// Joins two parties by a leg, each with its own key for it.
pub fn join(a: (&mut Party, u64), b: (&mut Party, u64), codec: Codec) {
    join_by(a, b, codec, None);
}

/// The same, with SRTP by these keys. Where both are reached.
pub fn join_by(
    a: (&mut Party, u64),
    b: (&mut Party, u64),
    codec: Codec,
    keys: Option<&Srtp>,
) -> (SocketAddr, SocketAddr) {
    let with = |srtp, remote| SessionParams {
        srtp,
        ..session(remote, codec)
    };
    let (socket_a, socket_b) = (a.0.bind(), b.0.bind());
    let (address_a, address_b) = (socket_a.local_addr(), socket_b.local_addr());
    a.0.engine
        .open_leg(a.1, socket_a, with(keys.cloned(), address_b))
        .expect("opened");
    b.0.engine
        .open_leg(b.1, socket_b, with(keys.map(reversed), address_a))
        .expect("opened");
    (address_a, address_b)
}

pub fn port(port: PortOf, group: u16) -> PortSpec {
    PortSpec {
        port,
        group,
        speaks: true,
        hears: true,
        tone: None,
    }
}

pub fn leg(key: u64, group: u16) -> PortSpec {
    port(PortOf::Leg(key), group)
}

pub fn local(group: u16) -> PortSpec {
    port(PortOf::Local, group)
}

/// Held with music.
pub fn held(key: u64) -> PortSpec {
    PortSpec {
        port: PortOf::Leg(key),
        group: 99,
        speaks: false,
        hears: false,
        tone: Some(Tone::Music),
    }
}
