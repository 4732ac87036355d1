//! Names to addresses. For now A and AAAA records, as the system finds them; the order of services (RFC 3263 §4: NAPTR, SRV) is
//! not asked for yet, so a domain that has only SRV records needs its proxy named.
use std::net::SocketAddr;
use tokio::sync::mpsc;
use trialog_ua::{ResolveId, Transport};

/// RFC 3261 §19.1.2.
const SIP_PORT: u16 = 5060;

/// A name that the user agent wants an address for.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) id: ResolveId,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) transport: Option<Transport>,
}

/// The answer; without addresses where there is none.
#[derive(Debug)]
pub(crate) struct Resolution {
    pub(crate) id: ResolveId,
    pub(crate) addresses: Vec<(Transport, SocketAddr)>,
}

/// Asks the system, without the loop waiting.
#[derive(Debug)]
pub(crate) struct Resolver {
    answers: mpsc::Sender<Resolution>,
    /// Only addresses of this kind can be sent to from our socket.
    ipv6: bool,
}

impl Resolver {
    pub(crate) fn new(ipv6: bool) -> (Self, mpsc::Receiver<Resolution>) {
        let (answers, received) = mpsc::channel(64);
        (Self { answers, ipv6 }, received)
    }

    pub(crate) fn ask(&self, question: Question) {
        let (answers, ipv6) = (self.answers.clone(), self.ipv6);
        tokio::spawn(async move {
            let transport = question.transport.unwrap_or_default();
            let name = (question.host.as_str(), question.port.unwrap_or(SIP_PORT));
            let found = match tokio::net::lookup_host(name).await {
                Ok(found) => found.filter(|address| address.is_ipv6() == ipv6).collect(),
                Err(error) => {
                    tracing::info!(host = question.host, %error, "the name has no address");
                    Vec::new()
                }
            };
            let addresses = found.into_iter().map(|address| (transport, address));
            let resolution = Resolution {
                id: question.id,
                addresses: addresses.collect(),
            };
            // A phone on its way out need not know.
            let _ = answers.send(resolution).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[tokio::test]
    async fn a_name_gets_its_address_and_the_port_of_sip() {
        let (resolver, mut answers) = Resolver::new(false);
        resolver.ask(Question {
            id: ResolveId(7),
            host: "localhost".to_owned(),
            port: None,
            transport: Some(Transport::Tcp),
        });
        let answer = answers.recv().await.unwrap();
        assert_eq!(answer.id, ResolveId(7));
        let localhost = SocketAddr::from((Ipv4Addr::LOCALHOST, SIP_PORT));
        assert_eq!(answer.addresses, [(Transport::Tcp, localhost)]);
    }

    #[tokio::test]
    async fn a_name_that_is_none_gets_no_address() {
        let (resolver, mut answers) = Resolver::new(false);
        resolver.ask(Question {
            id: ResolveId(1),
            host: "no name".to_owned(),
            port: Some(1),
            transport: None,
        });
        assert!(answers.recv().await.unwrap().addresses.is_empty());
    }
}
