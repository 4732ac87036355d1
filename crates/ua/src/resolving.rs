//! Requests whose next hop is a host name, while the program looks its addresses up (RFC 3263).
use crate::id_map::IdMap;
use crate::invariant::Invariant;
use crate::outbound::RequestContext;
use crate::transaction::ClientId;
use crate::{Question, ResolveId, Transport};
use trialog_sip::Request;

/// The host of a URI that needs addresses, as a [`Question`] states it.
pub(crate) struct HostName {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) transport: Option<Transport>,
}

/// What waits for a name's addresses.
pub(crate) enum Waiting {
    Request(Box<Request>, RequestContext),
    /// An account's ACK of a 2xx of this fork.
    Ack(Box<Request>, usize, ClientId, String),
}

/// All names that are being looked up.
#[derive(Default)]
pub(crate) struct Resolving {
    waiting: IdMap<ResolveId, Waiting>,
    asked: u64,
}

impl Resolving {
    /// Keeps a request until its host name has addresses. The question is for the program.
    pub(crate) fn ask(&mut self, name: HostName, waiting: Waiting) -> Question {
        self.asked += 1;
        let id = ResolveId(self.asked);
        self.waiting.insert(id, waiting);
        Question {
            id,
            host: name.host,
            port: name.port,
            transport: name.transport,
        }
    }

    /// What has waited for this answer.
    pub(crate) fn answered(&mut self, id: ResolveId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id);
        waiting.asserted("the program answers each question once")
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Tables that grew in busy times are as small as they can be.
    pub(crate) fn give_back_room(&mut self) {
        self.waiting.shrink_to_fit();
    }
}
