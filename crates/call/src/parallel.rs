//! Parallel calls ([`Policy::parallel`](crate::Policy::parallel)): none has our microphone and ear, so none waits for another
//! or is held for it.
//!
//! What happens to one of them concerns that one only: it is found by its leg or its id in O(log n), and no other is looked at,
//! however many there are. Each is a [`Call`] as any other phone has it.
use crate::asked::{Others, call_asked};
use crate::call::{Call, State, Unasked};
use crate::call_set::{placed, received, replaces};
use crate::phone::device;
use crate::step_context::{Shutdown, StepContext};
use crate::{Act, Action, CallId, CallRequest, Incoming, Input, LegId, Time, WireEvent};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The calls, oldest first, and how to find one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ParallelCalls {
    pub(crate) calls: BTreeMap<CallId, ParallelCall>,
    /// The call of each leg.
    pub(crate) legs: BTreeMap<LegId, CallId>,
    /// The earliest deadline of each call that has one.
    pub(crate) deadlines: BTreeSet<(Time, CallId)>,
}

/// One call, and what policy does to it by the clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ParallelCall {
    pub(crate) call: Call,
    /// It is answered then.
    pub(crate) answer: Option<Time>,
    /// It is ended then.
    pub(crate) end: Option<Time>,
}

impl ParallelCalls {
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.calls.values().map(|parallel| &parallel.call)
    }

    pub(crate) fn get(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id).map(|parallel| &parallel.call)
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// One thing that was allowed.
    pub(crate) fn step(&mut self, input: Input, out: &mut StepContext<'_>) {
        match input {
            Input::Dial { account, target } => {
                let call = placed(account, &target, out);
                self.add(call, None);
            }
            Input::Wire {
                leg,
                event: WireEvent::Incoming(incoming),
            } => self.offered(leg, incoming, out),
            Input::Wire {
                leg,
                event: WireEvent::CallAsked(request),
            } => self.asked(leg, request, out),
            Input::Wire { leg, event } => {
                self.with_leg(leg, out, |call, out| call.wire(leg, event, out));
            }
            Input::Media { leg, event } => {
                self.with_leg(leg, out, |call, out| call.media(leg, event, out));
            }
            Input::Act { call, act } => {
                self.with(call, out, |parallel, out| parallel.call.act(act, out))
            }
            Input::WrapUp { id, act } => out.wrap_up(id, act),
            Input::WrapUpKept { id, kept } => out.wrap_up_kept(id, kept),
            Input::PageOpen(open) => out.common.page_open = open,
            Input::Presence(presence) => {
                out.set_presence(presence);
                self.answer_waiting(out);
            }
            // A hook belongs to a headset, and no call has ours: it was refused.
            Input::Hook => debug_assert!(false, "a hook, and no call has our microphone"),
            Input::Device(there) => device(there, out),
            Input::RtpPorts(free) => out.common.rtp_ports = free,
            Input::NetworkChanged => self.with_all(out, |parallel, _| parallel.call.refresh()),
            Input::Deadline => self.deadlines(out),
            Input::Terminate => {
                if matches!(out.common.shutdown, Shutdown::No | Shutdown::Waiting) {
                    out.common.shutdown = Shutdown::Ending;
                    self.with_all(out, |parallel, out| parallel.call.shut_down(out));
                }
            }
        }
        // The tone is for our ear.
        out.common.busy = None;
        if out.common.shutdown == Shutdown::Ending && self.calls.is_empty() {
            out.common.shutdown = Shutdown::Quit;
            out.push(Action::Quit);
        }
    }

    /// A new INVITE: let it ring, answer it, refuse it, or let it take a leg's place.
    fn offered(&mut self, leg: LegId, incoming: Incoming, out: &mut StepContext<'_>) {
        if self.legs.contains_key(&leg) {
            return;
        }
        if let Some(old) = incoming.replaces {
            let Some(id) = self.legs.get(&old).copied() else {
                return replaces(None, old, leg, &incoming, out);
            };
            return self.with(id, out, |parallel, out| {
                replaces(Some(&mut parallel.call), old, leg, &incoming, out);
            });
        }
        let others = self.calls.len();
        if let Some(how) = out.common.turns_away_one(&incoming, others, || false) {
            return out.turn_away(leg, incoming, how);
        }
        let mut call = received(leg, incoming, out);
        let at = match call.unasked.filter(|_| out.common.answers()) {
            Some(Unasked::Policy) => Some(out.now + out.common.policy.answer_after),
            Some(Unasked::Request(at)) => Some(at),
            None => None,
        };
        // It has no ear that a tone could tell.
        if at.is_some_and(|at| at <= out.now) {
            call.answer(out);
            self.add(call, None);
        } else {
            out.push(Action::Ring(leg));
            call.unasked = call.unasked.filter(|unasked| *unasked == Unasked::Policy);
            self.add(call, at);
        }
    }

    /// A REFER outside of any call. No call waits for another here, nor does a question.
    fn asked(&mut self, leg: LegId, request: CallRequest, out: &mut StepContext<'_>) {
        if self.legs.contains_key(&leg) {
            return;
        }
        let others = Others {
            leave_room: self.calls.len() < out.common.policy.max_calls as usize,
            leave_free: true,
        };
        if let Some(call) = call_asked(leg, request, others, out) {
            self.add(call, None);
        }
    }

    /// The phone takes calls again: the calls that ring are answered.
    fn answer_waiting(&mut self, out: &mut StepContext<'_>) {
        if out.common.answers() {
            self.with_all(out, |parallel, out| {
                let by_policy = parallel.call.unasked == Some(Unasked::Policy);
                if parallel.call.state == State::Offered && by_policy && parallel.answer.is_none() {
                    parallel.call.answer(out);
                }
            });
        }
    }

    fn deadlines(&mut self, out: &mut StepContext<'_>) {
        let due: Vec<CallId> = self
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= out.now)
            .map(|(_, id)| *id)
            .collect();
        for id in due {
            self.with(id, out, |parallel, out| {
                parallel.call.deadlines(out);
                let now = out.now;
                if parallel.answer.take_if(|at| *at <= now).is_some()
                    && parallel.call.state == State::Offered
                {
                    parallel.call.answer(out);
                }
                if parallel.end.take_if(|at| *at <= now).is_some()
                    && parallel.call.permits(&Act::End).is_ok()
                {
                    parallel.call.act(Act::End, out);
                }
            });
        }
        out.wrap_up_timers();
        out.tell_turned_away();
    }

    fn add(&mut self, call: Call, answer: Option<Time>) {
        let id = call.id;
        let parallel = ParallelCall {
            call,
            answer,
            end: None,
        };
        parallel.note(&mut self.legs, &mut self.deadlines);
        self.calls.insert(id, parallel);
    }

    fn with_leg(
        &mut self,
        leg: LegId,
        out: &mut StepContext<'_>,
        then: impl FnOnce(&mut Call, &mut StepContext<'_>),
    ) {
        if let Some(id) = self.legs.get(&leg).copied() {
            self.with(id, out, |parallel, out| then(&mut parallel.call, out));
        }
    }

    fn with_all(
        &mut self,
        out: &mut StepContext<'_>,
        then: impl Fn(&mut ParallelCall, &mut StepContext<'_>),
    ) {
        let ids: Vec<CallId> = self.calls.keys().copied().collect();
        for id in ids {
            self.with(id, out, &then);
        }
    }

    /// Does something to one call and what follows for it: asks for what it then wants, and forgets it where it is over.
    fn with(
        &mut self,
        id: CallId,
        out: &mut StepContext<'_>,
        then: impl FnOnce(&mut ParallelCall, &mut StepContext<'_>),
    ) {
        let Some(parallel) = self.calls.get_mut(&id) else {
            debug_assert!(false, "{id:?} is noted, and there is none");
            return;
        };
        parallel.forget(&mut self.legs, &mut self.deadlines);
        then(parallel, out);
        parallel.call.settle(out);
        parallel.call.watch_stage(out.now);
        debug_assert!(parallel.call.has_its_legs(), "{:?}", parallel.call);
        if parallel.call.is_gone() {
            self.calls.remove(&id);
            return;
        }
        if parallel.call.connected && parallel.end.is_none() && parallel.call.is_live() {
            parallel.end = out.common.policy.end_after.map(|after| out.now + after);
        }
        parallel.note(&mut self.legs, &mut self.deadlines);
    }
}

impl ParallelCall {
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let times = [self.call.next_deadline(), self.answer, self.end];
        times.into_iter().flatten().min()
    }

    fn note(&self, legs: &mut BTreeMap<LegId, CallId>, deadlines: &mut BTreeSet<(Time, CallId)>) {
        let id = self.call.id;
        legs.extend(self.call.leg_ids().map(|leg| (leg, id)));
        deadlines.extend(self.next_deadline().map(|at| (at, id)));
    }

    fn forget(&self, legs: &mut BTreeMap<LegId, CallId>, deadlines: &mut BTreeSet<(Time, CallId)>) {
        for leg in self.call.leg_ids() {
            legs.remove(&leg);
        }
        if let Some(at) = self.next_deadline() {
            deadlines.remove(&(at, self.call.id));
        }
    }
}
