//! Filters and generators of sound: resampling, concealment of lost packets, stretching and shortening of time, call
//! tones, hold music.
//!
//! All of it works on slices and frames that the caller hands in, allocates only when created, reads no clock and knows
//! neither packets nor calls.

mod conceal;
mod drift;
mod fir;
mod music;
mod pitch;
mod resample;
mod sine;
mod time_scale;
mod tone;
#[cfg(test)]
mod voice;

pub use conceal::Concealer;
pub use drift::{DriftControl, DriftResampler};
pub use music::HoldMusic;
pub use resample::{Band, Downsampler, Upsampler};
pub use time_scale::{Change, TimeScale};
pub use tone::{CallTone, ToneGenerator};
