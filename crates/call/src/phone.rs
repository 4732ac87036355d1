//! The phone as a whole: its calls beside each other, and what is asked of it. The calls themselves are in `call`.
use crate::call::{Call, State};
use crate::call_set::{
    answer_who_waits, dial, has_local_but, media, offered, perform, takes_the_microphone, with_leg,
};
use crate::parallel::ParallelCalls;
use crate::shutdown::terminate;
use crate::step_context::{Common, Shutdown, StepContext};
use crate::{
    Act, Action, CallId, Hangup, Input, Notice, Policy, Presence, Refusal, Routing, Snapshot,
    Stage, Time, WireEvent, routing, wrapup,
};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// How long `hangup = "ask"` waits for its answer.
const ASK: Duration = Duration::from_secs(5);

/// The call-state core of one phone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone {
    pub(crate) common: Common,
    /// Oldest first.
    pub(crate) calls: Vec<Call>,
    /// With [`Policy::parallel`] all calls are here, else none.
    pub(crate) parallel: ParallelCalls,
}

impl Phone {
    /// A phone with no calls; `accounts` is how many the configuration has.
    #[must_use]
    pub fn new(policy: Policy, accounts: u16) -> Self {
        let common = Common {
            policy: Arc::new(policy),
            accounts,
            presence: Presence::Available,
            page_open: false,
            device: true,
            shutdown: Shutdown::No,
            wrap_ups: Vec::new(),
            busy: None,
            last_call: 0,
            last_leg: 0,
            last_wrap_up: 0,
        };
        Self {
            common,
            calls: Vec::new(),
            parallel: ParallelCalls::default(),
        }
    }

    /// One thing happened: what is to be done, in this order.
    ///
    /// A refused act gives exactly one [`Action::Refuse`] and changes nothing. What comes for a leg or a call that is
    /// over by now changes nothing and gives nothing.
    pub fn step(&mut self, now: Time, input: Input) -> Vec<Action> {
        match self.permits_input(&input) {
            Err(refusal) => vec![Action::Refuse(refusal)],
            Ok(()) => self.allowed(now, input),
        }
    }

    /// Who hears whom now.
    #[must_use]
    pub fn routing(&self) -> Routing {
        routing::of(&self.calls, self.common.busy.is_some())
    }

    /// When [`Input::Deadline`] is to be given next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let calls = self.calls.iter().filter_map(Call::next_deadline);
        let wrap_ups = self
            .common
            .wrap_ups
            .iter()
            .filter_map(|wrap_up| wrap_up.deadline);
        let others = self
            .common
            .busy
            .into_iter()
            .chain(self.parallel.next_deadline());
        calls.chain(wrap_ups).chain(others).min()
    }

    /// All that a screen may show.
    #[must_use]
    pub fn snapshot(&self, _now: Time) -> Snapshot {
        let calls = self
            .calls
            .iter()
            .chain(self.parallel.calls())
            .map(|call| call.view(|act| self.permits_in(call, act)));
        Snapshot {
            presence: self.common.presence,
            calls: calls.collect(),
            wrap_ups: self
                .common
                .wrap_ups
                .iter()
                .map(wrapup::WrapUp::view)
                .collect(),
            terminating: self.common.shutdown != Shutdown::No,
        }
    }

    /// Whether this act may be done now; the same answer as [`Phone::step`] gives.
    ///
    /// # Errors
    /// Why not.
    pub fn permits(&self, call: CallId, act: &Act) -> Result<(), Refusal> {
        let found = self
            .calls
            .iter()
            .find(|c| c.id == call)
            .or_else(|| self.parallel.call(call))
            .ok_or(Refusal::NoSuchCall)?;
        self.permits_in(found, act)
    }

    fn permits_in(&self, found: &Call, act: &Act) -> Result<(), Refusal> {
        found.permits(act)?;
        self.permits_beside(found, act)
    }

    /// Whether the other calls leave room for an act that the call itself allows.
    pub(crate) fn permits_beside(&self, found: &Call, act: &Act) -> Result<(), Refusal> {
        if takes_the_microphone(act) {
            self.local_is_free_for(Some(found.id))?;
        }
        Ok(())
    }

    /// Another call has our microphone and ear and can't be held: it comes first.
    fn local_is_free_for(&self, call: Option<CallId>) -> Result<(), Refusal> {
        let others = self.calls.iter().filter(|other| Some(other.id) != call);
        if others.into_iter().all(Call::may_be_left) {
            Ok(())
        } else {
            Err(Refusal::OtherCallFirst)
        }
    }

    pub(crate) fn permits_input(&self, input: &Input) -> Result<(), Refusal> {
        match input {
            Input::Dial { account, .. } => {
                if self.common.shutdown != Shutdown::No {
                    return Err(Refusal::Terminating);
                }
                if account.0 >= self.common.accounts {
                    return Err(Refusal::NoSuchAccount);
                }
                if self.calls.len() + self.parallel.len() >= self.common.policy.max_calls as usize {
                    return Err(Refusal::TooManyCalls);
                }
                self.local_is_free_for(None)
            }
            Input::Act { call, act } => self.permits(*call, act),
            Input::Hook => {
                let (call, act) = self.hook().ok_or(Refusal::NoSuchCall)?;
                // R11: hanging up ends it for all, also while a transfer is pending.
                if self.ends_for_all(call, &act) {
                    Ok(())
                } else {
                    self.permits(call, &act)
                }
            }
            Input::WrapUp { id, act } => {
                let guest = self.calls.iter().any(wrapup::is_guest_in_conference);
                self.common.permits_wrap_up(*id, act, guest)
            }
            Input::PageOpen(_)
            | Input::Presence(_)
            | Input::Wire { .. }
            | Input::Media { .. }
            | Input::Device(_)
            | Input::NetworkChanged
            | Input::Deadline
            | Input::Terminate => Ok(()),
        }
    }

    pub(crate) fn ends_for_all(&self, call: CallId, act: &Act) -> bool {
        let stage = self.calls.iter().find(|c| c.id == call).map(Call::stage);
        *act == Act::End && matches!(stage, Some(Stage::Conference | Stage::TransferPending))
    }

    /// The call in focus and what the hook does to it.
    pub(crate) fn hook(&self) -> Option<(CallId, Act)> {
        let ours = self.calls.iter().find(|call| call.has_local());
        let offered = || self.calls.iter().find(|call| call.state == State::Offered);
        let held = || self.calls.iter().find(|call| call.state == State::Single);
        let call = ours.or_else(offered).or_else(held)?;
        Some((call.id, call.hook()?))
    }

    pub(crate) fn allowed(&mut self, now: Time, input: Input) -> Vec<Action> {
        let mut out = StepContext {
            now,
            common: &mut self.common,
            local_elsewhere: false,
            actions: Vec::new(),
        };
        if out.common.policy.parallel {
            self.parallel.step(input, &mut out);
            return out.actions;
        }
        let calls = &mut self.calls;
        match input {
            Input::Dial { account, target } => dial(calls, account, &target, &mut out),
            Input::Act { call, act } => perform(calls, call, act, &mut out),
            Input::Hook => return self.hooked(now),
            Input::PageOpen(open) => out.common.page_open = open,
            Input::Presence(presence) => out.common.presence = presence,
            Input::WrapUp { id, act } => out.wrap_up(id, act),
            Input::Wire {
                leg,
                event: WireEvent::Incoming(incoming),
            } => {
                offered(calls, leg, incoming, &mut out);
            }
            Input::Wire { leg, event } => {
                with_leg(calls, leg, &mut out, |call, out| call.wire(leg, event, out));
            }
            Input::Media { leg, event } => media(calls, leg, event, &mut out),
            Input::Device(there) => device(there, &mut out),
            Input::NetworkChanged => calls.iter_mut().for_each(Call::refresh),
            Input::Deadline => {
                for place in 0..calls.len() {
                    out.local_elsewhere = has_local_but(calls, place);
                    calls[place].deadlines(&mut out);
                }
                out.wrap_up_timers();
                out.common.busy = out.common.busy.filter(|until| *until > now);
            }
            Input::Terminate => terminate(calls, &mut out),
        }
        settle(calls, &mut out);
        out.actions
    }

    fn hooked(&mut self, now: Time) -> Vec<Action> {
        let Some((id, act)) = self.hook() else {
            return Vec::new();
        };
        let for_all = self.ends_for_all(id, &act);
        let mut out = StepContext {
            now,
            common: &mut self.common,
            local_elsewhere: false,
            actions: Vec::new(),
        };
        let asks = out.common.policy.hangup == Hangup::Ask && out.common.page_open;
        let call = self.calls.iter_mut().find(|call| call.id == id);
        match call {
            Some(call) if for_all && asks && call.ask.is_none() => {
                call.ask = Some(now + ASK);
                out.notice(Notice::AskEndForAll { call: id });
            }
            _ => perform(&mut self.calls, id, act, &mut out),
        }
        settle(&mut self.calls, &mut out);
        out.actions
    }
}

/// Ask for what is wanted, note what has changed, forget what is over.
fn settle(calls: &mut Vec<Call>, out: &mut StepContext<'_>) {
    // Waited for are calls, not conferences: a customer whose guest has left is not dropped for it.
    let over = calls.iter().all(|call| call.state == State::Ending);
    if out.common.shutdown == Shutdown::Waiting && over {
        out.common.shutdown = Shutdown::Ending;
        calls.iter_mut().for_each(|call| call.shut_down(out));
    }
    answer_who_waits(calls, out);
    for call in calls.iter_mut() {
        call.settle(out);
        call.watch_stage(out.now);
    }
    calls.retain(|call| !call.is_gone());
    if out.common.shutdown == Shutdown::Ending && calls.is_empty() {
        out.common.shutdown = Shutdown::Quit;
        out.push(Action::Quit);
    }
}

pub(crate) fn device(there: bool, out: &mut StepContext<'_>) {
    if out.common.device != there {
        out.common.device = there;
        out.notice(if there {
            Notice::DeviceBack
        } else {
            Notice::DeviceGone
        });
    }
}
