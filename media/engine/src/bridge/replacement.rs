//! One leg is replaced by another, 200 times in a row, in virtual time: what the local ear hears of it.
//!
//! Far ends send what the engine's own way out makes of a sine. A network with delay, jitter and loss brings it to the bridge,
//! whose ticks a busy machine may delay. Service and control do what they do in the program: at [`EngineEvent::Heard`] of the
//! new leg the routing names it in place of the old one, which is closed.
mod far;

use super::{Bridge, LOCAL, Rings, Tones};
use crate::handover::{COMMANDS, Command, EVENTS, RETURNS, Retired, RoutingCell};
use crate::member::Member;
use crate::{EngineEvent, Options, SessionParams, assemble};
use far::{Course, Far, Random, Wire, remote, unix};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;
use trialog_dsp::{Country, HoldMusic};
use trialog_frame::{FRAME_SAMPLES, Frame, Level, RATE};
use trialog_mixer::{Port, PortRouting};

const REPLACEMENTS: u64 = 200;

/// All times here are in samples at 48 kHz since the start.
const MS: u64 = RATE as u64 / 1000;
const TICK: u64 = FRAME_SAMPLES as u64;

/// From one new leg to the next.
const SPAN: u64 = 800 * MS;

/// How often the service looks, as in `service.rs`.
const LOOK: u64 = 20 * MS;

/// What each far end says: a sine of this level in dBFS.
const SAID: f32 = -20.0;

/// What is asked of the ear: no more than 20 ms without sound, and in no 20 ms a level further from what is said than this, in dB.
/// A decoder that began within the stream is up to 5.3 dB too quiet when it has sounded for 40 ms.
const MOST_GAP_MS: usize = 20;
const LOWEST: f32 = -6.0;
const HIGHEST: f32 = 1.0;

/// What was heard of it.
#[derive(Debug, Default)]
struct Outcome {
    /// The longest time without sound.
    gap_ms: usize,
    /// The largest step from one sample to the next, in parts of what the sources themselves had in that tick.
    jump: f32,
    /// The least and the greatest level in 20 ms, in dB against what is said.
    low: f32,
    high: f32,
}

impl Outcome {
    /// Whether an ear would not notice.
    fn is_unheard(&self) -> bool {
        self.gap_ms <= MOST_GAP_MS && self.jump <= 1.0 && self.low >= LOWEST && self.high <= HIGHEST
    }
}

/// What control does later.
enum Act {
    Route(u64),
    Close(u64),
    FarEnds(u64),
}

struct World {
    bridge: Bridge,
    commands: rtrb::Producer<Command>,
    returns: rtrb::Consumer<Retired>,
    mailbox: Arc<RoutingCell>,
    heard: (Sender<EngineEvent>, Receiver<EngineEvent>),
    members: BTreeMap<u64, Member>,
    fars: BTreeMap<u64, Far>,
    /// By time, and by number so that none takes another's place.
    acts: BTreeMap<(u64, u64), Act>,
    next_look: u64,
    busy: (u64, u64),
    /// The leg that is in the ear.
    current: u64,
    random: Random,
    outcome: Outcome,
    /// The last sample of each leg that was there in the tick before, and of the ear.
    last: BTreeMap<u64, f32>,
    last_heard: f32,
    heard_now: Vec<f32>,
}

/// Each leg has the port that was free for longest.
fn slot(key: u64) -> u16 {
    1 + (key % 3) as u16
}

impl World {
    fn new() -> Self {
        let (commands, command_end) = rtrb::RingBuffer::new(COMMANDS);
        let (return_end, returns) = rtrb::RingBuffer::new(RETURNS);
        let (event_end, _) = rtrb::RingBuffer::new(EVENTS);
        let mailbox = Arc::new(RoutingCell::default());
        let rings = Rings {
            commands: command_end,
            returns: return_end,
            events: event_end,
            mailbox: Arc::clone(&mailbox),
            meters: Arc::default(),
        };
        Self {
            bridge: Bridge::new(
                rings,
                Tones::new(HoldMusic::new(), Country::default()),
                None,
                None,
                false,
            ),
            commands,
            returns,
            mailbox,
            heard: mpsc::channel(),
            members: BTreeMap::new(),
            fars: BTreeMap::new(),
            acts: BTreeMap::new(),
            next_look: 7 * MS,
            busy: (0, 0),
            current: 0,
            random: Random::new(),
            outcome: Outcome::default(),
            last: BTreeMap::new(),
            last_heard: 0.0,
            heard_now: Vec::new(),
        }
    }

    /// When what is due at `time` is done: later, where the machine is busy.
    fn done(&self, time: u64) -> u64 {
        let (from, until) = self.busy;
        if (from..until).contains(&time) {
            until
        } else {
            time
        }
    }

    fn open(&mut self, key: u64) {
        let course = Course::of(key, &mut self.random);
        self.busy = course.busy;
        let session = SessionParams {
            remote: remote(),
            remote_rtcp: remote(),
            codec: course.codec,
            opus: Default::default(),
            send_payload: 96,
            receive_payloads: vec![(96, course.codec)],
            telephone_event: None,
            comfort_noise: false,
            ptime_ms: 20,
            sends: true,
            receives: true,
            far_sends: true,
            early: false,
            srtp: None,
        };
        let options = Options {
            jitter_floor: course.floor,
            ..Options::default()
        };
        let (link, arrivals) = mpsc::channel();
        let wire = Box::new(Wire::new(arrivals));
        let (leg, watch) = assemble::leg(key, wire, &session, &options).expect("codecs are there");
        let rtcp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
        let member = Member::new(rtcp, watch, key * SPAN / MS);
        self.members.insert(key, member);
        let (slot, leg) = (slot(key), Box::new(leg));
        self.command(Command::Open { slot, leg });
        let far = Far::new(key, course, link);
        self.fars.insert(key, far);
    }

    fn command(&mut self, command: Command) {
        self.commands.push(command).expect("it is emptied");
    }

    /// The leg `key` is in the ear; another one that is there is heard by its far end only, as `call::routing` has it.
    fn route(&self, key: u64) {
        let mut routing = PortRouting::new();
        routing.set(LOCAL, Port::talking(1));
        for other in self.members.keys() {
            let port = Port {
                speaks: *other == key,
                ..Port::talking(1)
            };
            if *other >= key {
                routing.set(usize::from(slot(*other)), port);
            }
        }
        self.mailbox.publish(routing);
    }

    /// Service and control, until then.
    fn control(&mut self, until: u64) {
        loop {
            let look = self.done(self.next_look);
            let act = self.acts.first_key_value();
            let act = act.map(|((time, _), _)| self.done(*time));
            if act.is_none_or(|act| look <= act) {
                if look > until {
                    return;
                }
                self.look(look);
                self.next_look += LOOK;
                continue;
            }
            if act.is_some_and(|act| act > until) {
                return;
            }
            match self.acts.pop_first().map(|(_, act)| act) {
                Some(Act::Route(key)) => {
                    self.current = key;
                    self.route(key);
                }
                Some(Act::Close(key)) => {
                    self.members.remove(&key);
                    self.route(self.current);
                    self.command(Command::Close { slot: slot(key) });
                }
                Some(Act::FarEnds(key)) => {
                    self.fars.remove(&key);
                }
                None => return,
            }
        }
    }

    fn look(&mut self, now: u64) {
        for (key, member) in &mut self.members {
            member.judge(*key, now / MS, &Options::default(), &self.heard.0);
        }
        let events: Vec<_> = self.heard.1.try_iter().collect();
        for event in events {
            let EngineEvent::Heard(key) = event else {
                continue;
            };
            if key == 0 {
                continue;
            }
            let route = now + self.random.up_to(6 * MS);
            let close = route + self.random.up_to(12 * MS);
            let ends = close + self.random.up_to(50 * MS);
            self.acts.insert((route, 3 * key), Act::Route(key));
            self.acts.insert((close, 3 * key + 1), Act::Close(key - 1));
            self.acts.insert((ends, 3 * key + 2), Act::FarEnds(key - 1));
        }
    }
}

impl World {
    /// One tick, begun at `at`, and what was heard of it.
    fn tick(&mut self, at: u64) {
        let monotonic = Duration::from_nanos(at * 1_000_000_000 / u64::from(RATE));
        let ear = *self.bridge.tick(unix(at), monotonic, None);
        while self.returns.pop().is_ok() {}
        // A linear fade adds a 241st of both sources to the steps that they have themselves.
        let mut allowed = 0.0f32;
        let mut last = BTreeMap::new();
        let legs = self.bridge.legs.iter().zip(&self.bridge.sources);
        for (leg, source) in legs.filter_map(|(leg, source)| Some((leg.as_ref()?, source))) {
            let before = self.last.get(&leg.key).copied().unwrap_or(source[0]);
            allowed = allowed.max(largest_step(before, source));
            last.insert(leg.key, source[FRAME_SAMPLES - 1]);
        }
        allowed += 2.0 * Level(SAID).amplitude() / 241.0;
        let step = largest_step(self.last_heard, &ear);
        self.last = last;
        self.last_heard = ear[FRAME_SAMPLES - 1];
        self.heard_now.extend_from_slice(&ear.0);
        self.outcome.jump = self.outcome.jump.max(step / allowed);
    }

    /// What was heard since the new leg was opened.
    fn judge(&mut self) -> Outcome {
        let said = SAID - 3.01;
        let samples = std::mem::take(&mut self.heard_now);
        let mut outcome = std::mem::take(&mut self.outcome);
        (outcome.low, outcome.high) = (f32::MAX, f32::MIN);
        for window in samples.windows(960).step_by(240) {
            let level = Level::rms(window).0 - said;
            outcome.low = outcome.low.min(level);
            outcome.high = outcome.high.max(level);
        }
        let mut silent = 0;
        for millisecond in samples.chunks(48) {
            silent = if Level::rms(millisecond).0 < said - 20.0 {
                silent + 1
            } else {
                0
            };
            outcome.gap_ms = outcome.gap_ms.max(silent);
        }
        outcome
    }
}

fn largest_step(before: f32, frame: &Frame) -> f32 {
    let mut before = before;
    frame.0.iter().fold(0.0, |largest: f32, sample| {
        let step = (sample - before).abs();
        before = *sample;
        largest.max(step)
    })
}

#[test]
fn a_replaced_leg_leaves_no_gap_no_click_and_no_dip_200_times_in_a_row() {
    let mut world = World::new();
    let (mut at, mut noticed) = (0, Vec::new());
    for tick in 0..(REPLACEMENTS + 1) * SPAN / TICK {
        let due = tick * TICK;
        let key = due / SPAN;
        if due.is_multiple_of(SPAN) {
            world.open(key);
            world.route(world.current);
        }
        // What was missed is made up for at once, a tick in a tenth of a millisecond.
        at = world.done(due).max(at + MS / 10);
        world.control(at);
        for far in world.fars.values_mut() {
            far.run(at, &mut world.random);
        }
        world.tick(at);
        // The leg with number 0 replaces none.
        if (due + TICK).is_multiple_of(SPAN) {
            let outcome = world.judge();
            let course = &world.fars[&key].course;
            assert_eq!(world.current, key, "{course:?}: not replaced");
            if key > 0 && !outcome.is_unheard() {
                noticed.push(format!("{key}: {outcome:?}, {course:?}\n"));
            }
        }
    }
    assert!(noticed.is_empty(), "{}: {noticed:#?}", noticed.len());
}
