//! Jitter buffer: packets in arrival order in, the payload that is due out.
//!
//! It never decodes and never reads a clock: the tick that pulls is its clock. Each packet has a media position,
//! its time stamp in samples at 48 kHz on a line of our own that goes on over changes of SSRC, codec and time stamp. Who
//! pulls keeps a small store of decoded sound and asks for more when a tick needs it; the answer is a payload, or how
//! many samples to make up.
//!
//! A packet that is late is not lost: it is played when it comes, and the delay is then longer by what was made up
//! meanwhile, which is the quick way up. The way down is slow: by a drift of the resampler, or, when there is much to
//! lose, by shortening the sound.
//!
//! How long sound waits: on a clean network a packet is pulled at the first tick that is [`JitterConfig::floor`] or more
//! after its arrival, so 1–11 ms and 6 ms on average with a tick of 10 ms and a floor of 1.
mod timeline;

use crate::pull::{Adjust, JitterConfig, JitterStats, Pull};
use crate::seen::Seen;
use crate::{ExtendedSequence, LARGEST_PAYLOAD, Timing};
use timeline::{Anchor, Relaid};
use trialog_frame::{FRAME_SAMPLES, RATE, SampleTime};

const TICK: i64 = FRAME_SAMPLES as i64;
const MS: i64 = RATE as i64 / 1000;

/// Packets that it can hold: 1.2 s of 10 ms each.
const SLOTS: usize = 128;

/// After so much made-up sound the stream is over for now; what comes next begins a new one.
const PAUSE: i64 = 200 * MS;

/// More delay than this over what is needed is thrown away at once: it came from an outage.
const TOO_MUCH: i64 = 250 * MS;

/// More delay than this over what is needed is worth shortening the sound.
const TOO_LONG: i64 = 3 * TICK;

/// How fast a small excess is worn off, and a small lack made good, in parts per million beyond what the clocks differ:
/// a quarter of a hertz at 1500 Hz, that neither an ear nor a narrow filter notices.
const WEAR: i64 = 150;
const MOST_WEAR: i64 = 1000;

#[derive(Clone, Copy, Default)]
struct Slot {
    sequence: Option<ExtendedSequence>,
    position: i64,
    payload_type: u8,
    length: u16,
}

/// The buffer of one leg.
pub struct JitterBuffer {
    config: JitterConfig,
    slots: Box<[Slot; SLOTS]>,
    data: Vec<u8>,
    /// Occupied slots by position, `count` of them.
    order: [u8; SLOTS],
    count: usize,
    free: [u8; SLOTS],
    anchor: Option<Anchor>,
    relaid: Option<Relaid>,
    seen: Seen,
    timing: Timing,
    /// Position after the last one played; `None` while nothing comes.
    next: Option<i64>,
    /// Made up since then.
    concealed: i64,
    span: i64,
    last_sequence: Option<ExtendedSequence>,
    playing: i64,
    drift: i32,
    wait_for_next: bool,
    /// What waits is all to be heard, however long it has waited.
    catches_up: bool,
    /// The far side speaks on meanwhile: it is not to be behind for long.
    hurries: bool,
    /// The far side has said that it sends nothing for a while.
    pauses: bool,
    stats: JitterStats,
}

/// One packet in so many is shortened at the fastest.
const HURRY: u64 = 2;

/// Of so many packets one is shortened while sound is caught up with that is so much behind, in samples. A packet of 20 ms loses up to
/// 15 ms: speech in which every packet did is too fast to be understood, and by one in four it is hardly heard. The more is behind, the
/// sooner a far side hangs up before all of it was heard.
fn haste(behind: i64) -> u64 {
    if behind > 500 * MS {
        HURRY
    } else if behind > 200 * MS {
        3
    } else {
        4
    }
}

impl JitterBuffer {
    /// An empty one. Allocates.
    pub fn new(config: JitterConfig) -> Self {
        let mut free = [0; SLOTS];
        for (index, slot) in free.iter_mut().enumerate() {
            *slot = index as u8;
        }
        Self {
            config,
            slots: Box::new([Slot::default(); SLOTS]),
            data: vec![0; SLOTS * LARGEST_PAYLOAD],
            order: [0; SLOTS],
            count: 0,
            free,
            anchor: None,
            relaid: None,
            seen: Seen::default(),
            timing: Timing::new(),
            next: None,
            concealed: 0,
            span: 20 * MS,
            last_sequence: None,
            playing: 0,
            drift: 0,
            wait_for_next: false,
            catches_up: false,
            hurries: false,
            pauses: false,
            stats: JitterStats::default(),
        }
    }

    /// Waits for one packet more, so that the one after a lost packet is there in time to recover it from: worth its
    /// delay only where packets are lost and carry redundancy.
    pub fn wait_for_next(&mut self, wait: bool) {
        self.wait_for_next = wait;
    }

    /// What is pushed next has been kept for a while, and comes at once: all of it is to be played, somewhat faster than it was said, until
    /// the delay is what the network needs.
    pub fn catch_up(&mut self) {
        (self.catches_up, self.hurries) = (true, false);
    }

    /// A packet of sound came. `at` is on the clock of the pulls; `clock` is the codec's RTP clock in Hz.
    pub fn push(
        &mut self,
        at: SampleTime,
        sequence: ExtendedSequence,
        timestamp: u32,
        clock: u32,
        payload_type: u8,
        payload: &[u8],
    ) {
        if payload.is_empty() || payload.len() > LARGEST_PAYLOAD || clock == 0 {
            return;
        }
        // A copy says nothing about how fast the network is.
        if self.seen.before(sequence) {
            return;
        }
        let position = self.position(at, sequence, timestamp, clock);
        let position = self.look_back(at, sequence, position);
        if self.next.is_some_and(|next| position + self.span <= next) {
            self.stats.late += 1;
            return;
        }
        if self.count == SLOTS {
            self.stats.dropped += 1;
            self.forget_head();
        }
        let index = self.free[self.count];
        let slot = usize::from(index);
        self.slots[slot] = Slot {
            sequence: Some(sequence),
            position,
            payload_type,
            length: payload.len() as u16,
        };
        self.data[slot * LARGEST_PAYLOAD..][..payload.len()].copy_from_slice(payload);
        let after = self.order[..self.count].partition_point(|other| {
            let other = &self.slots[usize::from(*other)];
            other.position <= position
        });
        self.order.copy_within(after..self.count, after + 1);
        self.order[after] = index;
        self.count += 1;
    }

    /// Nothing has been heard for a while.
    fn resting(&self) -> bool {
        self.next.is_none() || self.concealed > PAUSE / 2
    }

    /// What is due at the tick `now` (a multiple of a frame), when `backlog` samples of decoded sound are left and more
    /// are needed. Ask again while the tick lacks samples.
    pub fn pull(&mut self, now: SampleTime, backlog: usize) -> Pull<'_> {
        let now = now.0 as i64;
        self.stats.target = SampleTime(self.target() as u64);
        let Some(next) = self.next else {
            return self.begin(now, backlog);
        };
        // What is wholly behind us came too late, or overlaps after a change of packet length.
        while self.count > 0 && self.head().position + self.span <= next {
            self.stats.late += 1;
            self.forget_head();
        }
        if self.count == 0 {
            if self.concealed >= PAUSE || self.pauses {
                self.rest();
                return Pull::Silence;
            }
            return self.conceal(TICK);
        }
        let head = self.head();
        let gap = head.position - next;
        if gap > self.concealed {
            let missing = gap - self.concealed;
            if self.concealed >= PAUSE {
                self.rest();
                return self.begin(now, backlog);
            }
            let follows = match (self.last_sequence, head.sequence) {
                (Some(last), Some(sequence)) => {
                    last.epoch == sequence.epoch && last.number + 2 == sequence.number
                }
                _ => false,
            };
            if follows && self.concealed == 0 && gap == self.span {
                self.stats.concealed += gap as u64;
                self.next = Some(head.position);
                let slot = usize::from(self.order[0]);
                let next = &self.data[slot * LARGEST_PAYLOAD..][..usize::from(head.length)];
                return Pull::Recover {
                    payload_type: head.payload_type,
                    next,
                    samples: gap as usize,
                };
            }
            return self.conceal(missing.min(TICK));
        }
        self.play(now, backlog)
    }

    /// The first packet after silence: it waits as long as any other.
    fn begin(&mut self, now: i64, backlog: usize) -> Pull<'_> {
        if self.count == 0 {
            return Pull::Silence;
        }
        let base = self.timing.base().unwrap_or(0);
        if now < self.head().position + base + self.target() {
            return Pull::Silence;
        }
        self.next = Some(self.head().position);
        self.concealed = 0;
        self.play(now, backlog)
    }

    fn play(&mut self, now: i64, backlog: usize) -> Pull<'_> {
        let base = self.timing.base().unwrap_or(0);
        let target = self.target();
        let mut delay = now - self.head().position - base + backlog as i64;
        self.catches_up &= delay > target + TOO_LONG;
        if delay > target + TICK + TOO_MUCH && !self.catches_up {
            while self.count > 1 && delay > target + TICK {
                let before = self.head().position;
                self.forget_head();
                self.stats.dropped += 1;
                delay -= self.head().position - before;
            }
            // The seam is made as a loss's is.
            let gap = self.head().position - self.next.unwrap_or(0);
            self.next = Some(self.head().position - gap.min(TICK));
            self.concealed = 0;
            if gap >= TICK {
                return self.conceal(TICK);
            }
        }
        self.stats.delay = SampleTime(delay.max(0) as u64);
        let adjust = self.regulate(delay, backlog as i64, base, target);
        let head = self.head();
        let slot = usize::from(self.order[0]);
        self.last_sequence = head.sequence;
        self.playing = head.position;
        self.stats.played += 1;
        self.forget_head();
        let payload = &self.data[slot * LARGEST_PAYLOAD..][..usize::from(head.length)];
        Pull::Play {
            payload_type: head.payload_type,
            payload,
            adjust,
        }
    }

    /// Compares the delay with the least that suffices. Packets are pulled at ticks, so that is the first point of the
    /// ticks' grid at or after the target.
    fn regulate(&mut self, delay: i64, backlog: i64, base: i64, target: i64) -> Adjust {
        let phase = (-(base + self.head().position)).rem_euclid(TICK);
        let enough = phase + ((target - phase).max(0) as u64).next_multiple_of(TICK as u64) as i64;
        // A slower sender's packets come ever closer to the tick that pulls them. What is left of a tick must be put in
        // before they miss it, and while that is done they go on getting later.
        let slowness = self.timing.slowness_ppm();
        let slack = delay - backlog;
        let stretch = (WEAR + 4 * slowness.max(0)).min(MOST_WEAR);
        let need = if slowness > 10 {
            let ahead = (TICK - backlog).max(0) * slowness / stretch;
            target.max(self.timing.spread().0 as i64 + MS + ahead)
        } else {
            target
        };
        self.stats.spare = slack - need;
        if delay > target + TICK + 2 * MS {
            self.drift = (WEAR + 2 * (-slowness).max(0)).min(MOST_WEAR) as i32;
        } else if slack < need {
            self.drift = -stretch as i32;
        } else if (self.drift > 0 && delay <= enough + MS)
            || (self.drift < 0 && slack >= need + TICK / 2)
        {
            self.drift = 0;
        }
        if delay > target + TOO_LONG {
            let every = match self.hurries {
                true => HURRY,
                false => haste(delay - target),
            };
            if self.catches_up && !self.stats.played.is_multiple_of(every) {
                // A pause may go where there is one.
                Adjust::Skip
            } else {
                Adjust::Shorten
            }
        } else if slack < target - if self.wait_for_next { MS / 2 } else { 5 * MS } {
            Adjust::Lengthen
        } else if delay > target + TICK + 2 * MS {
            Adjust::Skip
        } else {
            Adjust::Keep
        }
    }

    /// The packet of the last [`Pull::Play`] was so many samples at 48 kHz long, before any adjustment; 0 where it could
    /// not be decoded: its sound is made up then.
    pub fn played(&mut self, samples: usize) {
        self.concealed = 0;
        if samples > 0 {
            self.span = samples as i64;
        }
        self.next = Some(self.playing + samples as i64);
    }

    /// The ticks come earlier by so many samples from now on: what is known of the network's timing moves along.
    pub fn advance(&mut self, samples: u64) {
        self.timing.shift(samples as i64);
    }

    /// Whether the far side has said that it sends nothing for a while: what does not come then is not lost.
    pub fn pauses(&mut self, pauses: bool) {
        self.pauses = pauses;
    }

    /// Forgets all sound that waits, but not what was learnt about the network.
    pub fn rest(&mut self) {
        self.next = None;
        self.concealed = 0;
        self.drift = 0;
        self.catches_up = false;
    }

    /// Throws away what waits and rests: for a leg that takes nothing in for now.
    pub fn clear(&mut self) {
        while self.count > 0 {
            self.forget_head();
        }
        self.rest();
    }

    /// By how many parts in a million more input than output the sound is to be resampled from now on.
    pub fn drift_ppm(&self) -> i32 {
        self.drift
    }

    /// How it fares.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }

    fn target(&self) -> i64 {
        let floor = if self.wait_for_next { self.span } else { 0 } + self.config.floor.0 as i64;
        let spread = self.timing.spread().0 as i64;
        // The spread is rounded up to a millisecond, which is margin enough for what is on time.
        spread.max(floor).min(self.config.ceiling.0 as i64)
    }

    fn conceal(&mut self, samples: i64) -> Pull<'_> {
        self.concealed += samples;
        self.stats.concealed += samples as u64;
        Pull::Conceal {
            samples: samples as usize,
        }
    }

    fn head(&self) -> Slot {
        self.slots[usize::from(self.order[0])]
    }

    fn forget_head(&mut self) {
        let slot = self.order[0];
        self.order.copy_within(1..self.count, 0);
        self.count -= 1;
        self.free[self.count] = slot;
    }
}
