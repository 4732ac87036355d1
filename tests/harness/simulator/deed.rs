//! What is done in a course: by a phone's user, or to the phone and its network.
use crate::network::{Meddling, Wanted};
use crate::sound::PhoneId;
use std::fmt;
use trialog_call::{AccountId, Act, Presence, Target, WrapUpAct, WrapUpId};

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A user places a call.
    Dial(PhoneId, AccountId, Target),
    /// A user acts on a call, which is the so-manieth of his, oldest first.
    Act(PhoneId, usize, Act),
    /// The headset's hook.
    Hook(PhoneId),
    /// A page is opened or closed.
    PageOpen(PhoneId, bool),
    /// An agent comes or goes.
    Presence(PhoneId, Presence),
    /// An agent does something about a wrap-up.
    WrapUp(PhoneId, WrapUpId, WrapUpAct),
    /// The headset goes away or comes back.
    Device(PhoneId, bool),
    /// A phone finds out that its address changed: its SIP port is another.
    NetworkChanged(PhoneId),
    /// A phone is switched off in good order.
    Terminate(PhoneId),
    /// A phone stops answering, for good.
    Die(PhoneId),
    /// A phone's network goes away or comes back.
    Plug(PhoneId, bool),
    /// A phone's network carries no sound, or carries it again.
    Sound(PhoneId, bool),
    /// The streams between two break.
    BreakStreams(PhoneId, PhoneId),
    /// The next few requests of a kind are refused with this status.
    Refuse(Kind, u16, usize),
    /// The next few messages lose this word of this header, as if something between knew nothing of it.
    Strip(&'static str, &'static str, usize),
}

/// Which requests are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Kind {
    FirstInvite,
    Reinvite,
    Refer,
    Notify,
    Info,
}

impl Kind {
    /// The messages that are meant.
    #[must_use]
    pub fn wanted(self) -> Wanted {
        match self {
            Self::FirstInvite => Wanted::first_invite(),
            Self::Reinvite => Wanted::reinvite(),
            Self::Refer => Wanted::request("REFER"),
            Self::Notify => Wanted::request("NOTIFY"),
            Self::Info => Wanted::request("INFO"),
        }
    }
}

impl Deed {
    /// Something fails by it that no user did.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Die(_)
                | Self::Plug(..)
                | Self::Sound(..)
                | Self::BreakStreams(..)
                | Self::Refuse(..)
                | Self::Strip(..)
        )
    }

    /// What is done to the network, where it is one of its rules.
    #[must_use]
    pub fn meddling(&self) -> Option<(Wanted, Meddling, usize)> {
        match self {
            Self::Refuse(kind, status, times) => {
                Some((kind.wanted(), Meddling::Refuse(*status), *times))
            }
            Self::Strip(header, word, times) => {
                Some((Wanted::any(), Meddling::Without(header, word), *times))
            }
            _ => None,
        }
    }

    /// In words, with the phones' names.
    #[must_use]
    pub fn say(&self, name: impl Fn(PhoneId) -> &'static str) -> String {
        struct Words<'a>(&'a Deed, &'a dyn Fn(PhoneId) -> &'static str);
        impl fmt::Display for Words<'_> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let name = self.1;
                match self.0 {
                    Deed::Dial(who, account, target) => {
                        write!(
                            out,
                            "{} dials {} by account {}",
                            name(*who),
                            target.0,
                            account.0
                        )
                    }
                    Deed::Act(who, call, act) => {
                        write!(out, "{}: {act:?}, on his call {call}", name(*who))
                    }
                    Deed::Hook(who) => write!(out, "{} presses the hook", name(*who)),
                    Deed::PageOpen(who, open) => write!(out, "{}: page open {open}", name(*who)),
                    Deed::Presence(who, presence) => {
                        write!(out, "{} is {presence:?}", name(*who))
                    }
                    Deed::WrapUp(who, id, act) => {
                        write!(out, "{}: wrap-up {}: {act:?}", name(*who), id.0)
                    }
                    Deed::Device(who, there) => write!(out, "{}: headset {there}", name(*who)),
                    Deed::NetworkChanged(who) => write!(out, "{}'s address changed", name(*who)),
                    Deed::Terminate(who) => write!(out, "{} is switched off", name(*who)),
                    Deed::Die(who) => write!(out, "{} DIES", name(*who)),
                    Deed::Plug(who, false) => write!(out, "{}'s network is AWAY", name(*who)),
                    Deed::Plug(who, true) => write!(out, "{}'s network is back", name(*who)),
                    Deed::Sound(who, carried) => write!(out, "{}: sound {carried}", name(*who)),
                    Deed::BreakStreams(one, other) => {
                        write!(
                            out,
                            "streams BREAK between {} and {}",
                            name(*one),
                            name(*other)
                        )
                    }
                    Deed::Strip(header, word, times) => {
                        write!(out, "the next {times} messages lose {word} of {header}")
                    }
                    Deed::Refuse(kind, status, times) => {
                        write!(out, "the next {times} {kind:?} are REFUSED with {status}")
                    }
                }
            }
        }
        Words(self, &name).to_string()
    }
}
