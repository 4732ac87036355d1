//! What of a call outlives a crash of the phone, and how the next run goes on with it.
use crate::call::{Call, Leaving, State, Step};
use crate::leg::{Leg, Phase};
use crate::legs::Side;
use crate::transfer::{Origin, Refer, To, Transfer};
use crate::{KeptCall, KeptLeg, KeptTransfer, LegId, ReferTo, Role, Stage, Time};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

impl Call {
    /// As the next run of the phone is to go on with it; `None`: it only rings, or is over.
    pub(crate) fn kept(&self) -> Option<KeptCall> {
        let stage = self.stage_without_steps()?;
        let up = self.legs.iter().filter(|leg| leg.is_up());
        Some(KeptCall {
            id: self.id,
            role: self.role,
            account: self.account,
            peer: Arc::clone(&self.peer),
            origin: Arc::clone(&self.origin),
            stage,
            legs: up.map(Leg::kept).collect(),
            transfer: self.kept_transfer(),
            ringing: self.ringing_guest().map(Leg::kept),
            muted: self.muted,
            wrap_up: self.wrap_up,
            owed: self.owed,
            since: self.since,
            answered: self.answered,
        })
    }

    fn kept_transfer(&self) -> Option<KeptTransfer> {
        let State::Transfer(transfer) = &self.state else {
            return None;
        };
        let [refer] = &transfer.refers[..] else {
            return None;
        };
        let up = |id: LegId| self.legs.get(id).is_some_and(Leg::is_up);
        let to = match &refer.to {
            To::Leg(other) => ReferTo::Leg(other.filter(|other| up(*other))?),
            To::Target(target) => ReferTo::Target(target.clone()),
        };
        up(refer.referred).then_some(KeptTransfer {
            referred: refer.referred,
            to,
            then_reversed: refer.then_reversed,
        })
    }

    /// The guest that is called and has not answered.
    fn ringing_guest(&self) -> Option<&Leg> {
        let guest = self.leg(Side::Guest)?;
        matches!(guest.phase, Phase::Dialling(_)).then_some(guest)
    }

    /// The stage that the legs that are up come to without what is under way.
    fn stage_without_steps(&self) -> Option<Stage> {
        if !self.connected {
            return None;
        }
        let front = |front| match front {
            Side::Guest => Stage::Consulting,
            Side::Peer => Stage::Swapped,
        };
        let single = || {
            let peer = self.leg(Side::Peer)?;
            Some(if peer.hold {
                Stage::Held
            } else {
                Stage::Connected
            })
        };
        let stage = match &self.state {
            State::Offered
            | State::Asked { .. }
            | State::Dialling
            | State::TakingOver
            | State::Handover { .. }
            | State::Ending => return None,
            State::Single => single()?,
            State::ConsultRequested { .. } => Stage::Held,
            State::Consult { front: side, .. } => front(*side),
            State::Conference => Stage::Conference,
            State::Transfer(transfer) => match transfer.origin {
                Origin::Conference => Stage::Conference,
                Origin::Consult(side) => front(side),
                Origin::Single => single()?,
            },
            State::Anchored | State::Carried => Stage::Anchored,
            State::PostCall | State::Guest { post: true } => Stage::PostCall,
            State::Guest { post: false } => Stage::Consulting,
        };
        let up = |side| self.leg(side).is_some_and(Leg::is_up);
        match (up(Side::Peer), up(Side::Guest)) {
            // In a transfer one of the two may have hung up already.
            (true, false) if self.role == Role::Owner => Some(match stage {
                Stage::Consulting => Stage::Held,
                Stage::Swapped | Stage::Conference => Stage::Connected,
                stage => stage,
            }),
            (false, true) => Some(Stage::PostCall),
            (false, false) => None,
            _ => Some(stage),
        }
    }

    /// The call of an earlier run, whose legs' dialogs live. `None`: it is none that can be gone on with.
    pub(crate) fn taken_up(kept: &KeptCall, transfer_time: Duration, now: Time) -> Option<Self> {
        let (state, held) = state_of(kept)?;
        let state = match &kept.transfer {
            Some(transfer) => State::Transfer(transferring(state, transfer, now + transfer_time)?),
            None => state,
        };
        let (id, role, account) = (kept.id, kept.role, kept.account);
        let mut call = Self::begun(
            (id, role, account),
            Arc::clone(&kept.peer),
            (state, kept.stage),
            kept.since,
        );
        for kept in &kept.legs {
            if call.legs.get(kept.id).is_some() {
                return None;
            }
            let hold = held == Some(kept.role.side());
            call.legs.add(Leg::taken_up(kept, hold, now));
        }
        if let Some(ringing) = &kept.ringing {
            // The user agent cancels it.
            call.leaving.push(Leaving {
                id: ringing.id,
                until: None,
                hears: false,
            });
        }
        call.origin = Arc::clone(&kept.origin);
        call.muted = kept.muted;
        call.connected = true;
        call.wrap_up = kept.wrap_up;
        call.owed = kept.owed;
        call.answered = kept.answered;
        // A guest's row follows what its owner's phone has stated.
        call.stage_was = call.stage();
        let roles = call.legs.iter().all(|leg| match leg.role.side() {
            Side::Peer => leg.role == role.peer(),
            Side::Guest => role == Role::Owner,
        });
        let is_there = |leg: LegId| call.legs.get(leg).is_some();
        let refers = kept.transfer.as_ref().is_none_or(|transfer| {
            let to = match transfer.to {
                ReferTo::Leg(other) => is_there(other) && other != transfer.referred,
                ReferTo::Target(_) => true,
            };
            role == Role::Owner && is_there(transfer.referred) && to
        });
        (roles && refers && call.has_its_legs()).then_some(call)
    }
}

/// The transfer out of this state; `None`: there is none out of it.
fn transferring(from: State, kept: &KeptTransfer, until: Time) -> Option<Transfer> {
    let origin = match from {
        State::Conference => Origin::Conference,
        State::Consult { front, .. } => Origin::Consult(front),
        State::Single => Origin::Single,
        _ => return None,
    };
    let to = match &kept.to {
        ReferTo::Leg(other) => To::Leg(Some(*other)),
        ReferTo::Target(target) => To::Target(target.clone()),
    };
    let refer = Refer {
        referred: kept.referred,
        hung_up: false,
        to,
        then_reversed: kept.then_reversed,
        // What comes now does not come at once.
        at_once: None,
    };
    Some(Transfer {
        origin,
        refers: vec![refer],
        until,
    })
}

/// The state of a call that was kept in this stage, and the side that is on hold.
fn state_of(kept: &KeptCall) -> Option<(State, Option<Side>)> {
    let consult = |front: Side| {
        let step = Step::Rest;
        (State::Consult { front, step }, Some(front.other()))
    };
    let is_guest = kept.role == Role::Guest;
    let has_guest = kept.legs.iter().any(|leg| leg.role == Role::Guest);
    Some(match kept.stage {
        Stage::PostCall if is_guest => (State::Guest { post: true }, None),
        Stage::Consulting if is_guest => (State::Guest { post: false }, None),
        _ if is_guest => return None,
        Stage::Connected => (State::Single, None),
        Stage::Held => (State::Single, Some(Side::Peer)),
        Stage::Consulting => consult(Side::Guest),
        Stage::Swapped => consult(Side::Peer),
        Stage::Conference => (State::Conference, None),
        Stage::PostCall => (State::PostCall, None),
        Stage::Anchored if has_guest => (State::Anchored, None),
        Stage::Anchored => (State::Carried, None),
        Stage::Offered
        | Stage::Asked
        | Stage::Dialling
        | Stage::ConsultRequested
        | Stage::TransferPending
        | Stage::Ending => return None,
    })
}

impl Leg {
    fn kept(&self) -> KeptLeg {
        KeptLeg {
            id: self.id,
            role: self.role,
            party: Arc::clone(&self.party),
            can: self.can,
            far_held: self.far_held,
            far_focus: self.far_focus,
            up_since: self.up_since,
        }
    }

    fn taken_up(kept: &KeptLeg, hold: bool, now: Time) -> Self {
        let party = Arc::clone(&kept.party);
        Self {
            hold,
            held: hold,
            far_held: kept.far_held,
            far_focus: kept.far_focus,
            up_since: kept.up_since,
            held_since: hold.then_some(now),
            // The far side is to learn where we are now.
            refresh: true,
            ..Self::new(kept.id, kept.role, party, Phase::Up, kept.can)
        }
    }
}

/// The calls that outlive a crash, oldest first.
pub(crate) fn kept(calls: &[Call]) -> Vec<KeptCall> {
    calls.iter().filter_map(Call::kept).collect()
}
