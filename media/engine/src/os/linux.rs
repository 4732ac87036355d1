//! Linux: what the other systems do not have, or not so well.
use super::{filter, priority};
use crate::socket::Datagrams;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// So many sockets are named in one go.
const READY: usize = 256;

/// Sleeps to an absolute time, so that what a tick takes does not add up.
pub(crate) fn sleep_until(deadline: Instant) {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        match clock_gettime(ClockId::CLOCK_MONOTONIC) {
            Ok(now) => {
                let until = now + TimeSpec::from_duration(left);
                let _ = clock_nanosleep(
                    ClockId::CLOCK_MONOTONIC,
                    ClockNanosleepFlags::TIMER_ABSTIME,
                    &until,
                );
            }
            Err(_) => std::thread::sleep(left),
        }
    }
}

/// Asks for real-time scheduling of this thread. Where that is not allowed it goes on as any other, only that the system may not
/// be late on purpose: wake-ups wait up to 50 µs for company otherwise.
pub(crate) fn raise_priority() {
    let _ = nix::sys::prctl::set_timerslack(1);
    priority::raise();
}

/// What ALSA's library would print on this thread is thrown away, whatever it was until now: its errors come back as results, too.
pub(crate) fn hush_sound_library() {
    let _ = alsa::Output::local_error_handler();
}

/// From now on the kernel keeps the time of each datagram's arrival.
pub(crate) fn note_arrivals(socket: &UdpSocket) {
    let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

/// Which of many sockets have something to be read.
pub(crate) struct Readiness(Epoll);

impl Readiness {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?))
    }

    /// From now on, until it is closed. `key`: its name in [`Readiness::wait`].
    pub(crate) fn add(&mut self, key: u64, socket: &UdpSocket) -> io::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, key);
        Ok(self.0.add(socket, event)?)
    }

    /// Its socket is being closed, with which the kernel forgets it.
    pub(crate) fn remove(&mut self, _key: u64) {}

    /// Waits until there is something, at most so long (rounded up to a millisecond), and names the sockets; one of which
    /// nothing is read is named again by the next call. Returns how many were named, 0 also after a signal.
    pub(crate) fn wait(&mut self, timeout: Duration, mut ready: impl FnMut(u64)) -> usize {
        let mut events = [EpollEvent::empty(); READY];
        let millis = u16::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        let count = self.0.wait(&mut events, EpollTimeout::from(millis));
        let count = count.unwrap_or(0);
        events[..count].iter().for_each(|event| ready(event.data()));
        count
    }
}

/// A leg's socket, with the kernel's time of each datagram's arrival.
pub(crate) struct UdpDatagrams {
    socket: UdpSocket,
    buffer: Box<[u8; 2048]>,
}

/// Room for one time of arrival, aligned as the kernel's headers want it.
#[repr(align(8))]
struct Ancillary([u8; 128]);

impl UdpDatagrams {
    /// Allocates.
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            buffer: Box::new([0; 2048]),
        }
    }
}

impl Datagrams for UdpDatagrams {
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
        let mut ancillary = Ancillary([0; 128]);
        // A second try for what the kernel reports about an earlier send (a closed port).
        for _ in 0..2 {
            let mut parts = [IoSliceMut::new(&mut self.buffer[..])];
            let fd = self.socket.as_raw_fd();
            match recvmsg::<SockaddrStorage>(
                fd,
                &mut parts,
                Some(&mut ancillary.0),
                MsgFlags::MSG_DONTWAIT,
            ) {
                Ok(message) => {
                    let source = message.address.as_ref().and_then(address_of)?;
                    let arrived = message.cmsgs().ok().and_then(|mut all| {
                        all.find_map(|one| match one {
                            ControlMessageOwned::ScmTimestampns(time) => Some(
                                i128::from(time.tv_sec()) * 1_000_000_000
                                    + i128::from(time.tv_nsec()),
                            ),
                            _ => None,
                        })
                    });
                    let length = if message.flags.contains(MsgFlags::MSG_TRUNC) {
                        0
                    } else {
                        message.bytes
                    };
                    return Some((&self.buffer[..length], source, arrived));
                }
                Err(nix::errno::Errno::EAGAIN) => return None,
                Err(_) => {}
            }
        }
        None
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> bool {
        // Held by `c=0.0.0.0` (RFC 2543 §B.5) there is nowhere to send to; the system would take it for this machine.
        !to.ip().is_unspecified() && self.socket.send_to(datagram, to).is_ok()
    }

    fn admit(&self, sources: Option<&mut dyn Iterator<Item = SocketAddr>>) {
        filter::admit(&self.socket, sources);
    }
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddr::V4(SocketAddrV4::from(*v4)));
    }
    storage
        .as_sockaddr_in6()
        .map(|v6| SocketAddr::V6(SocketAddrV6::from(*v6)))
}
