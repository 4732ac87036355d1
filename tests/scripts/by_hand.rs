//! What SIPp would tidy up by itself: copies of messages, and messages sent before anything is read.
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use trialog_tests::program::{PhoneProcess, folder};
use trialog_tests::wire::Text;

/// A phone without sound, with these settings of `[agent]`.
pub(crate) fn phone(test: &str, agent: &str) -> PhoneProcess {
    let folder = folder(&format!("by-hand-{test}"));
    let runtime = folder.join("run");
    std::fs::create_dir_all(&runtime).expect("the folder can be made");
    let settings =
        format!("[media]\nrtp_ports = \"0\"\n\n[audio]\nend = \"none\"\n\n[agent]\n{agent}\n");
    PhoneProcess::start("phone", &folder, &runtime, &settings, &[])
}

pub(crate) fn has_no_call(phone: &PhoneProcess) {
    phone.wait_for("");
}

pub(crate) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

/// A peer that sends what a test says and takes what comes, for what SIPp would tidy up by itself.
struct Peer {
    socket: UdpSocket,
    phone: SocketAddr,
}

impl Peer {
    fn of(phone: &PhoneProcess) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("there are free ports");
        Self {
            socket,
            phone: SocketAddr::from(([127, 0, 0, 1], phone.port)),
        }
    }

    /// Sends a request of the one dialog that there is.
    fn send(&self, method: &str, number: u32, branch: &str, to_tag: &str, body: &str) {
        let (own, phone) = (self.socket.local_addr().expect("it is bound"), self.phone);
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} sip:phone@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:peer@{own}>;tag=peer\r\nTo: <sip:phone@{phone}>{to_tag}\r\nCall-ID: {}@peer\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:peer@{own}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            own.port(),
            body.len()
        );
        self.socket
            .send_to(text.as_bytes(), phone)
            .expect("loopback carries it");
    }

    fn invite(&self) {
        self.send("INVITE", 1, "1", "", SDP);
    }

    /// The next message.
    fn next(&self) -> Text {
        let limit = Some(Duration::from_secs(10));
        self.socket
            .set_read_timeout(limit)
            .expect("it is some time");
        let mut buffer = [0; 65_536];
        let (length, _) = self.socket.recv_from(&mut buffer).expect("something comes");
        Text::new(&buffer[..length])
    }

    /// All responses that come within this time, without 100.
    fn takes(&self, time: Duration) -> Vec<Text> {
        let end = Instant::now() + time;
        let mut taken = Vec::new();
        let mut buffer = [0; 65_536];
        while let Some(left) = end
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
        {
            self.socket
                .set_read_timeout(Some(left))
                .expect("it is some time");
            if let Ok((length, _)) = self.socket.recv_from(&mut buffer) {
                taken.push(Text::new(&buffer[..length]));
            }
        }
        taken.retain(|text| text.status().is_some_and(|status| status != 100));
        taken
    }

    /// Takes the ringing call back.
    fn cancel(&self) {
        self.send("CANCEL", 1, "1", "", "");
        let answers = self.takes(Duration::from_millis(300));
        let refusal = answers
            .iter()
            .find(|text| text.status() == Some(487))
            .expect("the INVITE is answered with 487");
        self.send("ACK", 1, "1", tag(refusal), "");
    }
}

pub(crate) fn tag(response: &Text) -> &str {
    let to = response.header("To").unwrap_or_default();
    to.find(";tag=").map_or("", |start| &to[start..])
}

fn statuses(responses: &[Text]) -> Vec<u16> {
    responses.iter().filter_map(Text::status).collect()
}

#[test]
fn an_answer_is_repeated_until_it_is_acknowledged() {
    let phone = phone("ack-late", "auto_answer = true");
    let peer = Peer::of(&phone);
    peer.invite();
    // RFC 3261 §13.3.1.4: after T1, and after twice as long each time: at 0, 0.5 and 1.5 s.
    let mut answers = peer.takes(Duration::from_millis(2_000));
    answers.retain(|text| text.status() != Some(180));
    assert_eq!(statuses(&answers), [200, 200, 200]);
    peer.send("ACK", 1, "2", tag(&answers[0]), "");
    assert_eq!(
        statuses(&peer.takes(Duration::from_millis(2_500))),
        [0_u16; 0],
        "it stops at the ACK"
    );
    peer.send("BYE", 2, "3", tag(&answers[0]), "");
    assert_eq!(statuses(&peer.takes(Duration::from_millis(300))), [200]);
    has_no_call(&phone);
}

#[test]
fn each_copy_of_an_answer_is_acknowledged_alike() {
    let phone = phone("ack-lost", "");
    let peer = Peer::of(&phone);
    let own = peer.socket.local_addr().expect("it is bound");
    phone.ctl(&["call", &format!("sip:peer@{own}")]);
    let invite = peer.next();
    let answer = invite.answer(
        200,
        "OK",
        "peer",
        &format!("Contact: <sip:peer@{own}>\r\nContent-Type: application/sdp\r\n"),
        SDP,
    );
    let again = || {
        peer.socket
            .send_to(&answer, peer.phone)
            .expect("loopback carries it");
        peer.next()
    };
    // RFC 3261 §13.2.2.4: the first ACK counts as lost.
    let (first, second) = (again(), again());
    assert_eq!(first.method(), Some("ACK"));
    assert_eq!(first, second);
    phone.ctl(&["end"]);
    let bye = peer.next();
    assert_eq!(bye.method(), Some("BYE"));
    let _ = peer.socket.send_to(&bye.answered(200, "OK"), peer.phone);
    has_no_call(&phone);
}

#[test]
fn an_invite_that_comes_twice_is_one_call() {
    let phone = phone("invite-twice", "");
    let peer = Peer::of(&phone);
    peer.invite();
    let first = peer.takes(Duration::from_millis(300));
    peer.invite();
    let second = peer.takes(Duration::from_millis(300));
    // RFC 3261 §17.2.1: the second is answered as the first was.
    assert_eq!(statuses(&first), [180]);
    assert_eq!(statuses(&second), [180]);
    assert_eq!(tag(&first[0]), tag(&second[0]));
    assert_eq!(phone.status()["calls"].as_array().map(Vec::len), Some(1));
    peer.cancel();
    has_no_call(&phone);
}

#[test]
fn a_cancel_right_behind_its_invite_takes_the_call_back() {
    let phone = phone("cancel-at-once", "");
    let peer = Peer::of(&phone);
    peer.invite();
    peer.send("CANCEL", 1, "1", "", "");
    let mut answers = peer.takes(Duration::from_millis(400));
    answers.retain(|text| text.status() != Some(180));
    assert_eq!(statuses(&answers), [200, 487]);
    assert_eq!(tag(&answers[0]), tag(&answers[1]), "one dialog, one tag");
    peer.send("ACK", 1, "1", tag(&answers[1]), "");
    has_no_call(&phone);
}

#[test]
fn a_bye_that_comes_again_gets_the_same_answer_again() {
    let phone = phone("bye-twice", "auto_answer = true");
    let peer = Peer::of(&phone);
    peer.invite();
    let answers = peer.takes(Duration::from_millis(300));
    let answer = answers.last().expect("it is answered");
    peer.send("ACK", 1, "2", tag(answer), "");
    peer.send("BYE", 2, "3", tag(answer), "");
    let first = peer.takes(Duration::from_millis(200));
    peer.send("BYE", 2, "3", tag(answer), "");
    let second = peer.takes(Duration::from_millis(200));
    assert_eq!(statuses(&first), [200]);
    assert_eq!(first, second);
    has_no_call(&phone);
}
