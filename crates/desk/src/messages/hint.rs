//! What to do about a refused act.
use super::Text;
use trialog_call::Refusal;

/// How to put it right, for people.
#[must_use]
pub fn hint(refusal: Refusal) -> Text {
    let (en, de) = match refusal {
        Refusal::NoSuchCall => (
            "GET /api/status lists the calls that there are; numbers are never used again.",
            "GET /api/status nennt die Anrufe, die es gibt; Nummern werden nie wieder verwendet.",
        ),
        Refusal::NoSuchWrapUp => (
            "GET /api/status lists the wrap-ups that are open.",
            "GET /api/status nennt die offenen Nachbearbeitungen.",
        ),
        Refusal::NoSuchAccount => (
            "GET /api/status lists the accounts with their numbers.",
            "GET /api/status nennt die Konten mit ihren Nummern.",
        ),
        Refusal::NotHere(_) => (
            "Wait for a state that has this act, or choose another.",
            "Warten Sie auf einen Zustand, in dem es das gibt, oder wählen Sie etwas anderes.",
        ),
        Refusal::NoHoldInConference => (
            "End the conference for all, or transfer the call; hold is there again when one party has left.",
            "Beenden Sie die Konferenz für alle oder übergeben Sie den Anruf; Halten gibt es wieder, wenn ein Teilnehmer gegangen ist.",
        ),
        Refusal::NoConsultInConference => (
            "Wait until the guest has left the conference.",
            "Warten Sie, bis der Gast die Konferenz verlassen hat.",
        ),
        Refusal::NotInPostCall => (
            "End the talk; a new call can be placed after it.",
            "Beenden Sie das Gespräch; danach ist ein neuer Anruf möglich.",
        ),
        Refusal::GuestCannotEnd => ("Use exit.", "Verwenden Sie exit."),
        Refusal::OwnerCannotExit => ("Use end, or transfer.", "Verwenden Sie end oder transfer."),
        Refusal::CustomerOnlyTalks => (
            "An agent's phone has `agent = true` in the section [agent] of its configuration.",
            "Das Telefon eines Agenten hat `agent = true` im Abschnitt [agent] seiner Konfiguration.",
        ),
        Refusal::ConsultNotAnswered => (
            "Wait for the state consulting, or use end-consult.",
            "Warten Sie auf den Zustand consulting oder verwenden Sie end-consult.",
        ),
        Refusal::EndConsultFirst => ("Use end-consult.", "Verwenden Sie end-consult."),
        Refusal::GuestHasNoWrapUp => (
            "There is nothing to do: the owner hands it in.",
            "Es ist nichts zu tun: Der Inhaber sendet sie.",
        ),
        Refusal::MutedByHold => ("Use resume first.", "Verwenden Sie zuerst resume."),
        Refusal::Anchored => (
            "Use end to end the call for both, or leave it.",
            "Verwenden Sie end, um den Anruf für beide zu beenden, oder lassen Sie ihn.",
        ),
        Refusal::Busy => (
            "Wait for the call's next event, then try again.",
            "Warten Sie auf das nächste Ereignis des Anrufs und versuchen Sie es dann noch einmal.",
        ),
        Refusal::TransferPending => ("Use withdraw first.", "Verwenden Sie zuerst withdraw."),
        Refusal::CannotWithdraw => (
            "Wait for its end: the call goes on here if it fails.",
            "Warten Sie ihr Ende ab: Misslingt sie, geht der Anruf hier weiter.",
        ),
        Refusal::OtherCallFirst => (
            "End or transfer the other call first.",
            "Beenden oder übergeben Sie zuerst den anderen Anruf.",
        ),
        Refusal::TooManyCalls => (
            "End a call first, or raise max_calls in the configuration.",
            "Beenden Sie zuerst einen Anruf oder erhöhen Sie max_calls in der Konfiguration.",
        ),
        Refusal::NoRtpPort => (
            "End a call first, or widen rtp_ports in the section [media] of the configuration; the log names what the system refused.",
            "Beenden Sie zuerst einen Anruf oder erweitern Sie rtp_ports im Abschnitt [media] der Konfiguration; das Protokoll nennt, was das System verweigert hat.",
        ),
        Refusal::NoSuchReason => (
            "GET /api/status lists the reasons with their codes.",
            "GET /api/status nennt die Gründe mit ihren Kennungen.",
        ),
        Refusal::StillTalking => (
            "Use draft now, and submit when the event wrap-up-due has come.",
            "Verwenden Sie jetzt draft, und submit nach dem Ereignis wrap-up-due.",
        ),
        Refusal::NoTimer => ("There is nothing to do.", "Es ist nichts zu tun."),
        Refusal::NotADigit => (
            "Send one digit a request.",
            "Senden Sie je Anfrage eine Ziffer.",
        ),
        Refusal::Terminating => (
            "Wait until the phone has been started again.",
            "Warten Sie, bis das Telefon wieder gestartet ist.",
        ),
    };
    Text::new(en, de)
}
