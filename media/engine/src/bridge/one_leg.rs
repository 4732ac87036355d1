//! One leg from our offer on, in virtual time: what the local ear hears of its far side, and what goes out.
use super::{Bridge, LOCAL, Rings, Tones};
use crate::handover::{COMMANDS, Command, EVENTS, LegShared, RETURNS, RoutingCell};
use crate::receive::COMFORT_NOISE;
use crate::socket::Datagrams;
use crate::{Codec, Options, SessionParams, assemble};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use trialog_dsp::{Country, HoldMusic};
use trialog_frame::{FRAME_SAMPLES, Level};
use trialog_mixer::{Port, PortRouting};
use trialog_rtp::Header;

const SLOT: u16 = 1;
/// Ticks of 10 ms in a second.
const SECOND: usize = 100;

/// What waits at the leg's socket, and what it has sent.
#[derive(Default)]
struct Network {
    arriving: VecDeque<(SocketAddr, Vec<u8>)>,
    sent: Vec<Vec<u8>>,
}

struct Socket {
    network: Arc<Mutex<Network>>,
    datagram: Vec<u8>,
}

impl Datagrams for Socket {
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
        let (source, datagram) = self
            .network
            .lock()
            .expect("one thread")
            .arriving
            .pop_front()?;
        self.datagram = datagram;
        Some((&self.datagram, source, None))
    }

    fn send(&mut self, datagram: &[u8], _to: SocketAddr) -> bool {
        let mut network = self.network.lock().expect("one thread");
        network.sent.push(datagram.to_vec());
        true
    }

    fn admit(&self, _sources: Option<&mut dyn Iterator<Item = SocketAddr>>) {}
}

/// A party that sends a tone in packets of 20 ms of A-law.
struct Far {
    address: SocketAddr,
    encoder: Box<dyn trialog_codec::Encoder>,
    header: Header,
    said: usize,
}

impl Far {
    fn new(address: SocketAddr) -> Self {
        let options = trialog_codec::Options::default();
        Self {
            address,
            encoder: trialog_codec::encoder(Codec::Pcma, &options).expect("it needs nothing"),
            header: Header {
                payload_type: 8,
                marker: false,
                sequence: 7,
                timestamp: 70,
                ssrc: u32::from(address.port()),
            },
            said: 0,
        }
    }

    fn packet(&mut self, frequency: f64) -> (SocketAddr, Vec<u8>) {
        let pcm: Vec<f32> = (self.said..self.said + 160)
            .map(|n| 0.25 * (std::f64::consts::TAU * frequency * n as f64 / 8e3).sin() as f32)
            .collect();
        self.said += 160;
        let mut payload = [0; 160];
        self.encoder.encode(&pcm, &mut payload);
        self.packet_of(8, &payload)
    }

    fn packet_of(&mut self, payload_type: u8, payload: &[u8]) -> (SocketAddr, Vec<u8>) {
        let mut packet = [0; 172];
        self.header.payload_type = payload_type;
        let length = trialog_rtp::write(&self.header, payload, &mut packet);
        self.header.sequence += 1;
        self.header.timestamp += 160;
        (self.address, packet[..length].to_vec())
    }
}

struct World {
    bridge: Bridge,
    commands: rtrb::Producer<Command>,
    network: Arc<Mutex<Network>>,
    shared: Arc<LegShared>,
    session: SessionParams,
    ticks: u64,
    heard: Vec<f32>,
    /// The ends that nothing is said to here.
    _others: Box<dyn std::any::Any>,
}

impl World {
    /// A leg whose offer went to `host`.
    fn offered(host: IpAddr) -> Self {
        let (commands, command_end) = rtrb::RingBuffer::new(COMMANDS);
        let (return_end, returns) = rtrb::RingBuffer::new(RETURNS);
        let (event_end, events) = rtrb::RingBuffer::new(EVENTS);
        let mailbox = Arc::new(RoutingCell::default());
        let rings = Rings {
            commands: command_end,
            returns: return_end,
            events: event_end,
            mailbox: Arc::clone(&mailbox),
            meters: Arc::default(),
        };
        let network = Arc::new(Mutex::new(Network::default()));
        let socket = Socket {
            network: Arc::clone(&network),
            datagram: Vec::new(),
        };
        let payloads = vec![(8, Codec::Pcma), (0, Codec::Pcmu)];
        let session = SessionParams::offered(host, payloads);
        let options = Options::default();
        let (leg, watch) =
            assemble::leg(1, Box::new(socket), &session, &options).expect("codecs are there");
        let mut routing = PortRouting::new();
        routing.set(LOCAL, Port::talking(1));
        routing.set(usize::from(SLOT), Port::talking(1));
        mailbox.publish(routing);
        let mut world = Self {
            bridge: Bridge::new(
                rings,
                Tones::new(HoldMusic::new(), Country::default()),
                None,
                None,
                false,
            ),
            commands,
            network,
            shared: watch.shared,
            session,
            ticks: 0,
            heard: Vec::new(),
            _others: Box::new((returns, events)),
        };
        let leg = Box::new(leg);
        world.command(Command::Open { slot: SLOT, leg });
        world
    }

    fn command(&mut self, command: Command) {
        assert!(self.commands.push(command).is_ok(), "it is emptied");
    }

    /// The far side answers that it is there.
    fn answered(&mut self, remote: SocketAddr) {
        let session = SessionParams {
            remote,
            remote_rtcp: remote,
            codec: Codec::Pcma,
            send_payload: 8,
            receive_payloads: vec![(8, Codec::Pcma)],
            sends: true,
            far_sends: true,
            early: false,
            srtp: None,
            ..self.session.clone()
        };
        let change = assemble::change(&self.session, &session, &Options::default());
        let change = Box::new(change.expect("codecs are there"));
        self.command(Command::Change { slot: SLOT, change });
        self.session = session;
    }

    /// So many ticks, in which each of these sends its tone. Returns what the ear heard.
    fn run(&mut self, ticks: usize, fars: &mut [(&mut Far, f64)]) -> Vec<f32> {
        let from = self.heard.len();
        for _ in 0..ticks {
            if self.ticks.is_multiple_of(2) {
                let packets = fars.iter_mut().map(|(far, tone)| far.packet(*tone));
                let mut network = self.network.lock().expect("one thread");
                network.arriving.extend(packets);
            }
            let now = Duration::from_millis(10 * self.ticks);
            let unix = 1_700_000_000_000_000_000 + now.as_nanos() as i128;
            let ear = self.bridge.tick(unix, now, None);
            self.heard.extend_from_slice(&ear.0);
            self.ticks += 1;
        }
        self.heard[from..].to_vec()
    }

    fn sent(&self) -> usize {
        self.network.lock().expect("one thread").sent.len()
    }
}

fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

/// In how many of its stretches of 20 ms a tone is heard.
fn stretches(heard: &[f32], frequency: f64) -> usize {
    let audible = |stretch: &&[f32]| Level::sine_amplitude(stretch, frequency, 48e3).0 > -20.0;
    heard.chunks(2 * FRAME_SAMPLES).filter(audible).count()
}

#[test]
fn what_the_called_host_sends_before_the_answer_is_heard_at_once_and_goes_on_over_it() {
    let source = address(1, 4000);
    let (mut world, mut far) = (World::offered(source.ip()), Far::new(source));
    world.run(10, &mut [(&mut far, 500.0)]);
    let before = world.run(SECOND, &mut [(&mut far, 500.0)]);
    assert_eq!(stretches(&before, 500.0), 50);
    assert_eq!(world.sent(), 0, "nothing goes out before the answer");
    world.answered(source);
    let after = world.run(SECOND, &mut [(&mut far, 500.0)]);
    assert_eq!(stretches(&after, 500.0), 50);
    assert!(world.sent() > 45);
    assert_eq!(world.shared.concealed.load(Relaxed), 0);
}

#[test]
fn a_source_that_only_the_answer_names_is_heard_from_its_first_word_on_and_caught_up_with() {
    let source = address(2, 4000);
    let (mut world, mut far) = (World::offered(address(1, 0).ip()), Far::new(source));
    let before = [
        world.run(SECOND / 2, &mut [(&mut far, 500.0)]),
        world.run(SECOND / 2, &mut [(&mut far, 700.0)]),
    ];
    assert!(before.iter().flatten().all(|sample| *sample == 0.0));
    world.answered(source);
    let after = world.run(5 * SECOND, &mut [(&mut far, 900.0)]);
    let (first, second) = (stretches(&after, 500.0), stretches(&after, 700.0));
    // Half a second each, and shortened by no more than half.
    assert!((12..=26).contains(&first), "{first}");
    assert!((12..=26).contains(&second), "{second}");
    let third = stretches(&after, 900.0);
    assert!(third + first + second > 245, "{third}");
    let delay = world.shared.delay.load(Relaxed) / 48;
    assert!(delay < 50, "{delay} ms");
}

#[test]
fn what_is_little_behind_is_caught_up_with_hardly_faster_than_it_was_said() {
    // Of so many ticks before the answer, in stretches of 20 ms, the most and the least that are heard of it afterwards.
    for (ticks, least) in [(10, 4), (40, 15)] {
        let source = address(2, 4000);
        let (mut world, mut far) = (World::offered(address(1, 0).ip()), Far::new(source));
        world.run(ticks, &mut [(&mut far, 500.0)]);
        world.answered(source);
        let after = world.run(4 * SECOND, &mut [(&mut far, 900.0)]);
        let early = stretches(&after, 500.0);
        assert!((least..=ticks / 2 + 1).contains(&early), "{ticks}: {early}");
        assert!(early + stretches(&after, 900.0) > 195);
        let delay = world.shared.delay.load(Relaxed) / 48;
        assert!(delay < 50, "{delay} ms");
    }
}

#[test]
fn what_strangers_send_before_the_answer_is_never_heard() {
    let (own, stranger) = (address(1, 4000), address(9, 4000));
    let mut world = World::offered(own.ip());
    let (mut far, mut other) = (Far::new(own), Far::new(stranger));
    world.run(SECOND, &mut [(&mut other, 700.0)]);
    world.answered(own);
    let both = &mut [(&mut far, 500.0), (&mut other, 700.0)];
    world.run(SECOND, both);
    assert_eq!(stretches(&world.heard, 700.0), 0);
    assert!(stretches(&world.heard, 500.0) > 45);
}

#[test]
fn a_digit_as_tones_goes_to_its_far_side_alone_and_in_place_of_the_voice() {
    let far_end = address(1, 4000);
    let (mut world, mut far) = (World::offered(far_end.ip()), Far::new(far_end));
    world.answered(far_end);
    world.run(10, &mut [(&mut far, 500.0)]);
    world.network.lock().expect("one thread").sent.clear();
    for digit in *b"5#" {
        world.command(Command::Tones { slot: SLOT, digit });
    }
    world.run(SECOND, &mut [(&mut far, 500.0)]);
    let mut decoder = trialog_codec::decoder(Codec::Pcma).expect("it needs nothing");
    let packets = std::mem::take(&mut world.network.lock().expect("one thread").sent);
    let mut said = Vec::new();
    for packet in &packets {
        let (header, payload) = trialog_rtp::parse(packet).expect("RTP");
        assert_eq!(header.payload_type, 8);
        let mut pcm = [0.0; 160];
        let length = decoder.decode(payload, &mut pcm);
        said.extend_from_slice(&pcm[..length]);
    }
    let has = |tones: [f64; 2]| {
        let strong = |stretch: &[f32], tone| Level::sine_amplitude(stretch, tone, 8e3).0 > -14.0;
        let both = |stretch: &&[f32]| tones.iter().all(|tone| strong(stretch, *tone));
        said.chunks(160).filter(both).count()
    };
    // 120 ms each; what lies half in a packet may be too short to be told.
    assert!((5..=6).contains(&has([770.0, 1336.0])));
    assert!((5..=6).contains(&has([941.0, 1477.0])));
    for tone in [770.0, 1336.0, 941.0, 1477.0] {
        assert_eq!(
            stretches(&world.heard, tone),
            0,
            "the agent hears {tone} Hz"
        );
    }
}

/// A second of speech, then of what `silence` has sent in its place, and speech again: the level of the pause without its first 0.4 s,
/// in which a lost packet's sound is made up, and the stretches of tone after it.
fn pause(silence: impl FnOnce(&mut Far) -> Option<(SocketAddr, Vec<u8>)>) -> (Level, usize) {
    let far_end = address(1, 4000);
    let (mut world, mut far) = (World::offered(far_end.ip()), Far::new(far_end));
    world.answered(far_end);
    world.run(SECOND, &mut [(&mut far, 500.0)]);
    let packet = silence(&mut far);
    let mut network = world.network.lock().expect("one thread");
    network.arriving.extend(packet);
    drop(network);
    let paused = world.run(SECOND, &mut []);
    far.header.timestamp += 8_000;
    let after = world.run(SECOND, &mut [(&mut far, 700.0)]);
    let paused = Level::rms(&paused[40 * FRAME_SAMPLES..]);
    (paused, stretches(&after, 700.0))
}

#[test]
fn a_pause_that_a_far_side_has_announced_has_its_noise_and_the_next_word_is_whole() {
    let (level, after) = pause(|far| Some(far.packet_of(COMFORT_NOISE, &[55])));
    assert!((level.0 + 55.0).abs() < 1.0, "{level:?}");
    assert!(after >= 49, "{after}");
}

#[test]
fn a_stream_that_breaks_off_unannounced_is_silent() {
    let (level, after) = pause(|_| None);
    assert_eq!(level, Level::FLOOR);
    assert!(after >= 49, "{after}");
}

#[test]
fn a_pause_that_is_announced_is_never_digital_silence_from_its_first_moment_to_the_next_word() {
    let far_end = address(1, 4000);
    let (mut world, mut far) = (World::offered(far_end.ip()), Far::new(far_end));
    world.answered(far_end);
    world.run(SECOND, &mut [(&mut far, 500.0)]);
    for _ in 0..4 {
        let packet = far.packet_of(COMFORT_NOISE, &[55]);
        let mut network = world.network.lock().expect("one thread");
        network.arriving.push_back(packet);
        drop(network);
        let mut sound = world.run(SECOND / 4, &mut []);
        far.header.timestamp += 2_000;
        sound.extend(world.run(SECOND / 4, &mut [(&mut far, 700.0)]));
        // By 5 ms.
        let silent = sound
            .chunks(FRAME_SAMPLES / 2)
            .filter(|part| Level::rms(part).0 < -75.0);
        assert_eq!(silent.count(), 0);
    }
}
