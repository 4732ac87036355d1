//! A small pipe between user agents: virtual time, and a network that delays, loses, doubles and reorders by seed. What is
//! sent to an address that no agent has is kept for the test to read, and the test may answer in any words.
#![allow(dead_code, unreachable_pub, reason = "each suite uses a part")]
pub mod registrar;
pub mod three;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use trialog_call::{
    AccountId, Action, ByeReason, Direction, Incoming, LegId, SessionIntent, Target, Time,
    WireEvent,
};
use trialog_sdp::{Codec, Negotiated};
use trialog_sip::MessageSummary;
use trialog_ua::{
    Account, Config, ConnectionId, DigitStep, Input, LampState, Learnt, Output, Peer,
    RegistrationState, Source, Transport, UserAgent,
};

/// What may come before an answer.
pub type Payloads = Vec<(u8, Codec)>;

/// One phone on the pipe.
pub struct End {
    pub agent: UserAgent,
    pub address: SocketAddr,
    pub events: Vec<(LegId, WireEvent)>,
    pub offered: Vec<(LegId, Payloads, IpAddr)>,
    pub media: HashMap<LegId, Negotiated>,
    pub media_ends: HashMap<LegId, u32>,
    pub registrations: Vec<RegistrationState>,
    pub lamps: Vec<(u16, LampState)>,
    pub mailboxes: Vec<(AccountId, Option<MessageSummary>)>,
    pub digits: Vec<u8>,
    pub sent_digits: Vec<(LegId, u8, DigitStep)>,
    pub abandoned: Vec<Peer>,
    pub turned_away: Vec<(std::net::IpAddr, u32)>,
    placed: u32,
    rtp: u16,
}

struct Packet {
    transport: Transport,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// A message as it was sent.
pub struct Seen {
    pub at: Time,
    pub from: SocketAddr,
    pub to: SocketAddr,
    /// The name that `to` was found by.
    pub name: Option<Arc<str>>,
    pub text: String,
    pub lost: bool,
}

impl Seen {
    pub fn start_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

pub type Filter = Box<dyn FnMut(&Seen) -> bool>;

pub struct Pipe {
    pub now: Time,
    pub ends: Vec<End>,
    /// Of 1000 messages.
    pub loss: u64,
    /// Of 1000 messages: a damaged copy arrives, too.
    pub damaged: u64,
    pub doubled: u64,
    pub delay: Duration,
    pub jitter: Duration,
    /// Loses what it says yes to.
    pub filter: Option<Filter>,
    pub seen: Vec<Seen>,
    /// What nobody's address was: (from, text).
    pub raw: Vec<(SocketAddr, SocketAddr, String)>,
    pub names: HashMap<String, Vec<Peer>>,
    flying: BTreeMap<(Time, u64), Packet>,
    count: u64,
    random: u64,
}

pub fn addr(index: usize) -> SocketAddr {
    format!("10.0.0.{}:5060", index + 1)
        .parse()
        .expect("address")
}

pub fn config(index: usize) -> Config {
    let mut config = Config::direct(addr(index));
    let aor = format!("sip:user{index}@10.0.0.{}", index + 1);
    config
        .accounts
        .push(Account::direct(trialog_sip::Uri::parse(&aor).expect("uri")));
    config
}

pub fn target(index: usize) -> Target {
    Target(format!("sip:user{index}@10.0.0.{}", index + 1))
}

impl Pipe {
    /// So many direct-IP phones, on a network without faults.
    pub fn of(count: usize) -> Self {
        Self::with((0..count).map(config).collect(), 1)
    }

    pub fn with(configs: Vec<Config>, seed: u64) -> Self {
        let ends = configs
            .into_iter()
            .enumerate()
            .map(|(index, config)| {
                let mut bytes = [index as u8 + 1; 32];
                bytes[8..16].copy_from_slice(&seed.to_le_bytes());
                End {
                    agent: UserAgent::new(config, bytes),
                    address: addr(index),
                    events: Vec::new(),
                    offered: Vec::new(),
                    media: HashMap::new(),
                    media_ends: HashMap::new(),
                    registrations: Vec::new(),
                    lamps: Vec::new(),
                    mailboxes: Vec::new(),
                    digits: Vec::new(),
                    sent_digits: Vec::new(),
                    abandoned: Vec::new(),
                    turned_away: Vec::new(),
                    placed: 0,
                    rtp: 10_000,
                }
            })
            .collect();
        Self {
            now: Time(Duration::from_secs(1)),
            ends,
            loss: 0,
            damaged: 0,
            doubled: 0,
            delay: Duration::from_millis(10),
            jitter: Duration::ZERO,
            filter: None,
            seen: Vec::new(),
            raw: Vec::new(),
            names: HashMap::new(),
            flying: BTreeMap::new(),
            count: 0,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    fn chance(&mut self, of_1000: u64) -> bool {
        self.draw(1000) < of_1000
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        if below == 0 { 0 } else { self.random % below }
    }

    /// Gives an action to an end, with an RTP port where it needs one.
    pub fn act(&mut self, end: usize, action: Action) {
        let rtp_port = match action {
            Action::Invite { .. } | Action::Answer(_) => {
                let this = &mut self.ends[end];
                this.rtp += 2;
                Some(this.rtp)
            }
            // For a 180 that has our offer: the port that the answer will have.
            Action::Ring(_) => Some(self.ends[end].rtp + 2),
            _ => None,
        };
        self.input(end, Input::Action { action, rtp_port });
    }

    pub fn input(&mut self, end: usize, input: Input<'_>) {
        let now = self.now;
        self.ends[end].agent.handle_input(now, input);
        self.drain(end);
    }

    fn drain(&mut self, end: usize) {
        while let Some(output) = self.ends[end].agent.poll_output() {
            let this = &mut self.ends[end];
            match output {
                Output::Transmit(transmit) => {
                    let from = this.address;
                    self.send(from, transmit.peer, transmit.bytes);
                }
                Output::Event { leg, event } => this.events.push((leg, event)),
                Output::Offered { leg, payloads, to } => this.offered.push((leg, payloads, to)),
                Output::Media { leg, session, .. } => match session {
                    Some(session) => {
                        this.media.insert(leg, *session);
                    }
                    None => {
                        this.media.remove(&leg);
                        *this.media_ends.entry(leg).or_default() += 1;
                    }
                },
                Output::Digit { leg, digit, step } => this.sent_digits.push((leg, digit, step)),
                Output::Dtmf { digit, .. } => this.digits.push(digit),
                Output::TurnedAway { from, count } => this.turned_away.push((from, count)),
                Output::Learnt(Learnt::Mailbox { account, mailbox }) => {
                    this.mailboxes.push((account, mailbox));
                }
                Output::Learnt(Learnt::Lamp { lamp, state }) => this.lamps.push((lamp, state)),
                // The endpoint's to carry out.
                Output::Control { .. } | Output::Message { .. } => {}
                Output::Registration { state, .. } => this.registrations.push(state),
                Output::AbandonStream(peer) => self.ends[end].abandoned.push(peer),
                Output::Resolve(question) => {
                    let peers = self.names.get(&question.host);
                    let peers = &peers.cloned().unwrap_or_default();
                    let now = self.now;
                    let id = question.id;
                    let input = Input::Resolved { id, peers };
                    self.ends[end].agent.handle_input(now, input);
                }
            }
        }
    }

    fn send(&mut self, from: SocketAddr, peer: Peer, bytes: Vec<u8>) {
        let (transport, to) = (peer.transport, peer.address);
        let mut seen = Seen {
            at: self.now,
            from,
            to,
            name: peer.name,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            lost: false,
        };
        let filtered = self.filter.as_mut().is_some_and(|filter| filter(&seen));
        let unlucky = transport == Transport::Udp && self.chance(self.loss);
        seen.lost = filtered || unlucky;
        let lost = seen.lost;
        self.seen.push(seen);
        if self.chance(self.damaged) {
            let bytes = self.damage(&bytes);
            self.count += 1;
            let late = Duration::from_millis(self.draw(40));
            let packet = Packet {
                transport,
                from,
                to,
                bytes,
            };
            self.flying.insert((self.now + late, self.count), packet);
        }
        if lost {
            return;
        }
        let copies = if transport == Transport::Udp && self.chance(self.doubled) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let jitter = self.jitter.as_micros() as u64;
            let late = if transport == Transport::Udp && jitter > 0 {
                Duration::from_micros(self.draw(jitter))
            } else {
                Duration::ZERO
            };
            self.count += 1;
            let packet = Packet {
                transport,
                from,
                to,
                bytes: bytes.clone(),
            };
            self.flying
                .insert((self.now + self.delay + late, self.count), packet);
        }
    }

    /// Octets flipped, cut out or written twice, lines dropped, doubled or exchanged.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.draw(3) {
            let length = bytes.len() as u64;
            if length < 4 {
                break;
            }
            let (at, to) = (self.draw(length) as usize, self.draw(length) as usize);
            let (at, to) = (at.min(to), at.max(to).min(at.min(to) + 40));
            let mut lines: Vec<Vec<u8>> = bytes
                .split_inclusive(|octet| *octet == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            let line = self.draw(lines.len() as u64) as usize;
            let other = self.draw(lines.len() as u64) as usize;
            match self.draw(7) {
                0 => bytes[at] = self.draw(256) as u8,
                1 => drop(bytes.drain(at..to)),
                2 => {
                    let piece = bytes[at..to].to_vec();
                    bytes.splice(to..to, piece);
                }
                3 => {
                    lines.remove(line);
                    bytes = lines.concat();
                }
                4 => {
                    lines.insert(line, lines[line].clone());
                    bytes = lines.concat();
                }
                5 => {
                    lines.swap(line, other);
                    bytes = lines.concat();
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    }

    /// Puts a message of the test's own on the network.
    pub fn inject(&mut self, from: SocketAddr, end: usize, text: &str) {
        let to = self.ends[end].address;
        let to = Peer::at(Transport::Udp, to);
        self.send(from, to, text.as_bytes().to_vec());
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    pub fn run_ms(&mut self, ms: u64) {
        self.run(Duration::from_millis(ms));
    }

    /// Runs until nothing is left to happen within this time.
    pub fn run_out(&mut self) {
        self.run(Duration::from_secs(400));
    }

    fn step(&mut self, until: Time) -> bool {
        let packet = self.flying.keys().next().map(|(at, _)| *at);
        let alarm = self
            .ends
            .iter()
            .enumerate()
            .filter_map(|(index, end)| Some((end.agent.next_deadline()?, index)))
            .min();
        match (packet, alarm) {
            (Some(at), _) if at <= until && alarm.is_none_or(|(alarm, _)| at <= alarm) => {
                self.now = self.now.max(at);
                let (_, packet) = self.flying.pop_first().expect("a packet is flying");
                self.deliver(&packet);
                true
            }
            (_, Some((at, index))) if at <= until => {
                self.now = self.now.max(at);
                self.input(index, Input::Timeout);
                true
            }
            _ => false,
        }
    }

    fn deliver(&mut self, packet: &Packet) {
        let Some(index) = self.ends.iter().position(|end| end.address == packet.to) else {
            let text = String::from_utf8_lossy(&packet.bytes).into_owned();
            self.raw.push((packet.from, packet.to, text));
            return;
        };
        let source = Source {
            peer: Peer::at(packet.transport, packet.from),
            local: packet.to,
            connection: (packet.transport == Transport::Tcp).then_some(ConnectionId(1)),
        };
        self.input(
            index,
            Input::Received {
                source,
                message: &packet.bytes,
            },
        );
    }

    // ---- what tests do over and over ----

    /// Places a call; its leg.
    pub fn dial(&mut self, end: usize, to: Target) -> LegId {
        self.ends[end].placed += 1;
        let leg = LegId::Placed(self.ends[end].placed);
        self.act(
            end,
            Action::Invite {
                leg,
                account: AccountId(0),
                target: to,
                as_guest: false,
                referral: None,
            },
        );
        leg
    }

    /// The last call that came in at an end.
    pub fn incoming(&self, end: usize) -> (LegId, Incoming) {
        self.ends[end]
            .events
            .iter()
            .rev()
            .find_map(|(leg, event)| match event {
                WireEvent::Incoming(incoming) => Some((*leg, incoming.clone())),
                _ => None,
            })
            .expect("a call came in")
    }

    /// A call from `a` to `b` that is up: the legs of both.
    pub fn call(&mut self, a: usize, b: usize) -> (LegId, LegId) {
        let placed = self.dial(a, target(b));
        self.run_ms(100);
        let (received, _) = self.incoming(b);
        self.act(b, Action::Ring(received));
        self.run_ms(100);
        self.act(b, Action::Answer(received));
        self.run_ms(100);
        assert!(self.has(a, placed, |event| matches!(event, WireEvent::Answered(_))));
        assert!(self.has(b, received, |event| *event == WireEvent::Confirmed));
        (placed, received)
    }

    pub fn has(&self, end: usize, leg: LegId, wanted: impl Fn(&WireEvent) -> bool) -> bool {
        self.count_of(end, leg, wanted) > 0
    }

    pub fn count_of(&self, end: usize, leg: LegId, wanted: impl Fn(&WireEvent) -> bool) -> usize {
        self.ends[end]
            .events
            .iter()
            .filter(|(own, event)| *own == leg && wanted(event))
            .count()
    }

    pub fn events(&self, end: usize, leg: LegId) -> Vec<WireEvent> {
        self.ends[end]
            .events
            .iter()
            .filter(|(own, _)| *own == leg)
            .map(|(_, event)| event.clone())
            .collect()
    }

    pub fn forget_events(&mut self) {
        for end in &mut self.ends {
            end.events.clear();
        }
        self.seen.clear();
        self.raw.clear();
    }

    pub fn reinvite(&mut self, end: usize, leg: LegId, direction: Direction) {
        let session = SessionIntent {
            direction,
            focus: false,
        };
        self.act(end, Action::Reinvite { leg, session });
    }

    pub fn bye(&mut self, end: usize, leg: LegId) {
        self.act(
            end,
            Action::Bye {
                leg,
                reason: ByeReason::Ended,
            },
        );
    }

    /// How often a message with this start was sent from one end.
    pub fn sent(&self, end: usize, start: &str) -> usize {
        let from = self.ends[end].address;
        self.seen
            .iter()
            .filter(|seen| seen.from == from && seen.text.starts_with(start))
            .count()
    }

    /// How many requests of this method an end sent outside of dialogs, each counted once however often it went.
    pub fn requests(&self, end: usize, method: &str) -> usize {
        let from = self.ends[end].address;
        let seen = self.seen.iter();
        let own = seen.filter(|seen| seen.from == from && seen.text.starts_with(method));
        let mut numbers: Vec<&str> = own.map(|seen| header(&seen.text, "CSeq")).collect();
        numbers.dedup();
        numbers.len()
    }

    /// The last message with this start that an end sent.
    pub fn last(&self, end: usize, start: &str) -> &str {
        let from = self.ends[end].address;
        self.seen
            .iter()
            .rev()
            .find(|seen| seen.from == from && seen.text.starts_with(start))
            .map(|seen| seen.text.as_str())
            .unwrap_or_else(|| panic!("no {start} was sent"))
    }

    /// Nothing is left behind anywhere.
    pub fn assert_idle(&mut self) {
        self.run_out();
        for end in &self.ends {
            assert!(
                end.agent.is_idle(),
                "{}: {:?}",
                end.address,
                end.agent.counts()
            );
            assert!(end.media.is_empty());
            assert!(end.media_ends.values().all(|ends| *ends == 1));
        }
    }

    /// Prints all messages: for whoever mends a test.
    pub fn dump(&self) {
        for seen in &self.seen {
            let lost = if seen.lost { " LOST" } else { "" };
            println!(
                "{:>8} {} -> {}{lost}: {}",
                seen.at.0.as_millis(),
                seen.from,
                seen.to,
                seen.start_line()
            );
        }
    }
}

/// The value of a header in a message's text.
pub fn header<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
        .unwrap_or_default()
}

/// A response of the test's own to a request's text.
pub fn reply(request: &str, status: &str, tag: &str, more: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().skip(1) {
        let name = line.split(':').next().unwrap_or_default();
        if line.is_empty() {
            break;
        }
        if ["Via", "From", "Call-ID", "CSeq"].contains(&name) {
            text.push_str(line);
            text.push_str("\r\n");
        } else if name == "To" {
            text.push_str(line);
            if !line.contains(";tag=") && !tag.is_empty() {
                text.push_str(&format!(";tag={tag}"));
            }
            text.push_str("\r\n");
        }
    }
    text.push_str(more);
    if !more.contains("\r\n\r\n") {
        text.push_str("\r\n");
    }
    text
}

/// Contact, type and body of an answer that takes PCMA.
pub fn sdp(contact: &str, direction: &str) -> String {
    format!(
        "Contact: <{contact}>\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\n\
         c=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na={direction}\r\n"
    )
}
