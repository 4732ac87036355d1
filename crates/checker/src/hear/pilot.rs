//! The level of one pilot, by a Hann-windowed single-bin transform.
use super::{RATE, Recording, db};
use crate::Span;
use std::f64::consts::PI;

/// The length of one measurement, in s: its main lobe is ±4 Hz wide.
pub const PILOT_SEGMENT: f64 = 0.5;

/// The level of a tone of this frequency, in dB of a full-scale sine.
#[must_use]
pub fn pilot_level(samples: &[f32], hz: f64) -> f64 {
    let n = samples.len();
    if n < 16 {
        return -150.0;
    }
    let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
    let step = 2.0 * PI * hz / RATE;
    for (i, s) in samples.iter().enumerate() {
        let w = 0.5 - 0.5 * (2.0 * PI * i as f64 / n as f64).cos();
        let (sin, cos) = (step * i as f64).sin_cos();
        re += w * f64::from(*s) * cos;
        im += w * f64::from(*s) * sin;
        sum += w;
    }
    let amplitude = 2.0 * re.hypot(im) / sum;
    db(amplitude * amplitude)
}

/// The level in each segment of these stretches, segments overlapping by half.
#[must_use]
pub fn pilot_segments(ear: &Recording, spans: &[Span], hz: f64) -> Vec<f64> {
    let length = (PILOT_SEGMENT * RATE) as usize;
    let mut levels = Vec::new();
    for span in spans {
        let samples = ear.slice(*span);
        let mut from = 0;
        while from + length <= samples.len() {
            levels.push(pilot_level(&samples[from..from + length], hz));
            from += length / 2;
        }
    }
    levels
}
