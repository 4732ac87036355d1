//! Time counted in samples.
use crate::{FRAME_SAMPLES, RATE};
use core::ops::{Add, AddAssign, Sub};

/// A point or a span of time in samples at 48 kHz. It counts from whatever its owner starts at; it never wraps in
/// twelve million years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleTime(pub u64);

impl SampleTime {
    /// The span of one [`crate::Frame`]: 10 ms.
    pub const FRAME: Self = Self(FRAME_SAMPLES as u64);

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * (RATE as u64 / 1000))
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / (RATE as u64 / 1000)
    }

    /// In seconds, rounded to `f64`.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / f64::from(RATE)
    }

    /// `self − earlier`, or zero where `earlier` is later.
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl Add for SampleTime {
    type Output = Self;
    fn add(self, span: Self) -> Self {
        Self(self.0 + span.0)
    }
}

impl AddAssign for SampleTime {
    fn add_assign(&mut self, span: Self) {
        self.0 += span.0;
    }
}

impl Sub for SampleTime {
    type Output = Self;
    /// Panics in a debug build where the result would be negative; see [`SampleTime::since`].
    fn sub(self, span: Self) -> Self {
        Self(self.0 - span.0)
    }
}
