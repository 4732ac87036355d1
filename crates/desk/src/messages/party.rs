//! A party in one word, as a screen shows it.
use super::Text;
use trialog_call::PartyIdentity;

/// The party's name, else its address; an anonymous party and one of which nothing is known have words of their own.
#[must_use]
pub fn party(identity: &PartyIdentity) -> Text {
    match identity.shown() {
        Some(shown) => Text::new(shown, shown),
        None if identity.anonymous => Text::new("Anonymous", "Anonym"),
        None => Text::new("Unknown", "Unbekannt"),
    }
}
