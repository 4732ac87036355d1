//! Peers that are no Trialog, played by the test in plain text: forks, late offers, early media, odd and malformed requests.
use crate::support::{Pipe, addr, header, reply, sdp, target};
use std::net::SocketAddr;
use trialog_call::{Action, Capabilities, Direction, EndCause, LegId, Target, WireEvent};

pub(crate) fn stranger() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn proxy_target() -> Target {
    Target("sip:team@10.0.0.9".to_owned())
}

/// A request of the stranger's own.
fn request(method: &str, branch: &str, more: &str) -> String {
    let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more, ""));
    let more = if more.is_empty() || more.ends_with("\r\n") {
        more.to_owned()
    } else {
        format!("{more}\r\n")
    };
    format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{branch}\r\n\
         From: <sip:odd@10.0.0.9>;tag=f\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: c-{branch}\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn answer_of(pipe: &mut Pipe, text: &str) -> String {
    let before = pipe.raw.len();
    pipe.inject(stranger(), 0, text);
    pipe.run_ms(50);
    pipe.raw
        .get(before)
        .map(|(_, _, text)| text.clone())
        .unwrap_or_default()
}

pub(crate) fn last_raw(pipe: &Pipe, start: &str) -> String {
    pipe.raw
        .iter()
        .rev()
        .find(|(_, _, text)| text.starts_with(start))
        .map(|(_, _, text)| text.clone())
        .unwrap_or_else(|| panic!("no {start} came"))
}

/// A call placed to the stranger, who has answered it.
pub(crate) fn placed_and_answered(pipe: &mut Pipe) -> (LegId, String) {
    let leg = pipe.dial(0, proxy_target());
    pipe.run_ms(50);
    let invite = last_raw(pipe, "INVITE");
    let ok = reply(&invite, "200 OK", "s", &sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    (leg, invite)
}

#[test]
fn of_two_forks_that_answer_the_first_is_kept_and_the_second_gets_ack_and_bye() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, proxy_target());
    pipe.run_ms(50);
    let invite = last_raw(&pipe, "INVITE");
    for tag in ["one", "two"] {
        let contact = format!("sip:{tag}@10.0.0.9");
        let ok = reply(&invite, "200 OK", tag, &sdp(&contact, "sendrecv"));
        pipe.inject(stranger(), 0, &ok);
        pipe.run_ms(50);
    }
    assert_eq!(
        pipe.count_of(0, leg, |event| matches!(event, WireEvent::Answered(_))),
        1
    );
    assert_eq!((pipe.sent(0, "ACK"), pipe.sent(0, "BYE")), (2, 1));
    let bye = last_raw(&pipe, "BYE");
    assert!(bye.starts_with("BYE sip:two@10.0.0.9"));
    assert!(header(&bye, "To").ends_with("tag=two"));
    // A copy of either 2xx gets its ACK again, and no second BYE.
    let ok = reply(
        &invite,
        "200 OK",
        "two",
        &sdp("sip:two@10.0.0.9", "sendrecv"),
    );
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "ACK"), 3);
    pipe.inject(stranger(), 0, &reply(&bye, "200 OK", "", ""));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "BYE"), 1);
    assert!(!pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_183_with_sdp_is_early_media_and_the_2xx_without_sdp_keeps_it() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, proxy_target());
    pipe.run_ms(50);
    let invite = last_raw(&pipe, "INVITE");
    let progress = reply(
        &invite,
        "183 Session Progress",
        "one",
        &sdp("sip:one@10.0.0.9", "sendrecv"),
    );
    pipe.inject(stranger(), 0, &progress);
    pipe.run_ms(50);
    assert_eq!(pipe.events(0, leg), [], "a 183 does not ring");
    assert_eq!(pipe.ends[0].media[&leg].codec, trialog_sdp::Codec::Pcma);
    let ok = reply(&invite, "200 OK", "one", "Contact: <sip:one@10.0.0.9>\r\n");
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn an_answer_without_a_codec_of_ours_is_acknowledged_and_ended() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, proxy_target());
    pipe.run_ms(50);
    let invite = last_raw(&pipe, "INVITE");
    let body = sdp("sip:one@10.0.0.9", "sendrecv").replace("m=audio 4000", "m=audio 0");
    pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "one", &body));
    pipe.run_ms(50);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 488 }]);
    assert_eq!((pipe.sent(0, "ACK"), pipe.sent(0, "BYE")), (1, 1));
    pipe.assert_idle();
    assert_eq!(pipe.events(0, leg).len(), 1);
}

#[test]
fn requests_in_a_dialog_follow_its_route_and_its_last_contact() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, proxy_target());
    pipe.run_ms(50);
    let invite = last_raw(&pipe, "INVITE");
    let more = format!(
        "Record-Route: <sip:10.0.0.8;lr>, <sip:10.0.0.9:5070;lr>\r\nAllow: INVITE\r\nSupported: replaces\r\n{}",
        sdp("sip:one@10.9.9.9", "sendrecv")
    );
    pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "one", &more));
    pipe.run_ms(50);
    let capabilities = Capabilities {
        refer: false,
        replaces: true,
        trialog: false,
    };
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Answered(capabilities)));
    let (_, to, ack) = pipe.raw.last().expect("an ACK").clone();
    assert_eq!(to, "10.0.0.9:5070".parse().expect("address"));
    assert!(ack.starts_with("ACK sip:one@10.9.9.9 "));
    assert_eq!(header(&ack, "Route"), "<sip:10.0.0.9:5070;lr>");
    // A re-INVITE of theirs moves the target (RFC 3261 §12.2), not the route.
    let (to_tag, call_id) = (header(&invite, "From"), header(&invite, "Call-ID"));
    let reinvite = format!(
        "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKre\r\n\
         From: <sip:team@10.0.0.9>;tag=one\r\nTo: {to_tag}\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n{}",
        sdp("sip:moved@10.9.9.7", "sendonly")
    );
    pipe.inject(stranger(), 0, &reinvite);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::FarHold(true)));
    pipe.bye(0, leg);
    pipe.run_ms(50);
    // The called side has not acknowledged: our BYE waits (RFC 3261 §15).
    assert_eq!(pipe.sent(0, "BYE"), 0);
    pipe.inject(
        stranger(),
        0,
        &reinvite
            .replace("INVITE sip:", "ACK sip:")
            .replace("1 INVITE", "1 ACK")
            .replace("bKre", "bKack"),
    );
    pipe.run_ms(50);
    let bye = last_raw(&pipe, "BYE");
    assert!(bye.starts_with("BYE sip:moved@10.9.9.7 "));
    pipe.assert_idle();
}

#[test]
fn a_late_offer_is_made_in_the_2xx_and_answered_in_the_ack() {
    let mut pipe = Pipe::of(1);
    let invite = request("INVITE", "late", "Contact: <sip:odd@10.0.0.9>\r\n");
    pipe.inject(stranger(), 0, &invite);
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let ok = last_raw(&pipe, "SIP/2.0 200");
    assert!(ok.contains("m=audio"));
    assert!(!pipe.ends[0].media.contains_key(&leg));
    let to = header(&ok, "To").to_owned();
    let ack = request("ACK", "lateack", &sdp("sip:odd@10.0.0.9", "sendrecv"))
        .replace("c-lateack", "c-late")
        .replace("To: <sip:user0@10.0.0.1>", &format!("To: {to}"));
    pipe.inject(stranger(), 0, &ack);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Confirmed));
    assert_eq!(pipe.ends[0].media[&leg].codec, trialog_sdp::Codec::Pcma);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

/// A call whose offer went out in our 2xx, and the ACK to that, which has no answer.
fn late_offer() -> (Pipe, LegId, String) {
    let mut pipe = Pipe::of(1);
    pipe.inject(
        stranger(),
        0,
        &request("INVITE", "late", "Contact: <sip:odd@10.0.0.9>\r\n"),
    );
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let to = header(&last_raw(&pipe, "SIP/2.0 200"), "To").to_owned();
    let ack = request("ACK", "lateack", "")
        .replace("c-lateack", "c-late")
        .replace("To: <sip:user0@10.0.0.1>", &format!("To: {to}"));
    (pipe, leg, ack)
}

#[test]
fn a_call_that_waits_for_its_ack_to_be_ended_is_gone_when_that_has_no_answer() {
    let (mut pipe, leg, ack) = late_offer();
    pipe.bye(0, leg);
    pipe.run_ms(50);
    pipe.inject(stranger(), 0, &ack);
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "BYE"), 1);
    let answer = reply(&last_raw(&pipe, "BYE"), "200 OK", "", "");
    pipe.inject(stranger(), 0, &answer);
    pipe.run_ms(50);
    assert_eq!(pipe.count_of(0, leg, |event| *event == WireEvent::Gone), 1);
    pipe.assert_idle();
}

#[test]
fn a_late_offer_without_an_answer_ends_the_call() {
    let (mut pipe, leg, ack) = late_offer();
    pipe.inject(stranger(), 0, &ack);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event
        == WireEvent::Ended(EndCause::NoMedia)));
    assert_eq!(pipe.sent(0, "BYE"), 1);
    pipe.assert_idle();
}

#[test]
fn an_offer_that_we_cannot_take_gets_488_and_no_leg() {
    let mut pipe = Pipe::of(1);
    let body = sdp("sip:odd@10.0.0.9", "sendrecv").replace("RTP/AVP 8", "RTP/AVP 3");
    let body = body.replace("rtpmap:8 PCMA", "rtpmap:3 GSM");
    let answer = answer_of(&mut pipe, &request("INVITE", "gsm", &body));
    assert!(answer.starts_with("SIP/2.0 488"), "{answer}");
    assert!(pipe.ends[0].events.is_empty());
    pipe.assert_idle();
}

#[test]
fn what_we_cannot_do_is_refused_as_the_standard_says() {
    for (text, status, with) in [
        (request("PUBLISH", "b", ""), "405", "Allow: INVITE"),
        (request("FROB", "c", ""), "501", "Allow: INVITE"),
        (
            request("INVITE", "d", "Require: precondition, path\r\n"),
            "420",
            "Unsupported: precondition, path",
        ),
        (
            request("INVITE", "e", "").replace("sip:user0@10.0.0.1 SIP", "xyz:user0 SIP"),
            "416",
            "",
        ),
        (
            request(
                "INVITE",
                "f",
                "Contact: <sip:a@b>\r\nContent-Type: text/plain\r\n\r\nhello",
            ),
            "415",
            "Accept: application/sdp",
        ),
        (
            request(
                "INVITE",
                "g",
                "Contact: <sip:a@b>\r\nContent-Type: application/sdp\r\n\r\nhello",
            ),
            "400",
            "",
        ),
        (request("INVITE", "h", ""), "400", ""),
        (
            request("SUBSCRIBE", "i", "Event: presence\r\n"),
            "489",
            "Allow-Events: refer, conference",
        ),
        (
            request(
                "REFER",
                "j",
                "Refer-To: <sip:a@b>\r\nContact: <sip:a@b>\r\n",
            ),
            "403",
            "",
        ),
        (request("BYE", "k", ""), "481", ""),
        (request("NOTIFY", "l", "Event: refer\r\n"), "481", ""),
        (request("CANCEL", "m", ""), "481", ""),
        (request("OPTIONS", "n", ""), "200", "Allow: INVITE"),
        (
            request("BYE", "o", "").replace("To: <sip:user0@10.0.0.1>", "To: <sip:u@h>;tag=none"),
            "481",
            "",
        ),
        (
            request("INVITE", "p", "").replace("CSeq: 1 INVITE", "CSeq: 1 BYE"),
            "400",
            "",
        ),
        (
            request("INVITE", "q", "").replace("Call-ID: c-q\r\n", ""),
            "400",
            "",
        ),
    ] {
        let mut pipe = Pipe::of(1);
        let answer = answer_of(&mut pipe, &text);
        assert!(
            answer.starts_with(&format!("SIP/2.0 {status}")),
            "{text}\n{answer}"
        );
        assert!(answer.contains(with), "{answer}");
        assert!(pipe.ends[0].events.is_empty());
        pipe.assert_idle();
    }
}

#[test]
fn the_answer_to_a_cancel_has_the_tag_of_the_answers_to_its_invite() {
    for answered_before in [false, true] {
        let mut pipe = Pipe::of(1);
        let invite = request("INVITE", "a", &sdp("sip:odd@10.0.0.9", "sendrecv"));
        let ringing = answer_of(&mut pipe, &invite);
        let (leg, _) = pipe.incoming(0);
        pipe.act(0, Action::Ring(leg));
        if answered_before {
            pipe.act(0, Action::Answer(leg));
        }
        pipe.run_ms(50);
        assert_eq!(ringing, "");
        let last = last_raw(&pipe, "SIP/2.0");
        let tag = header(&last, "To");
        let ok = answer_of(&mut pipe, &request("CANCEL", "a", ""));
        assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
        // RFC 3261 §9.2.
        assert_eq!(header(&ok, "To"), tag);
        let gone = pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_)));
        assert_eq!(gone, !answered_before);
    }
}

#[test]
fn garbage_and_stray_messages_are_passed_over() {
    let mut pipe = Pipe::of(1);
    for text in [
        "",
        "\r\n\r\n",
        "hello",
        "SIP/2.0 200 OK\r\n\r\n",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKnone\r\nCSeq: 1 INVITE\r\n\r\n",
        &request("ACK", "x", ""),
        "INVITE",
        "ACK sip:a SIP/2.0\r\n\r\n",
    ] {
        pipe.inject(stranger(), 0, text);
    }
    pipe.run_ms(50);
    assert!(pipe.raw.is_empty(), "{:?}", pipe.raw);
    pipe.assert_idle();
}

#[test]
fn a_request_that_came_by_two_ways_is_answered_once_and_merged_once() {
    let mut pipe = Pipe::of(1);
    let invite = request("INVITE", "way1", &sdp("sip:odd@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &invite);
    pipe.run_ms(50);
    let answer = answer_of(&mut pipe, &invite.replace("bKway1", "bKway2"));
    assert!(answer.starts_with("SIP/2.0 482"), "{answer}");
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Reject { leg, status: 486 });
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SIP/2.0 486"), 1);
    pipe.assert_idle();
}

#[test]
fn answers_go_back_to_where_the_request_really_came_from() {
    let mut pipe = Pipe::of(1);
    let far: SocketAddr = "192.0.2.7:41000".parse().expect("address");
    // RFC 3581: with rport to the port it came from; without, to the port in Via.
    pipe.inject(
        far,
        0,
        &request("OPTIONS", "r", "").replace("10.0.0.9;branch", "10.0.0.9;rport;branch"),
    );
    pipe.run_ms(50);
    let (_, to, text) = pipe.raw.last().expect("an answer").clone();
    assert_eq!(to, far);
    assert!(header(&text, "Via").contains("received=192.0.2.7"));
    assert!(header(&text, "Via").contains("rport=41000"));
    pipe.inject(far, 0, &request("OPTIONS", "s", ""));
    pipe.run_ms(50);
    let (_, to, _) = pipe.raw.last().expect("an answer").clone();
    assert_eq!(to, "192.0.2.7:5060".parse().expect("address"));
    pipe.assert_idle();
}

#[test]
fn a_request_below_the_last_number_is_refused_with_500() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = placed_and_answered(&mut pipe);
    let (to, call_id) = (
        header(&invite, "From").to_owned(),
        header(&invite, "Call-ID").to_owned(),
    );
    let in_dialog = |number: u32| {
        format!(
            "OPTIONS sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKn{number}\r\n\
             From: <sip:team@10.0.0.9>;tag=s\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} OPTIONS\r\n\r\n"
        )
    };
    assert!(answer_of(&mut pipe, &in_dialog(9)).starts_with("SIP/2.0 200"));
    assert!(answer_of(&mut pipe, &in_dialog(8)).starts_with("SIP/2.0 500"));
    assert!(answer_of(&mut pipe, &in_dialog(10)).starts_with("SIP/2.0 200"));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn each_answer_to_a_reinvite_has_its_effect() {
    for (status, refused, ended) in [
        ("488 Not Acceptable Here", Some(488), None),
        ("403 Forbidden", Some(403), None),
        ("500 Server Internal Error", Some(500), None),
        (
            "481 Call/Transaction Does Not Exist",
            None,
            Some(EndCause::Lost),
        ),
        ("408 Request Timeout", None, Some(EndCause::Lost)),
    ] {
        let mut pipe = Pipe::of(1);
        let (leg, _) = placed_and_answered(&mut pipe);
        pipe.reinvite(0, leg, Direction::SendOnly);
        pipe.run_ms(50);
        let reinvite = last_raw(&pipe, "INVITE");
        pipe.inject(stranger(), 0, &reply(&reinvite, status, "", ""));
        pipe.run_ms(50);
        if let Some(status) = refused {
            assert!(pipe.has(0, leg, |event| {
                *event == WireEvent::RenegotiationRefused { status }
            }));
            assert_eq!(
                pipe.ends[0].media[&leg].direction,
                trialog_sdp::Direction::SendRecv
            );
        }
        if let Some(cause) = ended {
            assert!(pipe.has(0, leg, |event| *event == WireEvent::Ended(cause)));
        }
        pipe.bye(0, leg);
        pipe.assert_idle();
    }
}

#[test]
fn a_reinvite_that_meets_491_for_ever_is_given_up_after_five_tries() {
    let mut pipe = Pipe::of(1);
    let (leg, _) = placed_and_answered(&mut pipe);
    pipe.reinvite(0, leg, Direction::SendOnly);
    let mut answered = 0;
    for _ in 0..300 {
        pipe.run_ms(100);
        let invites: Vec<String> = pipe
            .raw
            .iter()
            .filter(|(_, _, text)| {
                text.starts_with("INVITE") && header(text, "To").contains("tag=")
            })
            .map(|(_, _, text)| text.clone())
            .collect();
        while answered < invites.len() {
            pipe.inject(
                stranger(),
                0,
                &reply(&invites[answered], "491 Request Pending", "", ""),
            );
            answered += 1;
        }
    }
    assert_eq!(answered, 5);
    assert!(pipe.has(0, leg, |event| {
        *event == WireEvent::RenegotiationRefused { status: 491 }
    }));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn an_update_holds_and_refreshes() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = placed_and_answered(&mut pipe);
    let update = format!(
        "UPDATE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKupd\r\n\
         From: <sip:team@10.0.0.9>;tag=s\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 5 UPDATE\r\n{}",
        header(&invite, "From"),
        header(&invite, "Call-ID"),
        sdp("sip:new@10.0.0.9:5099", "inactive")
    );
    let answer = answer_of(&mut pipe, &update);
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("a=inactive"));
    assert!(pipe.has(0, leg, |event| *event == WireEvent::FarHold(true)));
    pipe.bye(0, leg);
    pipe.run_ms(50);
    assert!(last_raw(&pipe, "BYE").starts_with("BYE sip:new@10.0.0.9:5099"));
    pipe.assert_idle();
}

#[test]
fn a_name_is_resolved_and_the_next_address_tried_when_one_fails() {
    use trialog_ua::{Input, Peer, Transport};
    let mut pipe = Pipe::of(2);
    let dead: SocketAddr = "10.0.0.77:5060".parse().expect("address");
    let named = |transport, address| Peer::named("team.example", transport, address);
    pipe.names.insert(
        "team.example".to_owned(),
        vec![named(Transport::Tcp, dead), named(Transport::Udp, addr(1))],
    );
    let leg = pipe.dial(0, Target("sip:user1@team.example".to_owned()));
    pipe.input(0, Input::TransportError(Peer::at(Transport::Tcp, dead)));
    pipe.run_ms(100);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(100);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    for seen in pipe.seen.iter().filter(|seen| seen.from == addr(0)) {
        // The Contact of the 2xx has an address: what follows it goes there, and not by the name.
        let name = seen
            .start_line()
            .starts_with("INVITE")
            .then_some("team.example");
        assert_eq!(seen.name.as_deref(), name, "{}", seen.start_line());
    }
    pipe.bye(0, leg);
    pipe.assert_idle();
    let nobody = pipe.dial(0, Target("sip:user1@nowhere.example".to_owned()));
    assert_eq!(pipe.events(0, nobody), [WireEvent::Refused { status: 503 }]);
    pipe.assert_idle();
}

#[test]
fn a_call_by_tcp_sends_nothing_twice() {
    let mut pipe = Pipe::of(2);
    let mut to = target(1);
    to.0.push_str(";transport=tcp");
    let leg = pipe.dial(0, to);
    pipe.run(std::time::Duration::from_secs(5));
    let (received, _) = pipe.incoming(1);
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    assert!(header(pipe.last(0, "INVITE"), "Via").starts_with("SIP/2.0/TCP"));
    assert!(header(pipe.last(0, "INVITE"), "Contact").contains("transport=tcp"));
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(100);
    pipe.bye(1, received);
    pipe.run(std::time::Duration::from_secs(5));
    assert_eq!(pipe.sent(1, "BYE"), 1);
    assert!(header(pipe.last(1, "BYE"), "Via").starts_with("SIP/2.0/TCP"));
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Ended(EndCause::Bye)));
    pipe.assert_idle();
}

#[test]
fn a_request_in_the_early_dialog_does_not_hide_the_ack() {
    let mut pipe = Pipe::of(1);
    let invite = request("INVITE", "early", &sdp("sip:odd@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &invite);
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Ring(leg));
    pipe.run_ms(50);
    let to = header(&last_raw(&pipe, "SIP/2.0 180"), "To").to_owned();
    let later = |method: &str, number: u32| {
        request(method, "later", "")
            .replace("bKlater", &format!("bK{method}"))
            .replace("c-later", "c-early")
            .replace("CSeq: 1 ", &format!("CSeq: {number} "))
            .replace("To: <sip:user0@10.0.0.1>", &format!("To: {to}"))
    };
    assert!(answer_of(&mut pipe, &later("UPDATE", 2)).starts_with("SIP/2.0 200"));
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    pipe.inject(stranger(), 0, &later("ACK", 1));
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Confirmed));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_stranger_who_vanished_rings_as_long_as_his_invite_says_else_a_minute() {
    for (expires, seconds) in [("Expires: 20\r\n", 20), ("", 60)] {
        let mut pipe = Pipe::of(1);
        let invite = request("INVITE", "gone", &sdp("sip:odd@10.0.0.9", "sendrecv"));
        let invite = invite.replace("Max-Forwards", &format!("{expires}Max-Forwards"));
        pipe.inject(stranger(), 0, &invite);
        pipe.run_ms(50);
        let (leg, _) = pipe.incoming(0);
        pipe.act(0, Action::Ring(leg));
        let ended = |pipe: &Pipe| {
            let over = WireEvent::Ended(EndCause::Cancelled);
            pipe.has(0, leg, |event| *event == over)
        };
        pipe.run_ms((seconds - 1) * 1000);
        assert!(!ended(&pipe), "{expires}");
        pipe.run_ms(1000);
        assert!(ended(&pipe), "{expires}");
        last_raw(&pipe, "SIP/2.0 487");
        pipe.assert_idle();
    }
}
