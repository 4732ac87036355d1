//! Why a leg ends, as its far side states it.
use alloc::string::String;

/// Why a leg ends, in the far side's terms (Reason, RFC 3326); of protocol `TLS` why no secured connection came about, as the user agent
/// has seen it. The user agent has bounded its length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndReason {
    /// `SIP`, `Q.850`, `TLS` or another token.
    pub protocol: String,
    /// Of `TLS` alone.
    pub not_secured: Option<NotSecured>,
    /// The protocol's code: of SIP a status (RFC 3261 §21), of Q.850 a cause.
    pub cause: Option<u16>,
    /// For people; one line, not empty. Of `TLS` what belongs to `not_secured`.
    pub text: Option<String>,
}

/// Why no secured connection to a far end came about (RFC 5922).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotSecured {
    /// Its certificate is for other names: those of the reason's text, or for none.
    OtherName,
    /// Its certificate's time is over.
    Expired,
    /// Its certificate's time has not begun.
    NotYetValid,
    /// Its certificate is of an issuer that is not believed.
    UnknownIssuer,
    /// It does not believe our certificate, or wants one.
    RefusesOurs,
    /// It speaks no TLS, or none that we speak: the reason's text, in English words.
    NoTls,
}

impl EndReason {
    /// It says more than a number.
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.text.is_some() || self.not_secured.is_some()
    }

    /// A call ends so every day, and the agent is not told: SIP's 200, and of Q.850 normal clearing (16, 31) and the clearing of
    /// the phones of a group that have not answered (26).
    #[must_use]
    pub fn is_usual(&self) -> bool {
        match self.cause {
            Some(200) => self.protocol.eq_ignore_ascii_case("SIP"),
            Some(16 | 26 | 31) => self.protocol.eq_ignore_ascii_case("Q.850"),
            _ => false,
        }
    }
}
