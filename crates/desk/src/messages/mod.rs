//! The texts for people: why an act is refused and how to put it right, what the agent is told, the labels of states, roles,
//! acts and qualities. Each in English and German; the labels are those of the call rules. Nothing here knows a call or a screen.
mod digit;
mod expected;
mod hint;
mod label;
mod notice;
mod party;
mod refusal;
mod registrar;
mod sound;
mod webhook;

pub(crate) use digit::digit_not_sent;
pub(crate) use expected::expected;
pub use hint::hint;
pub use label::{act, role, stage, verdict};
pub use notice::{notice, notice_call};
pub use party::party;
pub use refusal::{every_refusal, refusal};
pub use registrar::{RegistrarFault, end_reason, nothing_rings, registrar, registration};
pub use sound::{sound_from, sound_to};

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

impl Text {
    pub(crate) fn new(en: impl Into<String>, de: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            de: de.into(),
        }
    }
}
