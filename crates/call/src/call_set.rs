//! Calls beside each other: a new one is placed, offered or turned away, and our microphone and ear go from one to the other.
use crate::call::{Call, State, Unasked};
use crate::leg::{Leg, Phase, Ring};
use crate::legs::Side;
use crate::parallel::ParallelCalls;
use crate::step_context::{Common, StepContext};
use crate::{
    AccountId, Act, Action, CallId, CallRecord, Capabilities, Grade, Incoming, LegId, MediaEvent,
    PartyIdentity, Policy, Role, Target, Time, TurnedAway,
};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The calls of a phone; which of the two it has follows from its policy, for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Calls {
    /// At most one of them has our microphone and ear. Oldest first.
    Sharing(Vec<Call>),
    /// None of them has ([`Policy::parallel`]).
    Parallel(ParallelCalls),
}

impl Calls {
    pub(crate) fn new(policy: &Policy) -> Self {
        if policy.parallel {
            Self::Parallel(ParallelCalls::default())
        } else {
            Self::Sharing(Vec::new())
        }
    }

    /// Those that share our microphone and ear: parallel calls do not.
    pub(crate) fn sharing(&self) -> &[Call] {
        match self {
            Self::Sharing(calls) => calls,
            Self::Parallel(_) => &[],
        }
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        let parallel = match self {
            Self::Sharing(_) => None,
            Self::Parallel(calls) => Some(calls.iter()),
        };
        let sharing = self.sharing().iter();
        sharing.chain(parallel.into_iter().flatten())
    }

    pub(crate) fn get(&self, id: CallId) -> Option<&Call> {
        match self {
            Self::Sharing(calls) => calls.iter().find(|call| call.id == id),
            Self::Parallel(calls) => calls.get(id),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Sharing(calls) => calls.len(),
            Self::Parallel(calls) => calls.len(),
        }
    }

    /// How a new call is refused now, of the registrar or a colleague; `None`: it is offered.
    pub(crate) fn turns_away(&self, common: &Common) -> Option<TurnedAway> {
        let busy = || stands_against(self.sharing(), &common.policy, Grade::Registrar);
        common.turns_away(self.len(), busy)
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        match self {
            Self::Sharing(calls) => calls.iter().filter_map(Call::next_deadline).min(),
            Self::Parallel(calls) => calls.next_deadline(),
        }
    }
}

pub(crate) fn perform(calls: &mut [Call], id: CallId, act: Act, out: &mut StepContext<'_>) {
    // Whatever the agent does next, the busy tone has been heard.
    out.common.busy = None;
    if takes_the_microphone(&act) {
        leave_others(calls, Some(id));
    }
    match calls.iter_mut().find(|call| call.id == id) {
        Some(call) => {
            // Nor need the agent be told what it acts on.
            call.tone_until = None;
            call.act(act, out);
        }
        None => debug_assert!(false, "{act:?} in {id:?}, which there is not"),
    }
}

/// After this act our microphone and ear are with the call, if they were not.
pub(crate) fn takes_the_microphone(act: &Act) -> bool {
    matches!(
        act,
        Act::Answer
            | Act::Resume
            | Act::Consult(_)
            | Act::ConsultBy { .. }
            | Act::Transfer(Some(_))
            | Act::Accept
    )
}

/// This act makes a leg's sound begin, at once or when the customer is held.
pub(crate) fn takes_an_rtp_port(act: &Act) -> bool {
    matches!(act, Act::Answer | Act::Consult(_) | Act::Accept)
}

/// Our microphone and ear go to another call: the party that has them is held.
pub(crate) fn leave_others(calls: &mut [Call], id: Option<CallId>) {
    for call in calls
        .iter_mut()
        .filter(|call| Some(call.id) != id && call.has_local())
    {
        call.set_hold(Side::Peer, true);
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
        role.peer(),
        Arc::new(PartyIdentity::called(target)),
        Phase::Dialling(Ring::Silent),
        Capabilities::default(),
    );
    let peer = Arc::clone(&first.party);
    out.record(CallRecord::Began {
        call: id,
        role,
        peer,
        origin: Arc::default(),
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
        let call = calls.iter_mut().find(|call| call.legs.get(old).is_some());
        return replaces(call, old, leg, &incoming, out);
    }
    let (others, grade) = (calls.len(), incoming.grade);
    let busy = || stands_against(calls, &out.common.policy, grade);
    if let Some(how) = out.common.turns_away_one(&incoming, others, busy) {
        return out.turn_away(leg, incoming, how);
    }
    let mut call = received(leg, incoming, out);
    let first_in_line = !calls.iter().any(|other| {
        other.state == State::Offered && !rings_beside(other, &out.common.policy, grade)
    });
    let free = first_in_line && answers_by_itself(calls, out.common);
    let now = match call.unasked {
        Some(Unasked::Policy) => true,
        Some(Unasked::Request(at)) => at <= out.now,
        None => false,
    };
    if free && now {
        call.answer_unasked(out);
    } else {
        // An answer that was asked for at once, and can't be had at once, is not given later.
        call.unasked = call
            .unasked
            .filter(|unasked| !now || *unasked == Unasked::Policy);
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
    if !out.common.rtp_ports {
        // The old leg goes on.
        out.push(Action::Reject { leg, status: 503 });
        return;
    }
    let taken = call.and_then(|call| {
        call.legs.get(old)?;
        Some(call.replaced(old, leg, incoming, out))
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
    let policy = &out.common.policy;
    let is_consult = incoming.as_guest || policy.consult_from_colleagues;
    let role = if !policy.agent {
        Role::Customer
    } else if is_consult && incoming.grade == Grade::Colleague {
        Role::Guest
    } else {
        Role::Owner
    };
    let (can, unasked) = (incoming.capabilities, out.unasked(&incoming));
    let of_stranger = !incoming.grade.is_trusted();
    let party = Arc::clone(&incoming.from);
    let first = Leg::new(leg, role.peer(), party, Phase::Offered, can);
    out.record(CallRecord::Began {
        call: id,
        role,
        peer: incoming.from,
        origin: Arc::clone(&incoming.origin),
        incoming: true,
        at: out.now,
    });
    let mut call = Call::new(id, role, incoming.account, first, out.now);
    call.origin = incoming.origin;
    call.unasked = unasked;
    call.of_stranger = of_stranger;
    call
}

/// The call that has waited longest is answered, once nothing else is going on here. Strangers wait behind all others.
pub(crate) fn answer_waiting(calls: &mut [Call], out: &mut StepContext<'_>) {
    if !answers_by_itself(calls, out.common) {
        return;
    }
    let agent = out.common.policy.agent;
    let offered = |call: &Call| call.state == State::Offered;
    let trusted = |call: &Call| offered(call) && !(agent && call.of_stranger);
    let waiting = calls.iter().position(trusted);
    let waiting = waiting.or_else(|| calls.iter().position(offered));
    if let Some(call) = waiting.map(|index| &mut calls[index])
        && call.unasked == Some(Unasked::Policy)
    {
        call.answer_unasked(out);
    }
}

/// The calls whose callers ask to be answered now are, where nothing stands against it; else they ring on as any call.
pub(crate) fn answer_on_request(calls: &mut [Call], out: &mut StepContext<'_>) {
    let now = out.now;
    let due = |unasked: &mut Unasked| matches!(unasked, Unasked::Request(at) if *at <= now);
    for index in 0..calls.len() {
        if calls[index]
            .unasked
            .take_if(|unasked| due(unasked))
            .is_none()
        {
            continue;
        }
        let grade = calls[index].least_grade();
        let in_line = calls.iter().filter(|call| {
            call.state == State::Offered && !rings_beside(call, &out.common.policy, grade)
        });
        if in_line.count() == 1 && answers_by_itself(calls, out.common) {
            calls[index].unasked = Some(Unasked::Request(now));
            calls[index].answer_unasked(out);
        }
    }
}

/// An offered call is answered without being asked: the agent takes calls and has no other, not even one on hold.
fn answers_by_itself(calls: &[Call], common: &Common) -> bool {
    common.answers()
        && !calls
            .iter()
            .any(|call| call.is_live() && !matches!(call.state, State::Offered | State::Anchored))
}

/// This call is a stranger's that but rings, and the other one, whose caller has this grade, is not: it is in no such call's way,
/// where an agent can choose between the two. It would keep the telephone busy for all others as long as it likes.
fn rings_beside(call: &Call, policy: &Policy, grade: Grade) -> bool {
    policy.agent && grade.is_trusted() && call.of_stranger
}

/// One of these calls stands against a new one, whose caller has this grade.
fn stands_against(calls: &[Call], policy: &Policy, grade: Grade) -> bool {
    let beside = |call: &Call| rings_beside(call, policy, grade);
    let mut busy = calls
        .iter()
        .filter(|call| call.is_live() && call.state != State::Anchored && !beside(call));
    (!policy.call_waiting || !policy.agent) && busy.next().is_some()
}

/// Some other call than this one has our microphone and ear.
pub(crate) fn has_local_but(calls: &[Call], index: usize) -> bool {
    let mut others = calls
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index);
    others.any(|(_, call)| call.has_local())
}

pub(crate) fn with_leg(
    calls: &mut [Call],
    leg: LegId,
    out: &mut StepContext<'_>,
    then: impl FnOnce(&mut Call, &mut StepContext<'_>),
) {
    let Some(index) = calls.iter().position(|call| call.knows(leg)) else {
        return;
    };
    out.local_elsewhere = has_local_but(calls, index);
    then(&mut calls[index], out);
}

pub(crate) fn media(calls: &mut [Call], leg: LegId, event: MediaEvent, out: &mut StepContext<'_>) {
    with_leg(calls, leg, out, |call, out| call.media(leg, event, out));
}
