//! Which packets have come.
use crate::ExtendedSequence;

/// Which of the last 128 sequence numbers have come, the highest in the lowest bit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    highest: ExtendedSequence,
    bits: u128,
}

impl Seen {
    /// Whether this one has come before; from now on it has.
    pub(crate) fn before(&mut self, sequence: ExtendedSequence) -> bool {
        if sequence.epoch != self.highest.epoch {
            *self = Self::default();
            self.highest = sequence;
        }
        let forward = sequence.number.saturating_sub(self.highest.number);
        let shift = u32::try_from(forward).unwrap_or(u32::MAX);
        self.bits = self.bits.checked_shl(shift).unwrap_or(0);
        self.highest.number += forward;
        let back = u32::try_from(self.highest.number - sequence.number).unwrap_or(u32::MAX);
        // What is further back is too late anyhow.
        let bit = 1u128.checked_shl(back).unwrap_or(0);
        let before = self.bits & bit != 0;
        self.bits |= bit;
        before
    }
}
