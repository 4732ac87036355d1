//! Keeps a listener's sum within full scale, gently: a gain that follows the peaks, and a curve for what gets past it.
//!
//! Below the ceiling it does nothing at all, to the bit. Of a louder frame it sees the peak before it is heard, and
//! turns down within a millisecond or more ahead of it; it comes up again over some 100 ms. What the turning down did
//! not catch in time is bent, not cut.
use trialog_frame::{FRAME_SAMPLES, Frame};

/// What peaks are brought down to: just under G.711's largest value (0.980), so no codec clips after us.
const CEILING: f32 = 0.97;

/// How much of the way back to 1 the gain goes in a frame.
const RELEASE: f32 = 0.08;

/// The shortest and the longest way down, in samples.
const ATTACK: core::ops::RangeInclusive<usize> = 48..=240;

/// One listener's limiter: the gain that its last frame ended with.
#[derive(Clone, Copy)]
pub(crate) struct Limiter {
    gain: f32,
}

impl Limiter {
    pub(crate) const OPEN: Self = Self { gain: 1.0 };

    /// Bounds a frame whose largest absolute sample is `peak`: afterwards each is below 1.
    #[inline]
    pub(crate) fn apply(&mut self, frame: &mut Frame, peak: f32) {
        if peak > CEILING || self.gain < 1.0 {
            self.turn(frame, peak);
        }
    }

    #[cold]
    fn turn(&mut self, frame: &mut Frame, peak: f32) {
        let wanted = if peak > CEILING { CEILING / peak } else { 1.0 };
        let (end, length) = if wanted < self.gain {
            let loud = CEILING / self.gain;
            let first = frame
                .iter()
                .position(|sample| sample.abs() > loud)
                .unwrap_or(0);
            (wanted, first.clamp(*ATTACK.start(), *ATTACK.end()))
        } else {
            let up = self.gain + (wanted - self.gain) * RELEASE;
            // So that it is transparent again one day.
            (
                if wanted == 1.0 && up > 0.9995 {
                    1.0
                } else {
                    up
                },
                FRAME_SAMPLES,
            )
        };
        let step = (end - self.gain) / length as f32;
        for (index, sample) in frame.iter_mut().enumerate() {
            let gain = if index < length {
                self.gain + step * index as f32
            } else {
                end
            };
            *sample = bend(*sample * gain);
        }
        self.gain = end;
    }
}

/// The identity up to the ceiling, and above it a curve that reaches 1 never, without a corner between.
#[inline]
fn bend(sample: f32) -> f32 {
    const ROOM: f32 = 1.0 - CEILING;
    let over = sample.abs() - CEILING;
    if over <= 0.0 {
        sample
    } else {
        (CEILING + ROOM * over / (over + ROOM))
            .min(0.999_999)
            .copysign(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak_after(limiter: &mut Limiter, amplitude: f32) -> f32 {
        let mut frame = Frame(core::array::from_fn(|n| amplitude * (n as f32 * 0.3).sin()));
        let peak = frame.peak();
        limiter.apply(&mut frame, peak);
        frame.peak()
    }

    #[test]
    fn quiet_sound_passes_to_the_bit_and_again_soon_after_loud_sound() {
        let mut limiter = Limiter::OPEN;
        let frame = Frame(core::array::from_fn(|n| 0.7 * (n as f32 * 0.3).sin()));
        for _ in 0..2 {
            let mut out = frame;
            limiter.apply(&mut out, frame.peak());
            assert_eq!(out, frame);
            peak_after(&mut limiter, 3.0);
            for _ in 0..150 {
                peak_after(&mut limiter, 0.1);
            }
        }
    }

    #[test]
    fn whatever_comes_stays_below_full_scale() {
        let mut limiter = Limiter::OPEN;
        for amplitude in [1.0, 2.0, 255.0, 0.5, 1e4, 1.1, 2040.0, 0.98] {
            assert!(peak_after(&mut limiter, amplitude) < 1.0, "{amplitude}");
        }
    }

    #[test]
    fn the_curve_has_no_corner_and_no_turn() {
        let mut last = 0.0;
        for n in 0..4000 {
            let out = bend(n as f32 * 1e-3);
            assert!(out >= last && out - last <= 1.001e-3);
            assert_eq!(bend(n as f32 * -1e-3), -out);
            last = out;
        }
    }
}
