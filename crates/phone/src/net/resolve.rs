//! Names to addresses (RFC 3263 §4.2): the servers that a domain's SRV records state, else the A and AAAA records of the name itself,
//! as the system finds them. NAPTR records are not asked for: a domain's transports are those that have SRV records.
use super::Families;
use super::srv::{Server, Services};
use tokio::sync::mpsc;
use trialog_ua::{Peer, Question, ResolveId};

/// The answer; without peers where the name has no address.
#[derive(Debug)]
pub(crate) struct Resolution {
    pub(crate) id: ResolveId,
    pub(crate) peers: Vec<Peer>,
}

/// Asks the system, without the loop waiting. The addresses of one server keep the order in which the system has them (RFC 6724): it
/// knows by which family there is a way.
#[derive(Debug)]
pub(crate) struct Resolver {
    answers: mpsc::Sender<Resolution>,
    /// Only addresses of these families can be sent to from our sockets.
    families: Families<()>,
    services: Services,
}

impl Resolver {
    pub(crate) fn new(families: Families<()>) -> (Self, mpsc::Receiver<Resolution>) {
        let (answers, received) = mpsc::channel(64);
        let resolver = Self {
            answers,
            families,
            services: Services::default(),
        };
        (resolver, received)
    }

    pub(crate) fn ask(&self, question: Question) {
        let (answers, families) = (self.answers.clone(), self.families);
        let services = self.services.clone();
        tokio::spawn(async move {
            let found = look_up(&services, families, &question).await;
            let peers = found.into_iter().flat_map(|(_, peers)| peers).collect();
            let resolution = Resolution {
                id: question.id,
                peers,
            };
            // A phone on its way out need not know.
            let _ = answers.send(resolution).await;
        });
    }
}

/// The servers that a question leads to, best first, each with its addresses of these families.
pub(crate) async fn look_up(
    services: &Services,
    families: Families<()>,
    question: &Question,
) -> Vec<(Server, Vec<Peer>)> {
    let mut all = Vec::new();
    for server in servers(services, question).await {
        let mut peers = Vec::new();
        match tokio::net::lookup_host((server.host.as_str(), server.port)).await {
            Ok(found) => {
                let of_ours = found.filter(|address| families.of(address.ip()).is_some());
                let peer = |at| Peer::named(&question.host, server.transport, at);
                peers.extend(of_ours.map(peer));
            }
            Err(error) => {
                tracing::info!(host = server.host, %error, "the name has no address");
            }
        }
        all.push((server, peers));
    }
    all
}

/// The servers that a question leads to, best first.
async fn servers(services: &Services, question: &Question) -> Vec<Server> {
    // RFC 3263 §4.2: a port in the URI leads to the host itself.
    if question.port.is_none() {
        let servers = services.of(&question.host, question.transport).await;
        if !servers.is_empty() {
            return servers;
        }
    }
    let transport = question.transport.unwrap_or_default();
    vec![Server {
        host: question.host.clone(),
        port: question.port.unwrap_or(transport.default_port()),
        transport,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};
    use trialog_ua::Transport;

    fn v4() -> Families<()> {
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        [(any, ())].into_iter().collect()
    }

    #[tokio::test]
    async fn a_name_gets_its_address_and_the_port_of_its_transport() {
        let (resolver, mut answers) = Resolver::new(v4());
        for (transport, port) in [(Transport::Tcp, 5060), (Transport::Tls, 5061)] {
            resolver.ask(Question {
                id: ResolveId(7),
                host: "localhost".to_owned(),
                port: None,
                transport: Some(transport),
            });
            let answer = answers.recv().await.unwrap();
            assert_eq!(answer.id, ResolveId(7));
            let localhost = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let peer = Peer::named("localhost", transport, localhost);
            assert_eq!(answer.peers, [peer]);
        }
    }

    #[tokio::test]
    async fn a_name_that_is_none_gets_no_address() {
        let (resolver, mut answers) = Resolver::new(v4());
        resolver.ask(Question {
            id: ResolveId(1),
            host: "no name".to_owned(),
            port: Some(1),
            transport: None,
        });
        assert!(answers.recv().await.unwrap().peers.is_empty());
    }
}
