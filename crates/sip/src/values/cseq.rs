//! CSeq, and RAck, which names one.
use super::Value;
use crate::grammar::is_space;
use crate::{Method, Text, ValueError};
use std::fmt;

/// A request's place in its dialog, and its method (RFC 3261 §20.16).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2³¹ (RFC 3261 §8.1.1.5).
    pub number: u32,
    /// The request's method.
    pub method: Method,
}

impl Value for CSeq {
    fn read_part(_: &Text, text: &str) -> Result<Self, ValueError> {
        let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
        let (Some(number), Some(method), None) = (words.next(), words.next(), words.next()) else {
            return Err(ValueError::new("CSeq", "expected a number and a method"));
        };
        Ok(Self {
            number: sequence(number, "CSeq")?,
            method: Method::parse(method)?,
        })
    }
}

fn sequence(text: &str, what: &'static str) -> Result<u32, ValueError> {
    text.parse()
        .ok()
        .filter(|number| *number < 1 << 31 && text.bytes().all(|c| c.is_ascii_digit()))
        .ok_or(ValueError::new(what, "not a number below 2147483648"))
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// Which provisional response a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RAck {
    /// The response's RSeq.
    pub rseq: u32,
    /// The response's CSeq.
    pub cseq: CSeq,
}

impl Value for RAck {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let start = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let (rseq, rest) = text.split_at(start);
        if rest.is_empty() || !is_space(rest.as_bytes()[0]) {
            return Err(ValueError::new("RAck", "expected a number and a CSeq"));
        }
        Ok(Self {
            rseq: sequence(rseq, "RAck")?,
            cseq: CSeq::read_part(whole, rest)?,
        })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_noughts_and_wide_spaces_are_allowed() {
        let cseq = CSeq::parse("0009  \t INVITE").unwrap();
        assert_eq!(cseq.to_string(), "9 INVITE");
        assert_eq!(
            RAck::parse("776656 1 INVITE").unwrap().to_string(),
            "776656 1 INVITE"
        );
    }

    #[test]
    fn a_number_beyond_its_range_is_an_error() {
        for bad in [
            "36893488147419103232 REGISTER",
            "2147483648 BYE",
            "-1 BYE",
            "+1 BYE",
            "1",
            "BYE",
            "1 BYE BYE",
            "",
        ] {
            assert!(CSeq::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "1", "1 INVITE", " 1 1 INVITE", "1x 1 INVITE"] {
            assert!(RAck::parse(bad).is_err(), "{bad}");
        }
    }
}
