//! A call of ours is sent elsewhere (3xx): followed by policy, or by the agent's word.
use crate::call::Call;
use crate::leg::{Leg, Phase, Redirected, Ring};
use crate::step_context::StepContext;
use crate::{Action, LegId, Notice, PartyIdentity, Redirection, RedirectionPolicy, Role};
use alloc::sync::Arc;

impl Call {
    /// The party that this leg calls is elsewhere, by what answered our INVITE.
    pub(crate) fn redirected(
        &mut self,
        id: LegId,
        redirection: Redirection,
        out: &mut StepContext<'_>,
    ) {
        let (call, role) = (self.id, self.role);
        let Some(leg) = self.found_mut(id) else {
            return;
        };
        if !matches!(leg.phase, Phase::Dialling(_)) {
            return self.misplaced();
        }
        // It does not ring there any more.
        leg.phase = Phase::Dialling(Ring::Silent);
        let policy = match (role, out.common.policy.redirections) {
            // A phone without an agent has no one to ask (R5).
            (Role::Customer, RedirectionPolicy::Ask) => RedirectionPolicy::Never,
            (_, policy) => policy,
        };
        let asked = policy == RedirectionPolicy::Ask;
        let follows = policy == RedirectionPolicy::SameDomain && redirection.same_domain;
        if !(asked || follows) {
            out.push(Action::RefuseRedirection(id));
            return;
        }
        out.notice(Notice::Redirected {
            call,
            party: Arc::clone(&leg.party),
            to: redirection.to.0.clone(),
            asked,
        });
        let until = out.now + out.common.policy.referral_time;
        let to = redirection.to;
        leg.redirected = Some(Redirected { to, until });
        if !asked {
            leg.follow_redirection(out);
        }
    }

    /// The call that a REFER has asked for is sent elsewhere. No agent has agreed to that, and none looks.
    pub(crate) fn next_redirected(&mut self, redirection: Redirection, out: &mut StepContext<'_>) {
        let Some(next) = &mut self.next else {
            return self.misplaced();
        };
        if out.common.policy.redirections == RedirectionPolicy::SameDomain
            && redirection.same_domain
        {
            next.leg.party = PartyIdentity::called(&redirection.to).into();
            out.push(Action::FollowRedirection(next.leg.id));
        } else {
            out.push(Action::RefuseRedirection(next.leg.id));
        }
    }

    /// The leg whose redirection the agent is asked about.
    pub(crate) fn redirected_leg(&self) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.redirected.is_some())
    }

    fn redirected_leg_mut(&mut self) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.redirected.is_some())
    }

    /// The agent's yes. Whether there was anything to agree to.
    pub(crate) fn follow_redirection(&mut self, out: &mut StepContext<'_>) -> bool {
        let leg = self.redirected_leg_mut();
        leg.map(|leg| leg.follow_redirection(out)).is_some()
    }

    /// The agent's no, or no answer in time. Whether there was anything to refuse.
    pub(crate) fn refuse_redirection(&mut self, out: &mut StepContext<'_>) -> bool {
        let Some(leg) = self.redirected_leg_mut() else {
            return false;
        };
        leg.redirected = None;
        out.push(Action::RefuseRedirection(leg.id));
        true
    }
}

impl Leg {
    fn follow_redirection(&mut self, out: &mut StepContext<'_>) {
        if let Some(redirected) = self.redirected.take() {
            self.party = PartyIdentity::called(&redirected.to).into();
            out.push(Action::FollowRedirection(self.id));
        }
    }
}
