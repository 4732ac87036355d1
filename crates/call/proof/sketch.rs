//! What the search needs of a phone beyond its public face: a canonical form, and a sketch without words.
use crate::call::{By, Call, State, Step};
use crate::leg::Leg;
use crate::step_context::Shutdown;
use crate::transfer::{Origin, Transfer};
use crate::{CallId, Capabilities, Column, LegId, Phone, Role, Stage, Time, WrapUpId};
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::time::Duration;

/// Where every deadline stands in canonical form: which fires first is the searcher's choice.
pub(crate) const SOME_DAY: Time = Time(Duration::from_secs(1 << 30));

/// What became of the names of legs and calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Renamed {
    /// Old and new.
    pub(crate) legs: Vec<(LegId, LegId)>,
    /// Old and new.
    pub(crate) calls: Vec<(CallId, CallId)>,
}

/// A call without words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sketch {
    pub(crate) id: CallId,
    pub(crate) role: Role,
    pub(crate) stage: Stage,
    pub(crate) column: Column,
    /// To an owner the customer, else the peer.
    pub(crate) first: Option<LegSketch>,
    /// To an owner the guest.
    pub(crate) second: Option<LegSketch>,
    /// A leg that is about to take another's place, and that other.
    pub(crate) next: Option<(LegId, Option<LegId>)>,
    pub(crate) leaving: Vec<LegId>,
    pub(crate) local: bool,
    pub(crate) muted: bool,
    pub(crate) connected: bool,
    pub(crate) asking: bool,
    /// The transfer that runs out of a conference, or the conference itself.
    pub(crate) conference: bool,
    /// A step of a consult is under way.
    pub(crate) stepping: bool,
    /// The step is the start of a conference.
    pub(crate) joining: bool,
    /// In a transfer: who was sent, and whether the other has gone already.
    pub(crate) referred: Option<LegId>,
    pub(crate) replaced_gone: bool,
    pub(crate) blind: bool,
    pub(crate) anchored_here: bool,
    pub(crate) wrap_up: Option<WrapUpId>,
}

/// A leg without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LegSketch {
    pub(crate) id: LegId,
    pub(crate) up: bool,
    pub(crate) hold: bool,
    pub(crate) held: bool,
    pub(crate) asked: bool,
    pub(crate) far_held: bool,
    pub(crate) silent: bool,
    pub(crate) can: Capabilities,
}

impl LegSketch {
    fn of(leg: &Leg) -> Self {
        let Leg {
            id,
            hold,
            held,
            far_held,
            silent,
            can,
            ..
        } = *leg;
        Self {
            id,
            up: leg.is_up(),
            hold,
            held,
            asked: leg.asked.is_some(),
            far_held,
            silent,
            can,
        }
    }
}

impl Phone {
    /// Bring into canonical form: legs, calls and wrap-ups numbered by their order, no history, no time.
    pub(crate) fn canonical(&mut self) -> Renamed {
        let mut renamed = Renamed::default();
        for (place, call) in self.calls.iter_mut().enumerate() {
            let new = CallId(place as u32 + 1);
            renamed.calls.push((call.id, new));
            call.id = new;
            call.since = Time::ZERO;
            call.leaving.sort_by_key(|leaving| leaving.id);
        }
        self.common.last_call = self.calls.len() as u32;
        for (place, wrap_up) in self.common.wrap_ups.iter_mut().enumerate() {
            let new = WrapUpId(place as u32 + 1);
            let of = renamed.calls.iter().find(|(old, _)| *old == wrap_up.call);
            for call in &mut self.calls {
                if call.wrap_up == Some(wrap_up.id) && of.is_some_and(|(_, id)| *id == call.id) {
                    // Marked apart from the old numbers until all are new.
                    call.wrap_up = Some(WrapUpId(u32::MAX - new.0));
                }
            }
            wrap_up.call = of.map_or(CallId(0), |(_, id)| *id);
            wrap_up.id = new;
        }
        for call in &mut self.calls {
            call.wrap_up = call.wrap_up.map(|id| {
                if id.0 > u32::MAX / 2 {
                    WrapUpId(u32::MAX - id.0)
                } else {
                    WrapUpId(0)
                }
            });
        }
        self.common.last_wrap_up = self.common.wrap_ups.len() as u32;
        self.rename_legs(&mut renamed);
        self.each_time(|time| *time = SOME_DAY);
        renamed
    }

    fn rename_legs(&mut self, renamed: &mut Renamed) {
        let (mut placed, mut received) = (0, 0);
        let mut rename = |id: &mut LegId| {
            let new = match *id {
                LegId::Placed(_) => {
                    placed += 1;
                    LegId::Placed(placed)
                }
                LegId::Received(_) => {
                    received += 1;
                    LegId::Received(received)
                }
            };
            renamed.legs.push((*id, new));
            *id = new;
        };
        for call in &mut self.calls {
            let next = call.next.as_mut().map(|next| &mut next.leg);
            for leg in [call.first.as_mut(), call.second.as_mut(), next]
                .into_iter()
                .flatten()
            {
                rename(&mut leg.id);
            }
            for leaving in &mut call.leaving {
                rename(&mut leaving.id);
            }
        }
        self.common.last_leg = placed;
    }

    /// Every time in the state, in a fixed order.
    fn each_time(&mut self, mut then: impl FnMut(&mut Time)) {
        for call in &mut self.calls {
            match &mut call.state {
                State::Transfer(Transfer { until, .. }) | State::Handover { until } => then(until),
                _ => {}
            }
            if let Some(next) = &mut call.next
                && let By::Replaces(Some(until))
                | By::Referral {
                    until: Some(until), ..
                } = &mut next.by
            {
                then(until);
            }
            if let Some(asked) = &mut call.referral {
                then(&mut asked.until);
            }
            for leaving in &mut call.leaving {
                if let Some(until) = &mut leaving.until {
                    then(until);
                }
            }
            if let Some(ask) = &mut call.ask {
                then(ask);
            }
        }
        if let Some(until) = &mut self.common.busy {
            then(until);
        }
        for wrap_up in &mut self.common.wrap_ups {
            if let Some(deadline) = &mut wrap_up.deadline {
                then(deadline);
            }
        }
    }

    /// How many deadlines run.
    #[must_use]
    pub(crate) fn deadlines(&self) -> usize {
        let mut count = 0;
        self.clone().each_time(|_| count += 1);
        count
    }

    /// Let this one of the deadlines be due at `now`, and no other.
    pub(crate) fn bring_forward(&mut self, which: usize, now: Time) {
        let mut place = 0;
        self.each_time(|time| {
            if place == which {
                *time = now;
            }
            place += 1;
        });
    }

    /// All but the policy, which never changes.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.common.presence.hash(hasher);
        self.common.page_open.hash(hasher);
        self.common.device.hash(hasher);
        self.common.shutdown.hash(hasher);
        self.common.busy.hash(hasher);
        self.common.wrap_ups.hash(hasher);
        self.calls.hash(hasher);
    }

    /// Some leg of some call is called so.
    #[must_use]
    pub(crate) fn knows(&self, leg: LegId) -> bool {
        self.calls.iter().any(|call| call.knows(leg))
    }

    /// The wrap-ups: of which call, and whether it is owed.
    #[must_use]
    pub(crate) fn wrap_up_list(&self) -> Vec<(WrapUpId, CallId, bool)> {
        self.common
            .wrap_ups
            .iter()
            .map(|w| (w.id, w.call, w.due))
            .collect()
    }

    /// Switched off, or about to be.
    #[must_use]
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.common.shutdown != Shutdown::No
    }

    /// The calls without words.
    #[must_use]
    pub(crate) fn sketch(&self) -> Vec<Sketch> {
        self.calls.iter().map(Sketch::of).collect()
    }
}

impl Sketch {
    fn of(call: &Call) -> Self {
        let transfer = match &call.state {
            State::Transfer(transfer) => Some(transfer),
            _ => None,
        };
        let step = match &call.state {
            State::Consult { step, .. } => *step,
            _ => Step::Rest,
        };
        Self {
            id: call.id,
            role: call.role,
            stage: call.stage(),
            column: call.column(),
            first: call.first.as_ref().map(LegSketch::of),
            second: call.second.as_ref().map(LegSketch::of),
            next: call
                .next
                .as_ref()
                .map(|next| (next.leg.id, call.leg(next.slot).map(|leg| leg.id))),
            leaving: call.leaving.iter().map(|leaving| leaving.id).collect(),
            local: call.has_local(),
            muted: call.muted,
            connected: call.connected,
            asking: call.ask.is_some(),
            conference: call.state == State::Conference
                || transfer.is_some_and(|transfer| transfer.origin == Origin::Conference),
            stepping: step != Step::Rest,
            joining: step == Step::Joining,
            referred: transfer.and_then(|t| call.leg(t.referred()).map(|leg| leg.id)),
            replaced_gone: transfer.is_some_and(|t| t.replaced_gone),
            blind: transfer.is_some_and(|t| t.origin == Origin::Single),
            anchored_here: call.state == State::Anchored,
            wrap_up: call.wrap_up,
        }
    }
}
