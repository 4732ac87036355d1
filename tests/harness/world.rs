//! The world: phones, the network between them, and time, which only passes here.
mod deeds;
mod hearing;
mod views;

use crate::chance::Chance;
use crate::network::{Datagram, Link, Network};
use crate::phone::{Model, Phone};
use crate::sound::{Audible, PhoneId};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use trialog_call::{CallId, Input, LegId, MediaEvent, Stage, Time};
use trialog_ua::{ConnectionId, EndpointInput, Peer, ResolveId, Source, Transmit, Transport};

/// After this long without a packet the engine says that a leg is silent.
pub const SILENT_AFTER: Duration = Duration::from_secs(5);
/// After this long it says that the party has left.
pub const LOST_AFTER: Duration = Duration::from_secs(30);

/// Phones, network and time.
pub struct World {
    /// The network, to meddle with.
    pub network: Network,
    /// How long a customer may hear nothing while something goes wrong.
    pub patience: Duration,
    pub(crate) phones: Vec<Phone>,
    pub(crate) now: Time,
    pub(crate) audible: Audible,
    pub(crate) guarded: Vec<crate::promise::Guarded>,
    /// Each stage that a call of a phone has been in.
    pub lived: BTreeSet<(PhoneId, CallId, Stage)>,
    /// What was done and what changed, each with the number of messages that had been sent by then; if somebody keeps it.
    pub diary: Option<Vec<(Time, usize, String)>>,
    /// When a call was last seen anchored.
    pub(crate) anchored: Option<Time>,
    lookups: Vec<Lookup>,
    chance: Chance,
    seed: u64,
}

/// A name's addresses that are under way to the phone that asked.
struct Lookup {
    at: Time,
    phone: PhoneId,
    id: ResolveId,
    peers: Vec<Peer>,
}

/// What names end in here: `bob.world` is the phone `bob`, and no other name has an address.
pub const DOMAIN: &str = "world";
/// Where a registrar is.
pub const REGISTRAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 200)), 5060);

impl World {
    /// A world where the network does no harm.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_link(seed, Link::GOOD)
    }

    /// A world with this kind of network.
    #[must_use]
    pub fn with_link(seed: u64, link: Link) -> Self {
        let mut chance = Chance::new(seed);
        let network = Network::new(link, chance.number());
        // A request that is lost again and again takes up to 32 s (RFC 3261 §17.1.1.2, timer B) to be given up.
        let patience = Duration::from_millis(if link.lost == 0 { 500 } else { 40_000 });
        // A step is a few messages to and fro.
        let patience = patience + 8 * (link.longest() - link.delay);
        Self {
            network,
            patience,
            phones: Vec::new(),
            now: Time::ZERO + Duration::from_secs(1),
            audible: Audible::default(),
            guarded: Vec::new(),
            lived: BTreeSet::new(),
            diary: None,
            anchored: None,
            lookups: Vec::new(),
            chance,
            seed,
        }
    }

    /// Sets up a phone.
    pub fn phone(&mut self, name: &'static str, model: &Model) -> PhoneId {
        let host = u8::try_from(self.phones.len() + 1).expect("few phones");
        let address = SocketAddr::from(([10, 0, 0, host], 5060));
        let seed = self.chance.seed();
        self.phones.push(Phone::new(name, address, model, seed));
        self.look();
        PhoneId(self.phones.len() - 1)
    }

    // What happens.

    fn fail_to_send(&mut self, phone: PhoneId, destination: SocketAddr) {
        self.hand(
            phone,
            EndpointInput::TransportError(Peer::at(Transport::Tcp, destination)),
        );
    }

    /// Time passes.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.pass(end, |_| false);
    }

    /// Time passes until this is so, at most three minutes.
    pub fn run_until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(180);
        assert!(
            self.pass(end, &so),
            "in three minutes it was never so that {what}"
        );
    }

    /// Whether `so` came to be before `end`.
    fn pass(&mut self, end: Time, so: impl Fn(&Self) -> bool) -> bool {
        let mut steps_now = 0;
        loop {
            if so(self) {
                return true;
            }
            let next = self.next_event();
            let Some(at) = next.filter(|at| *at <= end) else {
                self.now = end;
                self.watch();
                return so(self);
            };
            steps_now = if at > self.now { 0 } else { steps_now + 1 };
            assert!(steps_now < 10_000, "time does not pass: {:?}", self.due());
            self.now = at.max(self.now);
            self.happen();
        }
    }

    fn next_event(&self) -> Option<Time> {
        let deadlines = self
            .phones
            .iter()
            .filter(|phone| !phone.dead)
            .filter_map(|phone| phone.endpoint.next_deadline());
        self.network
            .next()
            .into_iter()
            .chain(self.network.next_given_up())
            .chain(deadlines)
            .chain(self.lookups.iter().map(|lookup| lookup.at))
            .chain(self.next_quiet())
            .chain(self.next_promise())
            .min()
    }

    /// The phone whose deadline has come.
    fn due(&self) -> Option<PhoneId> {
        (0..self.phones.len()).map(PhoneId).find(|phone| {
            let phone = &self.phones[phone.0];
            let deadline = phone.endpoint.next_deadline();
            !phone.dead && deadline.is_some_and(|at| at <= self.now)
        })
    }

    /// One thing that is due now.
    fn happen(&mut self) {
        if self.network.next().is_some_and(|at| at <= self.now) {
            if let Some(datagram) = self.network.arrived(self.now) {
                self.deliver(&datagram);
            }
        } else if let Some((from, to)) = self.network.given_up(self.now) {
            if let Some(phone) = self.whose(from) {
                self.fail_to_send(phone, to);
            }
        } else if let Some(phone) = self.due() {
            self.hand(phone, EndpointInput::Timeout);
        } else if let Some(place) = self.lookups.iter().position(|found| found.at <= self.now) {
            let Lookup {
                phone, id, peers, ..
            } = self.lookups.remove(place);
            let peers = &peers;
            self.hand(phone, EndpointInput::Resolved { id, peers });
        } else {
            self.tell_quiet();
            self.watch();
        }
    }

    fn deliver(&mut self, datagram: &Datagram) {
        let Some(to) = self.whose(datagram.to) else {
            return self.answer_for_nobody(datagram);
        };
        let broken = self.network.broken() << 32;
        let connection = (datagram.transport == Transport::Tcp)
            .then(|| ConnectionId(broken | stream(datagram.from, datagram.to)));
        let source = Source {
            peer: Peer::at(datagram.transport, datagram.from),
            local: datagram.to,
            connection,
        };
        self.hand(
            to,
            EndpointInput::Wire {
                source,
                message: &datagram.bytes,
            },
        );
    }

    /// Whose address this is.
    fn whose(&self, address: SocketAddr) -> Option<PhoneId> {
        let place = self.phones.iter().position(|phone| phone.is_at(address));
        place.map(PhoneId)
    }

    /// Where no phone is, a ghost answers BYE and CANCEL, the end of a fork that a test made up, and REGISTER.
    fn answer_for_nobody(&mut self, datagram: &Datagram) {
        let text = crate::wire::Text::new(&datagram.bytes);
        if matches!(text.method(), Some("BYE" | "CANCEL" | "REGISTER")) {
            let expires = text
                .header("Expires")
                .map_or_else(String::new, |expires| format!("Expires: {expires}\r\n"));
            let bytes = text.answer(200, "OK", "ghost", &expires, "");
            let answer = Datagram {
                from: datagram.to,
                to: datagram.from,
                transport: datagram.transport,
                bytes,
            };
            self.network.send(self.now, answer);
        }
    }

    pub(crate) fn hand(&mut self, phone: PhoneId, input: EndpointInput<'_>) {
        if self.phones[phone.0].dead {
            return;
        }
        let sent = self.phones[phone.0].handle(self.now, input);
        for (id, host) in std::mem::take(&mut self.phones[phone.0].asked) {
            self.look_up(phone, id, &host);
        }
        for transmit in sent {
            self.transmit(phone, transmit);
        }
        for (leg, digit) in std::mem::take(&mut self.phones[phone.0].digits) {
            self.carry_digit(phone, leg, digit);
        }
        self.watch();
    }

    fn look_up(&mut self, phone: PhoneId, id: ResolveId, host: &str) {
        let whose = |phone: &&Phone| host == format!("{}.{DOMAIN}", phone.name);
        let found = self.phones.iter().find(whose);
        let peer = found.map(|found| Peer::named(host, found.transport, found.address));
        self.lookups.push(Lookup {
            at: self.now + Duration::from_millis(self.chance.below(500)),
            phone,
            id,
            peers: peer.into_iter().collect(),
        });
    }

    fn transmit(&mut self, phone: PhoneId, transmit: Transmit) {
        let from = self.phones[phone.0].address;
        let Transmit { peer, bytes, .. } = transmit;
        self.network.send(
            self.now,
            Datagram {
                from,
                to: peer.address,
                transport: peer.transport,
                bytes,
            },
        );
    }

    /// A telephone-event arrives where the leg's sound does.
    fn carry_digit(&mut self, from: PhoneId, leg: LegId, digit: u8) {
        let Some(out) = self.phones[from.0].bridge.streams.get(&leg).copied() else {
            return;
        };
        let receiver = (0..self.phones.len()).find_map(|phone| {
            let streams = &self.phones[phone].bridge.streams;
            let into = streams.iter().find(|(_, into)| into.local == out.remote)?;
            Some((PhoneId(phone), *into.0))
        });
        if let Some((to, leg)) = receiver {
            self.say(
                to,
                Input::Media {
                    leg,
                    event: MediaEvent::Dtmf(digit),
                },
            );
        }
    }

    /// After each step: what is heard, and what must always be true.
    pub(crate) fn watch(&mut self) {
        self.look();
        self.check();
    }

    /// Puts a line into the diary, where somebody keeps one.
    pub(crate) fn write_down(&mut self, line: String) {
        if let Some(diary) = &mut self.diary {
            diary.push((self.now, self.network.seen.len(), line));
        }
    }

    /// Forgets what was sent, told and recorded until now.
    pub(crate) fn forget(&mut self) {
        self.network.seen.clear();
        self.lived.clear();
        for phone in &mut self.phones {
            phone.notices.clear();
            phone.records.clear();
        }
    }

    /// The phones, when all is over.
    pub(crate) fn take_phones(&mut self) -> Vec<Phone> {
        std::mem::take(&mut self.phones)
    }
}

/// The number of the stream between two.
fn stream(one: SocketAddr, other: SocketAddr) -> u64 {
    let number = |address: SocketAddr| match address.ip() {
        IpAddr::V4(v4) => u64::from(v4.to_bits() & 0xFFFF),
        IpAddr::V6(_) => 0,
    };
    let (low, high) = (
        number(one).min(number(other)),
        number(one).max(number(other)),
    );
    low << 16 | high
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {}, at {:.3} s\n{}",
                self.seed,
                self.now.0.as_secs_f64(),
                self.ladder()
            );
        }
    }
}
