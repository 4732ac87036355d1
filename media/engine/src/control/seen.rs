//! What the engine has counted, and how loud its parties are.
use super::Engine;
use crate::{LegStats, Levels, Stats};
use std::sync::atomic::Ordering;

impl Engine {
    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        Stats {
            ticks: self.driver.ticks.load(Ordering::Relaxed),
            taken_over: self.driver.taken_over.load(Ordering::Relaxed),
            overrun: self.driver.overrun.load(Ordering::Relaxed),
            longest_tick_us: self.driver.longest_us.load(Ordering::Relaxed),
            device: self.driver.device_drives(),
            legs: self
                .stats
                .lock()
                .map(|legs| legs.clone())
                .unwrap_or_default(),
        }
    }

    /// What a leg has counted so far; `None`: it was opened a moment ago, or is not there.
    pub fn leg_stats(&self, key: u64) -> Option<LegStats> {
        let legs = self.stats.lock().ok()?;
        legs.iter().find(|leg| leg.key == key).copied()
    }

    /// How loud microphone, ear and legs were since this was asked last. What was before the first question is not known: meters run
    /// while they are asked for, until [`Engine::rest_meters`].
    pub fn levels(&self) -> Levels {
        self.meters.on.store(true, Ordering::Relaxed);
        let legs = self.legs.iter();
        Levels {
            microphone: self.meters.microphone.take(),
            ear: self.meters.ear.take(),
            legs: legs
                .map(|(key, entry)| (*key, entry.shared.meter.take()))
                .collect(),
        }
    }

    /// No level is asked for any more.
    pub fn rest_meters(&self) {
        self.meters.on.store(false, Ordering::Relaxed);
    }
}
