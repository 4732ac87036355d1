//! Wrap-ups: drafted while the call goes on, owed when it is over for its owner, handed in by the agent or the timer.
//!
//! One for each period of ownership (R8, R12, R15, R16).
use crate::call::Call;
use crate::step_context::{Common, StepContext};
use crate::{
    CallId, CallRecord, Policy, Presence, Refusal, Role, Stage, Time, WrapUpAct, WrapUpId,
    WrapUpView,
};
use alloc::string::{String, ToString};
use alloc::sync::Arc;

/// A wrap-up that is drafted or owed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WrapUp {
    pub(crate) id: WrapUpId,
    pub(crate) call: CallId,
    pub(crate) peer: Arc<str>,
    pub(crate) due: bool,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) deadline: Option<Time>,
}

impl WrapUp {
    pub(crate) fn view(&self) -> WrapUpView {
        WrapUpView {
            id: self.id,
            call: self.call,
            peer: self.peer.to_string(),
            due: self.due,
            reason: self.reason.as_ref().map(ToString::to_string),
            deadline: self.deadline,
        }
    }
}

/// When the timer submits the default of a wrap-up that is owed from `now` on.
fn timer(policy: &Policy, now: Time) -> Option<Time> {
    policy.default_reason.as_ref()?;
    policy.wrap_up_time.map(|time| now + time)
}

impl Call {
    /// The owner's wrap-up opens; it is not yet owed.
    pub(crate) fn draft_wrap_up(&mut self, out: &mut StepContext<'_>) {
        if !self.asks_for_wrap_up(out.common) || self.owed || self.wrap_up.is_some() {
            return;
        }
        let id = out.common.wrap_up_id();
        let peer = self.peer.clone();
        self.wrap_up = Some(id);
        out.common.wrap_ups.push(WrapUp {
            id,
            call: self.id,
            peer,
            due: false,
            reason: None,
            deadline: None,
        });
        out.record(CallRecord::WrapUpOpened {
            id,
            call: self.id,
            due: false,
            at: out.now,
        });
    }

    /// We were no owner after all, but a guest (R15).
    pub(crate) fn drop_wrap_up(&mut self, out: &mut StepContext<'_>) {
        if let Some(id) = self.wrap_up.take() {
            out.common.wrap_ups.retain(|wrap_up| wrap_up.id != id);
            out.record(CallRecord::WrapUpDropped { id, at: out.now });
        }
    }

    /// The owner's wrap-up is owed.
    pub(crate) fn owe_wrap_up(&mut self, out: &mut StepContext<'_>) {
        if !self.asks_for_wrap_up(out.common) || self.owed {
            return;
        }
        self.owed = true;
        let deadline = timer(&out.common.policy, out.now);
        let id = match self.wrap_up {
            Some(id) => id,
            None => out.common.wrap_up_id(),
        };
        self.wrap_up = Some(id);
        let found = out
            .common
            .wrap_ups
            .iter_mut()
            .find(|wrap_up| wrap_up.id == id);
        if let Some(wrap_up) = found {
            wrap_up.due = true;
            wrap_up.deadline = deadline;
        } else {
            let peer = self.peer.clone();
            let wrap_up = WrapUp {
                id,
                call: self.id,
                peer,
                due: true,
                reason: None,
                deadline,
            };
            out.common.wrap_ups.push(wrap_up);
        }
        out.record(CallRecord::WrapUpOpened {
            id,
            call: self.id,
            due: true,
            at: out.now,
        });
    }
}

impl Common {
    /// The agent owes a wrap-up.
    pub(crate) fn owes_wrap_up(&self) -> bool {
        self.wrap_ups.iter().any(|wrap_up| wrap_up.due)
    }

    /// New calls are not for this agent now.
    pub(crate) fn is_away(&self) -> bool {
        self.presence == Presence::Idle || (self.policy.wrap_up_is_away && self.owes_wrap_up())
    }

    /// Whether this may be done to this wrap-up now. `guest` says that we are a guest in a conference.
    pub(crate) fn permits_wrap_up(
        &self,
        id: WrapUpId,
        act: &WrapUpAct,
        guest: bool,
    ) -> Result<(), Refusal> {
        let Some(wrap_up) = self.wrap_ups.iter().find(|wrap_up| wrap_up.id == id) else {
            let none = if guest {
                Refusal::GuestHasNoWrapUp
            } else {
                Refusal::NoSuchWrapUp
            };
            return Err(none);
        };
        let known = |code: &String| {
            self.policy
                .reasons
                .iter()
                .any(|reason| reason.code == *code)
        };
        match act {
            WrapUpAct::Draft(code) | WrapUpAct::Submit(code) if !known(code) => {
                Err(Refusal::NoSuchReason)
            }
            WrapUpAct::Submit(_) if !wrap_up.due => Err(Refusal::StillTalking),
            WrapUpAct::Extend if wrap_up.deadline.is_none() => Err(Refusal::NoTimer),
            WrapUpAct::Draft(_) | WrapUpAct::Submit(_) | WrapUpAct::Extend => Ok(()),
        }
    }
}

impl StepContext<'_> {
    /// Do what [`Common::permits_wrap_up`] has allowed.
    pub(crate) fn wrap_up(&mut self, id: WrapUpId, act: WrapUpAct) {
        let at = self.now;
        let extension = self.common.policy.wrap_up_extension;
        let Some(wrap_up) = self.common.wrap_ups.iter_mut().find(|w| w.id == id) else {
            return;
        };
        match act {
            WrapUpAct::Draft(reason) => {
                wrap_up.reason = Some(reason.as_str().into());
                self.record(CallRecord::WrapUpDrafted { id, reason, at });
            }
            WrapUpAct::Extend => {
                wrap_up.deadline = wrap_up.deadline.map(|deadline| deadline + extension);
            }
            WrapUpAct::Submit(reason) => self.submit(id, reason, false),
        }
    }

    fn submit(&mut self, id: WrapUpId, reason: String, timed: bool) {
        let at = self.now;
        let Some(place) = self.common.wrap_ups.iter().position(|w| w.id == id) else {
            return;
        };
        let call = self.common.wrap_ups.remove(place).call;
        self.record(CallRecord::WrapUpSubmitted {
            id,
            call,
            reason,
            timed,
            at,
        });
    }

    /// The timers that have run out hand in what was chosen, else the default.
    pub(crate) fn wrap_up_timers(&mut self) {
        let now = self.now;
        while let Some(wrap_up) = self
            .common
            .wrap_ups
            .iter()
            .find(|w| w.deadline.is_some_and(|at| at <= now))
        {
            let id = wrap_up.id;
            let chosen = wrap_up.reason.as_ref().map(ToString::to_string);
            let reason = chosen.or_else(|| self.common.policy.default_reason.clone());
            self.submit(id, reason.unwrap_or_default(), true);
        }
    }
}

/// A guest in a conference has no wrap-up, and is told so.
pub(crate) fn is_guest_in_conference(call: &Call) -> bool {
    call.role == Role::Guest && call.stage() == Stage::Conference
}
