//! From, To, Contact, Route, Refer-To and their like: a URI with a name and parameters.
use super::Value;
use crate::grammar::{cut_before, find, find_outside, is_token, quote, quoted_end, trim, unquote};
use crate::{Params, Text, Uri, ValueError};
use memchr::memchr;
use std::borrow::Cow;
use std::fmt;

/// `"Alice" <sip:alice@example.com;transport=tcp>;tag=88sja8x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    /// As it stood, with its quotes where it has them, or needs them; see [`NameAddr::name`].
    pub display: Option<Text>,
    /// The address.
    pub uri: Uri,
    /// The header's own parameters.
    pub params: Params,
}

impl NameAddr {
    /// The URI alone.
    #[must_use]
    pub fn new(uri: Uri) -> Self {
        Self {
            display: None,
            uri,
            params: Params::new(),
        }
    }

    /// With this display name, quoted; none where it is empty.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.display = (!name.is_empty()).then(|| quote(name).into());
        self
    }

    /// With this tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The display name without quotes, where there is one to show.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'_, str>> {
        self.display
            .as_deref()
            .map(unquote)
            .filter(|name| !name.trim().is_empty())
    }

    /// The dialog tag of a From or To value, which is read no further than that. A tag that no parameter can have, such as one with
    /// a space in it, is none: it will be written again in every request of the dialog.
    #[must_use]
    pub fn tag_in(value: &str) -> Option<&str> {
        let (_, params) = value.split_at(find_outside(value, b';')?);
        Params::find(&params[1..], "tag").filter(|tag| !tag.is_empty() && Params::can_have(tag))
    }

    /// The dialog tag.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

const WHAT: &str = "name-addr";

impl Value for NameAddr {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let all = trim(text);
        if all.starts_with('"') {
            let end = quoted_end(all).ok_or(ValueError::new(
                WHAT,
                "the display name's quote does not end",
            ))?;
            let (display, rest) = all.split_at(end);
            let rest = trim(rest);
            if !rest.starts_with('<') {
                return Err(ValueError::new(
                    WHAT,
                    "expected <URI> after the display name",
                ));
            }
            return bracketed(whole, Some(display), rest);
        }
        match find(all, b'<') {
            Some(at) => {
                // RFC 3261 allows tokens only, here; what else is written without quotes is understood.
                let display = trim(&all[..at]);
                if display.contains(['"', '>', ';']) {
                    return Err(ValueError::new(WHAT, "the display name is ill-formed"));
                }
                let mut address = bracketed(whole, Some(display), &all[at..])?;
                if display.is_empty() {
                    address.display = None;
                } else if !are_tokens(display) {
                    address.display = Some(quote(display).into());
                }
                Ok(address)
            }
            None => unbracketed(whole, all),
        }
    }
}

#[inline]
fn bracketed(whole: &Text, display: Option<&str>, rest: &str) -> Result<NameAddr, ValueError> {
    let end =
        memchr(b'>', rest.as_bytes()).ok_or(ValueError::new(WHAT, "the bracket < does not end"))?;
    Ok(NameAddr {
        display: display.map(|display| whole.share(display)),
        uri: Uri::read(whole, &rest[1..end])?,
        params: Params::read(whole, trim(&rest[end + 1..]), WHAT)?,
    })
}

/// RFC 3261 §20: without brackets, what follows a semicolon is the header's, and the URI may have no comma nor
/// question mark.
fn unbracketed(whole: &Text, all: &str) -> Result<NameAddr, ValueError> {
    let (uri, params) = cut_before(all, b';');
    let uri = trim(uri);
    if uri.contains([',', '?']) {
        return Err(ValueError::new(
            WHAT,
            "a URI with a comma or question mark needs brackets",
        ));
    }
    Ok(NameAddr {
        display: None,
        uri: Uri::read(whole, uri)?,
        params: Params::read(whole, params, WHAT)?,
    })
}

fn are_tokens(display: &str) -> bool {
    let mut words = display.split([' ', '\t']);
    words.all(|word| word.is_empty() || is_token(word))
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            let fit = (display.starts_with('"') && quoted_end(display) == Some(display.len()))
                || are_tokens(display);
            if fit {
                write!(f, "{display} ")?;
            } else {
                write!(f, "{} ", quote(display))?;
            }
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> NameAddr {
        NameAddr::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn all_three_spellings_are_read() {
        let a = read("\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s");
        assert_eq!(a.name().unwrap(), "A. G. Bell");
        assert_eq!(a.tag(), Some("a48s"));
        let a = read("sip:+12125551212@server.phone2net.com;tag=887s");
        assert_eq!(a.tag(), Some("887s"));
        assert!(a.uri.params.is_empty());
        let a = read("Anonymous <sip:c8oqz84zk7z@privacy.org;lr>;tag=hyh8");
        assert_eq!(a.name().unwrap(), "Anonymous");
        assert!(a.uri.params.has("lr"));
        assert_eq!(
            read("caller<sip:caller@example.com>;tag=323")
                .name()
                .unwrap(),
            "caller"
        );
        assert_eq!(read("<sip:a@b>").name(), None);
        assert_eq!(read("\"\" <sip:a@b>").name(), None);
    }

    #[test]
    fn a_tag_is_found_without_the_rest() {
        for (value, tag) in [
            ("\"A;tag=x\" <sip:a@b;tag=y>;q=1; Tag = z", Some("z")),
            ("sip:a@b;tag=887s", Some("887s")),
            ("<sip:a@b;tag=y>", None),
            ("<sip:a@b>;tag=", None),
            ("<sip:a@b>;tag", None),
        ] {
            assert_eq!(NameAddr::tag_in(value), tag, "{value}");
            assert_eq!(read(value).tag(), tag, "{value}");
        }
    }

    #[test]
    fn a_tag_that_no_parameter_can_have_is_none() {
        for value in [
            "<sip:a@b>;tag=a b",
            "<sip:a@b>;tag=g1cseq}-ID: 77",
            "<sip:a@b>;tag=a,b",
            "<sip:a@b>;tag=\"a\"b",
            "<sip:a@b>;tag=a<b>",
        ] {
            assert_eq!(NameAddr::tag_in(value), None, "{value}");
            assert!(NameAddr::parse(value).is_err(), "{value}");
        }
    }

    #[test]
    fn quotes_and_brackets_within_a_name_are_kept() {
        let a = read(r#""Quote \" \\ <sip:no@where>; x" <sip:a@b>;tag=1"#);
        assert_eq!(a.name().unwrap(), r#"Quote " \ <sip:no@where>; x"#);
        assert_eq!(NameAddr::parse(&a.to_string()), Ok(a));
    }

    #[test]
    fn a_name_without_quotes_that_needs_them_gets_them() {
        let a = read("Bell, Alexander <sip:a.g.bell@example.com>;tag=43");
        assert_eq!(a.name().unwrap(), "Bell, Alexander");
        assert_eq!(
            a.to_string(),
            "\"Bell, Alexander\" <sip:a.g.bell@example.com>;tag=43"
        );
        let a = NameAddr::new(Uri::parse("sip:a@b").unwrap())
            .with_name("J\"x\"")
            .with_tag("7");
        assert_eq!(a.to_string(), "\"J\\\"x\\\"\" <sip:a@b>;tag=7");
    }

    #[test]
    fn ill_formed_addresses_are_errors() {
        for bad in [
            "",
            "*",
            "\"Mr. J. User <sip:j.user@example.com>",
            "<sip:user@example.com",
            "<sip:user@example.com>>",
            "< sip:user@example.com >",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            "\"Joe\" sip:a@b",
            "\"Joe\" <sip:joe@example.org>;;;;",
            "sip:a@b, sip:c@d",
        ] {
            assert!(NameAddr::parse(bad).is_err(), "{bad}");
        }
    }
}
