//! The small words of RFC 3261 §25.1 that every reader here shares: tokens, quoted strings, commas that separate.
use memchr::{memchr, memchr3};
use std::borrow::Cow;

/// A table of octets for which something holds.
macro_rules! octets {
    ($octet:ident => $holds:expr) => {{
        let mut table = [false; 256];
        let mut at = 0;
        while at < 256 {
            let $octet = at as u8;
            table[at] = $holds;
            at += 1;
        }
        table
    }};
}
pub(crate) use octets;

/// `token`: alphanumeric and ``-.!%*_+`'~``.
pub(crate) const TOKEN: [bool; 256] = octets!(c => c.is_ascii_alphanumeric()
    || matches!(c, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'));

pub(crate) fn is_token_octet(octet: u8) -> bool {
    TOKEN[octet as usize]
}

/// One or more token characters and nothing else.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// White space as it may stand in a header after folds were undone.
pub(crate) fn is_space(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

/// Cuts white space off both ends.
pub(crate) fn trim(text: &str) -> &str {
    let octets = text.as_bytes();
    let Some(start) = octets.iter().position(|c| !is_space(*c)) else {
        return "";
    };
    let end = octets.iter().rposition(|c| !is_space(*c)).unwrap_or(start);
    &text[start..=end]
}

/// Cuts white space off the end.
pub(crate) fn trim_end(text: &str) -> &str {
    let last = text.bytes().rposition(|c| !is_space(c));
    &text[..last.map_or(0, |last| last + 1)]
}

/// The first place of an ASCII octet. Texts here are short: a plain loop beats the searchers of `str` and `memchr`.
pub(crate) fn find(text: &str, octet: u8) -> Option<usize> {
    text.bytes().position(|c| c == octet)
}

/// What stands before and after the first of an ASCII octet.
pub(crate) fn cut(text: &str, octet: u8) -> Option<(&str, &str)> {
    find(text, octet).map(|at| (&text[..at], &text[at + 1..]))
}

/// Cuts before the first of an ASCII octet, or after all.
pub(crate) fn cut_before(text: &str, octet: u8) -> (&str, &str) {
    text.split_at(find(text, octet).unwrap_or(text.len()))
}

/// Where the quoted string that opens at the start of `text` ends: the place after its closing quote.
pub(crate) fn quoted_end(text: &str) -> Option<usize> {
    let octets = text.as_bytes();
    debug_assert_eq!(octets.first(), Some(&b'"'));
    let mut at = 1;
    while at < octets.len() {
        match octets[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// A quoted string's content (RFC 3261 §25.1), or the text itself where it is none.
pub(crate) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        plain.push(if c == '\\' {
            characters.next().unwrap_or('\\')
        } else {
            c
        });
    }
    Cow::Owned(plain)
}

/// The text as a quoted string. Line ends, which can't be quoted, become spaces.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\r' | '\n' => quoted.push(' '),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The first place of `separator` that stands neither in a quoted string nor in angle brackets.
pub(crate) fn find_outside(text: &str, separator: u8) -> Option<usize> {
    let octets = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr3(b'"', b'<', separator, &octets[at..])?;
        match octets[at] {
            b'"' => at += quoted_end(&text[at..])?,
            b'<' => at += memchr(b'>', &octets[at..])?,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_quotes_or_brackets_does_not_separate() {
        let text = r#""Doe, \", Jane" <sip:a,b@c>;x="1,2", next"#;
        assert_eq!(find_outside(text, b','), Some(text.len() - ", next".len()));
        assert_eq!(find_outside(r#""open, "#, b','), None);
        assert_eq!(find_outside("<open, ", b','), None);
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for text in ["", "plain", "a \"b\" \\ c", "ü\u{7}\\"] {
            assert_eq!(unquote(&quote(text)), text);
        }
        assert_eq!(unquote("bare"), "bare");
        assert_eq!(unquote("\""), "\"");
        assert_eq!(quote("a\r\nb"), "\"a  b\"");
    }
}
