//! Whether microphone and ear can be used: a call with oneself, the whole way from a file by RTP to the ear, and back from the microphone.
use crate::device::list_devices;
use crate::wav;
use crate::{
    AudioEnd, Codec, DeviceNames, Devices, Engine, EngineError, EngineEvent, KnownDevices, Options,
    OpusLimits, PortOf, PortSpec, RtpSocket, SessionParams,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trialog_frame::RATE;

/// So long devices have to open.
const OPENING: Duration = Duration::from_secs(3);

/// What is on its way at the end comes within this time.
const TAIL: Duration = Duration::from_millis(400);

/// All sound devices of the system.
///
/// # Errors
/// [`EngineError::NoDevice`]: the sound system can't be asked.
pub fn known_devices() -> Result<KnownDevices, EngineError> {
    let listing = list_devices().map_err(EngineError::NoDevice)?;
    Ok(listing.known())
}

/// What the microphone took in while something was played.
#[derive(Clone, Debug)]
pub struct Echo {
    /// Which devices were used.
    pub devices: Devices,
    /// Mono, 48 kHz, −1.0..=1.0, beside what was played: sample by sample, and later by the time that the way takes, there and back, as a
    /// far end of a call has it.
    pub heard: Vec<f32>,
}

/// Plays these samples (mono, 48 kHz) once, and takes in what the microphone says meanwhile. Lasts as long as they do, and a second or two
/// more where a device is slow to open.
///
/// # Errors
/// [`EngineError::NoDevice`]: microphone or ear is missing, or does not open; [`EngineError::File`]: there is no room for temporary files.
pub fn play_and_hear(names: &DeviceNames, play: &[f32]) -> Result<Echo, EngineError> {
    let folder = Folder::create()?;
    let (said, heard) = (folder.0.join("said.wav"), folder.0.join("heard.wav"));
    let mut file = wav::Writer::create(&said)?;
    file.write(play)?;
    file.finish()?;
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bind = || RtpSocket::bind(ip, &(0..=0), 0).map_err(|error| failed(&folder.0, &error));
    let (near, far) = (bind()?, bind()?);
    let (at_near, at_far) = (near.local_addr(), far.local_addr());

    let (mut phone, events) = Engine::start(AudioEnd::Device(names.clone()), Options::default())?;
    phone.open_leg(1, near, session(at_far))?;
    phone.set_routing(&call());
    let devices = opened(&phone, &events)?;
    let end = AudioEnd::File {
        play: Some(said),
        repeat: false,
        record: Some(heard.clone()),
        record_spoken: None,
    };
    let (mut other, _events) = Engine::start(end, Options::default())?;
    other.open_leg(1, far, session(at_near))?;
    other.set_routing(&call());
    std::thread::sleep(Duration::from_secs_f64(play.len() as f64 / f64::from(RATE)) + TAIL);
    other.shutdown()?;
    phone.shutdown()?;
    let heard = wav::read(&heard)?;
    Ok(Echo {
        devices,
        heard: heard
            .into_iter()
            .map(|sample| f32::from(sample) / 32_768.0)
            .collect(),
    })
}

/// Waits until both are open.
fn opened(
    phone: &Engine,
    events: &std::sync::mpsc::Receiver<EngineEvent>,
) -> Result<Devices, EngineError> {
    let begun = Instant::now();
    let mut devices = Devices::default();
    loop {
        for event in events.try_iter() {
            if let EngineEvent::Devices(now) = event {
                devices = *now;
            }
        }
        if devices.is_there() && phone.driver.device_drives() {
            return Ok(devices);
        }
        if begun.elapsed() > OPENING {
            let missing = devices.no_microphone.or(devices.no_ear);
            let why = missing.unwrap_or_else(|| "it does not open".to_owned());
            return Err(EngineError::NoDevice(why));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn call() -> [PortSpec; 2] {
    [PortOf::Local, PortOf::Leg(1)].map(|port| PortSpec {
        port,
        group: 0,
        speaks: true,
        hears: true,
        tone: None,
    })
}

fn session(remote: SocketAddr) -> SessionParams {
    SessionParams {
        comfort_noise: false,
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        codec: Codec::Opus,
        send_payload: 96,
        receive_payloads: vec![(96, Codec::Opus)],
        telephone_event: None,
        opus: OpusLimits::default(),
        ptime_ms: 20,
        sends: true,
        receives: true,
        far_sends: true,
        early: false,
        srtp: None,
    }
}

fn failed(path: &Path, reason: &std::io::Error) -> EngineError {
    EngineError::File {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// A folder of our own for temporary files, gone with this value.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self, EngineError> {
        let name = format!("trialog-{:016x}", crate::control::random());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).map_err(|error| failed(&path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
