//! Packets that are not the far side's sound, on its port: reports, numbers never agreed, other senders, floods, late packets
//! of an address of before. None costs a word, and none turns our sound elsewhere.
mod common;
use common::{AGENT_1, Foreign, LOOPBACK, Party, leg, local, session, unix_us, wait};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use trialog_engine::{AudioEnd, Codec, Engine, EngineEvent, LegStats, Options};
use trialog_rtp::Header;

/// What an ear makes up for a lost packet of 20 ms is no hole; of the tone's own measure 5 ms are its resolution.
const NO_HOLE: usize = 5;

/// Packets of 20 ms that are said.
const SAID: u32 = 75;

/// A party with one leg that hears a foreign phone.
struct Ear {
    party: Party,
    ours: SocketAddr,
    far: Foreign,
    _dir: tempfile::TempDir,
}

impl Ear {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut party = Party::with_voice(dir.path(), "ear", None, Options::default());
        let (socket, far) = (party.bind(), Foreign::new());
        let ours = socket.local_addr();
        party
            .engine
            .open_leg(1, socket, session(far.address(), Codec::Pcmu))
            .expect("opened");
        party.engine.set_routing(&[local(0), leg(1, 0)]);
        Self {
            party,
            ours,
            far,
            _dir: dir,
        }
    }

    /// Hears [`SAID`] packets of a tone with other packets between; returns the leg's counts, the longest hole in ms and the
    /// digits.
    fn hears(
        mut self,
        mut between: impl FnMut(&mut Foreign, SocketAddr, u32) -> bool,
    ) -> (LegStats, usize, Vec<u8>) {
        let (ours, origin) = (self.ours, unix_us());
        self.far
            .talk(ours, AGENT_1, SAID, |far, n| between(far, ours, n));
        // The last packet is taken in by the next tick.
        wait(0.1);
        let stats = self.party.engine.stats().legs.remove(0);
        let digits = self.party.events.try_iter();
        let digits = digits.filter_map(|event| match event {
            EngineEvent::Dtmf(_, digit) => Some(digit),
            _ => None,
        });
        let digits = digits.collect();
        let hole = self.party.heard().gap_ms(AGENT_1, origin, 0.3, 1.3);
        (stats, hole, digits)
    }
}

fn header(payload_type: u8, ssrc: u32, sequence: u16) -> Header {
    Header {
        payload_type,
        marker: false,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc,
    }
}

#[test]
fn stray_packets_of_the_right_address_cost_no_speech() {
    // A sender report, a number never agreed, one that RFC 5761 §4 keeps free, and sound of other senders: alone, and 25 a
    // second beside the true one.
    let report = [0x80, 200, 0, 1, 0, 0, 0, 9];
    for (kind, payload_type) in [
        ("report", 0),
        ("127", 127),
        ("72", 72),
        ("lone", 0),
        ("beside", 0),
    ] {
        let (stats, hole, _) = Ear::new().hears(|far, ours, n| {
            match kind {
                "report" if n % 10 == 5 => {
                    far.socket.send_to(&report, ours).expect("sent");
                }
                "lone" if n % 10 == 5 => far.send_as(ours, &header(0, n, 7), &[0x55; 160]),
                "beside" if n % 2 == 1 => {
                    far.send_as(ours, &header(0, 0x99, n as u16 / 2), &[0x55; 160]);
                }
                _ if n % 10 == 5 && payload_type > 0 => {
                    far.send_as(ours, &header(payload_type, 0x99, n as u16), &[0x55; 160]);
                }
                _ => {}
            }
            true
        });
        assert!(hole <= NO_HOLE, "{kind}: a hole of {hole} ms");
        assert_eq!((stats.received, stats.lost), (u64::from(SAID), 0), "{kind}");
    }
}

#[test]
fn digits_of_an_ssrc_of_their_own_are_told_and_cost_no_speech() {
    let (stats, hole, digits) = Ear::new().hears(|far, ours, n| {
        let (digit, part) = (n / 9, n % 9);
        if (1..8).contains(&digit) && part < 7 {
            // Five packets that grow, the last one three times.
            let (end, length) = (part >= 4, 160 * (part.min(4) + 1) as u16);
            let [high, low] = length.to_be_bytes();
            let payload = [digit as u8, 10 | u8::from(end) << 7, high, low];
            let event = Header {
                timestamp: digit * 1440,
                ..header(101, 0x77, n as u16)
            };
            far.send_as(ours, &event, &payload);
        }
        true
    });
    assert_eq!(digits, b"1234567");
    assert!(hole <= NO_HOLE, "a hole of {hole} ms");
    assert_eq!((stats.received, stats.lost), (u64::from(SAID), 0));
}

#[test]
fn another_sender_is_heard_from_its_first_packet_on() {
    let (stats, hole, _) = Ear::new().hears(|far, _, n| {
        if n == 37 {
            far.ssrc = 0x4321;
            far.sequence = 9;
            far.timestamp = 77;
        }
        true
    });
    assert!(hole <= NO_HOLE, "a hole of {hole} ms");
    assert_eq!((stats.received, stats.lost), (u64::from(SAID), 0));
}

/// Twenty thousand packets a second from elsewhere, while the leg hears its far side.
#[test]
fn a_flood_from_elsewhere_loses_no_packet_of_the_far_side() {
    let ear = Ear::new();
    let (ours, over) = (ear.ours, AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let thief = UdpSocket::bind((LOOPBACK, 0)).expect("loopback has ports");
            let begun = Instant::now();
            let mut sent = 0;
            while !over.load(Ordering::Relaxed) {
                while sent < begun.elapsed().as_micros() / 50 {
                    let _ = thief.send_to(&[0x80; 172], ours);
                    sent += 1;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let (stats, _, _) = ear.hears(|_, _, _| true);
        over.store(true, Ordering::Relaxed);
        assert_eq!((stats.received, stats.lost), (u64::from(SAID), 0));
    });
}

/// Two re-INVITEs within a millisecond and a late packet of the first address: a B2BUA that joins two parties does that.
#[test]
fn a_late_packet_of_an_address_of_before_takes_no_sound_away_from_the_last_one() {
    let (mut engine, _events) = Engine::start(AudioEnd::None, Options::default()).expect("starts");
    let (mut a, b, c) = (Foreign::new(), Foreign::new(), Foreign::new());
    let socket = engine.bind(LOOPBACK, 0..=0).expect("ports");
    let ours = socket.local_addr();
    engine
        .open_leg(1, socket, session(a.address(), Codec::Pcmu))
        .expect("opened");
    a.talk(ours, AGENT_1, 10, |_, _| true);
    for next in [&b, &c] {
        engine
            .change_leg(1, session(next.address(), Codec::Pcmu))
            .expect("open");
    }
    a.talk(ours, AGENT_1, 3, |_, _| true);
    while a.receive().is_some() {}
    // What lay in b's and c's queues is thrown away with what comes meanwhile.
    wait(0.1);
    assert!(c.receive().is_some());
    assert!(a.receive().is_none() && b.receive().is_none());
}
