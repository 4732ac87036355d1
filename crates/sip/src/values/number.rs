//! Headers that are a number of seconds: Expires, Min-Expires, Retry-After, Min-SE.
use super::Value;
use crate::grammar::trim;
use crate::{Text, ValueError};
use std::fmt;

/// `delta-seconds`. A comment and parameters after it (Retry-After, RFC 3261 §20.33) are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(
    /// A number too large for it is the largest: that is as good as for ever.
    pub u32,
);

impl Value for Seconds {
    fn read_part(_: &Text, text: &str) -> Result<Self, ValueError> {
        let text = trim(text);
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        let rest = trim(rest);
        if digits.is_empty() || !(rest.is_empty() || rest.starts_with([';', '('])) {
            return Err(ValueError::new("seconds", "not a number"));
        }
        // What has only digits fails to be read by being too large.
        Ok(Self(digits.parse().unwrap_or(u32::MAX)))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_with_comment_and_parameters() {
        for (text, seconds) in [
            ("0", 0),
            ("3600", 3600),
            ("18000;duration=3600", 18000),
            ("120 (I'm in a meeting)", 120),
            ("1000000000000000000000000000000000", u32::MAX),
        ] {
            assert_eq!(Seconds::parse(text), Ok(Seconds(seconds)), "{text}");
        }
        for bad in ["", "-1", "x", "1x"] {
            assert!(Seconds::parse(bad).is_err(), "{bad}");
        }
    }
}
