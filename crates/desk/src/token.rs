//! The secret that a client must show. It is compared in constant time and never printed by `Debug`.
use std::sync::Arc;
use subtle::ConstantTimeEq;
use trialog_api::AccessRole;

/// A bearer token: 32 random bytes as hexadecimal digits.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// From 32 random bytes of the caller's.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// One that was revealed before; `None` where the text can't be one.
    #[must_use]
    pub fn kept(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
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

/// The tokens beside the phone's own, which say what their clients may do; they may come and go while the phone runs.
#[derive(Clone)]
pub struct OtherTokens(Arc<RoleOf>);

type RoleOf = dyn Fn(&str) -> Option<AccessRole> + Send + Sync;

impl OtherTokens {
    /// `role_of`: the role of a token; `None`: there is no such token. It is called for each request that shows one.
    pub fn new(role_of: impl Fn(&str) -> Option<AccessRole> + Send + Sync + 'static) -> Self {
        Self(Arc::new(role_of))
    }

    pub(crate) fn role_of(&self, shown: &str) -> Option<AccessRole> {
        (self.0)(shown)
    }
}

impl std::fmt::Debug for OtherTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OtherTokens(…)")
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
        let kept = Token::kept(token.reveal()).unwrap();
        assert!(kept.matches(token.reveal()));
        assert!(Token::kept("ab").is_none() && Token::kept(&"g".repeat(64)).is_none());
    }
}
