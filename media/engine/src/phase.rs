//! Where in the stream of its legs' packets a pure bridge's ticks lie.
//!
//! A packet waits for the next tick. With a local party the tick's clock is the sound card's or a recording's; without one
//! the phase is free, and ticks that come just after the packets spare some milliseconds. The ticks are only ever
//! advanced, by little at a time and in all by little more than one tick for each leg that is opened: two bridges that talk
//! to each other would otherwise run after each other for ever.
use trialog_frame::{FRAME_SAMPLES, RATE};

/// What is left beyond what the jitter buffer asks for.
const GUARD: i64 = RATE as i64 / 2000;

/// A tick comes at most so much earlier than 10 ms after the one before: 0.2 ms.
const STEP: i64 = RATE as i64 / 5000;

/// For each leg that is opened.
const BUDGET: i64 = FRAME_SAMPLES as i64 * 5 / 4;

/// The state of it.
#[derive(Default)]
pub(crate) struct Phase {
    budget: i64,
}

impl Phase {
    /// A leg was opened.
    pub(crate) fn opened(&mut self) {
        self.budget = BUDGET;
    }

    /// How much earlier the next tick is to be, in samples, when each leg that is heard has so much to spare.
    pub(crate) fn advance(&mut self, spare: impl Iterator<Item = i64>) -> u64 {
        if self.budget <= 0 {
            return 0;
        }
        let least = spare.min().unwrap_or(0) - GUARD;
        let step = least.min(STEP).min(self.budget);
        if step <= 0 {
            return 0;
        }
        self.budget -= step;
        step as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leg_with_the_least_to_spare_decides_and_the_budget_bounds_it() {
        let mut phase = Phase::default();
        assert_eq!(phase.advance([400].into_iter()), 0, "no leg was opened");
        phase.opened();
        let mut spare = [400, 200];
        let mut moved = 0;
        for _ in 0..1000 {
            let step = phase.advance(spare.into_iter()) as i64;
            assert!(step <= STEP);
            spare = spare.map(|spare| spare - step);
            moved += step;
        }
        assert_eq!((moved, spare), (176, [224, 24]));
        phase.opened();
        let moved: u64 = (0..1000).map(|_| phase.advance([400].into_iter())).sum();
        assert_eq!(moved as i64, BUDGET);
    }
}
