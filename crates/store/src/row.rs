//! What is handed over to be kept. Times are Unix microseconds of the wall clock; a call and a wrap-up are named by numbers that
//! the phone of one name uses once only.
use crate::journal::JournalRow;
use serde::{Deserialize, Serialize};

/// A call's number, unique among the calls of its phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallNumber(pub u32);

/// A wrap-up's number, unique among the wrap-ups of its phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WrapUpNumber(pub u32);

/// A party, as it was stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phone number or extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// SIP or tel URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// A peer that policy believes vouches for it.
    #[serde(default)]
    pub asserted: bool,
    /// It asked not to be shown.
    #[serde(default)]
    pub anonymous: bool,
}

/// How a call came here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The party that the caller has called.
    pub called: Option<Party>,
    /// The parties that have diverted the call, the one that was called first before the others.
    pub diverted_from: Vec<Party>,
    /// The party that sent the caller here.
    pub referred_by: Option<Party>,
}

/// A call that came into being.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Began {
    /// New.
    pub call: CallNumber,
    /// Our role at the beginning.
    pub role: String,
    /// The other party.
    pub peer: Party,
    /// How it came here.
    pub origin: Origin,
    /// It was received, not placed.
    pub incoming: bool,
    /// When.
    pub at_us: i64,
}

/// Callers that were refused at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedAway {
    /// The caller; of several, the last one.
    pub peer: Party,
    /// Final status of the refusal (RFC 3261 §21).
    pub status: u16,
    /// Why.
    pub why: String,
    /// How many it stands for, from 1.
    pub calls: u32,
    /// When.
    pub at_us: i64,
}

/// A leg of a call, whole, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegRow {
    /// A call that has begun.
    pub call: CallNumber,
    /// The leg's name, unique within its call.
    pub leg: String,
    /// The far party's role.
    pub role: String,
    /// The far party.
    pub party: Party,
    /// When it was placed or came.
    pub began_us: i64,
    /// When it was answered.
    pub answered_us: Option<i64>,
    /// When it was over.
    pub ended_us: Option<i64>,
}

/// One thing to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A call began.
    Began(Box<Began>),
    /// Sound was agreed with its first party.
    Connected {
        /// A call that has begun.
        call: CallNumber,
        /// When.
        at_us: i64,
    },
    /// We own it from now on.
    Owned {
        /// A call that has begun.
        call: CallNumber,
        /// The party that it is about from now on.
        peer: Party,
        /// When.
        at_us: i64,
    },
    /// The party that it is about is another, or is called otherwise.
    Identified {
        /// A call that has begun.
        call: CallNumber,
        /// That party.
        peer: Party,
    },
    /// It was handed over, or is to be: the last one counts.
    TransferredTo {
        /// A call that has begun.
        call: CallNumber,
        /// The party that takes it.
        to: Party,
    },
    /// It is over.
    Finished {
        /// A call that has begun.
        call: CallNumber,
        /// How it ended.
        outcome: String,
        /// Final status, where the far side refused.
        status: Option<u16>,
        /// When.
        at_us: i64,
    },
    /// Callers were turned away.
    TurnedAway(Box<TurnedAway>),
    /// A leg is new or has changed.
    Leg(Box<LegRow>),
    /// Something happened in a call.
    Event {
        /// A call that has begun.
        call: CallNumber,
        /// What, in one word.
        kind: String,
        /// The party that it is about.
        party: Option<Party>,
        /// Status or words that belong to it.
        detail: Option<String>,
        /// When.
        at_us: i64,
    },
    /// A wrap-up is drafted or owed.
    WrapUpOpened {
        /// New, unless a draft is owed from now on.
        wrap_up: WrapUpNumber,
        /// The call that it is about.
        call: CallNumber,
        /// It is owed.
        due: bool,
        /// When.
        at_us: i64,
    },
    /// What the agent has entered so far, whole.
    WrapUpDrafted {
        /// A wrap-up that is open.
        wrap_up: WrapUpNumber,
        /// The reason that was chosen.
        reason: Option<String>,
        /// The agent's words.
        note: Option<String>,
    },
    /// A wrap-up was handed in.
    WrapUpSubmitted {
        /// A wrap-up that is open.
        wrap_up: WrapUpNumber,
        /// The reason.
        reason: String,
        /// The agent's words.
        note: Option<String>,
        /// By the timer, not by the agent.
        timed: bool,
        /// When.
        at_us: i64,
    },
    /// The agent's presence, in the caller's word.
    Presence(String),
    /// A call goes on, and the next run of the phone is to go on with it.
    Journal(Box<JournalRow>),
    /// It goes on no more.
    StruckOut {
        /// A call of the journal.
        call: CallNumber,
    },
    /// The phone has died in this call, and can't go on with it.
    Lost {
        /// A call that has begun.
        call: CallNumber,
        /// Why not.
        why: String,
        /// When that was found out.
        at_us: i64,
    },
    /// The sound devices that the agent has chosen, in the caller's words.
    Devices(String),
}

impl Entry {
    /// It has what an agent did, which can't be found out again: it is on the disk before anything else is.
    pub(crate) fn is_of_an_agent(&self) -> bool {
        matches!(
            self,
            Self::WrapUpOpened { .. }
                | Self::WrapUpDrafted { .. }
                | Self::WrapUpSubmitted { .. }
                | Self::Presence(_)
                | Self::Devices(_)
        )
    }
}
