//! What the agent is told, as a sentence for people.
use super::Text;
use trialog_call::{CallId, Notice};

/// The call that the notice is about; none for the headset's.
#[must_use]
pub fn notice_call(notice: &Notice) -> Option<CallId> {
    match notice {
        Notice::GuestRefused { call, .. }
        | Notice::HoldRefused { call, .. }
        | Notice::ResumeRefused { call, .. }
        | Notice::SwapUndone { call, .. }
        | Notice::TransferFailed { call, .. }
        | Notice::TransferDeclined { call }
        | Notice::TransferWithdrawn { call }
        | Notice::Transferred { call }
        | Notice::Anchored { call }
        | Notice::NowOwner { call }
        | Notice::GuestLeft { call, .. }
        | Notice::CustomerLeft { call }
        | Notice::NoAudio { call, .. }
        | Notice::AudioBack { call, .. }
        | Notice::Dtmf { call, .. }
        | Notice::AskEndForAll { call } => Some(*call),
        Notice::DeviceGone | Notice::DeviceBack => None,
    }
}

/// The sentence that people read.
#[must_use]
pub fn notice(notice: &Notice) -> Text {
    match notice {
        Notice::GuestRefused { guest, status, .. } => {
            let why = refused(*status);
            Text::new(
                format!("{guest} {}; the customer is still on hold.", why.en),
                format!("{guest} {}; der Kunde wird weiter gehalten.", why.de),
            )
        }
        Notice::HoldRefused { party, status, .. } => Text::new(
            format!("{party} could not be put on hold ({status}); nothing changed."),
            format!("{party} konnte nicht gehalten werden ({status}); alles ist wie zuvor."),
        ),
        Notice::ResumeRefused { party, status, .. } => Text::new(
            format!("{party} could not be taken off hold ({status})."),
            format!("{party} konnte nicht aus dem Halten geholt werden ({status})."),
        ),
        Notice::SwapUndone { status, .. } => Text::new(
            format!("The swap failed ({status}) and was undone."),
            format!("Das Makeln ist misslungen ({status}) und wurde zurückgenommen."),
        ),
        Notice::TransferFailed { status, .. } => Text::new(
            format!("The transfer failed ({status}); the customer is with you."),
            format!("Die Übergabe ist misslungen ({status}); der Kunde ist bei Ihnen."),
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
        Notice::GuestLeft { guest, .. } => Text::new(
            format!("{guest} has left; you are with the customer."),
            format!("{guest} ist nicht mehr dabei; Sie sprechen mit dem Kunden."),
        ),
        Notice::CustomerLeft { .. } => {
            Text::new("The customer has left.", "Der Kunde ist nicht mehr dabei.")
        }
        Notice::NoAudio { party, .. } => Text::new(
            format!("No audio from {party}."),
            format!("Kein Ton von {party}."),
        ),
        Notice::AudioBack { party, .. } => Text::new(
            format!("Audio from {party} again."),
            format!("Wieder Ton von {party}."),
        ),
        Notice::DeviceGone => Text::new(
            "The headset is gone; the parties still hear each other.",
            "Das Headset fehlt; die Teilnehmer hören einander weiter.",
        ),
        Notice::DeviceBack => Text::new("The headset is back.", "Das Headset ist wieder da."),
        Notice::Dtmf { digit, .. } => {
            let digit = char::from(*digit);
            Text::new(
                format!("The party pressed {digit}."),
                format!("Der Teilnehmer hat {digit} gedrückt."),
            )
        }
        Notice::AskEndForAll { .. } => Text::new(
            "End the conference for everyone? It ends in 5 s without an answer.",
            "Konferenz für alle beenden? Ohne Antwort endet sie in 5 s.",
        ),
    }
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
