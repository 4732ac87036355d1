//! Provisional responses of ours that are acknowledged (RFC 3262), as the called side.
use crate::support::{Pipe, Seen, config, header, sdp, target};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{Action, EndCause, LegId, WireEvent};
use trialog_ua::{Config, Net, Reliable};

fn caller() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn with(reliable: Reliable) -> Config {
    let mut config = config(0);
    config.reliable = reliable;
    // A stranger's call rings for a minute.
    config.trusted = vec![Net::address(caller().ip())];
    config
}

fn invite(options: &str, body: &str) -> String {
    let body = if body.is_empty() {
        "Contact: <sip:odd@10.0.0.9>\r\n\r\n"
    } else {
        body
    };
    let options = match options {
        "" => String::new(),
        options => format!("{options}\r\n"),
    };
    format!(
        "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKfirst\r\n\
         From: <sip:odd@10.0.0.9>;tag=one\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
         Max-Forwards: 70\r\n{options}{body}"
    )
}

/// A request of the caller in the dialog that our 180 has opened.
fn in_dialog(pipe: &Pipe, method: &str, number: u32, more: &str) -> String {
    let to = header(pipe.last(0, "SIP/2.0 1"), "To").to_owned();
    let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more, ""));
    format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method}{number}\r\n\
         From: <sip:odd@10.0.0.9>;tag=one\r\nTo: {to}\r\nCall-ID: c\r\nCSeq: {number} {method}\r\n\
         Max-Forwards: 70\r\n{}\r\nContent-Length: {}\r\n\r\n{body}",
        more.trim_end(),
        body.len()
    )
}

/// Sends it, and reads what comes next.
fn ask(pipe: &mut Pipe, request: &str) -> String {
    let before = pipe.raw.len();
    pipe.inject(caller(), 0, request);
    pipe.run_ms(50);
    let answer = pipe.raw.get(before).map(|(_, _, text)| text.clone());
    answer.unwrap_or_default()
}

fn prack(pipe: &mut Pipe, number: u32, rack: &str) -> String {
    let request = in_dialog(pipe, "PRACK", number, &format!("RAck: {rack}"));
    ask(pipe, &request)
}

/// RSeq of our last 180.
fn rseq(pipe: &Pipe) -> u32 {
    let ringing = pipe.last(0, "SIP/2.0 180");
    assert_eq!(header(ringing, "Require"), "100rel");
    header(ringing, "RSeq").parse().expect("a number")
}

/// A call that rings here, with these options and description in its INVITE.
fn ringing(reliable: Reliable, options: &str, body: &str) -> (Pipe, LegId) {
    let mut pipe = Pipe::with(vec![with(reliable)], 3);
    pipe.inject(caller(), 0, &invite(options, body));
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Ring(leg));
    pipe.run_ms(50);
    (pipe, leg)
}

fn offer() -> String {
    sdp("sip:odd@10.0.0.9", "sendrecv")
}

#[test]
fn rfc_3262_a_180_is_sent_again_at_doubled_intervals_until_its_prack() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", &offer());
    let rseq = rseq(&pipe);
    pipe.run(Duration::from_secs(8));
    let ringing = pipe.seen.iter();
    let ringing = ringing.filter(|seen| seen.text.starts_with("SIP/2.0 180"));
    let at: Vec<Duration> = ringing.map(|seen| seen.at.0).collect();
    let after: Vec<u128> = at.iter().map(|one| (*one - at[0]).as_millis()).collect();
    assert_eq!(after, [0, 500, 1_500, 3_500, 7_500]);
    let accepted = prack(&mut pipe, 2, &format!("{rseq} 1 INVITE"));
    assert!(accepted.starts_with("SIP/2.0 200"), "{accepted}");
    pipe.run(Duration::from_secs(30));
    assert_eq!(pipe.sent(0, "SIP/2.0 180"), 5);
    answered(&mut pipe, leg);
}

/// The agent takes the call, and the caller acknowledges that and hangs up.
fn answered(pipe: &mut Pipe, leg: LegId) {
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let ack = in_dialog(pipe, "ACK", 1, "");
    pipe.inject(caller(), 0, &ack);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Confirmed));
    let bye = in_dialog(pipe, "BYE", 50, "");
    assert!(ask(pipe, &bye).starts_with("SIP/2.0 200"));
    pipe.assert_idle();
}

#[test]
fn rfc_3262_a_prack_of_another_response_gets_481_and_one_without_rack_400() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", &offer());
    let rseq = rseq(&pipe);
    let others = [
        format!("{} 1 INVITE", rseq + 1),
        format!("{rseq} 2 INVITE"),
        format!("{rseq} 1 UPDATE"),
    ];
    for (number, rack) in others.iter().enumerate() {
        let answer = prack(&mut pipe, 2 + number as u32, rack);
        assert!(answer.starts_with("SIP/2.0 481"), "{rack}: {answer}");
    }
    let bare = in_dialog(&pipe, "PRACK", 8, "");
    assert!(ask(&mut pipe, &bare).starts_with("SIP/2.0 400"));
    let sent = pipe.sent(0, "SIP/2.0 180");
    pipe.run(Duration::from_secs(4));
    assert!(pipe.sent(0, "SIP/2.0 180") > sent, "it waits still");
    let right = prack(&mut pipe, 9, &format!("{rseq} 1 INVITE"));
    assert!(right.starts_with("SIP/2.0 200"));
    let again = prack(&mut pipe, 10, &format!("{rseq} 1 INVITE"));
    assert!(again.starts_with("SIP/2.0 481"), "it is acknowledged");
    answered(&mut pipe, leg);
}

#[test]
fn rfc_3262_without_a_prack_the_call_is_refused_after_64_t1() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", &offer());
    pipe.run(Duration::from_secs(31));
    assert_eq!(pipe.sent(0, "SIP/2.0 504"), 0);
    pipe.run(Duration::from_secs(2));
    assert!(pipe.sent(0, "SIP/2.0 504") > 0);
    assert!(pipe.has(0, leg, |event| {
        *event == WireEvent::Ended(EndCause::TimedOut)
    }));
    pipe.assert_idle();
}

#[test]
fn rfc_3262_each_minute_of_ringing_has_a_number_of_its_own() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", &offer());
    let first = rseq(&pipe);
    prack(&mut pipe, 2, &format!("{first} 1 INVITE"));
    pipe.run(Duration::from_secs(60));
    assert_eq!(rseq(&pipe), first + 1);
    let next = prack(&mut pipe, 3, &format!("{} 1 INVITE", first + 1));
    assert!(next.starts_with("SIP/2.0 200"));
    answered(&mut pipe, leg);
}

#[test]
fn rfc_3262_a_call_may_be_taken_or_refused_before_the_prack_and_one_that_is_late_gets_200() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", &offer());
    let rseq = rseq(&pipe);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SIP/2.0 200"), 1, "no description waits");
    let late = prack(&mut pipe, 2, &format!("{rseq} 1 INVITE"));
    assert!(late.starts_with("SIP/2.0 200") && header(&late, "CSeq") == "2 PRACK");
    let ack = in_dialog(&pipe, "ACK", 1, "");
    pipe.inject(caller(), 0, &ack);
    pipe.run(Duration::from_secs(20));
    assert_eq!(pipe.sent(0, "SIP/2.0 180"), 1, "the 2xx has ended it");
    pipe.bye(0, leg);
    pipe.assert_idle();

    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", &offer());
    pipe.act(0, Action::Reject { leg, status: 486 });
    pipe.run(Duration::from_secs(33));
    assert_eq!(pipe.sent(0, "SIP/2.0 180"), 1);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_who_can_what_decides_whether_a_180_is_acknowledged() {
    let required = "Require: 100rel";
    let supported = "Supported: timer, 100rel";
    for (reliable, options, is_reliable) in [
        (Reliable::Supported, supported, false),
        (Reliable::Supported, "", false),
        (Reliable::Required, supported, true),
        (Reliable::Required, required, true),
        (Reliable::Off, supported, false),
    ] {
        let (pipe, _) = ringing(reliable, options, &offer());
        let ringing = pipe.last(0, "SIP/2.0 180");
        let wanted = if is_reliable { "100rel" } else { "" };
        assert_eq!(header(ringing, "Require"), wanted, "{reliable:?} {options}");
        let off = reliable == Reliable::Off;
        assert_eq!(header(ringing, "Supported").contains("100rel"), !off);
        assert_eq!(header(ringing, "Allow").contains("PRACK"), !off);
    }
    for (reliable, options, status, name) in [
        (Reliable::Off, required, "SIP/2.0 420", "Unsupported"),
        (Reliable::Required, "", "SIP/2.0 421", "Require"),
    ] {
        let mut pipe = Pipe::with(vec![with(reliable)], 3);
        let refused = ask(&mut pipe, &invite(options, &offer()));
        assert!(refused.starts_with(status), "{refused}");
        assert_eq!(header(&refused, name), "100rel");
        assert!(pipe.ends[0].events.is_empty());
        pipe.assert_idle();
    }
}

#[test]
fn rfc_3262_without_an_offer_the_180_has_ours_and_the_2xx_waits_for_the_answer() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", "");
    let ringing = pipe.last(0, "SIP/2.0 180").to_owned();
    assert_eq!(header(&ringing, "Content-Type"), "application/sdp");
    let rseq = rseq(&pipe);
    pipe.act(0, Action::Answer(leg));
    pipe.run(Duration::from_secs(2));
    assert_eq!(
        pipe.sent(0, "SIP/2.0 200"),
        0,
        "the offer has no answer yet"
    );
    let answer = format!("RAck: {rseq} 1 INVITE\r\n{}", offer());
    let request = in_dialog(&pipe, "PRACK", 2, &answer);
    ask(&mut pipe, &request);
    let ok = pipe.last(0, "SIP/2.0 200").to_owned();
    assert_eq!(header(&ok, "CSeq"), "1 INVITE");
    assert_eq!(header(&ok, "Content-Type"), "", "all is agreed");
    assert_eq!(pipe.ends[0].media[&leg].codec, trialog_sdp::Codec::Pcma);
    let ack = in_dialog(&pipe, "ACK", 1, "");
    pipe.inject(caller(), 0, &ack);
    pipe.run_ms(50);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_a_prack_without_an_answer_to_our_offer_ends_the_call() {
    for body in ["", "v=0 nonsense"] {
        let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", "");
        let rseq = rseq(&pipe);
        let more = format!("RAck: {rseq} 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n{body}");
        let request = in_dialog(&pipe, "PRACK", 2, &more);
        let answer = ask(&mut pipe, &request);
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        assert!(pipe.sent(0, "SIP/2.0 488") > 0);
        assert!(pipe.has(0, leg, |event| {
            *event == WireEvent::Ended(EndCause::NoMedia)
        }));
        pipe.assert_idle();
    }
}

#[test]
fn rfc_3311_an_update_may_offer_anew_before_our_2xx_once_the_prack_has_answered() {
    let (mut pipe, leg) = ringing(Reliable::Supported, "Require: 100rel", "");
    let early = in_dialog(&pipe, "UPDATE", 2, &offer());
    assert!(ask(&mut pipe, &early).starts_with("SIP/2.0 500"));
    let answer = format!("RAck: {} 1 INVITE\r\n{}", rseq(&pipe), offer());
    let request = in_dialog(&pipe, "PRACK", 3, &answer);
    ask(&mut pipe, &request);
    let held = in_dialog(&pipe, "UPDATE", 4, &sdp("sip:odd@10.0.0.9", "sendonly"));
    let taken = ask(&mut pipe, &held);
    assert!(taken.starts_with("SIP/2.0 200") && taken.contains("a=recvonly"));
    let bad = offer()
        .replace("RTP/AVP 8", "RTP/AVP 3")
        .replace("8 PCMA", "3 GSM");
    let bad = in_dialog(&pipe, "UPDATE", 5, &bad);
    assert!(ask(&mut pipe, &bad).starts_with("SIP/2.0 488"));
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::FarHold(true)));
    let ack = in_dialog(&pipe, "ACK", 1, "");
    pipe.inject(caller(), 0, &ack);
    pipe.run_ms(50);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_two_phones_that_require_it_talk_whatever_is_lost() {
    type Lost = fn(&Seen) -> bool;
    let lost: [(&str, Lost); 4] = [
        ("180", |seen| seen.text.starts_with("SIP/2.0 180")),
        ("PRACK", |seen| seen.text.starts_with("PRACK")),
        ("200 to PRACK", |seen| {
            seen.text.starts_with("SIP/2.0 200") && header(&seen.text, "CSeq").contains("PRACK")
        }),
        ("200 to INVITE", |seen| {
            seen.text.starts_with("SIP/2.0 200") && header(&seen.text, "CSeq").contains("INVITE")
        }),
    ];
    for (name, is_lost) in lost {
        let configs = (0..2).map(|index| Config {
            reliable: Reliable::Required,
            ..config(index)
        });
        let mut pipe = Pipe::with(configs.collect(), 4);
        let mut left = 2;
        pipe.filter = Some(Box::new(move |seen| {
            let loses = left > 0 && is_lost(seen);
            left -= u32::from(loses);
            loses
        }));
        let placed = pipe.dial(0, target(1));
        pipe.run_ms(100);
        let (received, _) = pipe.incoming(1);
        pipe.act(1, Action::Ring(received));
        pipe.run(Duration::from_secs(10));
        assert_eq!(header(pipe.last(0, "INVITE"), "Require"), "100rel");
        assert_eq!(pipe.events(0, placed), [WireEvent::Rings], "{name}: once");
        pipe.act(1, Action::Answer(received));
        pipe.run(Duration::from_secs(10));
        assert!(pipe.has(1, received, |event| *event == WireEvent::Confirmed));
        let pracks: Vec<&Seen> = pipe
            .seen
            .iter()
            .filter(|seen| seen.text.starts_with("PRACK"))
            .collect();
        let first = header(&pracks[0].text, "CSeq");
        assert!(pracks.iter().all(|one| header(&one.text, "CSeq") == first));
        pipe.bye(0, placed);
        pipe.assert_idle();
    }
}
