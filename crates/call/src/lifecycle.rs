//! The course of a call from its connection to its end: who owns it, who is called, who is sent away, what is due.
use crate::call::{By, Call, Leaving, Next, State};
use crate::leg::{Leg, Phase, Ring};
use crate::step_context::{Common, StepContext};
use crate::{
    Action, ByeReason, CallRecord, Capabilities, LegId, Notice, Outcome, Role, Stage, Target, Time,
};
use alloc::string::{String, ToString};

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
        self.role = Role::Owner;
        self.trusted = false;
        self.connected = true;
        self.wrap_up = None;
        self.owed = false;
        // The call is about the customer now, no longer about who consulted us.
        if let Some(customer) = &self.first {
            self.peer = customer.name.clone();
        }
        out.record(CallRecord::Owned {
            call: self.id,
            peer: self.peer.to_string(),
            at: out.now,
        });
        out.notice(Notice::NowOwner { call: self.id });
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
        });
    }

    /// The call is over for us, whoever ended it: it is recorded, and its owner owes a wrap-up. Its legs are another matter.
    pub(crate) fn finish(&mut self, outcome: Outcome, out: &mut StepContext<'_>) {
        if !self.finished {
            self.finished = true;
            out.record(CallRecord::Finished {
                call: self.id,
                outcome,
                at: out.now,
            });
        }
        self.owe_wrap_up(out);
    }

    /// The call is over: all that is left of it is sent away.
    pub(crate) fn over(&mut self, outcome: Outcome, reason: ByeReason, out: &mut StepContext<'_>) {
        let reports = |next: &Next| matches!(next.by, By::Referral { report: true, .. });
        let asked = self.referral.take().is_some() || self.next.as_ref().is_some_and(reports);
        if asked && let Some(first) = &self.first {
            out.push(Action::ReferralResult {
                leg: first.id,
                status: 603,
            });
        }
        let next = self.next.take().map(|next| next.leg);
        for leg in [self.first.take(), self.second.take(), next]
            .into_iter()
            .flatten()
        {
            self.send_away(&leg, reason, out);
        }
        self.state = State::Ending;
        self.ask = None;
        self.finish(outcome, out);
    }

    /// Nothing is left of it.
    pub(crate) fn is_gone(&self) -> bool {
        self.state == State::Ending && self.leaving.is_empty()
    }

    /// The earliest of its deadlines.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let state = match &self.state {
            State::Transfer(transfer) => Some(transfer.until),
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
        [state, next, referral, leaving, self.ask]
            .into_iter()
            .flatten()
            .min()
    }

    /// Place a second leg, or the one that follows a referral.
    pub(crate) fn invite(
        &self,
        target: &Target,
        as_guest: bool,
        referral: Option<LegId>,
        out: &mut StepContext<'_>,
    ) -> Leg {
        let id = out.common.leg_id();
        out.push(Action::Invite {
            leg: id,
            account: self.account,
            target: target.clone(),
            as_guest,
            referral,
        });
        Leg::new(
            id,
            &target.0,
            Phase::Dialling(Ring::Silent),
            Capabilities::default(),
        )
    }

    /// Name of the party in this place, for a notice.
    pub(crate) fn name(&self, slot: crate::call::Slot) -> String {
        self.leg(slot)
            .map(|leg| leg.name.to_string())
            .unwrap_or_default()
    }

    /// Note when the stage changes.
    pub(crate) fn watch_stage(&mut self, now: Time) {
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
