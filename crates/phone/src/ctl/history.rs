//! Calls that were, as text for people: a line each.
use super::text::{line, party, say_in};
use crate::cli::Language;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trialog_client::api::{History, HistoryCall, HistoryKind};
use trialog_desk::words::{Word, ctl};

/// A page.
pub(super) fn text(history: &History, language: Language) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let mut out = String::new();
    for call in &history.calls {
        line(&mut out, &one(call, now, language));
    }
    if let Some(next) = history.next {
        let more = say_in(language, ctl::MORE);
        line(&mut out, &format!("{more} {next}"));
    }
    out
}

fn one(call: &HistoryCall, now: Duration, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let mut text = format!(
        "{} {}: {}, {}",
        call.id,
        party(&call.peer, language),
        kind(call.kind, language),
        ago(now, call.began_ms, language)
    );
    if let (Some(from), Some(to)) = (call.connected_ms, call.ended_ms) {
        let seconds = to.saturating_sub(from) / 1_000;
        text.push_str(&format!(", {}:{:02}", seconds / 60, seconds % 60));
    }
    if call.calls > 1 {
        text.push_str(&format!(", {}×", call.calls));
    }
    if let Some(to) = &call.transferred_to {
        let to = party(to, language);
        text.push_str(&format!(", {} {to}", say(ctl::TRANSFERRED_TO)));
    }
    for wrap_up in &call.wrap_ups {
        match (&wrap_up.reason, wrap_up.submitted_ms) {
            (Some(reason), Some(_)) => text.push_str(&format!(", {reason}")),
            _ => {
                let due = say(ctl::WRAP_UP_DUE);
                text.push_str(&format!(", {due}"));
            }
        }
    }
    text
}

fn kind(kind: HistoryKind, language: Language) -> &'static str {
    let word = match kind {
        HistoryKind::Answered => ctl::KIND_ANSWERED,
        HistoryKind::Placed => ctl::KIND_PLACED,
        HistoryKind::Missed => ctl::KIND_MISSED,
        HistoryKind::Rejected => ctl::KIND_REJECTED,
        HistoryKind::AnsweredElsewhere => ctl::ANSWERED_ELSEWHERE,
        HistoryKind::TurnedAway => ctl::KIND_TURNED_AWAY,
        HistoryKind::Consulted => ctl::KIND_CONSULTED,
    };
    say_in(language, word)
}

/// How long it is ago.
fn ago(now: Duration, ms: u64, language: Language) -> String {
    let seconds = now.saturating_sub(Duration::from_millis(ms)).as_secs();
    let (number, unit) = match seconds {
        0..60 => (seconds, "s"),
        60..3_600 => (seconds / 60, "min"),
        3_600..86_400 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, say_in(language, ctl::DAYS)),
    };
    say_in(language, ctl::AGO).replace("{span}", &format!("{number} {unit}"))
}
