//! The three parties, and the pilot tone by which each can be told in any ear.

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The outside party.
    Customer,
    /// Has the customer's call at first.
    Agent1,
    /// Is consulted.
    Agent2,
}

impl Party {
    /// All, in the order in which they are drawn.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Agent1, Self::Agent2];

    /// The pilot that the party's microphone carries all the time, in Hz.
    #[must_use]
    pub fn pilot(self) -> f64 {
        match self {
            Self::Customer => 433.0,
            Self::Agent1 => 997.0,
            Self::Agent2 => 1511.0,
        }
    }

    /// As in the names of files.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent1 => "agent-1",
            Self::Agent2 => "agent-2",
        }
    }

    /// As in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "the customer",
            Self::Agent1 => "agent 1",
            Self::Agent2 => "agent 2",
        }
    }

    /// The place in [`Party::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Customer => 0,
            Self::Agent1 => 1,
            Self::Agent2 => 2,
        }
    }

    /// The other two.
    #[must_use]
    pub fn others(self) -> [Self; 2] {
        match self {
            Self::Customer => [Self::Agent1, Self::Agent2],
            Self::Agent1 => [Self::Customer, Self::Agent2],
            Self::Agent2 => [Self::Customer, Self::Agent1],
        }
    }
}
