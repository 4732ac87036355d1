//! Why a digit did not go, and what to do about it.
use super::Text;
use crate::DigitFault;

/// Reason and hint, for people.
pub(crate) fn digit_not_sent(fault: DigitFault) -> (Text, Text) {
    let reason = match fault {
        DigitFault::NotAgreed => Text::new(
            "The digit was not sent: the far side has agreed to no telephone-event.",
            "Die Ziffer wurde nicht gesendet: Die Gegenseite hat kein telephone-event vereinbart.",
        ),
        DigitFault::Refused { status } => Text::new(
            format!("The far side refused the digit ({status})."),
            format!("Die Gegenseite hat die Ziffer abgelehnt ({status})."),
        ),
        DigitFault::NoAnswer => Text::new(
            "The far side has not answered; whether it has the digit is not known.",
            "Die Gegenseite hat nicht geantwortet; ob sie die Ziffer hat, ist nicht bekannt.",
        ),
        DigitFault::NoSound => Text::new(
            "The digit was not sent: no sound goes to the far side now.",
            "Die Ziffer wurde nicht gesendet: Zur Gegenseite geht gerade kein Ton.",
        ),
        DigitFault::Over => Text::new(
            "The digit was not sent: the call is over.",
            "Die Ziffer wurde nicht gesendet: Der Anruf ist zu Ende.",
        ),
    };
    let hint = match fault {
        DigitFault::NotAgreed | DigitFault::Refused { .. } => Text::new(
            "With dtmf = \"auto\" or \"in-band\" in the section [media] of the configuration it goes as tones.",
            "Mit dtmf = \"auto\" oder \"in-band\" im Abschnitt [media] der Konfiguration geht sie als Töne.",
        ),
        DigitFault::NoAnswer => Text::new(
            "Ask the far side what it has heard before sending it again.",
            "Fragen Sie, was dort angekommen ist, bevor Sie sie noch einmal senden.",
        ),
        DigitFault::NoSound => Text::new(
            "Wait until the far side takes you off hold.",
            "Warten Sie, bis die Gegenseite das Halten beendet.",
        ),
        DigitFault::Over => Text::new(
            "GET /api/status lists the calls that there are.",
            "GET /api/status nennt die Anrufe, die es gibt.",
        ),
    };
    (reason, hint)
}
