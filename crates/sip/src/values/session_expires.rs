//! Session-Expires (RFC 4028 §4).
use super::{Seconds, Value, before_params};
use crate::{Params, Text, ValueError};
use std::fmt;

/// The side that refreshes a session (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The sender of the request, `uac`.
    Uac,
    /// The sender of the response, `uas`.
    Uas,
}

/// How long a session lasts without a refresh.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionExpires {
    /// Seconds, at least 90.
    pub seconds: u32,
    /// Where it is said.
    pub refresher: Option<Refresher>,
}

impl Value for SessionExpires {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (seconds, params) = before_params(text);
        let params = Params::read(whole, params, "Session-Expires")?;
        let refresher = match params.get("refresher") {
            Some(side) if side.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(side) if side.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => {
                return Err(ValueError::new(
                    "Session-Expires",
                    "refresher is uac or uas",
                ));
            }
            None => None,
        };
        Ok(Self {
            seconds: Seconds::read_part(whole, seconds)?.0,
            refresher,
        })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refresher_is_read_and_written() {
        for text in ["1800", "90;refresher=uac", "4000;refresher=uas"] {
            assert_eq!(SessionExpires::parse(text).unwrap().to_string(), text);
        }
        assert!(SessionExpires::parse("90;refresher=us").is_err());
    }
}
