//! Second-order filters (the well-known audio-EQ cookbook forms), used alike on what was said and what was heard.
use super::RATE;
use crate::Party;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self {
            b: b.map(|x| x / a[0]),
            a: [a[1] / a[0], a[2] / a[0]],
        }
    }

    fn notch(hz: f64, width: f64) -> Self {
        let w = 2.0 * PI * hz / RATE;
        let alpha = w.sin() * width / (2.0 * hz);
        let c = -2.0 * w.cos();
        Self::new([1.0, c, 1.0], [1.0 + alpha, c, 1.0 - alpha])
    }

    fn low(hz: f64, q: f64) -> Self {
        let w = 2.0 * PI * hz / RATE;
        let alpha = w.sin() / (2.0 * q);
        let c = w.cos();
        let edge = (1.0 - c) / 2.0;
        Self::new([edge, 1.0 - c, edge], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    fn high(hz: f64, q: f64) -> Self {
        let w = 2.0 * PI * hz / RATE;
        let alpha = w.sin() / (2.0 * q);
        let c = w.cos();
        let edge = f64::midpoint(1.0, c);
        Self::new([edge, -1.0 - c, edge], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    fn run(&self, samples: &mut [f32]) {
        let (mut z1, mut z2) = (0.0, 0.0);
        for s in samples {
            let x = f64::from(*s);
            let y = self.b[0] * x + z1;
            z1 = self.b[1] * x - self.a[0] * y + z2;
            z2 = self.b[2] * x - self.a[1] * y;
            *s = y as f32;
        }
    }
}

/// Takes the three pilots out.
pub(super) fn without_pilots(samples: &[f32]) -> Vec<f32> {
    let mut out = samples.to_vec();
    for party in Party::ALL {
        Biquad::notch(party.pilot(), 40.0).run(&mut out);
    }
    out
}

/// The band of speech that every codec carries, 250–3000 Hz, steep enough above for every sixth sample to do.
pub(super) fn speech_band(samples: &mut [f32]) {
    for q in [0.541, 1.307] {
        Biquad::high(250.0, q).run(samples);
    }
    // An eighth-order Butterworth low-pass as four sections.
    for q in [0.51, 0.601, 0.9, 2.563] {
        Biquad::low(3000.0, q).run(samples);
    }
}

/// What is below the lowest pilot is rumble, not music.
pub(super) fn rumble_out(samples: &mut [f32]) {
    Biquad::high(60.0, FRAC_1_SQRT_2).run(samples);
}
