//! A party's identity as an address in a header has it (From, To, P-Asserted-Identity, Diversion and their like), within limits.
use trialog_call::{PartyIdentity, number_of};
use trialog_sip::{NameAddr, Uri};

/// A longer display name is cut, in characters.
const LONGEST_NAME: usize = 128;

/// A longer URI is none, in octets.
const LONGEST_URI: usize = 256;

/// The party of this address, as it is stated there; nobody has vouched for it yet.
pub(crate) fn party_of(address: &NameAddr) -> PartyIdentity {
    if is_anonymous(&address.uri) {
        return PartyIdentity::anonymous(false);
    }
    let uri = Some(address.uri.bare().to_string()).filter(|uri| uri.len() <= LONGEST_URI);
    let user = address.uri.user_unescaped();
    PartyIdentity {
        name: address.name().map(|name| cut(name.trim())),
        number: user.as_deref().and_then(number_of),
        uri,
        ..PartyIdentity::default()
    }
}

/// RFC 3323 §4.1.1.3: a caller that is not to be known has this host; servers that keep their own have the user part.
fn is_anonymous(uri: &Uri) -> bool {
    let host = uri.host.to_string();
    let user = uri.user.as_deref().unwrap_or_default();
    host.eq_ignore_ascii_case("anonymous.invalid") || user.eq_ignore_ascii_case("anonymous")
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => name[..end].to_owned() + "…",
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> PartyIdentity {
        party_of(&NameAddr::parse(text).expect("an address"))
    }

    #[test]
    fn name_number_and_uri_are_apart() {
        let party = read("\"VIP M\u{fc}ller\" <sip:+49-30-123456@pbx.example;user=phone>;tag=1");
        assert_eq!(party.name.as_deref(), Some("VIP Müller"));
        assert_eq!(party.number.as_deref(), Some("+4930123456"));
        assert_eq!(party.uri.as_deref(), Some("sip:+49-30-123456@pbx.example"));
        assert!(!party.asserted && !party.anonymous);
        let party = read("<tel:+4930123456;phone-context=x>");
        assert_eq!(party.number.as_deref(), Some("+4930123456"));
        assert_eq!(
            party.uri.as_deref(),
            Some("tel:+4930123456;phone-context=x")
        );
        let party = read("sip:anna@pbx.example");
        assert_eq!((party.name, party.number), (None, None));
        let party = read("<sip:%2b49301@pbx.example>");
        assert_eq!(party.number.as_deref(), Some("+49301"));
        assert_eq!(read("<sip:pbx.example>").shown(), Some("sip:pbx.example"));
    }

    #[test]
    fn an_anonymous_party_has_nothing_else() {
        for text in [
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
            "Anonymous <sip:c8oqz84zk7z@anonymous.invalid>",
            "\"Carol\" <sip:Anonymous@pbx.example>",
        ] {
            assert_eq!(read(text), PartyIdentity::anonymous(false), "{text}");
        }
        assert!(!read("\"Anonymous\" <sip:carol@pbx.example>").anonymous);
    }

    #[test]
    fn what_is_too_long_is_cut_or_left_out() {
        let (name, user) = ("ü".repeat(5_000), "a".repeat(5_000));
        let party = read(&format!("\"{name}\" <sip:{user}@pbx.example>"));
        assert_eq!(party.name.map(|name| name.chars().count()), Some(129));
        assert_eq!((party.number, party.uri), (None, None));
    }

    #[test]
    fn a_password_in_a_uri_is_left_out() {
        let party = read("<sip:anna:secret@pbx.example>");
        assert_eq!(party.uri.as_deref(), Some("sip:anna@pbx.example"));
    }
}
