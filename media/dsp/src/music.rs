//! What a held party hears.
use trialog_frame::Frame;

/// Hold music that never ends: our own, or samples that somebody chose.
pub struct HoldMusic {
    samples: Vec<f32>,
    at: usize,
}

impl HoldMusic {
    /// Our own: synthesised, so nobody else's. Allocates.
    #[expect(
        clippy::new_without_default,
        reason = "creation allocates: let it be seen"
    )]
    pub fn new() -> Self {
        let samples = (0..48_000)
            .map(|n| 0.1 * (core::f64::consts::TAU * 220.0 * f64::from(n) / 48e3).sin() as f32)
            .collect();
        Self { samples, at: 0 }
    }

    /// A recording at 48 kHz, mono, played over and over. Empty: silence.
    pub fn from_samples(samples: Vec<f32>) -> Self {
        Self { samples, at: 0 }
    }

    /// The next 10 ms. Overwrites `frame`.
    pub fn fill(&mut self, frame: &mut Frame) {
        for sample in frame.iter_mut() {
            *sample = self.samples.get(self.at).copied().unwrap_or(0.0);
            self.at = if self.at + 1 >= self.samples.len() {
                0
            } else {
                self.at + 1
            };
        }
    }
}
