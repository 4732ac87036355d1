//! `[acd]`: where the agent's state goes.
use super::reader::Section;
use crate::acd::{Acd, Hook};
use trialog_api::Presence;
use trialog_call::AccountId;
use trialog_sip::digest::Secret;
use trialog_ua::Account;

/// Which feature code is called when which state begins.
const CODES: [(&str, Presence); 4] = [
    ("on_available", Presence::Available),
    ("on_idle", Presence::Idle),
    ("on_wrap_up", Presence::WrapUp),
    ("on_not_answered", Presence::NotAnswered),
];
const CODE: &str = "a feature code such as \"*22\"";

/// `name`: the phone's, which stands for the agent's where none is given; `accounts`: one of them calls the feature codes.
pub(super) fn acd(section: Section<'_, '_>, name: &str, accounts: &[Account]) -> Option<Acd> {
    let url = section.text("url");
    if let Some(url) = &url
        && let Err(expected) = super::url::check(url)
    {
        // A URL may have secrets in it.
        section.fault("url", expected, "another one");
    }
    let agent = section.text("agent");
    let token = section.path("token_file").and_then(|file| {
        let found = match std::fs::read_to_string(&file) {
            Ok(text) => {
                let token = text.trim();
                // RFC 6750 §2.1: b64token.
                let fits = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
                if !token.is_empty() && token.chars().all(fits) {
                    return Some(Secret::new(token));
                }
                "another text".to_owned()
            }
            Err(error) => format!("{}: {error}", file.display()),
        };
        let expected = "a file with a token: letters, digits and “-._~+/=”";
        section.fault("token_file", expected, &found);
        None
    });
    for (key, given) in [("agent", agent.is_some()), ("token_file", token.is_some())] {
        if given && url.is_none() {
            section.fault(key, "url beside it", "none");
        }
    }
    let codes: Vec<_> = CODES
        .into_iter()
        .filter_map(|(key, on)| {
            let code = section.parsed(key, CODE, |code| {
                let plain = !code.trim().is_empty() && !code.contains(char::is_control);
                plain.then(|| code.to_owned())
            })?;
            Some((on, code))
        })
        .collect();
    let account = section.number("account", 0..=u16::MAX).unwrap_or(0);
    let calls = accounts.get(usize::from(account));
    if !codes.is_empty() && calls.is_none_or(|account| account.registrar.is_none()) {
        let expected = "the number of an account with a registrar, which calls the feature codes";
        section.fault("account", expected, &account.to_string());
    }
    section.end();
    let agent = agent.unwrap_or_else(|| name.to_owned());
    let hook = url.map(|url| Hook { url, agent, token });
    (hook.is_some() || !codes.is_empty()).then_some(Acd {
        hook,
        account: AccountId(account),
        codes,
    })
}
