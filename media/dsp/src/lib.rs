//! Filters and generators of sound: resampling, concealment of lost packets, stretching and shortening of time, call
//! tones, hold music, comfort noise.
//!
//! All of it works on slices and frames that the caller hands in, allocates only when created (but for [`resample`], which is for
//! files), reads no clock and knows neither packets nor calls.

mod comfort;
mod conceal;
mod drift;
mod dtmf;
mod fir;
mod music;
mod pitch;
mod recording;
mod resample;
mod sine;
mod time_scale;
mod tone;
#[cfg(test)]
mod voice;

pub use comfort::{ComfortNoise, ORDER as NOISE_ORDER, describe as describe_noise};
pub use conceal::Concealer;
pub use drift::{DriftControl, DriftResampler};
pub use dtmf::DtmfTone;
pub use music::HoldMusic;
pub use recording::resample;
pub use resample::{Band, Downsampler, Upsampler};
pub use time_scale::{Change, TimeScale};
pub use tone::{CallTone, Country, ToneGenerator};
