//! The three parties of every story.

/// One of them; each has a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    /// The outside party: a phone with `agent = false`.
    Customer,
    /// Has the customer's call at first.
    Agent1,
    /// Is consulted.
    Agent2,
}

impl Party {
    pub(crate) const ALL: [Self; 3] = [Self::Customer, Self::Agent1, Self::Agent2];

    /// The name of the phone and of its files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent1 => "agent-1",
            Self::Agent2 => "agent-2",
        }
    }

    /// What a called party's screen shows.
    pub(crate) fn display(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Agent1 => "Agent 1",
            Self::Agent2 => "Agent 2",
        }
    }

    /// The tone that its microphone carries all the time, in Hz.
    pub(crate) fn pilot(self) -> u32 {
        match self {
            Self::Customer => 433,
            Self::Agent1 => 997,
            Self::Agent2 => 1511,
        }
    }

    /// Voice, pitch and speed for espeak-ng: three that nobody mistakes for each other.
    pub(crate) fn voice(self) -> [&'static str; 3] {
        match self {
            Self::Customer => ["en-us+f4", "72", "165"],
            Self::Agent1 => ["en-gb+m3", "42", "170"],
            Self::Agent2 => ["en-gb-scotland+m7", "18", "165"],
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Customer => 0,
            Self::Agent1 => 1,
            Self::Agent2 => 2,
        }
    }
}
