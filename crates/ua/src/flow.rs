//! An account's flow: its way to the peers that it speaks by, and what belongs to that way: the binding at the registrar, the
//! peers that answered for it, what they asked as credentials, and our own addresses on it.
//!
//! Via, Contact and the address in SDP are made from here for each message, so that an address that changes is changed in
//! one place ([`crate::Input::LocalAddressChanged`]).
use crate::authentication::Challenges;
use crate::config::{Account, Contacts, KeepAlive};
use crate::random::Random;
use crate::registration::Registration;
use crate::translated::{Translated, is_private};
use crate::{Peer, Transport};
use std::net::{IpAddr, SocketAddr};
use std::ops::{Index, IndexMut};
use trialog_call::Time;
use trialog_sip::digest::Challenge;
use trialog_sip::{HeaderName, Host, Method, NameAddr, Request, Response, Scheme, Seconds, Uri};

/// Names the account in our Contacts, so that a request to it finds its way.
const ACCOUNT_PARAM: &str = "account";

/// Most addresses of a server's name that are kept, old ones included: a name may have others each time it is looked up.
const MOST_ADDRESSES: usize = 32;

/// One account and its way out.
pub(crate) struct Flow {
    /// Index of its account in the configuration.
    index: usize,
    pub(crate) account: Account,
    pub(crate) registration: Registration,
    pub(crate) challenges: Challenges,
    /// Ours on this flow.
    local: Contacts,
    /// What a translator has made of them, for the registrar and all beyond it.
    translated: Translated,
    /// Ours in the REGISTER that was sent last.
    asked: Contacts,
    /// Ours in the binding that a registrar has, as far as we know.
    bound: Option<Contacts>,
    /// Peers that have taken a REGISTER of this account, the latest last.
    peers: Vec<Peer>,
    /// Addresses that the names of our registrar and proxy were resolved to, the latest last.
    resolved: Vec<IpAddr>,
    /// When something went to the latest of them by UDP for the last time.
    sent_at: Option<Time>,
    /// The way that the registrar wants our requests to take (RFC 3608 §5), of the last REGISTER that was taken.
    service_route: Vec<NameAddr>,
}

impl Flow {
    fn new(index: usize, account: Account, local: Contacts, random: &mut Random) -> Self {
        Self {
            index,
            registration: Registration::new(random),
            challenges: Challenges::new(&account.aor),
            account,
            local,
            translated: Translated::default(),
            asked: local,
            bound: None,
            peers: Vec::new(),
            resolved: Vec::new(),
            sent_at: None,
            service_route: Vec::new(),
        }
    }

    /// Our Via for a request of this account.
    pub(crate) fn via(&self, to: &Peer, branch: &str) -> String {
        let own = self.local.of(to.transport, to.address.ip());
        // RFC 3581: rport asks for the answer to come back to where this came from.
        format!(
            "SIP/2.0/{} {own};branch={branch};rport",
            to.transport.as_str()
        )
    }

    /// Our Contact for this peer, as this account's; with `isfocus` (RFC 4579) where we are the focus of a conference. `scheme`: as the
    /// peer is addressed, since a sips URI is answered by one (RFC 3261 §12.1.1). `private`: without its user.
    pub(crate) fn contact(&self, to: &Peer, scheme: &Scheme, focus: bool, private: bool) -> String {
        let ours = if self.is_beyond_translator(to) {
            self.reached()
        } else {
            self.local
        };
        let user = self.account.aor.user.as_deref().filter(|_| !private);
        let mut contact = self.contact_at(&ours, to, scheme, user);
        if focus {
            contact.push_str(";isfocus");
        }
        contact
    }

    /// The Contacts of a REGISTER, with the seconds that the binding is to last. A binding at addresses that we have left is taken
    /// back by the same request (RFC 3261 §10.2.2): a proxy would fork calls to where nobody answers.
    pub(crate) fn bindings(&mut self, to: &Peer, scheme: &Scheme, expires: &str) -> Vec<String> {
        self.asked = self.reached();
        let user = self.account.aor.user.as_deref();
        let own = self.contact_at(&self.asked, to, scheme, user);
        let left = self.bound;
        let left = left.map(|bound| self.contact_at(&bound, to, scheme, user));
        let left = left.filter(|left| *left != own);
        std::iter::once(format!("{own};expires={expires}"))
            .chain(left.map(|left| format!("{left};expires=0")))
            .collect()
    }

    fn contact_at(
        &self,
        ours: &Contacts,
        to: &Peer,
        scheme: &Scheme,
        user: Option<&str>,
    ) -> String {
        let is_sips = *scheme == Scheme::Sips && to.transport == Transport::Tls;
        let mut contact = String::from(if is_sips { "<sips:" } else { "<sip:" });
        if let Some(user) = user {
            contact.push_str(user);
            contact.push('@');
        }
        let at = ours.of(to.transport, to.address.ip());
        contact.push_str(&at.to_string());
        match to.transport {
            Transport::Tcp => contact.push_str(";transport=tcp"),
            // RFC 5630 §3.1.4 would have sips alone, which asks for TLS on each hop beyond: more than we know.
            Transport::Tls if !is_sips => contact.push_str(";transport=tls"),
            Transport::Tls | Transport::Udp => {}
        }
        if self.index > 0 {
            // Tells accounts with the same user apart.
            contact.push_str(&format!(";{ACCOUNT_PARAM}={}", self.index));
        }
        contact.push('>');
        contact
    }

    /// Whether this URI is our Contact, by either transport.
    pub(crate) fn is_contact(&self, uri: &Uri) -> bool {
        let at = |address: SocketAddr| {
            uri.host.ip() == Some(address.ip()) && uri.port_or_default() == address.port()
        };
        let mut ours = [self.local, self.reached()].into_iter();
        uri.user == self.account.aor.user && ours.any(|ours| ours.all().any(at))
    }

    /// Where others reach us from beyond a translator, where there is one.
    fn reached(&self) -> Contacts {
        Contacts {
            udp: self.translated.udp.unwrap_or(self.local.udp),
            tcp: self.translated.tcp.or(self.local.tcp),
            other: self.local.other,
            tls: self.translated.tls.or(self.local.tls),
        }
    }

    /// Whether a translator that stands before our server stands before this peer, too. One with a private address that is not
    /// our server is on our side of it.
    fn is_beyond_translator(&self, peer: &Peer) -> bool {
        self.is_server(peer) || !is_private(peer.address.ip())
    }

    /// Where RTP for this port of ours is to be sent by a far end at this address, for SDP.
    pub(crate) fn rtp_address(&self, port: u16, far: IpAddr) -> SocketAddr {
        SocketAddr::new(self.local.of(Transport::Udp, far).ip(), port)
    }

    /// As [`Self::rtp_address`] for an offer from there, while no port is chosen: that of the discard protocol stands for it.
    pub(crate) fn somewhere(&self, far: Option<IpAddr>) -> SocketAddr {
        self.rtp_address(9, far.unwrap_or(self.local.udp.ip()))
    }

    /// The address by which a request is likely to go out that has this next hop: that of the host, where it has one, else of
    /// the server that took a REGISTER, else one of the family that comes first.
    pub(crate) fn likely_far(&self, next_hop: &Uri) -> IpAddr {
        let server = || self.server().map(|server| server.address.ip());
        let host = next_hop.host.ip().or_else(server);
        host.unwrap_or(self.local.udp.ip())
    }

    /// These are our addresses from now on; what a translator makes of them is to be seen.
    pub(crate) fn move_to(&mut self, local: Contacts) -> Moved {
        let before = (self.local, self.reached());
        let first = |ours: &Contacts| (ours.udp, ours.tcp, ours.tls);
        if first(&local) != first(&self.local) {
            self.translated.forget();
        }
        self.local = local;
        Moved {
            local: before.0 != local,
            contact: before.1 != self.reached(),
        }
    }

    /// Our server has seen a request of ours come from there, as the topmost Via of its response has it (RFC 3581 §4). Whether our
    /// Contact is another by that.
    pub(crate) fn seen_by_server(&mut self, response: &Response) -> bool {
        if !self.account.nat {
            return false;
        }
        let before = self.reached();
        if let Some(Ok(via)) = response.headers.via() {
            self.translated.learn(&via, &self.local);
        }
        before != self.reached()
    }

    /// The registrar refuses us: where that was with a translated address, we register at our own from now on. Whether it was.
    pub(crate) fn untranslated(&mut self) -> bool {
        let was = self.asked != self.local && self.asked == self.reached();
        if was {
            self.translated.refuse();
        }
        was
    }

    /// Whether a challenge to a request of this method is one of our own servers', which an answer may be given to. Whoever can
    /// make us send him requests (a call, a Contact, a Route) could else have the answers to what another server asked him.
    pub(crate) fn is_ours(&self, challenge: &Challenge, peer: &Peer, method: &Method) -> bool {
        let realm = match &self.account.realm {
            Some(own) => challenge.realm == *own,
            // Its realms are not known before.
            None if *method == Method::Register => true,
            None => self.challenges.is_registrars(&challenge.realm),
        };
        realm && (*method == Method::Register || self.is_server(peer))
    }

    /// Whether a host is the account's own, by its name or as an address of its server.
    pub(crate) fn is_own_host(&self, host: &Host) -> bool {
        let ip = host.ip().map(|ip| ip.to_canonical());
        self.is_home(host) || ip.is_some_and(|ip| self.leads_to(ip))
    }

    /// Whether a URI leads out of the account's domain. An account without a server has none.
    pub(crate) fn is_elsewhere(&self, uri: &Uri) -> bool {
        let account = &self.account;
        let has_server = account.registrar.is_some() || account.outbound_proxy.is_some();
        has_server && uri.scheme != Scheme::Tel && !self.is_own_host(&uri.host)
    }

    /// Whether a peer is our registrar or proxy, by its address or by the name that it was found by; for an account without
    /// either, its own domain.
    pub(crate) fn is_server(&self, peer: &Peer) -> bool {
        let has_none = self.servers().next().is_none();
        let domain = Some(&self.account.aor.host).filter(|_| has_none);
        let is_domain = domain.is_some_and(|host| match &peer.name {
            Some(name) => is_named(host, name),
            None => host.ip() == Some(peer.address.ip().to_canonical()),
        });
        self.is_way_of(peer) || is_domain
    }

    /// This peer has taken a REGISTER, with this answer.
    pub(crate) fn taken_by(&mut self, peer: &Peer, response: &Response) {
        // A registrar that has rewritten it has none of ours that would have to be taken back.
        let mut bindings = bindings_in(response).peekable();
        let is_there =
            bindings.peek().is_none() || bindings.any(|binding| self.is_contact(&binding.uri));
        self.bound = is_there.then_some(self.asked);
        self.peers.retain(|own| !own.is_same_end(peer));
        self.peers.push(peer.clone());
        // RFC 3608 §6.1: each 2xx states it anew, and one without it takes it back. A route that can't be read is none.
        let routes = response
            .headers
            .all_typed::<NameAddr>(&HeaderName::ServiceRoute);
        self.service_route = routes.collect::<Result<_, _>>().unwrap_or_default();
    }

    /// The Route of a request of ours that opens a dialog: the registrar's own way, else our proxy.
    pub(crate) fn preloaded_route(&self) -> Vec<NameAddr> {
        if !self.service_route.is_empty() {
            return self.service_route.clone();
        }
        let proxy = self.account.outbound_proxy.clone().map(|mut proxy| {
            if !proxy.params.has("lr") {
                proxy.params.set("lr", None);
            }
            NameAddr::new(proxy)
        });
        proxy.into_iter().collect()
    }

    /// How long our binding lasts by this answer to a REGISTER, in seconds, if it says so. RFC 3261 §10.3: it has a Contact for each
    /// binding. A registrar before which a translator stands may have rewritten ours: then it is the only one, or we take the
    /// shortest time of all, so that none ends before its refresh.
    pub(crate) fn granted(&self, response: &Response) -> Option<u32> {
        let contacts: Vec<_> = bindings_in(response).collect();
        let lasts = |contact: &NameAddr| contact.params.get("expires")?.parse().ok();
        let own = contacts
            .iter()
            .find(|contact| self.is_contact(&contact.uri));
        let header = response.headers.typed::<Seconds>(&HeaderName::Expires);
        let header = header.and_then(Result::ok).map(|seconds| seconds.0);
        match own {
            Some(own) => lasts(own).or(header),
            None => contacts.iter().filter_map(lasts).min().or(header),
        }
    }

    /// Whether the last REGISTER was taken by this peer over a stream: our binding lives as long as that.
    pub(crate) fn lives_by(&self, peer: &Peer) -> bool {
        let last = self.peers.last();
        last.is_some_and(|last| last.transport.is_reliable() && last.is_same_end(peer))
    }

    /// The registrar to which the way is to be kept open: the one that has our binding, where that is by UDP.
    pub(crate) fn kept_open(&self) -> Option<&Peer> {
        let wanted = self.account.keep_alive != KeepAlive::Off && self.registration.is_bound();
        let by_udp = |peer: &&Peer| peer.transport == Transport::Udp;
        self.server().filter(by_udp).filter(|_| wanted)
    }

    /// Something was sent to this peer.
    pub(crate) fn sent_to(&mut self, now: Time, peer: &Peer) {
        if self.kept_open().is_some_and(|kept| kept.is_same_end(peer)) {
            self.sent_at = Some(now);
        }
    }

    /// When something has gone to the registrar for the last time, as far as the way is kept open.
    pub(crate) fn sent_at(&self) -> Option<Time> {
        self.sent_at
    }

    /// The far end at an address that a URI states: a server of ours by the name that it was found by, which within TLS is the
    /// one that it has to show.
    pub(crate) fn peer_at(&self, transport: Transport, address: SocketAddr) -> Peer {
        let unnamed = Peer::at(transport, address);
        let known = self.peers.iter().rev();
        let mut known = known.filter(|own| own.transport == Transport::Tls);
        let own = known.find(|own| own.is_same_end(&unnamed)).cloned();
        own.unwrap_or(unnamed)
    }

    /// The peer that has taken a REGISTER last.
    pub(crate) fn server(&self) -> Option<&Peer> {
        self.peers.last()
    }

    /// Whether an address is that of our registrar or proxy: by the configuration, by what its name was resolved to, or because it
    /// has taken a REGISTER of ours, whatever its name resolves to now.
    fn leads_to(&self, address: IpAddr) -> bool {
        let taken = |peer: &Peer| peer.address.ip().to_canonical() == address;
        self.peers.iter().any(taken)
            || self.resolved.contains(&address)
            || self.servers().any(|host| host.ip() == Some(address))
    }

    /// The hosts of our registrar and proxy.
    fn servers(&self) -> impl Iterator<Item = &Host> {
        let configured = [&self.account.registrar, &self.account.outbound_proxy];
        configured.into_iter().flatten().map(|uri| &uri.host)
    }

    /// Whether a request from this peer came on this flow: by its address, or on a stream that we opened to its name.
    pub(crate) fn is_way_of(&self, peer: &Peer) -> bool {
        let named = |host: &Host| {
            let name = peer.name.as_deref();
            name.is_some_and(|name| is_named(host, name))
        };
        self.leads_to(peer.address.ip().to_canonical()) || self.servers().any(named)
    }

    /// Whether a host is the account's own domain, its registrar or its proxy.
    pub(crate) fn is_home(&self, host: &Host) -> bool {
        let mut own = self.servers().chain([&self.account.aor.host]);
        own.any(|own| own.equivalent(host))
    }

    /// A host name has these addresses now: where it is that of our registrar or proxy, requests may come from each of them.
    fn learn_addresses(&mut self, peers: &[Peer]) {
        for peer in peers {
            let name = peer.name.as_deref().unwrap_or_default();
            let address = peer.address.ip().to_canonical();
            let is_new = !self.resolved.contains(&address);
            if is_new && self.servers().any(|host| is_named(host, name)) {
                if self.resolved.len() >= MOST_ADDRESSES {
                    self.resolved.remove(0);
                }
                self.resolved.push(address);
            }
        }
    }
}

fn is_named(host: &Host, name: &str) -> bool {
    matches!(host, Host::Name(own) if own.eq_ignore_ascii_case(name))
}

/// The bindings that a registrar's 2xx states.
fn bindings_in(response: &Response) -> impl Iterator<Item = NameAddr> {
    let contacts = response.headers.all_typed::<NameAddr>(&HeaderName::Contact);
    contacts.filter_map(Result::ok)
}

/// What is another than before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    /// Our addresses.
    pub(crate) local: bool,
    /// Our Contact.
    pub(crate) contact: bool,
}

/// The flows of all accounts, by the account's index in the configuration.
pub(crate) struct Flows(Vec<Flow>);

impl Flows {
    /// At least one account is needed.
    pub(crate) fn new(accounts: Vec<Account>, local: Contacts, random: &mut Random) -> Self {
        debug_assert!(!accounts.is_empty(), "a phone is somebody");
        let flow = |(index, account)| Flow::new(index, account, local, random);
        Self(accounts.into_iter().enumerate().map(flow).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Flow> {
        self.0.iter_mut()
    }

    pub(crate) fn get(&self, account: usize) -> Option<&Flow> {
        self.0.get(account)
    }

    pub(crate) fn get_mut(&mut self, account: usize) -> Option<&mut Flow> {
        self.0.get_mut(account)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Flow> + Clone {
        self.0.iter()
    }

    /// A host name has these addresses now.
    pub(crate) fn learn_addresses(&mut self, peers: &[Peer]) {
        for flow in &mut self.0 {
            flow.learn_addresses(peers);
        }
    }

    /// Whether an address is that of a registrar or proxy of ours.
    pub(crate) fn lead_to(&self, address: IpAddr) -> bool {
        self.0.iter().any(|flow| flow.leads_to(address))
    }

    /// The account that a request is for: by our Contact, by address of record, by user, else the first.
    pub(crate) fn called_by(&self, request: &Request) -> usize {
        let uri = &request.uri;
        let own = |index: &usize| {
            (self.0.get(*index)).is_some_and(|flow| flow.account.aor.user == uri.user)
        };
        let by_contact = uri
            .params
            .get(ACCOUNT_PARAM)
            .and_then(|index| index.parse::<usize>().ok())
            .filter(own);
        let to = request.headers.typed::<NameAddr>(&HeaderName::To);
        let to = to.and_then(Result::ok).map(|to| to.uri);
        let aors = || self.0.iter().map(|flow| &flow.account.aor);
        let is = |uri: &Uri| {
            aors().position(|aor| {
                aor.user == uri.user && aor.host.equivalent(&uri.host) && aor.port == uri.port
            })
        };
        by_contact
            .or_else(|| is(uri))
            .or_else(|| to.as_ref().and_then(is))
            .or_else(|| aors().position(|aor| aor.user == uri.user))
            .unwrap_or(0)
    }
}

impl Index<usize> for Flows {
    type Output = Flow;

    fn index(&self, account: usize) -> &Flow {
        &self.0[account]
    }
}

impl IndexMut<usize> for Flows {
    fn index_mut(&mut self, account: usize) -> &mut Flow {
        &mut self.0[account]
    }
}
