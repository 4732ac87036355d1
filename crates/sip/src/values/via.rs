//! The Via header (RFC 3261 §20.42, RFC 3581).
use super::Value;
use crate::grammar::{cut, cut_before, is_space, is_token, trim};
use crate::{Host, Params, Text, ValueError};
use std::fmt;
use std::net::IpAddr;

/// What carried a request over one hop. Compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// `UDP`.
    Udp,
    /// `TCP`.
    Tcp,
    /// `TLS`.
    Tls,
    /// `SCTP`.
    Sctp,
    /// `WS` (RFC 7118).
    Ws,
    /// `WSS` (RFC 7118).
    Wss,
    /// Any other token.
    Other(Text),
}

impl Transport {
    /// As in a Via: upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(name) => name,
        }
    }

    /// By its name in any case.
    pub fn parse(name: &str) -> Result<Self, ValueError> {
        let whole = Text::from(name);
        Self::read(&whole, &whole)
    }

    fn read(whole: &Text, name: &str) -> Result<Self, ValueError> {
        for known in [
            Self::Udp,
            Self::Tcp,
            Self::Tls,
            Self::Sctp,
            Self::Ws,
            Self::Wss,
        ] {
            if name.eq_ignore_ascii_case(known.as_str()) {
                return Ok(known);
            }
        }
        if is_token(name) {
            Ok(Self::Other(whole.share(name)))
        } else {
            Err(ValueError::new("transport", "not a token"))
        }
    }

    /// Delivery is the transport's own affair: no retransmissions by SIP.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        *self != Self::Udp
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One hop of a request, to which its responses go back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Via {
    /// What carried it.
    pub transport: Transport,
    /// `sent-by`.
    pub host: Host,
    /// `sent-by`, where it is given.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, ….
    pub params: Params,
}

impl Via {
    /// RFC 3261 §8.1.1.7: branches that begin so are unique.
    pub const COOKIE: &'static str = "z9hG4bK";

    /// The branch.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The branch begins with the cookie of RFC 3261 and has more than that, so it names a transaction.
    #[must_use]
    pub fn has_cookie(&self) -> bool {
        self.branch()
            .and_then(|branch| {
                branch
                    .get(..Self::COOKIE.len())
                    .zip(branch.get(Self::COOKIE.len()..))
            })
            .is_some_and(|(cookie, rest)| {
                cookie.eq_ignore_ascii_case(Self::COOKIE) && !rest.is_empty()
            })
    }

    /// Where it came from, as the receiver saw it. IPv6 with or without brackets (RFC 5118 §4.5).
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let value = self.params.get("received")?;
        value.trim_matches(['[', ']']).parse().ok()
    }

    /// RFC 3581: asked for (`Some(None)`), or filled in by the receiver (`Some(Some(port))`).
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|port| port.parse().ok())
    }

    /// The port of `sent-by`, or the transport's default.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(match self.transport {
            Transport::Tls | Transport::Wss => 5061,
            _ => 5060,
        })
    }
}

impl Value for Via {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let wrong = ValueError::new("Via", "expected SIP/2.0/transport host");
        let (name, rest) = cut(text, b'/').ok_or(wrong)?;
        let (version, rest) = cut(rest, b'/').ok_or(wrong)?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err(ValueError::new("Via", "not of SIP/2.0"));
        }
        let rest = trim(rest);
        let space = rest.bytes().position(is_space).ok_or(wrong)?;
        let (transport, rest) = rest.split_at(space);
        let (sent_by, params) = cut_before(rest, b';');
        let (host, port) = Host::read_with_port(whole, trim(sent_by))?;
        Ok(Self {
            transport: Transport::read(whole, transport)?,
            host,
            port,
            params: Params::read(whole, params, "Via")?,
        })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Via {
        Via::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn spaces_are_allowed_wherever_the_grammar_has_them() {
        let via = read("SIP  / 2.0\t/ UDP  192.0.2.2 : 5070 ; branch = 390skdjuw;rport");
        assert_eq!(via.transport, Transport::Udp);
        assert_eq!(via.port, Some(5070));
        assert_eq!(via.branch(), Some("390skdjuw"));
        assert!(!via.has_cookie());
        assert_eq!(via.rport(), Some(None));
    }

    #[test]
    fn unknown_transports_and_ipv6_are_read() {
        let via = read(
            "SIP/2.0/UNKNOWN [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111;rport=6",
        );
        assert_eq!(via.transport.as_str(), "UNKNOWN");
        assert_eq!(via.received(), "2001:db8::9:255".parse().ok());
        assert_eq!(
            read("SIP/2.0/TCP a;received=[::1]").received(),
            "::1".parse().ok()
        );
        assert_eq!(via.rport(), Some(Some(6)));
        assert!(via.has_cookie());
        assert_eq!(Via::parse(&via.to_string()), Ok(via));
    }

    #[test]
    fn a_bare_cookie_names_no_transaction() {
        assert!(!read("SIP/2.0/UDP a;branch=z9hG4bK").has_cookie());
        assert!(read("SIP/2.0/UDP a;branch=Z9HG4BK1").has_cookie());
        assert!(!read("SIP/2.0/UDP a").has_cookie());
    }

    #[test]
    fn ill_formed_vias_are_errors() {
        for bad in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0 UDP host",
            "SIP/7.0/UDP host",
            "HTTP/2.0/UDP host",
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/2.0/UDP a b",
            "SIP/2.0/U(P a",
        ] {
            assert!(Via::parse(bad).is_err(), "{bad}");
        }
    }
}
