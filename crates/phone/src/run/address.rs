//! What a person wrote as whom to call, as a SIP URI.
use trialog_call::{Act, Input, Target};
use trialog_desk::Wrong;
use trialog_sip::{Scheme, Uri};
use trialog_ua::Account;

/// The input with its target, if it has one, as a URI.
pub(super) fn complete(input: &mut Input, accounts: &[Account]) -> Result<(), Wrong> {
    let (target, account) = match input {
        Input::Dial { account, target } => (target, usize::from(account.0)),
        Input::Act {
            act: Act::Forward(target) | Act::Consult(target) | Act::Transfer(Some(target)),
            ..
        } => (target, 0),
        _ => return Ok(()),
    };
    let domain = accounts
        .get(account)
        .filter(|account| account.registrar.is_some());
    match uri(&target.0, domain) {
        Some(uri) => {
            *target = Target(uri);
            Ok(())
        }
        None => Err(Wrong::BadAddress),
    }
}

/// `sip:user@host` as it is; `user@host` and `host:port` with the scheme before; a number or a bare name at the account's domain.
fn uri(written: &str, account: Option<&Account>) -> Option<String> {
    let written = written.trim();
    let parsed = |text: String| {
        let uri = Uri::parse(&text).ok()?;
        matches!(uri.scheme, Scheme::Sip | Scheme::Sips).then_some(text)
    };
    let scheme = written
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("sip" | "sips") => return parsed(written.to_owned()),
        Some("tel") => return at_domain(&written["tel:".len()..], account),
        _ => {}
    }
    let is_host = written.parse::<std::net::SocketAddr>().is_ok()
        || written.parse::<std::net::Ipv4Addr>().is_ok();
    if written.contains('@') || is_host {
        return parsed(format!("sip:{written}"));
    }
    at_domain(written, account)
}

/// A number as people write it, without its spaces and brackets, or a name, at the account's domain.
fn at_domain(user: &str, account: Option<&Account>) -> Option<String> {
    let account = account?;
    let number = user.trim_start_matches('+').chars();
    let number = number
        .clone()
        .all(|c| c.is_ascii_digit() || " ()-./*#".contains(c));
    let user: String = if number {
        user.chars().filter(|c| !" ()-./".contains(*c)).collect()
    } else {
        user.to_owned()
    };
    // Another scheme than the two above.
    if user.is_empty() || user.contains(':') {
        return None;
    }
    // RFC 3261 §25.1: a number sign is no character of a user part.
    let user = user.replace('#', "%23");
    let mut uri = account.aor.bare();
    uri.user = None;
    let host = uri.to_string();
    let text = format!("sip:{user}@{}", host.strip_prefix("sip:")?);
    Uri::parse(&text).ok().map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account::direct(Uri::parse("sip:alice@pbx.example").unwrap())
    }

    #[test]
    fn whatever_a_person_writes_becomes_a_sip_uri() {
        let at = |text: &str| uri(text, Some(&account()));
        for (written, meant) in [
            ("sip:bob@192.0.2.1:5070", "sip:bob@192.0.2.1:5070"),
            (
                "SIP:bob@b.example;transport=tcp",
                "SIP:bob@b.example;transport=tcp",
            ),
            ("bob@b.example", "sip:bob@b.example"),
            ("127.0.0.1:5062", "sip:127.0.0.1:5062"),
            (" +49 (30) 123-45 ", "sip:+493012345@pbx.example"),
            ("tel:+49-30-12345", "sip:+493012345@pbx.example"),
            ("*21#", "sip:*21%23@pbx.example"),
            ("reception", "sip:reception@pbx.example"),
        ] {
            assert_eq!(at(written).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(at(""), None);
        assert_eq!(at("sip:"), None);
        assert_eq!(at("http://example.com"), None);
    }

    #[test]
    fn a_bare_number_needs_an_account_with_a_registrar() {
        assert_eq!(uri("123", None), None);
    }
}
