//! Tags, branches, Call-IDs and back-off times: all randomness of the user agent, drawn from the seed that it was given,
//! by a generator whose output cannot be foretold from what was seen of it (a tag also guards a dialog).
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// The magic cookie of RFC 3261 §8.1.1.7: it tells a branch that is unique from one of RFC 2543.
pub(crate) const BRANCH_COOKIE: &str = "z9hG4bK";

#[derive(Debug)]
pub(crate) struct Random(ChaCha12Rng);

impl Random {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// 64 bits: RFC 3261 §19.3 asks for 32 at least.
    pub(crate) fn tag(&mut self) -> String {
        format!("{:016x}", self.0.next_u64())
    }

    pub(crate) fn branch(&mut self) -> String {
        format!("{BRANCH_COOKIE}{:016x}", self.0.next_u64())
    }

    pub(crate) fn call_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.0.next_u64(), self.0.next_u64())
    }

    pub(crate) fn cnonce(&mut self) -> String {
        format!("{:016x}", self.0.next_u64())
    }

    /// RFC 3261 §8.1.1.5: a first CSeq below 2³¹. Small ones leave room and read well in a trace.
    pub(crate) fn cseq(&mut self) -> u32 {
        1 + self.0.next_u32() % 9_999
    }

    /// SDP session id: unique for us, below 2⁶² so that every parser holds it.
    pub(crate) fn session_id(&mut self) -> u64 {
        self.0.next_u64() >> 2
    }

    /// Octets for keys.
    pub(crate) fn fill(&mut self, octets: &mut [u8]) {
        self.0.fill_bytes(octets);
    }

    /// RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other side 0 to 2 s, in steps of 10 ms.
    pub(crate) fn glare_wait(&mut self, owns_call_id: bool) -> Duration {
        let steps = if owns_call_id {
            210 + self.0.next_u32() % 191
        } else {
            self.0.next_u32() % 201
        };
        Duration::from_millis(u64::from(steps) * 10)
    }

    /// RFC 5626 §4.4.2: between two keep-alives by UDP pass 24 to 29 s.
    pub(crate) fn keep_alive(&mut self) -> Duration {
        Duration::from_millis(24_000 + u64::from(self.0.next_u32() % 5_001))
    }

    /// Between half of this and all of it (RFC 5626 §4.5).
    pub(crate) fn half_to_whole(&mut self, whole: Duration) -> Duration {
        let share = 500 + self.0.next_u32() % 501;
        whole * share / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glare_waits_keep_to_the_standards_intervals() {
        let mut random = Random::new([7; 32]);
        for _ in 0..2_000 {
            let owner = random.glare_wait(true);
            assert!(owner >= Duration::from_millis(2_100) && owner <= Duration::from_secs(4));
            assert!(random.glare_wait(false) <= Duration::from_secs(2));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let (mut a, mut b) = (Random::new([1; 32]), Random::new([1; 32]));
        assert_eq!(a.tag(), b.tag());
        assert_ne!(a.tag(), a.tag());
        assert_eq!(a.cnonce().len(), 16);
        b.tag();
    }
}
