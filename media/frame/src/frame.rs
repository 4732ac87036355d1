//! Ten milliseconds of sound.
use crate::{FRAME_SAMPLES, Level};
use core::ops::{Deref, DerefMut};

/// 480 mono samples at 48 kHz (10 ms), −1.0..=1.0 where 1.0 is full scale. Louder samples are allowed between the
/// stages; the mixer's limiter bounds what leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(32))]
pub struct Frame(pub [f32; FRAME_SAMPLES]);

impl Frame {
    /// Digital silence.
    pub const SILENCE: Self = Self([0.0; FRAME_SAMPLES]);

    /// Exactly silent: each sample is zero.
    pub fn is_silent(&self) -> bool {
        self.0.iter().all(|sample| *sample == 0.0)
    }

    /// The largest absolute sample, linear.
    pub fn peak(&self) -> f32 {
        self.0
            .iter()
            .fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    /// The root mean square as a level.
    pub fn rms(&self) -> Level {
        Level::rms(&self.0)
    }

    /// Adds `other`, sample by sample.
    pub fn add(&mut self, other: &Self) {
        for (sum, sample) in self.0.iter_mut().zip(&other.0) {
            *sum += sample;
        }
    }

    /// Multiplies each sample by `gain`, linear.
    pub fn scale(&mut self, gain: f32) {
        for sample in &mut self.0 {
            *sample *= gain;
        }
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::SILENCE
    }
}

impl Deref for Frame {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Frame {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
