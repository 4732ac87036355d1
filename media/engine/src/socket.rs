//! RTP sockets: bound by control, read and written by the audio thread, never waiting.
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, SockaddrStorage, bind,
    recvmsg, setsockopt, socket, sockopt,
};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd;

/// Code point 46 in the upper six bits of the traffic class.
const EXPEDITED: i32 = 46 << 2;

/// A pair of bound UDP sockets: RTP on an even port, RTCP on the next (RFC 3550 §11).
#[derive(Debug)]
pub struct RtpSocket {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    local: SocketAddr,
}

impl RtpSocket {
    /// Binds the first free pair in `range`, beginning at a place that differs from call to call, so that a port
    /// just given back is not used again at once. `0..=0` lets the system choose.
    ///
    /// # Errors
    /// `AddrInUse` where no pair is free; what the system says where the address can't be used at all.
    pub fn bind(ip: IpAddr, range: &RangeInclusive<u16>, start: u16) -> io::Result<Self> {
        let (first, last) = (*range.start(), *range.end());
        if first == 0 {
            return Self::bind_anywhere(ip);
        }
        let first = first.next_multiple_of(2);
        let pairs = if last > first {
            (last - first).div_ceil(2)
        } else {
            0
        };
        for step in 0..pairs {
            let port = first + 2 * ((start.wrapping_add(step)) % pairs);
            match Self::bind_pair(ip, port) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                other => return other,
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("no free pair of RTP ports in {first}-{last}"),
        ))
    }

    /// The system chooses one of the two ports; whether it is even says which.
    fn bind_anywhere(ip: IpAddr) -> io::Result<Self> {
        for _ in 0..64 {
            let one = open(SocketAddr::new(ip, 0))?;
            let port = one.local_addr()?.port();
            let other = match open(SocketAddr::new(ip, port ^ 1)) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => continue,
                other => other?,
            };
            let (rtp, rtcp) = if port.is_multiple_of(2) {
                (one, other)
            } else {
                (other, one)
            };
            return Ok(Self::new(rtp, rtcp, SocketAddr::new(ip, port & !1)));
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "no free pair of RTP ports",
        ))
    }

    fn bind_pair(ip: IpAddr, port: u16) -> io::Result<Self> {
        let local = SocketAddr::new(ip, port);
        let rtp = open(local)?;
        let rtcp = open(SocketAddr::new(ip, port + 1))?;
        Ok(Self::new(rtp, rtcp, local))
    }

    fn new(rtp: UdpSocket, rtcp: UdpSocket, local: SocketAddr) -> Self {
        // When each packet came, by the kernel's clock.
        let _ = setsockopt(&rtp, sockopt::ReceiveTimestampns, &true);
        Self { rtp, rtcp, local }
    }

    /// Where RTP is received: what the SDP says.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

/// One leg's RTP socket on the audio thread, with the kernel's word on when each datagram came.
pub(crate) struct Datagrams {
    socket: UdpSocket,
    buffer: Box<[u8; 2048]>,
}

/// Room for one time stamp, aligned as the kernel's headers want it.
#[repr(align(8))]
struct Ancillary([u8; 128]);

impl Datagrams {
    /// Allocates.
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            buffer: Box::new([0; 2048]),
        }
    }

    /// The next datagram that waits, with its source and, where the kernel says it, the unix time of its arrival in
    /// nanoseconds. `None`: none waits. An empty slice: one that was too long.
    pub(crate) fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
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
                    let stamp = message.cmsgs().ok().and_then(|mut all| {
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
                    return Some((&self.buffer[..length], source, stamp));
                }
                Err(nix::errno::Errno::EAGAIN) => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// Sends, or does not: nobody waits here.
    pub(crate) fn send(&self, datagram: &[u8], to: SocketAddr) -> bool {
        // Held by `c=0.0.0.0` (RFC 2543 §B.5) there is nowhere to send to; the system would take it for this machine.
        !to.ip().is_unspecified() && self.socket.send_to(datagram, to).is_ok()
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

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(family, SockType::Datagram, flags, None)?;
    // RFC 4594 §4.1: telephony is expedited forwarding, code point 46. A system that refuses loses nothing else.
    let _ = match address {
        SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4Tos, &EXPEDITED),
        SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6TClass, &EXPEDITED),
    };
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_pair_is_even_and_neighbouring() {
        let pair =
            RtpSocket::bind(Ipv4Addr::LOCALHOST.into(), &(0..=0), 0).expect("loopback has ports");
        assert_eq!(pair.local_addr().port() % 2, 0);
        assert_eq!(
            pair.rtcp.local_addr().expect("bound").port(),
            pair.local_addr().port() + 1
        );
    }

    #[test]
    fn a_full_range_says_so() {
        let first =
            RtpSocket::bind(Ipv4Addr::LOCALHOST.into(), &(0..=0), 0).expect("loopback has ports");
        let port = first.local_addr().port();
        let error = RtpSocket::bind(Ipv4Addr::LOCALHOST.into(), &(port..=port + 1), 7)
            .expect_err("it is taken");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
