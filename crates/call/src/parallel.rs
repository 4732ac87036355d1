//! Calls that stand alone ([`Policy::parallel`](crate::Policy::parallel)): none has our microphone and ear, so none waits
//! for another or is held for it.
//!
//! What happens to one of them is a matter of that one only: it is found by its leg or its name, and no other is looked at,
//! however many there are. Each is a [`Call`] as any other phone has it.
use crate::call::{Call, State};
use crate::call_set::{placed, received, replaces};
use crate::phone::device;
use crate::step_context::{Shutdown, StepContext};
use crate::{Act, Action, CallId, Incoming, Input, LegId, Time, WireEvent};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The calls, oldest first, and how to find one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ParallelCalls {
    calls: BTreeMap<CallId, Lone>,
    legs: BTreeMap<LegId, CallId>,
    deadlines: BTreeSet<(Time, CallId)>,
}

/// One call, and what policy does to it by the clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lone {
    call: Call,
    /// It is answered then.
    answer: Option<Time>,
    /// It is ended then.
    end: Option<Time>,
}

impl ParallelCalls {
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values().map(|lone| &lone.call)
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id).map(|lone| &lone.call)
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
            Input::Wire { leg, event } => {
                self.with_leg(leg, out, |call, out| call.wire(leg, event, out));
            }
            Input::Media { leg, event } => {
                self.with_leg(leg, out, |call, out| call.media(leg, event, out));
            }
            Input::Act { call, act } => self.with(call, out, |lone, out| lone.call.act(act, out)),
            Input::WrapUp { id, act } => out.wrap_up(id, act),
            Input::PageOpen(open) => out.common.page_open = open,
            Input::Presence(presence) => {
                out.common.presence = presence;
                self.answer_who_waits(out);
            }
            // A hook belongs to a headset, and no call has ours.
            Input::Hook => {}
            Input::Device(there) => device(there, out),
            Input::NetworkChanged => self.with_all(out, |lone, _| lone.call.refresh()),
            Input::Deadline => self.deadlines(out),
            Input::Terminate => {
                if matches!(out.common.shutdown, Shutdown::No | Shutdown::Waiting) {
                    out.common.shutdown = Shutdown::Ending;
                    self.with_all(out, |lone, out| lone.call.shut_down(out));
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
            return self.with(id, out, |lone, out| {
                replaces(Some(&mut lone.call), old, leg, &incoming, out);
            });
        }
        let others = self.calls.len();
        if let Some(status) = out.common.turned_away(&incoming, others, || false) {
            out.push(Action::Reject { leg, status });
            return;
        }
        let mut call = received(leg, incoming, out);
        let after = out.common.policy.answer_after;
        let answers = out.common.answers();
        if answers && after.is_zero() {
            call.answer(out);
            self.add(call, None);
        } else {
            out.push(Action::Ring(leg));
            self.add(call, answers.then(|| out.now + after));
        }
    }

    /// The phone takes calls again: who rings is answered.
    fn answer_who_waits(&mut self, out: &mut StepContext<'_>) {
        if out.common.answers() {
            self.with_all(out, |lone, out| {
                if lone.call.state == State::Offered && lone.answer.is_none() {
                    lone.call.answer(out);
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
            self.with(id, out, |lone, out| {
                lone.call.deadlines(out);
                let now = out.now;
                if lone.answer.take_if(|at| *at <= now).is_some()
                    && lone.call.state == State::Offered
                {
                    lone.call.answer(out);
                }
                if lone.end.take_if(|at| *at <= now).is_some()
                    && lone.call.permits(&Act::End).is_ok()
                {
                    lone.call.act(Act::End, out);
                }
            });
        }
        out.wrap_up_timers();
    }

    fn add(&mut self, call: Call, answer: Option<Time>) {
        let id = call.id;
        let lone = Lone {
            call,
            answer,
            end: None,
        };
        lone.note(&mut self.legs, &mut self.deadlines);
        self.calls.insert(id, lone);
    }

    fn with_leg(
        &mut self,
        leg: LegId,
        out: &mut StepContext<'_>,
        then: impl FnOnce(&mut Call, &mut StepContext<'_>),
    ) {
        if let Some(id) = self.legs.get(&leg).copied() {
            self.with(id, out, |lone, out| then(&mut lone.call, out));
        }
    }

    fn with_all(
        &mut self,
        out: &mut StepContext<'_>,
        then: impl Fn(&mut Lone, &mut StepContext<'_>),
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
        then: impl FnOnce(&mut Lone, &mut StepContext<'_>),
    ) {
        let Some(lone) = self.calls.get_mut(&id) else {
            return;
        };
        lone.forget(&mut self.legs, &mut self.deadlines);
        then(lone, out);
        lone.call.settle(out);
        lone.call.watch_stage(out.now);
        if lone.call.is_gone() {
            self.calls.remove(&id);
            return;
        }
        if lone.call.connected && lone.end.is_none() && lone.call.is_live() {
            lone.end = out.common.policy.end_after.map(|after| out.now + after);
        }
        lone.note(&mut self.legs, &mut self.deadlines);
    }
}

impl Lone {
    fn next_deadline(&self) -> Option<Time> {
        let times = [self.call.next_deadline(), self.answer, self.end];
        times.into_iter().flatten().min()
    }

    fn note(&self, legs: &mut BTreeMap<LegId, CallId>, deadlines: &mut BTreeSet<(Time, CallId)>) {
        let id = self.call.id;
        legs.extend(self.call.legs().map(|leg| (leg, id)));
        deadlines.extend(self.next_deadline().map(|at| (at, id)));
    }

    fn forget(&self, legs: &mut BTreeMap<LegId, CallId>, deadlines: &mut BTreeSet<(Time, CallId)>) {
        for leg in self.call.legs() {
            legs.remove(&leg);
        }
        if let Some(at) = self.next_deadline() {
            deadlines.remove(&(at, self.call.id));
        }
    }
}
