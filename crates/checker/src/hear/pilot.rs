//! The level of one pilot, by a Hann-windowed single-bin transform.
use super::{RATE, Recording, db};
use crate::Span;
use std::f64::consts::PI;

/// The length of a measurement, in s, by which a pilot's absence is told: noise beside ±4 Hz does not count.
pub const PILOT_SEGMENT: f64 = 0.5;

/// The length of a measurement, in s, of the level of a pilot that is there. A jitter buffer that changes its delay plays up to
/// 0.1 % too slow or too fast, and this window, ±20 Hz wide, does not mind.
pub const LEVEL_SEGMENT: f64 = 0.1;

/// The level of a tone of this frequency, in dB of a full-scale sine.
#[must_use]
pub fn pilot_level(samples: &[f32], hz: f64) -> f64 {
    let n = samples.len();
    if n < 16 {
        return -150.0;
    }
    // Carrier and window are turned on step by step: a sine for each sample would be most of the work.
    let turn = |angle: f64| (angle.cos(), angle.sin());
    let (carrier_step, window_step) = (turn(2.0 * PI * hz / RATE), turn(2.0 * PI / n as f64));
    let (mut carrier, mut window) = ((1.0, 0.0), (1.0, 0.0));
    let by = |(c, s): (f64, f64), (dc, ds): (f64, f64)| (c * dc - s * ds, c * ds + s * dc);
    let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
    for s in samples {
        let w = 0.5 - 0.5 * window.0;
        re += w * f64::from(*s) * carrier.0;
        im += w * f64::from(*s) * carrier.1;
        sum += w;
        carrier = by(carrier, carrier_step);
        window = by(window, window_step);
    }
    let amplitude = 2.0 * f64::hypot(re, im) / sum;
    db(amplitude * amplitude)
}

/// The level in each segment of so many seconds of these stretches, segments overlapping by half.
#[must_use]
pub fn pilot_segments(ear: &Recording, spans: &[Span], hz: f64, seconds: f64) -> Vec<f64> {
    let length = (seconds * RATE) as usize;
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

/// Where the tone is in the recording: one entry for each 50 ms, over windows of a quarter of a second; what is there for less
/// than 300 ms is a sound of speech that happens to have this pitch. For drawing.
#[must_use]
pub fn pilot_track(ear: &Recording, hz: f64) -> Vec<bool> {
    const HOP: usize = 2_400;
    const HALF: usize = 6_000;
    let n = ear.samples.len();
    let mut track: Vec<bool> = (0..n / HOP)
        .map(|i| {
            let centre = i * HOP + HOP / 2;
            let from = centre.saturating_sub(HALF);
            pilot_level(&ear.samples[from..(centre + HALF).min(n)], hz) > -38.0
        })
        .collect();
    let mut from = 0;
    while from < track.len() {
        let run = track[from..]
            .iter()
            .take_while(|t| **t == track[from])
            .count();
        if track[from] && run < 6 {
            track[from..from + run].fill(false);
        }
        from += run;
    }
    track
}
