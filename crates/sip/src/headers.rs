//! The headers of a message, in their order. Values are kept as text; types are read from them on demand.
use crate::grammar::{find_outside, trim};
use crate::header_name::Known;
use crate::{HeaderName, Text, Value, ValueError};
use memchr::memchr2;
use std::fmt::{self, Write as _};

/// Rows of name and value, in the order of the message.
///
/// A *row* is a line of the message, a *value* is what a row holds: several, where the header is a list
/// ([`HeaderName::is_list`]) and the row has commas.
///
/// Rows are spans of the head that the message came with, and in one text behind it to which values are added. So
/// neither reading a message nor building one asks for memory at each row.
#[derive(Clone, Default)]
pub struct Headers {
    /// What was received.
    head: Text,
    /// The values that were given since, one after another; those that were taken away again stay.
    added: String,
    rows: Vec<Row>,
}

/// One header row.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) known: Known,
    /// The name as it stands, where it is not a known one.
    pub(crate) name: TextSpan,
    pub(crate) value: TextSpan,
}

/// The octets `start..end` of a text: counted over the head and, behind it, the values that were added.
#[derive(Clone, Copy, Default)]
pub(crate) struct TextSpan {
    start: u32,
    end: u32,
}

impl TextSpan {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // Messages are far below 4 GiB; what lies beyond has no text to read.
        let narrow = |octet| u32::try_from(octet).unwrap_or(u32::MAX);
        Self {
            start: narrow(start),
            end: narrow(end),
        }
    }
}

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for so many rows, and for values of so many octets in all.
    pub(crate) fn with_capacity(rows: usize, octets: usize) -> Self {
        Self {
            head: Text::new(),
            added: String::with_capacity(octets),
            rows: Vec::with_capacity(rows),
        }
    }

    /// For the parser: no rows yet of this head, and room for so many.
    pub(crate) fn of(head: Text, rows: usize) -> Self {
        Self {
            head,
            added: String::new(),
            rows: Vec::with_capacity(rows),
        }
    }

    /// For the parser: a row of the head, which is known to be harmless.
    pub(crate) fn push_row(&mut self, row: Row) {
        self.rows.push(row);
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
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = (HeaderName, &str)> {
        self.rows.iter().map(|row| {
            let name = row.known.name();
            let name = name.unwrap_or_else(|| HeaderName::Other(self.text(row.name).into()));
            (name, self.text(row.value))
        })
    }

    /// All rows, with their names as they are written.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Known, &str, &str)> {
        self.rows.iter().map(|row| {
            let name = row.known.as_str();
            let name = name.unwrap_or_else(|| self.text(row.name));
            (row.known, name, self.text(row.value))
        })
    }

    /// The rows of one name, unsplit.
    pub fn rows_of<'h>(&'h self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'h str> {
        self.spans(name).map(|(_, value)| self.text(value))
    }

    /// There is a row of this name, be it empty.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.spans(name).next().is_some()
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
        let mut values = self.spans(name).filter_map(|(_, row)| {
            let value = Split::new(self.text(row), list).next()?;
            Some((row, value))
        });
        let (row, value) = values.next()?;
        Some(self.read(row, value))
    }

    /// All values of this name, as types, in order. A value that can't be read is an error in its place.
    pub fn all_typed<T: Value>(
        &self,
        name: &HeaderName,
    ) -> impl Iterator<Item = Result<T, ValueError>> {
        let list = name.is_list();
        self.spans(name).flat_map(move |(_, row)| {
            Split::new(self.text(row), list).map(move |value| self.read(row, value))
        })
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
    pub fn push(&mut self, name: impl Into<HeaderName>, value: impl AsRef<str>) {
        let row = self.row(&name.into(), value.as_ref());
        self.rows.push(row);
    }

    /// As [`Headers::push`], of a value that is written where it will stand.
    pub fn push_fmt(&mut self, name: impl Into<HeaderName>, value: fmt::Arguments<'_>) {
        let start = self.added.len();
        // Writing to a string can't fail.
        let _ = self.added.write_fmt(value);
        let value = self.added_from(start);
        let row = self.row_at(&name.into(), value);
        self.rows.push(row);
    }

    /// Adds a row before all others (a Via, a Route).
    pub fn push_front(&mut self, name: impl Into<HeaderName>, value: impl AsRef<str>) {
        let row = self.row(&name.into(), value.as_ref());
        self.rows.insert(0, row);
    }

    /// Puts one row in the place of all rows of this name: where the first stood, else last.
    pub fn set(&mut self, name: impl Into<HeaderName>, value: impl AsRef<str>) {
        let name = name.into();
        let row = self.row(&name, value.as_ref());
        let first = self.spans(&name).next();
        match first {
            Some((first, _)) => {
                self.remove_from(first + 1, &name);
                self.rows[first] = row;
            }
            None => self.rows.push(row),
        }
    }

    /// Puts a value in the place of the first value of this name, be that one of several in its row; in a row of its own
    /// before all others where there is none.
    pub fn set_first(&mut self, name: impl Into<HeaderName>, value: impl AsRef<str>) {
        let (name, value) = (name.into(), value.as_ref());
        match self.first(&name) {
            Some((at, None)) => self.rows[at] = self.row(&name, value),
            Some((at, Some(rest))) => {
                let row = format!("{value}, {}", self.text(rest));
                self.rows[at] = self.row(&name, &row);
            }
            None => self.push_front(name, value),
        }
    }

    /// Takes all rows of this name away.
    pub fn remove(&mut self, name: &HeaderName) {
        self.remove_from(0, name);
    }

    /// Takes the first value of this name away: of `Via: a, b` it leaves `Via: b`. Whether there was one.
    pub fn remove_first(&mut self, name: &HeaderName) -> bool {
        match self.first(name) {
            Some((at, Some(rest))) => self.rows[at].value = rest,
            Some((at, None)) => drop(self.rows.remove(at)),
            None => return false,
        }
        true
    }

    /// The row with the first value of this name, and the place of the values after it in that row. Empty rows before it,
    /// which have no value, are taken away.
    fn first(&mut self, name: &HeaderName) -> Option<(usize, Option<TextSpan>)> {
        loop {
            let (at, span) = self.spans(name).next()?;
            let row = self.text(span);
            let mut values = Split::new(row, name.is_list());
            if values.next().is_some() {
                let start = |rest: &str| span.start as usize + row.len() - rest.len();
                let rest = values.rest;
                let rest = rest.map(|rest| TextSpan::new(start(rest), span.end as usize));
                return Some((at, rest));
            }
            self.rows.remove(at);
        }
    }

    fn remove_from(&mut self, first: usize, name: &HeaderName) {
        let mut at = self.rows.len();
        while at > first {
            at -= 1;
            if self.is_named(&self.rows[at], name) {
                self.rows.remove(at);
            }
        }
    }

    /// The rows of a name: which they are, and where their values are.
    fn spans(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = (usize, TextSpan)> {
        let rows = self.rows.iter().enumerate();
        rows.filter(move |(_, row)| self.is_named(row, name))
            .map(|(at, row)| (at, row.value))
    }

    fn is_named(&self, row: &Row, name: &HeaderName) -> bool {
        row.known == name.known()
            && (row.known != Known::Not || self.text(row.name).eq_ignore_ascii_case(name.as_str()))
    }

    fn text(&self, span: TextSpan) -> &str {
        let (start, end) = (span.start as usize, span.end as usize);
        let text = match end.checked_sub(self.head.len()) {
            None | Some(0) => self.head.get(start..end),
            Some(end) => self.added.get(start - self.head.len()..end),
        };
        text.unwrap_or_default()
    }

    /// Reads `value`, which was cut out of a row. What it keeps of a received row are pieces of the head.
    fn read<T: Value>(&self, row: TextSpan, value: &str) -> Result<T, ValueError> {
        if row.end as usize <= self.head.len() {
            T::read_part(&self.head, value)
        } else {
            read_alone(value)
        }
    }

    /// A row of this name and value.
    fn row(&mut self, name: &HeaderName, value: &str) -> Row {
        let start = self.added.len();
        self.added.push_str(value);
        let value = self.added_from(start);
        self.row_at(name, value)
    }

    fn row_at(&mut self, name: &HeaderName, value: TextSpan) -> Row {
        let known = name.known();
        let start = self.added.len();
        if known == Known::Not {
            self.added.push_str(name.as_str());
        }
        Row {
            known,
            name: self.added_from(start),
            value,
        }
    }

    /// What was added from there on, with spaces for its line ends.
    fn added_from(&mut self, start: usize) -> TextSpan {
        if memchr2(b'\r', b'\n', &self.added.as_bytes()[start..]).is_some() {
            let harmless = self.added[start..].replace(['\r', '\n'], " ");
            self.added.truncate(start);
            self.added.push_str(&harmless);
        }
        let before = self.head.len();
        TextSpan::new(before + start, before + self.added.len())
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.rows().eq(other.rows())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rows()).finish()
    }
}

/// Reads a value that is a piece of nothing.
#[inline(never)]
fn read_alone<T: Value>(value: &str) -> Result<T, ValueError> {
    T::read(&Text::from(value))
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
        for left in [&["b", "c"][..], &["c"], &[]] {
            assert!(h.remove_first(&HeaderName::Via));
            assert_eq!(all(&h, &HeaderName::Via), left);
        }
        assert!(!h.remove_first(&HeaderName::Via));
        assert!(!h.remove_first(&HeaderName::Route));
        assert!(h.is_empty());
    }

    #[test]
    fn setting_the_first_leaves_the_rest_of_its_row() {
        let mut h = headers(&[("Via", ""), ("Via", "a ,b"), ("Via", "c")]);
        h.set_first(HeaderName::Via, "A");
        assert_eq!(all(&h, &HeaderName::Via), ["A", "b", "c"]);
        h.set_first(HeaderName::Route, "r");
        assert_eq!(h.rows().next(), Some((HeaderName::Route, "r")));
        h.set_first(HeaderName::Route, "s");
        assert_eq!(all(&h, &HeaderName::Route), ["s"]);
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
