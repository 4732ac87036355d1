//! `[[account]]`: who we are to others, and by which servers; `[[lamp]]`: the phones that an account watches.
use super::Lamp;
use super::reader::Section;
use trialog_call::AccountId;
use trialog_sip::digest::Secret;
use trialog_sip::{Scheme, Uri};
use trialog_ua::{Account, KeepAlive, LampOf, Transport};

const SIP_URI: &str = "a SIP URI such as \"sip:alice@example.com\"";
const BY_ONE_OF_OURS: &str = "a SIP URI by UDP, TCP or TLS";

pub(super) fn account(section: Section<'_, '_>) -> Option<Account> {
    let uri = |key| reachable_uri(&section, key);
    let aor = uri("aor");
    if section.lacks("aor") {
        section.fault("aor", SIP_URI, "nothing");
    }
    let registrar = uri("registrar");
    let outbound_proxy = uri("outbound_proxy");
    let transports = [
        ("udp", Transport::Udp),
        ("tcp", Transport::Tcp),
        ("tls", Transport::Tls),
    ];
    // Calls of an account that registers by TLS are not to go another way.
    let server = outbound_proxy.as_ref().or(registrar.as_ref());
    let by_tls = server.is_some_and(|uri| Transport::asked_by(uri) == Ok(Some(Transport::Tls)));
    let usual = if by_tls {
        Transport::Tls
    } else {
        Transport::Udp
    };
    let keep_alives = [
        ("crlf", KeepAlive::Crlf),
        ("options", KeepAlive::Options),
        ("off", KeepAlive::Off),
    ];
    let password = password(&section);
    let mailbox = uri("mailbox");
    let mwi = section.flag("mwi").unwrap_or(false);
    if mailbox.is_some() && !mwi {
        section.fault("mailbox", "mwi = true beside it", "none");
    }
    let mailbox = mwi.then(|| mailbox.or_else(|| aor.clone())).flatten();
    let account = aor.map(|aor| Account {
        aor,
        display: section.text("display"),
        registrar,
        outbound_proxy,
        username: section.text("username"),
        password,
        realm: section.text("realm"),
        from_is_checked: section.flag("from_is_checked").unwrap_or(false),
        states_parties: section.flag("states_parties").unwrap_or(false),
        md5: section.flag("md5").unwrap_or(true),
        privacy: section.flag("privacy").unwrap_or(false),
        transport: section.choice("transport", &transports).unwrap_or(usual),
        large_by_tcp: section.flag("large_by_tcp").unwrap_or(true),
        nat: section
            .choice("nat", &[("auto", true), ("off", false)])
            .unwrap_or(true),
        keep_alive: section
            .choice("keep_alive", &keep_alives)
            .unwrap_or(KeepAlive::Crlf),
        mailbox,
    });
    if account.is_some() {
        section.end();
    }
    account
}

/// Somebody's phone that is watched, by one of these accounts. `None`: it has no address.
pub(super) fn lamp(section: Section<'_, '_>, accounts: &[Account]) -> Option<Lamp> {
    let account = section.number("account", 0..=u16::MAX).unwrap_or(0);
    let by = accounts.get(usize::from(account));
    // Without any, the phone is called by its address, and asks so.
    if by.is_none() && (account > 0 || !accounts.is_empty()) {
        let expected = "the number of one of the accounts, from 0";
        section.fault("account", expected, &account.to_string());
    }
    let expected = "a SIP URI (\"sip:bob@example.com\") or a number (\"202\")";
    let of = section.parsed("uri", expected, |text| {
        let is_number = |text: &str| {
            text.bytes()
                .all(|c| c.is_ascii_digit() || b"+*#".contains(&c))
        };
        match Uri::parse(text) {
            Ok(uri) => (uri.scheme == Scheme::Sip).then_some(uri),
            Err(_) if !text.is_empty() && is_number(text) => {
                let domain = &by?.aor;
                Some(Uri::sip(text, domain.host.clone(), domain.port))
            }
            Err(_) => None,
        }
    });
    if section.lacks("uri") {
        section.fault("uri", expected, "nothing");
    }
    let name = section.text("name");
    section.end();
    let account = AccountId(account);
    Some(Lamp {
        of: LampOf { account, of: of? },
        name,
    })
}

/// A SIP URI that asks for no transport that we have not.
fn reachable_uri(section: &Section<'_, '_>, key: &'static str) -> Option<Uri> {
    let uri = section.parsed(key, SIP_URI, |text| {
        let uri = Uri::parse(text).ok()?;
        matches!(uri.scheme, Scheme::Sip | Scheme::Sips).then_some(uri)
    })?;
    if Transport::asked_by(&uri).is_err() {
        section.fault(key, BY_ONE_OF_OURS, &format!("“{uri}”"));
        return None;
    }
    Some(uri)
}

fn password(section: &Section<'_, '_>) -> Option<Secret> {
    let given = section.text("password");
    let file = section.path("password_file");
    if given.is_some() && file.is_some() {
        section.fault("password_file", "password or password_file", "both");
    }
    let from_file = file.and_then(|file| match std::fs::read_to_string(&file) {
        Ok(text) => {
            let password = text.trim_end_matches(['\r', '\n']).to_owned();
            if password.is_empty() {
                section.fault("password_file", "a password in it", "an empty file");
            }
            Some(password)
        }
        Err(error) => {
            let found = format!("{}: {error}", file.display());
            section.fault("password_file", "a readable file", &found);
            None
        }
    });
    given.or(from_file).map(Secret::new)
}
