//! What the search needs of a phone beyond its public face: a canonical form, and a sketch without words.
use crate::call::{By, Call, State, Step, Unasked};
use crate::call_set::Calls;
use crate::leg::Leg;
use crate::legs::Side;
use crate::parallel::ParallelCalls;
use crate::step_context::Shutdown;
use crate::transfer::{Origin, To, Transfer};
use crate::{
    CallId, Capabilities, Column, LegId, PartyIdentity, Phone, Presence, Role, Stage, Time,
    WrapUpId,
};
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
    /// In a transfer: the leg that is referred, whether it has hung up, and whether the other has gone already.
    pub(crate) referred: Option<LegId>,
    pub(crate) referred_gone: bool,
    pub(crate) replaced_gone: bool,
    /// A 603 to its REFER would come at once.
    pub(crate) at_once: bool,
    pub(crate) blind: bool,
    pub(crate) anchored_here: bool,
    pub(crate) wrap_up: Option<WrapUpId>,
    /// The customer is asked whether it is still there, after a transfer that failed.
    pub(crate) probing: bool,
    /// The first step of a swap is under way.
    pub(crate) parting: bool,
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
        for (place, call) in self.calls.each_mut().enumerate() {
            let new = CallId(place as u32 + 1);
            renamed.calls.push((call.id, new));
            call.id = new;
            call.since = Time::ZERO;
            let then = |time: &mut Option<Time>| *time = time.map(|_| Time::ZERO);
            then(&mut call.answered);
            let next = call.next.as_mut().map(|next| &mut next.leg);
            for leg in call.legs.iter_mut().chain(next) {
                then(&mut leg.up_since);
                then(&mut leg.held_since);
            }
            // Which status it was makes no difference.
            call.probing = call.probing.map(|_| 500);
            call.leaving.sort_by_key(|leaving| leaving.id);
        }
        self.common.presence_since = Time::ZERO;
        self.common.last_call = self.calls.len() as u32;
        for (place, wrap_up) in self.common.wrap_ups.iter_mut().enumerate() {
            let new = WrapUpId(place as u32 + 1);
            let of = renamed.calls.iter().find(|(old, _)| *old == wrap_up.call);
            for call in self.calls.each_mut() {
                if call.wrap_up == Some(wrap_up.id) && of.is_some_and(|(_, id)| *id == call.id) {
                    // Marked apart from the old numbers until all are new.
                    call.wrap_up = Some(WrapUpId(u32::MAX - new.0));
                }
            }
            wrap_up.call = of.map_or(CallId(0), |(_, id)| *id);
            wrap_up.id = new;
        }
        for call in self.calls.each_mut() {
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
        self.reindex();
        renamed
    }

    /// Parallel calls are found by their new names and deadlines.
    fn reindex(&mut self) {
        if let Calls::Parallel(calls) = &mut self.calls {
            *calls = calls.reindexed();
        }
    }

    pub(crate) fn is_parallel(&self) -> bool {
        matches!(self.calls, Calls::Parallel(_))
    }

    /// Whether the clock answers an offered call now, and ends one that is connected.
    pub(crate) fn clock(&self) -> (bool, bool) {
        (
            self.common.answers(),
            self.common.policy.end_after.is_some(),
        )
    }

    /// What parallel calls are found by agrees with the calls.
    pub(crate) fn is_indexed(&self) -> bool {
        match &self.calls {
            Calls::Sharing(_) => true,
            Calls::Parallel(calls) => *calls == calls.reindexed(),
        }
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
        for call in self.calls.each_mut() {
            let next = call.next.as_mut().map(|next| &mut next.leg);
            for leg in call.legs.iter_mut().chain(next) {
                rename(&mut leg.id);
            }
            for leaving in &mut call.leaving {
                rename(&mut leaving.id);
            }
            // These legs are named by their REFER alone.
            if let State::Asked { by } = &mut call.state {
                rename(by);
            }
            if let State::Transfer(transfer) = &call.state {
                transfer.hung_up().for_each(|mut leg| rename(&mut leg));
            }
        }
        // What names a leg follows it.
        let follow = |id: &mut LegId| {
            let found = renamed.legs.iter().find(|(old, _)| old == id);
            *id = found.map_or(*id, |(_, new)| *new);
        };
        for call in self.calls.each_mut() {
            if let Some(next) = &mut call.next {
                follow(&mut next.old);
            }
            if let State::Transfer(transfer) = &mut call.state {
                for refer in &mut transfer.refers {
                    follow(&mut refer.referred);
                    if let To::Leg(Some(other)) = &mut refer.to {
                        follow(other);
                    }
                }
            }
        }
        self.common.last_leg = placed;
    }

    /// Every time in the state, in a fixed order.
    fn each_time(&mut self, mut then: impl FnMut(&mut Time)) {
        match &mut self.calls {
            Calls::Sharing(calls) => {
                for call in calls {
                    call.each_time(&mut then);
                }
            }
            Calls::Parallel(calls) => {
                for parallel in calls.calls.values_mut() {
                    parallel.call.each_time(&mut then);
                    let own = [parallel.answer.as_mut(), parallel.end.as_mut()];
                    own.into_iter().flatten().for_each(&mut then);
                }
            }
        }
        if let Some((until, _)) = &mut self.common.busy {
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
        self.reindex();
    }

    /// All but the policy, which never changes.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.common.presence.hash(hasher);
        self.common.not_answered.hash(hasher);
        self.common.page_open.hash(hasher);
        self.common.device.hash(hasher);
        self.common.rtp_ports.hash(hasher);
        self.common.shutdown.hash(hasher);
        self.common.busy.hash(hasher);
        self.common.wrap_ups.hash(hasher);
        self.calls.hash(hasher);
    }

    /// Callers were turned away of late.
    pub(crate) fn counts_turned_away(&self) -> bool {
        self.common.turned_away.is_some()
    }

    /// What the agent has set, or was set for it.
    pub(crate) fn presence(&self) -> Presence {
        self.common.presence
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

    /// The wrap-ups that were handed in and are not yet known to be kept.
    pub(crate) fn handed_in(&self) -> Vec<WrapUpId> {
        let all = self.common.wrap_ups.iter();
        all.filter(|w| w.handed_in).map(|w| w.id).collect()
    }

    /// The party at the far end of a leg, as it was stated last.
    pub(crate) fn party(&self, leg: LegId) -> Option<&PartyIdentity> {
        let leg = self.calls.iter().find_map(|call| call.legs.get(leg))?;
        Some(&leg.party)
    }

    /// Switched off, or about to be.
    #[must_use]
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.common.shutdown != Shutdown::No
    }

    /// The calls without words.
    #[must_use]
    pub(crate) fn sketch(&self) -> Vec<Sketch> {
        self.calls
            .iter()
            .map(|call| Sketch::of(call, !self.is_parallel()))
            .collect()
    }
}

impl Call {
    fn each_time(&mut self, mut then: impl FnMut(&mut Time)) {
        match &mut self.state {
            State::Transfer(Transfer { until, refers, .. }) => {
                then(until);
                let at_once = refers.iter_mut().filter_map(|refer| refer.at_once.as_mut());
                at_once.for_each(&mut then);
            }
            State::Handover { until } => then(until),
            _ => {}
        }
        if let Some(next) = &mut self.next
            && let By::Replaces(Some(until))
            | By::Referral {
                until: Some(until), ..
            } = &mut next.by
        {
            then(until);
        }
        if let Some(asked) = &mut self.referral {
            then(&mut asked.until);
        }
        for leaving in &mut self.leaving {
            if let Some(until) = &mut leaving.until {
                then(until);
            }
        }
        if let Some(Unasked::Request(at)) = &mut self.unasked {
            then(at);
        }
        if let Some(until) = &mut self.tone_until {
            then(until);
        }
        if let Some(ask) = &mut self.ask {
            then(ask);
        }
    }
}

impl Calls {
    /// Those of the calls that share our microphone and ear.
    pub(crate) fn sharing_mut(&mut self) -> &mut [Call] {
        match self {
            Self::Sharing(calls) => calls,
            Self::Parallel(_) => &mut [],
        }
    }

    /// Every call, oldest first. Parallel calls are to be indexed anew afterwards.
    fn each_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        let (sharing, parallel) = match self {
            Self::Sharing(calls) => (Some(calls.iter_mut()), None),
            Self::Parallel(calls) => (None, Some(calls.calls.values_mut())),
        };
        let parallel = parallel.into_iter().flatten();
        let parallel = parallel.map(|parallel| &mut parallel.call);
        sharing.into_iter().flatten().chain(parallel)
    }
}

impl ParallelCalls {
    /// The same calls, with what they are found by made anew.
    pub(crate) fn reindexed(&self) -> Self {
        let mut new = Self::default();
        for parallel in self.calls.values() {
            new.legs
                .extend(parallel.call.leg_ids().map(|leg| (leg, parallel.call.id)));
            let deadline = parallel.next_deadline();
            new.deadlines
                .extend(deadline.map(|at| (at, parallel.call.id)));
            new.calls.insert(parallel.call.id, parallel.clone());
        }
        new
    }
}

impl Sketch {
    fn of(call: &Call, shares: bool) -> Self {
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
            first: call.leg(Side::Peer).map(LegSketch::of),
            second: call.leg(Side::Guest).map(LegSketch::of),
            next: call
                .next
                .as_ref()
                .map(|next| (next.leg.id, call.legs.get(next.old).map(|leg| leg.id))),
            leaving: call.leaving.iter().map(|leaving| leaving.id).collect(),
            local: shares && call.has_local(),
            muted: call.muted,
            connected: call.connected,
            asking: call.ask.is_some(),
            conference: call.state == State::Conference
                || transfer.is_some_and(|transfer| transfer.origin == Origin::Conference),
            stepping: step != Step::Rest,
            joining: step == Step::Joining,
            referred: transfer.and_then(|t| t.refers.first()).map(|r| r.referred),
            referred_gone: transfer.is_some_and(|t| t.hung_up().next().is_some()),
            replaced_gone: transfer.is_some_and(Transfer::has_replaced_gone),
            at_once: transfer.is_some_and(|t| t.refers.iter().any(|r| r.at_once.is_some())),
            blind: transfer.is_some_and(|t| t.origin == Origin::Single),
            anchored_here: call.state == State::Anchored,
            wrap_up: call.wrap_up,
            probing: call.probing.is_some(),
            parting: step == Step::Parting,
        }
    }
}
