//! The headers of a message, in their order. Values are kept as text; types are read from them on demand.
use crate::grammar::{find_outside, trim};
use crate::{HeaderName, Text, Value, ValueError};

/// Rows of name and value, in the order of the message.
///
/// A *row* is a line of the message, a *value* is what a row holds: several, where the header is a list
/// ([`HeaderName::is_list`]) and the row has commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    rows: Vec<(HeaderName, Text)>,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            rows: Vec::with_capacity(rows),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// There are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows, as they stand.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = (&HeaderName, &Text)> {
        self.rows.iter().map(|(name, value)| (name, value))
    }

    /// The rows of one name, unsplit.
    pub fn rows_of<'h>(&'h self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'h Text> {
        self.rows
            .iter()
            .filter(move |(row, _)| row == name)
            .map(|(_, value)| value)
    }

    /// There is a row of this name, be it empty.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.rows_of(name).next().is_some()
    }

    /// The first value of this name. Of a list header it is the first element only: see [`Headers::all`].
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of this name, in order, over all its rows; rows of list headers are split at their commas. An empty
    /// row of a list header (`Supported:`) has no value.
    pub fn all<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h str> {
        let list = name.is_list();
        self.rows_of(name)
            .flat_map(move |row| Split::new(row, list))
    }

    /// The first value of this name, as a type. `None`: there is no such header.
    pub fn typed<T: Value>(&self, name: &HeaderName) -> Option<Result<T, ValueError>> {
        let list = name.is_list();
        let mut rows = self.rows_of(name);
        rows.find_map(|row| {
            let value = Split::new(row, list).next()?;
            Some(T::read_part(row, value))
        })
    }

    /// All values of this name, as types, in order. A value that can't be read is an error in its place.
    pub fn all_typed<T: Value>(
        &self,
        name: &HeaderName,
    ) -> impl Iterator<Item = Result<T, ValueError>> {
        let list = name.is_list();
        self.rows_of(name)
            .flat_map(move |row| Split::new(row, list).map(move |value| T::read_part(row, value)))
    }

    /// Whether a value of this name, less its parameters, is this token, in any case: `Supported` has `replaces`, say.
    #[must_use]
    pub fn has_token(&self, name: &HeaderName, token: &str) -> bool {
        self.all(name).any(|value| {
            let value = value.split(';').next().unwrap_or_default();
            trim(value).eq_ignore_ascii_case(token)
        })
    }

    /// Adds a row after all others. Line ends in `value` become spaces, so that no value can smuggle in a header.
    pub fn push(&mut self, name: impl Into<HeaderName>, value: impl Into<Text>) {
        self.rows.push((name.into(), harmless(value.into())));
    }

    /// Adds a row before all others (a Via, a Route).
    pub fn push_front(&mut self, name: impl Into<HeaderName>, value: impl Into<Text>) {
        self.rows.insert(0, (name.into(), harmless(value.into())));
    }

    /// Puts one row in the place of all rows of this name: where the first stood, else last.
    pub fn set(&mut self, name: impl Into<HeaderName>, value: impl Into<Text>) {
        let name = name.into();
        let value = harmless(value.into());
        let Some(first) = self.rows.iter().position(|(row, _)| *row == name) else {
            self.rows.push((name, value));
            return;
        };
        self.rows[first].1 = value;
        let mut at = 0;
        self.rows.retain(|(row, _)| {
            at += 1;
            at - 1 <= first || *row != name
        });
    }

    /// Takes all rows of this name away.
    pub fn remove(&mut self, name: &HeaderName) {
        self.rows.retain(|(row, _)| row != name);
    }

    /// Takes the first value of this name away and returns it: of `Via: a, b` it leaves `Via: b`.
    pub fn remove_first(&mut self, name: &HeaderName) -> Option<Text> {
        loop {
            let at = self.rows.iter().position(|(row, _)| row == name)?;
            let row = self.rows[at].1.clone();
            let mut values = Split::new(&row, name.is_list());
            let Some(first) = values.next() else {
                // An empty list row: it has no value, so it goes too.
                self.rows.remove(at);
                continue;
            };
            match values.rest {
                Some(rest) => self.rows[at].1 = row.share(rest),
                None => {
                    self.rows.remove(at);
                }
            }
            return Some(row.share(first));
        }
    }

    /// For the parser: a row that is known to be harmless.
    pub(crate) fn push_row(&mut self, name: HeaderName, value: Text) {
        self.rows.push((name, value));
    }
}

/// Spaces for line ends.
fn harmless(value: Text) -> Text {
    if value.contains(['\r', '\n']) {
        Text::from(value.replace(['\r', '\n'], " "))
    } else {
        value
    }
}

/// The values of a row.
struct Split<'a> {
    rest: Option<&'a str>,
    list: bool,
}

impl<'a> Split<'a> {
    fn new(row: &'a str, list: bool) -> Self {
        let rest = (!list || !row.is_empty()).then_some(row);
        Self { rest, list }
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let comma = self.list.then(|| find_outside(rest, b',')).flatten();
        let value = match comma {
            Some(at) => {
                // A comma that nothing follows separates nothing.
                let more = trim(&rest[at + 1..]);
                self.rest = (!more.is_empty()).then_some(more);
                &rest[..at]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        Some(trim(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Via;

    fn headers(rows: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in rows {
            headers.push(*name, *value);
        }
        headers
    }

    fn all<'a>(headers: &'a Headers, name: &'a HeaderName) -> Vec<&'a str> {
        headers.all(name).collect()
    }

    #[test]
    fn lists_are_split_over_rows_and_commas() {
        let h = headers(&[
            ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"),
            ("f", "x"),
            ("v", "SIP/2.0/TCP c"),
        ]);
        assert_eq!(
            all(&h, &HeaderName::Via),
            ["SIP/2.0/UDP a", "SIP/2.0/UDP b", "SIP/2.0/TCP c"]
        );
        let typed: Vec<Via> = h
            .all_typed(&HeaderName::Via)
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(typed.len(), 3);
    }

    #[test]
    fn a_comma_in_a_date_a_challenge_or_an_unknown_header_does_not_split() {
        let h = headers(&[
            ("Date", "Sat, 13 Nov 2010 23:29:00 GMT"),
            ("WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\""),
            ("X-Unknown", "a, b"),
            ("Subject", "one, two"),
        ]);
        for name in ["Date", "WWW-Authenticate", "X-Unknown", "Subject"] {
            assert_eq!(all(&h, &HeaderName::new(name)).len(), 1, "{name}");
        }
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_split() {
        let h = headers(&[(
            "Contact",
            "\"Doe, Jane\" <sip:a@b?x=1,2>;q=0.5, <sip:c,d@e>",
        )]);
        assert_eq!(
            all(&h, &HeaderName::Contact),
            ["\"Doe, Jane\" <sip:a@b?x=1,2>;q=0.5", "<sip:c,d@e>"]
        );
    }

    #[test]
    fn an_empty_list_is_there_but_has_no_value() {
        let h = headers(&[("Supported", "")]);
        assert!(h.contains(&HeaderName::Supported));
        assert_eq!(h.get(&HeaderName::Supported), None);
        assert_eq!(
            headers(&[("Subject", "")]).get(&HeaderName::Subject),
            Some("")
        );
    }

    #[test]
    fn removing_the_first_leaves_the_rest_of_its_row() {
        let mut h = headers(&[("Via", "a, b"), ("Via", "c"), ("Route", "")]);
        assert_eq!(h.remove_first(&HeaderName::Via).as_deref(), Some("a"));
        assert_eq!(all(&h, &HeaderName::Via), ["b", "c"]);
        assert_eq!(h.remove_first(&HeaderName::Via).as_deref(), Some("b"));
        assert_eq!(h.remove_first(&HeaderName::Via).as_deref(), Some("c"));
        assert_eq!(h.remove_first(&HeaderName::Via), None);
        assert_eq!(h.remove_first(&HeaderName::Route), None);
        assert!(h.is_empty());
    }

    #[test]
    fn setting_keeps_the_place_of_the_first_row() {
        let mut h = headers(&[("To", "1"), ("Via", "a"), ("Call-ID", "2"), ("Via", "b")]);
        h.set(HeaderName::Via, "c");
        let rows: Vec<_> = h.rows().map(|(n, v)| format!("{n}: {v}")).collect();
        assert_eq!(rows, ["To: 1", "Via: c", "Call-ID: 2"]);
        h.set(HeaderName::Expires, "5");
        assert_eq!(h.len(), 4);
    }

    #[test]
    fn a_value_can_not_smuggle_in_a_header() {
        let h = headers(&[("Subject", "a\r\nVia: evil")]);
        assert_eq!(h.get(&HeaderName::Subject), Some("a  Via: evil"));
    }

    #[test]
    fn a_token_is_found_in_any_case_and_row() {
        let h = headers(&[("Supported", "100rel, Replaces"), ("k", "timer;x=1")]);
        assert!(h.has_token(&HeaderName::Supported, "replaces"));
        assert!(h.has_token(&HeaderName::Supported, "timer"));
        assert!(!h.has_token(&HeaderName::Supported, "norefersub"));
    }
}
