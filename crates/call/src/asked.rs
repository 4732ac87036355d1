//! A REFER outside of any call: a peer asks this phone to call a party (RFC 3515 §2.2), and the agent decides.
//!
//! The question is a call without a leg. It takes no microphone, keeps no other call away and is no part of the records before
//! the agent has said yes; then it is a call as any that the agent dials.
use crate::call::{Asked, Call, State};
use crate::step_context::{Shutdown, StepContext};
use crate::{
    Action, CallOrigin, CallRecord, CallRequest, Grade, LegId, Notice, PartyIdentity,
    ReferralPolicy, Role,
};
use alloc::sync::Arc;

/// What is done about such a REFER.
enum Verdict {
    Refuse(u16),
    /// By NOTIFY, so that no far side takes it for "can't".
    Decline,
    Ask,
    Follow,
}

/// The other calls, as far as the question hangs on them.
#[derive(Clone, Copy)]
pub(crate) struct Others {
    /// There is room for one more, and no such question is open.
    pub(crate) leave_room: bool,
    /// None of them counts.
    pub(crate) leave_free: bool,
}

impl Others {
    pub(crate) fn of(calls: &[Call], out: &StepContext<'_>) -> Self {
        let asked = |call: &Call| matches!(call.state, State::Asked { .. });
        let most = out.common.policy.max_calls as usize;
        Self {
            leave_room: calls.len() < most && !calls.iter().any(asked),
            leave_free: !calls.iter().any(Call::is_live),
        }
    }
}

/// A REFER outside of any call came with this leg: the call that it makes, if it makes one.
pub(crate) fn call_asked(
    leg: LegId,
    request: CallRequest,
    others: Others,
    out: &mut StepContext<'_>,
) -> Option<Call> {
    let verdict = verdict(&request, others.leave_free, out);
    let refused = match verdict {
        Verdict::Refuse(status) => Some(status),
        // RFC 3261 §21.4.24: one question at a time.
        Verdict::Ask | Verdict::Follow if !others.leave_room => Some(486),
        Verdict::Follow if !out.common.rtp_ports => Some(503),
        Verdict::Ask | Verdict::Follow | Verdict::Decline => None,
    };
    if let Some(status) = refused {
        out.push(Action::RefuseReferral { leg, status });
        return None;
    }
    out.push(Action::AcceptReferral(leg));
    if matches!(verdict, Verdict::Decline) {
        out.push(Action::ReferralResult { leg, status: 603 });
        return None;
    }
    let mut call = request.call(leg, out);
    if matches!(verdict, Verdict::Follow) {
        call.accept(out);
    } else if let Some(asked) = &call.referral {
        let to = asked.view(&call.peer);
        out.notice(Notice::TransferRequested { call: call.id, to });
    }
    Some(call)
}

/// `free`: the agent has no other call.
fn verdict(request: &CallRequest, free: bool, out: &StepContext<'_>) -> Verdict {
    let (common, policy) = (&out.common, &out.common.policy);
    let grade = request.referral.grade;
    if policy.transfers == ReferralPolicy::Never {
        // RFC 3261 §21.4.6: our Allow has no REFER.
        return Verdict::Refuse(405);
    }
    // Anyone may be behind the registrar: a phone without an agent, which would call at our cost, follows a colleague alone.
    let least = if policy.agent {
        Grade::Registrar
    } else {
        Grade::Colleague
    };
    if grade < least {
        return Verdict::Refuse(403);
    }
    if common.shutdown != Shutdown::No {
        return Verdict::Refuse(480);
    }
    if request.account.0 >= common.accounts {
        return Verdict::Refuse(404);
    }
    match policy.transfers {
        ReferralPolicy::Never | ReferralPolicy::Decline => Verdict::Decline,
        ReferralPolicy::Ask | ReferralPolicy::Accept if !policy.agent && !free => {
            Verdict::Refuse(486)
        }
        ReferralPolicy::Ask if !policy.agent => Verdict::Follow,
        // Policy alone puts no call on hold for it.
        ReferralPolicy::Accept if grade == Grade::Colleague && free => Verdict::Follow,
        ReferralPolicy::Ask | ReferralPolicy::Accept => Verdict::Ask,
    }
}

impl CallRequest {
    fn call(self, leg: LegId, out: &mut StepContext<'_>) -> Call {
        let asked = Asked {
            to: self.referral.to,
            party: self.referral.party,
            elsewhere: self.referral.elsewhere,
            replaces: self.referral.replaces,
            outside: true,
            until: out.now + out.common.policy.referral_time,
        };
        let id = out.common.call_id();
        let mut call = Call::asked(id, self.account, (self.by, leg), asked, out.now);
        if !out.common.policy.agent {
            call.become_role(Role::Customer);
        }
        call
    }
}

impl Call {
    /// The agent says yes: a call of our own, that the peer has asked for. The user agent tells it how the call goes.
    pub(crate) fn place_asked(&mut self, asked: &Asked, out: &mut StepContext<'_>) {
        let State::Asked { by } = self.state else {
            return self.misplaced();
        };
        let mut leg = self.invite(self.account, &asked.to, self.role.peer(), Some(by), out);
        if asked.party.name.is_some() {
            leg.party = Arc::clone(&asked.party);
        }
        let called = Arc::clone(&leg.party);
        let by = core::mem::replace(&mut self.peer, Arc::clone(&called));
        self.origin = Arc::new(CallOrigin {
            referred_by: Some(PartyIdentity::clone(&by)),
            ..CallOrigin::default()
        });
        self.state = State::Dialling;
        self.legs.add(leg);
        out.record(CallRecord::Began {
            call: self.id,
            role: self.role,
            peer: called,
            origin: Arc::clone(&self.origin),
            incoming: false,
            at: out.now,
        });
    }

    /// The agent, or time, says no. No call has begun, so that none is recorded.
    pub(crate) fn refuse_asked(&mut self, out: &mut StepContext<'_>) {
        let State::Asked { by } = self.state else {
            return self.misplaced();
        };
        self.referral = None;
        self.state = State::Ending;
        out.push(Action::ReferralResult {
            leg: by,
            status: 603,
        });
    }
}
