//! The core's snapshot as the API's status. Pure: what the core does not know (name, accounts, audio, the clock's start) is
//! handed in.
use crate::{messages, names};
use std::sync::Arc;
use trialog_api::{Account, Act, Audio, Call, CallLeg, Status, WrapUp, WrapUpReason};
use trialog_call::{ActView, CallView, LegView, Snapshot, Stage, Time, WrapUpView};

/// What the status says beside the calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The phone's name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// The accounts with their state.
    pub accounts: Vec<Account>,
    /// The wrap-up reasons.
    pub reasons: Vec<WrapUpReason>,
    /// Microphone and ear.
    pub audio: Audio,
    /// Where the phone's time begins.
    pub start: UnixTime,
}

/// The phone at one moment, as the loop saw it; it is put into words where it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What the core shows.
    pub snapshot: Snapshot,
    /// What the core does not know.
    pub identity: Arc<Identity>,
}

impl Look {
    /// In the API's words.
    #[must_use]
    pub fn status(&self) -> Status {
        status(&self.snapshot, &self.identity)
    }
}

/// A moment on the wall clock, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnixTime(pub u64);

impl UnixTime {
    fn plus(self, time: Time) -> u64 {
        let passed = u64::try_from(time.0.as_millis()).unwrap_or(u64::MAX);
        self.0.saturating_add(passed)
    }
}

fn status(snapshot: &Snapshot, identity: &Identity) -> Status {
    let start = identity.start;
    Status {
        name: identity.name.clone(),
        version: identity.version.clone(),
        presence: names::presence(snapshot.presence),
        terminating: snapshot.terminating,
        accounts: identity.accounts.clone(),
        calls: snapshot
            .calls
            .iter()
            .map(|view| call(view, start))
            .collect(),
        wrap_ups: snapshot
            .wrap_ups
            .iter()
            .map(|view| wrap_up(view, start))
            .collect(),
        reasons: identity.reasons.clone(),
        audio: identity.audio.clone(),
    }
}

pub(crate) fn call(view: &CallView, start: UnixTime) -> Call {
    let stage = messages::stage(view.stage);
    Call {
        id: view.id.0,
        role: names::role(view.role),
        stage: names::stage(view.stage),
        stage_text: stage.en,
        stage_text_de: stage.de,
        muted: view.muted,
        since_ms: start.plus(view.since),
        legs: view.legs.iter().map(leg).collect(),
        acts: view
            .acts
            .iter()
            .map(|act| allowed(act, view.stage))
            .collect(),
    }
}

fn leg(view: &LegView) -> CallLeg {
    CallLeg {
        id: names::leg(view.id),
        role: names::role(view.role),
        name: view.name.clone(),
        up: view.up,
        held: view.held,
        far_held: view.far_held,
        silent: view.silent,
    }
}

fn allowed(view: &ActView, at: Stage) -> Act {
    let label = messages::act(&view.act, at);
    let reason = view.refusal.map(messages::refusal);
    Act {
        act: names::act(&view.act),
        label: label.en,
        label_de: label.de,
        takes: names::member(&view.act),
        allowed: view.refusal.is_none(),
        refused: view.refusal.map(names::refusal),
        reason: reason.as_ref().map(|words| words.en.clone()),
        reason_de: reason.map(|words| words.de),
    }
}

pub(crate) fn wrap_up(view: &WrapUpView, start: UnixTime) -> WrapUp {
    WrapUp {
        id: view.id.0,
        call: view.call.0,
        peer: view.peer.clone(),
        due: view.due,
        reason: view.reason.clone(),
        deadline_ms: view.deadline.map(|deadline| start.plus(deadline)),
    }
}
