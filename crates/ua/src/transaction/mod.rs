//! The transaction layer (RFC 3261 §17): matches messages to machines, keeps what may have to be sent again, and runs the
//! machines' timers. It gets requests to start and messages that were parsed; it hands up what is new, once. It knows
//! nothing of dialogs, and what a client transaction is for (`P`) it only keeps.
mod client_invite;
mod client_non_invite;
mod server_invite;
mod server_non_invite;
pub(crate) mod timing;

use crate::timers::Timers;
use crate::{ConnectionId, Output, Transmit, Transport};
use client_invite::ClientInvite;
use client_non_invite::ClientNonInvite;
use server_invite::ServerInvite;
use server_non_invite::ServerNonInvite;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use trialog_call::Time;
use trialog_sip::{HeaderName, Method, Request, Response, Text, Via};

/// What a client machine says about a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// It is new to the user.
    pass: bool,
    /// It is to be acknowledged within the transaction.
    ack: bool,
}

impl Answer {
    const PASS: Self = Self {
        pass: true,
        ack: false,
    };
}

/// What a machine says when its timer has rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    Nothing,
    /// Send the last message again.
    Retransmit,
    /// Say 100.
    Trying,
    /// No final response came.
    TimedOut,
}

/// What a server machine says about a request that is not new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Absorb,
    SendLastAgain,
    Pass,
}

/// Names a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId(u64);

/// Names a server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServerId(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Id {
    Client(ClientId),
    Server(ServerId),
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) transport: Transport,
    pub(crate) destination: SocketAddr,
    pub(crate) connection: Option<ConnectionId>,
}

impl Flow {
    pub(crate) fn carry(self, bytes: Vec<u8>) -> Output {
        Output::Transmit(Transmit {
            transport: self.transport,
            destination: self.destination,
            connection: self.connection,
            bytes,
        })
    }
}

enum ClientMachine {
    Invite(ClientInvite),
    NonInvite(ClientNonInvite),
}

struct Client<P> {
    machine: ClientMachine,
    key: String,
    request: Request,
    bytes: Vec<u8>,
    /// The ACK of a refusal.
    ack: Option<Vec<u8>>,
    flow: Flow,
    purpose: P,
}

impl<P> Client<P> {
    fn deadline(&self) -> Option<Time> {
        match &self.machine {
            ClientMachine::Invite(machine) => machine.deadline(),
            ClientMachine::NonInvite(machine) => machine.deadline(),
        }
    }

    fn is_over(&self) -> bool {
        match &self.machine {
            ClientMachine::Invite(machine) => machine.state == client_invite::State::Terminated,
            ClientMachine::NonInvite(machine) => {
                machine.state == client_non_invite::State::Terminated
            }
        }
    }

    /// It has no answer at all: whether its request has arrived is not known.
    fn is_unheard(&self) -> bool {
        match &self.machine {
            ClientMachine::Invite(machine) => machine.state == client_invite::State::Calling,
            ClientMachine::NonInvite(machine) => machine.state == client_non_invite::State::Trying,
        }
    }
}

enum ServerMachine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

struct Server {
    machine: ServerMachine,
    key: String,
    merge_key: Option<String>,
    head: ResponseHead,
    last: Option<Vec<u8>>,
    flow: Flow,
}

impl Server {
    fn deadline(&self) -> Option<Time> {
        match &self.machine {
            ServerMachine::Invite(machine) => machine.deadline(),
            ServerMachine::NonInvite(machine) => machine.deadline(),
        }
    }

    fn is_over(&self) -> bool {
        match &self.machine {
            ServerMachine::Invite(machine) => machine.state == server_invite::State::Terminated,
            ServerMachine::NonInvite(machine) => {
                machine.state == server_non_invite::State::Terminated
            }
        }
    }
}

/// What each response copies from its request (RFC 3261 §8.2.6.2).
pub(crate) struct ResponseHead {
    copied: Vec<(HeaderName, Text)>,
    record_route: Vec<Text>,
}

impl ResponseHead {
    pub(crate) fn of(request: &Request) -> Self {
        let mut copied = Vec::with_capacity(6);
        for name in [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ] {
            for row in request.headers.rows_of(&name) {
                copied.push((name.clone(), row.clone()));
            }
        }
        // RFC 3261 §12.1.1: what opens a dialog copies Record-Route, too.
        let record_route = request.headers.rows_of(&HeaderName::RecordRoute);
        let record_route = record_route.cloned().collect();
        Self {
            copied,
            record_route,
        }
    }

    /// A response with these, and with this tag in To where it has none.
    pub(crate) fn response(&self, status: u16, tag: Option<&str>) -> Response {
        let mut response = Response::new(status);
        for (name, value) in &self.copied {
            match tag {
                Some(tag) if *name == HeaderName::To && !has_tag(value) => {
                    response
                        .headers
                        .push(name.clone(), format!("{value};tag={tag}"));
                }
                _ => response.headers.push(name.clone(), value.clone()),
            }
        }
        response
    }
}

/// Whether a From or To value has a tag parameter.
pub(crate) fn has_tag(value: &str) -> bool {
    trialog_sip::NameAddr::parse(value).is_ok_and(|address| address.tag().is_some())
}

/// A request that no transaction knew.
pub(crate) enum Taken {
    /// It has a server transaction now, which must be answered.
    New(ServerId),
    /// An ACK for a 2xx.
    Ack,
    /// The same request came by another way and is being answered there: 482 (RFC 3261 §8.2.2.2).
    Merged(ServerId),
    /// Nothing new.
    Absorbed,
}

/// What a deadline has brought.
pub(crate) enum Elapsed {
    /// No final response came within 64·T1.
    TimedOut(ClientId),
}

pub(crate) struct Transactions<P> {
    clients: HashMap<ClientId, Client<P>>,
    client_keys: HashMap<String, ClientId>,
    servers: HashMap<ServerId, Server>,
    server_keys: HashMap<String, ServerId>,
    merge_keys: HashMap<String, ServerId>,
    timers: Timers<Id>,
    next: u64,
}

impl<P> Transactions<P> {
    pub(crate) fn new() -> Self {
        Self {
            clients: HashMap::new(),
            client_keys: HashMap::new(),
            servers: HashMap::new(),
            server_keys: HashMap::new(),
            merge_keys: HashMap::new(),
            timers: Timers::new(),
            next: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }

    // ---- client side ----

    /// Sends a request, whose topmost Via is ours with a fresh branch (for CANCEL: with the branch of its INVITE).
    pub(crate) fn start(
        &mut self,
        now: Time,
        request: Request,
        branch: &str,
        flow: Flow,
        purpose: P,
        out: &mut VecDeque<Output>,
    ) -> ClientId {
        self.next += 1;
        let id = ClientId(self.next);
        let bytes = request.to_bytes();
        out.push_back(flow.carry(bytes.clone()));
        let reliable = flow.transport.is_reliable();
        let machine = if request.method == Method::Invite {
            ClientMachine::Invite(ClientInvite::new(now, reliable))
        } else {
            ClientMachine::NonInvite(ClientNonInvite::new(now, reliable))
        };
        let key = client_key(branch, &request.method);
        self.client_keys.insert(key.clone(), id);
        let client = Client {
            machine,
            key,
            request,
            bytes,
            ack: None,
            flow,
            purpose,
        };
        self.timers.put(Id::Client(id), client.deadline());
        self.clients.insert(id, client);
        id
    }

    /// A response came; its client transaction, where it is new to that one's user.
    pub(crate) fn receive_response(
        &mut self,
        now: Time,
        response: &Response,
        out: &mut VecDeque<Output>,
    ) -> Option<ClientId> {
        let via = Via::parse(response.headers.get(&HeaderName::Via)?).ok()?;
        let cseq = trialog_sip::CSeq::parse(response.headers.get(&HeaderName::CSeq)?).ok()?;
        let id = *self
            .client_keys
            .get(&client_key(via.branch()?, &cseq.method))?;
        let client = self.clients.get_mut(&id)?;
        let status = response.status.code();
        let answer = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.on_response(now, status),
            ClientMachine::NonInvite(machine) => machine.on_response(now, status),
        };
        if answer.ack {
            let ack = client
                .ack
                .get_or_insert_with(|| ack_of_refusal(&client.request, response).to_bytes());
            out.push_back(client.flow.carry(ack.clone()));
        }
        self.timers.put(Id::Client(id), client.deadline());
        answer.pass.then_some(id)
    }

    /// Drops it if it has ended. Called after its user has seen what ended it.
    pub(crate) fn reap(&mut self, id: ClientId) {
        if self.clients.get(&id).is_some_and(Client::is_over) {
            self.forget(id);
        }
    }

    /// Drops it, whatever its state.
    pub(crate) fn forget(&mut self, id: ClientId) -> Option<P> {
        let client = self.clients.remove(&id)?;
        self.client_keys.remove(&client.key);
        self.timers.cancel(Id::Client(id));
        Some(client.purpose)
    }

    pub(crate) fn purpose(&self, id: ClientId) -> Option<&P> {
        self.clients.get(&id).map(|client| &client.purpose)
    }

    pub(crate) fn purpose_mut(&mut self, id: ClientId) -> Option<&mut P> {
        self.clients.get_mut(&id).map(|client| &mut client.purpose)
    }

    pub(crate) fn request(&self, id: ClientId) -> Option<&Request> {
        self.clients.get(&id).map(|client| &client.request)
    }

    pub(crate) fn flow(&self, id: ClientId) -> Option<Flow> {
        self.clients.get(&id).map(|client| client.flow)
    }

    /// The client transactions that have heard nothing from there yet.
    pub(crate) fn unheard_from(
        &self,
        transport: Transport,
        destination: SocketAddr,
    ) -> Vec<ClientId> {
        let mut ids: Vec<ClientId> = self
            .clients
            .iter()
            .filter(|(_, client)| {
                client.is_unheard()
                    && client.flow.transport == transport
                    && client.flow.destination == destination
            })
            .map(|(id, _)| *id)
            .collect();
        ids.sort_unstable();
        ids
    }

    // ---- server side ----

    /// A request came; its Via already says `received` and `rport`. `flow` is where responses go.
    pub(crate) fn receive_request(
        &mut self,
        now: Time,
        request: &Request,
        via: &Via,
        flow: Flow,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        let is_ack = request.method == Method::Ack;
        let key = server_key(
            request,
            via,
            if is_ack {
                &Method::Invite
            } else {
                &request.method
            },
        );
        if let Some(id) = self.server_keys.get(&key).copied() {
            let Some(server) = self.servers.get_mut(&id) else {
                return Taken::Absorbed;
            };
            let heard = match &mut server.machine {
                ServerMachine::Invite(machine) if is_ack => machine.on_ack(now),
                ServerMachine::Invite(machine) => machine.on_request_again(),
                ServerMachine::NonInvite(machine) => machine.on_request_again(),
            };
            let taken = match heard {
                Heard::Pass => Taken::Ack,
                Heard::Absorb => Taken::Absorbed,
                Heard::SendLastAgain => {
                    if let Some(last) = &server.last {
                        out.push_back(server.flow.carry(last.clone()));
                    }
                    Taken::Absorbed
                }
            };
            self.settle_server(id);
            return taken;
        }
        if is_ack {
            return Taken::Ack;
        }
        let merge_key = merge_key(request);
        let merged = merge_key
            .as_ref()
            .is_some_and(|key| self.merge_keys.contains_key(key));
        self.next += 1;
        let id = ServerId(self.next);
        let reliable = flow.transport.is_reliable();
        let machine = if request.method == Method::Invite {
            ServerMachine::Invite(ServerInvite::new(now, reliable))
        } else {
            ServerMachine::NonInvite(ServerNonInvite::new(reliable))
        };
        self.server_keys.insert(key.clone(), id);
        let merge_key = merge_key.filter(|_| !merged);
        if let Some(key) = &merge_key {
            self.merge_keys.insert(key.clone(), id);
        }
        let server = Server {
            machine,
            key,
            merge_key,
            head: ResponseHead::of(request),
            last: None,
            flow,
        };
        self.timers.put(Id::Server(id), server.deadline());
        self.servers.insert(id, server);
        if merged {
            Taken::Merged(id)
        } else {
            Taken::New(id)
        }
    }

    /// The INVITE transaction that this CANCEL means (RFC 3261 §9.2).
    pub(crate) fn cancelled_by(&self, cancel: &Request, via: &Via) -> Option<ServerId> {
        self.server_keys
            .get(&server_key(cancel, via, &Method::Invite))
            .copied()
    }

    /// The beginning of a response in this transaction.
    pub(crate) fn response(
        &self,
        id: ServerId,
        status: u16,
        tag: Option<&str>,
    ) -> Option<Response> {
        Some(self.servers.get(&id)?.head.response(status, tag))
    }

    /// By what the request came.
    pub(crate) fn server_transport(&self, id: ServerId) -> Option<Transport> {
        Some(self.servers.get(&id)?.flow.transport)
    }

    /// The rows of Record-Route that a response that opens a dialog copies.
    pub(crate) fn record_route(&self, id: ServerId) -> Vec<Text> {
        let server = self.servers.get(&id);
        server.map_or_else(Vec::new, |server| server.head.record_route.clone())
    }

    /// Sends a response, if the transaction still has a place for it.
    pub(crate) fn respond(
        &mut self,
        now: Time,
        id: ServerId,
        response: &Response,
        out: &mut VecDeque<Output>,
    ) -> bool {
        let Some(server) = self.servers.get_mut(&id) else {
            return false;
        };
        let fits = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.on_send(now, response.status.code()),
            ServerMachine::NonInvite(machine) => machine.on_send(now, response.status.code()),
        };
        if fits {
            let bytes = response.to_bytes();
            out.push_back(server.flow.carry(bytes.clone()));
            server.last = Some(bytes);
        }
        self.settle_server(id);
        fits
    }

    /// Sends the last response again: the user agent's 2xx until its ACK (RFC 3261 §13.3.1.4).
    pub(crate) fn repeat(&self, id: ServerId, out: &mut VecDeque<Output>) {
        if let Some((server, last)) = self
            .servers
            .get(&id)
            .and_then(|server| Some((server, server.last.as_ref()?)))
        {
            out.push_back(server.flow.carry(last.clone()));
        }
    }

    fn settle_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get(&id) else {
            return;
        };
        if server.is_over() {
            self.timers.cancel(Id::Server(id));
            if let Some(server) = self.servers.remove(&id) {
                self.server_keys.remove(&server.key);
                if let Some(key) = server.merge_key {
                    self.merge_keys.remove(&key);
                }
            }
        } else {
            self.timers.put(Id::Server(id), server.deadline());
        }
    }

    // ---- time ----

    /// Runs one machine whose time has come; `None` when there is none, `Some(None)` when it had nothing to tell.
    pub(crate) fn on_timeout(
        &mut self,
        now: Time,
        out: &mut VecDeque<Output>,
    ) -> Option<Option<Elapsed>> {
        match self.timers.pop_due(now)? {
            Id::Client(id) => Some(self.ring_client(now, id, out)),
            Id::Server(id) => {
                self.ring_server(now, id, out);
                Some(None)
            }
        }
    }

    fn ring_client(
        &mut self,
        now: Time,
        id: ClientId,
        out: &mut VecDeque<Output>,
    ) -> Option<Elapsed> {
        let client = self.clients.get_mut(&id)?;
        let ring = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.on_timer(now),
            ClientMachine::NonInvite(machine) => machine.on_timer(now),
        };
        match ring {
            // Its user still has to see what it was for; it is reaped then.
            Ring::TimedOut => return Some(Elapsed::TimedOut(id)),
            Ring::Retransmit => out.push_back(client.flow.carry(client.bytes.clone())),
            Ring::Nothing | Ring::Trying => {}
        }
        if client.is_over() {
            self.forget(id);
        } else {
            self.timers.put(Id::Client(id), client.deadline());
        }
        None
    }

    fn ring_server(&mut self, now: Time, id: ServerId, out: &mut VecDeque<Output>) {
        let Some(server) = self.servers.get_mut(&id) else {
            return;
        };
        let ring = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.on_timer(now),
            ServerMachine::NonInvite(machine) => machine.on_timer(now),
        };
        match ring {
            Ring::Trying => {
                let bytes = server.head.response(100, None).to_bytes();
                out.push_back(server.flow.carry(bytes.clone()));
                server.last = Some(bytes);
            }
            Ring::Retransmit => {
                if let Some(last) = &server.last {
                    out.push_back(server.flow.carry(last.clone()));
                }
            }
            Ring::Nothing | Ring::TimedOut => {}
        }
        self.settle_server(id);
    }
}

/// RFC 3261 §17.1.3: branch and method.
fn client_key(branch: &str, method: &Method) -> String {
    format!("{branch} {method}")
}

/// RFC 3261 §17.2.3: branch, sent-by and method; without the magic cookie, what RFC 2543 compared.
fn server_key(request: &Request, via: &Via, method: &Method) -> String {
    let port = via.port.unwrap_or_default();
    match via.branch() {
        Some(branch) if branch.starts_with(crate::random::BRANCH_COOKIE) => {
            format!("{branch} {}:{port} {method}", via.host)
        }
        _ => {
            let value = |name| request.headers.get(&name).unwrap_or_default();
            let number = value(HeaderName::CSeq)
                .split_whitespace()
                .next()
                .unwrap_or_default();
            format!(
                "{} {} {number} {}:{port} {method}",
                value(HeaderName::CallId),
                value(HeaderName::From),
                via.host,
            )
        }
    }
}

/// RFC 3261 §8.2.2.2: From tag, Call-ID and CSeq of a request without a tag in To.
fn merge_key(request: &Request) -> Option<String> {
    let value = |name| request.headers.get(&name);
    if has_tag(value(HeaderName::To)?) {
        return None;
    }
    Some(format!(
        "{} {} {}",
        value(HeaderName::CallId)?,
        value(HeaderName::From)?,
        value(HeaderName::CSeq)?
    ))
}

/// RFC 3261 §17.1.1.3: the ACK of a refusal, which belongs to the INVITE's transaction.
fn ack_of_refusal(invite: &Request, response: &Response) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    if let Some(via) = invite.headers.all(&HeaderName::Via).next() {
        ack.headers.push(HeaderName::Via, via);
    }
    for route in invite.headers.all(&HeaderName::Route) {
        ack.headers.push(HeaderName::Route, route);
    }
    ack.headers.push(HeaderName::MaxForwards, "70");
    for (name, from) in [
        (HeaderName::From, &invite.headers),
        (HeaderName::To, &response.headers),
        (HeaderName::CallId, &invite.headers),
    ] {
        if let Some(value) = from.get(&name) {
            ack.headers.push(name, value);
        }
    }
    let cseq = invite.headers.get(&HeaderName::CSeq).unwrap_or_default();
    let number = cseq.split_whitespace().next().unwrap_or("1");
    ack.headers.push(HeaderName::CSeq, format!("{number} ACK"));
    ack
}
