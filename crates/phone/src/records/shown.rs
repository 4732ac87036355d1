//! What was kept, in the API's words.
use super::entry::identity;
use trialog_api::request::Past;
use trialog_api::{
    History, HistoryCall, HistoryEvent, HistoryKind, HistoryLeg, HistoryWrapUp, Party,
};
use trialog_desk::names;
use trialog_store::{self as store, Filter, Kind, Page};

/// What a query asks for.
pub(super) fn filter(past: &Past) -> Filter {
    let micros = |ms: u64| i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
    Filter {
        phone: None,
        since_us: past.since_ms.map(micros),
        until_us: past.until_ms.map(micros),
        party: past.party.clone(),
        kind: past.kind.map(|kind| match kind {
            HistoryKind::Answered => Kind::Answered,
            HistoryKind::Placed => Kind::Placed,
            HistoryKind::Missed => Kind::Missed,
            HistoryKind::Rejected => Kind::Rejected,
            HistoryKind::AnsweredElsewhere => Kind::AnsweredElsewhere,
            HistoryKind::TurnedAway => Kind::TurnedAway,
            HistoryKind::Consulted => Kind::Consulted,
        }),
        before: past.before.map(|id| i64::try_from(id).unwrap_or(i64::MAX)),
    }
}

pub(super) fn history(page: Page) -> History {
    History {
        calls: page.calls.into_iter().map(call).collect(),
        next: page.next.map(number),
    }
}

fn number(id: i64) -> u64 {
    u64::try_from(id).unwrap_or(0)
}

fn millis(us: i64) -> u64 {
    number(us / 1_000)
}

fn party(party: store::Party) -> Party {
    names::party(&identity(party))
}

fn kind(kind: Kind) -> HistoryKind {
    match kind {
        Kind::Answered => HistoryKind::Answered,
        Kind::Placed => HistoryKind::Placed,
        Kind::Missed => HistoryKind::Missed,
        Kind::Rejected => HistoryKind::Rejected,
        Kind::AnsweredElsewhere => HistoryKind::AnsweredElsewhere,
        Kind::TurnedAway => HistoryKind::TurnedAway,
        Kind::Consulted => HistoryKind::Consulted,
    }
}

pub(super) fn call(call: store::HistoryCall) -> HistoryCall {
    let leg = |leg: store::HistoryLeg| HistoryLeg {
        leg: leg.leg,
        role: leg.role,
        party: party(leg.party),
        began_ms: millis(leg.began_us),
        answered_ms: leg.answered_us.map(millis),
        ended_ms: leg.ended_us.map(millis),
    };
    let event = |event: store::HistoryEvent| HistoryEvent {
        at_ms: millis(event.at_us),
        kind: event.kind,
        party: event.party.map(party),
        detail: event.detail,
    };
    let wrap_up = |wrap_up: store::HistoryWrapUp| HistoryWrapUp {
        wrap_up: wrap_up.number,
        opened_ms: millis(wrap_up.opened_us),
        due_ms: wrap_up.due_us.map(millis),
        reason: wrap_up.reason,
        note: wrap_up.note,
        timed: wrap_up.timed,
        submitted_ms: wrap_up.submitted_us.map(millis),
    };
    HistoryCall {
        id: number(call.id),
        phone: call.phone,
        call: call.number,
        kind: kind(call.kind),
        incoming: call.incoming,
        role: call.role,
        peer: party(call.peer),
        called: call.called.map(party),
        diverted_from: call.diverted_from.into_iter().map(party).collect(),
        referred_by: call.referred_by.map(party),
        began_ms: millis(call.began_us),
        connected_ms: call.connected_us.map(millis),
        ended_ms: call.ended_us.map(millis),
        outcome: call.outcome,
        status: call.status,
        why: call.why,
        calls: call.calls,
        transferred_to: call.transferred_to.map(party),
        legs: call.legs.into_iter().map(leg).collect(),
        events: call.events.into_iter().map(event).collect(),
        wrap_ups: call.wrap_ups.into_iter().map(wrap_up).collect(),
    }
}
