//! The way out of a request: its next hop, that hop's address (RFC 3263, by whoever resolves names), Via and Contact. What
//! its answer means is for the part that its [`Purpose`] names.
use crate::agent::UserAgent;
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::resolving::{HostName, Waiting};
use crate::subscription::SubscriptionId;
use crate::transaction::Destination;
use crate::watch::WatchId;
use crate::{Output, Peer, ResolveId, Transport};
use std::collections::VecDeque;
use std::net::SocketAddr;
use trialog_call::{LegId, Time};
use trialog_sip::{CSeq, HeaderName, Method, NameAddr, Request, Scheme, Uri};

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first INVITE of a leg.
    Invite(LegId),
    /// An INVITE whose call has gone to the next peer of its name; `cancelled`: its CANCEL was sent.
    Abandoned {
        cancelled: bool,
    },
    /// The CANCEL of an INVITE.
    Cancel,
    Reinvite(LegId),
    /// A re-INVITE that got no final response in time: nothing hangs on it any more but the ACK of a late 2xx.
    GivenUp,
    Bye(LegId),
    /// The BYE of a fork that came too late; nobody waits for its answer.
    Stray,
    Info(LegId),
    /// An UPDATE that refreshes this leg's session.
    Update(LegId),
    /// An UPDATE with an offer for this leg's session.
    Offer(LegId),
    /// The PRACK of a provisional response to this leg's INVITE or re-INVITE.
    Prack(LegId),
    /// An INFO with a digit.
    Digit(LegId, u8),
    /// It asks for this subscription.
    Refer(SubscriptionId),
    /// Of the far side's subscription.
    Notify(SubscriptionId),
    /// A refresh or the end of our subscription.
    Subscribe(SubscriptionId),
    /// A SUBSCRIBE of this watch.
    Watch(WatchId),
    Register(usize),
    /// An OPTIONS that shows whether this account's registrar is there.
    KeepAlive(usize),
}

/// What goes with a request of ours as long as its transaction lives.
pub(crate) struct RequestContext {
    pub(crate) purpose: Purpose,
    /// The dialog that it is in.
    pub(crate) dialog: Option<DialogId>,
    pub(crate) account: usize,
    /// Our Contact says `isfocus`.
    pub(crate) focus: bool,
    /// How often it was challenged.
    pub(crate) challenged: u8,
    /// Peers of the same host name that were not tried yet.
    pub(crate) others: VecDeque<Peer>,
    /// It goes by TCP for its size only: the same peer by UDP.
    pub(crate) by_udp: Option<Peer>,
    /// Its peer may be tried once more by a new stream, where the one that a binding lives by is silent.
    pub(crate) new_stream: bool,
    /// The ACK of each 2xx by the tag of its fork, to be sent again for each copy of it.
    pub(crate) acks: Vec<(String, Option<Output>)>,
}

impl RequestContext {
    pub(crate) fn new(purpose: Purpose, account: usize) -> Self {
        Self {
            purpose,
            dialog: None,
            account,
            focus: false,
            challenged: 0,
            others: VecDeque::new(),
            by_udp: None,
            new_stream: true,
            acks: Vec::new(),
        }
    }

    pub(crate) fn in_dialog(purpose: Purpose, dialog: DialogId, account: usize) -> Self {
        Self {
            dialog: Some(dialog),
            ..Self::new(purpose, account)
        }
    }
}

/// Where a URI leads.
pub(crate) enum Hop {
    At(Peer),
    Name(HostName),
    /// By a transport that we have not.
    Nowhere,
}

impl UserAgent {
    /// Sends a request, which has no Via yet, to `next_hop`: the first route, or the Request-URI where there is none.
    pub(crate) fn send(
        &mut self,
        now: Time,
        request: Request,
        next_hop: &Uri,
        sent: RequestContext,
    ) {
        match self.hop(next_hop, sent.account) {
            Hop::At(peer) => self.launch(now, request, sent, peer),
            Hop::Name(name) => {
                let waiting = Waiting::Request(Box::new(request), sent);
                self.resolve(name, waiting);
            }
            Hop::Nowhere => self.concluded(now, None, sent, cseq_of(&request), 503, None),
        }
    }

    pub(crate) fn resolve(&mut self, name: HostName, waiting: Waiting) {
        let question = self.resolving.ask(name, waiting);
        self.out.push_back(Output::Resolve(question));
    }

    /// A host name's addresses are known.
    pub(crate) fn resolved(&mut self, now: Time, id: ResolveId, peers: &[Peer]) {
        self.flows.learn_addresses(peers);
        let mut peers = VecDeque::from(self.standing.order(now, peers));
        match (self.resolving.answered(id), peers.pop_front()) {
            (Some(Waiting::Request(request, mut sent)), Some(peer)) => {
                sent.others = peers;
                if self.is_still_wanted(&sent) {
                    self.launch(now, *request, sent, peer);
                } else {
                    self.concluded(now, None, sent, cseq_of(&request), 487, None);
                }
            }
            (Some(Waiting::Request(request, sent)), None) => {
                if let Purpose::Register(account) = sent.purpose {
                    self.flows[account].registration.on_no_address();
                }
                // RFC 3263 §4.3: no address is as good as 503.
                self.concluded(now, None, sent, cseq_of(&request), 503, None);
            }
            (Some(Waiting::Ack(request, account, client, tag)), Some(peer)) => {
                self.launch_ack(*request, account, client, &tag, peer);
            }
            (Some(Waiting::Ack(..)) | None, _) => {}
        }
    }

    pub(crate) fn is_still_wanted(&self, sent: &RequestContext) -> bool {
        let stage = |leg| self.calls.get(leg).map(|leg| &leg.stage);
        match sent.purpose {
            Purpose::Invite(leg) => {
                matches!(stage(leg), Some(InviteState::Calling(calling)) if !calling.cancelled)
            }
            Purpose::Reinvite(leg) => matches!(stage(leg), Some(InviteState::Up)),
            _ => true,
        }
    }

    pub(crate) fn hop(&self, uri: &Uri, account: usize) -> Hop {
        let named = match Transport::asked_by(uri) {
            Ok(named) if matches!(uri.scheme, Scheme::Sip | Scheme::Sips) => named,
            _ => return Hop::Nowhere,
        };
        let preferred = self.account(account).transport;
        match uri.host.ip() {
            Some(ip) => {
                let transport = named.unwrap_or(preferred);
                let port = uri.port.unwrap_or(transport.default_port());
                let at = SocketAddr::new(ip, port);
                Hop::At(self.flows[account].peer_at(transport, at))
            }
            None => Hop::Name(HostName {
                host: uri.host.to_string(),
                port: uri.port,
                transport: named.or((preferred != Transport::Udp).then_some(preferred)),
            }),
        }
    }

    /// Puts our Via on it and starts its transaction.
    pub(crate) fn launch(
        &mut self,
        now: Time,
        mut request: Request,
        mut sent: RequestContext,
        mut peer: Peer,
    ) {
        let branch = self.random.branch();
        // As its dialog is, which the first INVITE does not name yet.
        let private = request.headers.contains(&HeaderName::Privacy);
        if let Purpose::Invite(leg) = sent.purpose {
            self.fit_offer(leg, sent.account, &mut request, &peer);
        }
        if needs_contact(&request.method) {
            let flow = &mut self.flows[sent.account];
            // RFC 3261 §8.1.1.8: by the Request-URI or the topmost Route.
            let scheme = match first_route(&request).scheme {
                Scheme::Sips => Scheme::Sips,
                _ => request.uri.scheme.clone(),
            };
            let contacts = match request.headers.get(&HeaderName::Expires) {
                // A registrar may read the time from either place; old ones only from here.
                Some(expires) if request.method == Method::Register => {
                    flow.bindings(&peer, &scheme, expires)
                }
                _ => vec![flow.contact(&peer, &scheme, sent.focus, private)],
            };
            request.headers.remove(&HeaderName::Contact);
            for contact in contacts {
                request.headers.push(HeaderName::Contact, contact);
            }
        }
        if !request.headers.contains(&HeaderName::UserAgent) {
            request
                .headers
                .push(HeaderName::UserAgent, self.settings.product.as_str());
        }
        let dialog = sent.dialog.and_then(|dialog| self.dialogs.get(dialog));
        let by_stranger = dialog.is_some_and(Dialog::is_by_stranger);
        let flow = &mut self.flows[sent.account];
        if !by_stranger {
            flow.challenges
                .authorise(&mut request, &flow.account, peer.address, &mut self.random);
        }
        let purpose = sent.purpose;
        let via = flow.via(&peer, &branch);
        request.headers.push_front(HeaderName::Via, via);
        sent.by_udp = None;
        if self.is_for_a_stream(now, &request, sent.account, &peer) {
            let stream = peer.by(Transport::Tcp);
            sent.by_udp = Some(std::mem::replace(&mut peer, stream));
            // The Contact stays: only this request takes another way.
            let via = self.flows[sent.account].via(&peer, &branch);
            request.headers.remove_first(&HeaderName::Via);
            request.headers.push_front(HeaderName::Via, via);
        }
        let to = peer.address.ip();
        let destination = Destination::of_request(peer);
        let id = self
            .transactions
            .start(now, request, &branch, destination, sent, &mut self.out);
        self.watch(now, id);
        if let Purpose::Reinvite(_) = purpose {
            self.transactions.limit_proceeding(id);
        }
        if let Purpose::Invite(leg) = purpose
            && let Some(leg) = self.calls.present_mut(leg)
            && let Some(calling) = leg.stage.calling_mut().asserted("it is still wanted")
        {
            let payloads = leg.media.offered_payloads();
            if !payloads.is_empty() {
                let leg = leg.id;
                self.out.push_back(Output::Offered { leg, payloads, to });
            }
            calling.client = Some(id);
            calling.provisional = false;
            if calling.replaced.is_some() {
                // As with a re-INVITE, no person has to pick up.
                self.transactions.limit_proceeding(id);
            }
            // RFC 3261 §12.3: they ended with the final answer to the INVITE before this one.
            calling.early.clear();
        }
    }
}

/// RFC 3261 §18.1.1: the most bytes of a request that goes by UDP where the path's MTU is not known.
const MOST_BY_UDP: usize = 1300;

impl UserAgent {
    /// Whether a request that would go by UDP is to be tried by TCP first.
    fn is_for_a_stream(&self, now: Time, request: &Request, account: usize, peer: &Peer) -> bool {
        peer.transport == Transport::Udp
            && self.account(account).large_by_tcp
            && !self.standing.refuses_streams(now, peer)
            && request.to_bytes().len() > MOST_BY_UDP
    }
}

fn needs_contact(method: &Method) -> bool {
    matches!(
        method,
        Method::Invite
            | Method::Refer
            | Method::Notify
            | Method::Subscribe
            | Method::Register
            | Method::Update
    )
}

/// A request's number.
pub(crate) fn cseq_of(request: &Request) -> u32 {
    match request.headers.typed::<CSeq>(&HeaderName::CSeq) {
        Some(Ok(cseq)) => cseq.number,
        _ => 0,
    }
}

/// The first route's URI, or the Request-URI.
pub(crate) fn first_route(request: &Request) -> Uri {
    match request.headers.typed::<NameAddr>(&HeaderName::Route) {
        Some(Ok(route)) => route.uri,
        _ => request.uri.clone(),
    }
}
