//! The names that core, user agent and desk call things by.
use alloc::string::String;

/// A call as the agent sees it: one customer, and the agents that were consulted. It owns one or more legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// One dialog of a call, from its first INVITE to its last answer. The core numbers those that it places, the user agent those
/// that it receives, so that no two legs have one id. A number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegId {
    /// We sent the INVITE; numbered by the core.
    Placed(u32),
    /// The far side sent it; numbered by the user agent.
    Received(u32),
}

/// An account of the configuration, by its index there, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u16);

/// A wrap-up that is owed or drafted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WrapUpId(pub u32);

/// A party to be called: a SIP URI as text, with URI headers where a Refer-To had them. The core passes it on unread.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(pub String);
