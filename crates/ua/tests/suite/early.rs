//! Early dialogs (RFC 3261 §12.1.2): requests that come between a 180 and the 2xx.
use crate::support::{Pipe, header, reply, sdp};
use std::net::SocketAddr;
use trialog_call::{Action, EndCause, LegId, Target, WireEvent};

const CONTACT: &str = "Contact: <sip:one@10.0.0.9>\r\n";

fn stranger() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

/// A call of ours that rings at the far side, in the forks with these tags, and its INVITE.
fn ringing(pipe: &mut Pipe, forks: &[&str]) -> (LegId, String) {
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    for tag in forks {
        let ringing = reply(&invite, "180 Ringing", tag, CONTACT);
        pipe.inject(stranger(), 0, &ringing);
    }
    pipe.run_ms(50);
    (leg, invite)
}

/// The answer to a request in the early dialog of the fork with this tag.
fn answer(
    pipe: &mut Pipe,
    invite: &str,
    tag: &str,
    method: &str,
    number: u32,
    more: &str,
) -> String {
    let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more, ""));
    let request = format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{tag}{method}{number}\r\n\
         From: <sip:team@10.0.0.9>;tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\n\
         Max-Forwards: 70\r\n{}\r\nContent-Length: {}\r\n\r\n{body}",
        header(invite, "From"),
        header(invite, "Call-ID"),
        more.trim_end(),
        body.len()
    )
    .replace("\r\n\r\nContent-Length", "\r\nContent-Length");
    let before = pipe.raw.len();
    pipe.inject(stranger(), 0, &request);
    pipe.run_ms(50);
    let answers: Vec<_> = pipe.raw[before..]
        .iter()
        .filter(|(_, _, text)| text.starts_with("SIP/2.0"))
        .collect();
    assert_eq!(answers.len(), 1, "{method}: {answers:?}");
    answers[0].2.clone()
}

/// Its status.
fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn take(pipe: &mut Pipe, invite: &str, tag: &str, contact: &str) {
    let ok = reply(invite, "200 OK", tag, &sdp(contact, "sendrecv"));
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
}

#[test]
fn what_may_come_after_a_180_is_answered_and_the_call_goes_on() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = ringing(&mut pipe, &["one"]);
    let offer = sdp("sip:one@10.0.0.9", "sendrecv");
    let refer = format!("{CONTACT}Refer-To: <sip:a@10.0.0.8>");
    let notify = "Event: refer\r\nSubscription-State: active;expires=60";
    for (number, (method, more, wanted)) in [
        ("UPDATE", CONTACT, "200"),
        // RFC 3311 §5.2: our INVITE's offer has no answer yet.
        ("UPDATE", offer.as_str(), "491"),
        ("INFO", "Info-Package: trialog", "200"),
        ("INFO", "Info-Package: weather", "469"),
        ("OPTIONS", "", "200"),
        ("INVITE", offer.as_str(), "491"),
        ("REFER", refer.as_str(), "491"),
        ("NOTIFY", notify, "481"),
        ("SUBSCRIBE", "Event: presence", "489"),
        ("PRACK", "RAck: 1 1 INVITE", "481"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = 10 + number as u32;
        let answer = answer(&mut pipe, &invite, "one", method, number, more);
        assert_eq!(status(&answer), wanted, "{method} {more}");
        if method == "UPDATE" && wanted == "200" {
            assert!(header(&answer, "Allow").contains("UPDATE"));
            assert!(!header(&answer, "Contact").is_empty());
        }
    }
    let late = answer(&mut pipe, &invite, "one", "INFO", 9, "");
    assert_eq!(status(&late), "500", "it is out of order");
    assert_eq!(pipe.events(0, leg), [WireEvent::Rings]);
    take(&mut pipe, &invite, "one", "sip:one@10.0.0.9");
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    let late = answer(&mut pipe, &invite, "one", "INFO", 9, "");
    assert_eq!(status(&late), "500", "the dialog is the same");
    let next = answer(&mut pipe, &invite, "one", "UPDATE", 30, &offer);
    assert_eq!(status(&next), "200");
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn each_fork_is_a_dialog_of_its_own() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = ringing(&mut pipe, &["one", "two"]);
    for (tag, number, wanted) in [
        ("one", 70, "200"),
        ("two", 5, "200"),
        ("one", 69, "500"),
        ("two", 6, "200"),
        ("three", 1, "481"),
    ] {
        let answer = answer(&mut pipe, &invite, tag, "UPDATE", number, CONTACT);
        assert_eq!(status(&answer), wanted, "{tag} {number}");
    }
    take(&mut pipe, &invite, "two", "sip:two@10.0.0.9");
    // RFC 3261 §13.2.2.4: those that were not confirmed are over.
    let gone = answer(&mut pipe, &invite, "one", "UPDATE", 80, CONTACT);
    assert_eq!(status(&gone), "481");
    let next = answer(&mut pipe, &invite, "two", "INFO", 7, "");
    assert_eq!(status(&next), "200");
    pipe.bye(0, leg);
    assert!(pipe.last(0, "BYE").starts_with("BYE sip:two@10.0.0.9"));
    pipe.assert_idle();
}

#[test]
fn an_update_moves_the_target_of_its_own_fork_only() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = ringing(&mut pipe, &["one", "two"]);
    for (tag, contact) in [("one", "sip:away@10.0.0.9"), ("two", "sip:far@10.0.0.9")] {
        let contact = format!("Contact: <{contact}>");
        let answer = answer(&mut pipe, &invite, tag, "UPDATE", 5, &contact);
        assert_eq!(status(&answer), "200");
    }
    // A 2xx without a Contact leaves the target where it was.
    let body = sdp("sip:x@10.0.0.9", "sendrecv");
    let (_, body) = body.split_once("\r\n").expect("a Contact first");
    pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "one", body));
    pipe.run_ms(50);
    assert!(pipe.last(0, "ACK").starts_with("ACK sip:away@10.0.0.9"));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_called_side_that_ends_an_early_dialog_ends_that_fork_and_no_more() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = ringing(&mut pipe, &["one", "two"]);
    let bye = answer(&mut pipe, &invite, "one", "BYE", 5, "");
    assert_eq!(status(&bye), "200");
    let gone = answer(&mut pipe, &invite, "one", "INFO", 6, "");
    assert_eq!(status(&gone), "481");
    // RFC 6228: so does a proxy that supports it.
    pipe.inject(
        stranger(),
        0,
        &reply(&invite, "199 Early Dialog Terminated", "two", ""),
    );
    pipe.run_ms(50);
    let gone = answer(&mut pipe, &invite, "two", "INFO", 6, "");
    assert_eq!(status(&gone), "481");
    assert!(!pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_))));
    take(&mut pipe, &invite, "three", "sip:three@10.0.0.9");
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn the_early_dialogs_end_with_the_refusal_of_their_invite() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = ringing(&mut pipe, &["one"]);
    let busy = reply(&invite, "486 Busy Here", "one", "");
    pipe.inject(stranger(), 0, &busy);
    pipe.run_ms(50);
    let gone = answer(&mut pipe, &invite, "one", "UPDATE", 5, CONTACT);
    assert_eq!(status(&gone), "481");
    assert!(pipe.has(0, leg, |event| matches!(
        event,
        WireEvent::Refused { status: 486 }
    )));
    pipe.assert_idle();
}

#[test]
fn a_peer_with_a_thousand_forks_takes_no_memory_without_end() {
    let mut pipe = Pipe::of(1);
    let tags: Vec<String> = (0..1_000).map(|number| format!("f{number}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let (leg, invite) = ringing(&mut pipe, &tags);
    let known = tags
        .iter()
        .filter(|tag| status(&answer(&mut pipe, &invite, tag, "INFO", 5, "")) == "200")
        .count();
    assert_eq!(known, 32);
    take(&mut pipe, &invite, "f999", "sip:last@10.0.0.9");
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_caller_may_update_and_end_the_call_that_rings_here() {
    let mut pipe = Pipe::of(1);
    let offer = sdp("sip:odd@10.0.0.9", "sendrecv");
    let invite = format!(
        "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKfirst\r\n\
         From: <sip:team@10.0.0.9>;tag=one\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
         Max-Forwards: 70\r\n{offer}"
    );
    pipe.inject(stranger(), 0, &invite);
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Ring(leg));
    pipe.run_ms(50);
    // The stranger's requests name us as our 180 does.
    let ringing = pipe.last(0, "SIP/2.0 180").to_owned();
    let own = format!("From: {}\r\nCall-ID: c\r\n\r\n", header(&ringing, "To"));
    let refer = format!("{CONTACT}Refer-To: <sip:a@10.0.0.8>");
    for (number, method, more, wanted) in [
        (2, "UPDATE", CONTACT, "200"),
        // RFC 3311 §5.2: their INVITE's offer has no answer yet.
        (3, "UPDATE", offer.as_str(), "500"),
        (4, "INVITE", offer.as_str(), "500"),
        (5, "INFO", "", "200"),
        (6, "REFER", refer.as_str(), "491"),
    ] {
        let answer = answer(&mut pipe, &own, "one", method, number, more);
        assert_eq!(status(&answer), wanted, "{method}");
        assert_eq!(wanted == "500", !header(&answer, "Retry-After").is_empty());
    }
    let bye = format!(
        "BYE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKbye\r\n\
         From: <sip:team@10.0.0.9>;tag=one\r\nTo: {}\r\nCall-ID: c\r\nCSeq: 9 BYE\r\nMax-Forwards: 70\r\n\r\n",
        header(&ringing, "To")
    );
    pipe.inject(stranger(), 0, &bye);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event
        == WireEvent::Ended(EndCause::Cancelled)));
    assert_eq!(pipe.sent(0, "SIP/2.0 487"), 1);
    pipe.assert_idle();
}

#[test]
fn the_offer_tells_what_may_be_heard_before_any_answer_and_from_which_host() {
    use trialog_sdp::Codec;
    let mut pipe = Pipe::of(1);
    let (leg, invite) = ringing(&mut pipe, &[]);
    let payloads = vec![
        (96, Codec::Opus),
        (9, Codec::G722),
        (8, Codec::Pcma),
        (0, Codec::Pcmu),
    ];
    let offered = |host: &str| (leg, payloads.clone(), host.parse().expect("an address"));
    assert_eq!(pipe.ends[0].offered, [offered("10.0.0.9")]);
    // A redirection leads to another host.
    let moved = reply(
        &invite,
        "302 Moved Temporarily",
        "one",
        "Contact: <sip:team@10.0.0.8>\r\n",
    );
    pipe.inject(stranger(), 0, &moved);
    pipe.run_ms(50);
    pipe.act(0, Action::FollowRedirection(leg));
    pipe.run_ms(50);
    assert_eq!(
        pipe.ends[0].offered,
        [offered("10.0.0.9"), offered("10.0.0.8")]
    );
    pipe.act(0, Action::Cancel(leg));
    pipe.assert_idle();
}
