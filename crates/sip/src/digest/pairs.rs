//! `scheme name=value, name="value"`: the grammar that challenges and credentials share.
use crate::ValueError;
use crate::grammar::{find_outside, is_token, quoted_end, trim, unquote};
use std::borrow::Cow;

/// Names and values of a header whose scheme is Digest. A name that is there twice is an error.
pub(super) fn read<'a>(
    text: &'a str,
    what: &'static str,
) -> Result<Vec<(&'a str, Cow<'a, str>)>, ValueError> {
    let text = trim(text);
    let (scheme, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
    if !scheme.eq_ignore_ascii_case("Digest") {
        return Err(ValueError::new(what, "its scheme is not Digest"));
    }
    let mut pairs: Vec<(&str, Cow<'_, str>)> = Vec::new();
    let mut rest = Some(rest);
    while let Some(list) = rest {
        let piece = match find_outside(list, b',') {
            Some(at) => {
                rest = Some(&list[at + 1..]);
                &list[..at]
            }
            None => {
                rest = None;
                list
            }
        };
        let piece = trim(piece);
        if piece.is_empty() {
            continue;
        }
        let Some((name, value)) = piece.split_once('=') else {
            return Err(ValueError::new(what, "a parameter has no value"));
        };
        let (name, value) = (trim(name), trim(value));
        let whole = if value.starts_with('"') {
            quoted_end(value) == Some(value.len())
        } else {
            !value.contains(['"', '\\'])
        };
        if !is_token(name) || !whole {
            return Err(ValueError::new(what, "a parameter is ill-formed"));
        }
        if get(&pairs, name).is_some() {
            return Err(ValueError::new(what, "a parameter is there twice"));
        }
        pairs.push((name, unquote(value)));
    }
    Ok(pairs)
}

pub(super) fn get<'a>(pairs: &'a [(&str, Cow<'_, str>)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| &**value)
}
