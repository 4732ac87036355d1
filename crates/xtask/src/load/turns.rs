//! Calls one after another, by a caller of our own: SIPp lets some milliseconds pass between the end of one call and the begin
//! of the next, more than a phone needs to set one up.
//!
//! A call is INVITE, 200, ACK, the phone's first packet of sound, a pause, BYE, 200; then comes the next. A call in which one of
//! these is missing ends the measurement: what is counted was answered, was heard and was ended.
use super::Phone;
use super::loopback::Loopback;
use super::run::percentile;
use super::target::Target;
use crate::ExitError;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use trialog_sip_text::Message;

/// RFC 3261 §17.1.1.2: T1, after which a request is sent again.
const RESEND: Duration = Duration::from_millis(500);
/// Beyond this an answer or a packet of sound is missing.
const PATIENCE: Duration = Duration::from_secs(5);
/// Calls at once that the phone takes: more than one, since a call that is over may still be let go.
const MAX_CALLS: u32 = 32;

/// The figures of calls in turn.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    /// Calls a second.
    pub(crate) rate: f64,
    /// Of the phone's process, user and system, in ms a call.
    pub(crate) cpu_ms: f64,
    /// From the INVITE to its 200, the median in ms.
    pub(crate) setup_ms: f64,
    /// From the ACK to the phone's first packet of sound, the median in ms.
    pub(crate) sound_ms: f64,
    /// Requests that were sent again.
    pub(crate) resent: u64,
}

/// Starts the phone and calls it so often. `hold`: from its first packet of sound to the BYE.
pub(crate) fn in_turn(phone: &Phone, calls: u32, hold: Duration) -> Result<Turns, ExitError> {
    let net = Loopback::take()?;
    let target = Target::start(phone, MAX_CALLS, hold, &net)?;
    let mut caller = Caller::new(net.caller, target.address)?;
    let gone = || ExitError::because(format!("the phone has ended.\n{}", target.said()));
    let usage = target.usage();
    // The first call finds a phone whose memory and tables are made for it.
    caller.call(0, hold)?;
    let cpu = usage.cpu().ok_or_else(gone)?;
    let (mut setups, mut sounds) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    for number in 1..=calls {
        let (setup, sound) = caller.call(number, hold)?;
        setups.push(setup.as_micros() as u64);
        sounds.push(sound.as_micros() as u64);
    }
    let took = begun.elapsed();
    let cpu = usage.cpu().ok_or_else(gone)? - cpu;
    setups.sort_unstable();
    sounds.sort_unstable();
    Ok(Turns {
        rate: f64::from(calls) / took.as_secs_f64(),
        cpu_ms: cpu * 1000.0 / f64::from(calls.max(1)),
        setup_ms: percentile(&setups, 50),
        sound_ms: percentile(&sounds, 50),
        resent: caller.resent,
    })
}

/// The calling side: one socket for SIP, one for sound.
struct Caller {
    sip: UdpSocket,
    sound: UdpSocket,
    /// Their addresses.
    own: SocketAddr,
    own_sound: SocketAddr,
    /// The phone's address, `host:port`.
    to: String,
    resent: u64,
}

impl Caller {
    /// With sockets at `own`, to the phone at `phone`.
    fn new(own: IpAddr, phone: SocketAddr) -> Result<Self, ExitError> {
        let socket = || {
            let socket = UdpSocket::bind((own, 0))?;
            socket.set_read_timeout(Some(RESEND))?;
            Ok(socket)
        };
        let failed = |error: std::io::Error| ExitError::because(format!("{own}: {error}"));
        let sip = socket().map_err(failed)?;
        sip.connect(phone).map_err(failed)?;
        let sound = socket().map_err(failed)?;
        Ok(Self {
            own: sip.local_addr().map_err(failed)?,
            own_sound: sound.local_addr().map_err(failed)?,
            sip,
            sound,
            to: phone.to_string(),
            resent: 0,
        })
    }

    /// One call; the times from INVITE to 200 and from ACK to the first packet of sound.
    fn call(&mut self, number: u32, hold: Duration) -> Result<(Duration, Duration), ExitError> {
        let (host, port) = (self.own_sound.ip(), self.own_sound.port());
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        );
        let to = format!("<sip:load@{}>", self.to);
        self.forget_sound();
        let begun = Instant::now();
        let answer = self.ask("INVITE", number, 1, &to, &offer)?;
        let setup = begun.elapsed();
        let to = answer.header("to").unwrap_or(&to).to_owned();
        let ack = self.request("ACK", number, 1, &to, "");
        self.send(&ack)?;
        let sound = self.first_sound()?;
        std::thread::sleep(hold);
        self.ask("BYE", number, 2, &to, "")?;
        Ok((setup, sound))
    }

    /// Sends a request, again after each [`RESEND`], until it has its 200.
    fn ask(
        &mut self,
        method: &str,
        number: u32,
        cseq: u32,
        to: &str,
        body: &str,
    ) -> Result<Message, ExitError> {
        let request = self.request(method, number, cseq, to, body);
        let id = call_id(number);
        let begun = Instant::now();
        self.send(&request)?;
        loop {
            if let Some(answer) = self.receive()? {
                let answers = answer.call_id() == id && answer.cseq() == (cseq, method);
                match answer.status().filter(|_| answers) {
                    Some(200) => return Ok(answer),
                    Some(status @ 300..) => {
                        return Err(ExitError::because(format!(
                            "{method} of call {number} was answered {status}"
                        )));
                    }
                    _ => {}
                }
            } else {
                self.resent += 1;
                self.send(&request)?;
            }
            if begun.elapsed() > PATIENCE {
                return Err(ExitError::because(format!(
                    "{method} of call {number} was not answered"
                )));
            }
        }
    }

    /// The next message; `None` after [`RESEND`] without one.
    fn receive(&self) -> Result<Option<Message>, ExitError> {
        let mut buffer = [0; 4096];
        match self.sip.recv(&mut buffer) {
            Ok(length) => {
                let text = String::from_utf8_lossy(&buffer[..length]);
                // What is no message is a keep-alive: the next one is waited for.
                Message::read(&text).map_or_else(|| self.receive(), |message| Ok(Some(message)))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(ExitError::because(format!(
                "the phone at {}: {error}",
                self.to
            ))),
        }
    }

    /// What the call before had under way goes.
    fn forget_sound(&self) {
        if self.sound.set_nonblocking(true).is_ok() {
            while self.sound.recv(&mut [0; 16]).is_ok() {}
            let _ = self.sound.set_nonblocking(false);
        }
    }

    /// Waits for a packet of RTP, and says how long.
    fn first_sound(&self) -> Result<Duration, ExitError> {
        let begun = Instant::now();
        let mut packet = [0; 2048];
        while begun.elapsed() < PATIENCE {
            let length = self.sound.recv(&mut packet).unwrap_or(0);
            // RTCP has its types where RTP has its payload type (RFC 5761 §4).
            if length > 12 && packet[0] >> 6 == 2 && !(192..=223).contains(&packet[1]) {
                return Ok(begun.elapsed());
            }
        }
        Err(ExitError::because("the phone sent no sound"))
    }

    fn request(&self, method: &str, number: u32, cseq: u32, to: &str, body: &str) -> String {
        let (own, phone, id) = (self.own, &self.to, call_id(number));
        let content = match body {
            "" => "",
            _ => "Content-Type: application/sdp\r\n",
        };
        format!(
            "{method} sip:load@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{number}{method}\r\n\
             From: <sip:turns@{own}>;tag=turns{number}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:turns@{own}>\r\nMax-Forwards: 70\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn send(&self, message: &str) -> Result<(), ExitError> {
        let sent = self.sip.send(message.as_bytes());
        sent.map(|_| ())
            .map_err(|error| ExitError::because(format!("the phone at {}: {error}", self.to)))
    }
}

fn call_id(number: u32) -> String {
    format!("turns-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// A phone that answers each INVITE with this status, and with sound after the ACK of a 200; it ends after so many requests.
    fn phone(
        status: &'static str,
        requests: usize,
    ) -> (SocketAddr, std::thread::JoinHandle<Vec<String>>) {
        let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = sip.local_addr().unwrap();
        let answers = move || {
            let mut methods = Vec::new();
            let mut port = 0;
            while methods.len() < requests {
                let mut buffer = [0; 4096];
                let (length, from) = sip.recv_from(&mut buffer).unwrap();
                let request = Message::read(&String::from_utf8_lossy(&buffer[..length])).unwrap();
                let method = request.method().to_owned();
                if let Some((_, rest)) = request.body.split_once("m=audio ") {
                    port = rest.split(' ').next().unwrap().parse().unwrap();
                }
                let of = |name| request.header(name).unwrap();
                let answer = format!(
                    "SIP/2.0 {}\r\nCall-ID: {}\r\nCSeq: {}\r\nTo: {};tag=x\r\n\r\n",
                    if method == "INVITE" { status } else { "200 OK" },
                    of("call-id"),
                    of("cseq"),
                    of("to"),
                );
                match method.as_str() {
                    "ACK" => {
                        // RTCP first, which is no sound.
                        for kind in [200, 0] {
                            let packet = [&[0x80, kind][..], &[0; 20]].concat();
                            sip.send_to(&packet, (from.ip(), port)).unwrap();
                        }
                    }
                    _ => _ = sip.send_to(answer.as_bytes(), from).unwrap(),
                }
                methods.push(method);
            }
            methods
        };
        (address, std::thread::spawn(answers))
    }

    #[test]
    fn a_call_is_answered_heard_and_ended() {
        let (address, phone) = phone("200 OK", 6);
        let mut caller = Caller::new(address.ip(), address).unwrap();
        for number in 0..2 {
            caller.call(number, Duration::ZERO).unwrap();
        }
        let methods = phone.join().unwrap();
        assert_eq!(methods, ["INVITE", "ACK", "BYE", "INVITE", "ACK", "BYE"]);
        assert_eq!(caller.resent, 0);
    }

    #[test]
    fn a_refused_call_ends_the_measurement() {
        let (address, phone) = phone("486 Busy Here", 1);
        let mut caller = Caller::new(address.ip(), address).unwrap();
        assert!(caller.call(0, Duration::ZERO).is_err());
        assert_eq!(phone.join().unwrap(), ["INVITE"]);
    }
}
