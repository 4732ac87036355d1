//! A phone whose RTP ports are used up.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, wait};
use serde_json::json;
use std::net::UdpSocket;
use std::time::Duration;

/// A far side that speaks SIP by hand.
struct Far(UdpSocket);

impl Far {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self(socket)
    }

    fn uri(&self) -> String {
        format!("sip:far@{}", self.0.local_addr().unwrap())
    }

    /// The next message that begins so.
    fn wait(&self, start: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.0.recv(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with(start) {
                return text;
            }
        }
    }

    fn refuse(&self, invite: &str, phone: &str) {
        let lines = invite.lines().skip(1);
        let copied = lines.filter_map(|line| {
            let name = line.split(':').next()?;
            let tag = if name == "To" { ";tag=far" } else { "" };
            let all = ["Via", "From", "To", "Call-ID", "CSeq"];
            all.contains(&name).then(|| format!("{line}{tag}\r\n"))
        });
        let copied: String = copied.collect();
        let answer = format!("SIP/2.0 486 Busy Here\r\n{copied}Content-Length: 0\r\n\r\n");
        self.0.send_to(answer.as_bytes(), phone).unwrap();
    }

    fn invite(&self, phone: &str) {
        let own = self.0.local_addr().unwrap();
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
            own.port()
        );
        let invite = format!(
            "INVITE sip:short@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK1\r\nFrom: <{}>;tag=f\r\n\
             To: <sip:short@{phone}>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <{}>\r\nMax-Forwards: 70\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            self.uri(),
            self.uri(),
            body.len()
        );
        self.0.send_to(invite.as_bytes(), phone).unwrap();
    }
}

/// An even port that is free, as is the next one.
fn pair() -> u16 {
    wait("a free pair", || {
        let one = UdpSocket::bind("127.0.0.1:0").ok()?;
        let port = one.local_addr().ok()?.port() & !1;
        drop(one);
        let bind = |port| UdpSocket::bind(("127.0.0.1", port)).ok();
        bind(port).zip(bind(port + 1)).map(|_| port)
    })
}

#[test]
fn without_a_port_a_call_is_refused_and_does_not_ring_until_there_is_one_again() {
    let (stage, far, port) = (Stage::new(), Far::new(), pair());
    let rest = format!(
        "[media]\nrtp_ports = \"{port}-{}\"\n[audio]\nend = \"none\"\n",
        port + 1
    );
    let phone = stage.start("short", "127.0.0.1:0", &rest, &[]);
    let aor = phone.aor();
    let address = aor.rsplit('@').next().unwrap().to_owned();
    let to = json!({"to": far.uri()});
    phone.post("/api/calls", &to, 201);
    let invite = far.wait("INVITE");
    let refused = phone.post("/api/calls", &to, 409);
    assert_eq!(refused["refused"], "no-rtp-port");
    far.invite(&address);
    far.wait("SIP/2.0 503");
    far.refuse(&invite, &address);
    phone.stage("none");
    wait("a port", || {
        (phone.ask("/api/calls", &to).0 == 201).then_some(())
    });
}
