//! Which of this machine's addresses others reach it by.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address that a packet of this family to somewhere outside would leave from; `None` where there is no way.
pub(crate) fn way_outside(is_v6: bool) -> Option<IpAddr> {
    // TEST-NET-1 (RFC 5737) and the prefix for documentation (RFC 3849) stand for “somewhere outside”.
    let outside: IpAddr = if is_v6 {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()
    } else {
        Ipv4Addr::new(192, 0, 2, 1).into()
    };
    way_out((outside, 5060).into())
}

/// The address that a packet to `far` would leave from; `None` where there is no way. Connecting a datagram socket sends nothing: it
/// only asks the system's routes.
pub(crate) fn way_out(far: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if far.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let local = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(far)?;
        socket.local_addr()
    });
    let local = local.ok()?.ip();
    (!local.is_unspecified()).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_this_machine_leaves_from_this_machine() {
        for here in [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ] {
            assert_eq!(way_out((here, 5060).into()), Some(here));
        }
    }
}
