//! The ports that the configuration asks for: whether they are free, or our own phone's.
use super::Subject;
use super::finding::{Check, Finding};
use crate::os::{given_ports, own_family_only};
use socket2::Type;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use trialog_desk::words::doctor as words;
use trialog_engine::RtpSocket;

/// A call with a consult has two legs, and three such calls are to have room.
const LEGS: usize = 2;
const ENOUGH: usize = 3 * LEGS;

/// `sip.listen` and `tls.port`.
pub(super) fn sip(subject: &Subject) -> Vec<Finding> {
    let config = &subject.config;
    let looked = config.sip.listen.iter().flat_map(|at| {
        let plain = match config.sip.tcp {
            true => &[("UDP", Type::DGRAM), ("TCP", Type::STREAM)][..],
            false => &[("UDP", Type::DGRAM)],
        };
        let by_tls = config.tls.port;
        let by_tls = by_tls.map(|port| SocketAddr::new(at.ip(), port));
        let by_tls = by_tls.map(|at| port(subject, "tls.port", at, &[("TLS", Type::STREAM)]));
        [port(subject, "sip.listen", *at, plain)]
            .into_iter()
            .chain(by_tls)
    });
    looked.collect()
}

fn port(subject: &Subject, key: &str, at: SocketAddr, transports: &[(&str, Type)]) -> Finding {
    if at.port() == 0 {
        return Finding::good(Check::SipPort, words::PORT_CHOSEN, &[]);
    }
    let address = at.to_string();
    for (transport, kind) in transports {
        let Err(error) = bind(at, *kind) else {
            continue;
        };
        let why = error.to_string();
        let values = [
            ("address", &*address),
            ("transport", transport),
            ("why", &why),
            ("name", &subject.config.name),
        ];
        let key = [("key", key)];
        return match error.kind() {
            io::ErrorKind::AddrInUse if subject.running.is_some() => {
                Finding::good(Check::SipPort, words::PORT_OURS, &values)
            }
            io::ErrorKind::AddrInUse => Finding::wrong(Check::SipPort, words::PORT_TAKEN, &values)
                .hint(words::PORT_TAKEN_HINT, &key),
            _ => Finding::wrong(Check::SipPort, words::PORT_UNUSABLE, &values)
                .hint(words::PORT_UNUSABLE_HINT, &key),
        };
    }
    let all: Vec<_> = transports.iter().map(|(name, _)| *name).collect();
    let values = [("address", &*address), ("transports", &all.join(", "))];
    Finding::good(Check::SipPort, words::PORT_FREE, &values)
}

/// As the phone's own sockets are bound; a stream's does not listen.
fn bind(at: SocketAddr, kind: Type) -> io::Result<()> {
    let socket = own_family_only(at, kind)?;
    #[cfg(unix)]
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&at.into())
}

/// `media.rtp_ports`.
pub(super) fn rtp(subject: &Subject) -> Vec<Finding> {
    let range = &subject.config.media.rtp_ports;
    if *range.start() == 0 {
        return vec![Finding::good(Check::RtpPorts, words::PORT_CHOSEN, &[])];
    }
    let mut findings = vec![pairs(subject, range)];
    if let Some((given, reserved)) = given_ports() {
        findings.extend(among(range, &given, &reserved));
    }
    findings
}

/// How many pairs are free, by each family.
fn pairs(subject: &Subject, range: &RangeInclusive<u16>) -> Finding {
    let ips: Vec<IpAddr> = subject.families.iter().map(SocketAddr::ip).collect();
    let pairs = (*range.start()..*range.end()).filter(|port| port.is_multiple_of(2));
    let (mut all, mut free) = (0, 0);
    for port in pairs {
        all += 1;
        let is_free = |ip: &IpAddr| RtpSocket::bind(*ip, &(port..=port + 1), 0).is_ok();
        free += usize::from(ips.iter().all(is_free));
    }
    let (free_text, all_text) = (free.to_string(), all.to_string());
    let (calls, range) = ((free / LEGS).to_string(), shown(range));
    let values = [
        ("free", &*free_text),
        ("all", &all_text),
        ("calls", &calls),
        ("range", &range),
    ];
    let hint = |finding: Finding| finding.hint(words::RTP_HINT, &[]);
    match free {
        // Our own phone has taken its pairs before it takes a call.
        _ if subject.running.is_some() && all >= ENOUGH => {
            Finding::good(Check::RtpPorts, words::RTP_OWN, &values)
        }
        0 if subject.running.is_none() => {
            hint(Finding::wrong(Check::RtpPorts, words::RTP_NONE, &values))
        }
        ..ENOUGH => hint(Finding::watch(Check::RtpPorts, words::RTP_FEW, &values)),
        _ => Finding::good(Check::RtpPorts, words::RTP_FREE, &values),
    }
}

/// Whether the system may give one of these to another program.
fn among(
    range: &RangeInclusive<u16>,
    given: &RangeInclusive<u16>,
    reserved: &[RangeInclusive<u16>],
) -> Option<Finding> {
    let is_kept = |port: u16| reserved.iter().any(|range| range.contains(&port));
    let is_given = |port: u16| given.contains(&port) && !is_kept(port);
    if !range.clone().any(is_given) {
        return None;
    }
    let (range, given) = (shown(range), shown(given));
    let values = [("range", &*range), ("ephemeral", &given)];
    let finding = Finding::watch(Check::RtpPorts, words::RTP_EPHEMERAL, &values);
    Some(finding.hint(words::RTP_EPHEMERAL_HINT, &[]))
}

fn shown(range: &RangeInclusive<u16>) -> String {
    format!("{}-{}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_the_system_gives_to_others_are_told_unless_they_are_reserved() {
        let given = 32_768..=60_999;
        assert!(among(&(10_000..=10_999), &given, &[]).is_none());
        assert!(among(&(32_000..=32_768), &given, &[]).is_some());
        assert!(among(&(40_000..=40_099), &given, &[40_000..=40_050]).is_some());
        assert!(among(&(40_000..=40_099), &given, &[39_000..=41_000]).is_none());
    }
}
