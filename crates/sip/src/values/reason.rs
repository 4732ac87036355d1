//! The Reason header (RFC 3326).
use super::{Value, before_params};
use crate::grammar::{is_token, quote};
use crate::{Params, Text, ValueError};
use std::borrow::Cow;
use std::fmt;

/// Why a request was sent: `SIP;cause=200;text="Call completed elsewhere"`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// `SIP`, `Q.850`, or another token.
    pub protocol: Text,
    /// With `cause` and `text`.
    pub params: Params,
}

impl Reason {
    /// A reason in SIP's own terms.
    #[must_use]
    pub fn sip(cause: u16, text: &str) -> Self {
        Self {
            protocol: "SIP".into(),
            params: Params::new()
                .with("cause", cause.to_string())
                .with("text", quote(text)),
        }
    }

    /// The protocol's code.
    #[must_use]
    pub fn cause(&self) -> Option<u16> {
        self.params.get("cause")?.parse().ok()
    }

    /// The words for people.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params.unquoted("text")
    }
}

impl Value for Reason {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (protocol, params) = before_params(text);
        if !is_token(protocol) {
            return Err(ValueError::new("Reason", "it does not begin with a token"));
        }
        Ok(Self {
            protocol: whole.share(protocol),
            params: Params::read(whole, params, "Reason")?,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_cause_and_text() {
        let r = Reason::parse("Q.850 ;cause=16 ;text=\"Terminated; gone\"").unwrap();
        assert_eq!(
            (r.cause(), r.text().as_deref()),
            (Some(16), Some("Terminated; gone"))
        );
        let r = Reason::sip(200, "Call \"completed\"");
        assert_eq!(Reason::parse(&r.to_string()), Ok(r.clone()));
        assert_eq!(r.text().as_deref(), Some("Call \"completed\""));
    }
}
