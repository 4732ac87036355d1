//! Peers that leave a part of a message, or of a transaction, out, as the fuzz targets found them: what we send is whole all the same,
//! and what we wait for comes to an end.
use crate::support::{Pipe, addr, header, reply, sdp, target};
use std::time::Duration;
use trialog_call::{Direction, WireEvent};

#[test]
fn a_refusal_without_to_is_acknowledged_with_the_to_of_the_request() {
    for to in ["", "To: <sip:user1@\r\n"] {
        let mut pipe = Pipe::of(1);
        pipe.dial(0, target(1));
        pipe.run_ms(50);
        let (_, _, invite) = pipe.raw.last().expect("an INVITE").clone();
        let whole = reply(&invite, "486 Busy Here", "x", "");
        let line = whole.lines().find(|line| line.starts_with("To:"));
        let line = format!("{}\r\n", line.expect("a To"));
        pipe.inject(addr(1), 0, &whole.replace(&line, to));
        pipe.run_ms(50);
        let (_, _, ack) = pipe.raw.last().expect("an ACK");
        assert!(ack.starts_with("ACK "), "{ack}");
        assert_eq!(header(ack, "To"), header(&invite, "To"));
    }
}

/// One phone has called a peer of the test's, which answered with this tag.
fn answered(tag: &str) -> (Pipe, trialog_call::LegId) {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let more = sdp("sip:user1@10.0.0.2", "sendrecv");
    pipe.inject(addr(1), 0, &reply(&invite, "200 OK", tag, &more));
    pipe.run_ms(50);
    (pipe, leg)
}

#[test]
fn a_tag_that_is_none_goes_into_no_request_of_the_dialog() {
    let (mut pipe, leg) = answered("g1cseq}-ID: 77");
    pipe.bye(0, leg);
    pipe.run_ms(50);
    for method in ["ACK", "BYE"] {
        let to = header(pipe.last(0, method), "To");
        assert!(!to.contains("tag"), "{method}: {to}");
    }
}

#[test]
fn a_reinvite_that_gets_100_and_no_more_is_refused_in_the_end_and_the_call_goes_on() {
    let (mut pipe, leg) = answered("x");
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    let reinvite = pipe.last(0, "INVITE").to_owned();
    pipe.inject(addr(1), 0, &reply(&reinvite, "100 Trying", "", ""));
    pipe.run(Duration::from_secs(170));
    let refused = |event: &WireEvent| matches!(event, WireEvent::RenegotiationRefused { .. });
    assert!(!pipe.has(0, leg, refused));
    pipe.run(Duration::from_secs(20));
    assert!(pipe.has(0, leg, refused));
    assert_eq!(pipe.sent(0, "BYE"), 0);
    // The next one is sent.
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    assert_ne!(pipe.last(0, "INVITE"), reinvite);
}

#[test]
fn a_reinvite_without_a_final_answer_does_not_outlive_its_call_for_long() {
    // RFC 2543 knew answers without a tag.
    for tag in ["x", ""] {
        let (mut pipe, leg) = answered(tag);
        pipe.reinvite(0, leg, Direction::SendOnly);
        pipe.run_ms(50);
        let reinvite = pipe.last(0, "INVITE").to_owned();
        pipe.inject(addr(1), 0, &reply(&reinvite, "100 Trying", "", ""));
        pipe.run_ms(50);
        pipe.bye(0, leg);
        pipe.run(Duration::from_secs(300));
        pipe.assert_idle();
    }
}
