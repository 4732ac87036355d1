//! `%HH` escapes of URIs (RFC 3261 §19.1.2).
use std::borrow::Cow;

/// The text with its escapes resolved; an escape that is none (`%zz`) stands for itself. Octets that are no UTF-8 become U+FFFD.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let octets = text.as_bytes();
    let mut plain = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        match escaped(&octets[at..]) {
            Some(octet) => {
                plain.push(octet);
                at += 3;
            }
            None => {
                plain.push(octets[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

/// The octet that an escape at the start of `octets` stands for.
pub(crate) fn escaped(octets: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = octets else {
        return None;
    };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

/// Appends `text`, with all octets escaped that are not `unreserved` nor among `also`.
pub(crate) fn escape(text: &str, also: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for octet in text.bytes() {
        if is_unreserved(octet) || also.contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(octet >> 4)]));
            out.push(char::from(HEX[usize::from(octet & 15)]));
        }
    }
}

/// RFC 3261 §25.1 `unreserved`.
pub(crate) fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')'
        )
}

/// `user-unreserved`.
pub(crate) const USER: &[u8] = b"&=+$,;?/";
/// `hnv-unreserved`.
pub(crate) const HEADER: &[u8] = b"[]/?:+$";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_and_unescaping_are_inverse() {
        for text in ["", "alice", "a b%c;d", "ü@\0", "12345%40"] {
            let mut escaped = String::new();
            escape(text, b"", &mut escaped);
            assert_eq!(unescape(&escaped), text);
        }
    }

    #[test]
    fn an_escape_that_is_none_stands_for_itself() {
        assert_eq!(unescape("%zz%4%"), "%zz%4%");
        assert_eq!(unescape("%41%"), "A%");
    }
}
