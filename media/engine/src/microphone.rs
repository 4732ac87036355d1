//! What was captured, read at the pace of the tick: by the loudspeaker's clock or by the timer's.
//!
//! The microphone's clock is another one: the ring between is kept at a target by resampling a little.
use trialog_dsp::{DriftControl, DriftResampler};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// Captured samples that may wait: 200 ms. More are dropped.
pub(crate) const CAPTURE_RING: usize = 20 * FRAME_SAMPLES;

/// What waits for a tick when all is well: the tick's own 10 ms and half of that again.
const TARGET: usize = FRAME_SAMPLES * 3 / 2;

/// So much more than the target is dropped at once: a stall.
const TOO_MUCH: usize = 5 * FRAME_SAMPLES;

/// Clocks of sound cards differ by less; a faster correction would be heard in a held note.
const MOST_PPM: f32 = 250.0;

/// So many microphones may be on their way to the tick, or back.
const HANDED: usize = 8;

/// A microphone that is open.
pub(crate) struct Microphone {
    captured: rtrb::Consumer<f32>,
    store: [f32; 4 * FRAME_SAMPLES],
    filled: usize,
    /// It waits until the target is reached.
    priming: bool,
    drift: DriftResampler,
    control: DriftControl,
}

impl Microphone {
    /// Allocates.
    pub(crate) fn new(captured: rtrb::Consumer<f32>) -> Self {
        Self {
            captured,
            store: [0.0; 4 * FRAME_SAMPLES],
            filled: 0,
            priming: true,
            drift: DriftResampler::new(),
            control: DriftControl::new(TARGET as f32),
        }
    }

    /// Enough has come to begin with.
    pub(crate) fn is_ready(&self) -> bool {
        self.captured.slots() >= TARGET
    }

    /// Ten milliseconds of the microphone, at the pace of the tick; silence where there are none.
    fn take(&mut self, frame: &mut Frame) {
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

/// The tick's end of the hand-over.
pub(crate) struct MicrophoneEnd {
    new: rtrb::Consumer<Option<Box<Microphone>>>,
    old: rtrb::Producer<Box<Microphone>>,
    now: Option<Box<Microphone>>,
}

/// Control's end of it.
pub(crate) struct MicrophoneHandover {
    new: rtrb::Producer<Option<Box<Microphone>>>,
    old: rtrb::Consumer<Box<Microphone>>,
}

/// Both ends.
pub(crate) fn handover() -> (MicrophoneHandover, MicrophoneEnd) {
    let (new, new_end) = rtrb::RingBuffer::new(HANDED);
    let (old_end, old) = rtrb::RingBuffer::new(HANDED);
    let end = MicrophoneEnd {
        new: new_end,
        old: old_end,
        now: None,
    };
    (MicrophoneHandover { new, old }, end)
}

impl MicrophoneHandover {
    /// From the next tick on it is this one, or none. Gives it back where the tick has not taken earlier ones yet.
    pub(crate) fn give(
        &mut self,
        one: Option<Box<Microphone>>,
    ) -> Result<(), Option<Box<Microphone>>> {
        while self.old.pop().is_ok() {}
        self.new
            .push(one)
            .map_err(|rtrb::PushError::Full(back)| back)
    }
}

impl MicrophoneEnd {
    /// Audio thread: what is said in this tick; false: there is no microphone.
    pub(crate) fn take(&mut self, frame: &mut Frame) -> bool {
        if self.old.slots() > 0
            && let Ok(next) = self.new.pop()
        {
            let mut before = Frame::SILENCE;
            let old = std::mem::replace(&mut self.now, next);
            if let Some(mut old) = old {
                old.take(&mut before);
                // There is room, as was asked just before: it is not freed here.
                let _ = self.old.push(old);
            }
            if let Some(now) = &mut self.now {
                now.take(frame);
            }
            // From one to the other without a click.
            for (index, (sample, before)) in frame.0.iter_mut().zip(before.0).enumerate() {
                let share = index as f32 / FRAME_SAMPLES as f32;
                *sample = *sample * share + before * (1.0 - share);
            }
            return true;
        }
        match &mut self.now {
            Some(now) => {
                now.take(frame);
                true
            }
            None => false,
        }
    }
}
