//! Numbers of packets that are longer than what the packets say, and which of them have come (RFC 3711 §3.3).

/// So many numbers before the highest may still come.
const WINDOW: u64 = 128;

/// Of one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    highest: u64,
    /// Bit n: the number `highest − n` has come.
    come: u128,
}

impl Seen {
    /// The first that has come.
    pub(super) fn first(index: u64) -> Self {
        Self {
            highest: index,
            come: 1,
        }
    }

    /// The number of 48 bits of the packet with this sequence number: the nearest one (§3.3.1). `None`: it would be before the
    /// first.
    pub(super) fn guess(&self, sequence: u16) -> Option<u64> {
        let (rolled, last) = (self.highest >> 16, self.highest as u16);
        let rolled = match i32::from(sequence) - i32::from(last) {
            -65_535..=-32_769 => rolled + 1,
            32_769..=65_535 => rolled.checked_sub(1)?,
            _ => rolled,
        };
        Some(rolled << 16 | u64::from(sequence))
    }

    /// Whether it is new, and not too old to know (§3.3.2).
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(before) => before < WINDOW && self.come >> before & 1 == 0,
        }
    }

    /// It has come, and is what it says.
    pub(super) fn note(&mut self, index: u64) {
        match index.checked_sub(self.highest) {
            Some(ahead) => {
                self.come = match u32::try_from(ahead) {
                    Ok(ahead) => self.come.checked_shl(ahead).unwrap_or(0) | 1,
                    Err(_) => 1,
                };
                self.highest = index;
            }
            None => {
                let before = self.highest - index;
                if before < WINDOW {
                    self.come |= 1 << before;
                }
            }
        }
    }
}

/// Sources of one leg that are known at once: a far side has one, and another after a transfer within a network.
const SOURCES: usize = 8;

/// What has come of each source; one that has not been heard for longest gives way to a new one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sources {
    /// The latest first.
    known: [Option<(u32, Seen)>; SOURCES],
}

impl Sources {
    pub(super) fn get(&self, ssrc: u32) -> Option<&Seen> {
        let known = self.known.iter().flatten();
        let mut known = known.filter(|(own, _)| *own == ssrc);
        known.next().map(|(_, seen)| seen)
    }

    /// This packet of the source is what it says.
    pub(super) fn note(&mut self, ssrc: u32, index: u64) {
        let at = self.known.iter().position(|known| match known {
            Some((own, _)) => *own == ssrc,
            None => true,
        });
        let at = at.unwrap_or(SOURCES - 1);
        let seen = match self.known[at] {
            Some((own, mut seen)) if own == ssrc => {
                seen.note(index);
                seen
            }
            _ => Seen::first(index),
        };
        self.known[..=at].rotate_right(1);
        self.known[0] = Some((ssrc, seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_over_the_end_of_the_sequence_and_back() {
        let mut seen = Seen::first(65_530);
        let two = seen.guess(2);
        assert_eq!(two, Some(65_538));
        seen.note(65_538);
        assert_eq!(seen.guess(65_535), Some(65_535));
        assert_eq!(seen.guess(3), Some(65_539));
        assert_eq!(Seen::first(3).guess(65_000), None, "before the first");
    }

    #[test]
    fn each_number_is_new_once_and_those_far_behind_never() {
        let mut seen = Seen::first(1_000);
        assert!(!seen.is_new(1_000));
        assert!(seen.is_new(999) && seen.is_new(873) && !seen.is_new(872));
        seen.note(999);
        assert!(!seen.is_new(999));
        seen.note(1_126);
        assert!(!seen.is_new(999) && !seen.is_new(1_000) && seen.is_new(1_001));
        seen.note(5_000);
        assert!(seen.is_new(4_999) && !seen.is_new(1_001));
    }

    #[test]
    fn a_source_that_was_not_heard_for_longest_gives_way() {
        let mut sources = Sources::default();
        for ssrc in 0..=SOURCES as u32 {
            sources.note(ssrc, 7);
            sources.note(0, u64::from(ssrc) + 8);
        }
        assert!(sources.get(0).is_some() && sources.get(1).is_none() && sources.get(2).is_some());
    }
}
