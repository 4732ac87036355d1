//! A customer that is a socket for SIP and one for sound: it calls, agrees to all that it is asked for, speaks, and knows when each packet
//! came.
use crate::wire::Text;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PACKET: Duration = Duration::from_millis(20);

/// Sound flows again when packets come for so long with no gap.
const STEADY: Duration = Duration::from_millis(500);

/// Between two packets of a sound that flows; a busy machine delays some.
const FLOWING: Duration = Duration::from_millis(250);

/// What its threads have seen.
#[derive(Default)]
struct Seen {
    /// The arrival of each packet of RTP.
    packets: Mutex<Vec<Instant>>,
    /// The phone's end of the sound, as it said last.
    there: Mutex<Option<SocketAddr>>,
    hung_up: AtomicBool,
    stop: AtomicBool,
}

/// The customer, in a call. Dropped, it falls silent.
pub(super) struct Customer {
    seen: Arc<Seen>,
    threads: Vec<JoinHandle<()>>,
}

impl Customer {
    /// Calls the phone at this port, as one that can be referred or not.
    pub(super) fn calling(phone: u16, referable: bool) -> Self {
        let (sip, sound) = (socket(), socket());
        let seen = Arc::new(Seen::default());
        let mut line = Line {
            sip,
            phone: (Ipv4Addr::LOCALHOST, phone).into(),
            sound_port: port(&sound),
            allow: if referable { ", REFER" } else { "" },
            seen: Arc::clone(&seen),
        };
        line.invite();
        let on_line = std::thread::spawn(move || line.run());
        let ears = Arc::clone(&seen);
        let on_sound = std::thread::spawn(move || listen_and_speak(&sound, &ears));
        Self {
            seen,
            threads: vec![on_line, on_sound],
        }
    }

    /// Waits until the phone is heard.
    pub(super) fn wait_for_sound(&mut self) {
        let began = Instant::now();
        while self.packets().len() < 10 {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "there is no sound"
            );
            std::thread::sleep(PACKET);
        }
    }

    /// How long nothing came when the phone was killed at this time; it has come again, steadily.
    pub(super) fn gap_since(&self, killed: Instant, longest: Duration) -> Result<Duration, String> {
        loop {
            if self.seen.hung_up.load(Ordering::Relaxed) {
                return Err("the customer was hung up on".to_owned());
            }
            let packets = self.packets();
            let before = packets.partition_point(|at| *at < killed).saturating_sub(1);
            // What was in the socket still came after the kill: the gap is the longest pause from then on.
            let pauses = packets[before..].windows(2);
            let gap = pauses.map(|two| two[1] - two[0]).max();
            let last = packets.last().copied().unwrap_or(killed);
            let resumed = packets[before..]
                .windows(2)
                .max_by_key(|two| two[1] - two[0])
                .map(|two| two[1]);
            if let (Some(gap), Some(resumed)) = (gap, resumed)
                && killed.elapsed() > STEADY
                && last.saturating_duration_since(resumed) >= STEADY
                && last.elapsed() < FLOWING
            {
                return Ok(gap);
            }
            if killed.elapsed() > longest {
                return Err(format!("the customer hears nothing for {longest:?}"));
            }
            std::thread::sleep(PACKET);
        }
    }

    /// It is in its call, and something comes.
    pub(super) fn still_hears(&self) -> Result<(), String> {
        let last = self.packets().last().copied();
        if self.seen.hung_up.load(Ordering::Relaxed) {
            return Err("the customer was hung up on".to_owned());
        }
        match last {
            Some(last) if last.elapsed() < FLOWING => Ok(()),
            _ => Err("the customer hears nothing any more".to_owned()),
        }
    }

    fn packets(&self) -> Vec<Instant> {
        locked(&self.seen.packets).clone()
    }
}

impl Drop for Customer {
    fn drop(&mut self) {
        self.seen.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn locked<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
    let patience = socket.set_read_timeout(Some(PACKET / 4));
    patience.expect("a socket takes a time-out");
    socket
}

fn port(socket: &UdpSocket) -> u16 {
    socket.local_addr().expect("it is bound").port()
}

fn listen_and_speak(sound: &UdpSocket, seen: &Seen) {
    let began = Instant::now();
    let (mut number, mut packet) = (0u16, [0; 2_048]);
    while !seen.stop.load(Ordering::Relaxed) {
        // RTP of version 2; a packet of RTCP has a type from 200 on (RFC 5761 §4).
        if let Ok(length) = sound.recv(&mut packet)
            && length > 12
            && packet[0] >> 6 == 2
            && !(200..=207).contains(&packet[1])
        {
            locked(&seen.packets).push(Instant::now());
        }
        if began.elapsed() >= PACKET * u32::from(number)
            && let Some(there) = *locked(&seen.there)
        {
            let mut spoken = vec![0x80, 0];
            spoken.extend(number.to_be_bytes());
            spoken.extend((u32::from(number) * 160).to_be_bytes());
            spoken.extend(77u32.to_be_bytes());
            spoken.extend([0xff; 160]);
            let _ = sound.send_to(&spoken, there);
            number += 1;
        }
    }
}

/// Its end of the signalling.
struct Line {
    sip: UdpSocket,
    phone: SocketAddr,
    sound_port: u16,
    /// What it takes beside the usual.
    allow: &'static str,
    seen: Arc<Seen>,
}

impl Line {
    fn invite(&mut self) {
        let (phone, own) = (self.phone, port(&self.sip));
        let sdp = self.sdp("sendrecv");
        let text = format!(
            "INVITE sip:owner@{phone} SIP/2.0\r\n{}To: <sip:owner@{phone}>\r\nCSeq: 1 INVITE\r\nContact: <sip:customer@127.0.0.1:{own}>\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, NOTIFY{}\r\nSupported: replaces\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            self.head("1"),
            self.allow,
            sdp.len()
        );
        self.send(&text);
    }

    fn head(&self, branch: &str) -> String {
        let own = port(&self.sip);
        format!(
            "Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:customer@127.0.0.1:{own}>;tag=customer\r\nCall-ID: customer-{own}\r\n"
        )
    }

    fn sdp(&self, direction: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 0\r\na={direction}\r\n",
            self.sound_port
        )
    }

    fn send(&self, text: &str) {
        // A phone that was killed has no socket: loopback says so, and that is no fault of ours.
        let _ = self.sip.send_to(text.as_bytes(), self.phone);
    }

    fn run(&mut self) {
        let mut buffer = [0; 65_536];
        while !self.seen.stop.load(Ordering::Relaxed) {
            let Ok(length) = self.sip.recv(&mut buffer) else {
                continue;
            };
            let text = Text::new(&buffer[..length]);
            match (text.method(), text.status()) {
                (Some("ACK"), _) => {}
                (Some(method), _) => self.answer(method, &text),
                (None, Some(200..=299)) if text.about() == "INVITE" => {
                    self.sound_is_at(&text);
                    let to = text.header("To").unwrap_or_default().to_owned();
                    let phone = self.phone;
                    let ack = format!(
                        "ACK sip:owner@{phone} SIP/2.0\r\n{}To: {to}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
                        self.head("2")
                    );
                    self.send(&ack);
                }
                _ => {}
            }
        }
    }

    fn sound_is_at(&self, text: &Text) {
        let mut lines = text.body().lines();
        let port = lines.find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next());
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            *locked(&self.seen.there) = Some((Ipv4Addr::LOCALHOST, port).into());
        }
    }

    fn answer(&self, method: &str, request: &Text) {
        let (status, body) = match method {
            "INVITE" => {
                self.sound_is_at(request);
                let held = request.body().contains("a=sendonly");
                (
                    "200 OK",
                    self.sdp(if held { "recvonly" } else { "sendrecv" }),
                )
            }
            "BYE" => {
                self.seen.hung_up.store(true, Ordering::Relaxed);
                ("200 OK", String::new())
            }
            "REFER" => ("405 Method Not Allowed", String::new()),
            _ => ("200 OK", String::new()),
        };
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        text.push_str(&format!(
            "Contact: <sip:customer@127.0.0.1:{}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            port(&self.sip),
            body.len()
        ));
        self.send(&text);
    }
}
