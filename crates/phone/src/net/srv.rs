//! SRV records: the servers of a domain (RFC 3263 §4.2), in the order of RFC 2782. It asks the system's name servers and remembers
//! only that none of them answered; their answers are kept by the name servers themselves.
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use trialog_ua::Transport;

/// A name server that has not answered by then will not: a person waits for the call.
const PATIENCE: Duration = Duration::from_secs(2);
/// After that none is asked for so long.
const SILENCE: Duration = Duration::from_secs(60);
/// Most servers of one domain and transport.
const MOST: usize = 16;

/// A server of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) transport: Transport,
}

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    priority: u16,
    weight: u16,
    host: String,
    port: u16,
}

/// Asks for SRV records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services {
    /// When the name servers may be asked again.
    silent_until: Arc<Mutex<Option<Instant>>>,
}

impl Services {
    /// The servers of this domain, best first; those by UDP, by TCP and by TLS, in this order, where no transport is named. None: it has no
    /// SRV records, or no name server answers.
    pub(super) async fn of(&self, domain: &str, transport: Option<Transport>) -> Vec<Server> {
        // A name without a dot is a machine's of this network, and no domain.
        if !domain.trim_end_matches('.').contains('.') || self.is_silent() {
            return Vec::new();
        }
        let by = |wanted| async move {
            let asked = transport.is_none_or(|transport| transport == wanted);
            let records = if asked {
                self.ask(domain, wanted).await
            } else {
                Vec::new()
            };
            let server = move |record: Record| Server {
                host: record.host,
                port: record.port,
                transport: wanted,
            };
            in_order(records, chance).into_iter().map(server)
        };
        let (udp, tcp, tls) =
            tokio::join!(by(Transport::Udp), by(Transport::Tcp), by(Transport::Tls));
        udp.chain(tcp).chain(tls).collect()
    }

    async fn ask(&self, domain: &str, transport: Transport) -> Vec<Record> {
        // Made for each question: the name servers are others after a change of the network.
        let resolver = TokioResolver::builder_tokio().and_then(|builder| builder.build());
        let resolver = match resolver {
            Ok(resolver) => resolver,
            Err(error) => {
                tracing::debug!(%error, "no name server is configured");
                return Vec::new();
            }
        };
        match timeout(PATIENCE, records(&resolver, domain, transport)).await {
            Ok(found) => found,
            Err(_) => {
                tracing::info!(domain, "no name server answered a question for SRV records");
                *self.lock() = Some(Instant::now() + SILENCE);
                Vec::new()
            }
        }
    }

    fn is_silent(&self) -> bool {
        self.lock().is_some_and(|until| Instant::now() < until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.silent_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SRV records of this domain for this transport (RFC 3263 §4.1), as these name servers have them.
async fn records(resolver: &TokioResolver, domain: &str, transport: Transport) -> Vec<Record> {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    };
    // With a dot at its end it is not looked for in the machine's own domain.
    let name = format!("{service}.{}.", domain.trim_end_matches('.'));
    let found = match resolver.srv_lookup(name.as_str()).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(name, %error, "no SRV records");
            return Vec::new();
        }
    };
    let records = found.answers().iter();
    let records = records.filter_map(|record| match &record.data {
        // RFC 2782: the root as a target means that there is no such service.
        RData::SRV(srv) if !srv.target.is_root() => Some(Record {
            priority: srv.priority,
            weight: srv.weight,
            host: srv.target.to_ascii(),
            port: srv.port,
        }),
        _ => None,
    });
    records.take(MOST).collect()
}

/// The lowest priority number first; among equal ones by chance, in proportion to their weights (RFC 2782). `chance`: a number
/// from 0 to its argument, both included.
fn in_order(mut records: Vec<Record>, mut chance: impl FnMut(u32) -> u32) -> Vec<Record> {
    // RFC 2782: those of weight 0 stand first in the sum, and so are drawn with a small chance only.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let equal = records.partition_point(|record| record.priority == priority);
        let sum = records[..equal]
            .iter()
            .map(|record| u32::from(record.weight));
        let drawn = chance(sum.sum());
        let mut running = 0;
        let chosen = records[..equal].iter().position(|record| {
            running += u32::from(record.weight);
            running >= drawn
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

/// Where the system gives no random number, the first one is as good.
fn chance(most: u32) -> u32 {
    let random = getrandom::u64().unwrap_or(0);
    u32::try_from(random % (u64::from(most) + 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::config::{NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;

    fn record(priority: u16, weight: u16, host: &str) -> Record {
        Record {
            priority,
            weight,
            host: host.to_owned(),
            port: 5060,
        }
    }

    fn hosts(records: Vec<Record>) -> Vec<String> {
        records.into_iter().map(|record| record.host).collect()
    }

    #[test]
    fn the_lowest_priority_number_goes_first_whatever_the_weights() {
        let records = vec![record(20, 100, "spare"), record(10, 0, "main")];
        for drawn in [0, 100] {
            let ordered = in_order(records.clone(), |most| drawn.min(most));
            assert_eq!(hosts(ordered), ["main", "spare"]);
        }
    }

    #[test]
    fn equal_priorities_are_drawn_in_proportion_to_their_weights() {
        let records = vec![
            record(10, 60, "a"),
            record(10, 30, "b"),
            record(10, 10, "c"),
            record(10, 0, "d"),
        ];
        let mut first = [0; 4];
        for drawn in 0..=100 {
            let mut draws = [drawn].into_iter();
            let ordered = in_order(records.clone(), |most| draws.next().unwrap_or(0).min(most));
            assert_eq!(ordered.len(), 4);
            let place = ["a", "b", "c", "d"]
                .iter()
                .position(|host| *host == ordered[0].host);
            first[place.unwrap()] += 1;
        }
        assert_eq!(first, [60, 30, 10, 1]);
    }

    /// A name server that has one SRV record for one name, and a resolver that asks it.
    async fn name_server(name: &'static str, target: &'static str) -> TokioResolver {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut server = NameServerConfig::udp([127, 0, 0, 1].into());
        server.connections[0].port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let answer = answer(&question[..length], name, target);
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let provider = TokioRuntimeProvider::default();
        let builder = TokioResolver::builder_with_config(config, provider);
        builder.build().unwrap()
    }

    /// RFC 1035 §4.1: the question's name and type repeated, and the record (RFC 2782) where the name is this one; else no such name.
    fn answer(question: &[u8], name: &str, target: &str) -> Vec<u8> {
        let labels = |name: &str| -> Vec<u8> {
            let parts = name.split('.').filter(|part| !part.is_empty());
            let parts = parts.flat_map(|part| [&[part.len() as u8], part.as_bytes()].concat());
            parts.chain([0]).collect()
        };
        let wanted = [labels(name), vec![0, 33, 0, 1]].concat();
        let asked = &question[12..];
        let is_known = asked.starts_with(&wanted);
        let end = asked.iter().position(|octet| *octet == 0).unwrap() + 5;
        let flags = if is_known { [0x81, 0x80] } else { [0x81, 0x83] };
        let mut answer = [
            &question[..2],
            &flags,
            &[0, 1, 0, u8::from(is_known), 0, 0, 0, 0],
        ]
        .concat();
        answer.extend_from_slice(&asked[..end]);
        if is_known {
            let target = labels(target);
            answer.extend_from_slice(&[0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
            answer.extend_from_slice(&(6 + target.len() as u16).to_be_bytes());
            // Priority 10, weight 0, port 5081.
            answer.extend_from_slice(&[0, 10, 0, 0, 0x13, 0xd9]);
            answer.extend_from_slice(&target);
        }
        answer
    }

    /// RFC 3263 §4.1: `_sips._tcp` are the servers by TLS, and no others.
    #[tokio::test]
    async fn a_domains_servers_by_tls_are_those_of_sips_by_tcp() {
        let resolver = name_server("_sips._tcp.lab.example", "pbx.lab.example").await;
        let by_tls = Record {
            port: 5081,
            ..record(10, 0, "pbx.lab.example.")
        };
        for (transport, found) in [
            (Transport::Tls, vec![by_tls]),
            (Transport::Tcp, vec![]),
            (Transport::Udp, vec![]),
        ] {
            for domain in ["lab.example", "lab.example."] {
                assert_eq!(records(&resolver, domain, transport).await, found);
            }
        }
    }

    /// RFC 2782.
    #[tokio::test]
    async fn a_target_that_is_the_root_is_no_server() {
        let resolver = name_server("_sips._tcp.lab.example", ".").await;
        assert_eq!(records(&resolver, "lab.example", Transport::Tls).await, []);
    }

    #[tokio::test]
    async fn a_machine_of_this_network_is_not_asked_for() {
        let services = Services::default();
        assert_eq!(services.of("localhost", None).await, []);
    }
}
