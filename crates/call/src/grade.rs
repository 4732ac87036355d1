//! How far the sender of a request is believed. The user agent grades each request where it enters; the grade goes with it.

/// How far the sender of a request is believed. A higher grade may do all that a lower one may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Known by nothing but what it sent.
    #[default]
    Stranger,
    /// The request came on an account's own flow, by way of its registrar or proxy. Its caller may still be anyone.
    Registrar,
    /// The request is of a listed party, by an identity that the registrar vouches for, or came from a listed address. Only a
    /// colleague gives a role.
    Colleague,
}

impl Grade {
    /// The registrar's or better: what RULES.md has as "a peer that policy trusts".
    #[must_use]
    pub fn is_trusted(self) -> bool {
        self >= Self::Registrar
    }
}
