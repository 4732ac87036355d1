//! The phone as a whole: its calls, its wrap-ups and what is asked of it.
use crate::{Act, Action, CallId, Input, Policy, Presence, Refusal, Routing, Snapshot, Time};
use alloc::vec::Vec;

/// The call-state core of one phone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone {
    policy: Policy,
    accounts: u16,
    presence: Presence,
}

impl Phone {
    /// A phone with no calls; `accounts` is how many the configuration has.
    #[must_use]
    pub fn new(policy: Policy, accounts: u16) -> Self {
        Self {
            policy,
            accounts,
            presence: Presence::Available,
        }
    }

    /// One thing happened: what is to be done, in this order. A refused act gives exactly one [`Action::Refuse`] and changes nothing.
    pub fn step(&mut self, now: Time, input: Input) -> Vec<Action> {
        let _ = (now, input, self.accounts, &self.policy);
        Vec::new()
    }

    /// Who hears whom now.
    #[must_use]
    pub fn routing(&self) -> Routing {
        Routing::default()
    }

    /// When [`Input::Deadline`] is to be given next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        None
    }

    /// All that a screen may show.
    #[must_use]
    pub fn snapshot(&self, now: Time) -> Snapshot {
        let _ = now;
        Snapshot {
            presence: self.presence,
            calls: Vec::new(),
            wrap_ups: Vec::new(),
            terminating: false,
        }
    }

    /// Whether this act may be done now; the same answer as [`Phone::step`] would give.
    ///
    /// # Errors
    /// Why not.
    pub fn permits(&self, call: CallId, act: &Act) -> Result<(), Refusal> {
        let _ = (call, act);
        Err(Refusal::NoSuchCall)
    }
}
