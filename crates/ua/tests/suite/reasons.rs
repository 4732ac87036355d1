//! The Reason header of a far side (RFC 3326), in a CANCEL, a BYE and a refusal.
use crate::support::{Pipe, reply};
use std::net::SocketAddr;
use trialog_call::{Action, EndCause, EndReason, Target, WireEvent};

fn stranger() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn request(method: &str, reason: &str) -> String {
    format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKr\r\n\
         From: <sip:queue@10.0.0.9>;tag=f\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: r\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:queue@10.0.0.9>\r\nMax-Forwards: 70\r\n{reason}Content-Length: 0\r\n\r\n"
    )
}

/// What the core hears of a call that rings and is then cancelled with this header.
fn cancelled(reason: &str) -> Vec<WireEvent> {
    let mut pipe = Pipe::of(1);
    pipe.inject(stranger(), 0, &request("INVITE", ""));
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Ring(leg));
    pipe.forget_events();
    pipe.inject(stranger(), 0, &request("CANCEL", reason));
    pipe.run_ms(50);
    pipe.events(0, leg)
}

fn reason(protocol: &str, cause: u16, text: &str) -> WireEvent {
    let reason = EndReason {
        protocol: protocol.to_owned(),
        not_secured: None,
        cause: Some(cause),
        text: Some(text.to_owned()),
    };
    WireEvent::Reason(reason.into())
}

#[test]
fn a_cancel_that_says_so_means_that_another_phone_has_answered() {
    assert_eq!(cancelled(""), [WireEvent::Ended(EndCause::Cancelled)]);
    let elsewhere = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";
    assert_eq!(
        cancelled(elsewhere),
        [
            reason("SIP", 200, "Call completed elsewhere"),
            WireEvent::Ended(EndCause::AnsweredElsewhere)
        ]
    );
}

#[test]
fn why_a_leg_ends_is_told_in_the_far_sides_words_before_it_ends() {
    let busy = "Reason: SIP;cause=600;text=\"All agents are busy\"\r\n";
    assert_eq!(
        cancelled(busy),
        [
            reason("SIP", 600, "All agents are busy"),
            WireEvent::Ended(EndCause::Cancelled)
        ]
    );
    // A refusal of a call of ours.
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let header = "Reason: Q.850;cause=34;text=\"No circuit available\"\r\n";
    let refusal = reply(&invite, "503 Service Unavailable", "s", header);
    pipe.inject(stranger(), 0, &refusal);
    pipe.run_ms(50);
    assert_eq!(
        pipe.events(0, leg),
        [
            reason("Q.850", 34, "No circuit available"),
            WireEvent::Refused { status: 503 }
        ]
    );
}

#[test]
fn a_bye_says_why_as_well() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.forget_events();
    pipe.bye(0, placed);
    pipe.run_ms(100);
    assert_eq!(
        pipe.events(1, received),
        [
            reason("SIP", 200, "Call ended"),
            WireEvent::Ended(EndCause::Bye)
        ]
    );
}
