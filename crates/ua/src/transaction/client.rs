//! The client side of the transaction layer: our requests, kept until their last answer.
use super::client_invite::{self, ClientInvite};
use super::client_non_invite::{self, ClientNonInvite};
use super::timing::REINVITE_TIMEOUT;
use super::{ClientId, Destination, Elapsed, Id, Ring, Transactions};
use crate::invariant::Invariant;
use crate::{Output, Peer};
use std::collections::VecDeque;
use trialog_call::Time;
use trialog_sip::{CSeq, HeaderName, Method, Request, Response, Via};

pub(super) enum ClientMachine {
    Invite(ClientInvite),
    NonInvite(ClientNonInvite),
}

pub(super) struct Client<P> {
    machine: ClientMachine,
    key: String,
    request: Request,
    bytes: Vec<u8>,
    /// The ACK of a refusal.
    ack: Option<Vec<u8>>,
    destination: Destination,
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

impl<P> Transactions<P> {
    /// Sends a request, whose topmost Via is ours with a fresh branch (for CANCEL: with the branch of its INVITE).
    pub(crate) fn start(
        &mut self,
        now: Time,
        request: Request,
        branch: &str,
        destination: Destination,
        purpose: P,
        out: &mut VecDeque<Output>,
    ) -> ClientId {
        self.next += 1;
        let id = ClientId(self.next);
        let bytes = request.to_bytes();
        out.push_back(destination.carry(bytes.clone()));
        let reliable = destination.peer.transport.is_reliable();
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
            destination,
            purpose,
        };
        self.timers.put(Id::Client(id), client.deadline());
        self.clients.insert(id, client);
        id
    }

    /// Goes on with an INVITE that an earlier run of the phone has sent: it is not sent again, and its answers are taken.
    pub(crate) fn resume(
        &mut self,
        now: Time,
        invite: Request,
        branch: &str,
        destination: Destination,
        purpose: P,
    ) -> ClientId {
        // What is not sent goes nowhere.
        let id = self.start(
            now,
            invite,
            branch,
            destination,
            purpose,
            &mut VecDeque::new(),
        );
        if let Some(ClientMachine::Invite(machine)) =
            self.clients.get_mut(&id).map(|client| &mut client.machine)
        {
            machine.abandon(now);
        }
        let deadline = self.clients.get(&id).and_then(Client::deadline);
        self.timers.put(Id::Client(id), deadline);
        id
    }

    /// The far side of this INVITE is there and nobody has to pick up: after a provisional response its final one is waited for no
    /// longer than [`REINVITE_TIMEOUT`].
    pub(crate) fn limit_proceeding(&mut self, id: ClientId) {
        if let Some(ClientMachine::Invite(machine)) =
            self.clients.get_mut(&id).map(|client| &mut client.machine)
        {
            machine.patience = Some(REINVITE_TIMEOUT);
        }
    }

    /// This INVITE has no answer, or has timed out, and is not waited for any more: it is not sent again, and lives on for an answer
    /// that is late, which is another user's. Gives what it was for.
    pub(crate) fn abandon(&mut self, now: Time, id: ClientId, late: P) -> Option<P> {
        let client = self.clients.get_mut(&id)?;
        if let ClientMachine::Invite(machine) = &mut client.machine {
            machine.abandon(now);
        }
        self.timers.put(Id::Client(id), client.deadline());
        Some(std::mem::replace(&mut client.purpose, late))
    }

    /// A response came; its client transaction, where it is new to that one's user.
    pub(crate) fn receive_response(
        &mut self,
        now: Time,
        response: &Response,
        out: &mut VecDeque<Output>,
    ) -> Option<ClientId> {
        // RFC 3261 §8.1.3.3: with a second one it is on its way to somebody else.
        if response.headers.all(&HeaderName::Via).nth(1).is_some() {
            return None;
        }
        let via = Via::parse(response.headers.get(&HeaderName::Via)?).ok()?;
        let cseq = CSeq::parse(response.headers.get(&HeaderName::CSeq)?).ok()?;
        let id = *self
            .client_keys
            .get(&client_key(via.branch()?, &cseq.method))?;
        let client = self.clients.get_mut(&id);
        let client = client.asserted("a key goes with its transaction")?;
        let status = response.status.code();
        let answer = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.on_response(now, status),
            ClientMachine::NonInvite(machine) => machine.on_response(now, status),
        };
        if answer.ack {
            let ack = client
                .ack
                .get_or_insert_with(|| ack_of_refusal(&client.request, response).to_bytes());
            out.push_back(client.destination.carry(ack.clone()));
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

    pub(crate) fn destination(&self, id: ClientId) -> Option<&Destination> {
        self.clients.get(&id).map(|client| &client.destination)
    }

    /// The client transactions that have heard nothing from there yet.
    pub(crate) fn unheard_from(&self, peer: &Peer) -> Vec<ClientId> {
        let mut ids: Vec<ClientId> = self
            .clients
            .iter()
            .filter(|(_, client)| client.is_unheard() && peer.serves(&client.destination.peer))
            .map(|(id, _)| *id)
            .collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn ring_client(
        &mut self,
        now: Time,
        id: ClientId,
        out: &mut VecDeque<Output>,
    ) -> Option<Elapsed> {
        let client = self.clients.get_mut(&id);
        let client = client.asserted("a timer goes with its transaction")?;
        let ring = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.on_timer(now),
            ClientMachine::NonInvite(machine) => machine.on_timer(now),
        };
        match ring {
            // Its user still has to see what it was for; it is reaped then.
            Ring::TimedOut => return Some(Elapsed::TimedOut(id)),
            Ring::Unfinished => return Some(Elapsed::Unfinished(id)),
            Ring::Retransmit => out.push_back(client.destination.carry(client.bytes.clone())),
            Ring::Nothing | Ring::Trying => {}
        }
        if client.is_over() {
            self.forget(id);
        } else {
            self.timers.put(Id::Client(id), client.deadline());
        }
        None
    }
}

/// RFC 3261 §17.1.3: branch and method.
fn client_key(branch: &str, method: &Method) -> String {
    format!("{branch} {method}")
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
    // RFC 3261 §17.1.1.3: To is the response's, with its tag. Where that can't be read, the request's serves as well: the far
    // side matches the ACK by its branch.
    let to = match response.headers.to() {
        Some(Ok(_)) => &response.headers,
        _ => &invite.headers,
    };
    for (name, from) in [
        (HeaderName::From, &invite.headers),
        (HeaderName::To, to),
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
