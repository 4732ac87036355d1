//! Beside `rsip`, over messages of the kinds that it reads right (no IPv6, no lists, no folds, no compact names): both
//! must read the same.
mod common;
use common::{crlf, read};
use proptest::prelude::*;
use rsip::prelude::*;
use std::convert::TryFrom;
use trialog_sip::{HeaderName, Message, Via, reason_phrase};

prop_compose! {
    fn uri()(
        user in proptest::option::of("[a-z][a-z0-9]{0,12}"),
        host in prop_oneof!["[a-z]{1,8}\\.example\\.com", Just("192.0.2.17".to_owned())],
        port in proptest::option::of(1024_u16..),
        transport in proptest::option::of(prop_oneof!["udp", "tcp", "tls"]),
    ) -> String {
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let transport = transport.map(|t| format!(";transport={}", t.to_ascii_uppercase())).unwrap_or_default();
        format!("sip:{user}{host}{port}{transport}")
    }
}

prop_compose! {
    fn address()(
        name in proptest::option::of("[A-Z][a-z]{1,10}"),
        uri in uri(),
        tag in "[a-zA-Z0-9]{4,16}",
    ) -> (String, String) {
        let name = name.map(|name| format!("{name} ")).unwrap_or_default();
        (format!("{name}<{uri}>;tag={tag}"), tag)
    }
}

prop_compose! {
    fn message()(
        start in prop_oneof![
            (
                prop_oneof![
                    Just("INVITE"), Just("ACK"), Just("BYE"), Just("CANCEL"), Just("REGISTER"), Just("OPTIONS"),
                    Just("REFER"), Just("NOTIFY"), Just("INFO"),
                ],
                uri(),
            ).prop_map(|(method, uri)| (method.to_owned(), format!("{method} {uri} SIP/2.0"))),
            prop_oneof![Just(100), Just(180), Just(200), Just(401), Just(486), Just(603)]
                .prop_map(|code| ("INVITE".to_owned(), format!("SIP/2.0 {code} {}", reason_phrase(code)))),
        ],
        (from, from_tag) in address(),
        (to, to_tag) in address(),
        branch in "z9hG4bK[a-z0-9]{4,20}",
        cseq in 0_u32..1_000_000,
        call_id in "[a-z0-9]{8,20}@[a-z]{3,8}",
        hops in 0_u8..=255,
        subject in "[A-Za-z0-9 .:;]{0,30}[a-z]",
        body in "[ -~]{0,200}",
    ) -> (String, [String; 5]) {
        let (method, start) = start;
        let head = crlf(&format!(
            "{start}
Via: SIP/2.0/UDP host.example.com:5060;branch={branch}
Max-Forwards: {hops}
From: {from}
To: {to}
Call-ID: {call_id}
CSeq: {cseq} {method}
Subject: {subject}
Content-Length: {}

",
            body.len()
        ));
        (format!("{head}{body}"), [from_tag, to_tag, branch, call_id, body])
    }
}

proptest! {
    #[test]
    fn both_read_the_same((text, [from_tag, to_tag, branch, call_id, body]) in message()) {
        let ours = read(text.as_bytes());
        ours.check().unwrap();
        let theirs = rsip::SipMessage::try_from(text.as_bytes()).unwrap();
        match (&ours, &theirs) {
            (Message::Request(ours), rsip::SipMessage::Request(theirs)) => {
                prop_assert_eq!(ours.method.as_str(), theirs.method.to_string());
                prop_assert_eq!(ours.uri.to_string(), theirs.uri.to_string());
                prop_assert_eq!(ours.uri.user.as_deref(), theirs.uri.user());
                prop_assert_eq!(ours.uri.host.to_string(), theirs.uri.host().to_string());
                prop_assert_eq!(ours.uri.port, theirs.uri.port().map(|port| *port.value()));
            }
            (Message::Response(ours), rsip::SipMessage::Response(theirs)) => {
                prop_assert_eq!(ours.status.code(), theirs.status_code.code());
            }
            _ => prop_assert!(false, "one is a request, the other is not"),
        }
        let headers = ours.headers();
        for (own, other) in headers.rows().zip(theirs.headers().iter()) {
            prop_assert_eq!(format!("{}: {}", own.0, own.1), other.to_string());
        }
        prop_assert_eq!(headers.len(), theirs.headers().iter().count());

        let from = headers.from().unwrap().unwrap();
        let other = theirs.from_header().unwrap().typed().unwrap();
        prop_assert_eq!(from.tag(), Some(from_tag.as_str()));
        prop_assert_eq!(other.tag().map(ToString::to_string), Some(from_tag));
        prop_assert_eq!(from.uri.to_string(), other.uri.to_string());
        prop_assert_eq!(from.name().map(|name| name.into_owned()), other.display_name);

        let to = headers.to().unwrap().unwrap();
        let other = theirs.to_header().unwrap().typed().unwrap();
        prop_assert_eq!(to.tag(), Some(to_tag.as_str()));
        prop_assert_eq!(to.uri.to_string(), other.uri.to_string());

        let via: Via = headers.via().unwrap().unwrap();
        let other = theirs.via_header().unwrap().typed().unwrap();
        prop_assert_eq!(via.branch(), Some(branch.as_str()));
        prop_assert_eq!(via.branch().map(str::to_owned), other.branch().map(|branch| branch.value().to_owned()));
        prop_assert_eq!(via.transport.to_string(), other.transport.to_string());

        let cseq = headers.cseq().unwrap().unwrap();
        let other = theirs.cseq_header().unwrap().typed().unwrap();
        prop_assert_eq!(cseq.number, other.seq);
        prop_assert_eq!(cseq.method.to_string(), other.method.to_string());
        prop_assert_eq!(headers.call_id().unwrap(), call_id);
        prop_assert_eq!(ours.body(), theirs.body().as_slice());
        prop_assert_eq!(ours.body(), body.as_bytes());
        prop_assert!(headers.contains(&HeaderName::MaxForwards));
    }
}

#[test]
fn phrases_are_those_of_rsip() {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphabetic);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let mut other = Vec::new();
    for code in 100..700 {
        let theirs = rsip::StatusCode::from(code);
        let known = !matches!(theirs, rsip::StatusCode::Other(..));
        if known && plain(reason_phrase(code)) != plain(&theirs.to_string()) {
            other.push(code);
        }
    }
    // SIP has no 201, 409 nor 411; RFC 8224 has given 437 a new name; 606 is as RFC 3261 has it.
    assert_eq!(other, [201, 409, 411, 437, 606]);
}
