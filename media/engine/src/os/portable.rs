//! Systems other than Linux: the same by what the standard library and two small crates have on all of them.
use super::priority;
use crate::socket::Datagrams;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How often sockets are asked.
const ASK: Duration = Duration::from_millis(1);

/// Larger datagrams than this are none of ours.
const LARGEST: usize = 2047;

/// Sleeps to an absolute time, so that what a tick takes does not add up.
pub(crate) fn sleep_until(deadline: Instant) {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left);
    }
}

/// The sound library says nothing by itself.
#[cfg_attr(
    target_os = "linux",
    expect(dead_code, reason = "there is nothing to test")
)]
pub(crate) fn hush_sound_library() {}

/// Asks for this thread to run before others. Where that is not allowed it goes on as any other.
pub(crate) fn raise_priority() {
    priority::raise();
}

/// Times of arrival are not to be had.
pub(crate) fn note_arrivals(_socket: &UdpSocket) {}

/// Many sockets, any of which may have something to be read: each is to be asked.
pub(crate) struct Readiness(BTreeSet<u64>);

impl Readiness {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(BTreeSet::new()))
    }

    /// From now on, until [`Readiness::remove`]. `key`: its name in [`Readiness::wait`].
    pub(crate) fn add(&mut self, key: u64, _socket: &UdpSocket) -> io::Result<()> {
        self.0.insert(key);
        Ok(())
    }

    /// No more.
    pub(crate) fn remove(&mut self, key: u64) {
        self.0.remove(&key);
    }

    /// Waits for a millisecond, or for `timeout` where that is less, and names all sockets. Returns how many there are.
    pub(crate) fn wait(&mut self, timeout: Duration, ready: impl FnMut(u64)) -> usize {
        std::thread::sleep(timeout.min(ASK));
        self.0.iter().copied().for_each(ready);
        self.0.len()
    }
}

/// A leg's socket. When a datagram came is not known: it counts as come when it is read.
pub(crate) struct UdpDatagrams {
    socket: UdpSocket,
    buffer: Box<[u8; LARGEST + 1]>,
}

impl UdpDatagrams {
    /// Allocates.
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            buffer: Box::new([0; LARGEST + 1]),
        }
    }
}

impl Datagrams for UdpDatagrams {
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
        // A second try for what the system reports about an earlier send (a closed port).
        for _ in 0..2 {
            match self.socket.recv_from(&mut self.buffer[..]) {
                // It is cut off, or would have been with one octet more.
                Ok((length, source)) if length > LARGEST => return Some((&[], source, None)),
                Ok((length, source)) => return Some((&self.buffer[..length], source, None)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                // Windows has an error in place of a datagram that is too long; the next one is read.
                Err(_) => {}
            }
        }
        None
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> bool {
        // Held by `c=0.0.0.0` (RFC 2543 §B.5) there is nowhere to send to; the system would take it for this machine.
        !to.ip().is_unspecified() && self.socket.send_to(datagram, to).is_ok()
    }

    /// Every packet is read and looked at.
    fn admit(&self, _sources: Option<&mut dyn Iterator<Item = SocketAddr>>) {}
}
