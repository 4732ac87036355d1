//! What a turn of the loop comes to, as events: what the core said in it, and what looks other than before. Pure.
use super::written;
use crate::names;
use crate::view::{self, Look};
use trialog_api::{CallPart, Refused, What};
use trialog_call::{CallRecord, CallView, Notice, WrapUpView};

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
    if old.presence != new.presence {
        let presence = names::presence(new.presence);
        events.push(What::Presence { presence });
    }
    for call in &new.calls {
        // A call that is new was told of, whole.
        if let Some(former) = old.calls.iter().find(|former| former.id == call.id)
            && former != call
        {
            events.push(changed(former, call, now));
        }
    }
    for wrap_up in &new.wrap_ups {
        if !old.wrap_ups.contains(wrap_up) {
            events.push(wrap_up_changed(wrap_up, now));
        }
    }
    for (place, account) in now.identity.accounts.iter().enumerate() {
        if before.identity.accounts.get(place) != Some(account) {
            let account = account.clone();
            events.push(What::Registration { account });
        }
    }
    if before.identity.audio != now.identity.audio {
        let audio = now.identity.audio.clone();
        events.push(What::Audio { audio });
    }
    if new.terminating && !old.terminating {
        events.push(What::Ending);
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
    note(former.acts != call.acts, CallPart::Acts);
    What::CallChanged {
        call: call.id.0,
        changed,
        was: stage.then(|| names::stage(former.stage)),
        view: Box::new(view::call(call, now.identity.start)),
    }
}

fn wrap_up_changed(wrap_up: &WrapUpView, now: &Look) -> What {
    What::WrapUpChanged {
        wrap_up: wrap_up.id.0,
        view: view::wrap_up(wrap_up, now.identity.start),
    }
}
