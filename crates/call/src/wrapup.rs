//! Wrap-ups: drafted while the call goes on, owed when it is over for its owner, handed in by the agent or the timer.
//!
//! One for each period of ownership (R8, R12, R15, R16).
use crate::call::Call;
use crate::step_context::{Common, StepContext};
use crate::{
    CallId, CallRecord, KeptWrapUp, Notice, PartyIdentity, Policy, Refusal, Role, Stage, Time,
    WrapUpAct, WrapUpId, WrapUpView,
};
use alloc::string::{String, ToString};
use alloc::sync::Arc;

/// A wrap-up that is drafted or owed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WrapUp {
    pub(crate) id: WrapUpId,
    pub(crate) call: CallId,
    pub(crate) peer: Arc<PartyIdentity>,
    pub(crate) due: bool,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) note: Option<Arc<str>>,
    pub(crate) deadline: Option<Time>,
    /// It was handed in, and is not yet known to be kept.
    pub(crate) handed_in: bool,
}

impl WrapUp {
    fn new(id: WrapUpId, call: CallId, peer: Arc<PartyIdentity>) -> Self {
        Self {
            id,
            call,
            peer,
            due: false,
            reason: None,
            note: None,
            deadline: None,
            handed_in: false,
        }
    }

    /// One that an earlier run of the phone has left: its call is over.
    pub(crate) fn restored(kept: KeptWrapUp, deadline: Option<Time>) -> Self {
        Self {
            due: true,
            reason: kept.reason.as_deref().map(Arc::from),
            note: kept.note.as_deref().map(Arc::from),
            deadline,
            ..Self::new(kept.id, kept.call, kept.peer)
        }
    }

    /// When the timer hands it in.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.deadline.filter(|_| !self.handed_in)
    }

    /// What is `None` stays as it was.
    fn words(&mut self, reason: Option<&str>, note: Option<&str>) {
        if let Some(reason) = reason {
            self.reason = Some(reason.into());
        }
        if let Some(note) = note {
            self.note = Some(note).filter(|note| !note.is_empty()).map(Arc::from);
        }
    }

    pub(crate) fn view(&self) -> WrapUpView {
        WrapUpView {
            id: self.id,
            call: self.call,
            peer: Arc::clone(&self.peer),
            due: self.due,
            reason: self.reason.as_ref().map(ToString::to_string),
            note: self.note.as_ref().map(ToString::to_string),
            deadline: self.deadline(),
        }
    }
}

/// When the timer submits the default of a wrap-up that is owed from `now` on.
pub(crate) fn timer(policy: &Policy, now: Time) -> Option<Time> {
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
        out.common.wrap_ups.push(WrapUp::new(id, self.id, peer));
        out.record(CallRecord::WrapUpOpened {
            id,
            call: self.id,
            due: false,
            at: out.now,
        });
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
            out.common.wrap_ups.push(WrapUp {
                due: true,
                deadline,
                ..WrapUp::new(id, self.id, peer)
            });
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
            _ if wrap_up.handed_in => Err(Refusal::Busy),
            WrapUpAct::Draft {
                reason: Some(reason),
                ..
            }
            | WrapUpAct::Submit { reason, .. }
                if !known(reason) =>
            {
                Err(Refusal::NoSuchReason)
            }
            WrapUpAct::Submit { .. } if !wrap_up.due => Err(Refusal::StillTalking),
            WrapUpAct::Extend if wrap_up.deadline.is_none() => Err(Refusal::NoTimer),
            WrapUpAct::Draft { .. } | WrapUpAct::Submit { .. } | WrapUpAct::Extend => Ok(()),
        }
    }
}

impl StepContext<'_> {
    /// Do what [`Common::permits_wrap_up`] has allowed.
    pub(crate) fn wrap_up(&mut self, id: WrapUpId, act: WrapUpAct) {
        let at = self.now;
        let extension = self.common.policy.wrap_up_extension;
        let Some(wrap_up) = self.common.wrap_ups.iter_mut().find(|w| w.id == id) else {
            debug_assert!(false, "{act:?} of {id:?}, which there is not");
            return;
        };
        match act {
            WrapUpAct::Draft { reason, note } => {
                wrap_up.words(reason.as_deref(), note.as_deref());
                let WrapUpView { reason, note, .. } = wrap_up.view();
                self.record(CallRecord::WrapUpDrafted {
                    id,
                    reason,
                    note,
                    at,
                });
            }
            WrapUpAct::Extend => {
                wrap_up.deadline = wrap_up.deadline.map(|deadline| deadline + extension);
            }
            WrapUpAct::Submit { reason, note } => self.submit(id, &reason, note.as_deref(), false),
        }
    }

    /// It is owed until it is known to be kept.
    fn submit(&mut self, id: WrapUpId, reason: &str, note: Option<&str>, timed: bool) {
        let at = self.now;
        let Some(wrap_up) = self.common.wrap_ups.iter_mut().find(|w| w.id == id) else {
            debug_assert!(false, "{reason:?} for {id:?}, which there is not");
            return;
        };
        wrap_up.words(Some(reason), note);
        wrap_up.handed_in = true;
        let WrapUpView { call, note, .. } = wrap_up.view();
        self.record(CallRecord::WrapUpSubmitted {
            id,
            call,
            reason: reason.to_string(),
            note,
            timed,
            at,
        });
    }

    /// What was handed in is kept, or could not be: then it is owed as before, and its timer begins anew where it has run out.
    pub(crate) fn wrap_up_kept(&mut self, id: WrapUpId, kept: bool) {
        let now = self.now;
        let place = self.common.wrap_ups.iter().position(|w| w.id == id);
        let Some(place) = place.filter(|place| self.common.wrap_ups[*place].handed_in) else {
            return;
        };
        if kept {
            self.common.wrap_ups.remove(place);
            return;
        }
        let again = timer(&self.common.policy, now);
        let wrap_up = &mut self.common.wrap_ups[place];
        wrap_up.handed_in = false;
        if wrap_up.deadline.is_some_and(|deadline| deadline <= now) {
            wrap_up.deadline = again;
        }
        let call = wrap_up.call;
        self.notice(Notice::WrapUpNotKept { call });
    }

    /// The timers that have run out hand in what was chosen, else the default.
    pub(crate) fn wrap_up_timers(&mut self) {
        let now = self.now;
        while let Some(wrap_up) = self
            .common
            .wrap_ups
            .iter()
            .find(|w| w.deadline().is_some_and(|at| at <= now))
        {
            let id = wrap_up.id;
            let chosen = wrap_up.reason.as_ref().map(ToString::to_string);
            let reason = chosen.or_else(|| self.common.policy.default_reason.clone());
            self.submit(id, &reason.unwrap_or_default(), None, true);
        }
    }
}

/// A guest in a conference has no wrap-up, which is the reason of its refusal.
pub(crate) fn is_guest_in_conference(call: &Call) -> bool {
    call.role == Role::Guest && call.stage() == Stage::Conference
}
