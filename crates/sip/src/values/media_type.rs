//! Content-Type and the elements of Accept.
use super::{Value, before_params};
use crate::grammar::{is_token, trim};
use crate::{Params, Text, ValueError};
use std::fmt;

/// `application/sdp;charset=utf-8`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    /// `application`.
    pub kind: Text,
    /// `sdp`.
    pub subtype: Text,
    /// `boundary` and the like.
    pub params: Params,
}

impl MediaType {
    /// It is this type, in any case: `is("application", "sdp")`.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl Value for MediaType {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (value, params) = before_params(text);
        let Some((kind, subtype)) = value.split_once('/') else {
            return Err(ValueError::new("media type", "it has no slash"));
        };
        let (kind, subtype) = (trim(kind), trim(subtype));
        if !is_token(kind) || !is_token(subtype) {
            return Err(ValueError::new(
                "media type",
                "expected two tokens about the slash",
            ));
        }
        Ok(Self {
            kind: whole.share(kind),
            subtype: whole.share(subtype),
            params: Params::read(whole, params, "media type")?,
        })
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_with_spaces_and_parameters() {
        let t = MediaType::parse("multipart / mixed ;boundary=\"a;b\"").unwrap();
        assert!(t.is("Multipart", "MIXED"));
        assert_eq!(t.params.unquoted("boundary").unwrap(), "a;b");
        assert_eq!(
            MediaType::parse("application/sdp").unwrap().to_string(),
            "application/sdp"
        );
        for bad in ["", "sdp", "/sdp", "a/b c"] {
            assert!(MediaType::parse(bad).is_err(), "{bad}");
        }
    }
}
