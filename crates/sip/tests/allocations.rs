//! How often reading and writing ask for memory: a number that must not grow unseen.
mod common;
use allocation_counter::measure;
use common::{crlf, read, try_read};
use std::hint::black_box;

/// An INVITE of 986 octets with 15 headers and a session description, as phones send them.
fn invite() -> Vec<u8> {
    let body = crlf(
        "v=0
o=alice 2890844526 2890844526 IN IP4 client.atlanta.example.com
s=-
c=IN IP4 192.0.2.101
t=0 0
m=audio 49172 RTP/AVP 9 0 8 101
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=sendrecv
",
    );
    let mut text = crlf(&format!(
        "INVITE sip:bob@biloxi.example.com SIP/2.0
Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74bf9;rport
Max-Forwards: 70
From: \"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl
To: \"Bob\" <sip:bob@biloxi.example.com>
Call-ID: 3848276298220188511@atlanta.example.com
CSeq: 1 INVITE
Contact: <sip:alice@client.atlanta.example.com;transport=udp>
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO
Supported: replaces, timer
User-Agent: Phone/1.0
Accept: application/sdp
Session-Expires: 1800
Subject: {}
Content-Type: application/sdp
Content-Length: {}

{body}",
        "x".repeat(60),
        body.len()
    ));
    let surplus = text.len() as isize - 986;
    let subject = (60 - surplus) as usize;
    text = text.replacen(&"x".repeat(60), &"x".repeat(subject), 1);
    assert_eq!(text.len(), 986);
    text.into_bytes()
}

#[test]
fn reading_an_invite_with_five_typed_headers_takes_four_allocations_at_most() {
    let octets = invite();
    let reading = measure(|| {
        black_box(try_read(&octets)).ok();
    });
    assert_eq!(reading.count_total, 3, "head, rows, body");
    let message = read(&octets);
    let typing = measure(|| {
        let headers = message.headers();
        black_box((
            headers.via(),
            headers.from(),
            headers.to(),
            headers.cseq(),
            headers.contact(),
        ));
    });
    assert_eq!(typing.count_total, 0);
    let checking = measure(|| {
        black_box(message.check()).ok();
    });
    assert_eq!(checking.count_total, 0);
}

#[test]
fn writing_takes_one_allocation() {
    let message = read(&invite());
    let writing = measure(|| {
        black_box(message.to_bytes());
    });
    assert_eq!(writing.count_total, 1);
}
