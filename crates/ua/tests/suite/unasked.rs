//! What a PBX sends unasked: the call's controls, by NOTIFY of the packages `talk` and `hold`, and texts for the agent (MESSAGE, RFC 3428).
use crate::support::{config, header, reply, sdp};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{Notice, Policy, Stage, Time};
use trialog_sip::Uri;
use trialog_ua::{Accept, Endpoint, EndpointInput, EndpointOutput, Peer, Source, Transport};

const PBX: &str = "10.0.0.9:5060";
const STRANGER: &str = "10.0.0.8:5060";

/// A phone of a PBX.
struct Desk {
    now: Time,
    endpoint: Endpoint,
    sent: Vec<String>,
    notices: Vec<Notice>,
    number: u32,
}

impl Desk {
    fn new(remote_control: bool) -> Self {
        let mut config = config(0);
        config.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
        config.accept = Some(Accept::Anyone);
        config.remote_control = remote_control;
        let mut endpoint = Endpoint::new(Policy::default(), config, [7; 32]);
        endpoint.offer_rtp_port(20_000);
        Self {
            now: Time(Duration::from_secs(1)),
            endpoint,
            sent: Vec::new(),
            notices: Vec::new(),
            number: 1,
        }
    }

    fn feed(&mut self, input: EndpointInput<'_>) {
        self.now = self.now + Duration::from_millis(20);
        self.endpoint.handle(self.now, input);
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                EndpointOutput::Transmit(transmit) => {
                    let text = String::from_utf8_lossy(&transmit.bytes);
                    self.sent.push(text.into_owned());
                }
                EndpointOutput::Notice(notice) => self.notices.push(notice),
                _ => {}
            }
        }
    }

    fn take(&mut self, from: &str, text: &str) {
        let from: SocketAddr = from.parse().expect("address");
        let source = Source {
            peer: Peer::at(Transport::Udp, from),
            local: "10.0.0.1:5060".parse().expect("address"),
            connection: None,
        };
        let message = text.as_bytes();
        self.feed(EndpointInput::Wire { source, message });
    }

    /// A request from there, in the customer's dialog or, without our tag, outside of any; the first line of the answer.
    fn ask(&mut self, from: &str, method: &str, tag: &str, more: &str, body: &str) -> String {
        self.number += 1;
        let number = self.number;
        let call = match method {
            "MESSAGE" if tag.is_empty() => format!("m{number}"),
            _ => "c1".to_owned(),
        };
        self.sent.clear();
        self.take(
            from,
            &format!(
                "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{number}\r\n\
                 From: \"Carol\" <sip:carol@pbx.example>;tag=theirs\r\nTo: <sip:user0@10.0.0.1>{tag}\r\nCall-ID: {call}\r\n\
                 CSeq: {number} {method}\r\nMax-Forwards: 70\r\n{more}Content-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        );
        let of_it = |text: &&String| header(text, "CSeq") == format!("{number} {method}");
        let answer = self.sent.iter().rev().find(of_it).expect("an answer");
        answer.lines().next().unwrap_or_default().to_owned()
    }

    /// The customer calls by the PBX; our tag in that dialog.
    fn ring(&mut self) -> String {
        let offer = sdp("sip:carol@10.0.0.9", "sendrecv");
        let (more, body) = offer.split_once("\r\n\r\n").expect("a body");
        self.ask(PBX, "INVITE", "", &format!("{more}\r\n"), body);
        let ringing = self.last("SIP/2.0 180").to_owned();
        let to = header(&ringing, "To");
        format!(";tag={}", to.split("tag=").nth(1).expect("a tag"))
    }

    fn last(&self, start: &str) -> &str {
        let mut sent = self.sent.iter().rev();
        sent.find(|text| text.starts_with(start))
            .expect("it was sent")
    }

    fn stage(&self) -> Stage {
        self.endpoint.snapshot(self.now).calls[0].stage
    }
}

const CONTACT: &str = "Contact: <sip:carol@10.0.0.9>\r\n";

fn event(name: &str) -> String {
    format!("Event: {name}\r\n{CONTACT}")
}

/// The PBX acknowledges the phone's 200.
fn acknowledge(desk: &mut Desk, tag: &str) {
    desk.take(
        PBX,
        &format!(
            "ACK sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKack\r\n\
             From: \"Carol\" <sip:carol@pbx.example>;tag=theirs\r\nTo: <sip:user0@10.0.0.1>{tag}\r\nCall-ID: c1\r\n\
             CSeq: 2 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        ),
    );
}

#[test]
fn the_pbx_answers_holds_and_resumes_where_it_may() {
    let mut desk = Desk::new(true);
    let tag = desk.ring();
    let answer = desk.ask(PBX, "NOTIFY", &tag, &event("talk"), "");
    assert_eq!(answer, "SIP/2.0 200 OK");
    assert!(header(desk.last("SIP/2.0 200"), "CSeq").ends_with("INVITE"));
    acknowledge(&mut desk, &tag);
    assert_eq!(desk.stage(), Stage::Connected);
    // A second one changes nothing.
    desk.ask(PBX, "NOTIFY", &tag, &event("talk"), "");
    assert_eq!(desk.stage(), Stage::Connected);
    for (package, direction, stage) in [
        ("hold", "a=sendonly", Stage::Held),
        ("Talk", "a=sendrecv", Stage::Connected),
    ] {
        desk.ask(PBX, "NOTIFY", &tag, &event(package), "");
        let reinvite = desk.last("INVITE").to_owned();
        assert!(reinvite.contains(direction), "{reinvite}");
        let answer = sdp("sip:carol@10.0.0.9", "sendrecv");
        desk.take(PBX, &reply(&reinvite, "200 OK", "", &answer));
        assert_eq!(desk.stage(), stage);
    }
}

#[test]
fn nobody_else_controls_the_phone() {
    let mut desk = Desk::new(true);
    let tag = desk.ring();
    let answer = desk.ask(STRANGER, "NOTIFY", &tag, &event("talk"), "");
    assert_eq!(answer, "SIP/2.0 403 Forbidden");
    assert_eq!(desk.stage(), Stage::Offered);
    // In no call there is nothing to control.
    let answer = desk.ask(PBX, "NOTIFY", ";tag=x", &event("talk"), "");
    assert!(answer.starts_with("SIP/2.0 481"), "{answer}");
}

#[test]
fn without_the_setting_the_packages_are_unknown() {
    let mut desk = Desk::new(false);
    let tag = desk.ring();
    let answer = desk.ask(PBX, "NOTIFY", &tag, &event("talk"), "");
    assert_eq!(answer, "SIP/2.0 489 Bad Event");
    assert_eq!(
        header(desk.last("SIP/2.0 489"), "Allow-Events"),
        "refer, conference"
    );
    assert_eq!(desk.stage(), Stage::Offered);
}

#[test]
fn a_text_of_the_pbx_is_shown_to_the_agent() {
    let mut desk = Desk::new(false);
    let plain = "Content-Type: text/plain;charset=UTF-8\r\n";
    let answer = desk.ask(
        PBX,
        "MESSAGE",
        "",
        plain,
        "  The queue is closed.\r\nGo home\u{1b}!",
    );
    assert_eq!(answer, "SIP/2.0 200 OK");
    let [Notice::Message { from, text }] = desk.notices.as_slice() else {
        panic!("{:?}", desk.notices);
    };
    assert_eq!(from.name.as_deref(), Some("Carol"));
    assert_eq!(text, "The queue is closed.  Go home !");
    // In a call as well.
    let tag = desk.ring();
    desk.notices.clear();
    let long = "x".repeat(1_200);
    assert_eq!(
        desk.ask(PBX, "MESSAGE", &tag, plain, &long),
        "SIP/2.0 200 OK"
    );
    let [Notice::Message { text, .. }] = desk.notices.as_slice() else {
        panic!("{:?}", desk.notices);
    };
    assert_eq!(text.len(), 1_000);
}

#[test]
fn what_is_no_text_or_a_strangers_is_refused_and_not_shown() {
    let mut desk = Desk::new(false);
    for (from, kind, body, answer) in [
        (
            PBX,
            "text/html",
            "<b>x</b>",
            "SIP/2.0 415 Unsupported Media Type",
        ),
        (
            STRANGER,
            "text/plain",
            "You have won",
            "SIP/2.0 403 Forbidden",
        ),
    ] {
        let kind = format!("Content-Type: {kind}\r\n");
        assert_eq!(desk.ask(from, "MESSAGE", "", &kind, body), answer);
    }
    let accept = "Accept: text/plain";
    desk.ask(PBX, "MESSAGE", "", "Content-Type: message/cpim\r\n", "x");
    assert!(desk.last("SIP/2.0 415").contains(accept));
    assert!(desk.notices.is_empty(), "{:?}", desk.notices);
}
