//! What SIPp can't do to a TCP connection: cut the stream anywhere, close it in the middle of a call, or not be there at all.
use crate::by_hand::{SDP, has_no_call, phone, tag};
use crate::sipp::free_port;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use trialog_tests::program::PhoneProcess;
use trialog_tests::wire::Text;

/// A caller by TCP, who has the connection in his own hands.
struct Caller {
    stream: TcpStream,
    phone: SocketAddr,
    /// Where he says that he listens.
    contact: SocketAddr,
}

impl Caller {
    fn of(phone: &PhoneProcess, contact: SocketAddr) -> Self {
        let phone = SocketAddr::from(([127, 0, 0, 1], phone.port));
        let stream = TcpStream::connect(phone).expect("the phone listens");
        Self {
            stream,
            phone,
            contact,
        }
    }

    fn request(&self, method: &str, number: u32, to_tag: &str, body: &str) -> String {
        let (own, phone) = (self.contact, self.phone);
        let length = body.len();
        format!(
            "{method} sip:phone@{phone} SIP/2.0\r\nVia: SIP/2.0/TCP {own};branch=z9hG4bK{number}{method}\r\nMax-Forwards: 70\r\n\
             From: <sip:caller@{own}>;tag=caller\r\nTo: <sip:phone@{phone}>{to_tag}\r\nCall-ID: {}@caller\r\n\
             CSeq: {number} {method}\r\nContact: <sip:caller@{own};transport=tcp>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {length}\r\n\r\n{body}",
            own.port()
        )
    }

    fn send(&mut self, text: &str) {
        self.stream
            .write_all(text.as_bytes())
            .expect("loopback carries it");
    }

    /// Reads until a final answer is there, and gives it.
    fn answer(&mut self) -> Text {
        let limit = Some(Duration::from_secs(10));
        self.stream
            .set_read_timeout(limit)
            .expect("it is some time");
        let mut read = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            let last = text.rfind("SIP/2.0 2").map(|start| &text[start..]);
            if let Some(last) = last.filter(|last| last.contains("\r\n\r\n")) {
                return Text::new(last.as_bytes());
            }
            let mut some = [0; 4_096];
            let length = self.stream.read(&mut some).expect("an answer comes");
            assert!(length > 0, "the phone closed the connection: {text}");
            read.extend_from_slice(&some[..length]);
        }
    }
}

#[test]
fn a_stream_is_read_however_it_is_cut() {
    let phone = phone("cut", "auto_answer = true");
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    let mut caller = Caller::of(&phone, listener.local_addr().expect("it is bound"));
    caller.stream.set_nodelay(true).expect("it is TCP");
    // Two keep-alives before it, and an INVITE in pieces of seven octets.
    caller.send("\r\n\r\n");
    let invite = caller.request("INVITE", 1, "", SDP);
    for piece in invite.as_bytes().chunks(7) {
        caller.stream.write_all(piece).expect("loopback carries it");
    }
    let answer = caller.answer();
    assert_eq!(answer.status(), Some(200));
    // ACK and BYE in one piece.
    let ack = caller.request("ACK", 1, tag(&answer), "");
    let bye = caller.request("BYE", 2, tag(&answer), "");
    caller.send(&(ack + &bye));
    assert_eq!(caller.answer().about(), "BYE");
    has_no_call(&phone);
}

#[test]
fn a_call_outlives_its_connection_and_is_ended_by_a_new_one() {
    let phone = phone("connection-lost", "auto_answer = true");
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    let mut caller = Caller::of(&phone, listener.local_addr().expect("it is bound"));
    let invite = caller.request("INVITE", 1, "", SDP);
    caller.send(&invite);
    let answer = caller.answer();
    let ack = caller.request("ACK", 1, tag(&answer), "");
    caller.send(&ack);
    phone.wait_for("connected");
    caller.stream.shutdown(Shutdown::Both).expect("it is open");
    // The agent sees nothing of it, and his BYE goes where the caller's Contact says (RFC 3261 §18.1.1).
    phone.ctl(&["end"]);
    let (mut stream, _) = listener.accept().expect("the phone connects");
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).expect("a BYE comes");
        read.push(octet[0]);
    }
    let bye = Text::new(&read);
    assert_eq!(bye.method(), Some("BYE"));
    stream
        .write_all(&bye.answered(200, "OK"))
        .expect("loopback carries it");
    has_no_call(&phone);
}

#[test]
fn a_call_to_where_nobody_listens_by_tcp_is_over_at_once() {
    let phone = phone("nobody-listens", "");
    let started = Instant::now();
    let to = format!("sip:nobody@127.0.0.1:{};transport=tcp", free_port());
    phone.ctl(&["call", &to]);
    has_no_call(&phone);
    assert!(started.elapsed() < Duration::from_secs(5));
}
