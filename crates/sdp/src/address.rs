//! The `c=` and `o=` lines.
use std::fmt;
use std::net::IpAddr;

/// A connection address (RFC 8866 §5.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// IPv4 or IPv6.
    Ip(IpAddr),
    /// A name, or another network's address, unread: net type, address type and address.
    Other(String),
}

impl Address {
    /// The address, where it is an IP address.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Other(_) => None,
        }
    }

    /// RFC 2543's way to hold: `0.0.0.0`, and for IPv6 `::` or a name under `.invalid` (RFC 6157 §4.2).
    #[must_use]
    pub fn is_hold(&self) -> bool {
        match self {
            Self::Ip(address) => address.is_unspecified(),
            Self::Other(text) => text.to_ascii_lowercase().ends_with(".invalid"),
        }
    }

    /// Reads `IN IP4 192.0.2.1`, with a multicast's `/ttl` or `/ttl/count` passed over.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut words = text.split_ascii_whitespace();
        let (Some(net), Some(kind), Some(address), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("expected a net type, an address type and an address");
        };
        let host = address.split('/').next().unwrap_or_default();
        let ip = match kind.to_ascii_uppercase().as_str() {
            "IP4" | "IP6" if net.eq_ignore_ascii_case("IN") => host.parse().ok(),
            _ => None,
        };
        Ok(match ip {
            Some(ip) => Self::Ip(ip),
            None => Self::Other(format!("{net} {kind} {address}")),
        })
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(address)) => write!(f, "IN IP4 {address}"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "IN IP6 {address}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// The origin line: the maker of a description, and the version of it (RFC 8866 §5.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// `-` where there is none.
    pub user: String,
    /// A number, by rights; kept as text because not everybody keeps to that.
    pub session_id: String,
    /// Counts the changes; a number, by rights.
    pub version: String,
    /// Of the machine that made it; never one to send to.
    pub address: Address,
}

impl Origin {
    /// Our own.
    #[must_use]
    pub fn new(session_id: u64, version: u64, address: IpAddr) -> Self {
        Self {
            user: "-".to_owned(),
            session_id: session_id.to_string(),
            version: version.to_string(),
            address: address.into(),
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut words = text.splitn(4, ' ');
        let (Some(user), Some(session_id), Some(version), Some(address)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("expected a user, a session, a version and an address");
        };
        Ok(Self {
            user: user.to_owned(),
            session_id: session_id.to_owned(),
            version: version.to_owned(),
            address: Address::parse(address)?,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            session_id,
            version,
            address,
        } = self;
        write!(f, "{user} {session_id} {version} {address}")
    }
}
