//! Whose a request is, as far as a server vouches for it. Only what came on that server's own flow is to be asked: see
//! [`crate::trust`].
use crate::config::Account;
use trialog_sip::{HeaderName, Headers, NameAddr, Scheme};

/// What P-Asserted-Identity has (RFC 3325 §9.1): a SIP or SIPS URI, a tel URI, or one of each.
///
/// Nothing where a value can't be read or where there are others: RFC 5876 would take the first then, but a server that adds its
/// own to what a caller wrote leaves the caller's before it.
pub(crate) fn asserted(headers: &Headers) -> Vec<NameAddr> {
    let values = headers.all_typed::<NameAddr>(&HeaderName::PAssertedIdentity);
    let values: Result<Vec<NameAddr>, _> = values.take(3).collect();
    let values = values.unwrap_or_default();
    let telephones = values.iter().filter(|one| one.uri.scheme == Scheme::Tel);
    let addresses = values
        .iter()
        .filter(|one| matches!(one.uri.scheme, Scheme::Sip | Scheme::Sips));
    match (addresses.count(), telephones.count(), values.len()) {
        (1, 0, 1) | (0, 1, 1) | (1, 1, 2) => values,
        _ => Vec::new(),
    }
}

/// The identities that this account's server vouches for in a request that it has handed on.
pub(crate) fn vouched(account: &Account, headers: &Headers) -> Vec<NameAddr> {
    if !account.from_is_checked {
        return asserted(headers);
    }
    // Such a server may hand on any P-Asserted-Identity of its callers.
    let from = headers.typed::<NameAddr>(&HeaderName::From);
    from.and_then(Result::ok).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &[&str]) -> Vec<String> {
        let mut headers = Headers::new();
        for row in rows {
            headers.push(HeaderName::PAssertedIdentity, *row);
        }
        let identities = asserted(&headers);
        identities.iter().map(|one| one.uri.to_string()).collect()
    }

    #[test]
    fn one_address_one_number_or_one_of_each_is_an_identity() {
        assert_eq!(
            read(&["\"Bob, B.\" <sip:bob@example.com>"]),
            ["sip:bob@example.com"]
        );
        assert_eq!(read(&["tel:+4930123"]), ["tel:+4930123"]);
        let both = ["sip:bob@example.com", "tel:+4930123"];
        assert_eq!(read(&["<sip:bob@example.com>, <tel:+4930123>"]), both);
        assert_eq!(read(&both), both);
    }

    #[test]
    fn what_a_server_may_have_added_its_own_to_is_none() {
        for rows in [
            &[][..],
            &["sip:a@example.com, sip:b@example.com"],
            &["sip:a@example.com", "sips:b@example.com"],
            &["tel:1", "tel:2"],
            &["sip:a@example.com", "tel:1", "tel:2"],
            &["sip:a@example.com", "<<"],
            &["mailto:a@example.com"],
        ] {
            assert_eq!(read(rows), [""; 0], "{rows:?}");
        }
    }
}
