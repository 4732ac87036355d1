//! Session timers (RFC 4028), as caller and called.
use crate::support::{Pipe, Seen, config, header, reply, sdp};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{Action, Direction, EndCause, LegId, Target, WireEvent};
use trialog_ua::Config;

const ALLOW: &str = "Allow: INVITE, ACK, BYE, UPDATE\r\n";

fn other() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn with(index: usize, seconds: u64) -> Config {
    let mut config = config(index);
    config.session_expires = Duration::from_secs(seconds);
    config
}

/// A call of ours that the far side has answered with these headers, and its INVITE.
fn placed(seconds: u64, more: &str) -> (Pipe, LegId, String) {
    placed_by(with(0, seconds), more)
}

/// The same by a phone of this configuration.
fn placed_by(config: Config, more: &str) -> (Pipe, LegId, String) {
    let mut pipe = Pipe::with(vec![config], 3);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    answer(&mut pipe, &invite, more);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    (pipe, leg, invite)
}

fn answer(pipe: &mut Pipe, request: &str, more: &str) {
    let body = if request.starts_with("INVITE") {
        sdp("sip:one@10.0.0.9", "sendrecv")
    } else {
        "Contact: <sip:one@10.0.0.9>\r\n".to_owned()
    };
    let text = reply(request, "200 OK", "s", &format!("{more}{body}"));
    pipe.inject(other(), 0, &text);
    pipe.run_ms(50);
}

/// A request of the far side.
fn request(method: &str, number: u32, to: &str, more: &str) -> String {
    let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more, ""));
    format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method}{number}\r\n\
         From: <sip:odd@10.0.0.9>;tag=s\r\nTo: {to}\r\nCall-ID: c\r\nCSeq: {number} {method}\r\n\
         Max-Forwards: 70\r\n{}\r\nContent-Length: {}\r\n\r\n{body}",
        more.trim_end(),
        body.len()
    )
}

fn ask(pipe: &mut Pipe, request: &str) -> String {
    let before = pipe.raw.len();
    pipe.inject(other(), 0, request);
    pipe.run_ms(50);
    let answer = pipe.raw.get(before).map(|(_, _, text)| text.clone());
    answer.unwrap_or_default()
}

/// A call to us with these headers, which the agent has taken, and our 200.
fn taken(seconds: u64, more: &str) -> (Pipe, LegId, String) {
    let mut pipe = Pipe::with(vec![with(0, seconds)], 3);
    let body = sdp("sip:odd@10.0.0.9", "sendrecv");
    let invite = request(
        "INVITE",
        1,
        "<sip:user0@10.0.0.1>",
        &format!("{more}{body}"),
    );
    pipe.inject(other(), 0, &invite);
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let ok = pipe.last(0, "SIP/2.0 200").to_owned();
    let ack = request("ACK", 1, header(&ok, "To"), "");
    pipe.inject(other(), 0, &ack);
    pipe.run_ms(50);
    (pipe, leg, ok)
}

fn ends_by_itself(pipe: &mut Pipe, leg: LegId, within: u64) {
    pipe.run(Duration::from_secs(within));
    assert!(pipe.has(0, leg, |event| {
        *event == WireEvent::Ended(EndCause::TimedOut)
    }));
    let reason = header(pipe.last(0, "BYE"), "Reason");
    assert_eq!(reason, "SIP;cause=408;text=\"Session expired\"");
    pipe.assert_idle();
}

#[test]
fn rfc_4028_our_call_is_refreshed_by_update_at_half_its_interval() {
    let more = format!("{ALLOW}Require: timer\r\nSession-Expires: 600;refresher=uac\r\n");
    let (mut pipe, leg, invite) = placed(1800, &more);
    assert_eq!(header(&invite, "Session-Expires"), "1800");
    assert!(header(&invite, "Supported").contains("timer"));
    for turn in 1..=3 {
        pipe.run(Duration::from_secs(299));
        assert_eq!(pipe.requests(0, "UPDATE"), turn - 1);
        pipe.run(Duration::from_secs(2));
        assert_eq!(pipe.requests(0, "UPDATE"), turn);
        let update = pipe.last(0, "UPDATE").to_owned();
        assert_eq!(header(&update, "Session-Expires"), "600;refresher=uac");
        assert_eq!(header(&update, "Content-Type"), "", "no offer");
        assert!(!header(&update, "Contact").is_empty());
        answer(&mut pipe, &update, &more);
    }
    // The far side answers no more.
    pipe.run(Duration::from_secs(340));
    assert!(pipe.has(0, leg, |event| {
        *event == WireEvent::Ended(EndCause::Lost)
    }));
    pipe.assert_idle();
}

#[test]
fn rfc_4028_where_update_is_not_allowed_or_refused_a_reinvite_refreshes() {
    for (allow, refusal) in [
        ("Allow: INVITE, ACK, BYE\r\n", None),
        (ALLOW, Some("501 Not Implemented")),
        (ALLOW, Some("405 Method Not Allowed")),
    ] {
        let more = format!("{allow}Session-Expires: 90;refresher=uac\r\n");
        let (mut pipe, leg, invite) = placed(90, &more);
        pipe.run(Duration::from_secs(45));
        if let Some(refusal) = refusal {
            let update = pipe.last(0, "UPDATE").to_owned();
            pipe.inject(other(), 0, &reply(&update, refusal, "", ""));
            pipe.run_ms(50);
        }
        let reinvite = pipe.last(0, "INVITE").to_owned();
        assert_ne!(header(&reinvite, "CSeq"), header(&invite, "CSeq"));
        assert_eq!(header(&reinvite, "Session-Expires"), "90;refresher=uac");
        assert!(reinvite.contains("a=sendrecv"));
        answer(&mut pipe, &reinvite, &more);
        assert!(!pipe.has(0, leg, |event| matches!(event, WireEvent::Renegotiated(_))));
        let updates = pipe.requests(0, "UPDATE");
        pipe.run(Duration::from_secs(45));
        assert_eq!(pipe.requests(0, "UPDATE"), updates, "{refusal:?}");
        let next = pipe.last(0, "INVITE").to_owned();
        assert_ne!(header(&next, "CSeq"), header(&reinvite, "CSeq"));
        answer(&mut pipe, &next, &more);
        pipe.bye(0, leg);
        pipe.assert_idle();
    }
}

#[test]
fn rfc_4028_a_call_that_its_far_side_does_not_refresh_ends_before_the_interval() {
    let more = format!("{ALLOW}Session-Expires: 90;refresher=uas\r\n");
    let (mut pipe, leg, invite) = placed(90, &more);
    pipe.run(Duration::from_secs(50));
    let update = request(
        "UPDATE",
        9,
        header(&invite, "From"),
        "Session-Expires: 90;refresher=uac\r\nSupported: timer",
    )
    .replace(
        "Call-ID: c\r\n",
        &format!("Call-ID: {}\r\n", header(&invite, "Call-ID")),
    );
    let ok = ask(&mut pipe, &update);
    assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
    assert_eq!(header(&ok, "Session-Expires"), "90;refresher=uac");
    pipe.run(Duration::from_secs(50));
    assert_eq!(pipe.events(0, leg).len(), 1, "it was refreshed");
    ends_by_itself(&mut pipe, leg, 11);
}

#[test]
fn rfc_4028_a_hold_refreshes_too_and_an_answer_without_the_header_ends_the_timer() {
    let more = format!("{ALLOW}Session-Expires: 90;refresher=uac\r\n");
    let (mut pipe, leg, _) = placed(90, &more);
    pipe.run(Duration::from_secs(40));
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    let hold = pipe.last(0, "INVITE").to_owned();
    assert_eq!(header(&hold, "Session-Expires"), "90;refresher=uac");
    answer(&mut pipe, &hold, &more);
    pipe.run(Duration::from_secs(40));
    assert_eq!(pipe.requests(0, "UPDATE"), 0);
    pipe.run(Duration::from_secs(6));
    let update = pipe.last(0, "UPDATE").to_owned();
    answer(&mut pipe, &update, "");
    pipe.run(Duration::from_secs(1_000));
    assert_eq!(pipe.requests(0, "UPDATE"), 1);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_4028_a_422_is_answered_with_the_interval_that_it_names() {
    let mut pipe = Pipe::with(vec![with(0, 90)], 3);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    for (asked, least) in [("90", "300"), ("300", "600")] {
        let invite = pipe.last(0, "INVITE").to_owned();
        assert_eq!(header(&invite, "Session-Expires"), asked);
        let refused = "422 Session Interval Too Small";
        let more = format!("Min-SE: {least}\r\n");
        pipe.inject(other(), 0, &reply(&invite, refused, "s", &more));
        pipe.run_ms(50);
    }
    let invite = pipe.last(0, "INVITE").to_owned();
    assert_eq!(header(&invite, "Session-Expires"), "600");
    assert_eq!(header(&invite, "Min-SE"), "600");
    let more = format!("{ALLOW}Session-Expires: 600;refresher=uac\r\n");
    answer(&mut pipe, &invite, &more);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    pipe.run(Duration::from_secs(300));
    let update = pipe.last(0, "UPDATE").to_owned();
    assert_eq!(header(&update, "Min-SE"), "600");
    // One in the middle of the call is heard as well.
    let more = "Min-SE: 900\r\n";
    pipe.inject(
        other(),
        0,
        &reply(&update, "422 Session Interval Too Small", "", more),
    );
    pipe.run_ms(50);
    let update = pipe.last(0, "UPDATE").to_owned();
    assert_eq!(header(&update, "Session-Expires"), "900;refresher=uac");
    answer(&mut pipe, &update, "Session-Expires: 900;refresher=uac\r\n");
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_4028_a_422_that_names_nothing_longer_refuses_the_call() {
    for more in ["", "Min-SE: 90\r\n", "Min-SE: soon\r\n"] {
        let mut pipe = Pipe::with(vec![with(0, 90)], 3);
        let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
        pipe.run_ms(50);
        let invite = pipe.last(0, "INVITE").to_owned();
        let refused = "422 Session Interval Too Small";
        pipe.inject(other(), 0, &reply(&invite, refused, "s", more));
        pipe.run_ms(50);
        assert!(pipe.has(0, leg, |event| matches!(
            event,
            WireEvent::Refused { status: 422 }
        )));
        pipe.assert_idle();
    }
}

#[test]
fn rfc_4028_a_caller_that_requires_timers_is_taken_and_ends_when_it_does_not_refresh() {
    let more = "Require: timer\r\nSession-Expires: 120\r\n";
    let (mut pipe, leg, ok) = taken(0, more);
    assert_eq!(header(&ok, "Require"), "timer");
    assert_eq!(header(&ok, "Session-Expires"), "120;refresher=uac");
    pipe.run(Duration::from_secs(80));
    let to = header(&ok, "To").to_owned();
    let more = "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n";
    let body = sdp("sip:odd@10.0.0.9", "sendrecv");
    let refresh = request("INVITE", 5, &to, &format!("{more}{body}"));
    let ok = ask(&mut pipe, &refresh);
    assert_eq!(header(&ok, "Session-Expires"), "120;refresher=uac");
    let ack = request("ACK", 5, &to, "");
    pipe.inject(other(), 0, &ack);
    pipe.run(Duration::from_secs(80));
    assert!(!pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_))));
    ends_by_itself(&mut pipe, leg, 10);
}

#[test]
fn rfc_4028_the_called_side_refreshes_where_it_is_asked_to_or_the_caller_can_not() {
    for more in [
        "Supported: timer\r\nAllow: INVITE, UPDATE\r\nSession-Expires: 90;refresher=uas\r\n",
        "Allow: INVITE, UPDATE\r\nSession-Expires: 90\r\n",
    ] {
        let (mut pipe, leg, ok) = taken(1800, more);
        assert_eq!(header(&ok, "Session-Expires"), "90;refresher=uas");
        let knows = more.contains("Supported");
        assert_eq!(header(&ok, "Require") == "timer", knows);
        pipe.run(Duration::from_secs(46));
        let update = pipe.last(0, "UPDATE").to_owned();
        assert_eq!(header(&update, "Session-Expires"), "90;refresher=uac");
        answer(&mut pipe, &update, "Session-Expires: 90;refresher=uac\r\n");
        pipe.bye(0, leg);
        pipe.assert_idle();
    }
}

#[test]
fn rfc_4028_an_interval_below_90_s_gets_422_in_each_request() {
    let short = "Supported: timer\r\nSession-Expires: 89\r\n";
    let mut pipe = Pipe::with(vec![with(0, 1800)], 3);
    let body = sdp("sip:odd@10.0.0.9", "sendrecv");
    let invite = request(
        "INVITE",
        1,
        "<sip:user0@10.0.0.1>",
        &format!("{short}{body}"),
    );
    let refused = ask(&mut pipe, &invite);
    assert!(refused.starts_with("SIP/2.0 422"), "{refused}");
    assert_eq!(header(&refused, "Min-SE"), "90");
    assert!(pipe.ends[0].events.is_empty());
    pipe.assert_idle();
    let (mut pipe, leg, ok) = taken(1800, "Supported: timer\r\n");
    let to = header(&ok, "To").to_owned();
    for (number, method) in [(7, "UPDATE"), (8, "INVITE")] {
        let request = request(method, number, &to, &format!("{short}{body}"));
        let refused = ask(&mut pipe, &request);
        assert!(refused.starts_with("SIP/2.0 422"), "{refused}");
    }
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_4028_the_shortest_interval_is_as_configured_in_what_we_refuse_and_in_what_we_ask_for() {
    let mut config = with(0, 90);
    config.session_least = Duration::from_secs(700);
    let mut pipe = Pipe::with(vec![config], 3);
    let body = sdp("sip:odd@10.0.0.9", "sendrecv");
    let mut asks = |number, seconds| {
        let more = format!("Supported: timer\r\nSession-Expires: {seconds}\r\n{body}");
        let invite = request("INVITE", number, "<sip:user0@10.0.0.1>", &more);
        ask(&mut pipe, &invite)
    };
    let refused = asks(1, 699);
    assert!(refused.starts_with("SIP/2.0 422"), "{refused}");
    assert_eq!(header(&refused, "Min-SE"), "700");
    asks(2, 700);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let ok = pipe.last(0, "SIP/2.0 200").to_owned();
    assert_eq!(header(&ok, "Session-Expires"), "700;refresher=uac");
    pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    assert_eq!(header(&invite, "Session-Expires"), "700");
    assert_eq!(header(&invite, "Min-SE"), "700");
}

#[test]
fn rfc_4028_an_interval_that_the_far_side_has_chosen_is_gone_on_with_however_short() {
    for least in [90, 700] {
        let mut config = with(0, 1800);
        config.session_least = Duration::from_secs(least);
        let more = format!("{ALLOW}Require: timer\r\nSession-Expires: 10;refresher=uac\r\n");
        let (mut pipe, _, _) = placed_by(config, &more);
        pipe.run(Duration::from_secs(6));
        let update = pipe.last(0, "UPDATE").to_owned();
        assert_eq!(header(&update, "Session-Expires"), "10;refresher=uac");
        // §7.1: no interval is shorter than the Min-SE beside it.
        assert_eq!(header(&update, "Min-SE"), "");
    }
}

#[test]
fn rfc_4028_without_a_wish_of_ours_or_theirs_there_is_no_timer() {
    for (seconds, more) in [(0, "Supported: timer\r\n"), (1800, "")] {
        let (mut pipe, leg, ok) = taken(seconds, more);
        assert_eq!(header(&ok, "Session-Expires"), "");
        pipe.run(Duration::from_secs(4_000));
        assert_eq!(pipe.sent(0, "UPDATE") + pipe.sent(0, "INVITE"), 0);
        pipe.bye(0, leg);
        pipe.assert_idle();
    }
    let (mut pipe, leg, invite) = placed(0, ALLOW);
    assert_eq!(header(&invite, "Session-Expires"), "");
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_4028_two_phones_stay_up_for_hours_whatever_is_lost_and_end_when_the_line_is_cut() {
    let mut pipe = Pipe::with(vec![with(0, 90), with(1, 90)], 9);
    pipe.loss = 200;
    let placed = pipe.dial(0, crate::support::target(1));
    pipe.run(Duration::from_secs(5));
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run(Duration::from_secs(7_200));
    for (end, leg) in [(0, placed), (1, received)] {
        assert!(!pipe.has(end, leg, |event| matches!(event, WireEvent::Ended(_))));
    }
    assert!(pipe.requests(0, "UPDATE") > 100);
    pipe.filter = Some(Box::new(|_: &Seen| true));
    pipe.run(Duration::from_secs(90));
    for (end, leg) in [(0, placed), (1, received)] {
        assert!(
            pipe.has(end, leg, |event| matches!(event, WireEvent::Ended(_))),
            "{end}"
        );
    }
    pipe.assert_idle();
}
