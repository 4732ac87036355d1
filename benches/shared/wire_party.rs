//! A party that is nothing but SIP and RTP on sockets: when each packet left and came is known to the microsecond, and no
//! other phone's clock stands between. It says yes to all that it is asked, and speaks one codec.
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use trialog_codec::Codec;
use trialog_sip::{HeaderName, Limits, Message, Method, Request, Response};

/// The party. It is gone with this value.
pub struct WireParty {
    /// Its socket for RTP.
    pub rtp: UdpSocket,
    sip: Arc<UdpSocket>,
    codec: Codec,
    far: Arc<Mutex<Option<SocketAddr>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WireParty {
    /// At free ports of 127.0.0.1, speaking PCMU.
    #[must_use]
    pub fn new() -> Self {
        Self::speaking(Codec::Pcmu)
    }

    /// At free ports of 127.0.0.1, speaking this codec.
    #[must_use]
    pub fn speaking(codec: Codec) -> Self {
        let bound = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("there are free ports");
        let (sip, rtp) = (Arc::new(bound()), bound());
        sip.set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout that is not zero");
        let stop = Arc::new(AtomicBool::new(false));
        let far = Arc::new(Mutex::new(None));
        let signalling = Signalling {
            sip: Arc::clone(&sip),
            own: address(&sip),
            rtp: address(&rtp),
            codec,
            far: Arc::clone(&far),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((length, from)) = signalling.sip.recv_from(&mut buffer) {
                    signalling.heed(&buffer[..length], from);
                }
            }
        });
        Self {
            rtp,
            sip,
            codec,
            far,
            stop,
            thread: Some(thread),
        }
    }

    /// How to call it.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("sip:wire@{}", address(&self.sip))
    }

    /// Calls the phone that listens at this port of 127.0.0.1.
    pub fn call(&self, uri: &str, port: u16) {
        let own = address(&self.sip);
        let body = description(address(&self.rtp), self.codec, "sendrecv");
        let invite = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKwire{}\r\nMax-Forwards: 70\r\n\
             From: <sip:wire@{own}>;tag=wire\r\nTo: <{uri}>\r\nCall-ID: wire-{own}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:wire@{own}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            own.port(),
            body.len()
        );
        let phone = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.sip
            .send_to(invite.as_bytes(), phone)
            .expect("it was bound");
    }

    /// Where its RTP goes, as the phone said last.
    #[must_use]
    pub fn far(&self) -> Option<SocketAddr> {
        *self.far.lock().expect("nobody panics holding it")
    }
}

impl Default for WireParty {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for WireParty {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Signalling {
    sip: Arc<UdpSocket>,
    own: SocketAddr,
    rtp: SocketAddr,
    codec: Codec,
    far: Arc<Mutex<Option<SocketAddr>>>,
}

impl Signalling {
    fn heed(&self, octets: &[u8], from: SocketAddr) {
        let answer = match Message::parse_datagram(octets, &Limits::default()) {
            Ok(Message::Request(request)) if request.method != Method::Ack => {
                self.answer(&request).to_bytes()
            }
            Ok(Message::Response(response)) if response.status.is_success() => {
                self.acknowledge(&response).into_bytes()
            }
            _ => return,
        };
        let _ = self.sip.send_to(&answer, from);
    }

    fn answer(&self, request: &Request) -> Response {
        let mut response = Response::answering(request, 200);
        response.headers.set_to_tag("wire");
        if request.method == Method::Invite {
            let direction = self.told(&request.body);
            let contact = format!("<sip:wire@{}>", self.own);
            response.headers.push(HeaderName::Contact, contact);
            response.set_body(
                "application/sdp",
                description(self.rtp, self.codec, direction),
            );
        }
        response
    }

    // RFC 3261 §13.2.2.4: for every 2xx.
    fn acknowledge(&self, response: &Response) -> String {
        self.told(&response.body);
        let of = |name: HeaderName| response.headers.get(&name).unwrap_or_default().to_owned();
        let contact = response.headers.contact().and_then(Result::ok);
        let target = contact.map_or_else(String::new, |contact| contact.uri.to_string());
        format!(
            "ACK {target} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKack{}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
            self.own,
            self.own.port(),
            of(HeaderName::From),
            of(HeaderName::To),
            of(HeaderName::CallId),
        )
    }

    /// Keeps where the phone takes RTP; the direction that answers its own.
    fn told(&self, body: &[u8]) -> &'static str {
        let text = String::from_utf8_lossy(body);
        let port = text.lines().find_map(|line| {
            line.strip_prefix("m=audio ")?
                .split(' ')
                .next()?
                .parse()
                .ok()
        });
        if let Some(port) = port {
            let far = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            *self.far.lock().expect("nobody panics holding it") = Some(far);
        }
        // RFC 3264 §6.1.
        match text
            .lines()
            .find(|line| ["a=sendonly", "a=recvonly", "a=inactive"].contains(line))
        {
            Some("a=sendonly") => "recvonly",
            Some("a=recvonly") => "sendonly",
            Some(_) => "inactive",
            None => "sendrecv",
        }
    }
}

/// The payload type of a codec, as this party has it.
#[must_use]
pub const fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 96,
    }
}

fn description(rtp: SocketAddr, codec: Codec, direction: &str) -> String {
    let number = payload_type(codec);
    let map = match codec {
        Codec::Opus => "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n",
        _ => "",
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP {number}\r\n{map}a={direction}\r\n",
        rtp.port()
    )
}

fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("it is bound")
}
