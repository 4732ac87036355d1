//! Which of this machine's addresses others reach it by.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address that a packet to `far` would leave from; the loopback one where there is no way. Connecting a datagram
/// socket sends nothing: it only asks the system's routes.
pub(crate) fn outgoing(listen: IpAddr, far: Option<SocketAddr>) -> IpAddr {
    let (any, far, loopback): (IpAddr, SocketAddr, IpAddr) = if listen.is_ipv4() {
        // TEST-NET-1 (RFC 5737) stands for “somewhere outside”.
        let outside = (Ipv4Addr::new(192, 0, 2, 1), 5060).into();
        let far = far.filter(SocketAddr::is_ipv4).unwrap_or(outside);
        (
            Ipv4Addr::UNSPECIFIED.into(),
            far,
            Ipv4Addr::LOCALHOST.into(),
        )
    } else {
        let outside = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 5060).into();
        let far = far.filter(SocketAddr::is_ipv6).unwrap_or(outside);
        (
            Ipv6Addr::UNSPECIFIED.into(),
            far,
            Ipv6Addr::LOCALHOST.into(),
        )
    };
    let local = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(far)?;
        socket.local_addr()
    });
    match local {
        Ok(local) if !local.ip().is_unspecified() => local.ip(),
        _ => loopback,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_this_machine_leaves_from_this_machine() {
        let any = IpAddr::from(Ipv4Addr::UNSPECIFIED);
        let far = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        assert_eq!(outgoing(any, Some(far)), IpAddr::from(Ipv4Addr::LOCALHOST));
        assert!(!outgoing(any, None).is_unspecified());
    }
}
