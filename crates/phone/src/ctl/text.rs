//! Answers and events as text for people.
use crate::cli::Language;
use serde_json::Value;
use std::fmt::Write;
use trialog_desk::model::{Call, Event, Status, What, WrapUp};

/// One of two.
pub(super) fn in_language<'a>(language: Language, en: &'a str, de: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::De => de,
    }
}

/// What an act came to.
pub(super) fn done(answer: &Value, language: Language) -> String {
    match answer.get("call") {
        Some(call) => format!("{} {call}", in_language(language, "call", "Anruf")),
        None => in_language(language, "done", "erledigt").to_owned(),
    }
}

/// The whole phone.
pub(super) fn status(status: &Status, language: Language) -> String {
    let say = |en: &'static str, de: &'static str| in_language(language, en, de);
    let mut out = String::new();
    let presence = match status.presence.as_str() {
        "available" => say("Available", "Bereit"),
        _ => say("Idle", "Pause"),
    };
    line(&mut out, &format!("{}: {presence}", status.name));
    if status.terminating {
        line(
            &mut out,
            say(
                "  is being switched off after this call",
                "  wird nach diesem Anruf ausgeschaltet",
            ),
        );
    }
    for account in &status.accounts {
        let detail = account.detail.as_deref().unwrap_or_default();
        let text = format!(
            "  {} {} {} {detail}",
            account.id, account.aor, account.state
        );
        line(&mut out, text.trim_end());
    }
    if status.calls.is_empty() {
        line(&mut out, say("no calls", "keine Anrufe"));
    }
    for call in &status.calls {
        describe(&mut out, call, language);
    }
    for wrap_up in &status.wrap_ups {
        owed(&mut out, wrap_up, language);
    }
    out
}

fn describe(out: &mut String, call: &Call, language: Language) {
    let say = |en: &'static str, de: &'static str| in_language(language, en, de);
    let stage = in_language(language, &call.stage_text, &call.stage_text_de);
    let muted = if call.muted {
        say(", muted", ", stumm")
    } else {
        ""
    };
    let role = role(&call.role, language);
    line(
        out,
        &format!(
            "{} {}: {stage} ({role}{muted})",
            say("call", "Anruf"),
            call.id
        ),
    );
    for leg in &call.legs {
        let mut state = Vec::new();
        if !leg.up {
            state.push(say("not up", "nicht verbunden"));
        }
        if leg.held {
            state.push(say("on hold", "gehalten"));
        }
        if leg.far_held {
            state.push(say("holds us", "hält uns"));
        }
        if leg.silent {
            state.push(say("no audio", "kein Ton"));
        }
        let who = self::role(&leg.role, language);
        let text = format!("  {who} {} {}", leg.name, state.join(", "));
        line(out, text.trim_end());
    }
    let (mut allowed, mut refused) = (String::new(), Vec::new());
    for act in &call.acts {
        let takes = act
            .takes
            .as_deref()
            .map_or(String::new(), |key| format!(" {}", key.to_uppercase()));
        let name = format!("{}{takes}", act.act);
        if act.allowed {
            allowed.push_str(&format!(" · {name}"));
        } else {
            let (en, de) = (act.reason.as_deref(), act.reason_de.as_deref());
            let reason = in_language(language, en.unwrap_or_default(), de.unwrap_or_default());
            refused.push(format!("  ✖ {name}: {reason}"));
        }
    }
    let title = say("allowed:", "erlaubt:");
    line(
        out,
        format!("  {title} {}", allowed.trim_start_matches(" · ")).trim_end(),
    );
    for refusal in refused {
        line(out, &refusal);
    }
}

fn owed(out: &mut String, wrap_up: &WrapUp, language: Language) {
    let say = |en: &'static str, de: &'static str| in_language(language, en, de);
    let state = if wrap_up.due {
        say("due", "fällig")
    } else {
        say("draft", "Entwurf")
    };
    let reason = wrap_up
        .reason
        .as_deref()
        .map_or(String::new(), |reason| format!(", {reason}"));
    let of = say("of call", "zu Anruf");
    let title = say("wrap-up", "Nachbearbeitung");
    line(
        out,
        &format!(
            "{title} {} {of} {} ({}): {state}{reason}",
            wrap_up.id, wrap_up.call, wrap_up.peer
        ),
    );
}

fn role(role: &str, language: Language) -> &str {
    match role {
        "customer" => in_language(language, "customer", "Kunde"),
        "owner" => in_language(language, "owner", "Inhaber"),
        "guest" => in_language(language, "guest", "Gast"),
        other => other,
    }
}

/// One event of `watch`, with what changed since the one before.
pub(super) fn event(event: &Event, before: Option<&Status>, language: Language) -> String {
    match &event.what {
        What::Notice { notice } => {
            let text = in_language(language, &notice.text, &notice.text_de);
            format!("! {text}\n")
        }
        What::Status { status: now } => match before {
            None => status(now, language),
            Some(before) => changes(before, now, language),
        },
    }
}

fn changes(before: &Status, now: &Status, language: Language) -> String {
    let mut out = String::new();
    if before.presence != now.presence {
        line(&mut out, &format!("{}: {}", now.name, now.presence));
    }
    for (account, old) in now.accounts.iter().zip(&before.accounts) {
        if account != old {
            line(&mut out, &format!("{} {}", account.aor, account.state));
        }
    }
    for call in &now.calls {
        let old = before.calls.iter().find(|old| old.id == call.id);
        let same = |old: &Call| {
            old.stage == call.stage
                && old.legs == call.legs
                && old.muted == call.muted
                && old.role == call.role
        };
        if !old.is_some_and(same) {
            describe(&mut out, call, language);
        }
    }
    let word = in_language(language, "call", "Anruf");
    let over = in_language(language, "over", "beendet");
    for call in &before.calls {
        if !now.calls.iter().any(|new| new.id == call.id) {
            line(&mut out, &format!("{word} {}: {over}", call.id));
        }
    }
    for wrap_up in &now.wrap_ups {
        if !before.wrap_ups.contains(wrap_up) {
            owed(&mut out, wrap_up, language);
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{text}");
}
