//! What a stranger's INVITE lacks is said in the refusal, and what he gets wrong in a call costs nobody the call.
use crate::support::{Pipe, header, reply, sdp};
use std::net::SocketAddr;
use trialog_call::{Action, LegId, Target, WireEvent};

fn stranger() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn invite(number: usize, more: &str) -> String {
    format!(
        "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{number}\r\n\
         From: <sip:odd@10.0.0.9>;tag=f\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: c{number}\r\n\
         CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{more}"
    )
}

/// The first thing that is sent after this has come.
fn answer(pipe: &mut Pipe, text: &str) -> String {
    let before = pipe.raw.len();
    pipe.inject(stranger(), 0, text);
    pipe.run_ms(50);
    let first = pipe.raw.get(before);
    first.map(|(_, _, text)| text.clone()).unwrap_or_default()
}

#[test]
fn a_refusal_says_what_was_missing() {
    let contact = "Contact: <sip:odd@10.0.0.9>\r\n";
    let offer = sdp("sip:odd@10.0.0.9", "sendrecv");
    let g729 = offer
        .replace("RTP/AVP 8", "RTP/AVP 18")
        .replace("rtpmap:8 PCMA", "rtpmap:18 G729");
    let six = offer.replace("c=IN IP4 10.0.0.9", "c=IN IP6 2001:db8::1");
    let video = offer.replace("m=audio", "m=video");
    let broken = offer.replace("v=0", "v=x");
    let mail = "Contact: <mailto:odd@10.0.0.9>\r\n\r\n".to_owned();
    let number = "Contact: <tel:+4930123>\r\n\r\n".to_owned();
    let text = format!("{contact}Accept: text/plain\r\n\r\n");
    let mut pipe = Pipe::of(1);
    for (number, (more, status, warning)) in [
        (
            "\r\n".to_owned(),
            "400",
            "399 trialog \"Contact: it is missing",
        ),
        (
            mail,
            "400",
            "399 trialog \"Contact: none of its addresses is a SIP URI\"",
        ),
        (
            number,
            "400",
            "399 trialog \"Contact: none of its addresses is a SIP URI\"",
        ),
        (text, "406", "399 trialog \"we answer in SDP\""),
        (broken, "400", "399 trialog \"session description"),
        (
            g729,
            "488",
            "305 trialog \"there is no codec that both sides have\"",
        ),
        (six, "488", "301 trialog "),
        (video, "488", "304 trialog "),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = answer(&mut pipe, &invite(number, &more));
        assert!(
            answer.starts_with(&format!("SIP/2.0 {status} ")),
            "{more}{answer}"
        );
        assert!(header(&answer, "Warning").starts_with(warning), "{answer}");
    }
    assert!(pipe.ends[0].events.is_empty(), "none of them rings");
    pipe.assert_idle();
}

#[test]
fn of_several_contacts_the_first_that_can_be_reached_is_the_target() {
    let mut pipe = Pipe::of(1);
    let contacts =
        "Contact: <mailto:odd@10.0.0.9>, <sip:two@10.0.0.9>\r\nAccept: application/*;q=0.5\r\n\r\n";
    pipe.inject(stranger(), 0, &invite(1, contacts));
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let ok = last(&pipe, "SIP/2.0 200");
    let ack = format!(
        "ACK sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKack\r\n\
         From: <sip:odd@10.0.0.9>;tag=f\r\nTo: {}\r\nCall-ID: c1\r\nCSeq: 1 ACK\r\n{}",
        header(&ok, "To"),
        sdp("sip:two@10.0.0.9", "sendrecv")
    );
    pipe.inject(stranger(), 0, &ack);
    pipe.run_ms(50);
    pipe.bye(0, leg);
    pipe.run_ms(50);
    assert!(last(&pipe, "BYE").starts_with("BYE sip:two@10.0.0.9 "));
    pipe.assert_idle();
}

/// A call to the stranger, whose 2xx has this Contact.
fn answered_with(pipe: &mut Pipe, contact: &str) -> (LegId, String) {
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = last(pipe, "INVITE");
    let ok = reply(&invite, "200 OK", "s", &sdp(contact, "sendrecv"));
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    (leg, invite)
}

fn last(pipe: &Pipe, start: &str) -> String {
    let sent = pipe.raw.iter().rev();
    let mut sent = sent.filter(|(_, _, text)| text.starts_with(start));
    sent.next().map(|(_, _, text)| text.clone()).expect(start)
}

#[test]
fn a_contact_that_can_not_be_reached_leaves_the_way_of_the_invite() {
    for contact in ["mailto:one@10.0.0.9", "tel:+4930123"] {
        let mut pipe = Pipe::of(1);
        let (leg, _) = answered_with(&mut pipe, contact);
        assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
        pipe.bye(0, leg);
        pipe.run_ms(50);
        assert!(
            last(&pipe, "BYE").starts_with("BYE sip:team@10.0.0.9 "),
            "{contact}"
        );
        let bye = last(&pipe, "BYE");
        pipe.inject(stranger(), 0, &reply(&bye, "200 OK", "", ""));
        pipe.assert_idle();
    }
}

#[test]
fn a_reinvite_with_the_branch_of_the_last_one_is_answered() {
    let mut pipe = Pipe::of(1);
    let (leg, first) = answered_with(&mut pipe, "sip:one@10.0.0.9");
    for (number, direction, agreed) in [(2, "sendonly", "recvonly"), (3, "sendrecv", "sendrecv")] {
        let dialog = format!(
            "From: <sip:team@10.0.0.9>;tag=s\r\nTo: {}\r\nCall-ID: {}\r\n",
            header(&first, "From"),
            header(&first, "Call-ID"),
        );
        let start = |method: &str| {
            format!(
                "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKsame\r\n\
                 {dialog}CSeq: {number} {method}\r\n"
            )
        };
        let offer = format!("{}{}", start("INVITE"), sdp("sip:one@10.0.0.9", direction));
        let ok = answer(&mut pipe, &offer);
        assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
        assert!(ok.contains(&format!("a={agreed}\r\n")), "{ok}");
        assert!(header(&ok, "CSeq").starts_with(&number.to_string()));
        // The same again is no new one (RFC 6026 §7.1: our 2xx goes again by its own clock).
        assert_eq!(answer(&mut pipe, &offer), "");
        pipe.inject(stranger(), 0, &format!("{}\r\n", start("ACK")));
        pipe.run_ms(50);
    }
    pipe.bye(0, leg);
    pipe.assert_idle();
}
