//! What runs on the sound card's threads: captured samples into a ring; the tick, and its sound out; the ring on a device of its own.
//!
//! Capture and playback have clocks of their own and blocks of their own. What is captured is read at the pace of the tick, which may be
//! the timer's ([`crate::microphone`]), so that the loudspeaker can go or change without a hole in what the microphone says.
use crate::os;
use crate::tick_driver::{TICK, TickDriver};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use trialog_dsp::{CallTone, Country, ToneGenerator};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// A card may run so much faster than our clock, and be so many ticks ahead; one that is no clock at all is held back.
const FASTEST: Duration = Duration::from_micros(9_980);
const BURST: f64 = 6.0;

/// Callbacks in time before the card drives the tick.
const TRUST: u32 = 3;

/// What a stream's thread tells those that look after it.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    /// The server or the system has ended it, or has given it another device.
    broken: AtomicBool,
    /// Samples that have come or were asked for.
    samples: AtomicU64,
}

impl StreamState {
    pub(crate) fn fail(&self) {
        self.broken.store(true, Ordering::Release);
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    pub(crate) fn samples(&self) -> u64 {
        self.samples.load(Ordering::Acquire)
    }

    fn add(&self, samples: usize) {
        self.samples.fetch_add(samples as u64, Ordering::AcqRel);
    }
}

/// The side of a stream that a sound system's thread calls. Nothing here locks, allocates, logs, waits or panics.
pub(crate) trait Side: Send + 'static {
    /// A block of so many samples is due.
    fn begins(&mut self, samples: usize);

    /// What runs on this thread is watched by the test that counts uses of the heap.
    fn watched(&mut self, work: impl FnOnce(&mut Self))
    where
        Self: Sized;
}

/// One that is played.
pub(crate) trait Played: Side {
    fn sample(&mut self) -> f32;
}

/// The capture side.
pub(crate) struct Capture {
    ring: rtrb::Producer<f32>,
    driver: Arc<TickDriver>,
    state: Arc<StreamState>,
    known: bool,
}

impl Capture {
    pub(crate) fn new(
        ring: rtrb::Producer<f32>,
        driver: Arc<TickDriver>,
        state: Arc<StreamState>,
    ) -> Self {
        Self {
            ring,
            driver,
            state,
            known: false,
        }
    }

    /// A full ring: no tick takes from it just now, the sample is dropped.
    pub(crate) fn push(&mut self, sample: f32) {
        let _ = self.ring.push(sample);
    }
}

impl Side for Capture {
    fn begins(&mut self, samples: usize) {
        if !self.known {
            self.known = true;
            os::raise_priority();
        }
        self.state.add(samples);
    }

    fn watched(&mut self, work: impl FnOnce(&mut Self)) {
        let driver = Arc::clone(&self.driver);
        driver.heap.count(|| work(self));
    }
}

/// The playback side, that drives the tick.
pub(crate) struct Playback {
    driver: Arc<TickDriver>,
    /// Its number among those that drive.
    number: u64,
    state: Arc<StreamState>,
    ear: Frame,
    left: usize,
    last_call: Option<Instant>,
    good: u32,
    tokens: f64,
}

impl Playback {
    /// `number`: not 0, which is the timer's.
    pub(crate) fn new(driver: Arc<TickDriver>, number: u64, state: Arc<StreamState>) -> Self {
        Self {
            driver,
            number,
            state,
            ear: Frame::SILENCE,
            left: 0,
            last_call: None,
            good: 0,
            tokens: BURST,
        }
    }

    fn tick(&mut self) {
        self.ear = Frame::SILENCE;
        if self.driver.driving() != self.number {
            if self.good < TRUST || !self.driver.may_drive(self.number) {
                return;
            }
            // Seldom do two clocks tick together. What the tick reads has come by half of it; one that would be earlier is left out.
            let early = self.driver.since_tick() < TICK / 2;
            self.driver.drive(self.number);
            if early {
                return;
            }
        }
        if self.tokens < 1.0 {
            return;
        }
        self.tokens -= 1.0;
        self.driver.tick(Some(&mut self.ear));
    }
}

impl Side for Playback {
    fn begins(&mut self, samples: usize) {
        self.state.add(samples);
        let now = Instant::now();
        match self.last_call.replace(now) {
            None => os::raise_priority(),
            Some(last) => {
                let passed = now - last;
                self.good = if passed < 2 * FASTEST {
                    self.good.saturating_add(1)
                } else {
                    0
                };
                self.tokens =
                    (self.tokens + passed.as_secs_f64() / FASTEST.as_secs_f64()).min(BURST);
            }
        }
    }

    fn watched(&mut self, work: impl FnOnce(&mut Self)) {
        let driver = Arc::clone(&self.driver);
        driver.heap.count(|| work(self));
    }
}

impl Played for Playback {
    fn sample(&mut self) -> f32 {
        if self.left == 0 {
            self.tick();
            self.left = FRAME_SAMPLES;
        }
        let sample = self.ear[FRAME_SAMPLES - self.left];
        self.left -= 1;
        sample
    }
}

/// The ring, on a device of its own.
pub(crate) struct Bell {
    tone: ToneGenerator,
    state: Arc<StreamState>,
    frame: Frame,
    left: usize,
}

impl Bell {
    pub(crate) fn new(country: Country, state: Arc<StreamState>) -> Self {
        Self {
            tone: ToneGenerator::new(CallTone::Ringing, country),
            state,
            frame: Frame::SILENCE,
            left: 0,
        }
    }
}

impl Side for Bell {
    fn begins(&mut self, samples: usize) {
        self.state.add(samples);
    }

    fn watched(&mut self, work: impl FnOnce(&mut Self)) {
        work(self);
    }
}

impl Played for Bell {
    fn sample(&mut self) -> f32 {
        if self.left == 0 {
            self.tone.fill(&mut self.frame);
            self.left = FRAME_SAMPLES;
        }
        let sample = self.frame[FRAME_SAMPLES - self.left];
        self.left -= 1;
        sample
    }
}
