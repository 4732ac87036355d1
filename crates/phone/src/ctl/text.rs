//! Answers and events as text for people.
use crate::cli::Language;
use std::fmt::Write;
use trialog_client::api::{
    Account, Call, CallPart, Event, Outcome, Presence, Problem, Role, Status, What, WrapUp,
};

/// One of two.
pub(super) fn in_language<'a>(language: Language, en: &'a str, de: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::De => de,
    }
}

/// Why something was not done, and how to put it right.
pub(super) fn problem(problem: &Problem, language: Language) -> String {
    let reason = in_language(language, &problem.reason, &problem.reason_de);
    let hint = in_language(language, &problem.hint, &problem.hint_de);
    format!("{reason}\n  {hint}\n")
}

/// An act was taken.
pub(super) fn done(language: Language) -> &'static str {
    in_language(language, "done", "erledigt")
}

/// A call was placed.
pub(super) fn placed(call: u32, language: Language) -> String {
    format!("{} {call}", in_language(language, "call", "Anruf"))
}

/// The whole phone.
pub(super) fn status(status: &Status, language: Language) -> String {
    let say = |en: &'static str, de: &'static str| in_language(language, en, de);
    let mut out = String::new();
    let presence = presence(status.presence, language);
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
        line(
            &mut out,
            &format!("  {} {}", account.id, self::account(account, language)),
        );
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
    let role = role(call.role, language);
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
        let role = self::role(leg.role, language);
        let text = format!("  {role} {} {}", leg.name, state.join(", "));
        line(out, text.trim_end());
    }
    let (mut allowed, mut refused) = (String::new(), Vec::new());
    for act in &call.acts {
        let takes = act.takes.map_or(String::new(), |member| {
            format!(" {}", member.name().to_uppercase())
        });
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

fn role(role: Role, language: Language) -> &'static str {
    match role {
        Role::Customer => in_language(language, "customer", "Kunde"),
        Role::Owner => in_language(language, "owner", "Inhaber"),
        Role::Guest => in_language(language, "guest", "Gast"),
    }
}

/// One event of `watch`. What another event says as well, whole, is left to that one.
pub(super) fn event(event: &Event, language: Language) -> String {
    let say = |en: &'static str, de: &'static str| in_language(language, en, de);
    let mut out = String::new();
    match &event.what {
        What::Status { status, missed, .. } => {
            if let Some(missed) = missed {
                let text = say("events were missed", "Ereignisse wurden verpasst");
                line(&mut out, &format!("({missed} {text})"));
            }
            out.push_str(&self::status(status, language));
        }
        What::CallOffered(began) | What::CallPlaced(began) => {
            if let Some(view) = &began.view {
                describe(&mut out, view, language);
            }
        }
        What::CallChanged { changed, view, .. } => {
            if changed.iter().any(|what| *what != CallPart::Acts) {
                describe(&mut out, view, language);
            }
        }
        What::CallOwned { call, .. } => {
            let text = say("is yours now", "gehört jetzt Ihnen");
            line(&mut out, &format!("{} {call} {text}", say("call", "Anruf")));
        }
        What::CallEnded {
            call,
            outcome,
            status,
        } => {
            let how = self::outcome(*outcome, *status, language);
            let over = say("over", "beendet");
            let text = format!("{} {call}: {over}, {how}", say("call", "Anruf"));
            line(&mut out, &text);
        }
        What::WrapUpChanged { view, .. } => owed(&mut out, view, language),
        What::WrapUpSubmitted {
            wrap_up, reason, ..
        } => {
            let title = say("wrap-up", "Nachbearbeitung");
            let text = say("handed in", "gesendet");
            line(&mut out, &format!("{title} {wrap_up}: {text}, {reason}"));
        }
        What::WrapUpDropped { wrap_up } => {
            let title = say("wrap-up", "Nachbearbeitung");
            let text = say("not needed any more", "nicht mehr nötig");
            line(&mut out, &format!("{title} {wrap_up}: {text}"));
        }
        What::Registration { account } => {
            line(&mut out, &self::account(account, language));
        }
        What::Presence { presence } => line(&mut out, self::presence(*presence, language)),
        What::Ending => line(
            &mut out,
            say(
                "the phone is being switched off",
                "das Telefon wird ausgeschaltet",
            ),
        ),
        What::Notice { notice } => {
            let text = in_language(language, &notice.text, &notice.text_de);
            line(&mut out, &format!("! {text}"));
        }
        What::Refused(refused) => {
            let reason = in_language(language, &refused.reason, &refused.reason_de);
            line(&mut out, &format!("✖ {}: {reason}", refused.act));
        }
        What::CallAnswered { .. }
        | What::CallGone { .. }
        | What::WrapUpDrafted { .. }
        | What::WrapUpDue { .. }
        | What::Audio { .. } => {}
    }
    out
}

/// How an account stands; where something is wrong, why and how to put it right.
fn account(account: &Account, language: Language) -> String {
    let mut text = format!("{} {}", account.aor, account.state);
    let details = [
        (&account.detail, &account.detail_de),
        (&account.hint, &account.hint_de),
    ];
    for (en, de) in details {
        if let (Some(en), Some(de)) = (en, de) {
            text.push_str(&format!("\n    {}", in_language(language, en, de)));
        }
    }
    text
}

fn outcome(outcome: Outcome, status: Option<u16>, language: Language) -> String {
    let say = |en: &'static str, de: &'static str| in_language(language, en, de);
    let words = match outcome {
        Outcome::NotAnswered => say("not answered", "nicht angenommen"),
        Outcome::Refused => say("refused", "abgelehnt"),
        Outcome::Ended => say("ended here", "hier beendet"),
        Outcome::FarEnded => say("the other side left", "die Gegenseite hat aufgelegt"),
        Outcome::Transferred => say("transferred", "übergeben"),
        Outcome::Exited => say("left as guest", "als Gast verlassen"),
        Outcome::Failed => say("failed", "misslungen"),
    };
    match status {
        Some(status) => format!("{words} ({status})"),
        None => words.to_owned(),
    }
}

fn presence(presence: Presence, language: Language) -> &'static str {
    match presence {
        Presence::Available => in_language(language, "Available", "Bereit"),
        Presence::Idle => in_language(language, "Idle", "Pause"),
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{text}");
}
