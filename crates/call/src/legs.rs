//! The legs of a call: a list in which each leg has the role of its far party.
//!
//! The party that the call is about comes first, then the guests in the order in which they joined.
use crate::call::{Call, State};
use crate::leg::{Leg, Phase};
use crate::transfer::{To, Transfer};
use crate::{LegId, Role};
use alloc::vec::Vec;

/// Among three parties at most two, of different roles; none once the call is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Legs(Vec<Leg>);

impl Legs {
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Leg> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> core::slice::IterMut<'_, Leg> {
        self.0.iter_mut()
    }

    pub(crate) fn get(&self, id: LegId) -> Option<&Leg> {
        self.iter().find(|leg| leg.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.iter_mut().find(|leg| leg.id == id)
    }

    /// The first leg of this role.
    pub(crate) fn of(&self, role: Role) -> Option<&Leg> {
        self.iter().find(|leg| leg.role == role)
    }

    /// As [`Legs::of`], to be changed.
    pub(crate) fn of_mut(&mut self, role: Role) -> Option<&mut Leg> {
        self.iter_mut().find(|leg| leg.role == role)
    }

    /// Goes behind the legs of its role, and before those of guests if it is none.
    pub(crate) fn add(&mut self, leg: Leg) {
        debug_assert!(self.get(leg.id).is_none(), "{:?} twice", leg.id);
        let behind = self.0.partition_point(|other| other.role <= leg.role);
        // Most calls have one leg for good: room for no more than are there.
        self.0.reserve_exact(1);
        self.0.insert(behind, leg);
    }

    pub(crate) fn take(&mut self, id: LegId) -> Option<Leg> {
        let index = self.iter().position(|leg| leg.id == id)?;
        Some(self.0.remove(index))
    }
}

impl IntoIterator for Legs {
    type Item = Leg;
    type IntoIter = alloc::vec::IntoIter<Leg>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Which legs of a call, as the call's own steps name them: on an owner's phone customer or guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// The party that the call is about: to an owner the customer, else the owner.
    Peer,
    /// The guest that an owner consults, or has drawn in.
    Guest,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Peer => Self::Guest,
            Self::Guest => Self::Peer,
        }
    }
}

impl Role {
    /// The role of the party that a call of ours in this role is about.
    pub(crate) fn peer(self) -> Self {
        match self {
            Self::Owner => Self::Customer,
            Self::Guest | Self::Customer => Self::Owner,
        }
    }

    /// On which side of a call a far party of this role is.
    pub(crate) fn side(self) -> Side {
        match self {
            Self::Customer | Self::Owner => Side::Peer,
            Self::Guest => Side::Guest,
        }
    }
}

impl Call {
    fn role_of(&self, side: Side) -> Role {
        match side {
            Side::Peer => self.role.peer(),
            Side::Guest => Role::Guest,
        }
    }

    pub(crate) fn leg(&self, side: Side) -> Option<&Leg> {
        self.legs.of(self.role_of(side))
    }

    pub(crate) fn leg_mut(&mut self, side: Side) -> Option<&mut Leg> {
        self.legs.of_mut(self.role_of(side))
    }

    /// The leg that the state has on this side.
    #[track_caller]
    pub(crate) fn present(&self, side: Side) -> Option<&Leg> {
        let leg = self.leg(side);
        debug_assert!(leg.is_some(), "no leg of the {side:?}: {self:?}");
        leg
    }

    /// As [`Call::present`], to be changed.
    #[track_caller]
    pub(crate) fn present_mut(&mut self, side: Side) -> Option<&mut Leg> {
        self.present(side)?;
        self.leg_mut(side)
    }

    /// As [`Call::present`], taken out.
    #[track_caller]
    pub(crate) fn take_present(&mut self, side: Side) -> Option<Leg> {
        let id = self.present(side)?.id;
        self.legs.take(id)
    }

    /// The leg of this name, which an event was found to be about.
    #[track_caller]
    pub(crate) fn found_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        let leg = self.legs.get_mut(id);
        debug_assert!(leg.is_some(), "no leg {id:?}");
        leg
    }

    /// As [`Call::found_mut`], taken out.
    #[track_caller]
    pub(crate) fn take_found(&mut self, id: LegId) -> Option<Leg> {
        let leg = self.legs.take(id);
        debug_assert!(leg.is_some(), "no leg {id:?}: {self:?}");
        leg
    }

    /// On which side this leg is, if it is one that talks or rings.
    pub(crate) fn side_of(&self, id: LegId) -> Option<Side> {
        self.legs.get(id).map(|leg| leg.role.side())
    }

    /// Our role from now on, and with it that of the party that the call is about.
    pub(crate) fn become_role(&mut self, role: Role) {
        let next = self.next.as_mut().map(|next| &mut next.leg);
        for leg in self.legs.iter_mut().chain(next) {
            if leg.role.side() == Side::Peer {
                leg.role = role.peer();
            }
        }
        self.role = role;
    }

    pub(crate) fn set_hold(&mut self, side: Side, hold: bool) {
        if let Some(leg) = self.present_mut(side) {
            leg.hold = hold;
        }
    }

    pub(crate) fn on_hold(&self, side: Side) -> bool {
        self.leg(side).is_some_and(Leg::on_hold)
    }

    /// All legs that are ours, in any part; also those whose call is over and whose REFER is not decided.
    pub(crate) fn leg_ids(&self) -> impl Iterator<Item = LegId> {
        let next = self.next.as_ref().map(|next| &next.leg);
        let leaving = self.leaving.iter().map(|leaving| leaving.id);
        let transfer = match &self.state {
            State::Transfer(transfer) => Some(transfer),
            _ => None,
        };
        let hung_up = transfer.into_iter().flat_map(Transfer::hung_up);
        let asked = match self.state {
            State::Asked { by } => Some(by),
            _ => None,
        };
        let legs = self.legs.iter().chain(next);
        let legs = legs.map(|leg| leg.id);
        legs.chain(leaving).chain(hung_up).chain(asked)
    }

    /// Whether this leg is one of ours, in any part.
    pub(crate) fn knows(&self, leg: LegId) -> bool {
        self.leg_ids().any(|id| id == leg)
    }

    /// The legs are those that the state needs, and one that is to be replaced is there. What [`Call::present`] gives rests on it.
    pub(crate) fn has_its_legs(&self) -> bool {
        let up = |side| self.leg(side).is_some_and(Leg::is_up);
        let dialling = |leg: &Leg| matches!(leg.phase, Phase::Dialling(_));
        let (peer, guest) = (self.leg(Side::Peer), self.leg(Side::Guest));
        let alone = guest.is_none();
        let legs = match &self.state {
            State::Offered => alone && peer.map(|leg| leg.phase) == Some(Phase::Offered),
            State::Dialling | State::TakingOver => alone && peer.is_some_and(dialling),
            State::Single | State::Guest { .. } | State::Carried => alone && up(Side::Peer),
            State::ConsultRequested { .. } => up(Side::Peer) && guest.is_none_or(dialling),
            State::Consult { .. }
            | State::Conference
            | State::Handover { .. }
            | State::Anchored => up(Side::Peer) && up(Side::Guest),
            State::Transfer(transfer) => transfer.refers.iter().all(|refer| {
                let up = |id| self.legs.get(id).is_some_and(Leg::is_up);
                let left = usize::from(!refer.hung_up);
                let there = match refer.to {
                    To::Leg(Some(other)) => up(other),
                    To::Leg(None) | To::Target(_) => self.legs.iter().count() == left,
                };
                up(refer.referred) != refer.hung_up && there
            }),
            State::PostCall => peer.is_none() && up(Side::Guest),
            State::Asked { .. } | State::Ending => alone && peer.is_none(),
        };
        // Three parties, and no leg of another role.
        let known = self.legs.iter().count() == [peer, guest].into_iter().flatten().count();
        let next = self.next.as_ref();
        legs && known && next.is_none_or(|next| self.legs.get(next.old).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Capabilities, PartyIdentity};
    use alloc::sync::Arc;

    #[test]
    fn the_peer_comes_first_and_eight_parties_fit_in_the_order_in_which_they_joined() {
        let leg = |number, role| {
            let can = Capabilities::default();
            Leg::new(
                LegId::Placed(number),
                role,
                Arc::new(PartyIdentity::named("a")),
                Phase::Up,
                can,
            )
        };
        let mut legs = Legs::default();
        (1..=6).for_each(|guest| legs.add(leg(guest, Role::Guest)));
        legs.add(leg(7, Role::Customer));
        let ids = |legs: &Legs| legs.iter().map(|leg| leg.id).collect::<Vec<_>>();
        assert_eq!(ids(&legs), [7, 1, 2, 3, 4, 5, 6].map(LegId::Placed));
        // One leaves, and joins again behind the others.
        let left = legs.take(LegId::Placed(2)).expect("it was there");
        legs.add(left);
        assert_eq!(ids(&legs), [7, 1, 3, 4, 5, 6, 2].map(LegId::Placed));
        assert_eq!(
            legs.of(Role::Guest).map(|leg| leg.id),
            Some(LegId::Placed(1))
        );
    }
}
