//! The transaction layer (RFC 3261 §17): matches messages to machines, keeps what may have to be sent again, and runs the
//! machines' timers. It gets requests to start and messages that were parsed; it hands up what is new, once. It knows
//! nothing of dialogs, and what a client transaction is for (`P`) it only keeps.
mod client;
mod client_invite;
mod client_non_invite;
mod server;
mod server_invite;
mod server_non_invite;
mod share;
pub(crate) mod timing;

use crate::id_map::IdMap;
use crate::timers::Timers;
use crate::{ConnectionId, Output, Peer, Transmit};
use client::Client;
use server::Server;
use share::Share;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use trialog_call::Time;

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
    /// No response came.
    TimedOut,
    /// A provisional response came, and no final one.
    Unfinished,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) peer: Peer,
    /// The stream that a response's request came by.
    pub(crate) connection: Option<ConnectionId>,
}

impl Destination {
    /// A request of ours goes there by any stream.
    pub(crate) fn of_request(peer: Peer) -> Self {
        Self {
            peer,
            connection: None,
        }
    }

    pub(crate) fn carry(&self, bytes: Vec<u8>) -> Output {
        Output::Transmit(Transmit {
            peer: self.peer.clone(),
            connection: self.connection,
            bytes,
        })
    }
}

/// Of whom a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// In a dialog of ours, or of a CANCEL for a transaction of ours: there is always room for it.
    OfOurs,
    /// No stranger.
    Known,
    /// From this address, and of the strangers' share.
    Stranger(IpAddr),
}

/// A request that no transaction knew.
pub(crate) enum Taken {
    /// It has a server transaction now, which must be answered.
    New(ServerId),
    /// An ACK for a 2xx.
    Ack,
    /// The same request came by another way and is being answered there: 482 (RFC 3261 §8.2.2.2).
    Merged(ServerId),
    /// There is no room for a transaction.
    NoRoom,
    /// Nothing new.
    Absorbed,
}

/// What a deadline has brought.
pub(crate) enum Elapsed {
    /// No response came within 64·T1.
    TimedOut(ClientId),
    /// A provisional response came, and no final one in time.
    Unfinished(ClientId),
}

/// Server transactions that are kept at most for requests of strangers. 1,200 calls a second leave 77,000 behind them for the
/// 32 s of timers J and L; a flood must not take memory without end.
const MOST: usize = 1 << 17;

pub(crate) struct Transactions<P> {
    clients: IdMap<ClientId, Client<P>>,
    client_keys: HashMap<String, ClientId>,
    servers: IdMap<ServerId, Server>,
    server_keys: HashMap<Arc<str>, ServerId>,
    merge_keys: HashMap<Arc<str>, ServerId>,
    timers: Timers<Id>,
    next: u64,
    most: usize,
    strangers: Share,
}

impl<P> Transactions<P> {
    pub(crate) fn new() -> Self {
        Self {
            clients: IdMap::default(),
            client_keys: HashMap::new(),
            servers: IdMap::default(),
            server_keys: HashMap::new(),
            merge_keys: HashMap::new(),
            timers: Timers::new(),
            next: 0,
            most: MOST,
            strangers: Share::new(),
        }
    }

    /// There is room for a request outside of our dialogs; `stranger`: its sender, where it is one.
    pub(crate) fn have_room(&self, stranger: Option<IpAddr>) -> bool {
        self.servers.len() < self.most
            && stranger.is_none_or(|sender| self.strangers.has_room(sender))
    }

    /// Strangers have no more server transactions than these: all together, and each address.
    pub(crate) fn limit_strangers(&mut self, all: usize, each: usize) {
        self.strangers.limit(all, each);
    }

    #[cfg(test)]
    pub(crate) fn limit(&mut self, most: usize) {
        self.most = most;
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// How many keys lead to a transaction.
    pub(crate) fn ways(&self) -> usize {
        self.client_keys.len() + self.server_keys.len() + self.merge_keys.len()
    }

    /// Tables that grew in busy times are as small as they can be.
    pub(crate) fn give_back_room(&mut self) {
        self.clients.shrink_to_fit();
        self.client_keys.shrink_to_fit();
        self.servers.shrink_to_fit();
        self.strangers.give_back_room();
        self.server_keys.shrink_to_fit();
        self.merge_keys.shrink_to_fit();
        self.timers.give_back_room();
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }

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
}
