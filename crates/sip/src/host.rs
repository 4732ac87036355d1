//! Hosts and ports as they stand in URIs and Vias.
use crate::grammar::{find, octets, trim};
use crate::{Text, ValueError};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The underscore is not in RFC 3261's grammar; hosts are named with it all the same.
const NAME: [bool; 256] =
    octets!(c => c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_'));

/// A domain name or an IP address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in the case in which it was written.
    Name(Text),
    /// `192.0.2.1`.
    V4(Ipv4Addr),
    /// `[2001:db8::1]`.
    V6(Ipv6Addr),
}

impl Host {
    /// The address, where it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some((*address).into()),
            Self::V6(address) => Some((*address).into()),
        }
    }

    /// The same host: names without regard to case.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            _ => self == other,
        }
    }

    /// Reads a name, an IPv4 address or a bracketed IPv6 address.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let whole = Text::from(text);
        Self::read(&whole, &whole)
    }

    #[inline]
    pub(crate) fn read(whole: &Text, text: &str) -> Result<Self, ValueError> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner
                .strip_suffix(']')
                .and_then(|address| address.parse().ok());
            return address
                .map(Self::V6)
                .ok_or(ValueError::new("host", "not an IPv6 address in brackets"));
        }
        if text.starts_with(|c: char| c.is_ascii_digit())
            && let Ok(address) = text.parse()
        {
            return Ok(Self::V4(address));
        }
        if text.is_empty() || !text.bytes().all(|c| NAME[c as usize]) {
            return Err(ValueError::new("host", "empty, or has a wrong character"));
        }
        Ok(Self::Name(whole.share(text)))
    }

    /// Reads `host[:port]`, with white space about the colon where the caller's grammar has it.
    #[inline]
    pub(crate) fn read_with_port(
        whole: &Text,
        text: &str,
    ) -> Result<(Self, Option<u16>), ValueError> {
        let after_host = if text.starts_with('[') {
            find(text, b']').map(|bracket| bracket + 1)
        } else {
            text.bytes().position(|c| !NAME[c as usize])
        };
        let (host, rest) = text.split_at(after_host.unwrap_or(text.len()));
        let host = Self::read(whole, host)?;
        let rest = trim(rest);
        if rest.is_empty() {
            return Ok((host, None));
        }
        let port = rest
            .strip_prefix(':')
            .map(trim)
            .filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        match port {
            Some(port) => Ok((host, Some(port))),
            None => Err(ValueError::new("port", "not a number up to 65535")),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_port(text: &str) -> Result<(Host, Option<u16>), ValueError> {
        let whole = Text::from(text);
        Host::read_with_port(&whole, &whole)
    }

    #[test]
    fn names_and_addresses_of_both_kinds_are_told_apart() {
        assert!(matches!(Host::parse("example.com"), Ok(Host::Name(_))));
        assert!(matches!(Host::parse("192.0.2.1"), Ok(Host::V4(_))));
        assert!(matches!(Host::parse("[2001:db8::10]"), Ok(Host::V6(_))));
        assert!(matches!(
            Host::parse("[::ffff:192.0.2.10]"),
            Ok(Host::V6(_))
        ));
        assert!(matches!(Host::parse("1.example.com"), Ok(Host::Name(_))));
        for bad in ["", "::1", "[::1", "[x]", "a b", "a@b", "ü"] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_is_found_behind_brackets() {
        assert_eq!(with_port("[::1]:5070").unwrap().1, Some(5070));
        assert_eq!(with_port("[::1]").unwrap().1, None);
        assert_eq!(with_port("a.example : 9").unwrap().1, Some(9));
        for bad in ["a:", "a:65536", "a:+1", "a:1:2", "[::1]5060"] {
            assert!(with_port(bad).is_err(), "{bad}");
        }
    }
}
