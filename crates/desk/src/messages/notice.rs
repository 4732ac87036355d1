//! What the agent is told, as a sentence for people.
use super::{Text, end_reason, party};
use trialog_call::{
    AwayReason, CallId, EndReason, Notice, PartyIdentity, ReferralView, TurnedAway,
};

/// The call that the notice is about; none for the headset's and for calls that did not come in.
#[must_use]
pub fn notice_call(notice: &Notice) -> Option<CallId> {
    match notice {
        Notice::GuestRefused { call, .. }
        | Notice::HoldRefused { call, .. }
        | Notice::ResumeRefused { call, .. }
        | Notice::SwapUndone { call, .. }
        | Notice::TransferFailed { call, .. }
        | Notice::TransferFailedCustomerGone { call, .. }
        | Notice::TransferDeclined { call }
        | Notice::TransferWithdrawn { call }
        | Notice::Transferred { call }
        | Notice::Anchored { call }
        | Notice::NowOwner { call }
        | Notice::GuestLeft { call, .. }
        | Notice::AnsweredElsewhere { call, .. }
        | Notice::Reason { call, .. }
        | Notice::CustomerLeft { call }
        | Notice::TakenUp { call }
        | Notice::CallLost { call }
        | Notice::WrapUpNotKept { call }
        | Notice::NoAudio { call, .. }
        | Notice::SpeaksMuted { call }
        | Notice::AudioBack { call, .. }
        | Notice::AnsweredUnasked { call, .. }
        | Notice::Redirected { call, .. }
        | Notice::TransferRequested { call, .. }
        | Notice::Dtmf { call, .. }
        | Notice::AskEndForAll { call } => Some(*call),
        Notice::Message { .. }
        | Notice::StrangersTurnedAway { .. }
        | Notice::TurnedAway { .. }
        | Notice::NotAnswered { .. }
        | Notice::RecordsFailing { .. }
        | Notice::RecordsKept
        | Notice::Webhook { .. }
        | Notice::DeviceGone
        | Notice::DeviceBack => None,
    }
}

/// The sentence that people read.
#[must_use]
pub fn notice(notice: &Notice) -> Text {
    match notice {
        Notice::GuestRefused { guest, status, .. } => {
            let (guest, why) = (party(guest), refused(*status));
            Text::new(
                format!("{} {}; the customer is still on hold.", guest.en, why.en),
                format!("{} {}; der Kunde wird weiter gehalten.", guest.de, why.de),
            )
        }
        Notice::HoldRefused {
            party: who, status, ..
        } => hold_refused(who, *status),
        Notice::ResumeRefused {
            party: who, status, ..
        } => resume_refused(who, *status),
        Notice::SwapUndone { status, .. } => Text::new(
            format!("The swap failed ({status}) and was undone."),
            format!("Das Makeln ist misslungen ({status}) und wurde zurückgenommen."),
        ),
        Notice::TransferFailed { status, .. } => Text::new(
            format!("The transfer failed ({status}); the customer is with you."),
            format!("Die Übergabe ist misslungen ({status}); der Kunde ist bei Ihnen."),
        ),
        Notice::TransferFailedCustomerGone { status, .. } => Text::new(
            format!("The transfer failed ({status}), and the customer is gone."),
            format!("Die Übergabe ist misslungen ({status}), und der Kunde ist nicht mehr da."),
        ),
        Notice::TransferDeclined { .. } => Text::new(
            "The transfer was declined; the conference goes on.",
            "Die Übergabe wurde abgelehnt; die Konferenz geht weiter.",
        ),
        Notice::TransferWithdrawn { .. } => Text::new(
            "The transfer was withdrawn.",
            "Die Übergabe wurde zurückgenommen.",
        ),
        Notice::Transferred { .. } => {
            Text::new("The call was transferred.", "Der Anruf wurde übergeben.")
        }
        Notice::Anchored { .. } => Text::new(
            "Neither party could be referred: this phone carries the two on. Leave it running.",
            "Niemand konnte verwiesen werden: Dieses Telefon verbindet die beiden. Lassen Sie es laufen.",
        ),
        Notice::NowOwner { .. } => {
            Text::new("The call is yours now.", "Der Anruf gehört jetzt Ihnen.")
        }
        Notice::GuestLeft { guest, .. } => {
            let Text { en, de } = party(guest);
            Text::new(
                format!("{en} has left; you are with the customer."),
                format!("{de} ist nicht mehr dabei; Sie sprechen mit dem Kunden."),
            )
        }
        Notice::AnsweredElsewhere { party, .. } => answered_elsewhere(party),
        Notice::Reason { party, reason, .. } => ends(party, reason),
        Notice::CustomerLeft { .. } => {
            Text::new("The customer has left.", "Der Kunde ist nicht mehr dabei.")
        }
        Notice::NoAudio { party, .. } => no_audio(party),
        Notice::AudioBack { party, .. } => audio_back(party),
        Notice::Message { from, text } => message(from, text),
        Notice::StrangersTurnedAway { from, count } => strangers(from, *count),
        Notice::TurnedAway { peer, how, calls } => turned_away(peer, *how, *calls),
        Notice::NotAnswered { calls } => not_answered(*calls),
        Notice::WrapUpNotKept { .. } => wrap_up_not_kept(),
        Notice::RecordsFailing { why } => records_failing(why),
        Notice::RecordsKept => Text::new(
            "Calls and wrap-ups are saved again.",
            "Anrufe und Nachbearbeitungen werden wieder gespeichert.",
        ),
        Notice::Webhook { name, state } => super::webhook::state(name, state),
        Notice::TakenUp { .. } => Text::new(
            "The phone had to be started again and goes on with the call.",
            "Das Telefon musste neu starten und setzt den Anruf fort.",
        ),
        Notice::CallLost { .. } => Text::new(
            "The phone had to be started again and could not go on with a call.",
            "Das Telefon musste neu starten und konnte einen Anruf nicht fortsetzen.",
        ),
        Notice::DeviceGone => Text::new(
            "The headset is gone; the parties still hear each other.",
            "Das Headset fehlt; die Teilnehmer hören einander weiter.",
        ),
        Notice::DeviceBack => Text::new("The headset is back.", "Das Headset ist wieder da."),
        Notice::SpeaksMuted { .. } => Text::new(
            "You are muted: nobody hears you.",
            "Sie sind stummgeschaltet: Niemand hört Sie.",
        ),
        Notice::TransferRequested { to, .. } => transfer_requested(to),
        Notice::Redirected {
            party, to, asked, ..
        } => redirected(party, to, *asked),
        Notice::AnsweredUnasked {
            party, on_request, ..
        } => answered_unasked(party, *on_request),
        Notice::Dtmf { digit, .. } => pressed(*digit),
        Notice::AskEndForAll { .. } => Text::new(
            "End the conference for everyone? It ends in 5 s without an answer.",
            "Konferenz für alle beenden? Ohne Antwort endet sie in 5 s.",
        ),
    }
}

fn strangers(from: &impl std::fmt::Display, count: u32) -> Text {
    Text::new(
        format!("Calls of unknown senders were turned away: {count}, the latest from {from}."),
        format!("Anrufe unbekannter Absender wurden abgewiesen: {count}, zuletzt von {from}."),
    )
}

fn no_audio(side: &PartyIdentity) -> Text {
    let Text { en, de } = party(side);
    Text::new(
        format!("No audio from {en}."),
        format!("Kein Ton von {de}."),
    )
}

fn audio_back(side: &PartyIdentity) -> Text {
    let Text { en, de } = party(side);
    Text::new(
        format!("Audio from {en} again."),
        format!("Wieder Ton von {de}."),
    )
}

fn wrap_up_not_kept() -> Text {
    Text::new(
        "The wrap-up could not be saved: it is still due.",
        "Die Nachbearbeitung konnte nicht gespeichert werden: Sie ist weiterhin fällig.",
    )
}

fn records_failing(why: &str) -> Text {
    Text::new(
        format!("Calls and wrap-ups can't be saved: {why}."),
        format!("Anrufe und Nachbearbeitungen können nicht gespeichert werden: {why}."),
    )
}

fn hold_refused(side: &PartyIdentity, status: u16) -> Text {
    let Text { en, de } = party(side);
    Text::new(
        format!("{en} could not be put on hold ({status}); nothing changed."),
        format!("{de} konnte nicht gehalten werden ({status}); alles ist wie zuvor."),
    )
}

fn resume_refused(side: &PartyIdentity, status: u16) -> Text {
    let Text { en, de } = party(side);
    Text::new(
        format!("{en} could not be taken off hold ({status})."),
        format!("{de} konnte nicht aus dem Halten geholt werden ({status})."),
    )
}

fn answered_elsewhere(caller: &PartyIdentity) -> Text {
    let Text { en, de } = party(caller);
    Text::new(
        format!("The call from {en} was answered elsewhere."),
        format!("Der Anruf von {de} wurde anderswo angenommen."),
    )
}

fn ends(side: &PartyIdentity, reason: &EndReason) -> Text {
    let (Text { en, de }, Some(words)) = (party(side), end_reason(reason)) else {
        return party(side);
    };
    if reason.not_secured.is_some() {
        return Text::new(
            format!("{en}: no secured connection, {}", words.en),
            format!("{de}: keine gesicherte Verbindung, {}", words.de),
        );
    }
    Text::new(
        format!("{en} ends with the reason: {}", words.en),
        format!("{de} endet mit dem Grund: {}", words.de),
    )
}

fn message(from: &PartyIdentity, text: &str) -> Text {
    let Text { en, de } = party(from);
    Text::new(
        format!("Message from {en}: {text}"),
        format!("Nachricht von {de}: {text}"),
    )
}

fn not_answered(calls: u32) -> Text {
    let (en, de) = match calls {
        1 => ("A call was".to_owned(), "Ein Anruf wurde".to_owned()),
        _ => (
            format!("{calls} calls in a row were"),
            format!("{calls} Anrufe hintereinander wurden"),
        ),
    };
    Text::new(
        format!("{en} not answered: new calls are refused until you are available again."),
        format!(
            "{de} nicht angenommen: Neue Anrufe werden abgewiesen, bis Sie wieder bereit sind."
        ),
    )
}

fn turned_away(peer: &PartyIdentity, how: TurnedAway, calls: u32) -> Text {
    let (caller, status) = (party(peer), how.status);
    let (en, de) = match how.why {
        AwayReason::Idle => ("you are idle", "Sie sind in Pause"),
        AwayReason::NotAnswered => (
            "a call was not answered",
            "ein Anruf wurde nicht angenommen",
        ),
        AwayReason::NoDevice => (
            "the headset is missing: microphone or ear is not there",
            "das Headset fehlt: Mikrofon oder Hörer ist nicht da",
        ),
        AwayReason::WrapUp => ("a wrap-up is due", "eine Nachbearbeitung ist fällig"),
        AwayReason::Busy => ("the phone is busy", "das Telefon ist besetzt"),
        AwayReason::NoRtpPort => ("no RTP port is free", "kein RTP-Port ist frei"),
        AwayReason::NotKnown => (
            "it was for no account of this phone",
            "es galt keinem Konto dieses Telefons",
        ),
        AwayReason::Ending => (
            "the phone is being switched off",
            "das Telefon wird ausgeschaltet",
        ),
    };
    if calls == 1 {
        Text::new(
            format!("{} was turned away ({status}): {en}.", caller.en),
            format!("{} wurde abgewiesen ({status}): {de}.", caller.de),
        )
    } else {
        Text::new(
            format!(
                "{calls} more calls were turned away ({status}), the last one from {}: {en}.",
                caller.en
            ),
            format!(
                "{calls} weitere Anrufe wurden abgewiesen ({status}), der letzte von {}: {de}.",
                caller.de
            ),
        )
    }
}

fn pressed(digit: u8) -> Text {
    let digit = char::from(digit);
    Text::new(
        format!("The party pressed {digit}."),
        format!("Der Teilnehmer hat {digit} gedrückt."),
    )
}

fn transfer_requested(to: &ReferralView) -> Text {
    let (Text { en, de }, called) = (party(&to.by), party(&to.party));
    // The name is the word of the one that asks; the address is where the call goes.
    let address = to.party.uri.as_ref().filter(|uri| **uri != called.en);
    let address = address.map_or(String::new(), |uri| format!(" <{uri}>"));
    let (outside, beyond) = if to.elsewhere {
        (", which is not of our domain", ", nicht von unserer Domain")
    } else {
        ("", "")
    };
    if to.outside {
        return Text::new(
            format!("{en} asks you to call {}{address}{outside}.", called.en),
            format!("{de} bittet, {}{address} anzurufen{beyond}.", called.de),
        );
    }
    Text::new(
        format!(
            "{en} asks to be replaced by a call to {}{address}{outside}.",
            called.en
        ),
        format!(
            "{de} bittet, stattdessen {}{address} anzurufen{beyond}.",
            called.de
        ),
    )
}

fn redirected(who: &PartyIdentity, to: &str, asked: bool) -> Text {
    let Text { en, de } = party(who);
    let (then, dann) = if asked {
        (". Call there?", ". Dort anrufen?")
    } else {
        (", which is called now.", "; dort wird nun angerufen.")
    };
    Text::new(
        format!("{en} sends the call to {to}{then}"),
        format!("{de} leitet den Anruf an {to}{dann}"),
    )
}

fn answered_unasked(who: &PartyIdentity, on_request: bool) -> Text {
    let Text { en, de } = party(who);
    let (wish, wunsch) = if on_request {
        (", as it was asked for", " auf Wunsch des Anrufers")
    } else {
        ("", "")
    };
    Text::new(
        format!("The call from {en} was answered by itself{wish}."),
        format!("Der Anruf von {de} wurde{wunsch} von selbst angenommen."),
    )
}

/// RFC 3261 §21, in an agent's words.
fn refused(status: u16) -> Text {
    match status {
        486 | 600 => Text::new("is busy", "ist besetzt"),
        603 => Text::new("declined", "hat abgelehnt"),
        408 | 480 | 487 => Text::new("does not answer", "nimmt nicht an"),
        404 | 604 => Text::new("is not known", "ist nicht bekannt"),
        488 | 606 => Text::new(
            "has no codec in common with us",
            "hat keinen gemeinsamen Codec",
        ),
        _ => Text::new(
            format!("was not reached ({status})"),
            format!("wurde nicht erreicht ({status})"),
        ),
    }
}
