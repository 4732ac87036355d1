//! What is said about a request that was wrong in itself.
use crate::command::Wrong;
use crate::messages::{self, Text};
use crate::problem::{Failure, Kind};

pub(crate) fn failure(wrong: Wrong) -> Failure {
    match wrong {
        Wrong::BadAddress => {
            let reason = Text::new(
                "This is no address to call.",
                "Das ist keine Adresse, die man anrufen kann.",
            );
            let expected =
                "sip:user@host, user@host, or a number or name where the account has a registrar";
            let hint = Text::new(
                format!("Give as “to”: {expected}."),
                "Geben Sie als „to“ an: sip:user@host, user@host, oder eine Nummer oder einen Namen, wo das Konto einen Registrar hat.",
            );
            let mut failure = Failure::new(Kind::BadAddress, reason, hint);
            failure.more.field = Some("to".to_owned());
            failure.more.expected = Some(expected.to_owned());
            failure
        }
        Wrong::UnsupportedTransport => {
            let reason = Text::new(
                "This address is called by a transport that this phone does not have.",
                "Diese Adresse wird über einen Transport gerufen, den dieses Telefon nicht hat.",
            );
            let expected =
                "sip:user@host, with transport=udp, transport=tcp, transport=tls or none";
            let hint = Text::new(
                format!("Give as “to”: {expected}."),
                "Geben Sie als „to“ an: sip:user@host, mit transport=udp, transport=tcp, transport=tls oder ohne.",
            );
            let mut failure = Failure::new(Kind::UnsupportedTransport, reason, hint);
            failure.more.field = Some("to".to_owned());
            failure.more.expected = Some(expected.to_owned());
            failure
        }
        Wrong::NoRegistrar => {
            let reason = Text::new(
                "There is no registrar to register at.",
                "Es gibt keinen Registrar, bei dem man sich anmelden könnte.",
            );
            let hint = Text::new(
                "Set `registrar` in the account's section [[account]] of the phone's configuration.",
                "Setzen Sie `registrar` im Abschnitt [[account]] des Kontos in der Konfiguration des Telefons.",
            );
            Failure::new(Kind::NoRegistrar, reason, hint)
        }
        Wrong::NothingRings => {
            let (reason, hint) = messages::nothing_rings();
            Failure::new(Kind::NothingRings, reason, hint)
        }
        Wrong::NoDeviceEnd => {
            let reason = Text::new(
                "Microphone and ear are no sound devices; there are none to choose.",
                "Mikrofon und Hörer sind keine Tongeräte; es gibt keine zu wählen.",
            );
            let hint = Text::new(
                "Set `end = \"device\"` in the section [audio] of the phone's configuration.",
                "Setzen Sie `end = \"device\"` im Abschnitt [audio] der Konfiguration des Telefons.",
            );
            Failure::new(Kind::NoDeviceEnd, reason, hint)
        }
        Wrong::NoFileEnd => {
            let reason = Text::new(
                "The audio end is no file, so nothing can be said into it.",
                "Das Tonende ist keine Datei; dort kann nichts gesagt werden.",
            );
            let hint = Text::new(
                "Set `end = \"file\"` in the section [audio] of the phone's configuration.",
                "Setzen Sie `end = \"file\"` im Abschnitt [audio] der Konfiguration des Telefons.",
            );
            Failure::new(Kind::NoFileEnd, reason, hint)
        }
        Wrong::Unplayable(why) => {
            let reason = Text::new(
                format!("The file can't be played: {why}."),
                format!("Die Datei kann nicht gespielt werden: {why}."),
            );
            let hint = Text::new(
                "Give the absolute path of a WAV file that the phone's user may read.",
                "Geben Sie den absoluten Pfad einer WAV-Datei an, die der Benutzer des Telefons lesen darf.",
            );
            let mut failure = Failure::new(Kind::Unplayable, reason, hint);
            failure.more.field = Some("file".to_owned());
            failure
        }
        Wrong::NotSent(fault) => {
            let (reason, hint) = messages::digit_not_sent(fault);
            Failure::new(Kind::DigitNotSent, reason, hint)
        }
    }
}
