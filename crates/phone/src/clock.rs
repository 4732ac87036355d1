//! The phone's only clock: time since its start, and what that is on the wall. It is read once an event, and the parts below
//! are told.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trialog_call::Time;

/// A start, on both clocks. The wall clock is read at the start only, so that setting it moves no call's times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_us: u64,
}

impl Clock {
    /// Begins now.
    pub(crate) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self::at(since.map_or(0, micros))
    }

    /// Begins now, which is said to be this time in Unix microseconds.
    pub(crate) fn at(start_us: u64) -> Self {
        Self {
            start: Instant::now(),
            start_us,
        }
    }

    pub(crate) fn now(&self) -> Time {
        Time(self.start.elapsed())
    }

    pub(crate) fn instant(&self, time: Time) -> Instant {
        self.start + time.0
    }

    /// The start in Unix microseconds.
    pub(crate) fn start_us(&self) -> u64 {
        self.start_us
    }

    pub(crate) fn unix_us(&self, time: Time) -> u64 {
        self.start_us.saturating_add(micros(time.0))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
