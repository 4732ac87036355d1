//! The way out of a request: its next hop, that hop's address (RFC 3263, by whoever resolves names), Via and Contact. What
//! its answer means is for the part that its [`Purpose`] names.
use crate::agent::UserAgent;
use crate::dialogs::DialogId;
use crate::invite_usage::InviteState;
use crate::subscription::SubscriptionId;
use crate::transaction::{ClientId, Flow};
use crate::{Output, ResolveId, Transport};
use std::collections::VecDeque;
use std::net::SocketAddr;
use trialog_call::{LegId, Time};
use trialog_sip::{CSeq, HeaderName, Method, NameAddr, Request, Scheme, Uri};

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first INVITE of a leg.
    Invite(LegId),
    /// Its CANCEL.
    Cancel,
    Reinvite(LegId),
    Bye(LegId),
    /// The BYE of a fork that came too late; nobody waits for its answer.
    Stray,
    Info(LegId),
    /// It asks for this subscription.
    Refer(SubscriptionId),
    /// Of the far side's subscription.
    Notify(SubscriptionId),
    /// A refresh or the end of our subscription.
    Subscribe(SubscriptionId),
    Register(usize),
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
    /// Addresses that were not tried yet.
    pub(crate) others: VecDeque<(Transport, SocketAddr)>,
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

/// What waits for a name's addresses.
pub(crate) enum Waiting {
    Request(Box<Request>, RequestContext),
    /// The ACK of a 2xx of this fork.
    Ack(Box<Request>, ClientId, String),
}

/// Where a URI leads.
pub(crate) enum Hop {
    At(Transport, SocketAddr),
    Name {
        host: String,
        port: Option<u16>,
        transport: Option<Transport>,
    },
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
            Hop::At(transport, address) => self.launch(now, request, sent, transport, address),
            Hop::Name {
                host,
                port,
                transport,
            } => {
                let waiting = Waiting::Request(Box::new(request), sent);
                self.resolve(host, port, transport, waiting);
            }
            Hop::Nowhere => self.concluded(now, None, sent, cseq_of(&request), 503, None),
        }
    }

    pub(crate) fn resolve(
        &mut self,
        host: String,
        port: Option<u16>,
        transport: Option<Transport>,
        waiting: Waiting,
    ) {
        self.resolves += 1;
        let id = ResolveId(self.resolves);
        self.resolving.insert(id, waiting);
        self.out.push_back(Output::Resolve {
            id,
            host,
            port,
            transport,
        });
    }

    /// A name's addresses are known.
    pub(crate) fn resolved(
        &mut self,
        now: Time,
        id: ResolveId,
        addresses: &[(Transport, SocketAddr)],
    ) {
        let mut addresses: VecDeque<_> = addresses.iter().copied().collect();
        match (self.resolving.remove(&id), addresses.pop_front()) {
            (Some(Waiting::Request(request, mut sent)), Some((transport, address))) => {
                sent.others = addresses;
                if self.is_still_wanted(&sent) {
                    self.launch(now, *request, sent, transport, address);
                } else {
                    self.concluded(now, None, sent, cseq_of(&request), 487, None);
                }
            }
            (Some(Waiting::Request(request, sent)), None) => {
                if let Purpose::Register(account) = sent.purpose {
                    self.registrations[account].nameless = true;
                }
                // RFC 3263 §4.3: no address is as good as 503.
                self.concluded(now, None, sent, cseq_of(&request), 503, None);
            }
            (Some(Waiting::Ack(request, client, tag)), Some((transport, address))) => {
                self.launch_ack(*request, client, &tag, transport, address);
            }
            (Some(Waiting::Ack(..)) | None, _) => {}
        }
    }

    pub(crate) fn is_still_wanted(&self, sent: &RequestContext) -> bool {
        let Purpose::Invite(leg) = sent.purpose else {
            return true;
        };
        self.legs.get(&leg).is_some_and(
            |leg| matches!(&leg.stage, InviteState::Calling(calling) if !calling.cancelled),
        )
    }

    pub(crate) fn hop(&self, uri: &Uri, account: usize) -> Hop {
        let named = match uri.params.get("transport") {
            None => None,
            Some(name) if name.eq_ignore_ascii_case("udp") => Some(Transport::Udp),
            Some(name) if name.eq_ignore_ascii_case("tcp") => Some(Transport::Tcp),
            Some(_) => return Hop::Nowhere,
        };
        if uri.scheme != Scheme::Sip {
            return Hop::Nowhere;
        }
        let preferred = self.account(account).transport;
        match uri.host.ip() {
            Some(ip) => Hop::At(
                named.unwrap_or(preferred),
                SocketAddr::new(ip, uri.port_or_default()),
            ),
            None => Hop::Name {
                host: uri.host.to_string(),
                port: uri.port,
                transport: named.or((preferred == Transport::Tcp).then_some(preferred)),
            },
        }
    }

    /// Puts our Via on it and starts its transaction.
    pub(crate) fn launch(
        &mut self,
        now: Time,
        mut request: Request,
        sent: RequestContext,
        transport: Transport,
        destination: SocketAddr,
    ) {
        let branch = self.random.branch();
        if needs_contact(&request.method) {
            let contact = self.contact(sent.account, transport, sent.focus);
            let contact = match request.headers.get(&HeaderName::Expires) {
                // A registrar may read the time from either place; old ones only from here.
                Some(expires) if request.method == Method::Register => {
                    format!("{contact};expires={expires}")
                }
                _ => contact,
            };
            request.headers.set(HeaderName::Contact, contact);
        }
        if !request.headers.contains(&HeaderName::UserAgent) {
            request
                .headers
                .push(HeaderName::UserAgent, self.config.product.as_str());
        }
        self.authorise(&mut request, sent.account, destination);
        let purpose = sent.purpose;
        request
            .headers
            .push_front(HeaderName::Via, self.via(transport, &branch));
        let flow = Flow {
            transport,
            destination,
            connection: None,
        };
        let id = self
            .transactions
            .start(now, request, &branch, flow, sent, &mut self.out);
        if let Purpose::Invite(leg) = purpose
            && let Some(InviteState::Calling(calling)) =
                self.legs.get_mut(&leg).map(|leg| &mut leg.stage)
        {
            calling.client = Some(id);
            calling.provisional = false;
            // RFC 3261 §12.3: they ended with the final answer to the INVITE before this one.
            calling.early.clear();
        }
    }

    pub(crate) fn via(&self, transport: Transport, branch: &str) -> String {
        // RFC 3581: rport asks for the answer to come back to where this came from.
        format!(
            "SIP/2.0/{} {};branch={branch};rport",
            transport.as_str(),
            self.config.contacts.of(transport)
        )
    }

    /// Our Contact, as an account's.
    pub(crate) fn contact(&self, account: usize, transport: Transport, focus: bool) -> String {
        let address = self.config.contacts.of(transport);
        let mut contact = String::from("<sip:");
        if let Some(user) = &self.account(account).aor.user {
            contact.push_str(user);
            contact.push('@');
        }
        contact.push_str(&address.to_string());
        if transport == Transport::Tcp {
            contact.push_str(";transport=tcp");
        }
        if account > 0 {
            // Tells accounts with the same user apart.
            contact.push_str(&format!(";{ACCOUNT_PARAM}={account}"));
        }
        contact.push('>');
        if focus {
            contact.push_str(";isfocus");
        }
        contact
    }
}

/// Names the account in our Contacts, so that a request to it finds its way.
pub(crate) const ACCOUNT_PARAM: &str = "account";

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
