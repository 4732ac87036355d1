//! The words for all that the core says by name: why an act is refused, what the agent is told, how a state and an act are
//! called. English and German; the labels are those of the call rules. It knows no call and no screen.
mod label;
mod mend;
mod notice;
mod refusal;
mod registrar;

pub use label::{act, role, stage};
pub use mend::mend;
pub use notice::{notice, notice_call, notice_kind};
pub use refusal::{every_refusal, refusal, refusal_code};
pub use registrar::{RegistrarFault, registrar};

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

impl Words {
    pub(crate) fn new(en: impl Into<String>, de: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            de: de.into(),
        }
    }
}
