//! The ACK of a 2xx (RFC 3261 §13.2.2.4): no transaction of its own, one for each fork, sent again for each copy of the 2xx.
use crate::Peer;
use crate::agent::UserAgent;
use crate::invariant::Invariant;
use crate::outbound::Hop;
use crate::resolving::Waiting;
use crate::transaction::{ClientId, Destination};
use trialog_sip::{HeaderName, Request, Uri};

impl UserAgent {
    /// Sends the ACK of a 2xx (RFC 3261 §13.2.2.4), and keeps it for that fork's next copy.
    pub(crate) fn acknowledge(
        &mut self,
        client: ClientId,
        tag: &str,
        ack: Request,
        next_hop: &Uri,
        account: usize,
    ) {
        let sent = self.transactions.purpose_mut(client);
        if let Some(sent) = sent.asserted("its 2xx is being handled") {
            sent.acks.push((tag.to_owned(), None));
        }
        match self.hop(next_hop, account) {
            Hop::At(peer) => self.launch_ack(ack, account, client, tag, peer),
            Hop::Name(name) => {
                let waiting = Waiting::Ack(Box::new(ack), account, client, tag.to_owned());
                self.resolve(name, waiting);
            }
            Hop::Nowhere => {}
        }
    }

    pub(crate) fn launch_ack(
        &mut self,
        mut ack: Request,
        account: usize,
        client: ClientId,
        tag: &str,
        peer: Peer,
    ) {
        // Looking a name up may take longer than the transaction lives: the ACK then goes without, and only once.
        // RFC 3261 §13.2.2.4: the ACK carries the credentials of its INVITE.
        if let Some(invite) = self.transactions.request(client) {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
                let values: Vec<String> = invite.headers.all(&name).map(str::to_owned).collect();
                for value in values {
                    ack.headers.push(name.clone(), value);
                }
            }
        }
        let branch = self.random.branch();
        let via = self.flows[account].via(&peer, &branch);
        ack.headers.push_front(HeaderName::Via, via);
        let output = Destination::of_request(peer).carry(ack.to_bytes());
        self.out.push_back(output.clone());
        if let Some(sent) = self.transactions.purpose_mut(client)
            && let Some(entry) = sent.acks.iter_mut().find(|(own, _)| own == tag)
        {
            entry.1 = Some(output);
        }
    }

    /// Sends the ACK of this fork again, if there was one.
    pub(crate) fn acknowledge_again(&mut self, client: ClientId, tag: &str) -> bool {
        let sent = self.transactions.purpose(client);
        let Some(sent) = sent.asserted("its 2xx is being handled") else {
            return false;
        };
        let Some((_, ack)) = sent.acks.iter().find(|(own, _)| own == tag) else {
            return false;
        };
        self.out.extend(ack.clone());
        true
    }
}
