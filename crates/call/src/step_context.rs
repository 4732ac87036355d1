//! What a step writes to: the actions so far, and what all calls of the phone share.
use crate::wrapup::WrapUp;
use crate::{Action, CallId, CallRecord, LegId, Notice, Policy, Presence, Time, WrapUpId};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// How long the busy tone is heard.
const BUSY_TONE: Duration = Duration::from_secs(3);

/// What all calls of a phone share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Common {
    pub(crate) policy: Arc<Policy>,
    pub(crate) accounts: u16,
    pub(crate) presence: Presence,
    pub(crate) page_open: bool,
    pub(crate) device: bool,
    pub(crate) shutdown: Shutdown,
    pub(crate) wrap_ups: Vec<WrapUp>,
    /// Whom we called has refused: the busy tone is in our ear until then.
    pub(crate) busy: Option<Time>,
    pub(crate) last_call: u32,
    pub(crate) last_leg: u32,
    pub(crate) last_wrap_up: u32,
}

/// How far the switching-off has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shutdown {
    /// Nobody asked for it.
    No,
    /// Asked for; a conference or an anchored call is waited for.
    Waiting,
    /// All legs are being ended.
    Ending,
    /// [`Action::Quit`] was said.
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
    /// Whom we called has refused: the ear hears it, too.
    pub(crate) fn sound_busy(&mut self) {
        self.common.busy = Some(self.now + BUSY_TONE);
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
