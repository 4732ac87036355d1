//! Labels of states, roles and acts, as the rules' table of labels has them.
use super::Text;
use trialog_api::Verdict;
use trialog_call::{Act, Role, Stage};

/// How the row of the table is called.
#[must_use]
pub fn stage(stage: Stage) -> Text {
    let (en, de) = match stage {
        Stage::Offered => ("Ringing", "Klingelt"),
        Stage::Asked => ("Asked to call", "Anrufwunsch"),
        Stage::Dialling => ("Dialling", "Wählt"),
        Stage::Connected => ("Connected", "Verbunden"),
        Stage::Held => ("On hold", "Gehalten"),
        Stage::ConsultRequested => ("Consult requested", "Rücksprache angefragt"),
        Stage::Consulting => ("Consulting", "In Rücksprache"),
        Stage::Swapped => (
            "Consulting, with the customer",
            "In Rücksprache, beim Kunden",
        ),
        Stage::Conference => ("Conference", "Konferenz"),
        Stage::TransferPending => ("Transfer request", "Übergabeanforderung"),
        // Both agents' phones say it, the one that carries the call and the one whose agent talks.
        Stage::Anchored => (
            "Carried on over the first agent's phone",
            "Über das Telefon des ersten Agenten verbunden",
        ),
        Stage::PostCall => ("Post-call", "Nachgespräch"),
        Stage::Ending => ("Ending", "Wird beendet"),
    };
    Text::new(en, de)
}

/// How a party's role is called.
#[must_use]
pub fn role(role: Role) -> Text {
    let (en, de) = match role {
        Role::Customer => ("customer", "Kunde"),
        Role::Owner => ("owner", "Inhaber"),
        Role::Guest => ("guest", "Gast"),
    };
    Text::new(en, de)
}

/// How good a party's sound is, in a word.
#[must_use]
pub fn verdict(verdict: Verdict) -> Text {
    let (en, de) = match verdict {
        Verdict::Good => ("Good", "Gut"),
        Verdict::Fair => ("Fair", "Mäßig"),
        Verdict::Poor => ("Poor", "Schlecht"),
        Verdict::Bad => ("Bad", "Sehr schlecht"),
    };
    Text::new(en, de)
}

/// What stands on the act's button. The owner's end of a conference and the guest's exit never share a label, so the state
/// matters.
#[must_use]
pub fn act(act: &Act, at: Stage) -> Text {
    // A redirection is answered, not a transfer.
    let calls = matches!(at, Stage::Dialling | Stage::ConsultRequested);
    let asked = at == Stage::Asked;
    let in_conference = matches!(at, Stage::Conference | Stage::TransferPending);
    let (en, de) = match act {
        Act::Accept if asked => ("Call", "Anrufen"),
        Act::Decline if asked => ("Don't call", "Nicht anrufen"),
        Act::Accept if calls => ("Call there", "Dort anrufen"),
        Act::Decline if calls => ("Don't call there", "Dort nicht anrufen"),
        Act::Answer | Act::Accept => ("Accept", "Annehmen"),
        Act::Reject(_) | Act::Decline => ("Decline", "Ablehnen"),
        Act::Forward(_) => ("Forward", "Weiterleiten"),
        Act::Cancel => ("Cancel", "Abbrechen"),
        Act::Hold => ("Hold", "Halten"),
        Act::Resume => ("Resume", "Fortsetzen"),
        Act::Mute => ("Mute", "Stummschalten"),
        Act::Unmute => ("Unmute", "Stummschaltung aufheben"),
        Act::Consult(_) | Act::ConsultBy { .. } => ("Consult", "Rücksprache"),
        Act::EndConsult => ("End consult", "Rücksprache beenden"),
        Act::Swap => ("Swap", "Makeln"),
        Act::Conference => ("Conference", "Konferenz"),
        Act::Transfer(_) => ("Transfer", "Übergeben"),
        Act::Withdraw => ("Withdraw the transfer", "Übergabe zurücknehmen"),
        Act::Exit => ("Exit conference", "Konferenz verlassen"),
        Act::End if in_conference => ("End conference for all", "Konferenz für alle beenden"),
        Act::End => ("End", "Anruf beenden"),
        Act::Stay => ("Go on", "Weiterführen"),
        Act::Dtmf(_) => ("Digit", "Ziffer"),
    };
    Text::new(en, de)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ending_for_all_and_exiting_never_share_a_label() {
        for at in [Stage::Conference, Stage::TransferPending, Stage::PostCall] {
            let (end, exit) = (act(&Act::End, at), act(&Act::Exit, at));
            assert_ne!(end.en, exit.en);
            assert_ne!(end.de, exit.de);
        }
    }
}
