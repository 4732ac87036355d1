//! What the administrator decides about the user agent.
use crate::Transport;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use trialog_sdp::Codec;
use trialog_sip::digest::Secret;
use trialog_sip::{Host, Uri};

/// All that the user agent is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where we can be reached.
    pub contacts: Contacts,
    /// Our accounts; an empty list stands for one direct-IP account.
    pub accounts: Vec<Account>,
    /// Who is believed besides the accounts' own registrars and proxies.
    pub trusted: Vec<Trusted>,
    /// Codecs in order of preference.
    pub codecs: Vec<Codec>,
    /// An agent's phone: says so to others (`Recv-Info: trialog`, RFC 6086).
    pub agent: bool,
    /// Others may refer us elsewhere and replace our dialogs; else neither `Allow` nor `Supported` offers it, and
    /// REFER gets 405. [`crate::Endpoint`] sets it by the core's policy.
    pub referable: bool,
    /// For User-Agent and Server.
    pub product: String,
    /// How long a registration is asked for.
    pub register_for: Duration,
}

impl Config {
    /// A direct-IP phone at this address.
    #[must_use]
    pub fn direct(address: SocketAddr) -> Self {
        Self {
            contacts: Contacts {
                udp: address,
                tcp: Some(address),
            },
            accounts: Vec::new(),
            trusted: Vec::new(),
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
            agent: true,
            referable: true,
            product: concat!("Trialog/", env!("CARGO_PKG_VERSION")).to_owned(),
            register_for: Duration::from_secs(600),
        }
    }
}

/// The addresses that go into Via and Contact. They are what others can send to, never a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contacts {
    /// Ours for UDP.
    pub udp: SocketAddr,
    /// Ours for TCP, where we listen there.
    pub tcp: Option<SocketAddr>,
}

impl Contacts {
    pub(crate) fn of(&self, transport: Transport) -> SocketAddr {
        match transport {
            Transport::Udp => self.udp,
            Transport::Tcp => self.tcp.unwrap_or(self.udp),
        }
    }
}

/// Somebody that we are.
#[derive(Clone, Debug)]
pub struct Account {
    /// Address of record: `sip:user@domain`.
    pub aor: Uri,
    /// Shown to the called party.
    pub display: Option<String>,
    /// Where to register; `None`: direct IP.
    pub registrar: Option<Uri>,
    /// All requests that open a dialog go by way of it.
    pub outbound_proxy: Option<Uri>,
    /// For digest; the user of the address of record where it is `None`.
    pub username: Option<String>,
    /// For digest.
    pub password: Option<Secret>,
    /// Used where a URI names none. A request over 1,300 bytes goes by UDP, too, unless this says TCP: a departure from
    /// RFC 3261 §18.1.1, made because few peers listen on both; a peer sees a fragmented datagram.
    pub transport: Transport,
}

impl Account {
    /// Somebody without a registrar.
    #[must_use]
    pub fn direct(aor: Uri) -> Self {
        Self {
            aor,
            display: None,
            registrar: None,
            outbound_proxy: None,
            username: None,
            password: None,
            transport: Transport::Udp,
        }
    }

    pub(crate) fn username(&self) -> &str {
        self.username
            .as_deref()
            .or(self.aor.user.as_deref())
            .unwrap_or_default()
    }
}

/// Whose `Trialog-Role: guest`, later `isfocus` and REFER outside a dialog are believed.
#[derive(Clone, Debug, PartialEq)]
pub enum Trusted {
    /// Whoever sends from these addresses: an address and how many of its leading bits count.
    Net(IpAddr, u8),
    /// Whoever says in From that it is of this host, and this user where one is given. From is only a claim: use it behind
    /// a proxy that checks it.
    Uri {
        /// The user, or anybody.
        user: Option<String>,
        /// The host.
        host: Host,
    },
}

impl Trusted {
    /// This very address.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Self::Net(address, bits)
    }

    pub(crate) fn covers(&self, sender: IpAddr, from: &Uri) -> bool {
        match self {
            Self::Net(net, bits) => within(sender, *net, *bits),
            Self::Uri { user, host } => {
                host.equivalent(&from.host)
                    && user
                        .as_deref()
                        .is_none_or(|user| from.user.as_deref() == Some(user))
            }
        }
    }
}

fn within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    let as_bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    // A socket for both families names an IPv4 peer in IPv6.
    let ((address, width), (net, net_width)) = (as_bits(address.to_canonical()), as_bits(net));
    let shift = 128 - u32::from(bits.min(width));
    width == net_width && (shift == 128 || address >> shift == net >> shift)
}

/// The account of a phone that was given none.
pub(crate) fn nobody_in_particular(contacts: &Contacts) -> Account {
    let host = contacts.udp.ip().into();
    Account::direct(Uri::sip("trialog", host, Some(contacts.udp.port())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_covers_its_addresses_and_no_others() {
        let net = Trusted::Net("10.1.0.0".parse().expect("address"), 16);
        let from = Uri::parse("sip:a@b.example").expect("uri");
        let covers = |sender: &str| net.covers(sender.parse().expect("address"), &from);
        assert!(covers("10.1.2.3"));
        assert!(covers("::ffff:10.1.2.3"));
        assert!(!covers("10.2.0.1"));
        assert!(!covers("::1"));
        let all = Trusted::Net("0.0.0.0".parse().expect("address"), 0);
        assert!(all.covers("192.0.2.1".parse().expect("address"), &from));
    }
}
