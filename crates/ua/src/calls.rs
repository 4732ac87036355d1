//! The calls' legs: each is the usage of a dialog that a call is, from its first INVITE to the end of its BYE.
use crate::agent::UserAgent;
use crate::id_map::IdMap;
use crate::invariant::Invariant;
use crate::invite_usage::{InviteState, InviteUsage, Offered};
use crate::transaction::ServerId;
use trialog_call::LegId;

/// All legs that are not over.
#[derive(Default)]
pub(crate) struct Calls {
    legs: IdMap<LegId, InviteUsage>,
    received: u32,
}

impl Calls {
    /// An id for the leg of an INVITE that has come.
    pub(crate) fn next_received(&mut self) -> LegId {
        self.received += 1;
        LegId::Received(self.received)
    }

    /// Adds a leg, by its id.
    pub(crate) fn add(&mut self, leg: InviteUsage) {
        let before = self.legs.insert(leg.id, leg);
        debug_assert!(before.is_none(), "no id is used twice");
    }

    /// Adds a leg of an earlier run: no leg that comes has its id.
    pub(crate) fn take_up(&mut self, leg: InviteUsage) {
        if let LegId::Received(number) = leg.id {
            self.received = self.received.max(number);
        }
        self.add(leg);
    }

    /// The leg, while it is not over: an action of the core, an answer or a request may come after its end.
    pub(crate) fn get(&self, id: LegId) -> Option<&InviteUsage> {
        self.legs.get(&id)
    }

    /// As [`Calls::get`], to be changed.
    pub(crate) fn get_mut(&mut self, id: LegId) -> Option<&mut InviteUsage> {
        self.legs.get_mut(&id)
    }

    /// The leg, which is not over by what the caller knows.
    #[track_caller]
    pub(crate) fn present(&self, id: LegId) -> Option<&InviteUsage> {
        self.legs.get(&id).asserted("the leg is not over")
    }

    /// As [`Calls::present`], to be changed.
    #[track_caller]
    pub(crate) fn present_mut(&mut self, id: LegId) -> Option<&mut InviteUsage> {
        self.legs.get_mut(&id).asserted("the leg is not over")
    }

    /// The leg is over.
    pub(crate) fn remove(&mut self, id: LegId) -> Option<InviteUsage> {
        self.legs.remove(&id)
    }

    /// Their INVITE, while it waits for our final answer: it may have been cancelled before the core has decided.
    pub(crate) fn offered_mut(&mut self, id: LegId) -> Option<&mut Offered> {
        self.legs.get_mut(&id)?.offered_mut()
    }

    /// The leg whose first INVITE this is, as long as we have not seen its ACK.
    pub(crate) fn offered_by(&self, invite: ServerId) -> Option<&InviteUsage> {
        let is = |leg: &&InviteUsage| match (&leg.stage, &leg.accept) {
            (InviteState::Offered(offered), _) => offered.server == invite,
            (_, Some(accept)) => accept.first && accept.server == invite,
            _ => false,
        };
        self.legs.values().find(is)
    }

    /// All legs, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &InviteUsage> {
        self.legs.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }

    /// Tables that grew in busy times are as small as they can be.
    pub(crate) fn give_back_room(&mut self) {
        self.legs.shrink_to_fit();
    }
}

impl UserAgent {
    /// The leg that is not over and whose dialog, or whose INVITE that may become one, has this Call-ID; of several the newest.
    #[must_use]
    pub fn leg_of(&self, call_id: &str) -> Option<LegId> {
        let has_it = |leg: &&InviteUsage| {
            let dialog = self.dialogs.get(leg.dialog);
            dialog.is_some_and(|dialog| dialog.call_id == call_id)
        };
        let legs = self.calls.iter().filter(has_it);
        legs.map(|leg| leg.id).max()
    }
}
