//! Our addresses as a network address translator shows them to an account's server: what the Via of its responses tells (RFC 3581).
//!
//! It gets Vias; what it knows goes into Contact, never into Via and SDP: a server that sees where we are answers there, and a
//! translator has a port of its own for each of our RTP ports, which nobody has told us.
use crate::{Contacts, Transport};
use std::net::{IpAddr, SocketAddr};
use trialog_sip::Via;

/// What is known of one flow's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Translated {
    pub(crate) udp: Option<SocketAddr>,
    pub(crate) tcp: Option<SocketAddr>,
    /// Where we do not listen for TLS, the end of the stream that we opened: requests for us come by it, and no other way.
    pub(crate) tls: Option<SocketAddr>,
    /// The registrar refuses such an address.
    refused: bool,
}

impl Translated {
    /// The topmost Via of a response to a request of ours, into which we had put one of these addresses.
    pub(crate) fn learn(&mut self, via: &Via, ours: &Contacts) {
        let (transport, local) = match via.transport {
            trialog_sip::Transport::Udp => (Transport::Udp, ours.udp),
            trialog_sip::Transport::Tcp => (Transport::Tcp, ours.tcp.unwrap_or(ours.udp)),
            trialog_sip::Transport::Tls => (Transport::Tls, ours.tls.unwrap_or(ours.udp)),
            _ => return,
        };
        let listens_for_tls = ours.tls.is_some();
        // A translator is expected on the way to the account's server alone, whose family comes first.
        if via.host.ip().map(|ip| ip.is_ipv4()) != Some(local.ip().is_ipv4()) {
            return;
        }
        let received = via.params.get("received").and_then(address);
        let port = via.rport().flatten().filter(|port| *port > 0);
        // RFC 3581 §4 has both; a server that knows only RFC 3261 §18.2.1 has the address where it differs.
        let seen = match (received, port) {
            (None, None) => return,
            (received, port) => {
                SocketAddr::new(received.unwrap_or(local.ip()), port.unwrap_or(local.port()))
            }
        };
        if self.refused || seen.ip().is_unspecified() {
            return;
        }
        match transport {
            Transport::Udp => self.udp = (seen != local).then_some(seen),
            // A stream that we opened has a port of its own: without a translator we are reached at the one that we listen at.
            Transport::Tcp if seen.ip() == local.ip() => self.tcp = None,
            Transport::Tcp => self.tcp = port.map(|_| seen),
            Transport::Tls if seen.ip() == local.ip() && listens_for_tls => self.tls = None,
            Transport::Tls => self.tls = port.map(|_| seen),
        }
    }

    /// Our own addresses have changed: what was made of the old ones is not known to hold.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The registrar does not take such an address.
    pub(crate) fn refuse(&mut self) {
        self.forget();
        self.refused = true;
    }
}

/// Whether an address is of a private network or of this machine (RFC 1918, RFC 4193, RFC 3927).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// An address in `received`; some servers write one of IPv6 in brackets (RFC 5118 §4.5).
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// What is known after a Via with these parameters.
    fn after(transport: Transport, params: &str) -> Translated {
        let transport = transport.as_str();
        let via = format!("SIP/2.0/{transport} 192.168.1.5:5060;branch=z9hG4bK1{params}");
        let via = Via::parse(&via).expect("a Via");
        let mut translated = Translated::default();
        let ours = at("192.168.1.5:5060");
        let local = Contacts {
            udp: ours,
            tcp: Some(ours),
            other: None,
            tls: None,
        };
        translated.learn(&via, &local);
        translated
    }

    #[test]
    fn another_address_or_port_of_a_datagram_is_a_translators() {
        let udp = |params| after(Transport::Udp, params).udp;
        assert_eq!(udp(""), None);
        assert_eq!(udp(";rport"), None);
        assert_eq!(udp(";rport=5060;received=192.168.1.5"), None);
        assert_eq!(udp(";rport=5060"), None);
        assert_eq!(
            udp(";rport=61234;received=203.0.113.7"),
            Some(at("203.0.113.7:61234"))
        );
        assert_eq!(udp(";received=203.0.113.7"), Some(at("203.0.113.7:5060")));
        assert_eq!(udp(";rport=61234"), Some(at("192.168.1.5:61234")));
        assert_eq!(
            udp(";rport=61234;received=[2001:db8::7]"),
            Some(at("[2001:db8::7]:61234"))
        );
        for nonsense in [
            ";received=0.0.0.0;rport=1",
            ";received=pbx.example",
            ";rport=99999",
            ";rport=0",
        ] {
            assert_eq!(udp(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_port_of_a_stream_alone_tells_of_no_translator() {
        let tcp = |params| after(Transport::Tcp, params).tcp;
        assert_eq!(tcp(";rport=40123;received=192.168.1.5"), None);
        assert_eq!(tcp(";rport=40123"), None);
        assert_eq!(
            tcp(";rport=40123;received=203.0.113.7"),
            Some(at("203.0.113.7:40123"))
        );
        assert_eq!(tcp(";received=203.0.113.7"), None);
    }

    #[test]
    fn without_a_port_for_tls_we_are_reached_by_the_stream_that_we_opened() {
        let tls = |params| after(Transport::Tls, params).tls;
        let end = Some(at("192.168.1.5:40123"));
        assert_eq!(tls(";rport=40123;received=192.168.1.5"), end);
        assert_eq!(tls(";rport=40123"), end);
        assert_eq!(tls(";received=203.0.113.7"), None);
    }
}
