//! A foreign phone: a bare socket that sends what it is told.
use super::{LOOPBACK, tone};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Its stream of PCMU, packet by packet.
pub struct Foreign {
    pub socket: UdpSocket,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

impl Foreign {
    pub fn new() -> Self {
        let socket = UdpSocket::bind((LOOPBACK, 0)).expect("loopback has ports");
        socket
            .set_read_timeout(Some(Duration::from_millis(200)))
            .expect("a timeout");
        Self {
            socket,
            sequence: 1,
            timestamp: 160,
            ssrc: 0x1234,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    pub fn send(&mut self, to: SocketAddr, payload_type: u8, marker: bool, payload: &[u8]) {
        let header = trialog_rtp::Header {
            payload_type,
            marker,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.send_as(to, &header, payload);
    }

    /// A packet beside its stream.
    pub fn send_as(&self, to: SocketAddr, header: &trialog_rtp::Header, payload: &[u8]) {
        let mut packet = [0; 400];
        let length = trialog_rtp::write(header, payload, &mut packet);
        self.socket.send_to(&packet[..length], to).expect("sent");
    }

    /// Says a tone at −30 dBFS in packets of 20 ms, in real time. `between` is called before each, with its number, and
    /// may send something itself; a packet for which it returns false is left out.
    pub fn talk(
        &mut self,
        to: SocketAddr,
        frequency: f64,
        packets: u32,
        mut between: impl FnMut(&mut Self, u32) -> bool,
    ) {
        let voice = tone(frequency, -30.0, 48_000);
        let narrow: Vec<u8> = voice
            .iter()
            .step_by(6)
            .map(|sample| trialog_codec::mu_law_encode((sample * 32_768.0) as i16))
            .collect();
        let begun = Instant::now();
        for n in 0..packets {
            let due = Duration::from_millis(20 * u64::from(n));
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            if between(self, n) {
                self.send(to, 0, n == 0, &narrow[(n as usize * 160) % 8000..][..160]);
            } else {
                self.sequence = self.sequence.wrapping_add(1);
            }
            self.timestamp += 160;
        }
    }

    pub fn receive(&self) -> Option<(trialog_rtp::Header, Vec<u8>)> {
        let mut buffer = [0; 2048];
        let length = self.socket.recv(&mut buffer).ok()?;
        trialog_rtp::parse(&buffer[..length]).map(|(header, payload)| (header, payload.to_vec()))
    }
}
