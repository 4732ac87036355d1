//! The INVITE that parsers are measured by, read and written by us and by `rsip`.
use rsip::prelude::*;
use std::hint::black_box;
use trialog_sip::{Limits, Message};

/// The peer's name and version.
pub const RSIP: &str = "rsip 0.4.0";

const BODY: &str = "v=0\r
o=carol 3724394400 3724394405 IN IP4 desk.chicago.example.com\r
s=-\r
c=IN IP4 198.51.100.24\r
t=0 0\r
m=audio 40010 RTP/AVP 9 0 8 101\r
a=rtpmap:9 G722/8000\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:101 telephone-event/8000\r
a=sendrecv\r
";

/// An INVITE of 986 octets with 15 headers and a session description, as phones send them.
#[must_use]
pub fn octets() -> Vec<u8> {
    let with = |subject: &str| {
        format!(
            "INVITE sip:dave@boston.example.com SIP/2.0\r
Via: SIP/2.0/UDP desk.chicago.example.com:5060;branch=z9hG4bKnashds8;rport\r
Max-Forwards: 70\r
From: \"Carol\" <sip:carol@chicago.example.com>;tag=1928301774\r
To: \"Dave\" <sip:dave@boston.example.com>\r
Call-ID: a84b4c76e66710-7316925@chicago.example.com\r
CSeq: 314159 INVITE\r
Contact: <sip:carol@desk.chicago.example.com;transport=udp>\r
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK, SUBSCRIBE, MESSAGE\r
Supported: replaces, timer, 100rel, path\r
User-Agent: Deskphone/2.4\r
Accept: application/sdp\r
Session-Expires: 1800\r
Subject: {subject}\r
Content-Type: application/sdp\r
Content-Length: {}\r
\r
{BODY}",
            BODY.len()
        )
    };
    let short = 986 - with("").len();
    let message = with(&"lunch ".repeat(20)[..short]);
    assert_eq!(message.len(), 986);
    message.into_bytes()
}

/// Reads it, and of its headers the topmost Via, From, To, CSeq and Contact as types.
pub fn ours(octets: &[u8]) {
    let message = read_ours(octets);
    let headers = message.headers();
    let typed = (
        headers.via().expect("it is there").expect("it is right"),
        headers.from().expect("it is there").expect("it is right"),
        headers.to().expect("it is there").expect("it is right"),
        headers.cseq().expect("it is there").expect("it is right"),
        headers
            .contact()
            .expect("it is there")
            .expect("it is right"),
    );
    black_box(&typed);
}

/// Reads it.
#[must_use]
pub fn read_ours(octets: &[u8]) -> Message {
    Message::parse_datagram(octets, &Limits::default()).expect("it is right")
}

/// As [`ours`], by `rsip`.
pub fn rsips(octets: &[u8]) {
    let message = read_rsips(octets);
    let typed = (
        message
            .via_header()
            .map(|header| header.typed().expect("it is right")),
        message
            .from_header()
            .map(|header| header.typed().expect("it is right")),
        message
            .to_header()
            .map(|header| header.typed().expect("it is right")),
        message
            .cseq_header()
            .map(|header| header.typed().expect("it is right")),
        message
            .contact_header()
            .map(|header| header.typed().expect("it is right")),
    );
    assert!(typed.4.is_ok(), "every header is there");
    black_box(&typed);
}

/// As [`read_ours`], by `rsip`.
#[must_use]
pub fn read_rsips(octets: &[u8]) -> rsip::SipMessage {
    rsip::SipMessage::try_from(octets).expect("it is right")
}
