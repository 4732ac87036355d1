//! The course of a call from its connection to its end: its owner, the legs that are placed and sent away, what is due.
use crate::call::{By, Call, Leaving, Next, State, Unasked};
use crate::leg::{Leg, Phase, Ring};
use crate::legs::Side;
use crate::step_context::{Common, StepContext};
use crate::{
    AccountId, Action, ByeReason, CallRecord, Capabilities, LegId, Notice, Outcome, PartyIdentity,
    Role, Stage, Target, Time,
};
use alloc::sync::Arc;

impl Call {
    /// Sound was agreed for the first time.
    pub(crate) fn connect(&mut self, out: &mut StepContext<'_>) {
        if !self.connected {
            self.connected = true;
            out.record(CallRecord::Connected {
                call: self.id,
                at: out.now,
            });
        }
    }

    /// The guest is the owner from now on (R10).
    pub(crate) fn own(&mut self, out: &mut StepContext<'_>) {
        self.become_role(Role::Owner);
        self.connected = true;
        self.wrap_up = None;
        self.owed = false;
        // The call is about the customer now, no longer about the owner that consulted us.
        if let Some(customer) = self.leg(Side::Peer) {
            self.peer = Arc::clone(&customer.party);
        }
        out.record(CallRecord::Owned {
            call: self.id,
            peer: Arc::clone(&self.peer),
            at: out.now,
        });
        out.notice(Notice::NowOwner { call: self.id });
    }

    /// Who the far side of a leg is was stated.
    pub(crate) fn identified(
        &mut self,
        id: LegId,
        party: Arc<PartyIdentity>,
        out: &mut StepContext<'_>,
    ) {
        let Some(leg) = self.found_mut(id) else {
            return;
        };
        let another = party.asserted && !party.is_same_party(&leg.party);
        leg.party = party;
        if another && self.role == Role::Guest {
            self.handed_over(out);
        }
        self.name_peer(out);
    }

    /// R10, behind a PBX whose transfer no phone sees: the party on the leg of our owner is another, so it is the customer. A call
    /// that still rings is the customer's then.
    fn handed_over(&mut self, out: &mut StepContext<'_>) {
        let State::Guest { .. } = self.state else {
            return self.become_role(Role::Owner);
        };
        let Some(leg) = self.present_mut(Side::Peer) else {
            return;
        };
        leg.far_focus = false;
        let leg = leg.id;
        if self.referral.take().is_some() {
            out.push(Action::ReferralResult { leg, status: 603 });
            out.notice(Notice::TransferWithdrawn { call: self.id });
        }
        self.state = State::Single;
        self.own(out);
    }

    /// The call is about the party that its peer's leg has: it, its wrap-up and its record are told where that is another.
    pub(crate) fn name_peer(&mut self, out: &mut StepContext<'_>) {
        let Some(leg) = self.leg(Side::Peer).filter(|leg| leg.party != self.peer) else {
            return;
        };
        let peer = Arc::clone(&leg.party);
        let wrap_up = self.wrap_up;
        let mut wrap_ups = out.common.wrap_ups.iter_mut();
        if let Some(wrap_up) = wrap_ups.find(|one| Some(one.id) == wrap_up) {
            wrap_up.peer = Arc::clone(&peer);
        }
        self.peer = Arc::clone(&peer);
        out.record(CallRecord::Identified {
            call: self.id,
            peer,
            at: out.now,
        });
    }

    /// Send one leg away, whatever it is doing.
    pub(crate) fn send_away(&mut self, leg: &Leg, reason: ByeReason, out: &mut StepContext<'_>) {
        match leg.phase {
            Phase::Offered => {
                out.push(Action::Reject {
                    leg: leg.id,
                    status: 480,
                });
                return;
            }
            Phase::Dialling(_) => out.push(Action::Cancel(leg.id)),
            Phase::Answering | Phase::Up => out.push(Action::Bye {
                leg: leg.id,
                reason,
            }),
        }
        self.leaving.push(Leaving {
            id: leg.id,
            until: None,
            hears: false,
        });
    }

    /// The call is over for us, by either side: it is recorded, and its owner owes a wrap-up. Its legs are another matter.
    pub(crate) fn finish(&mut self, outcome: Outcome, out: &mut StepContext<'_>) {
        if !self.finished {
            self.finished = true;
            out.record(CallRecord::Finished {
                call: self.id,
                outcome,
                reason: self.reason.take(),
                at: out.now,
            });
        }
        self.owe_wrap_up(out);
    }

    /// The call is over: all that is left of it is sent away.
    pub(crate) fn over(&mut self, outcome: Outcome, reason: ByeReason, out: &mut StepContext<'_>) {
        if let State::Asked { .. } = self.state {
            return self.refuse_asked(out);
        }
        let reports = |next: &Next| matches!(next.by, By::Referral { report: true, .. });
        let asked = self.referral.take().is_some() || self.next.as_ref().is_some_and(reports);
        // Where the referrer's own leg is what ended, no NOTIFY reaches it any more.
        if asked && let Some(first) = self.leg(Side::Peer) {
            out.push(Action::ReferralResult {
                leg: first.id,
                status: 603,
            });
        }
        let next = self.next.take().map(|next| next.leg);
        for leg in core::mem::take(&mut self.legs).into_iter().chain(next) {
            self.send_away(&leg, reason, out);
        }
        self.state = State::Ending;
        self.unasked = None;
        self.of_stranger = false;
        self.tone_until = None;
        self.ask = None;
        self.probing = None;
        self.finish(outcome, out);
    }

    /// Nothing is left of it.
    pub(crate) fn is_gone(&self) -> bool {
        self.state == State::Ending && self.leaving.is_empty()
    }

    /// The earliest of its deadlines.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let state = match &self.state {
            State::Transfer(transfer) => transfer.deadline(),
            State::Handover { until } => Some(*until),
            _ => None,
        };
        let next = self.next.as_ref().and_then(|next| match next.by {
            By::Replaces(until) | By::Referral { until, .. } => until,
        });
        let referral = self.referral.as_ref().map(|asked| asked.until);
        let leaving = self
            .leaving
            .iter()
            .filter_map(|leaving| leaving.until)
            .min();
        let unasked = match self.unasked {
            Some(Unasked::Request(at)) => Some(at),
            Some(Unasked::Policy) | None => None,
        };
        let redirected = self
            .redirected_leg()
            .and_then(|leg| leg.redirected.as_ref());
        let redirected = redirected.map(|redirected| redirected.until);
        let times = [
            redirected,
            state,
            next,
            referral,
            leaving,
            unasked,
            self.tone_until,
            self.ask,
        ];
        times.into_iter().flatten().min()
    }

    /// Place a guest's leg, or the one that follows a referral.
    pub(crate) fn invite(
        &self,
        account: AccountId,
        target: &Target,
        role: Role,
        referral: Option<LegId>,
        out: &mut StepContext<'_>,
    ) -> Leg {
        let id = out.common.leg_id();
        out.push(Action::Invite {
            leg: id,
            account,
            target: target.clone(),
            as_guest: role == Role::Guest,
            referral,
        });
        Leg::new(
            id,
            role,
            Arc::new(PartyIdentity::called(target)),
            Phase::Dialling(Ring::Silent),
            Capabilities::default(),
        )
    }

    /// Note when the stage changes, and what else has a time that is shown.
    pub(crate) fn watch_stage(&mut self, now: Time) {
        if self.connected && self.answered.is_none() {
            self.answered = Some(now);
        }
        let next = self.next.as_mut().map(|next| &mut next.leg);
        for leg in self.legs.iter_mut().chain(next) {
            leg.watch(now);
        }
        let stage = self.stage();
        if stage != self.stage_was {
            self.stage_was = stage;
            self.since = now;
            self.ask = self
                .ask
                .filter(|_| matches!(stage, Stage::Conference | Stage::TransferPending));
        }
    }

    /// The policy that holds.
    pub(crate) fn asks_for_wrap_up(&self, common: &Common) -> bool {
        self.role == Role::Owner && self.connected && !common.policy.reasons.is_empty()
    }
}
