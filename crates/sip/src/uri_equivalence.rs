//! Whether two URIs name the same thing (RFC 3261 §19.1.4).
use crate::escape::{escaped, is_unreserved};
use crate::{Scheme, Text, Uri};

/// Parameters that must be in both URIs or in neither.
const STRICT: &[&str] = &["user", "ttl", "method", "maddr", "transport"];

impl Uri {
    /// The comparison of RFC 3261 §19.1.4; for `tel` that of RFC 3966 §4. Other schemes: the same octets.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (&self.scheme, &other.scheme) {
            (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => {
                same(self.user.as_ref(), other.user.as_ref())
                    && same(self.password.as_ref(), other.password.as_ref())
                    && self.host.equivalent(&other.host)
                    // A default port and no port are not the same: §19.1.4.
                    && self.port == other.port
                    && same_params(self, other)
                    && same_headers(self, other)
            }
            (Scheme::Tel, Scheme::Tel) => {
                same_number(self.user.as_deref(), other.user.as_deref())
                    && same_tel_params(self, other)
            }
            (Scheme::Other(one), Scheme::Other(two)) => {
                one.eq_ignore_ascii_case(two) && self.user == other.user
            }
            _ => false,
        }
    }
}

fn same(one: Option<&Text>, two: Option<&Text>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => same_escaped(one, two, false),
        (None, None) => true,
        _ => false,
    }
}

/// An escape stands for its character, unless the character is reserved: then the escaped and the bare one differ.
fn same_escaped(one: &str, two: &str, fold_case: bool) -> bool {
    let (mut one, mut two) = (one.as_bytes(), two.as_bytes());
    loop {
        match (next_octet(&mut one), next_octet(&mut two)) {
            (None, None) => return true,
            (Some((a, a_escaped)), Some((b, b_escaped))) => {
                let equal = a == b || (fold_case && a.eq_ignore_ascii_case(&b));
                if !equal || (a_escaped != b_escaped && !is_unreserved(a)) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

fn next_octet(text: &mut &[u8]) -> Option<(u8, bool)> {
    if let Some(octet) = escaped(text) {
        *text = &text[3..];
        return Some((octet, true));
    }
    let (first, rest) = text.split_first()?;
    *text = rest;
    Some((*first, false))
}

fn same_params(one: &Uri, two: &Uri) -> bool {
    let matching = |a: &Uri, b: &Uri| {
        a.params.iter().all(|(name, _)| {
            // Of a parameter that is there twice, which it must not be, the first counts.
            let value = a.params.get(name).unwrap_or_default();
            match b.params.get(name) {
                Some(other) => same_escaped(value, other, true),
                // Other parameters count only where both have them.
                None => !STRICT
                    .iter()
                    .any(|strict| strict.eq_ignore_ascii_case(name)),
            }
        })
    };
    matching(one, two) && matching(two, one)
}

fn same_headers(one: &Uri, two: &Uri) -> bool {
    if one.headers.len() != two.headers.len() {
        return false;
    }
    let mut left: Vec<_> = two.headers.iter().collect();
    one.headers.iter().all(|(name, value)| {
        let found = left
            .iter()
            .position(|(n, v)| n.eq_ignore_ascii_case(name) && v == value);
        found.map(|at| left.swap_remove(at)).is_some()
    })
}

/// RFC 3966 §5.1.1: visual separators don't count.
fn same_number(one: Option<&str>, two: Option<&str>) -> bool {
    let digits = |text: Option<&str>| {
        text.unwrap_or_default()
            .bytes()
            .filter(|c| !matches!(c, b'-' | b'.' | b'(' | b')'))
            .map(|c| c.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    digits(one) == digits(two)
}

fn same_tel_params(one: &Uri, two: &Uri) -> bool {
    let matching = |a: &Uri, b: &Uri| {
        a.params.iter().all(|(name, _)| {
            let value = a.params.get(name).unwrap_or_default();
            let other = b.params.get(name);
            other.is_some_and(|other| other.eq_ignore_ascii_case(value))
        })
    };
    matching(one, two) && matching(two, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equivalent(one: &str, two: &str) -> bool {
        let (one, two) = (Uri::parse(one).unwrap(), Uri::parse(two).unwrap());
        let forth = one.equivalent(&two);
        assert_eq!(forth, two.equivalent(&one), "it must be symmetric");
        forth
    }

    #[test]
    fn the_equivalent_pairs_of_rfc_3261_are_equivalent() {
        for (one, two) in [
            (
                "sip:%61lice@atlanta.com;transport=TCP",
                "sip:alice@AtLanTa.CoM;Transport=tcp",
            ),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+49-30-123", "tel:+4930123"),
        ] {
            assert!(equivalent(one, two), "{one} {two}");
        }
    }

    #[test]
    fn the_different_pairs_of_rfc_3261_are_different() {
        for (one, two) in [
            (
                "SIP:ALICE@AtLanTa.CoM;Transport=udp",
                "sip:alice@AtLanTa.CoM;Transport=UDP",
            ),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            (
                "sip:bob@biloxi.com",
                "sip:bob@biloxi.com:6000;transport=tcp",
            ),
            (
                "sip:carol@chicago.com",
                "sip:carol@chicago.com?Subject=next%20meeting",
            ),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            (
                "sip:carol@chicago.com;security=on",
                "sip:carol@chicago.com;security=off",
            ),
            ("sip:a@b", "sips:a@b"),
            ("sip:a%3Bb@c", "sip:a;b@c"),
        ] {
            assert!(!equivalent(one, two), "{one} {two}");
        }
    }
}
