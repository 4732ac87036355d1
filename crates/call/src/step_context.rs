//! What a step writes to: the actions so far, and what all calls of the phone share.
use crate::availability::TurnedAwayCount;
use crate::call::Unasked;
use crate::wrapup::WrapUp;
use crate::{
    Action, AwayReason, CallId, CallRecord, Grade, Incoming, LegId, Notice, Policy, Presence, Time,
    Tone, WrapUpId,
};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// How long the tone of a call that was not answered is heard.
const BUSY_TONE: Duration = Duration::from_secs(3);

/// What all calls of a phone share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Common {
    pub(crate) policy: Arc<Policy>,
    pub(crate) accounts: u16,
    pub(crate) presence: Presence,
    /// What a new call met at the end of the last step, and since when.
    pub(crate) presence_was: (Presence, Option<AwayReason>),
    pub(crate) presence_since: Time,
    pub(crate) page_open: bool,
    pub(crate) device: bool,
    /// A new leg can have an RTP port.
    pub(crate) rtp_ports: bool,
    pub(crate) shutdown: Shutdown,
    pub(crate) wrap_ups: Vec<WrapUp>,
    /// A call of ours was not answered: this tone is in our ear until then.
    pub(crate) busy: Option<(Time, Tone)>,
    /// Calls in a row that the agent has let ring.
    pub(crate) not_answered: u32,
    /// Of late.
    pub(crate) turned_away: Option<TurnedAwayCount>,
    pub(crate) last_call: u32,
    pub(crate) last_leg: u32,
    pub(crate) last_wrap_up: u32,
}

/// How far the switching-off has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shutdown {
    /// Not asked for.
    No,
    /// Asked for; a conference or an anchored call is waited for.
    Waiting,
    /// All legs are being ended.
    Ending,
    /// [`Action::Quit`] was given.
    Quit,
}

impl Common {
    pub(crate) fn call_id(&mut self) -> CallId {
        self.last_call += 1;
        CallId(self.last_call)
    }

    pub(crate) fn leg_id(&mut self) -> LegId {
        self.last_leg += 1;
        LegId::Placed(self.last_leg)
    }

    pub(crate) fn wrap_up_id(&mut self) -> WrapUpId {
        self.last_wrap_up += 1;
        WrapUpId(self.last_wrap_up)
    }
}

/// One step's pen.
#[derive(Debug)]
pub(crate) struct StepContext<'a> {
    pub(crate) now: Time,
    pub(crate) common: &'a mut Common,
    /// Another call has our microphone and ear.
    pub(crate) local_elsewhere: bool,
    pub(crate) actions: Vec<Action>,
}

impl StepContext<'_> {
    /// A call of ours was refused with this status: its tone begins.
    pub(crate) fn sound_refused(&mut self, status: u16) {
        let tone = match status {
            // A person is busy, declines or does not answer.
            408 | 480 | 486 | 487 | 600 | 603 => Tone::Busy,
            _ => Tone::Congestion,
        };
        self.common.busy = Some((self.now + BUSY_TONE, tone));
    }

    /// Whether and why a call is answered without the agent's doing, by who its caller is.
    pub(crate) fn unasked(&self, incoming: &Incoming) -> Option<Unasked> {
        let policy = &self.common.policy;
        let covers = |least: Option<Grade>| least.is_some_and(|least| incoming.grade >= least);
        if covers(policy.auto_answer) {
            return Some(Unasked::Policy);
        }
        let after = incoming
            .answer_after
            .filter(|_| covers(policy.answer_on_request))?;
        Some(Unasked::Request(self.now + after))
    }

    pub(crate) fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.actions.push(Action::Notice(notice));
    }

    pub(crate) fn record(&mut self, record: CallRecord) {
        self.actions.push(Action::Record(record));
    }
}
