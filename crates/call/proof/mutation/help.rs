//! What the faults have in common.
use crate::call::{Call, State};
use crate::leg::{Leg, Phase};
use crate::legs::Side;
use crate::{Action, CallRecord, Direction, LegId, Notice, Phone, Role, SessionIntent};
use alloc::vec::Vec;

pub(super) fn leg_mut(phone: &mut Phone, id: LegId) -> Option<&mut Leg> {
    let mut calls = phone.calls.sharing_mut().iter_mut();
    calls.find_map(|call| call.legs.get_mut(id))
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
    for call in phone.calls.sharing_mut() {
        let was = before.calls.iter().find(|was| was.id == call.id);
        call.wrap_up = was.and_then(|was| was.wrap_up);
    }
}

pub(super) fn is_refusal(action: &Action) -> bool {
    matches!(
        action,
        Action::Notice(
            Notice::TransferFailed { .. }
                | Notice::TransferFailedCustomerGone { .. }
                | Notice::TransferDeclined { .. }
        )
    )
}

/// A transfer has failed in this step; the agent is told now, or when the customer has answered.
pub(super) fn refused(phone: &Phone, before: &Phone, actions: &[Action]) -> bool {
    let probing = |phone: &Phone| phone.calls.iter().any(|call| call.probing.is_some());
    actions.iter().any(is_refusal) || probing(phone) && !probing(before)
}

pub(super) fn set_state(phone: &mut Phone, call: &Call, state: State) {
    if let Some(now) = phone
        .calls
        .sharing_mut()
        .iter_mut()
        .find(|now| now.id == call.id)
    {
        now.state = state;
    }
}

pub(super) fn undo(phone: &mut Phone, before: &Phone, actions: &mut Vec<Action>) {
    phone.clone_from(before);
    actions.clear();
}

pub(super) fn hold_first(phone: &mut Phone, call: &Call, actions: &mut Vec<Action>) {
    let now = phone
        .calls
        .sharing_mut()
        .iter_mut()
        .find(|now| now.id == call.id);
    if let Some(first) = now.and_then(|now| now.leg_mut(Side::Peer))
        && first.asked.is_none()
        && first.phase == Phase::Up
    {
        hold(first, actions);
    }
}

pub(super) fn invite_guest(call: &mut Call, out: &mut crate::step_context::StepContext<'_>) {
    let target = crate::Target("sip:b@x".into());
    let guest = call.invite(call.account, &target, Role::Guest, None, out);
    call.legs.add(guest);
}

/// Let a call do something more in this step.
pub(super) fn with(
    phone: &mut Phone,
    id: crate::CallId,
    then: impl FnOnce(&mut Call, &mut crate::step_context::StepContext<'_>),
    actions: &mut Vec<Action>,
) {
    let calls = phone.calls.sharing_mut();
    let Some(call) = calls.iter_mut().find(|call| call.id == id) else {
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
