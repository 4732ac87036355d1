//! What a turn of the loop comes to, as events: what the core said in it, and what looks other than before. Pure.
use super::written;
use crate::names;
use crate::view::{self, Look};
use trialog_api::{self as api, CallPart, Refused, What};
use trialog_call::{CallRecord, CallView, Notice, Snapshot, WrapUpView};

/// Something that the core said in a turn.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Record(CallRecord),
    Notice(Notice),
    Refused(Refused),
}

/// The events of a turn. First the calls that began, then how the phone looks, then what else was said: so a client that reads that a
/// call was answered knows it as it is then.
pub(super) fn events(before: &Look, now: &Look, facts: Vec<Fact>) -> Vec<What> {
    let mut events = Vec::new();
    let (began, said): (Vec<_>, Vec<_>) = facts
        .into_iter()
        .partition(|fact| matches!(fact, Fact::Record(CallRecord::Began { .. })));
    for fact in began {
        events.extend(written::fact(fact, now));
    }
    looks(before, now, &mut events);
    for fact in said {
        events.extend(written::fact(fact, now));
    }
    let gone = before.snapshot.calls.iter().filter(|old| {
        let mut calls = now.snapshot.calls.iter();
        !calls.any(|call| call.id == old.id)
    });
    events.extend(gone.map(|call| What::CallGone { call: call.id.0 }));
    events
}

fn looks(before: &Look, now: &Look, events: &mut Vec<What>) {
    let (old, new) = (&before.snapshot, &now.snapshot);
    // It may have changed and come back within this turn: then its time is new.
    let presence = |of: &Snapshot| (of.presence, of.turns_away, of.presence_since);
    if presence(old) != presence(new) || before.idle() != now.idle() {
        events.push(What::Presence {
            presence: names::presence(new),
            since_ms: now.identity.start.plus(now.presence_since()),
            idle_reason: now.idle().map(|idle| idle.reason.clone()),
            callers_get: new.turns_away.map(|how| how.status),
        });
    }
    for call in &new.calls {
        // A call that is new was told of, whole.
        if let Some(former) = old.calls.iter().find(|former| former.id == call.id)
            && former != call
        {
            events.push(changed(former, call, now));
        }
    }
    measured(before, now, events);
    for wrap_up in &new.wrap_ups {
        if !old.wrap_ups.contains(wrap_up) {
            events.push(wrap_up_changed(wrap_up, now));
        }
    }
    for (place, account) in now.identity.accounts.iter().enumerate() {
        let former = before.identity.accounts.get(place);
        let voicemail = former.and_then(|former| former.voicemail);
        let stands = api::Account {
            voicemail,
            ..account.clone()
        };
        if former != Some(&stands) {
            let account = account.clone();
            events.push(What::Registration { account });
        } else if voicemail != account.voicemail {
            events.push(What::Voicemail {
                account: account.id,
                voicemail: account.voicemail,
            });
        }
    }
    for (place, lamp) in now.identity.lamps.iter().enumerate() {
        if before.identity.lamps.get(place) != Some(lamp) {
            let lamp = lamp.clone();
            events.push(What::Lamp { lamp });
        }
    }
    if before.identity.audio != now.identity.audio {
        let audio = now.identity.audio.clone();
        events.push(What::Audio { audio });
    }
    if before.identity.records != now.identity.records {
        let records = now.identity.records.clone();
        events.push(What::Records { records });
    }
    if before.identity.unread != now.identity.unread {
        let unread = now.identity.unread.clone();
        events.push(What::Unread { unread });
    }
    if new.terminating && !old.terminating {
        events.push(What::Ending);
    }
}

/// Legs whose quality is other than before. A leg that is gone was told of with its call.
fn measured(before: &Look, now: &Look, events: &mut Vec<What>) {
    let (old, new) = (&before.identity.quality, &now.identity.quality);
    if old == new {
        return;
    }
    for call in &now.snapshot.calls {
        for leg in &call.legs {
            let quality = new.get(&leg.id);
            if old.get(&leg.id) != quality {
                events.push(What::Quality {
                    call: call.id.0,
                    leg: names::leg(leg.id),
                    quality: quality.cloned(),
                });
            }
        }
    }
}

fn changed(former: &CallView, call: &CallView, now: &Look) -> What {
    let mut changed = Vec::new();
    let mut note = |differs: bool, part: CallPart| {
        if differs {
            changed.push(part);
        }
    };
    let stage = former.stage != call.stage;
    note(stage, CallPart::Stage);
    note(former.role != call.role, CallPart::Role);
    note(former.muted != call.muted, CallPart::Muted);
    note(former.legs != call.legs, CallPart::Legs);
    note(former.referral != call.referral, CallPart::TransferRequest);
    note(former.acts != call.acts, CallPart::Acts);
    What::CallChanged {
        call: call.id.0,
        changed,
        was: stage.then(|| names::stage(former.stage)),
        view: Box::new(view::call(call, &now.identity)),
    }
}

fn wrap_up_changed(wrap_up: &WrapUpView, now: &Look) -> What {
    What::WrapUpChanged {
        wrap_up: wrap_up.id.0,
        view: view::wrap_up(wrap_up, now.identity.start),
    }
}
