//! Whether this machine's addresses and routes may have changed, or it has slept.
use crate::os::AddressChanges;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

/// How often we look by ourselves: where the system says nothing, and for its sleep.
const LOOK: Duration = Duration::from_secs(5);
/// An address comes and goes in several steps; we look when they are over.
const SETTLES: Duration = Duration::from_millis(200);
/// The wall's clock is so much ahead of one that stands still in sleep: the machine has slept.
const SLEPT: Duration = Duration::from_secs(10);

/// Watches.
#[derive(Debug)]
pub(crate) struct NetworkWatch {
    changes: AddressChanges,
    looks: Interval,
    seen: (Instant, SystemTime),
}

/// It is time to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The machine has slept: whom we are registered at may have given us up.
    pub(crate) slept: bool,
}

impl NetworkWatch {
    pub(crate) fn new() -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            changes: AddressChanges::new(),
            looks,
            seen: (Instant::now(), SystemTime::now()),
        }
    }

    /// Waits until it is time to look. Dropping the future loses nothing but a little time.
    pub(crate) async fn next(&mut self) -> Look {
        tokio::select! {
            () = self.changes.next() => sleep(SETTLES).await,
            _ = self.looks.tick() => {}
        }
        let now = (Instant::now(), SystemTime::now());
        Look {
            slept: has_slept(std::mem::replace(&mut self.seen, now), now),
        }
    }
}

/// Whether the machine has slept between two looks at both clocks.
fn has_slept(before: (Instant, SystemTime), now: (Instant, SystemTime)) -> bool {
    let awake = now.0.duration_since(before.0);
    // A wall clock that was set back has passed no time.
    let passed = now.1.duration_since(before.1).unwrap_or_default();
    passed > awake + SLEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_slept_where_the_walls_clock_alone_went_on() {
        let before = (Instant::now(), SystemTime::now());
        let slept = |awake: u64, passed: i64| {
            let step = Duration::from_secs(passed.unsigned_abs());
            let wall = match passed < 0 {
                true => before.1 - step,
                false => before.1 + step,
            };
            has_slept(before, (before.0 + Duration::from_secs(awake), wall))
        };
        assert!(slept(5, 3_600));
        assert!(slept(1, 12));
        // A look that comes late, and a clock that is set right.
        assert!(!slept(40, 40));
        assert!(!slept(5, 14));
        assert!(!slept(5, -28_800));
    }
}
