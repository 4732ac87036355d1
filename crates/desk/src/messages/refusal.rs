//! Why an act is refused, as a sentence for people.
use super::{Text, label};
use trialog_call::{Refusal, Stage};

/// Each reason to refuse once; one that names a state, with any.
#[must_use]
pub fn every_refusal() -> Vec<Refusal> {
    vec![
        Refusal::NoSuchCall,
        Refusal::NoSuchWrapUp,
        Refusal::NoSuchAccount,
        Refusal::NotHere(Stage::Ending),
        Refusal::NoHoldInConference,
        Refusal::NoConsultInConference,
        Refusal::NotInPostCall,
        Refusal::GuestCannotEnd,
        Refusal::OwnerCannotExit,
        Refusal::CustomerOnlyTalks,
        Refusal::ConsultNotAnswered,
        Refusal::EndConsultFirst,
        Refusal::GuestHasNoWrapUp,
        Refusal::MutedByHold,
        Refusal::Anchored,
        Refusal::Busy,
        Refusal::TransferPending,
        Refusal::CannotWithdraw,
        Refusal::OtherCallFirst,
        Refusal::TooManyCalls,
        Refusal::NoRtpPort,
        Refusal::NoSuchReason,
        Refusal::StillTalking,
        Refusal::NoTimer,
        Refusal::NotADigit,
        Refusal::Terminating,
    ]
}

/// The sentence that people read.
#[must_use]
pub fn refusal(refusal: Refusal) -> Text {
    let (en, de) = match refusal {
        Refusal::NoSuchCall => ("There is no such call.", "Diesen Anruf gibt es nicht."),
        Refusal::NoSuchWrapUp => (
            "There is no such wrap-up.",
            "Diese Nachbearbeitung gibt es nicht.",
        ),
        Refusal::NoSuchAccount => ("There is no such account.", "Dieses Konto gibt es nicht."),
        Refusal::NotHere(at) => return not_here(at),
        Refusal::NoHoldInConference => (
            "Nobody is put on hold in a conference.",
            "In einer Konferenz wird niemand gehalten.",
        ),
        Refusal::NoConsultInConference => (
            "There is no consult out of a conference.",
            "Aus einer Konferenz heraus gibt es keine Rücksprache.",
        ),
        Refusal::NotInPostCall => (
            "In post-call there is no hold, no resume and no consult.",
            "Im Nachgespräch gibt es kein Halten, Fortsetzen oder Rücksprache.",
        ),
        Refusal::GuestCannotEnd => (
            "Only the owner ends the conference; you can exit it.",
            "Nur der Inhaber beendet die Konferenz; Sie können sie verlassen.",
        ),
        Refusal::OwnerCannotExit => (
            "The owner does not exit: end the conference for all, or transfer the call.",
            "Der Inhaber verlässt die Konferenz nicht: Beenden Sie sie für alle oder übergeben Sie den Anruf.",
        ),
        Refusal::CustomerOnlyTalks => (
            "A customer's phone only talks and hangs up.",
            "Ein Kundentelefon kann nur sprechen und auflegen.",
        ),
        Refusal::ConsultNotAnswered => (
            "The consulted agent has not answered yet.",
            "Der angefragte Agent hat noch nicht angenommen.",
        ),
        Refusal::EndConsultFirst => (
            "End the consult first.",
            "Beenden Sie zuerst die Rücksprache.",
        ),
        Refusal::GuestHasNoWrapUp => (
            "A guest has no wrap-up.",
            "Ein Gast hat keine Nachbearbeitung.",
        ),
        Refusal::MutedByHold => (
            "The party is on hold: there is nothing to mute.",
            "Der Teilnehmer wird gehalten: Es gibt nichts stummzuschalten.",
        ),
        Refusal::Anchored => (
            "Your microphone is no part of this call; the phone only carries the two on.",
            "Ihr Mikrofon gehört nicht mehr zu diesem Anruf; das Telefon verbindet nur noch die beiden.",
        ),
        Refusal::Busy => (
            "A step for this call is under way; try again in a moment.",
            "Für diesen Anruf läuft gerade ein Schritt; versuchen Sie es gleich noch einmal.",
        ),
        Refusal::TransferPending => (
            "A transfer is pending: withdraw it first.",
            "Eine Übergabe läuft: Nehmen Sie sie zuerst zurück.",
        ),
        Refusal::CannotWithdraw => (
            "The transfer can't be taken back: the other phone does not know how.",
            "Die Übergabe kann nicht zurückgenommen werden: Das andere Telefon beherrscht es nicht.",
        ),
        Refusal::OtherCallFirst => (
            "Another call is in a consult or conference; this one waits.",
            "Ein anderer Anruf ist in Rücksprache oder Konferenz; dieser wartet.",
        ),
        Refusal::TooManyCalls => (
            "There are as many calls as the phone takes.",
            "Es sind schon so viele Anrufe da, wie das Telefon annimmt.",
        ),
        Refusal::NoRtpPort => (
            "There is no RTP port for the sound of another party: all are taken, or none can be bound.",
            "Für den Ton eines weiteren Teilnehmers fehlt ein RTP-Port: Alle sind belegt, oder es lässt sich keiner öffnen.",
        ),
        Refusal::NoSuchReason => ("There is no such reason.", "Diesen Grund gibt es nicht."),
        Refusal::StillTalking => (
            "The talk goes on; the wrap-up is handed in after it.",
            "Das Gespräch läuft noch; die Nachbearbeitung wird danach gesendet.",
        ),
        Refusal::NoTimer => (
            "There is no timer to extend.",
            "Es gibt keine Frist, die zu verlängern wäre.",
        ),
        Refusal::NotADigit => (
            "That is no digit: 0 to 9, *, #, A to D.",
            "Das ist keine Ziffer: 0 bis 9, *, #, A bis D.",
        ),
        Refusal::Terminating => (
            "The phone is being switched off.",
            "Das Telefon wird gerade ausgeschaltet.",
        ),
    };
    Text::new(en, de)
}

fn not_here(at: Stage) -> Text {
    let at = label::stage(at);
    Text::new(
        format!("This act does not exist in the state “{}”.", at.en),
        format!("Im Zustand „{}“ gibt es das nicht.", at.de),
    )
}
