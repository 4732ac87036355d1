//! What RFC 4475 §3.2 to §3.4 asks of a phone, beyond reading: the answer that each message gets, and that none goes where it must not.
use crate::support::{Pipe, addr, header, reply, sdp, target};
use std::net::SocketAddr;
use trialog_call::WireEvent;

fn stranger() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

/// An INVITE with an offer, with `with` in the place of `replace`.
fn invite(replace: &str, with: &str) -> String {
    let text = format!(
        "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKtorture\r\n\
         From: <sip:odd@10.0.0.9>;tag=f\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: torture\r\n\
         CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{}",
        sdp("sip:odd@10.0.0.9", "sendrecv")
    );
    assert!(text.contains(replace), "{replace}");
    text.replacen(replace, with, 1)
}

/// The first thing that is said to this, by a phone that has heard nothing before.
fn said(text: &str) -> (Pipe, String) {
    let mut pipe = Pipe::of(1);
    pipe.inject(stranger(), 0, text);
    pipe.run_ms(50);
    let first = pipe.raw.first().map(|(_, _, text)| text.clone());
    (pipe, first.unwrap_or_default())
}

#[test]
fn rfc_4475_each_message_that_can_not_be_served_is_refused_with_its_status() {
    let uri = "INVITE sip:user0@10.0.0.1 ";
    let kind = "Content-Type: application/sdp";
    let hops = "Max-Forwards: 70\r\n";
    for (section, replace, with, status, names) in [
        ("3.1.2.16", "SIP/2.0\r\nVia", "SIP/7.0\r\nVia", 505, None),
        ("3.1.2.17", "CSeq: 1 INVITE", "CSeq: 1 OPTIONS", 400, None),
        ("3.3.2", uri, "INVITE nobodyKnowsThis:user0 ", 416, None),
        ("3.3.3", uri, "INVITE soap.beep://10.0.0.1 ", 416, None),
        (
            "3.3.5",
            hops,
            "Max-Forwards: 70\r\nRequire: nothingSupportsThis, orThat\r\n",
            420,
            Some(("Unsupported", "nothingSupportsThis, orThat")),
        ),
        (
            "3.3.6",
            kind,
            "Content-Type: application/unknownformat",
            415,
            Some(("Accept", "application/sdp")),
        ),
        (
            "3.3.8",
            hops,
            "Max-Forwards: 70\r\nCSeq: 1 INVITE\r\n",
            400,
            None,
        ),
        (
            "3.3.15",
            hops,
            "Max-Forwards: 70\r\nAccept: text/nobodyKnowsThis\r\n",
            406,
            None,
        ),
    ] {
        let (mut pipe, answer) = said(&invite(replace, with));
        let start = format!("SIP/2.0 {status} ");
        assert!(answer.starts_with(&start), "§{section}: {answer}");
        if let Some((name, value)) = names {
            assert!(
                header(&answer, name).contains(value),
                "§{section}: {answer}"
            );
        }
        assert!(pipe.ends[0].events.is_empty(), "§{section} rings nowhere");
        pipe.assert_idle();
    }
}

#[test]
fn rfc_4475_what_is_odd_and_allowed_rings() {
    let hops = "Max-Forwards: 70\r\n";
    for (section, replace, with) in [
        (
            "3.3.7",
            hops,
            "Max-Forwards: 70\r\nAuthorization: NoOneKnows a=b\r\n",
        ),
        // A last hop has no need of another one.
        ("3.3.11", hops, "Max-Forwards: 0\r\n"),
        (
            "3.3.12",
            "<sip:odd@10.0.0.9>\r\n",
            "sip:odd@10.0.0.9;unknownparam\r\n",
        ),
        (
            "3.3.13",
            "<sip:odd@10.0.0.9>\r\n",
            "<sip:odd@10.0.0.9;unknownparam>\r\n",
        ),
        // Neither a magic cookie nor Max-Forwards; a request of RFC 2543.
        ("3.2.1, 3.4.1", ";branch=z9hG4bKtorture", ";branch=z9hG4bK"),
        ("3.4.1", hops, ""),
    ] {
        let (pipe, _) = said(&invite(replace, with));
        let is_offered = |(_, event): &(_, WireEvent)| matches!(event, WireEvent::Incoming(_));
        assert!(pipe.ends[0].events.iter().any(is_offered), "§{section}");
    }
}

/// §3.3.10, and RFC 3261 §8.1.3.3: a response for somebody else's request, too.
#[test]
fn rfc_4475_a_response_with_a_second_via_is_neither_believed_nor_sent_on() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let ok = reply(
        &invite,
        "200 OK",
        "b",
        &sdp("sip:user1@10.0.0.2", "sendrecv"),
    );
    let via = format!("Via: {}\r\n", header(&ok, "Via"));
    let more = format!("{via}Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\r\n");
    let before = pipe.raw.len();
    pipe.inject(addr(1), 0, &ok.replacen(&via, &more, 1));
    pipe.run_ms(50);
    let answered = |event: &WireEvent| matches!(event, WireEvent::Answered(_));
    assert!(!pipe.has(0, leg, answered));
    assert_eq!(pipe.raw.len(), before, "nothing is sent for it");
    pipe.inject(addr(1), 0, &ok);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, answered));
}
