//! Links that ask for a call: `tel:` (RFC 3966), `sip:` and `sips:` (RFC 3261 §19.1), `callto:`, and what people paste. A link comes from a
//! page or a mail, so it is not believed: what is left of it is a number, or user, host and port, and nothing that changes how
//! the call is made.
use std::fmt;
use trialog_sip::{Scheme, Uri};

/// Octets that a link has at most.
const LONGEST: usize = 512;

/// Digits of a number at most: those of E.164 and a long prefix.
const MOST_DIGITS: usize = 32;

/// What a link asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// What is called: a number, a name, or a SIP URI.
    pub(crate) to: String,
    /// The extension that it has beside the number (`;ext=`), which is not dialled.
    pub(crate) extension: Option<String>,
}

impl Link {
    /// It has `*` or `#`: a code that may set something at the PBX, and no number.
    pub(crate) fn is_code(&self) -> bool {
        let user = self.to.split('@').next().unwrap_or_default();
        user.contains(['*', '#'])
            || user.contains("%23")
            || user.contains("%2A")
            || user.contains("%2a")
    }
}

/// Why a link is none that can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// It is empty, too long, or has control characters.
    Unreadable,
    /// Of another scheme.
    Scheme,
    /// `tel:` without a number, or with letters in it.
    Number,
    /// `sip:` without a host, or with one that can't be.
    Address,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => {
                "the link can't be read: it is empty, too long, or has characters that no link has"
            }
            Self::Scheme => {
                "this is no link that calls: expected tel:, sip:, sips:, callto: or a number"
            }
            Self::Number => "the link has no telephone number: expected tel:+49301234567",
            Self::Address => "the link has no SIP address: expected sip:user@host",
        })
    }
}

/// Reads a link, or a number or address without a scheme.
pub(crate) fn read(link: &str) -> Result<Link, LinkError> {
    let link = link.trim();
    if link.is_empty() || link.len() > LONGEST || link.chars().any(is_strange) {
        return Err(LinkError::Unreadable);
    }
    let (scheme, rest) = match link.split_once(':') {
        // `host:5060` and `user@host:5060` have no scheme.
        Some((scheme, rest))
            if scheme.chars().all(|c| c.is_ascii_alphabetic()) && !is_port(rest) =>
        {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ => return plain(link),
    };
    // Pages write `tel://` as well.
    let rest = rest.trim_start_matches('/');
    match scheme.as_str() {
        "tel" => tel(rest),
        "sip" | "sips" => sip(&scheme, rest),
        "callto" => match rest.split_once(':') {
            Some((inner, _)) if !inner.eq_ignore_ascii_case("callto") => read(rest),
            Some(_) => Err(LinkError::Scheme),
            None => plain(&decoded(rest)?),
        },
        _ => Err(LinkError::Scheme),
    }
}

/// No link has it, and a screen might show another text because of it.
fn is_strange(c: char) -> bool {
    c.is_control() || (!c.is_ascii() && !c.is_alphanumeric())
}

fn is_port(rest: &str) -> bool {
    rest.parse::<u16>().is_ok()
}

/// A number as people write it, or an address.
fn plain(text: &str) -> Result<Link, LinkError> {
    if text.contains('@') {
        return sip("sip", text);
    }
    let looks_dialled = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+*# -./()".contains(c));
    if looks_dialled {
        let digits = number(text).ok_or(LinkError::Number)?;
        return Ok(of(digits));
    }
    let is_name = text
        .chars()
        .all(|c| c.is_alphanumeric() || "-_.".contains(c));
    is_name
        .then(|| of(text.to_owned()))
        .ok_or(LinkError::Address)
}

fn of(to: String) -> Link {
    Link {
        to,
        extension: None,
    }
}

/// RFC 3966 §3: the number, then parameters.
fn tel(rest: &str) -> Result<Link, LinkError> {
    let mut parts = rest.split(';');
    let subscriber = decoded(parts.next().unwrap_or_default())?;
    // `?` begins what has no meaning in a tel URI.
    let subscriber = subscriber.split('?').next().unwrap_or_default();
    let mut digits = number(subscriber).ok_or(LinkError::Number)?;
    let parameters: Vec<(String, String)> = parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((name.to_ascii_lowercase(), decoded(value)?))
        })
        .collect::<Result<_, LinkError>>()?;
    let value = |name: &str| {
        let mut all = parameters.iter();
        all.find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    };
    match value("phone-context") {
        // RFC 3966 §5.1.5: the global number of a context and the local one belong together.
        Some(context) if context.starts_with('+') && !digits.starts_with('+') => {
            let context = number(context).ok_or(LinkError::Number)?;
            digits = format!("{context}{digits}");
        }
        // A domain: the number is one of a site's own, which the account's server knows.
        Some(_) => {}
        // Without one only a global number may stand; pages write others, and what they mean is what a hand would dial.
        None => {}
    }
    if digits.len() > MOST_DIGITS {
        return Err(LinkError::Number);
    }
    let extension = value("ext")
        .and_then(number)
        .filter(|digits| !digits.is_empty());
    Ok(Link {
        to: digits,
        extension,
    })
}

/// A number without its visual separators (RFC 3966 §3), and without spaces; `None`: it has something else in it.
fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let digits: String = text.chars().filter(|c| !"-.() /".contains(*c)).collect();
    let (plus, rest) = match digits.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", digits.as_str()),
    };
    let fits = |c: char| c.is_ascii_digit() || (plus.is_empty() && "*#".contains(c));
    let is_number = !rest.is_empty() && rest.len() <= MOST_DIGITS && rest.chars().all(fits);
    is_number.then(|| format!("{plus}{rest}"))
}

/// User, host and port, and the transport; headers, passwords and other parameters may change what a call does.
fn sip(scheme: &str, rest: &str) -> Result<Link, LinkError> {
    let uri = Uri::parse(&format!("{scheme}:{rest}")).map_err(|_| LinkError::Address)?;
    if !matches!(uri.scheme, Scheme::Sip | Scheme::Sips) {
        return Err(LinkError::Address);
    }
    let bare = rest.split(['?', ';']).next().unwrap_or_default();
    let (user, host) = bare.rsplit_once('@').unwrap_or(("", bare));
    let user = user.split(':').next().unwrap_or_default();
    if host.is_empty() || user.contains('@') {
        return Err(LinkError::Address);
    }
    let text = match user {
        "" => format!("{scheme}:{host}"),
        user => format!("{scheme}:{user}@{host}"),
    };
    Uri::parse(&text).map_err(|_| LinkError::Address)?;
    Ok(of(text))
}

/// Percent-decoded; what is no UTF-8 then, or has characters that no link has, is none.
fn decoded(text: &str) -> Result<String, LinkError> {
    let octets = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(octets.len()), 0);
    while let Some(octet) = octets.get(at) {
        let digits = (*octet == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (octet, code) {
            (_, Some(code)) => {
                out.push(code);
                at += 3;
            }
            (b'%', None) => return Err(LinkError::Unreadable),
            (octet, None) => {
                out.push(*octet);
                at += 1;
            }
        }
    }
    let text = String::from_utf8(out).map_err(|_| LinkError::Unreadable)?;
    match text.chars().any(is_strange) {
        true => Err(LinkError::Unreadable),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(link: &str) -> String {
        match read(link) {
            Ok(link) => link.to,
            Err(error) => panic!("{link}: {error}"),
        }
    }

    #[test]
    fn a_tel_link_is_its_number_without_what_only_people_need() {
        for (link, number) in [
            ("tel:+1-201-555-0123", "+12015550123"),
            ("tel:+49%2030%20(123)%2045.67", "+49301234567"),
            ("TEL:+49301234567", "+49301234567"),
            ("tel://+49301234567", "+49301234567"),
            ("tel:7042;phone-context=example.com", "7042"),
            ("tel:863-1234;phone-context=+1-914-555", "+19145558631234"),
            ("tel:863-1234;PHONE-CONTEXT=%2B1914555", "+19145558631234"),
            ("tel:+4930123;isub=12;cic=+1-2345", "+4930123"),
            ("tel:030/1234", "0301234"),
            ("callto:+4930123", "+4930123"),
            ("callto://+49%2030%20123", "+4930123"),
            ("+49 (30) 123-4", "+49301234"),
            ("202", "202"),
            ("bob", "bob"),
        ] {
            assert_eq!(to(link), number, "{link}");
        }
        let with = read("tel:+4930123;ext=12-3").unwrap();
        assert_eq!(
            (with.to.as_str(), with.extension.as_deref()),
            ("+4930123", Some("123"))
        );
    }

    #[test]
    fn of_a_sip_link_nothing_is_left_that_changes_the_call() {
        for (link, uri) in [
            ("sip:bob@example.com", "sip:bob@example.com"),
            ("SIP:bob@example.com:5070", "sip:bob@example.com:5070"),
            ("sip:bob:geheim@example.com", "sip:bob@example.com"),
            (
                "sip:bob@example.com;maddr=192.0.2.9;method=BYE",
                "sip:bob@example.com",
            ),
            (
                "sip:bob@example.com?Replaces=1%3Bto-tag%3D2&Priority=emergency",
                "sip:bob@example.com",
            ),
            ("sip:bob@[2001:db8::1]:5060", "sip:bob@[2001:db8::1]:5060"),
            ("sip:example.com", "sip:example.com"),
            ("callto:sip:bob@example.com", "sip:bob@example.com"),
            ("bob@example.com", "sip:bob@example.com"),
        ] {
            assert_eq!(to(link), uri, "{link}");
        }
    }

    #[test]
    fn what_is_no_link_or_hides_something_is_refused() {
        use LinkError as E;
        for (link, error) in [
            ("", E::Unreadable),
            ("tel:", E::Number),
            ("tel:0800-REISE", E::Number),
            ("tel:+49p123", E::Number),
            ("tel:+49,,123", E::Number),
            ("tel:+49*21", E::Number),
            ("tel:++49", E::Number),
            ("tel:%00", E::Unreadable),
            ("tel:+49%0d%0aFrom", E::Unreadable),
            ("tel:+49\u{202e}123", E::Unreadable),
            ("tel:+49%E2%80%AE123", E::Unreadable),
            ("tel:%ff", E::Unreadable),
            ("tel:%4", E::Unreadable),
            ("sip:", E::Address),
            ("sip:@", E::Address),
            ("http://evil.example", E::Scheme),
            ("javascript:alert(1)", E::Scheme),
            ("callto:callto:callto:1", E::Scheme),
            ("callto:http://evil.example", E::Scheme),
            ("--phone=other", E::Address),
            ("; rm -rf /", E::Address),
        ] {
            assert_eq!(read(link).map(|link| link.to), Err(error), "{link}");
        }
        let long = format!("tel:+{}", "1".repeat(33));
        assert_eq!(read(&long), Err(E::Number));
        assert_eq!(read(&"1".repeat(600)), Err(E::Unreadable));
    }

    #[test]
    fn a_code_of_the_pbx_is_known_as_one() {
        for link in [
            "tel:*21*0900123%23",
            "*22",
            "sip:*72@pbx.example",
            "sip:%2372@pbx.example",
        ] {
            assert!(read(link).unwrap().is_code(), "{link}");
        }
        assert!(!read("tel:+4930123").unwrap().is_code());
        assert!(!read("sip:bob@example.com").unwrap().is_code());
    }

    #[test]
    fn no_text_ends_the_reading() {
        let pieces = [
            "tel:", "sip:", "callto:", "%", "%2", "@", ";", "=", "?", "[", "]", ":", "//", "é",
            "+", "1", "ext",
        ];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    let _ = read(&format!("{a}{b}{c}"));
                    let _ = read(&format!("tel:{a}{b}{c}{a}"));
                }
            }
        }
    }
}
