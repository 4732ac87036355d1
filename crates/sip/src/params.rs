//! Parameters as they follow a URI or a header value: `;tag=8a;lr`.
use crate::grammar::{TOKEN, cut, find_outside, is_space, octets, quoted_end, trim, unquote};
use crate::{Text, ValueError};
use std::borrow::Cow;
use std::fmt;

/// A list of parameters. Names are compared without regard to case; order is kept.
///
/// It is kept as the text that it was and looked through on demand: lists are short and most are never asked.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Params {
    /// Without the leading semicolon; not the empty text.
    text: Option<Text>,
}

impl Params {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `;a=1;b`. The empty text is the empty list; an empty parameter (`;;`) is an error.
    #[inline]
    pub(crate) fn read(whole: &Text, text: &str, what: &'static str) -> Result<Self, ValueError> {
        if text.is_empty() {
            return Ok(Self::new());
        }
        let Some(list) = text.strip_prefix(';') else {
            return Err(ValueError::new(
                what,
                "expected a semicolon before a parameter",
            ));
        };
        match fault(list) {
            None => Ok(Self {
                text: Some(whole.share(list)),
            }),
            Some(why) => Err(ValueError::new(what, why)),
        }
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_none()
    }

    /// The value as it stands, with quotes where it has them; empty for a parameter without a value (`;lr`).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        Self::find(self.text.as_deref()?, name)
    }

    /// As [`Params::get`], of a list that was not read.
    pub(crate) fn find<'l>(list: &'l str, name: &str) -> Option<&'l str> {
        Pieces(Some(list))
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or_default())
    }

    /// A list that can be read may have this value, as a token or in quotes.
    pub(crate) fn can_have(value: &str) -> bool {
        if value.starts_with('"') {
            return quoted_end(value) == Some(value.len());
        }
        value.bytes().all(is_value_octet)
    }

    /// The value as a piece of the message, without a copy.
    #[must_use]
    pub fn get_text(&self, name: &str) -> Option<Text> {
        self.get(name)
            .zip(self.text.as_ref())
            .map(|(value, text)| text.share(value))
    }

    /// The value, without quotes and with its escapes resolved.
    #[must_use]
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(unquote)
    }

    /// It is there, with a value or without.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All, in order: name, and value where there is one.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        Pieces(self.text.as_deref())
    }

    /// Gives the parameter this value, or none, in its old place or last. The value must be a token, a host or a
    /// quoted string already; characters that would end it are dropped.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let mut text = String::with_capacity(self.text().len() + name.len() + 16);
        let mut found = false;
        for (own, old) in self.iter() {
            if !own.eq_ignore_ascii_case(name) {
                append(&mut text, own, old);
            } else if !found {
                found = true;
                append(&mut text, own, value);
            }
        }
        if !found {
            append(&mut text, name, value);
        }
        self.keep(text);
    }

    /// The same list with this parameter, for building.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.set(name, Some(value.as_ref()));
        self
    }

    /// The same list with this parameter, which has no value.
    #[must_use]
    pub fn with_flag(mut self, name: &str) -> Self {
        self.set(name, None);
        self
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        if !self.has(name) {
            return;
        }
        let mut text = String::with_capacity(self.text().len());
        for (own, value) in self.iter() {
            if !own.eq_ignore_ascii_case(name) {
                append(&mut text, own, value);
            }
        }
        self.keep(text);
    }

    fn keep(&mut self, text: String) {
        self.text = (!text.is_empty()).then(|| text.into());
    }

    /// Without the leading semicolon.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

fn append(text: &mut String, name: &str, value: Option<&str>) {
    if !text.is_empty() {
        text.push(';');
    }
    text.extend(name.bytes().filter(|c| is_name_octet(*c)).map(char::from));
    let Some(value) = value else { return };
    text.push('=');
    if value.starts_with('"') && quoted_end(value) == Some(value.len()) {
        text.extend(value.chars().filter(|c| !matches!(c, '\r' | '\n')));
    } else {
        text.extend(
            value
                .chars()
                .filter(|c| !c.is_ascii() || is_value_octet(*c as u8)),
        );
    }
}

/// What is wrong with a list, in one walk over it.
fn fault(list: &str) -> Option<&'static str> {
    let mut rest = list.as_bytes();
    loop {
        rest = after(rest, is_space);
        let behind_name = after(rest, is_name_octet);
        if behind_name.len() == rest.len() {
            return Some("a parameter has no proper name");
        }
        rest = after(behind_name, is_space);
        if let [b'=', value @ ..] = rest {
            rest = after(value, is_space);
            rest = match rest {
                [b'"', ..] => match quoted_end(&list[list.len() - rest.len()..]) {
                    Some(end) => &rest[end..],
                    None => return Some("a parameter's quoted string does not end"),
                },
                _ => after(rest, is_value_octet),
            };
            rest = after(rest, is_space);
        }
        rest = match rest {
            [] => return None,
            [b';', rest @ ..] => rest,
            _ => return Some("a parameter has a wrong character"),
        };
    }
}

/// What follows the octets of a class.
fn after(octets: &[u8], class: impl Fn(u8) -> bool) -> &[u8] {
    let end = octets.iter().position(|octet| !class(*octet));
    &octets[end.unwrap_or(octets.len())..]
}

/// RFC 3261 §25.1: a header's parameter has a token for a name, a URI's may have `paramchar` too.
fn is_name_octet(octet: u8) -> bool {
    const NAME: [bool; 256] = octets!(c => TOKEN[c as usize]
        || matches!(c, b'[' | b']' | b'/' | b':' | b'&' | b'$' | b'(' | b')'));
    NAME[octet as usize]
}

/// What is neither a separator of parameters, values or fields, nor a control. Hosts, lists of tokens in a Reason, and
/// UTF-8 are let through.
fn is_value_octet(octet: u8) -> bool {
    const VALUE: [bool; 256] = octets!(c => c > b' '
        && !matches!(c, 0x7f | b';' | b',' | b'"' | b'<' | b'>' | b'\\'));
    VALUE[octet as usize]
}

/// The parameters of a list, one by one; quoted strings are not cut.
struct Pieces<'a>(Option<&'a str>);

impl<'a> Iterator for Pieces<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0?;
        let piece = match find_outside(rest, b';') {
            Some(at) => {
                self.0 = Some(&rest[at + 1..]);
                &rest[..at]
            }
            None => {
                self.0 = None;
                rest
            }
        };
        Some(match cut(piece, b'=') {
            Some((name, value)) => (trim(name), Some(trim(value))),
            None => (trim(piece), None),
        })
    }
}

impl fmt::Display for Params {
    /// With the leading semicolon where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = &self.text else {
            return Ok(());
        };
        f.write_str(";")?;
        f.write_str(text)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        let whole = Text::from(text);
        Params::read(&whole, &whole, "test").unwrap()
    }

    #[test]
    fn names_are_found_in_any_case_with_spaces_about() {
        let p = params("; Tag = 1 ;lr; x=\"a;b\"");
        assert_eq!(p.get("tag"), Some("1"));
        assert_eq!(p.get("LR"), Some(""));
        assert_eq!(p.get("x"), Some("\"a;b\""));
        assert_eq!(p.unquoted("x").unwrap(), "a;b");
        assert_eq!(p.get("y"), None);
        assert_eq!(p.iter().count(), 3);
    }

    #[test]
    fn empty_parameters_and_open_quotes_are_errors() {
        for bad in [
            ";",
            ";;a",
            ";a;",
            ";=1",
            "a",
            ";a=\"x",
            ";a=\"x\"y",
            ";a=b c",
        ] {
            let whole = Text::from(bad);
            assert!(Params::read(&whole, &whole, "test").is_err(), "{bad}");
        }
    }

    #[test]
    fn setting_and_removing_keep_order() {
        let mut p = params(";a=1;b;c=3");
        p.set("b", Some("2"));
        p.set("d", None);
        assert_eq!(p.to_string(), ";a=1;b=2;c=3;d");
        p.remove("A");
        assert_eq!(p.to_string(), ";b=2;c=3;d");
        assert_eq!(
            Params::new().with("tag", "x").with_flag("lr").to_string(),
            ";tag=x;lr"
        );
    }

    #[test]
    fn a_value_can_not_smuggle_in_a_parameter() {
        let p = Params::new().with("tag", "a;b=c\r\n>,d");
        assert_eq!(p.to_string(), ";tag=ab=cd");
    }
}
