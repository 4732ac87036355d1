//! The server side of the transaction layer: others' requests, and our answers, kept to be sent again.
use super::server_invite::{self, ServerInvite};
use super::server_non_invite::{self, ServerNonInvite};
use super::{Destination, Heard, Id, Ring, Sender, ServerId, Taken, Transactions};
use crate::invariant::Invariant;
use crate::{Output, Peer};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use trialog_call::Time;
use trialog_sip::{HeaderName, Headers, Method, NameAddr, Request, Response, Via};

pub(super) enum ServerMachine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

pub(super) struct Server {
    machine: ServerMachine,
    key: Arc<str>,
    merge_key: Option<Arc<str>>,
    /// Of no use any more when the last response was sent.
    head: ResponseHead,
    /// What is to be sent again.
    last: Option<Box<[u8]>>,
    destination: Destination,
    /// Its sender, where it is of the strangers' share.
    stranger: Option<IpAddr>,
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
#[derive(Default)]
pub(crate) struct ResponseHead {
    copied: Headers,
    record_route: Vec<String>,
}

impl ResponseHead {
    pub(crate) fn of(request: &Request) -> Self {
        let mut copied = Headers::new();
        for name in [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ] {
            for row in request.headers.rows_of(&name) {
                copied.push(name.clone(), row);
            }
        }
        // RFC 3261 §12.1.1: what opens a dialog copies Record-Route, too.
        let record_route = request.headers.rows_of(&HeaderName::RecordRoute);
        let record_route = record_route.map(str::to_owned).collect();
        Self {
            copied,
            record_route,
        }
    }

    /// A response with these, and with this tag in To where it has none.
    pub(crate) fn response(&self, status: u16, tag: Option<&str>) -> Response {
        let mut response = Response::new(status);
        for (name, value) in self.copied.rows() {
            match tag {
                Some(tag) if name == HeaderName::To && NameAddr::tag_in(value).is_none() => {
                    let tagged = format_args!("{value};tag={tag}");
                    response.headers.push_fmt(name, tagged);
                }
                _ => response.headers.push(name, value),
            }
        }
        response
    }
}

impl<P> Transactions<P> {
    /// A request came; its Via already says `received` and `rport`. `destination` is where responses go. Where there is no room for
    /// its sender it is taken only if it needs no new transaction.
    pub(crate) fn receive_request(
        &mut self,
        now: Time,
        request: &Request,
        via: &Via,
        destination: Destination,
        sender: Sender,
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
        if let Some(id) = self.server_keys.get(key.as_str()).copied() {
            let server = self.servers.get_mut(&id);
            let Some(server) = server.asserted("a key goes with its transaction") else {
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
                        out.push_back(server.destination.carry(last.to_vec()));
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
        let stranger = match sender {
            Sender::Stranger(address) => Some(address),
            Sender::OfOurs | Sender::Known => None,
        };
        if sender != Sender::OfOurs && !self.have_room(stranger) {
            return Taken::NoRoom;
        }
        let merge_key = merge_key(request);
        let merged = merge_key
            .as_ref()
            .is_some_and(|key| self.merge_keys.contains_key(key.as_str()));
        self.next += 1;
        let id = ServerId(self.next);
        let reliable = destination.peer.transport.is_reliable();
        let machine = if request.method == Method::Invite {
            ServerMachine::Invite(ServerInvite::new(now, reliable))
        } else {
            ServerMachine::NonInvite(ServerNonInvite::new(reliable))
        };
        let key = Arc::<str>::from(key);
        self.server_keys.insert(Arc::clone(&key), id);
        let merge_key = merge_key.filter(|_| !merged).map(Arc::<str>::from);
        if let Some(key) = &merge_key {
            self.merge_keys.insert(Arc::clone(key), id);
        }
        let server = Server {
            machine,
            key,
            merge_key,
            head: ResponseHead::of(request),
            last: None,
            destination,
            stranger,
        };
        if let Some(sender) = stranger {
            self.strangers.take(sender);
        }
        self.timers.put(Id::Server(id), server.deadline());
        self.servers.insert(id, server);
        if merged {
            Taken::Merged(id)
        } else {
            Taken::New(id)
        }
    }

    /// Whether a request is of a transaction that there is already.
    pub(crate) fn knows(&self, request: &Request, via: &Via) -> bool {
        let key = server_key(request, via, &request.method);
        self.server_keys.contains_key(key.as_str())
    }

    /// The INVITE transaction that this CANCEL means (RFC 3261 §9.2).
    pub(crate) fn cancelled_by(&self, cancel: &Request, via: &Via) -> Option<ServerId> {
        self.server_keys
            .get(server_key(cancel, via, &Method::Invite).as_str())
            .copied()
    }

    /// The beginning of a response in this transaction.
    pub(crate) fn response(
        &self,
        id: ServerId,
        status: u16,
        tag: Option<&str>,
    ) -> Option<Response> {
        let server = self.servers.get(&id);
        let server = server.asserted("what has no final response yet is there")?;
        Some(server.head.response(status, tag))
    }

    /// The peer that the request's responses go to.
    pub(crate) fn server_peer(&self, id: ServerId) -> Option<&Peer> {
        Some(&self.servers.get(&id)?.destination.peer)
    }

    /// The rows of Record-Route that a response that opens a dialog copies.
    pub(crate) fn record_route(&self, id: ServerId) -> Vec<String> {
        let server = self.servers.get(&id);
        server.map_or_else(Vec::new, |server| server.head.record_route.clone())
    }

    /// Sends a response.
    pub(crate) fn respond(
        &mut self,
        now: Time,
        id: ServerId,
        response: &Response,
        out: &mut VecDeque<Output>,
    ) {
        let server = self.servers.get_mut(&id);
        let Some(server) = server.asserted("what has no final response yet is there") else {
            return;
        };
        let fits = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.on_send(now, response.status.code()),
            ServerMachine::NonInvite(machine) => machine.on_send(now, response.status.code()),
        };
        debug_assert!(
            fits,
            "broken: a request has one final response, and none after it"
        );
        if fits {
            let bytes = response.to_bytes();
            server.last = Some(bytes.as_slice().into());
            out.push_back(server.destination.carry(bytes));
            if response.status.code() >= 200 {
                server.head = ResponseHead::default();
            }
        }
        self.settle_server(id);
    }

    /// The 2xx was acknowledged: it is not sent again.
    pub(crate) fn acknowledged(&mut self, id: ServerId) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.last = None;
        }
    }

    /// Sends the last response again: the user agent's 2xx until its ACK (RFC 3261 §13.3.1.4).
    pub(crate) fn repeat(&self, id: ServerId, out: &mut VecDeque<Output>) {
        if let Some((server, last)) = self
            .servers
            .get(&id)
            .and_then(|server| Some((server, server.last.as_ref()?)))
        {
            out.push_back(server.destination.carry(last.to_vec()));
        }
    }

    fn settle_server(&mut self, id: ServerId) {
        let server = self.servers.get(&id);
        let Some(server) = server.asserted("it was there a moment ago") else {
            return;
        };
        if server.is_over() {
            self.timers.cancel(Id::Server(id));
            if let Some(server) = self.servers.remove(&id) {
                self.server_keys.remove(&server.key);
                if let Some(key) = server.merge_key {
                    self.merge_keys.remove(&key);
                }
                if let Some(sender) = server.stranger {
                    self.strangers.give_back(sender);
                }
            }
        } else {
            self.timers.put(Id::Server(id), server.deadline());
        }
    }

    pub(super) fn ring_server(&mut self, now: Time, id: ServerId, out: &mut VecDeque<Output>) {
        let server = self.servers.get_mut(&id);
        let Some(server) = server.asserted("a timer goes with its transaction") else {
            return;
        };
        let ring = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.on_timer(now),
            ServerMachine::NonInvite(machine) => machine.on_timer(now),
        };
        match ring {
            Ring::Trying => {
                let bytes = server.head.response(100, None).to_bytes();
                server.last = Some(bytes.as_slice().into());
                out.push_back(server.destination.carry(bytes));
            }
            Ring::Retransmit => {
                if let Some(last) = &server.last {
                    out.push_back(server.destination.carry(last.to_vec()));
                }
            }
            Ring::Nothing | Ring::TimedOut | Ring::Unfinished => {}
        }
        self.settle_server(id);
    }
}

/// RFC 3261 §17.2.3: branch, sent-by and method; without the magic cookie, what RFC 2543 compared. The number of CSeq is in
/// both: it is the same in all messages of a transaction, and some phones send their next request with the branch of the last.
fn server_key(request: &Request, via: &Via, method: &Method) -> String {
    let port = via.port.unwrap_or_default();
    let number = crate::outbound::cseq_of(request);
    match via.branch() {
        Some(branch) if branch.starts_with(crate::random::BRANCH_COOKIE) => {
            format!("{branch} {number} {}:{port} {method}", via.host)
        }
        _ => {
            let value = |name| request.headers.get(&name).unwrap_or_default();
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
    if NameAddr::tag_in(value(HeaderName::To)?).is_some() {
        return None;
    }
    // RFC 2543 knew requests without a tag.
    let from = value(HeaderName::From)?;
    let from_tag = NameAddr::tag_in(from).unwrap_or(from);
    Some(format!(
        "{} {} {}",
        value(HeaderName::CallId)?,
        from_tag,
        value(HeaderName::CSeq)?
    ))
}
