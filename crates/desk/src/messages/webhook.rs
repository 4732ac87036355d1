//! What is said about a webhook that gets the records.
use super::Text;
use trialog_call::WebhookState;

pub(super) fn state(name: &str, state: &WebhookState) -> Text {
    match state {
        WebhookState::Failing { why } => Text::new(
            format!(
                "The webhook “{name}” does not take the records ({why}). They are kept, and sent again."
            ),
            format!(
                "Der Webhook „{name}“ nimmt die Aufzeichnungen nicht an ({why}). Sie werden aufbewahrt und erneut gesendet."
            ),
        ),
        WebhookState::Well => Text::new(
            format!("The webhook “{name}” takes the records again."),
            format!("Der Webhook „{name}“ nimmt die Aufzeichnungen wieder an."),
        ),
        WebhookState::Dropped { messages } => {
            let (en, de) = match messages {
                1 => ("One message".to_owned(), "Eine Nachricht".to_owned()),
                _ => (
                    format!("{messages} messages"),
                    format!("{messages} Nachrichten"),
                ),
            };
            let (were, wurde) = if *messages == 1 {
                ("was", "wird")
            } else {
                ("were", "werden")
            };
            Text::new(
                format!(
                    "{en} for the webhook “{name}” {were} too old or too many, and will not be sent; the history has the calls."
                ),
                format!(
                    "{de} für den Webhook „{name}“ {wurde} nicht mehr gesendet, weil zu alt oder zu viele; die Anrufe stehen im Verlauf."
                ),
            )
        }
        WebhookState::Off => Text::new(
            format!(
                "The webhook “{name}” wants no more records (410), and gets none until the phone is started anew."
            ),
            format!(
                "Der Webhook „{name}“ will keine Aufzeichnungen mehr (410) und bekommt bis zum nächsten Start des Telefons keine."
            ),
        ),
    }
}
