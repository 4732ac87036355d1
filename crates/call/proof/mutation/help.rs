//! What the faults have in common.
use crate::call::{Call, State};
use crate::leg::{Leg, Phase};
use crate::{Action, CallRecord, Direction, LegId, Notice, Phone, SessionIntent};
use alloc::vec::Vec;

pub(super) fn leg_mut(phone: &mut Phone, id: LegId) -> Option<&mut Leg> {
    let call = phone
        .calls
        .iter_mut()
        .find(|call| call.slot_of(id).is_some())?;
    let slot = call.slot_of(id)?;
    call.leg_mut(slot)
}

pub(super) fn hold(leg: &mut Leg, actions: &mut Vec<Action>) {
    leg.hold = true;
    let session = SessionIntent {
        direction: Direction::SendOnly,
        focus: false,
    };
    leg.asked = Some(session);
    actions.push(Action::Reinvite {
        leg: leg.id,
        session,
    });
}

pub(super) fn strip(actions: &mut Vec<Action>, what: impl Fn(&Action) -> bool) {
    actions.retain(|action| !what(action));
}

pub(super) fn is_wrap_up(action: &Action) -> bool {
    matches!(action, Action::Record(CallRecord::WrapUpOpened { .. }))
}

/// Forget the wrap-ups that this step has opened.
pub(super) fn no_wrap_up(phone: &mut Phone, before: &Phone, actions: &mut Vec<Action>) {
    phone.common.wrap_ups.clone_from(&before.common.wrap_ups);
    strip(actions, is_wrap_up);
    for call in &mut phone.calls {
        let was = before.calls.iter().find(|was| was.id == call.id);
        call.wrap_up = was.and_then(|was| was.wrap_up);
    }
}

pub(super) fn is_refusal(action: &Action) -> bool {
    matches!(
        action,
        Action::Notice(Notice::TransferFailed { .. } | Notice::TransferDeclined { .. })
    )
}

pub(super) fn refused(actions: &[Action]) -> bool {
    actions.iter().any(is_refusal)
}

pub(super) fn set_state(phone: &mut Phone, call: &Call, state: State) {
    if let Some(now) = phone.calls.iter_mut().find(|now| now.id == call.id) {
        now.state = state;
    }
}

pub(super) fn undo(phone: &mut Phone, before: &Phone, actions: &mut Vec<Action>) {
    phone.clone_from(before);
    actions.clear();
}

pub(super) fn hold_first(phone: &mut Phone, call: &Call, actions: &mut Vec<Action>) {
    let now = phone.calls.iter_mut().find(|now| now.id == call.id);
    if let Some(first) = now.and_then(|now| now.first.as_mut())
        && first.asked.is_none()
        && first.phase == Phase::Up
    {
        hold(first, actions);
    }
}

pub(super) fn invite_guest(call: &mut Call, out: &mut crate::step_context::StepContext<'_>) {
    let target = crate::Target("sip:b@x".into());
    call.second = Some(call.invite(&target, true, None, out));
}

/// Let a call do something more in this step.
pub(super) fn with(
    phone: &mut Phone,
    id: crate::CallId,
    then: impl FnOnce(&mut Call, &mut crate::step_context::StepContext<'_>),
    actions: &mut Vec<Action>,
) {
    let Some(call) = phone.calls.iter_mut().find(|call| call.id == id) else {
        return;
    };
    let mut out = crate::step_context::StepContext {
        now: crate::Time::ZERO,
        common: &mut phone.common,
        local_elsewhere: false,
        actions: core::mem::take(actions),
    };
    then(call, &mut out);
    call.settle(&mut out);
    call.watch_stage(out.now);
    *actions = out.actions;
}
