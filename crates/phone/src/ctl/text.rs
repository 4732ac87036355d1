//! Answers and events as text for people.
pub(crate) mod devices;

use crate::cli::Language;
use crate::visible;
use std::fmt::Write;
use trialog_client::api::{
    Account, Call, CallPart, DigitWay, EndReason, Event, Lamp, LampState, Outcome, Party, Presence,
    Problem, Quality, Role, Status, Voicemail, What, WrapUp,
};
use trialog_desk::words::{self, Word, ctl};

/// One of two.
pub(crate) fn in_language<'a>(language: Language, en: &'a str, de: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::De => de,
    }
}

/// A word of the catalogue.
pub(super) fn say_in(language: Language, word: Word) -> &'static str {
    in_language(language, word.en, word.de)
}

/// The verb of this name, as a person types it.
fn verb(name: &str, language: Language) -> &str {
    let german = words::VERBS.iter().find(|(verb, _)| *verb == name);
    let german = german.map_or(name, |(_, german)| german);
    in_language(language, name, german)
}

/// Why something was not done, and how to put it right.
pub(super) fn problem(problem: &Problem, language: Language) -> String {
    let reason = in_language(language, &problem.reason, &problem.reason_de);
    let hint = in_language(language, &problem.hint, &problem.hint_de);
    let (reason, hint) = (visible::text(reason), visible::text(hint));
    format!("{reason}\n  {hint}\n")
}

/// An act was taken.
pub(super) fn done(language: Language) -> &'static str {
    say_in(language, ctl::DONE)
}

/// How a digit went.
pub(super) fn digit(digit: char, way: Option<DigitWay>, language: Language) -> String {
    let how = match way {
        Some(DigitWay::Event) => say_in(language, ctl::AS_EVENT),
        Some(DigitWay::Info) => say_in(language, ctl::BY_INFO),
        Some(DigitWay::InBand) => say_in(language, ctl::IN_BAND),
        None => done(language),
    };
    format!("{digit}: {how}")
}

/// A call was placed.
pub(super) fn placed(call: u32, language: Language) -> String {
    format!("{} {call}", say_in(language, ctl::CALL))
}

/// The whole phone.
pub(super) fn status(status: &Status, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let mut out = String::new();
    let presence = presence(status.presence, status.callers_get, language);
    let reasons = status.idle_reasons.iter();
    let reason = reasons.filter(|reason| Some(&reason.code) == status.idle_reason.as_ref());
    let reason =
        reason.map(|reason| format!(", {}", in_language(language, &reason.en, &reason.de)));
    let reason: String = reason.collect();
    line(&mut out, &format!("{}: {presence}{reason}", status.name));
    if status.terminating {
        line(&mut out, say(ctl::ENDS_AFTER_CALL));
    }
    devices::missing(&mut out, "  ", &status.audio, language);
    for account in &status.accounts {
        self::account(&mut out, &format!("  {} ", account.id), account, language);
    }
    for lamp in &status.lamps {
        self::lamp(&mut out, "  ", lamp, language);
    }
    if status.calls.is_empty() {
        line(&mut out, say(ctl::NO_CALLS));
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
    let say = |word: Word| say_in(language, word);
    let stage = in_language(language, &call.stage_text, &call.stage_text_de);
    let muted = if call.muted { say(ctl::IS_MUTED) } else { "" };
    let role = role(call.role, language);
    line(
        out,
        &format!("{} {}: {stage} ({role}{muted})", say(ctl::CALL), call.id),
    );
    for leg in &call.legs {
        let mut state = Vec::new();
        if !leg.up {
            state.push(say(ctl::NOT_UP));
        }
        if leg.held {
            state.push(say(ctl::ON_HOLD));
        }
        if leg.far_held {
            state.push(say(ctl::HOLDS_US));
        }
        if leg.secured.signalling && leg.secured.media {
            state.push(say(ctl::SECURED));
        }
        if leg.silent {
            state.push(say(ctl::NO_AUDIO));
        }
        let sent = leg.redirected_to.as_ref().map(|to| {
            let sent = say(ctl::SENDS_THE_CALL_TO);
            format!("{sent} {to}")
        });
        state.extend(sent.as_deref());
        let role = self::role(leg.role, language);
        let party = self::party(&leg.party, language);
        let text = format!("  {role} {party} {}", state.join(", "));
        line(out, text.trim_end());
        if let Some(quality) = &leg.quality {
            line(out, &format!("    {}", self::quality(quality, language)));
        }
    }
    origin(out, call, language);
    if let Some(request) = &call.transfer_request {
        // The name is the word of the one that asks; the address is where the call goes.
        let full = |party: &Party| {
            let shown = self::party(party, language);
            let address = party.uri.as_ref().filter(|uri| **uri != shown);
            let address = address.map_or(String::new(), |uri| format!(" <{uri}>"));
            shown + &address
        };
        let party = full(&request.party);
        let where_to = if request.elsewhere {
            say(ctl::NOT_OUR_DOMAIN)
        } else {
            ""
        };
        let title = say(ctl::TO_BE_CALLED);
        line(out, &format!("  {title} {party}{where_to}"));
        let title = say(ctl::ASKED_FOR_BY);
        line(out, &format!("  {title} {}", full(&request.by)));
    }
    let (mut allowed, mut refused) = (String::new(), Vec::new());
    for act in &call.acts {
        let takes = act.takes.map_or(String::new(), |member| {
            let word = match member.name() {
                "to" => say(ctl::TAKES_TO),
                "digit" => say(ctl::TAKES_DIGIT),
                other => other,
            };
            format!(" {}", word.to_uppercase())
        });
        let name = format!("{}{takes}", verb(act.act.name(), language));
        if act.allowed {
            allowed.push_str(&format!(" · {name}"));
        } else {
            let (en, de) = (act.reason.as_deref(), act.reason_de.as_deref());
            let reason = in_language(language, en.unwrap_or_default(), de.unwrap_or_default());
            refused.push(format!("  ✖ {name}: {reason}"));
        }
    }
    let title = say(ctl::ALLOWED);
    line(
        out,
        format!("  {title} {}", allowed.trim_start_matches(" · ")).trim_end(),
    );
    for refusal in refused {
        line(out, &refusal);
    }
}

/// How a party's sound comes here.
fn quality(quality: &Quality, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let verdict = in_language(language, &quality.verdict_text, &quality.verdict_text_de);
    let mut text = format!(
        "{}: {verdict} ({} {:.1}), {} {:.1} %, {} {:.1} %, {} {:.0} ms, {} {:.0} ms",
        say(ctl::SOUND),
        say(ctl::ESTIMATED_MOS),
        quality.mos_estimate,
        say(ctl::LOST),
        quality.lost_percent,
        say(ctl::LATE),
        quality.late_percent,
        say(ctl::JITTER),
        quality.jitter_ms,
        say(ctl::BUFFER),
        quality.target_ms,
    );
    if let Some(trip) = quality.round_trip_ms {
        let title = say(ctl::ROUND_TRIP);
        text.push_str(&format!(", {title} {trip:.0} ms"));
    }
    match language {
        Language::En => text,
        Language::De => text.replace('.', ","),
    }
}

/// How a call came here.
fn origin(out: &mut String, call: &Call, language: Language) {
    let say = |word: Word| say_in(language, word);
    let mut tell = |title: &str, parties: &[&Party]| {
        let parties = parties.iter().map(|party| self::party(party, language));
        let parties: Vec<String> = parties.collect();
        if !parties.is_empty() {
            line(out, &format!("  {title} {}", parties.join(", ")));
        }
    };
    tell(say(ctl::CALLED), &Vec::from_iter(&call.called));
    tell(
        say(ctl::DIVERTED_FROM),
        &Vec::from_iter(&call.diverted_from),
    );
    tell(say(ctl::SENT_BY), &Vec::from_iter(&call.referred_by));
}

/// A party by its name, and its number where the name has none.
pub(super) fn party(party: &Party, language: Language) -> String {
    let german = party.name_de.as_deref().unwrap_or(&party.name);
    let name = in_language(language, &party.name, german);
    match &party.number {
        Some(number) if !name.contains(number.as_str()) => format!("{name} ({number})"),
        _ => name.to_owned(),
    }
}

fn owed(out: &mut String, wrap_up: &WrapUp, language: Language) {
    let say = |word: Word| say_in(language, word);
    let state = if wrap_up.due {
        say(ctl::DUE)
    } else {
        say(ctl::DRAFT)
    };
    let reason = wrap_up
        .reason
        .as_deref()
        .map_or(String::new(), |reason| format!(", {reason}"));
    let of = say(ctl::OF_CALL);
    let title = say(ctl::WRAP_UP);
    line(
        out,
        &format!(
            "{title} {} {of} {} ({}): {state}{reason}",
            wrap_up.id,
            wrap_up.call,
            party(&wrap_up.peer, language)
        ),
    );
}

fn role(role: Role, language: Language) -> &'static str {
    match role {
        Role::Customer => say_in(language, ctl::CUSTOMER),
        Role::Owner => say_in(language, ctl::OWNER),
        Role::Guest => say_in(language, ctl::GUEST),
    }
}

/// One event of `watch`. What another event says as well, whole, is left to that one.
pub(super) fn event(event: &Event, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let mut out = String::new();
    match &event.what {
        What::Status { status, missed, .. } => {
            if let Some(missed) = missed {
                let text = say(ctl::EVENTS_MISSED);
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
            let text = say(ctl::IS_YOURS_NOW);
            line(&mut out, &format!("{} {call} {text}", say(ctl::CALL)));
        }
        What::CallIdentified { call, peer } => {
            let (title, text) = (say(ctl::CALL), say(ctl::IS_WITH));
            let peer = party(peer, language);
            line(&mut out, &format!("{title} {call} {text} {peer}"));
        }
        What::CallEnded {
            call,
            outcome,
            status,
            reason,
        } => {
            let how = self::outcome(*outcome, *status, language);
            let over = say(ctl::OVER);
            let why = reason
                .as_ref()
                .map_or(String::new(), |reason| end_reason(reason, language));
            let text = format!("{} {call}: {over}, {how}{why}", say(ctl::CALL));
            line(&mut out, &text);
        }
        What::WrapUpChanged { view, .. } => owed(&mut out, view, language),
        What::WrapUpSubmitted {
            wrap_up, reason, ..
        } => {
            let title = say(ctl::WRAP_UP);
            let text = say(ctl::HANDED_IN);
            line(&mut out, &format!("{title} {wrap_up}: {text}, {reason}"));
        }
        What::Registration { account } => {
            self::account(&mut out, "", account, language);
        }
        What::Voicemail { account, voicemail } => {
            let account = say(ctl::ACCOUNT).to_owned() + &format!(" {account}");
            let text = self::voicemail(voicemail.as_ref(), language);
            line(&mut out, &format!("{account}: {text}"));
        }
        What::Lamp { lamp } => self::lamp(&mut out, "", lamp, language),
        What::Presence {
            presence,
            callers_get,
            idle_reason,
            ..
        } => {
            let text = self::presence(*presence, *callers_get, language);
            let reason = idle_reason.as_ref().map(|code| format!(", {code}"));
            line(&mut out, &format!("{text}{}", reason.unwrap_or_default()));
        }
        What::Audio { audio } => devices::missing(&mut out, "", audio, language),
        What::Ending => line(
            &mut out,
            say(ctl::ENDS_NOW),
        ),
        What::Notice { notice } => {
            let text = in_language(language, &notice.text, &notice.text_de);
            line(&mut out, &format!("! {text}"));
        }
        What::Refused(refused) => {
            let reason = in_language(language, &refused.reason, &refused.reason_de);
            let act = refused.act.to_string();
            line(&mut out, &format!("✖ {}: {reason}", verb(&act, language)));
        }
        // The notice says it, once a minute.
        What::CallTurnedAway { .. }
        | What::CallAnswered { .. }
        // The status has it.
        | What::Quality { .. }
        | What::Levels { .. }
        | What::Unread { .. }
        | What::CallGone { .. }
        | What::WrapUpDrafted { .. }
        | What::WrapUpDue { .. }
        | What::Records { .. }
        | What::Unknown => {}
    }
    out
}

/// How an account stands; where something is wrong, why and how to put it right.
fn account(out: &mut String, lead: &str, account: &Account, language: Language) {
    let state = in_language(language, &account.state_text, &account.state_text_de);
    line(out, &format!("{lead}{} {state}", account.aor));
    if account.voicemail.is_some() {
        let text = voicemail(account.voicemail.as_ref(), language);
        line(out, &format!("    {text}"));
    }
    let details = [
        (&account.detail, &account.detail_de),
        (&account.hint, &account.hint_de),
    ];
    for (en, de) in details {
        if let (Some(en), Some(de)) = (en, de) {
            line(out, &format!("    {}", in_language(language, en, de)));
        }
    }
}

/// How somebody else's phone stands.
fn lamp(out: &mut String, lead: &str, lamp: &Lamp, language: Language) {
    let say = |word: Word| say_in(language, word);
    let state = match lamp.state {
        LampState::Idle => say(ctl::IDLE),
        LampState::Ringing => say(ctl::RINGS),
        LampState::Busy => say(ctl::BUSY),
        LampState::Unknown => say(ctl::NOT_KNOWN),
    };
    let who = lamp.name.as_ref().unwrap_or(&lamp.uri);
    let title = say(ctl::LAMP);
    line(out, &format!("{lead}{title} {} {who}: {state}", lamp.id));
}

/// What waits in a mailbox.
fn voicemail(voicemail: Option<&Voicemail>, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let title = say(ctl::MAILBOX);
    let Some(state) = voicemail else {
        return format!("{title}: {}", say(ctl::NOT_KNOWN));
    };
    let (new, old, urgent) = (state.new, state.old, state.urgent);
    if new == 0 && state.waiting {
        return format!("{title}: {}", say(ctl::MESSAGES_WAIT));
    }
    let counts = format!("{new} {}, {old} {}", say(ctl::NEW), say(ctl::OLD));
    match urgent {
        0 => format!("{title}: {counts}"),
        _ => format!("{title}: {counts}, {urgent} {}", say(ctl::URGENT)),
    }
}

fn outcome(outcome: Outcome, status: Option<u16>, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let words = match outcome {
        Outcome::NotAnswered => say(ctl::NOT_ANSWERED),
        Outcome::AnsweredElsewhere => say(ctl::ANSWERED_ELSEWHERE),
        Outcome::Refused => say(ctl::REFUSED),
        Outcome::Ended => say(ctl::ENDED_HERE),
        Outcome::FarEnded => say(ctl::FAR_ENDED),
        Outcome::Transferred => say(ctl::TRANSFERRED),
        Outcome::Exited => say(ctl::LEFT_AS_GUEST),
        Outcome::Failed => say(ctl::FAILED),
    };
    match status {
        Some(status) => format!("{words} ({status})"),
        None => words.to_owned(),
    }
}

/// Why, in the far side's terms.
fn end_reason(reason: &EndReason, language: Language) -> String {
    let cause = reason.cause.map(|cause| cause.to_string());
    let code = [Some(reason.protocol.clone()), cause];
    let code = code.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let german = reason.text_de.as_ref().filter(|_| language == Language::De);
    match german.or(reason.text.as_ref()) {
        Some(text) => format!(": {text} ({code})"),
        None => format!(" ({code})"),
    }
}

fn presence(presence: Presence, callers_get: Option<u16>, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let words = match presence {
        Presence::Available => say(words::AVAILABLE),
        Presence::Idle => say(words::IDLE),
        Presence::NotAnswered => say(words::NOT_ANSWERED),
        Presence::NoDevice => say(words::NO_DEVICE),
        Presence::WrapUp => say(words::WRAP_UP),
        Presence::Busy => say(words::BUSY),
        Presence::Ending => say(ctl::BEING_SWITCHED_OFF),
    };
    match callers_get {
        Some(status) => {
            let get = say(ctl::CALLERS_GET);
            format!("{words} ({get} {status})")
        }
        None => words.to_owned(),
    }
}

pub(super) fn line(out: &mut String, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{}", visible::text(text));
}

#[cfg(test)]
mod tests;
