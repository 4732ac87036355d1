//! The far ends of the legs, and the network from them to the bridge, in virtual time.
use super::{MS, SAID, SPAN};
use crate::leg::Moment;
use crate::receive::COMFORT_NOISE;
use crate::send::{EncodeChain, Send};
use crate::socket::Datagrams;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;
use trialog_codec::Codec;
use trialog_frame::{Frame, Level, RATE, SampleTime};

/// What is special about one replacement.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) codec: Codec,
    /// When the new far end's first packet leaves.
    pub(super) begins: u64,
    /// What a packet takes, and by how much more at most.
    delay: u64,
    jitter: u64,
    /// Packets of the new leg that the network loses, counted from 0.
    lost: &'static [u64],
    /// So many of its first packets are comfort noise.
    noise: u64,
    /// Nothing of ours runs from then until then.
    pub(super) busy: (u64, u64),
    pub(super) floor: Duration,
}

impl Course {
    pub(super) fn of(n: u64, random: &mut Random) -> Self {
        let start = n * SPAN;
        // Prime to 960: each offset against the tick comes, and none in step with what else changes.
        let begins = start + 100 * MS + n * 389 % 960;
        let delay = 5 * MS + random.up_to(30 * MS);
        let busy = if n % 4 == 3 {
            let from = (begins + delay + 40 * MS).saturating_sub(random.up_to(80 * MS));
            (from, from + 15 * MS + random.up_to(30 * MS))
        } else {
            (0, 0)
        };
        Self {
            codec: [Codec::Pcmu, Codec::G722, Codec::Opus, Codec::Pcma][(n / 2 % 4) as usize],
            begins,
            delay,
            jitter: [0, 2 * MS, 8 * MS][(n % 3) as usize],
            lost: [&[][..], &[0], &[1], &[0, 1], &[0, 2]][(n % 5) as usize],
            noise: [0, 0, 0, 1, 0, 3, 0][(n % 7) as usize],
            busy,
            floor: Duration::from_millis([1, 20, 40][(n / 3 % 3) as usize]),
        }
    }
}

/// A small generator, so that each run is the same.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// 0..=most.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (most + 1)
    }
}

/// Unix time in nanoseconds.
pub(super) fn unix(at: u64) -> i128 {
    1_700_000_000_000_000_000 + i128::from(at) * 1_000_000_000 / i128::from(RATE)
}

pub(super) fn remote() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 4000))
}

/// A leg's socket: packets come with the time of their arrival, and what the leg sends goes nowhere.
pub(super) struct Wire {
    arrivals: Receiver<(i128, Vec<u8>)>,
    packet: Vec<u8>,
}

impl Wire {
    pub(super) fn new(arrivals: Receiver<(i128, Vec<u8>)>) -> Self {
        let packet = Vec::new();
        Self { arrivals, packet }
    }
}

impl Datagrams for Wire {
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
        let (at, packet) = self.arrivals.try_recv().ok()?;
        self.packet = packet;
        Some((&self.packet, remote(), Some(at)))
    }

    fn send(&mut self, _datagram: &[u8], _to: SocketAddr) -> bool {
        true
    }

    fn admit(&self, _sources: Option<&mut dyn Iterator<Item = SocketAddr>>) {}
}

/// Keeps the packet that a far end has made.
#[derive(Default)]
struct Made(Mutex<Option<Vec<u8>>>);

impl Datagrams for Made {
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
        None
    }

    fn send(&mut self, datagram: &[u8], _to: SocketAddr) -> bool {
        *self.0.lock().expect("one thread") = Some(datagram.to_vec());
        true
    }

    fn admit(&self, _sources: Option<&mut dyn Iterator<Item = SocketAddr>>) {}
}

/// A far end, and the network from it to us.
pub(super) struct Far {
    pub(super) course: Course,
    send: Send,
    made: Made,
    frequency: f64,
    /// Samples said, packets made.
    said: u64,
    packets: u64,
    /// When the next packet leaves.
    next: u64,
    /// On the way, by arrival.
    on_the_way: BTreeMap<(u64, u64), Vec<u8>>,
    link: Sender<(i128, Vec<u8>)>,
}

impl Far {
    /// `number`: of its leg. Packets arrive by `link`.
    pub(super) fn new(number: u64, course: Course, link: Sender<(i128, Vec<u8>)>) -> Self {
        let options = trialog_codec::Options::default();
        let chain = EncodeChain::new(course.codec, 96, 20, 1000 + number as u32, false, &options);
        let chain = chain.expect("codecs are there");
        Self {
            send: Send::new(true, None, chain, (65_530, 0), 100),
            made: Made::default(),
            frequency: [433.0, 617.0][(number % 2) as usize],
            said: 0,
            packets: 0,
            next: course.begins,
            on_the_way: BTreeMap::new(),
            link,
            course,
        }
    }

    fn packet(&mut self) -> Vec<u8> {
        let amplitude = f64::from(Level(SAID).amplitude());
        let moment = Moment {
            now: SampleTime(0),
            late: SampleTime(0),
            unix_ns: 0,
            millis: 0,
        };
        loop {
            let mut frame = Frame::SILENCE;
            for sample in &mut frame.0 {
                let turns = self.frequency * self.said as f64 / f64::from(RATE);
                *sample = (amplitude * (std::f64::consts::TAU * turns).sin()) as f32;
                self.said += 1;
            }
            self.send.sound(
                moment,
                &frame,
                remote(),
                &mut self.made,
                &Default::default(),
            );
            if let Some(packet) = self.made.0.get_mut().expect("one thread").take() {
                return packet;
            }
        }
    }

    /// What leaves, and what arrives, until then.
    pub(super) fn run(&mut self, until: u64, random: &mut Random) {
        while self.next <= until {
            let mut packet = self.packet();
            let number = self.packets;
            self.packets += 1;
            if number < self.course.noise {
                packet[1] = packet[1] & 0x80 | COMFORT_NOISE;
            }
            let arrival = self.next + self.course.delay + random.up_to(self.course.jitter);
            if !self.course.lost.contains(&number) {
                self.on_the_way.insert((arrival, number), packet);
            }
            self.next += 20 * MS;
        }
        while let Some(entry) = self.on_the_way.first_entry()
            && entry.key().0 <= until
        {
            let ((arrival, _), packet) = entry.remove_entry();
            // A leg that is closed takes nothing any more.
            let _ = self.link.send((unix(arrival), packet));
        }
    }
}
