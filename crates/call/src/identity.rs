//! Who a party is: its name and its address apart, and whether anybody but itself vouches for them.
//!
//! The user agent reads an identity off a message; the core keeps it with the leg, hands it on to screens and records, and decides
//! nothing by it.
use crate::Target;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A number longer than this is none: E.164 has 15 digits, and a prefix or an extension may come before or behind.
const LONGEST_NUMBER: usize = 32;

/// The identity of a party, as a message stated it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartyIdentity {
    /// Display name, as it was stated: it may have any characters.
    pub name: Option<String>,
    /// Phone number or extension: digits, `*` and `#`, at most 32, with a leading `+` where it is a global one (RFC 3966 §5.1.4).
    pub number: Option<String>,
    /// SIP URI without parameters, headers and password, or tel URI; of a party that we have called what was dialled, where that is
    /// a URI.
    pub uri: Option<String>,
    /// The registrar or another peer that policy believes vouches for it (P-Asserted-Identity, RFC 3325; Remote-Party-ID); else it
    /// is what the party says of itself.
    pub asserted: bool,
    /// The party asked not to be shown (RFC 3323): it has neither name, number nor URI.
    pub anonymous: bool,
}

impl PartyIdentity {
    /// A party that asked not to be shown.
    #[must_use]
    pub fn anonymous(asserted: bool) -> Self {
        Self {
            asserted,
            anonymous: true,
            ..Self::default()
        }
    }

    /// A party of this name, of which nothing else is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_string()),
            ..Self::default()
        }
    }

    /// The party that is called by this text: a URI, or what stands for one at the account's server.
    #[must_use]
    pub fn called(target: &Target) -> Self {
        // A Refer-To's URI headers (`?Replaces=…`) are for the wire; people know the party without them.
        let text = target.0.split('?').next().unwrap_or_default().trim();
        let scheme = ["sip:", "sips:", "tel:"].into_iter().find(|scheme| {
            let start = text.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let rest = &text[scheme.map_or(0, str::len)..];
        let (user, host) = match rest.split_once('@') {
            Some((user, host)) => (user.split(':').next().unwrap_or_default(), Some(host)),
            None => (rest, None),
        };
        let number = number_of(user);
        let uri = match (scheme, host) {
            (Some("tel:"), _) => Some(text.to_string()),
            (scheme, Some(host)) => {
                let host = host.split(';').next().unwrap_or_default();
                Some(scheme.unwrap_or("sip:").to_string() + user + "@" + host)
            }
            (Some(scheme), None) => {
                let host = rest.split(';').next().unwrap_or_default();
                Some(scheme.to_string() + host)
            }
            (None, None) => None,
        };
        Self {
            name: (number.is_none() && uri.is_none()).then(|| text.to_string()),
            number: number.filter(|_| host.is_some() || !matches!(scheme, Some("sip:" | "sips:"))),
            uri,
            ..Self::default()
        }
    }

    /// What a screen shows in one word: the name, else the address. `None`: the party is anonymous, or nothing is known of it.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        // A number that the party has given itself may be that of any extension: with its host it is seen whose.
        let number = self.number.as_ref();
        let vouched = number.filter(|_| self.asserted || self.uri.is_none());
        let address = vouched.or(self.uri.as_ref()).or(number);
        self.name.as_ref().or(address).map(String::as_str)
    }

    /// Whether both are the same party's, whatever it is called: the same number, or the same URI where one has no number.
    #[must_use]
    pub fn is_same_party(&self, other: &Self) -> bool {
        match (&self.number, &other.number) {
            (Some(one), Some(two)) => one == two,
            _ => match (&self.uri, &other.uri) {
                (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
                _ => self.anonymous == other.anonymous && self.name == other.name,
            },
        }
    }
}

/// The phone number or extension that a URI's user part is, without its escapes; `None` where it is a name. Visual separators
/// (RFC 3966 §5.1.1) and parameters of the user part are left out.
#[must_use]
pub fn number_of(user: &str) -> Option<String> {
    let digits = user.split(';').next().unwrap_or_default();
    let number: String = digits
        .chars()
        .filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
        .collect();
    let dialled = number.strip_prefix('+').unwrap_or(&number);
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    let is_number = number.len() <= LONGEST_NUMBER
        && dialled.chars().all(is_digit)
        && dialled.contains(|c: char| c.is_ascii_digit());
    is_number.then_some(number)
}

/// How a call came here: what its INVITE states beside its caller. Empty for a call that we placed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CallOrigin {
    /// Whom the caller has called (To): one of our lines, or a hotline that leads to us.
    pub called: Option<PartyIdentity>,
    /// The parties that have diverted the call on its way to us (RFC 5806, RFC 7044), the one that was called first before the
    /// others; at most ten.
    pub diverted_from: Vec<PartyIdentity>,
    /// The party that sent the caller to us (RFC 3892).
    pub referred_by: Option<PartyIdentity>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(text: &str) -> PartyIdentity {
        PartyIdentity::called(&Target(text.to_string()))
    }

    #[test]
    fn a_number_is_one_with_or_without_its_separators_and_a_name_is_none() {
        for (user, number) in [
            ("+49-30-123456", Some("+4930123456")),
            ("(030) 1", None),
            ("(030)1.2", Some("03012")),
            ("4711;phone-context=pbx.example", Some("4711")),
            ("*21#", Some("*21#")),
            ("anna", None),
            ("+", None),
            ("**", None),
            ("1+2", None),
            ("", None),
        ] {
            assert_eq!(number_of(user).as_deref(), number, "{user}");
        }
        assert_eq!(number_of(&"1".repeat(33)), None);
    }

    #[test]
    fn what_was_dialled_is_told_without_what_is_for_the_wire() {
        let party = called("sip:+4930-1@pbx.example;user=phone?Replaces=x%40y");
        assert_eq!(party.number.as_deref(), Some("+49301"));
        assert_eq!(party.uri.as_deref(), Some("sip:+4930-1@pbx.example"));
        let party = called("tel:+49-30-1;ext=2");
        assert_eq!(party.number.as_deref(), Some("+49301"));
        assert_eq!(party.uri.as_deref(), Some("tel:+49-30-1;ext=2"));
        let party = called("300");
        assert_eq!((party.shown(), party.uri.as_deref()), (Some("300"), None));
        let party = called("bob");
        assert_eq!((party.shown(), &party.number), (Some("bob"), &None));
        let party = called("bob@pbx.example");
        assert_eq!(party.uri.as_deref(), Some("sip:bob@pbx.example"));
        assert_eq!(
            called("SIP:10.0.0.1:5070").uri.as_deref(),
            Some("sip:10.0.0.1:5070")
        );
        assert_eq!(called("é@x").uri.as_deref(), Some("sip:é@x"));
        assert_eq!(called("sip:10").number, None);
        assert_eq!(called("sip:a:secret@x").uri.as_deref(), Some("sip:a@x"));
    }

    #[test]
    fn a_number_that_nobody_vouches_for_is_shown_with_its_host() {
        let mut party = called("sip:4711@elsewhere.example");
        assert_eq!(party.shown(), Some("sip:4711@elsewhere.example"));
        party.asserted = true;
        assert_eq!(party.shown(), Some("4711"));
        party.name = Some("Otto".to_string());
        assert_eq!(party.shown(), Some("Otto"));
        assert_eq!(PartyIdentity::anonymous(true).shown(), None);
    }

    #[test]
    fn another_name_of_the_same_number_is_the_same_party() {
        let (mut one, two) = (called("sip:4711@a.example"), called("tel:4711"));
        one.name = Some("Otto".to_string());
        assert!(one.is_same_party(&two));
        assert!(!one.is_same_party(&called("sip:4712@a.example")));
        assert!(called("sip:bob@A.example").is_same_party(&called("sip:bob@a.example")));
        assert!(!one.is_same_party(&PartyIdentity::anonymous(true)));
        assert!(PartyIdentity::anonymous(false).is_same_party(&PartyIdentity::anonymous(true)));
    }
}
