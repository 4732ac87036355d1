//! RTP sockets: bound by control, read and written by the audio thread, never waiting.
use crate::os;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

/// Code point 46 in the upper six bits of the traffic class.
const EXPEDITED: u32 = 46 << 2;

/// A pair of bound UDP sockets: RTP on an even port, RTCP on the next (RFC 3550 §11).
#[derive(Debug)]
pub struct RtpSocket {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    local: SocketAddr,
}

impl RtpSocket {
    /// Binds the first free pair in `range`, beginning at one that differs from call to call, so that a port
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
        os::note_arrivals(&rtp);
        Self { rtp, rtcp, local }
    }

    /// Where RTP is received: what the SDP says.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

/// Most sources that a leg admits at once.
pub(crate) const MOST_ADMITTED: usize = 10;

/// One leg's RTP on the audio thread. Neither call waits, locks or allocates.
pub(crate) trait Datagrams: Send {
    /// The next datagram that waits, with its source and, where it is known, the unix time of its arrival in
    /// nanoseconds. `None`: none waits. An empty slice: one that was too long.
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)>;

    /// Sends, or does not: false where it was not sent.
    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> bool;

    /// Asks that only these sources' packets come, or all for `None`. A wish: others may come all the same.
    fn admit(&self, sources: Option<&mut dyn Iterator<Item = SocketAddr>>);
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        // IPv4 may have a socket of its own at the same port.
        socket.set_only_v6(true)?;
    }
    // RFC 4594 §4.1: telephony is expedited forwarding, code point 46. A system that refuses loses nothing else.
    let _ = match address {
        SocketAddr::V4(_) => socket.set_tos_v4(EXPEDITED),
        // Windows has no such option.
        #[cfg(unix)]
        SocketAddr::V6(_) => socket.set_tclass_v6(EXPEDITED),
        #[cfg(not(unix))]
        SocketAddr::V6(_) => Ok(()),
    };
    socket.bind(&address.into())?;
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
