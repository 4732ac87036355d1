//! By which of this machine's addresses each account is reached: the one that the configuration advertises, else the one that we
//! listen at; where we listen at all of them, the one from which the way to the account's server leaves. A server's name has an
//! address only when it has answered, and the way there may change later: each answer to a REGISTER is a time to look, and each
//! change of this machine's addresses and routes.
use crate::config::Config;
use crate::net::{Families, way_out, way_outside};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use trialog_call::AccountId;
use trialog_sip::Host;
use trialog_ua::{Account, Contacts, EndpointInput};

pub(super) struct LocalAddresses {
    listening: Families<SocketAddr>,
    by: Streams,
    /// What the configuration tells others.
    advertised: Option<IpAddr>,
    /// What an account is reached by that has no server of its own.
    common: Contacts,
    /// The server of the configuration that comes first, by whose way the common addresses are found.
    first_server: Option<SocketAddr>,
    /// The family that comes first.
    is_v6: bool,
    /// What each account is reached by; without any there is one all the same, of no server.
    of: Vec<Contacts>,
    /// Each account's server, as far as known.
    servers: Vec<Option<SocketAddr>>,
    /// There was no way to a server at the last look.
    away: bool,
}

/// Our addresses as others know them, for either transport.
pub(super) struct OwnAddresses {
    common: Families<SocketAddr>,
    /// Toward the server of an account.
    to: Vec<(IpAddr, Families<SocketAddr>)>,
}

impl OwnAddresses {
    /// The one that a far end knows; one that we can't reach knows none of ours, and stands for itself.
    pub(super) fn toward(&self, remote: SocketAddr) -> SocketAddr {
        let ip = remote.ip();
        let server = self.to.iter().find(|(server, _)| *server == ip);
        let own = server.map_or(&self.common, |(_, own)| own);
        own.of(ip).copied().unwrap_or(remote)
    }
}

/// Which streams we listen for beside datagrams.
#[derive(Clone, Copy)]
struct Streams {
    tcp: bool,
    /// At its own port.
    tls: Option<u16>,
}

/// What a look at the network has shown.
pub(super) struct Seen {
    /// Other addresses of accounts, to be stated.
    pub(super) moved: Vec<EndpointInput<'static>>,
    /// A way that was gone is there again.
    pub(super) back: bool,
}

impl LocalAddresses {
    /// `listening`: one or both families, that which comes first where nothing else decides it first. `tls`: the port for it, where
    /// we listen for TLS.
    pub(super) fn new(config: &Config, listening: &[SocketAddr], tls: Option<u16>) -> Self {
        let by = Streams {
            tcp: config.sip.tcp,
            tls,
        };
        let first = listening.first().copied();
        let first = first.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
        let accounts = config.accounts.len().max(1);
        let mut local = Self {
            listening: listening.iter().map(|at| (*at, *at)).collect(),
            by,
            advertised: config.sip.advertise,
            common: contacts(first, None, by),
            first_server: config.accounts.iter().find_map(server),
            is_v6: first.is_ipv6(),
            of: Vec::new(),
            servers: vec![None; accounts],
            away: false,
        };
        let nowhere = || -> IpAddr {
            if first.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            }
        };
        let common = local.common_way().unwrap_or_else(nowhere);
        local.common = local.contacts(common);
        local.of = vec![local.common; accounts];
        local
    }

    /// The way to the first server, else to somewhere outside.
    fn common_way(&self) -> Option<IpAddr> {
        let to_server = self.first_server.and_then(|server| self.way_to(server));
        let families = [self.is_v6, !self.is_v6];
        to_server.or_else(|| families.into_iter().find_map(|is_v6| self.outside(is_v6)))
    }

    /// The addresses of an account that has none of its own.
    pub(super) fn common(&self) -> Contacts {
        self.common
    }

    /// What there is to state before the first REGISTER: accounts whose server has an address in the configuration.
    pub(super) fn at_start(&mut self, accounts: &[Account]) -> Vec<EndpointInput<'static>> {
        let servers = (0..).map(AccountId).zip(accounts.iter().map(server));
        servers
            .filter_map(|(account, server)| self.follow(account, server?))
            .collect()
    }

    /// An account's server is at this address. What there is to state where the way there leaves from another address of ours
    /// than before. Without a way there all stays as it is.
    pub(super) fn follow(
        &mut self,
        account: AccountId,
        server: SocketAddr,
    ) -> Option<EndpointInput<'static>> {
        *self.servers.get_mut(usize::from(account.0))? = Some(server);
        let now = self.way_to(server);
        self.away |= now.is_none();
        self.state(account, self.contacts(now?))
    }

    /// What there is to state where an account is reached by other addresses than before.
    fn state(&mut self, account: AccountId, contacts: Contacts) -> Option<EndpointInput<'static>> {
        let before = self.of.get_mut(usize::from(account.0))?;
        if std::mem::replace(before, contacts) == contacts {
            return None;
        }
        Some(EndpointInput::LocalAddressChanged { account, contacts })
    }

    /// This machine's addresses or routes may have changed.
    pub(super) fn look(&mut self) -> Seen {
        let was_away = std::mem::take(&mut self.away);
        // Without a way to anywhere all stays as it is.
        if let Some(way) = self.common_way() {
            self.common = self.contacts(way);
        }
        let servers: Vec<_> = (0..).map(AccountId).zip(self.servers.clone()).collect();
        let moved = servers.into_iter();
        let moved = moved.filter_map(|(account, server)| match server {
            Some(server) => self.follow(account, server),
            None => self.state(account, self.common),
        });
        let moved: Vec<_> = moved.collect();
        Seen {
            moved,
            back: was_away && !self.away,
        }
    }

    /// Our addresses as far ends know them now.
    pub(super) fn own(&self) -> OwnAddresses {
        let families = |contacts: &Contacts| {
            let all = std::iter::once(contacts.udp).chain(contacts.other);
            all.map(|at| (at, at)).collect()
        };
        let servers = self.servers.iter().zip(&self.of);
        let to = servers.filter_map(|(server, of)| Some(((*server)?.ip(), families(of))));
        OwnAddresses {
            common: families(&self.common),
            to: to.collect(),
        }
    }

    /// Our address of a family that the configuration states: what it advertises, else what we listen at. `None` where we listen
    /// at all of them, or not by this family.
    fn stated(&self, is_v6: bool) -> Option<IpAddr> {
        let listening = self.listening.get(is_v6)?.ip();
        let advertised = self.advertised.filter(|ip| ip.is_ipv6() == is_v6);
        advertised.or((!listening.is_unspecified()).then_some(listening))
    }

    /// The address that leads to a server. One of the loopback device leads to nobody but this machine.
    fn way_to(&self, server: SocketAddr) -> Option<IpAddr> {
        let is_v6 = server.is_ipv6();
        let way = || {
            self.listening.get(is_v6)?;
            let way = way_out(server)?;
            (!way.is_loopback() || server.ip().is_loopback()).then_some(way)
        };
        self.stated(is_v6).or_else(way)
    }

    /// The address of a family that leads to somewhere outside.
    fn outside(&self, is_v6: bool) -> Option<IpAddr> {
        let way = || {
            self.listening.get(is_v6)?;
            way_outside(is_v6)
        };
        self.stated(is_v6).or_else(way)
    }

    /// This address, and beside it one of the other family.
    fn contacts(&self, address: IpAddr) -> Contacts {
        let is_v6 = address.is_ipv6();
        let at = |ip: IpAddr| {
            let listening = self.listening.get(ip.is_ipv6());
            SocketAddr::new(ip, listening.map_or(0, SocketAddr::port))
        };
        contacts(at(address), self.outside(!is_v6).map(at), self.by)
    }
}

fn contacts(address: SocketAddr, other: Option<SocketAddr>, by: Streams) -> Contacts {
    Contacts {
        udp: address,
        tcp: by.tcp.then_some(address),
        other,
        tls: by.tls.map(|port| SocketAddr::new(address.ip(), port)),
    }
}

/// The address of an account's server, where the configuration has one and not a name.
fn server(account: &Account) -> Option<SocketAddr> {
    let uri = account
        .outbound_proxy
        .as_ref()
        .or(account.registrar.as_ref())?;
    let port = uri.port_or_default();
    match uri.host {
        Host::V4(address) => Some(SocketAddr::from((address, port))),
        Host::V6(address) => Some(SocketAddr::from((address, port))),
        Host::Name(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use trialog_sip::Uri;

    const TCP: Streams = Streams {
        tcp: true,
        tls: None,
    };
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn account(server: &str) -> Account {
        Account {
            registrar: Some(Uri::parse(&format!("sip:{server}")).unwrap()),
            ..Account::direct(Uri::parse(&format!("sip:agent@{server}")).unwrap())
        }
    }

    fn config(servers: &[&str]) -> Config {
        Config {
            accounts: servers.iter().copied().map(account).collect(),
            ..Config::default()
        }
    }

    fn stated(input: &EndpointInput<'_>) -> (u16, IpAddr) {
        match input {
            EndpointInput::LocalAddressChanged { account, contacts } => {
                (account.0, contacts.udp.ip())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_account_is_reached_by_the_address_that_the_way_to_its_server_leaves_from() {
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5060));
        let config = config(&["192.0.2.1", "127.0.0.1", "pbx.example"]);
        let mut local = LocalAddresses::new(&config, &[everywhere], None);
        // A machine without a way out is at home only here.
        local.common = contacts(([198, 51, 100, 7], 5060).into(), None, TCP);
        local.of = vec![local.common; 3];
        let at_start = local.at_start(&config.accounts);
        assert_eq!(stated(at_start.last().unwrap()), (1, HERE));
        // The name has turned out to be this machine.
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        let input = local.follow(AccountId(2), server).unwrap();
        assert_eq!(stated(&input), (2, HERE));
        assert!(local.follow(AccountId(2), server).is_none(), "once");
    }

    #[test]
    fn an_account_without_a_server_is_followed_too() {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        let mut local = LocalAddresses::new(&config(&[]), &[here], None);
        assert!(local.look().moved.is_empty());
        local.common = contacts(([198, 51, 100, 7], 5060).into(), None, local.by);
        local.of = vec![local.common];
        let moved = local.look().moved;
        assert_eq!(moved.iter().map(stated).collect::<Vec<_>>(), [(0, HERE)]);
        assert!(local.look().moved.is_empty(), "once");
    }

    #[test]
    fn a_far_end_knows_us_by_the_address_that_leads_to_it_now() {
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5060));
        let old = SocketAddr::from(([198, 51, 100, 7], 5060));
        let (server, other) = ((Ipv4Addr::LOCALHOST, 5070), ([203, 0, 113, 1], 5060));
        let config = config(&["pbx.example", "192.0.2.1"]);
        let mut local = LocalAddresses::new(&config, &[everywhere], None);
        local.common = contacts(old, None, local.by);
        local.of = vec![local.common; 2];
        assert_eq!(local.own().toward(server.into()), old);
        local.follow(AccountId(0), server.into()).unwrap();
        let own = local.own();
        assert_eq!(own.toward(server.into()).ip(), HERE);
        assert_eq!(own.toward(other.into()), old);
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 5060));
        assert_eq!(own.toward(v6), v6, "we are not reached by IPv6");
    }

    #[test]
    fn an_address_that_is_stated_is_that_of_all() {
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5060));
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        let mut advertised = config(&["127.0.0.1"]);
        advertised.sip.advertise = Some([198, 51, 100, 7].into());
        let listening = config(&["192.0.2.1"]);
        for (config, at) in [(advertised, everywhere), (listening, here)] {
            let mut local = LocalAddresses::new(&config, &[at], None);
            assert!(local.at_start(&config.accounts).is_empty());
        }
    }

    #[test]
    fn the_family_of_an_accounts_server_comes_first_and_the_other_stands_beside_it() {
        let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 5060));
        let config = config(&["127.0.0.1", "[::1]"]);
        let mut local = LocalAddresses::new(&config, &[v4, v6], None);
        assert_eq!(local.common(), contacts(v4, Some(v6), TCP));
        let at_start = local.at_start(&config.accounts);
        let [
            EndpointInput::LocalAddressChanged {
                account,
                contacts: of_second,
            },
        ] = at_start.as_slice()
        else {
            panic!("{at_start:?}");
        };
        assert_eq!((account.0, *of_second), (1, contacts(v6, Some(v4), TCP)));
        // We do not listen by IPv6.
        let mut local = LocalAddresses::new(&config, &[v4], None);
        assert_eq!(local.common(), contacts(v4, None, TCP));
        assert!(local.at_start(&config.accounts).is_empty());
    }
}
