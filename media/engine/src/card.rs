//! What runs on the sound card's threads: captured samples into a ring; the tick, and its sound out.
//!
//! Capture and playback have clocks of their own and blocks of their own: the ring between them is kept at a target by
//! resampling the microphone a little.
use crate::baton::{Baton, prefer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use trialog_dsp::{DriftControl, DriftResampler};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// Captured samples that may wait: 200 ms. More are dropped.
pub(crate) const CAPTURE_RING: usize = 20 * FRAME_SAMPLES;

/// What waits for a tick when all is well: the tick's own 10 ms and half of that again.
const TARGET: usize = FRAME_SAMPLES * 3 / 2;

/// So much more than the target is dropped at once: a stall.
const TOO_MUCH: usize = 5 * FRAME_SAMPLES;

/// A card may run so much faster than our clock, and be so many ticks ahead; one that is no clock at all is held back.
const FASTEST: Duration = Duration::from_micros(9_980);
const BURST: f64 = 6.0;

/// Clocks of sound cards differ by less; a faster correction would be heard in a held note.
const MOST_PPM: f32 = 250.0;

/// Callbacks in time before the card drives the tick.
const TRUST: u32 = 3;

/// The capture side.
pub(crate) struct Capture(rtrb::Producer<f32>);

impl Capture {
    pub(crate) fn new(ring: rtrb::Producer<f32>) -> Self {
        Self(ring)
    }

    /// A full ring: nobody ticks just now, the sample is dropped.
    pub(crate) fn push(&mut self, sample: f32) {
        let _ = self.0.push(sample);
    }
}

/// The playback side, that drives the tick.
pub(crate) struct Playback {
    baton: Arc<Baton>,
    captured: rtrb::Consumer<f32>,
    called: Arc<AtomicBool>,
    store: [f32; 4 * FRAME_SAMPLES],
    filled: usize,
    /// The microphone waits until the target is reached.
    priming: bool,
    drift: DriftResampler,
    control: DriftControl,
    ear: Frame,
    left: usize,
    last_call: Option<Instant>,
    good: u32,
    tokens: f64,
}

impl Playback {
    /// Allocates.
    pub(crate) fn new(
        baton: Arc<Baton>,
        captured: rtrb::Consumer<f32>,
        called: Arc<AtomicBool>,
    ) -> Self {
        Self {
            baton,
            captured,
            called,
            store: [0.0; 4 * FRAME_SAMPLES],
            filled: 0,
            priming: true,
            drift: DriftResampler::new(),
            control: DriftControl::new(TARGET as f32),
            ear: Frame::SILENCE,
            left: 0,
            last_call: None,
            good: 0,
            tokens: BURST,
        }
    }

    /// A callback begins.
    pub(crate) fn called(&mut self) {
        self.called.store(true, Ordering::Relaxed);
        let now = Instant::now();
        match self.last_call.replace(now) {
            None => prefer(),
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

    /// The next sample for the ear.
    pub(crate) fn sample(&mut self) -> f32 {
        if self.left == 0 {
            self.tick();
            self.left = FRAME_SAMPLES;
        }
        let sample = self.ear[FRAME_SAMPLES - self.left];
        self.left -= 1;
        sample
    }

    fn tick(&mut self) {
        let mut microphone = Frame::SILENCE;
        self.microphone(&mut microphone);
        if !self.baton.device_drives() {
            if self.good < TRUST {
                self.ear = Frame::SILENCE;
                return;
            }
            self.baton.drive_by_device(true);
        }
        if self.tokens < 1.0 {
            self.ear = Frame::SILENCE;
            return;
        }
        self.tokens -= 1.0;
        let mut ear = Frame::SILENCE;
        self.baton.tick(Some(&microphone), Some(&mut ear));
        self.ear = ear;
    }

    /// Ten milliseconds of the microphone, at the pace of playback.
    fn microphone(&mut self, frame: &mut Frame) {
        let waiting = self.filled + self.captured.slots();
        if waiting > TARGET + TOO_MUCH {
            let extra = waiting - TARGET - self.filled.min(TARGET);
            if let Ok(chunk) = self.captured.read_chunk(extra.min(self.captured.slots())) {
                chunk.commit_all();
            }
        }
        let waiting = self.filled + self.captured.slots();
        if self.priming {
            if waiting < TARGET {
                return;
            }
            // Begin at the target, so that nothing has to be worn off.
            if let Ok(chunk) = self
                .captured
                .read_chunk((waiting - TARGET).min(self.captured.slots()))
            {
                chunk.commit_all();
            }
            self.control.restart();
            self.priming = false;
        }
        let waiting = self.filled + self.captured.slots();
        self.drift.set_ppm(
            self.control
                .update(waiting as f32)
                .clamp(-MOST_PPM, MOST_PPM),
        );
        let needed = self.drift.needed(FRAME_SAMPLES).min(self.store.len());
        if waiting < needed {
            self.priming = true;
            return;
        }
        let missing = needed.saturating_sub(self.filled);
        if let Ok(chunk) = self.captured.read_chunk(missing) {
            let (first, second) = chunk.as_slices();
            self.store[self.filled..][..first.len()].copy_from_slice(first);
            self.store[self.filled + first.len()..][..second.len()].copy_from_slice(second);
            chunk.commit_all();
            self.filled += missing;
        }
        let used = self
            .drift
            .process(&self.store[..self.filled], &mut frame.0)
            .min(self.filled);
        self.store.copy_within(used..self.filled, 0);
        self.filled -= used;
    }
}
