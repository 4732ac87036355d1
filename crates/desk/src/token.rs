//! The secret that a client must show. It is compared in constant time and never printed by `Debug`.
use subtle::ConstantTimeEq;

/// A bearer token: 32 random bytes as hexadecimal digits.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// From 32 random bytes of the caller's.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The token itself, to be written where only the user can read it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a client showed this token. How long it takes tells nothing of the content.
    #[must_use]
    pub fn matches(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_matches_and_debug_hides_it() {
        let token = Token::new([0xab; 32]);
        assert_eq!(token.reveal().len(), 64);
        assert!(token.matches(&"ab".repeat(32)));
        assert!(!token.matches(&"ab".repeat(31)));
        assert!(!token.matches(""));
        assert!(!format!("{token:?}").contains("ab"));
    }
}
