//! The shapes that sound has everywhere in Trialog: a [`Frame`] of samples, the time of a sample, a level.
//!
//! Everything between the edges runs at one rate and in one block size, so that nothing is converted by accident. This
//! package has no filter, no clock and no device; it only says what the numbers mean.

mod frame;
mod level;
mod time;

pub use frame::Frame;
pub use level::Level;
pub use time::SampleTime;

/// Samples a second, everywhere inside: 48 kHz.
pub const RATE: u32 = 48_000;

/// Samples in a [`Frame`]: 10 ms.
pub const FRAME_SAMPLES: usize = 480;

/// Frames in a second.
pub const FRAMES_A_SECOND: u32 = 100;
