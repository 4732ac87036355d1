//! Calls beside each other: a new one is placed, offered or turned away, and our microphone and ear go from one to the other.
use crate::call::{Call, Slot, State};
use crate::leg::{Leg, Phase, Ring};
use crate::step_context::{Common, Shutdown, StepContext};
use crate::{
    AccountId, Act, Action, CallId, CallRecord, Capabilities, Incoming, LegId, MediaEvent, Role,
    Target,
};
use alloc::string::ToString;
use alloc::vec::Vec;

pub(crate) fn perform(calls: &mut [Call], id: CallId, act: Act, out: &mut StepContext<'_>) {
    // Whatever the agent does next, the busy tone has been heard.
    out.common.busy = None;
    if takes_the_microphone(&act) {
        leave_others(calls, Some(id));
    }
    if let Some(call) = calls.iter_mut().find(|call| call.id == id) {
        call.act(act, out);
    }
}

/// After this act our microphone and ear are with the call, if they were not.
pub(crate) fn takes_the_microphone(act: &Act) -> bool {
    matches!(
        act,
        Act::Answer | Act::Resume | Act::Consult(_) | Act::Transfer(Some(_)) | Act::Accept
    )
}

/// Our microphone and ear go to another call: whoever is talked to is held.
pub(crate) fn leave_others(calls: &mut [Call], id: Option<CallId>) {
    for call in calls
        .iter_mut()
        .filter(|call| Some(call.id) != id && call.has_local())
    {
        call.set_hold(Slot::First, true);
    }
}

pub(crate) fn dial(
    calls: &mut Vec<Call>,
    account: AccountId,
    target: &Target,
    out: &mut StepContext<'_>,
) {
    leave_others(calls, None);
    out.common.busy = None;
    calls.push(placed(account, target, out));
}

/// A call that we begin.
pub(crate) fn placed(account: AccountId, target: &Target, out: &mut StepContext<'_>) -> Call {
    let (id, leg) = (out.common.call_id(), out.common.leg_id());
    let role = if out.common.policy.agent {
        Role::Owner
    } else {
        Role::Customer
    };
    let first = Leg::new(
        leg,
        &target.0,
        Phase::Dialling(Ring::Silent),
        Capabilities::default(),
    );
    let peer = first.name.to_string();
    out.record(CallRecord::Began {
        call: id,
        role,
        peer,
        incoming: false,
        at: out.now,
    });
    out.push(Action::Invite {
        leg,
        account,
        target: target.clone(),
        as_guest: false,
        referral: None,
    });
    Call::new(id, role, account, first, out.now)
}

/// A new INVITE: let it ring, answer it, refuse it, or let it take a leg's place.
pub(crate) fn offered(
    calls: &mut Vec<Call>,
    leg: LegId,
    incoming: Incoming,
    out: &mut StepContext<'_>,
) {
    if calls.iter().any(|call| call.knows(leg)) {
        return;
    }
    if let Some(old) = incoming.replaces {
        let call = calls.iter_mut().find(|call| call.slot_of(old).is_some());
        return replaces(call, old, leg, &incoming, out);
    }
    if let Some(status) = turned_away(calls, &incoming, out.common) {
        out.push(Action::Reject { leg, status });
        return;
    }
    let mut call = received(leg, incoming, out);
    let first_in_line = calls.iter().all(|other| other.state != State::Offered);
    if first_in_line && answers_by_itself(calls, out.common) {
        call.answer(out);
    } else {
        out.push(Action::Ring(leg));
    }
    calls.push(call);
}

/// A new leg is to take an old one's place in this call, if that is one of ours.
pub(crate) fn replaces(
    call: Option<&mut Call>,
    old: LegId,
    leg: LegId,
    incoming: &Incoming,
    out: &mut StepContext<'_>,
) {
    let taken = call.and_then(|call| {
        let slot = call.slot_of(old)?;
        Some(call.replaced(slot, leg, incoming, out))
    });
    // RFC 3891 §3: no such dialog is 481, not wanted is 603.
    if taken != Some(true) {
        let status = if taken.is_none() { 481 } else { 603 };
        out.push(Action::Reject { leg, status });
    }
}

/// A call that the far side begins.
pub(crate) fn received(leg: LegId, incoming: Incoming, out: &mut StepContext<'_>) -> Call {
    let id = out.common.call_id();
    let role = match (out.common.policy.agent, incoming.as_guest) {
        (false, _) => Role::Customer,
        (true, true) => Role::Guest,
        (true, false) => Role::Owner,
    };
    let first = Leg::new(leg, &incoming.from, Phase::Offered, incoming.capabilities);
    let peer = incoming.from;
    out.record(CallRecord::Began {
        call: id,
        role,
        peer,
        incoming: true,
        at: out.now,
    });
    let mut call = Call::new(id, role, incoming.account, first, out.now);
    call.trusted = incoming.trusted;
    call
}

/// Who has waited longest is answered, once nothing else is going on here.
pub(crate) fn answer_who_waits(calls: &mut [Call], out: &mut StepContext<'_>) {
    if !answers_by_itself(calls, out.common) {
        return;
    }
    let waiting = calls.iter_mut().find(|call| call.state == State::Offered);
    if let Some(call) = waiting {
        call.answer(out);
    }
}

/// An offered call is answered without being asked: the agent takes calls and has no other, not even one on hold.
fn answers_by_itself(calls: &[Call], common: &Common) -> bool {
    common.answers()
        && !calls
            .iter()
            .any(|call| call.is_live() && !matches!(call.state, State::Offered | State::Anchored))
}

/// Why a new call is not even offered.
fn turned_away(calls: &[Call], incoming: &Incoming, common: &Common) -> Option<u16> {
    let policy = &common.policy;
    let busy = || {
        let mut busy = calls
            .iter()
            .filter(|call| call.is_live() && call.state != State::Anchored);
        (!policy.call_waiting || !policy.agent) && busy.next().is_some()
    };
    common.turned_away(incoming, calls.len(), busy)
}

impl Common {
    /// Offered calls are answered without being asked, as far as no other call stands against it.
    pub(crate) fn answers(&self) -> bool {
        self.policy.auto_answer && self.shutdown == Shutdown::No && !self.is_away()
    }

    /// Why a new call beside so many others is not even offered; `busy`: one of them stands against it.
    pub(crate) fn turned_away(
        &self,
        incoming: &Incoming,
        others: usize,
        busy: impl FnOnce() -> bool,
    ) -> Option<u16> {
        if self.shutdown != Shutdown::No {
            Some(480)
        } else if incoming.account.0 >= self.accounts {
            Some(404)
        } else if others >= self.policy.max_calls as usize || busy() {
            Some(486)
        } else if self.is_away() {
            self.policy.away_status
        } else {
            None
        }
    }
}

/// Some other call than this one has our microphone and ear.
pub(crate) fn has_local_but(calls: &[Call], place: usize) -> bool {
    let mut others = calls
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != place);
    others.any(|(_, call)| call.has_local())
}

pub(crate) fn with_leg(
    calls: &mut [Call],
    leg: LegId,
    out: &mut StepContext<'_>,
    then: impl FnOnce(&mut Call, &mut StepContext<'_>),
) {
    let Some(place) = calls.iter().position(|call| call.knows(leg)) else {
        return;
    };
    out.local_elsewhere = has_local_but(calls, place);
    then(&mut calls[place], out);
}

pub(crate) fn media(calls: &mut [Call], leg: LegId, event: MediaEvent, out: &mut StepContext<'_>) {
    with_leg(calls, leg, out, |call, out| call.media(leg, event, out));
}
