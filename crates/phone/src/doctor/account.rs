//! An account's server: found, reached, what it shows of itself and of us.
use super::finding::{Check, Finding};
use super::probe::{Answer, NoAnswer, ask, takes_tcp};
use super::{Subject, certificate};
use crate::net::look_up;
use crate::run::not_secured;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use trialog_desk::messages::{self, RegistrarFault};
use trialog_desk::words::doctor as words;
use trialog_sip::HeaderName;
use trialog_ua::{Account, Peer, Question, ResolveId, Transport};

/// Addresses of a server that are asked.
const MOST: usize = 4;

/// Another clock than ours from so many seconds on.
const APART: i64 = 60;

/// Looks at the server of the account of this number.
pub(super) async fn check(subject: &Arc<Subject>, index: usize) -> Vec<Finding> {
    let Some(account) = subject.config.accounts.get(index) else {
        return Vec::new();
    };
    let server = account
        .outbound_proxy
        .as_ref()
        .or(account.registrar.as_ref());
    let Some(server) = server else {
        return vec![Finding::good(Check::Reach, words::NO_SERVER, &[])];
    };
    let named = Transport::asked_by(server).unwrap_or_default();
    let preferred = account.transport;
    let host = server.host.to_string();
    let shown = match server.port {
        Some(port) => format!("{host}:{port}"),
        None => host.clone(),
    };
    let (mut findings, peers) = match server.host.ip() {
        Some(ip) => {
            let transport = named.unwrap_or(preferred);
            let port = server.port.unwrap_or(transport.default_port());
            let values = [("server", &*shown)];
            let finding = Finding::good(Check::Dns, words::IS_ADDRESS, &values);
            let peer = Peer::at(transport, SocketAddr::new(ip, port));
            (vec![finding], vec![peer])
        }
        None => {
            let question = Question {
                id: ResolveId(0),
                host,
                port: server.port,
                transport: named.or((preferred != Transport::Udp).then_some(preferred)),
            };
            find(subject, &question, &shown).await
        }
    };
    let tries: Vec<_> = peers.into_iter().take(MOST).collect();
    let answers = ask_all(subject, index, &tries).await;
    let reached = answers.iter().any(Result::is_ok);
    let mut first = None;
    for (peer, answer) in tries.iter().zip(answers) {
        let finding = match &answer {
            Ok(answer) => answered(peer, answer),
            Err(why) => not_answered(&shown, peer, why).await,
        };
        // The phone takes another address of the same server.
        findings.push(match reached {
            true => finding.at_most_watch(),
            false => finding,
        });
        first = first.or(answer.ok());
    }
    if let Some(answer) = first {
        findings.push(translator(subject, account, &answer));
        findings.extend(
            answer
                .certificate
                .as_ref()
                .map(|shown_one| certificate::of_server(&shown, shown_one)),
        );
        findings.push(clock(&answer));
    }
    findings
}

/// Asks all of them at once; the answers in the same order.
async fn ask_all(
    subject: &Arc<Subject>,
    index: usize,
    peers: &[Peer],
) -> Vec<Result<Answer, NoAnswer>> {
    let asked = peers.iter().map(|peer| {
        let (subject, peer) = (Arc::clone(subject), peer.clone());
        tokio::spawn(async move { ask(&subject, index, &peer).await })
    });
    let asked: Vec<_> = asked.collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(match answer.await {
            Ok(answer) => answer,
            Err(fault) => std::panic::resume_unwind(fault.into_panic()),
        });
    }
    answers
}

/// The addresses of a server's name.
async fn find(subject: &Subject, question: &Question, shown: &str) -> (Vec<Finding>, Vec<Peer>) {
    let families = subject.families.map(|_| ());
    let found = look_up(&subject.services, families, question).await;
    let (there, lacking): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, peers)| !peers.is_empty());
    if there.is_empty() {
        let said = messages::registrar(shown, RegistrarFault::NoAddress);
        return (vec![Finding::said(Check::Dns, said)], Vec::new());
    }
    let servers = there.iter().map(|(server, peers)| {
        let addresses: Vec<_> = peers.iter().map(|peer| peer.address.to_string()).collect();
        let (addresses, transport) = (addresses.join(", "), server.transport.as_str());
        match server.host == question.host {
            true => format!("{addresses} ({transport})"),
            false => format!("{} = {addresses} ({transport})", server.host),
        }
    });
    let servers: Vec<_> = servers.collect();
    let values = [("host", &*question.host), ("servers", &servers.join("; "))];
    let mut findings = vec![Finding::good(Check::Dns, words::RESOLVED, &values)];
    if !lacking.is_empty() {
        let hosts = lacking.into_iter().map(|(server, _)| server.host);
        let hosts = hosts.collect::<Vec<_>>().join(", ");
        let values = [("servers", &*hosts), ("host", &question.host)];
        let finding = Finding::watch(Check::Dns, words::SERVER_WITHOUT_ADDRESS, &values);
        findings.push(finding.hint(words::SERVER_WITHOUT_ADDRESS_HINT, &[]));
    }
    let peers = there.into_iter().flat_map(|(_, peers)| peers);
    (findings, peers.collect())
}

fn with_transport(peer: &Peer) -> String {
    format!("{} ({})", peer.address, peer.transport.as_str())
}

fn answered(peer: &Peer, answer: &Answer) -> Finding {
    let server = with_transport(peer);
    let (code, reason) = (answer.response.status, &answer.response.reason);
    let status = format!("{code} {}", &**reason);
    let ms = answer.after.as_millis().to_string();
    let values = [("server", &*server), ("status", &status), ("ms", &ms)];
    if (500..600).contains(&u16::from(code)) {
        return Finding::watch(Check::Reach, words::ANSWERS_BADLY, &values)
            .hint(words::ANSWERS_BADLY_HINT, &[]);
    }
    // A refusal is an answer, too: the registration tells whether the account is taken.
    Finding::good(Check::Reach, words::ANSWERS, &values)
}

async fn not_answered(shown: &str, peer: &Peer, why: &NoAnswer) -> Finding {
    let server = match shown == peer.address.to_string() {
        true => with_transport(peer),
        false => format!("{shown}, {}", with_transport(peer)),
    };
    let fault = match why {
        NoAnswer::Unreachable => RegistrarFault::Unreachable,
        NoAnswer::Silent => RegistrarFault::NoAnswer,
        NoAnswer::NotSecured(fault) => {
            let said = messages::registrar(&server, not_secured(fault));
            return Finding::said(Check::Certificate, said);
        }
        NoAnswer::NotSip(why) => {
            let values = [("server", &*server), ("why", why)];
            return Finding::wrong(Check::Reach, words::NO_SIP, &values)
                .hint(words::NO_SIP_HINT, &[]);
        }
    };
    let finding = Finding::said(Check::Reach, messages::registrar(&server, fault));
    if peer.transport == Transport::Udp && takes_tcp(peer.address).await {
        return finding.hint(words::BY_TCP_INSTEAD, &[]);
    }
    finding
}

/// Whether the server sees us by another address than ours (RFC 3581).
fn translator(subject: &Subject, account: &Account, answer: &Answer) -> Finding {
    let local = answer.local;
    let via = answer.response.headers.via().and_then(Result::ok);
    let received = via.as_ref().and_then(|via| via.received());
    let port = via.as_ref().and_then(|via| via.rport()).flatten();
    if received.is_none() && port.is_none() {
        return Finding::good(Check::Nat, words::NOT_SEEN, &[]);
    }
    let seen = SocketAddr::new(received.unwrap_or(local.ip()), port.unwrap_or(local.port()));
    let (local_text, seen_text) = (local.to_string(), seen.to_string());
    let values = [("local", &*local_text), ("seen", &seen_text)];
    if seen == local {
        return Finding::good(Check::Nat, words::NO_TRANSLATOR, &values);
    }
    let told = match subject.config.sip.advertise {
        Some(advertised) => advertised == seen.ip(),
        None => account.nat,
    };
    if told {
        return Finding::good(Check::Nat, words::TRANSLATED, &values);
    }
    Finding::watch(Check::Nat, words::TRANSLATED_UNTOLD, &values)
        .hint(words::TRANSLATED_UNTOLD_HINT, &[])
}

/// The server's Date (RFC 3261 §20.17) beside our clock.
fn clock(answer: &Answer) -> Finding {
    let stated = answer.response.headers.get(&HeaderName::Date);
    let theirs = stated.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let Some(theirs) = theirs else {
        return Finding::good(Check::Time, words::NO_DATE, &[]);
    };
    let ahead = Timestamp::now().as_second() - theirs.timestamp().as_second();
    let seconds = ahead.abs().to_string();
    let values = [("seconds", &*seconds)];
    let word = match ahead {
        _ if ahead.abs() <= APART => {
            return Finding::good(Check::Time, words::CLOCK_RIGHT, &values);
        }
        0.. => words::CLOCK_AHEAD,
        _ => words::CLOCK_BEHIND,
    };
    Finding::watch(Check::Time, word, &values).hint(words::CLOCK_HINT, &[])
}
