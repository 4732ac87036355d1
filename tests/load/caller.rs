//! A caller of many calls at once: one socket for SIP, one for the sound of each call.
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use trialog_tests::wire::Text;

/// So long an answer may take; then it is asked again, this often in all.
const PATIENCE: Duration = Duration::from_millis(500);
const TRIES: u32 = 20;

/// The caller of all calls of a test.
pub(crate) struct Caller {
    sip: UdpSocket,
    phone: SocketAddr,
    branches: u32,
}

/// A call that is up.
#[derive(Debug)]
pub(crate) struct Call {
    id: String,
    to: String,
    /// Our end of its sound.
    pub(crate) sound: UdpSocket,
    /// The phone's end, as it said.
    pub(crate) there: SocketAddr,
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
    let patience = socket.set_read_timeout(Some(PATIENCE));
    patience.expect("a socket takes a time-out");
    socket
}

fn port(socket: &UdpSocket) -> u16 {
    socket.local_addr().expect("it is bound").port()
}

impl Caller {
    pub(crate) fn of(phone: u16) -> Self {
        Self {
            sip: socket(),
            phone: (Ipv4Addr::LOCALHOST, phone).into(),
            branches: 0,
        }
    }

    /// Calls; `Err`: refused, with this status.
    pub(crate) fn call(&mut self, id: &str) -> Result<Call, u16> {
        let sound = socket();
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 0\r\na=sendrecv\r\n",
            port(&sound)
        );
        let to = format!("<sip:phone@{}>", self.phone);
        let answer = self.ask("INVITE", id, 1, &to, &body);
        let to = answer.header("To").expect("it has a To").to_owned();
        let status = answer.status().expect("an answer has a status");
        if status >= 300 {
            return Err(status);
        }
        let ack = self.request("ACK", id, 1, &to, "");
        self.send(&ack);
        let line = answer
            .body()
            .lines()
            .find_map(|line| line.strip_prefix("m=audio "));
        let there = line.and_then(|line| line.split(' ').next()?.parse().ok());
        let there = (Ipv4Addr::LOCALHOST, there.expect("its answer names a port"));
        Ok(Call {
            id: id.to_owned(),
            to,
            sound,
            there: there.into(),
        })
    }

    /// Hangs up.
    pub(crate) fn end(&mut self, call: &Call) {
        let answer = self.ask("BYE", &call.id, 2, &call.to, "");
        assert_eq!(answer.status(), Some(200), "{answer:?}");
    }

    /// Sends a request, again and again as UDP asks for, until it is answered for good.
    fn ask(&mut self, method: &str, id: &str, cseq: u32, to: &str, body: &str) -> Text {
        let request = self.request(method, id, cseq, to, body);
        for _ in 0..TRIES {
            self.send(&request);
            while let Some(answer) = self.hear() {
                let ours = answer.header("Call-ID") == Some(id)
                    && answer.header("CSeq") == Some(&*format!("{cseq} {method}"));
                let status = answer.status().expect("the phone asks for nothing");
                if ours && status >= 200 {
                    return answer;
                }
            }
        }
        panic!("the phone never answered {method} of {id}");
    }

    fn hear(&self) -> Option<Text> {
        let mut buffer = [0; 4096];
        let length = self.sip.recv(&mut buffer).ok()?;
        Some(Text::new(&buffer[..length]))
    }

    fn request(&mut self, method: &str, id: &str, cseq: u32, to: &str, body: &str) -> String {
        self.branches += 1;
        let (own, phone, branch) = (port(&self.sip), self.phone, self.branches);
        let kind = match body {
            "" => "",
            _ => "Content-Type: application/sdp\r\n",
        };
        format!(
            "{method} sip:phone@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{branch}\r\n\
             From: <sip:caller@127.0.0.1:{own}>;tag={id}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:caller@127.0.0.1:{own}>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn send(&self, message: &str) {
        let sent = self.sip.send_to(message.as_bytes(), self.phone);
        sent.expect("loopback takes it");
    }
}

impl Call {
    /// Says 20 ms of sound: a packet whose samples are all this one.
    pub(crate) fn say(&self, number: u16, sample: u8) {
        let mut packet = vec![0x80, 0];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 160).to_be_bytes());
        packet.extend(77u32.to_be_bytes());
        packet.extend([sample; 160]);
        let sent = self.sound.send_to(&packet, self.there);
        sent.expect("loopback takes it");
    }

    /// The next packet of sound: who sends, its number and its sound.
    pub(crate) fn hear(&self) -> Option<(u32, u16, Vec<u8>)> {
        let mut packet = [0; 300];
        let length = self.sound.recv(&mut packet).ok()?;
        assert!(length > 12 && packet[0] == 0x80, "RTP without extras");
        let ssrc = u32::from_be_bytes(packet[8..12].try_into().expect("four bytes"));
        let number = u16::from_be_bytes([packet[2], packet[3]]);
        Some((ssrc, number, packet[12..length].to_vec()))
    }
}
