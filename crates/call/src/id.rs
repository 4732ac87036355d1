//! The names that core, user agent and desk call things by.
use alloc::string::String;

/// A call as the agent sees it: one customer, and whoever was consulted about him. It owns one or more legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// One dialog of a call, from its first INVITE to its last answer. Who placed it numbers it, so that the core and
/// the user agent never give the same name to two legs. A number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegId {
    /// We sent the INVITE; numbered by the core.
    Placed(u32),
    /// The far side sent it; numbered by the user agent.
    Received(u32),
}

/// An account of the configuration, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u16);

/// A wrap-up that is owed or drafted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WrapUpId(pub u32);

/// Whom to call: a SIP URI as text, with URI headers where a Refer-To had them. The core passes it on unread.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(pub String);
