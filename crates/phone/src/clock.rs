//! The phone's only clock: time since its start, and what that is on the wall. It is read once an event, and the parts below
//! are told.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trialog_call::Time;

/// A start, on both clocks. Of what clients are shown the wall clock is read at the start only, so that setting it moves no call's
/// times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_us: u64,
    /// The time of the start: what an earlier run has begun has times before it.
    ahead: Duration,
}

/// Calls of an earlier run that are older than this are shown as so old.
const AHEAD: Duration = Duration::from_secs(7 * 24 * 3600);

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
            ahead: AHEAD.min(Duration::from_micros(start_us)),
        }
    }

    pub(crate) fn now(&self) -> Time {
        Time(self.ahead + self.start.elapsed())
    }

    /// When that is; a time before the start is the start.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        self.start + time.0.saturating_sub(self.ahead)
    }

    /// The start in Unix microseconds.
    pub(crate) fn start_us(&self) -> u64 {
        self.start_us
    }

    /// What the wall clock showed at this time, if it has not been set since; in Unix microseconds. It is read now: of what is written
    /// down, the wall's time counts.
    pub(crate) fn wall_us(&self, time: Time) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let ago = self.now().since(time);
        let wall = since.unwrap_or_default().saturating_sub(ago);
        i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)
    }

    /// The time of an earlier run when the wall clock showed this; one that is not yet, or too long ago, is the nearest that can be.
    pub(crate) fn at_wall(&self, at_us: i64) -> Time {
        let now = self.now();
        let ago_us = self.wall_us(now).saturating_sub(at_us).max(0);
        now - Duration::from_micros(ago_us.unsigned_abs())
    }

    pub(crate) fn unix_us(&self, time: Time) -> u64 {
        let shown = self.start_us.saturating_add(micros(time.0));
        shown.saturating_sub(micros(self.ahead))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
