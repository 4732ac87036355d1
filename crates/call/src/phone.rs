//! The phone as a whole: its calls beside each other, and what is asked of it. The calls themselves are in `call`.
use crate::asked::{Others, call_asked};
use crate::availability::is_not_answered;
use crate::call::{Call, State};
use crate::call_set::{
    Calls, answer_on_request, answer_waiting, dial, has_local_but, media, offered, perform,
    takes_an_rtp_port, takes_the_microphone, with_leg,
};
use crate::shutdown::terminate;
use crate::step_context::{Common, Shutdown, StepContext};
use crate::{
    AccountId, Act, Action, CallId, Hangup, Input, Kept, KeptCall, KeptLeg, LegId, Notice, Policy,
    Presence, Refusal, Routing, Snapshot, Stage, Time, WireEvent, routing, taking_up, wrapup,
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
    pub(crate) calls: Calls,
}

impl Phone {
    /// A phone with no calls; `accounts` is how many the configuration has.
    #[must_use]
    pub fn new(policy: Policy, accounts: u16) -> Self {
        let calls = Calls::new(&policy);
        let common = Common {
            policy: Arc::new(policy),
            accounts,
            presence: Presence::Available,
            presence_was: (Presence::Available, None),
            presence_since: Time::ZERO,
            page_open: false,
            device: true,
            rtp_ports: true,
            shutdown: Shutdown::No,
            wrap_ups: Vec::new(),
            busy: None,
            not_answered: 0,
            turned_away: None,
            last_call: 0,
            last_leg: 0,
            last_wrap_up: 0,
        };
        Self { common, calls }
    }

    /// Takes up what an earlier run of the phone has left, before anything else happens. Wrap-ups are owed; their timers begin anew.
    pub fn restore(&mut self, now: Time, kept: Kept) {
        let common = &mut self.common;
        let deadline = wrapup::timer(&common.policy, now);
        if let Some(presence) = kept.presence {
            common.presence = presence;
        }
        common.presence_since = now;
        common.last_call = kept.last_call;
        common.last_wrap_up = kept.last_wrap_up;
        let restored = kept.wrap_ups.into_iter();
        common.wrap_ups = restored
            .map(|wrap_up| wrapup::WrapUp::restored(wrap_up, deadline))
            .collect();
    }

    /// The calls that outlive a crash of the phone as it is now, oldest first; none of a phone for load ([`Policy::parallel`]).
    #[must_use]
    pub fn kept_calls(&self) -> Vec<KeptCall> {
        taking_up::kept(self.calls.sharing())
    }

    /// Goes on with a call of an earlier run, after [`Phone::restore`]; each of its legs is asked for a session with the next step. False
    /// where it can't be: it is none of a kind that is kept, or there is no place for it.
    #[must_use]
    pub fn take_up(&mut self, now: Time, kept: &KeptCall) -> bool {
        let has_account = self.has_account(kept.account).is_ok();
        let Calls::Sharing(calls) = &mut self.calls else {
            return false;
        };
        let is_new = |leg: &KeptLeg| !calls.iter().any(|call| call.knows(leg.id));
        let legs = || kept.legs.iter().chain(&kept.ringing);
        let is_new = legs().all(is_new) && calls.iter().all(|call| call.id != kept.id);
        let transfer_time = self.common.policy.transfer_time;
        let found = Call::taken_up(kept, transfer_time, now).filter(|_| has_account && is_new);
        let Some(call) = found else {
            return false;
        };
        // Two calls never had the microphone.
        if call.has_local() && calls.iter().any(Call::has_local) {
            return false;
        }
        let common = &mut self.common;
        common.last_call = common.last_call.max(call.id.0);
        for leg in legs() {
            if let LegId::Placed(number) = leg.id {
                common.last_leg = common.last_leg.max(number);
            }
        }
        let mut wrap_ups = common.wrap_ups.iter_mut();
        let draft = wrap_ups.find(|own| Some(own.id) == call.wrap_up && !call.owed);
        if let Some(draft) = draft {
            draft.due = false;
            draft.deadline = None;
        }
        calls.push(call);
        calls.sort_by_key(|call| call.id);
        true
    }

    /// The administrator's switches are these from now on, but for what a phone has from its start on: its role, whether its calls are
    /// parallel, and what was agreed with far sides already. No call changes by it.
    pub fn set_policy(&mut self, policy: Policy) {
        let before = &self.common.policy;
        let policy = policy.with_fixed_of(before);
        self.common.policy = Arc::new(policy);
    }

    /// One thing happened: what is to be done, in this order.
    ///
    /// A refused act gives exactly one [`Action::Refuse`] and changes nothing. What comes for a leg or a call that is
    /// over by now changes nothing and gives nothing.
    pub fn step(&mut self, now: Time, input: Input) -> Vec<Action> {
        let permitted = self.permits_input(&input, |call, act| self.permits(call, act));
        self.decided(permitted, now, input)
    }

    /// The step of an input that was decided on already.
    pub(crate) fn decided(
        &mut self,
        permitted: Result<(), Refusal>,
        now: Time,
        input: Input,
    ) -> Vec<Action> {
        match permitted {
            Err(refusal) => vec![Action::Refuse(refusal)],
            Ok(()) => self.allowed(now, input),
        }
    }

    /// Who hears whom now.
    #[must_use]
    pub fn routing(&self) -> Routing {
        let refused = self.common.busy.map(|(_, tone)| tone);
        routing::of(self.calls.sharing(), refused)
    }

    /// When [`Input::Deadline`] is to be given next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let wrap_ups = self
            .common
            .wrap_ups
            .iter()
            .filter_map(wrapup::WrapUp::deadline);
        let calls = self.calls.next_deadline();
        let own = self.common.busy.map(|(until, _)| until).into_iter();
        let own = own.chain(self.common.turned_away_deadline());
        wrap_ups.chain(own).chain(calls).min()
    }

    /// All that a screen may show.
    #[must_use]
    pub fn snapshot(&self, _now: Time) -> Snapshot {
        let calls = self
            .calls
            .iter()
            .map(|call| call.view(|act| self.permits_in(call, act)));
        Snapshot {
            presence: self.common.presence,
            presence_since: self.common.presence_since,
            turns_away: self.calls.turns_away(&self.common),
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

    /// The calls, oldest first, each with the row of the table that it is in; cheaper than a whole [`Phone::snapshot`].
    pub fn stages(&self) -> impl Iterator<Item = (CallId, Stage)> {
        self.calls.iter().map(|call| (call.id, call.stage()))
    }

    /// Whether this act may be done now; the same answer as [`Phone::step`] gives.
    ///
    /// # Errors
    /// Why not.
    pub fn permits(&self, call: CallId, act: &Act) -> Result<(), Refusal> {
        let found = self.calls.get(call).ok_or(Refusal::NoSuchCall)?;
        self.permits_in(found, act)
    }

    fn permits_in(&self, found: &Call, act: &Act) -> Result<(), Refusal> {
        found.permits(act)?;
        self.permits_beside(found, act)
    }

    fn has_account(&self, account: AccountId) -> Result<(), Refusal> {
        let has = account.0 < self.common.accounts;
        has.then_some(()).ok_or(Refusal::NoSuchAccount)
    }

    /// Whether the other calls leave room for an act that the call itself allows.
    pub(crate) fn permits_beside(&self, found: &Call, act: &Act) -> Result<(), Refusal> {
        if let Act::ConsultBy { account, .. } = act {
            self.has_account(*account)?;
        }
        if takes_an_rtp_port(act) {
            self.has_rtp_port()?;
        }
        if takes_the_microphone(act) {
            self.local_is_free_for(Some(found.id))?;
        }
        Ok(())
    }

    fn has_rtp_port(&self) -> Result<(), Refusal> {
        if self.common.rtp_ports {
            Ok(())
        } else {
            Err(Refusal::NoRtpPort)
        }
    }

    /// Another call has our microphone and ear and can't be held: it comes first.
    fn local_is_free_for(&self, call: Option<CallId>) -> Result<(), Refusal> {
        let mut others = self.calls.sharing().iter();
        if others.all(|other| Some(other.id) == call || other.may_be_left()) {
            Ok(())
        } else {
            Err(Refusal::OtherCallFirst)
        }
    }

    /// Whether this input is taken now; `permits` answers for the acts, as [`Phone::permits`].
    pub(crate) fn permits_input(
        &self,
        input: &Input,
        permits: impl Fn(CallId, &Act) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match input {
            Input::Dial { account, .. } => {
                if self.common.shutdown != Shutdown::No {
                    return Err(Refusal::Terminating);
                }
                self.has_account(*account)?;
                if self.calls.len() >= self.common.policy.max_calls as usize {
                    return Err(Refusal::TooManyCalls);
                }
                self.has_rtp_port()?;
                self.local_is_free_for(None)
            }
            Input::Act { call, act } => permits(*call, act),
            Input::Hook => {
                let (call, act) = self.hook().ok_or(Refusal::NoSuchCall)?;
                // R11: hanging up ends it for all, also while a transfer is pending.
                if self.ends_for_all(call, &act) {
                    Ok(())
                } else {
                    permits(call, &act)
                }
            }
            Input::WrapUp { id, act } => {
                let guest = self
                    .calls
                    .sharing()
                    .iter()
                    .any(wrapup::is_guest_in_conference);
                self.common.permits_wrap_up(*id, act, guest)
            }
            Input::PageOpen(_)
            | Input::Presence(_)
            | Input::WrapUpKept { .. }
            | Input::Wire { .. }
            | Input::Media { .. }
            | Input::Device(_)
            | Input::RtpPorts(_)
            | Input::NetworkChanged
            | Input::Deadline
            | Input::Terminate => Ok(()),
        }
    }

    fn ends_for_all(&self, call: CallId, act: &Act) -> bool {
        ends_for_all(self.calls.sharing(), call, act)
    }

    fn hook(&self) -> Option<(CallId, Act)> {
        hook(self.calls.sharing())
    }

    fn allowed(&mut self, now: Time, input: Input) -> Vec<Action> {
        let mut out = StepContext {
            now,
            common: &mut self.common,
            local_elsewhere: false,
            actions: Vec::new(),
        };
        match &mut self.calls {
            Calls::Sharing(calls) => {
                step(calls, input, &mut out);
                settle(calls, &mut out);
            }
            Calls::Parallel(calls) => calls.step(input, &mut out),
        }
        let actions = out.actions;
        self.watch_presence(now);
        actions
    }

    /// Note when a new call begins to meet something else.
    fn watch_presence(&mut self, now: Time) {
        let away = self.calls.turns_away(&self.common).map(|how| how.why);
        let is = (self.common.presence, away);
        if is != self.common.presence_was {
            self.common.presence_was = is;
            self.common.presence_since = now;
        }
    }
}

fn ends_for_all(calls: &[Call], call: CallId, act: &Act) -> bool {
    let stage = calls.iter().find(|c| c.id == call).map(Call::stage);
    *act == Act::End && matches!(stage, Some(Stage::Conference | Stage::TransferPending))
}

/// The call in focus, and what the hook does to it.
fn hook(calls: &[Call]) -> Option<(CallId, Act)> {
    let ours = calls.iter().find(|call| call.has_local());
    let offered = || calls.iter().find(|call| call.state == State::Offered);
    let held = || calls.iter().find(|call| call.state == State::Single);
    let call = ours.or_else(offered).or_else(held)?;
    Some((call.id, call.hook()?))
}

/// One thing that was allowed, with calls that share our microphone and ear.
fn step(calls: &mut Vec<Call>, input: Input, out: &mut StepContext<'_>) {
    match input {
        Input::Dial { account, target } => dial(calls, account, &target, out),
        Input::Act { call, act } => perform(calls, call, act, out),
        Input::Hook => hooked(calls, out),
        Input::PageOpen(open) => out.common.page_open = open,
        Input::Presence(presence) => out.set_presence(presence),
        Input::WrapUp { id, act } => out.wrap_up(id, act),
        Input::WrapUpKept { id, kept } => out.wrap_up_kept(id, kept),
        Input::Wire {
            leg,
            event: WireEvent::Incoming(incoming),
        } => {
            offered(calls, leg, incoming, out);
        }
        Input::Wire {
            leg,
            event: WireEvent::CallAsked(request),
        } => {
            if !calls.iter().any(|call| call.knows(leg)) {
                let others = Others::of(calls, out);
                calls.extend(call_asked(leg, request, others, out));
            }
        }
        Input::Wire { leg, event } => {
            let not_answered = is_not_answered(calls, leg, &event);
            with_leg(calls, leg, out, |call, out| call.wire(leg, event, out));
            if not_answered {
                out.count_not_answered();
            }
        }
        Input::Media { leg, event } => media(calls, leg, event, out),
        Input::Device(there) => device(there, out),
        Input::RtpPorts(free) => out.common.rtp_ports = free,
        Input::NetworkChanged => calls.iter_mut().for_each(Call::refresh),
        Input::Deadline => {
            for index in 0..calls.len() {
                out.local_elsewhere = has_local_but(calls, index);
                calls[index].deadlines(out);
            }
            answer_on_request(calls, out);
            out.wrap_up_timers();
            out.tell_turned_away();
            let now = out.now;
            out.common.busy = out.common.busy.filter(|(until, _)| *until > now);
        }
        Input::Terminate => terminate(calls, out),
    }
}

fn hooked(calls: &mut [Call], out: &mut StepContext<'_>) {
    let Some((id, act)) = hook(calls) else {
        debug_assert!(false, "the hook is refused where no call has a use for it");
        return;
    };
    let for_all = ends_for_all(calls, id, &act);
    let asks = out.common.policy.hangup == Hangup::Ask && out.common.page_open;
    let call = calls.iter_mut().find(|call| call.id == id);
    match call {
        Some(call) if for_all && asks && call.ask.is_none() => {
            call.ask = Some(out.now + ASK);
            out.notice(Notice::AskEndForAll { call: id });
        }
        _ => perform(calls, id, act, out),
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
    answer_waiting(calls, out);
    for call in calls.iter_mut() {
        call.settle(out);
        call.watch_stage(out.now);
        debug_assert!(call.has_its_legs(), "{call:?}");
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
