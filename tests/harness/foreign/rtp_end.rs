//! The ear and the mouth of a party whose phone has none (SIPp): an RTP address of our own, PCMU at 8 kHz, that speaks a pilot and
//! records what comes. Whoever speaks SIP for it says where it speaks to.
use super::{Done, Fault, RecordingPosition, Role, pilot};
use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RATE: u32 = 8_000;
const PACKET: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;
/// Packets that may wait to be recorded: the worst jitter that is not yet heard as a gap is half of it.
const WAITING: usize = 16;
/// So many packets are waited for before a stream is played, so that one that comes late leaves no hole.
const AHEAD: usize = 5;

/// Speaks and records until it is dropped.
pub struct RtpEnd {
    /// Where it takes RTP: for the SDP of the phone that it stands in for.
    pub address: SocketAddr,
    recording: PathBuf,
    far: Arc<Mutex<Option<SocketAddr>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RtpEnd {
    /// An end at a free port of 127.0.0.1, with the pilot of this party; what it hears is written to `recording`.
    ///
    /// # Errors
    /// The file can't be made, or there is no port.
    pub fn start(role: Role, recording: &Path) -> Done<Self> {
        let words = |error: &dyn std::fmt::Display| Fault(format!("RTP end: {error}"));
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| words(&error))?;
        let address = socket.local_addr().map_err(|error| words(&error))?;
        socket
            .set_nonblocking(true)
            .map_err(|error| words(&error))?;
        let spoken = hound::WavReader::open(pilot::file(role, RATE, 1)?)
            .and_then(|mut file| file.samples::<i16>().collect::<Result<Vec<i16>, _>>())
            .map_err(|error| words(&error))?;
        let mut file = File::create(recording).map_err(|error| words(&error))?;
        file.write_all(&super::ear::head(RATE))
            .map_err(|error| words(&error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let far = Arc::new(Mutex::new(None));
        let mut end = End {
            socket,
            file,
            spoken: spoken.into_iter().map(encoded).collect(),
            far: Arc::clone(&far),
            waiting: std::collections::VecDeque::new(),
            playing: false,
            number: 0,
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let started = Instant::now();
            let mut tick = 0;
            while !stopped.load(Ordering::Relaxed) {
                tick += 1;
                if let Some(left) = (PACKET * tick).checked_sub(started.elapsed()) {
                    std::thread::sleep(left);
                }
                end.tick(tick);
            }
        });
        Ok(Self {
            address,
            recording: recording.to_owned(),
            far,
            stop,
            thread: Some(thread),
        })
    }

    /// Speaks to this address from now on, or to nobody.
    pub fn aim(&self, far: Option<SocketAddr>) {
        *self.far.lock().unwrap_or_else(PoisonError::into_inner) = far;
    }

    /// Where its recording stands.
    #[must_use]
    pub fn position(&self) -> RecordingPosition {
        RecordingPosition::grown([self.recording.clone()])
    }
}

impl Drop for RtpEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct End {
    socket: UdpSocket,
    file: File,
    spoken: Vec<u8>,
    far: Arc<Mutex<Option<SocketAddr>>>,
    waiting: std::collections::VecDeque<Vec<u8>>,
    playing: bool,
    number: u16,
}

impl End {
    fn tick(&mut self, tick: u32) {
        let mut packet = [0; 2_048];
        while let Ok((length, _)) = self.socket.recv_from(&mut packet) {
            // RFC 3550 §5.1: version 2, twelve octets of head (nobody here adds more); RFC 3551 §6: 0 is PCMU.
            if length > 12 && packet[0] == 0x80 && packet[1] & 0x7F == 0 {
                self.waiting.push_back(packet[12..length].to_vec());
            }
        }
        while self.waiting.len() > WAITING {
            self.waiting.pop_front();
        }
        self.playing = if self.playing {
            !self.waiting.is_empty()
        } else {
            self.waiting.len() >= AHEAD
        };
        let heard = if self.playing {
            self.waiting.pop_front().unwrap_or_default()
        } else {
            Vec::new()
        };
        let mut samples = [0_u8; 2 * SAMPLES];
        for (place, octet) in samples.chunks_exact_mut(2).zip(&heard) {
            place.copy_from_slice(&decoded(*octet).to_le_bytes());
        }
        // A full disk shows in the measurement.
        let _ = self.file.write_all(&samples);
        let far = *self.far.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(far) = far {
            let mut packet = vec![0x80, 0];
            self.number = self.number.wrapping_add(1);
            packet.extend(self.number.to_be_bytes());
            let place = tick.wrapping_mul(160);
            packet.extend(place.to_be_bytes());
            packet.extend([0x54, 0x52, 0x49, 0x4F]);
            let from = place as usize % self.spoken.len();
            packet.extend(self.spoken.iter().cycle().skip(from).take(SAMPLES));
            // Nobody may be there any more.
            let _ = self.socket.send_to(&packet, far);
        }
    }
}

/// G.711 µ-law (ITU-T G.711 table 2a), by search among all 256.
fn encoded(sample: i16) -> u8 {
    (0..=255)
        .min_by_key(|octet| decoded(*octet).abs_diff(sample))
        .unwrap_or(0xFF)
}

/// The value of a µ-law octet.
fn decoded(octet: u8) -> i16 {
    let octet = !octet;
    let segment = (octet >> 4) & 7;
    let size = ((i16::from(octet & 0x0F) << 3) + 0x84) << segment;
    let size = size - 0x84;
    if octet & 0x80 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_law_goes_there_and_back() {
        for octet in 0..=255 {
            // 0x7F and 0xFF are the two zeros.
            assert!(encoded(decoded(octet)) == octet || decoded(octet) == 0);
        }
        assert_eq!(decoded(0x80), 32_124);
        assert_eq!(decoded(0x00), -32_124);
    }
}
