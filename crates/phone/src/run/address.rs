//! The party to be called, as a person writes it, as a SIP URI.
use trialog_call::{AccountId, Act, CallId, Input, Target};
use trialog_desk::Wrong;
use trialog_sip::{Scheme, Uri};
use trialog_ua::{Account, Transport};

/// What is asked of the core with its target, if it has one, as a URI. A number or name is at the domain of the account that the
/// client names (`by`), else of the call's own, by `account_of`.
///
/// # Errors
/// It is no address, or one that we are to call by a transport that we have not.
pub(super) fn complete(
    input: Input,
    by: Option<AccountId>,
    accounts: &[Account],
    account_of: impl FnOnce(CallId) -> Option<AccountId>,
) -> Result<Input, Wrong> {
    let at = |account: AccountId, written: Target, by_us| {
        let account = accounts.get(usize::from(account.0));
        let account = account.filter(|account| account.registrar.is_some());
        completed(&written.0, account, by_us)
    };
    let (call, act) = match input {
        Input::Dial { account, target } => {
            let target = at(account, target, true)?;
            return Ok(Input::Dial { account, target });
        }
        Input::Act { call, act } => (call, act),
        input => return Ok(input),
    };
    // A call that there is not is refused by the core.
    let own = || by.or_else(|| account_of(call)).unwrap_or(AccountId(0));
    let act = match (act, by) {
        (Act::Consult(target), None) => Act::Consult(at(own(), target, true)?),
        (Act::Consult(target), Some(account)) => {
            let target = at(account, target, true)?;
            Act::ConsultBy { account, target }
        }
        // The far side calls it, perhaps by another transport.
        (Act::Forward(target), _) => Act::Forward(at(own(), target, false)?),
        (Act::Transfer(Some(target)), _) => Act::Transfer(Some(at(own(), target, false)?)),
        (act, _) => act,
    };
    Ok(Input::Act { call, act })
}

fn completed(written: &str, account: Option<&Account>, by_us: bool) -> Result<Target, Wrong> {
    let text = uri(written, account).ok_or(Wrong::BadAddress)?;
    let uri = Uri::parse(&text).map_err(|_| Wrong::BadAddress)?;
    if by_us && Transport::asked_by(&uri).is_err() {
        return Err(Wrong::UnsupportedTransport);
    }
    Ok(Target(text))
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
    let domain = uri.to_string();
    let (scheme, host) = domain.split_once(':')?;
    let text = format!("{scheme}:{user}@{host}");
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

    fn target(text: &str) -> Target {
        Target(text.to_owned())
    }

    fn act(act: Act) -> Input {
        let call = CallId(1);
        Input::Act { call, act }
    }

    #[test]
    fn what_we_are_to_call_by_a_transport_that_there_is_not_is_refused() {
        for text in [
            "sips:bob@b.example;transport=udp",
            "sip:bob@b.example;transport=sctp",
        ] {
            let dial = Input::Dial {
                account: AccountId(0),
                target: target(text),
            };
            for (input, is_refused) in [
                (dial, true),
                (act(Act::Consult(target(text))), true),
                (act(Act::Forward(target(text))), false),
                (act(Act::Transfer(Some(target(text)))), false),
            ] {
                let outcome = complete(input.clone(), None, &[account()], |_| None);
                let expected = if is_refused {
                    Err(Wrong::UnsupportedTransport)
                } else {
                    Ok(input)
                };
                assert_eq!(outcome, expected);
            }
        }
    }

    #[test]
    fn a_number_is_of_the_calls_account_or_of_the_one_that_is_named() {
        let at = |server: &str| {
            let uri = Uri::parse(&format!("sip:{server}")).unwrap();
            let registrar = Some(uri);
            let aor = Uri::parse(&format!("sip:anna@{server}")).unwrap();
            Account {
                registrar,
                ..Account::direct(aor)
            }
        };
        let accounts = [at("first.example"), at("second.example")];
        let asked = |act_asked: Act, by: Option<u16>| {
            let own = |_| Some(AccountId(1));
            complete(act(act_asked), by.map(AccountId), &accounts, own).unwrap()
        };
        let (number, first, second) = (
            || target("77"),
            || target("sip:77@first.example"),
            || target("sip:77@second.example"),
        );
        let consult = asked(Act::Consult(number()), None);
        assert_eq!(consult, act(Act::Consult(second())));
        let consult = asked(Act::Consult(number()), Some(0));
        let by_first = Act::ConsultBy {
            account: AccountId(0),
            target: first(),
        };
        assert_eq!(consult, act(by_first));
        for (by, meant) in [(None, second()), (Some(0), first())] {
            let forward = asked(Act::Forward(number()), by);
            assert_eq!(forward, act(Act::Forward(meant.clone())));
            let transfer = asked(Act::Transfer(Some(number())), by);
            assert_eq!(transfer, act(Act::Transfer(Some(meant))));
        }
    }

    #[test]
    fn a_number_at_an_account_of_sips_is_called_so() {
        let account = Account::direct(Uri::parse("sips:alice@pbx.example").unwrap());
        let meant = "sips:77@pbx.example";
        assert_eq!(uri("77", Some(&account)).as_deref(), Some(meant));
    }

    #[test]
    fn a_bare_number_needs_an_account_with_a_registrar() {
        assert_eq!(uri("123", None), None);
    }
}
