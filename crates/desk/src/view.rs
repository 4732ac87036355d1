//! The core's snapshot as the API's status. Pure: what the core does not know (name, accounts, audio, the clock's start) is
//! handed in.
use crate::{messages, names};
use std::collections::BTreeMap;
use std::sync::Arc;
use trialog_api::{
    Account, Act, Audio, Call, CallLeg, IdleReason, Lamp, Quality, Records, RegistrationState,
    Secured, Status, TransferRequest, Unread, WrapUp, WrapUpReason,
};
use trialog_call::{
    ActView, CallView, LegId, LegView, ReferralView, Snapshot, Stage, Time, WrapUpView,
};

/// What the status has beside the calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The phone's name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// The accounts with their state.
    pub accounts: Vec<Account>,
    /// Others' phones.
    pub lamps: Vec<Lamp>,
    /// The wrap-up reasons.
    pub reasons: Vec<WrapUpReason>,
    /// The reasons for being idle.
    pub idle_reasons: Vec<IdleReason>,
    /// The reason that the agent has given for being idle; it says nothing while the agent is not.
    pub idle: Option<IdleFor>,
    /// Microphone and ear.
    pub audio: Audio,
    /// What is kept.
    pub records: Records,
    /// What went wrong and was not read yet, oldest first.
    pub unread: Vec<Unread>,
    /// How the sound of the legs comes here, where that was measured.
    pub quality: BTreeMap<LegId, Quality>,
    /// Where the phone's time begins.
    pub start: UnixTime,
}

/// Why the agent is idle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleFor {
    /// The reason's code.
    pub reason: String,
    /// When it was given.
    pub since: Time,
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
    /// Why the agent is idle, where that is what a new caller meets.
    pub(crate) fn idle(&self) -> Option<&IdleFor> {
        idle(&self.snapshot, &self.identity)
    }

    /// Since when a new caller meets what it meets, and that for one reason.
    pub(crate) fn presence_since(&self) -> Time {
        presence_since(&self.snapshot, &self.identity)
    }

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
    pub(crate) fn plus(self, time: Time) -> u64 {
        let passed = u64::try_from(time.0.as_millis()).unwrap_or(u64::MAX);
        self.0.saturating_add(passed)
    }
}

/// An account in this state, with nothing to say about it.
#[must_use]
pub fn account(id: u16, aor: String, state: RegistrationState) -> Account {
    let text = messages::registration(state);
    Account {
        id,
        aor,
        state,
        state_text: text.en,
        state_text_de: text.de,
        detail: None,
        detail_de: None,
        hint: None,
        hint_de: None,
        status: None,
        again_ms: None,
        voicemail: None,
    }
}

fn idle<'a>(snapshot: &Snapshot, identity: &'a Identity) -> Option<&'a IdleFor> {
    let is_idle = names::presence(snapshot) == trialog_api::Presence::Idle;
    identity.idle.as_ref().filter(|_| is_idle)
}

fn presence_since(snapshot: &Snapshot, identity: &Identity) -> Time {
    let reason = idle(snapshot, identity).map_or(Time::ZERO, |idle| idle.since);
    snapshot.presence_since.max(reason)
}

fn status(snapshot: &Snapshot, identity: &Identity) -> Status {
    let start = identity.start;
    Status {
        name: identity.name.clone(),
        version: identity.version.clone(),
        presence: names::presence(snapshot),
        presence_since_ms: start.plus(presence_since(snapshot, identity)),
        idle_reason: idle(snapshot, identity).map(|idle| idle.reason.clone()),
        callers_get: snapshot.turns_away.map(|how| how.status),
        terminating: snapshot.terminating,
        accounts: identity.accounts.clone(),
        calls: snapshot
            .calls
            .iter()
            .map(|view| call(view, identity))
            .collect(),
        wrap_ups: snapshot
            .wrap_ups
            .iter()
            .map(|view| wrap_up(view, start))
            .collect(),
        lamps: identity.lamps.clone(),
        reasons: identity.reasons.clone(),
        idle_reasons: identity.idle_reasons.clone(),
        audio: identity.audio.clone(),
        records: identity.records.clone(),
        unread: identity.unread.clone(),
    }
}

pub(crate) fn call(view: &CallView, identity: &Identity) -> Call {
    let stage = messages::stage(view.stage);
    let start = identity.start;
    Call {
        id: view.id.0,
        account: view.account.0,
        role: names::role(view.role),
        stage: names::stage(view.stage),
        stage_text: stage.en,
        stage_text_de: stage.de,
        muted: view.muted,
        since_ms: start.plus(view.since),
        answered_ms: view.answered.map(|at| start.plus(at)),
        called: view.origin.called.as_ref().map(names::party),
        diverted_from: view.origin.diverted_from.iter().map(names::party).collect(),
        referred_by: view.origin.referred_by.as_ref().map(names::party),
        secured: is_secured(&view.legs),
        legs: view.legs.iter().map(|view| leg(view, identity)).collect(),
        transfer_request: view.referral.as_ref().map(transfer_request),
        acts: view
            .acts
            .iter()
            .map(|act| allowed(act, view.stage))
            .collect(),
    }
}

/// One leg in the clear is enough to hear a conference by.
fn is_secured(legs: &[LegView]) -> bool {
    let mut up = legs.iter().filter(|leg| leg.up).peekable();
    up.peek().is_some() && up.all(|leg| leg.secured.is_whole())
}

fn transfer_request(view: &ReferralView) -> TransferRequest {
    TransferRequest {
        party: names::party(&view.party),
        attended: view.replaces,
        elsewhere: view.elsewhere,
        by: names::party(&view.by),
        outside: view.outside,
    }
}

fn leg(view: &LegView, identity: &Identity) -> CallLeg {
    let start = identity.start;
    CallLeg {
        id: names::leg(view.id),
        role: names::role(view.role),
        party: names::party(&view.party),
        up: view.up,
        up_since_ms: view.up_since.map(|at| start.plus(at)),
        held: view.held,
        held_since_ms: view.held_since.map(|at| start.plus(at)),
        far_held: view.far_held,
        silent: view.silent,
        quality: identity.quality.get(&view.id).cloned(),
        secured: Secured {
            signalling: view.secured.signalling,
            media: view.secured.media,
        },
        redirected_to: view.redirected_to.clone(),
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
        peer: names::party(&view.peer),
        due: view.due,
        reason: view.reason.clone(),
        note: view.note.clone(),
        deadline_ms: view.deadline.map(|deadline| start.plus(deadline)),
    }
}
