//! Why a leg ends, as its far side states it.
use alloc::string::String;

/// Why a leg ends, in the far side's terms (Reason, RFC 3326); of protocol `TLS` the user agent's own word why no secured connection came
/// about. The user agent has bounded its length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndReason {
    /// `SIP`, `Q.850`, `TLS` or another token.
    pub protocol: String,
    /// The protocol's code: of SIP a status (RFC 3261 §21), of Q.850 a cause.
    pub cause: Option<u16>,
    /// For people; one line, not empty.
    pub text: Option<String>,
}

impl EndReason {
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
