//! What can't be otherwise. A break is a fault of ours, never of a peer: builds with debug assertions stop there, so that tests and
//! simulated courses look for it by themselves; others go on as if the matter were over. What comes off the wire may be anything,
//! and is never asserted.

/// A value that is there by all that its taker knows.
pub(crate) trait Invariant: Sized {
    /// The same value. `why`: what makes it be there.
    #[track_caller]
    fn asserted(self, why: &str) -> Self;
}

impl<T> Invariant for Option<T> {
    #[track_caller]
    fn asserted(self, why: &str) -> Self {
        debug_assert!(self.is_some(), "broken: {why}");
        self
    }
}
