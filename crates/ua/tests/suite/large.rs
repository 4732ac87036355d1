//! Requests over 1,300 bytes: by TCP first, by UDP where no stream can be opened (RFC 3261 §18.1.1).
use crate::support::{Pipe, Seen, addr, config, header, reply, target};
use std::time::Duration;
use trialog_call::{Action, Direction, ReferTo, Target, WireEvent};
use trialog_ua::{Input, Peer, Transport};

/// Two phones, of which the first has a name so long that its INVITE is large.
fn large(by_tcp: bool) -> Pipe {
    let mut own = config(0);
    own.accounts[0].display = Some("x".repeat(1000));
    own.accounts[0].large_by_tcp = by_tcp;
    Pipe::with(vec![own, config(1)], 4)
}

fn invites(pipe: &Pipe) -> Vec<&Seen> {
    let seen = pipe.seen.iter();
    seen.filter(|seen| seen.from == addr(0) && seen.text.starts_with("INVITE"))
        .collect()
}

/// The transports of all INVITEs from this one on, as their Via states them.
fn ways(pipe: &Pipe, from: usize) -> Vec<String> {
    let way = |seen: &&Seen| {
        let via = header(&seen.text, "Via");
        via.split_whitespace().next().expect("a Via").to_owned()
    };
    invites(pipe)[from..].iter().map(way).collect()
}

/// Ends the call that has come in at the second phone.
fn refuse(pipe: &mut Pipe) {
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(1);
    pipe.act(1, Action::Reject { leg, status: 486 });
    pipe.run_ms(50);
}

fn refuse_stream(pipe: &mut Pipe) {
    let there = Peer::at(Transport::Tcp, addr(1));
    pipe.input(0, Input::TransportError(there));
}

#[test]
fn a_large_request_goes_by_tcp_and_what_follows_by_the_contacts_transport() {
    let mut pipe = large(true);
    let (leg, _) = pipe.call(0, 1);
    assert_eq!(ways(&pipe, 0), ["SIP/2.0/TCP"]);
    assert!(invites(&pipe)[0].text.len() > 1300);
    assert!(!header(&invites(&pipe)[0].text, "Contact").contains("transport"));
    assert!(!header(pipe.last(1, "SIP/2.0 200"), "Contact").contains("transport=udp"));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_small_request_goes_by_udp() {
    let mut pipe = Pipe::of(2);
    pipe.call(0, 1);
    assert_eq!(ways(&pipe, 0), ["SIP/2.0/UDP"]);
}

#[test]
fn where_tcp_is_refused_it_goes_by_udp_at_once_and_for_ten_minutes() {
    let mut pipe = large(true);
    let there = addr(1);
    // A stream that can't be opened carries nothing.
    pipe.filter = Some(Box::new(move |seen| {
        seen.to == there && header(&seen.text, "Via").starts_with("SIP/2.0/TCP")
    }));
    let leg = pipe.dial(0, target(1));
    refuse_stream(&mut pipe);
    assert_eq!(ways(&pipe, 0), ["SIP/2.0/TCP", "SIP/2.0/UDP"]);
    refuse(&mut pipe);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 486 }]);
    pipe.dial(0, target(1));
    assert_eq!(ways(&pipe, 2), ["SIP/2.0/UDP"]);
    refuse(&mut pipe);
    pipe.run(Duration::from_secs(600));
    pipe.dial(0, target(1));
    assert_eq!(ways(&pipe, 3), ["SIP/2.0/TCP"]);
    refuse_stream(&mut pipe);
    refuse(&mut pipe);
    pipe.assert_idle();
}

#[test]
fn a_stream_that_brings_no_answer_is_left_after_4_s() {
    let mut pipe = large(true);
    let there = addr(1);
    pipe.filter = Some(Box::new(move |seen| {
        seen.to == there && header(&seen.text, "Via").starts_with("SIP/2.0/TCP")
    }));
    let leg = pipe.dial(0, target(1));
    pipe.run_ms(4_100);
    assert_eq!(ways(&pipe, 0), ["SIP/2.0/TCP", "SIP/2.0/UDP"]);
    refuse(&mut pipe);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 486 }]);
    pipe.assert_idle();
}

#[test]
fn in_a_call_a_silent_stream_is_left_for_udp_after_4_s() {
    // The far end sends datagrams of any size, and calls us by a name that is so long that our requests are large.
    let mut far = config(1);
    far.accounts[0].large_by_tcp = false;
    let mut near = config(0);
    near.any_user = true;
    let mut pipe = Pipe::with(vec![near, far], 4);
    let name = "x".repeat(1000);
    let theirs = pipe.dial(1, Target(format!("sip:{name}@10.0.0.1")));
    pipe.run_ms(50);
    let (ours, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(ours));
    pipe.run_ms(50);
    let there = addr(1);
    pipe.filter = Some(Box::new(move |seen| {
        seen.to == there && header(&seen.text, "Via").starts_with("SIP/2.0/TCP")
    }));
    pipe.reinvite(0, ours, Direction::SendOnly);
    pipe.run_ms(4_100);
    assert_eq!(ways(&pipe, 0), ["SIP/2.0/TCP", "SIP/2.0/UDP"]);
    let number = |index: usize| header(&invites(&pipe)[index].text, "CSeq").to_owned();
    assert_ne!(number(0), number(1), "it is no copy of the first");
    let held = |event: &WireEvent| matches!(event, WireEvent::Renegotiated(_));
    assert_eq!(pipe.count_of(0, ours, held), 1);
    // An answer to the first that comes after all is acknowledged, and changes nothing.
    let (first, number) = (invites(&pipe)[0].text.clone(), number(0));
    let late = reply(
        &first,
        "200 OK",
        "",
        &crate::support::sdp("sip:user1@10.0.0.2", "recvonly"),
    );
    pipe.inject(there, 0, &late);
    pipe.run_ms(50);
    let ack = number.replace("INVITE", "ACK");
    assert_eq!(header(pipe.last(0, "ACK"), "CSeq"), ack);
    pipe.run_ms(100);
    assert_eq!(pipe.sent(0, "BYE"), 0);
    assert_eq!(pipe.count_of(0, ours, held), 1);
    // A BYE is large, too, and goes by UDP at once now.
    pipe.bye(0, ours);
    pipe.run_ms(50);
    assert!(pipe.has(1, theirs, |event| matches!(event, WireEvent::Ended(_))));
    pipe.assert_idle();
}

#[test]
fn a_refer_whose_stream_breaks_goes_by_udp_at_once_and_is_taken_once() {
    let mut far = config(1);
    far.accounts[0].large_by_tcp = false;
    let mut near = config(0);
    near.any_user = true;
    let mut pipe = Pipe::with(vec![near, far], 4);
    let name = "x".repeat(1000);
    let theirs = pipe.dial(1, Target(format!("sip:{name}@10.0.0.1")));
    pipe.run_ms(50);
    let (ours, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(ours));
    pipe.run_ms(50);
    let there = addr(1);
    pipe.filter = Some(Box::new(move |seen| {
        seen.to == there && header(&seen.text, "Via").starts_with("SIP/2.0/TCP")
    }));
    let to = ReferTo::Target(target(1));
    pipe.act(0, Action::Refer { leg: ours, to });
    pipe.run_ms(4_500);
    let referred = |event: &WireEvent| matches!(event, WireEvent::Referred(_));
    assert_eq!(pipe.count_of(1, theirs, referred), 0);
    // What was not acknowledged has not arrived.
    refuse_stream(&mut pipe);
    pipe.run_ms(50);
    assert_eq!(pipe.count_of(1, theirs, referred), 1);
    pipe.act(1, Action::AcceptReferral(theirs));
    pipe.run_ms(50);
    assert!(pipe.has(0, ours, |event| *event == WireEvent::ReferAccepted));
}

#[test]
fn an_account_may_keep_to_udp() {
    let mut pipe = large(false);
    pipe.call(0, 1);
    assert_eq!(ways(&pipe, 0), ["SIP/2.0/UDP"]);
}
