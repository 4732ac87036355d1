//! Who is believed: the grade of a request, by where it came from and by whom its server vouches for. All that depends on the
//! sender asks for this grade.
use crate::agent::UserAgent;
use crate::flow::Flow;
use crate::identity::vouched;
use crate::presented::Believed;
use crate::{Peer, Source};
use std::net::{IpAddr, Ipv6Addr};
use trialog_call::Grade;
use trialog_sip::{Headers, Host, Scheme, Uri};

/// Addresses that policy trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    /// How many leading bits count.
    bits: u8,
}

impl Net {
    /// All that has the first `bits` of this address; `None`: the address has not so many.
    #[must_use]
    pub fn new(address: IpAddr, bits: u8) -> Option<Self> {
        let all = Self::address(address).bits;
        (bits <= all).then_some(Self { address, bits })
    }

    /// This very address.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Self { address, bits }
    }

    fn covers(&self, sender: IpAddr) -> bool {
        let as_bits = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        // A socket for both families names an IPv4 peer in IPv6.
        let (address, width) = as_bits(sender.to_canonical());
        let (net, net_width) = as_bits(self.address);
        let shift = 128 - u32::from(self.bits);
        width == net_width && (shift == 128 || address >> shift == net >> shift)
    }
}

/// A party, or the parties of a domain, whose phones may give this one a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Colleague {
    /// A number (only its digits, and a `+` before them): in the account's own domain, at its server, or as a tel URI.
    Number(String),
    /// This user of this host.
    User(String, Host),
    /// All users of this host.
    Domain(Host),
}

impl Colleague {
    /// Reads `sip:bob@example.com`, `sip:example.com`, `example.com`, `tel:+49-30-123` or `202`. A name without a dot is none: it
    /// may be meant for a user or for a host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(number) = number(text) {
            return Some(Self::Number(number));
        }
        if let Ok(uri) = Uri::parse(text) {
            let user = uri.user_unescaped().map(|user| user.into_owned());
            return match (&uri.scheme, user) {
                (Scheme::Tel, Some(user)) => number(&user).map(Self::Number),
                (Scheme::Sip, Some(user)) => Some(Self::User(user, uri.host)),
                (Scheme::Sip, None) => Some(Self::Domain(uri.host)),
                _ => None,
            };
        }
        let host = Host::parse(text).ok()?;
        (host.ip().is_some() || text.trim_matches('.').contains('.')).then_some(Self::Domain(host))
    }

    /// Whether an identity is this one's; `is_own`: the host is one of the account's that vouches for it.
    fn is(&self, identity: &Uri, is_own: impl Fn(&Host) -> bool) -> bool {
        let user = identity.user_unescaped();
        match self {
            Self::Number(own) => {
                (identity.scheme == Scheme::Tel || is_own(&identity.host))
                    && user.is_some_and(|user| number(&user).as_ref() == Some(own))
            }
            Self::User(own, host) => {
                user.as_deref() == Some(own) && host.equivalent(&identity.host)
            }
            Self::Domain(host) => host.equivalent(&identity.host),
        }
    }
}

/// The digits of a telephone number, without what separates them for the eye (RFC 3966 §5.1.1), and a `+` before them. An address
/// such as 10.0.0.2 is none.
fn number(text: &str) -> Option<String> {
    if text.parse::<IpAddr>().is_ok() {
        return None;
    }
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", text),
    };
    let mut digits = plus.to_owned();
    for octet in rest.chars() {
        match octet {
            '0'..='9' => digits.push(octet),
            '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    (digits.len() > plus.len()).then_some(digits)
}

/// Whose calls are taken. A request in a dialog of ours is, and so is one that names a dialog of ours by both tags (Replaces,
/// Target-Dialog).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Those that come from an account's registrar or proxy.
    Registrar,
    /// These, and those from listed addresses.
    Trusted,
    /// All, with limits for strangers.
    Anyone,
}

/// Where a request came from, and how far that is believed.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    pub(crate) grade: Grade,
    /// What it is believed to tell of the caller or the far side.
    pub(crate) believed: Believed,
    /// It came from an account's registrar or proxy.
    pub(crate) by_server: bool,
}

impl Origin {
    /// The sender's net.
    pub(crate) fn net(&self) -> IpAddr {
        net_of(self.source.peer.address.ip())
    }

    /// The sender's net, where it is a stranger.
    pub(crate) fn stranger(&self) -> Option<IpAddr> {
        (self.grade == Grade::Stranger).then(|| self.net())
    }
}

/// An address, or of IPv6 the net of 64 bits, in which one sender may choose its addresses.
pub(crate) fn net_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

impl UserAgent {
    /// How far the sender of a request with these headers is believed.
    pub(crate) fn origin(&self, source: Source, headers: &Headers) -> Origin {
        let peer = &source.peer;
        let mut flows = self.flows.iter().filter(|flow| flow.is_way_of(peer));
        let is_vouched_for = flows.any(|flow| self.is_colleague(flow, &source, headers));
        let by_server = self.flows.iter().any(|flow| flow.is_way_of(peer));
        let grade = if is_vouched_for || self.is_listed(peer.address.ip()) {
            Grade::Colleague
        } else if by_server {
            Grade::Registrar
        } else {
            Grade::Stranger
        };
        Origin {
            believed: self.believes(&source.peer),
            source,
            grade,
            by_server,
        }
    }

    /// Whether the server of this flow vouches for a colleague.
    fn is_colleague(&self, flow: &Flow, source: &Source, headers: &Headers) -> bool {
        let colleagues = &self.settings.colleagues;
        if colleagues.is_empty() {
            return false;
        }
        let server = source.peer.address.ip().to_canonical();
        let is_own = |host: &Host| flow.is_home(host) || host.ip() == Some(server);
        vouched(&flow.account, headers).iter().any(|identity| {
            let mut colleagues = colleagues.iter();
            colleagues.any(|colleague| colleague.is(&identity.uri, is_own))
        })
    }

    /// What this peer's messages are believed to tell of their sender.
    pub(crate) fn believes(&self, peer: &Peer) -> Believed {
        if self.is_listed(peer.address.ip()) {
            return Believed::Asserted;
        }
        let mut ways = self.flows.iter().filter(|flow| flow.is_way_of(peer));
        match ways.clone().next() {
            None => Believed::Nothing,
            Some(_) if ways.any(|flow| flow.account.from_is_checked) => Believed::From,
            Some(_) => Believed::Asserted,
        }
    }

    fn is_listed(&self, sender: IpAddr) -> bool {
        self.settings.trusted.iter().any(|net| net.covers(sender))
    }

    /// Whether an address is one that we register at, or that policy trusts.
    #[must_use]
    pub fn knows(&self, address: IpAddr) -> bool {
        self.flows.lead_to(address.to_canonical()) || self.is_listed(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_covers_its_addresses_and_no_others() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("address");
        let net = Net::new(ip("10.1.0.0"), 16).expect("a net");
        assert!(net.covers(ip("10.1.2.3")));
        assert!(net.covers(ip("::ffff:10.1.2.3")));
        assert!(!net.covers(ip("10.2.0.1")));
        assert!(!net.covers(ip("::1")));
        let all = Net::new(ip("0.0.0.0"), 0).expect("a net");
        assert!(all.covers(ip("192.0.2.1")) && !all.covers(ip("::1")));
        assert_eq!(Net::new(ip("10.1.0.0"), 33), None);
    }

    #[test]
    fn colleagues_are_addresses_numbers_and_domains() {
        let host = |text: &str| Host::parse(text).expect("a host");
        let number = |text: &str| Some(Colleague::Number(text.to_owned()));
        for (text, colleague) in [
            (
                "sip:bob@example.com",
                Some(Colleague::User("bob".to_owned(), host("example.com"))),
            ),
            (
                "sip:example.com",
                Some(Colleague::Domain(host("example.com"))),
            ),
            ("example.com", Some(Colleague::Domain(host("example.com")))),
            ("10.0.0.2", Some(Colleague::Domain(host("10.0.0.2")))),
            ("202", number("202")),
            ("+49 30 1", None),
            ("+49-(30)-1", number("+49301")),
            ("tel:+49-30-1", number("+49301")),
            ("bob", None),
            ("", None),
            ("+", None),
            ("mailto:bob@example.com", None),
            ("10.0.0.0/24", None),
        ] {
            assert_eq!(Colleague::parse(text), colleague, "{text}");
        }
    }

    #[test]
    fn a_number_is_that_of_its_own_domain_and_not_of_another_one() {
        let is = |own: &str, identity: &str| {
            let identity = Uri::parse(identity).expect("a URI");
            let own = Colleague::parse(own).expect("a colleague");
            own.is(&identity, |host| host.to_string() == "example.com")
        };
        assert!(is("202", "sip:202@example.com") && is("202", "tel:202"));
        assert!(is("+49301", "sip:+49-30-1@example.com;user=phone"));
        assert!(!is("202", "sip:202@carrier.example") && !is("202", "sip:2020@example.com"));
        assert!(is("sip:bob@example.com", "sip:bob@EXAMPLE.com:5070"));
        assert!(!is("sip:bob@example.com", "sip:Bob@example.com"));
        assert!(is("example.com", "sip:any@example.com") && !is("example.com", "tel:202"));
        assert!(!is("example.com", "sip:any@sub.example.com"));
    }
}
