//! How a call came here: whom its caller has called, who has diverted it on its way (Diversion, RFC 5806; History-Info, RFC 7044),
//! and who has sent the caller (Referred-By, RFC 3892). All but the first only as a peer that policy believes states it.
use crate::party::party_of;
use crate::presented::{Privacy, without_private_parts};
use trialog_call::{CallOrigin, PartyIdentity};
use trialog_sip::{HeaderName, Headers, NameAddr, Uri};

/// Most parties that are told to have diverted a call.
const MOST: usize = 10;

/// Most entries of History-Info that are read.
const MOST_ENTRIES: usize = 32;

/// How the call of an INVITE with these headers came here. `to`: its To.
pub(crate) fn origin_of(to: &NameAddr, headers: &Headers, believed: bool) -> CallOrigin {
    let called = Some(party_of(to));
    if !believed {
        return CallOrigin {
            called,
            ..CallOrigin::default()
        };
    }
    let mut diverted_from = diversions(headers);
    if diverted_from.is_empty() {
        diverted_from = history(headers);
    }
    let by = headers.typed::<NameAddr>(&HeaderName::ReferredBy);
    CallOrigin {
        called,
        diverted_from,
        referred_by: by.and_then(Result::ok).map(|by| party_of(&by)),
    }
}

/// RFC 5806 §5: the last that diverted is the first of the list.
fn diversions(headers: &Headers) -> Vec<PartyIdentity> {
    let values = headers.all_typed::<NameAddr>(&HeaderName::Diversion);
    let values = values.filter_map(Result::ok).take(MOST);
    let mut parties: Vec<PartyIdentity> = values
        .map(|value| without_private_parts(party_of(&value), &value.params))
        .collect();
    parties.reverse();
    parties
}

/// One target that the call has had.
struct Entry {
    index: String,
    uri: Uri,
    party: PartyIdentity,
    /// `mp`: the index of the target from which it was sent here, to another user.
    mapped_from: Option<String>,
    /// It states by which of the three ways it was found (RFC 7044), so that one without `mp` is no other user.
    tells_how: bool,
}

/// The targets that were left for another user. Entries by RFC 4244, before there were parameters for it, are told apart by their
/// URIs.
fn history(headers: &Headers) -> Vec<PartyIdentity> {
    let hidden = Privacy::of(headers).history;
    let values = headers.all_typed::<NameAddr>(&HeaderName::HistoryInfo);
    let values = values.filter_map(Result::ok).take(MOST_ENTRIES);
    let entries: Vec<Entry> = values.map(|value| entry(&value, hidden)).collect();
    let tell_how = entries.iter().any(|entry| entry.tells_how);
    let left = |place: usize, entry: &Entry| {
        if tell_how {
            let mut later = entries.iter();
            later.any(|later| later.mapped_from.as_deref() == Some(&*entry.index))
        } else {
            let next = entries.get(place + 1);
            next.is_some_and(|next| next.uri.user != entry.uri.user)
        }
    };
    let left = entries
        .iter()
        .enumerate()
        .filter(|(place, entry)| left(*place, entry));
    left.map(|(_, entry)| entry.party.clone())
        .take(MOST)
        .collect()
}

fn entry(value: &NameAddr, hidden: bool) -> Entry {
    let text = |name: &str| value.params.get(name).map(str::to_owned);
    let own = value.uri.header("Privacy");
    let hidden = hidden || own.is_some_and(|own| Privacy::of_value(own).history);
    let mapped_from = text("mp");
    Entry {
        index: text("index").unwrap_or_default(),
        uri: value.uri.bare(),
        party: if hidden {
            PartyIdentity::anonymous(false)
        } else {
            party_of(value)
        },
        tells_how: mapped_from.is_some() || value.params.has("rc") || value.params.has("np"),
        mapped_from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(rows: &[(HeaderName, &str)], believed: bool) -> CallOrigin {
        let mut headers = Headers::new();
        for (name, value) in rows {
            headers.push(name.clone(), *value);
        }
        let to = NameAddr::parse("\"Hotline\" <sip:800@pbx.example>").expect("an address");
        origin_of(&to, &headers, believed)
    }

    fn diverted(rows: &[(HeaderName, &str)]) -> Vec<String> {
        let parties = origin(rows, true).diverted_from;
        let shown = |party: &PartyIdentity| party.shown().unwrap_or("-").to_owned();
        parties.iter().map(shown).collect()
    }

    const DIVERSION: HeaderName = HeaderName::Diversion;
    const HISTORY: HeaderName = HeaderName::HistoryInfo;

    #[test]
    fn a_stranger_tells_only_whom_it_calls() {
        let rows = [
            (DIVERSION, "<sip:boss@pbx.example>"),
            (HISTORY, "<sip:1@x>;index=1, <sip:2@x>;index=1.1;mp=1"),
            (HeaderName::ReferredBy, "\"Boss\" <sip:boss@pbx.example>"),
        ];
        let told = origin(&rows, false);
        assert_eq!(
            told.called.and_then(|called| called.number).as_deref(),
            Some("800")
        );
        assert!(told.diverted_from.is_empty() && told.referred_by.is_none());
        let told = origin(&rows, true);
        assert_eq!(
            told.referred_by.and_then(|by| by.name).as_deref(),
            Some("Boss")
        );
        assert_eq!(told.diverted_from.len(), 1);
    }

    #[test]
    fn the_party_that_was_called_first_comes_first() {
        let rows = [
            (
                DIVERSION,
                "\"Second\" <sip:2@x>;reason=user-busy;counter=1, <sip:5@x>;privacy=full",
            ),
            (DIVERSION, "\"First\" <sip:1@x>;reason=unconditional"),
        ];
        assert_eq!(diverted(&rows), ["First", "-", "Second"]);
        let many: Vec<_> = (0..50)
            .map(|_| (DIVERSION, "<sip:9@x>, <sip:8@x>"))
            .collect();
        assert_eq!(diverted(&many).len(), 10);
        assert_eq!(diverted(&[(DIVERSION, "<<, ;")]), [""; 0]);
    }

    #[test]
    fn a_history_has_those_that_were_left_for_another_user() {
        let rows = [
            (HISTORY, "<sip:hotline@x>;index=1"),
            (HISTORY, "<sip:hotline@10.0.0.1>;index=1.1;rc=1"),
            (
                HISTORY,
                "<sip:team@x?Reason=SIP%3Bcause%3D302>;index=1.2;mp=1, <sip:anna@x>;index=1.2.1;mp=1.2",
            ),
            (HISTORY, "<sip:anna@10.0.0.2>;index=1.2.1.1;rc=1.2.1"),
        ];
        assert_eq!(diverted(&rows), ["sip:hotline@x", "sip:team@x"]);
        // Before RFC 7044: no parameter tells how.
        let rows = [(
            HISTORY,
            "<sip:hotline@x>;index=1, <sip:anna@x>;index=1.1, <sip:anna@10.0.0.2>;index=1.1.1",
        )];
        assert_eq!(diverted(&rows), ["sip:hotline@x"]);
        assert_eq!(diverted(&[(HISTORY, "<sip:anna@x>;index=1")]), [""; 0]);
    }

    #[test]
    fn an_entry_or_the_message_may_hide_its_history() {
        let entries = "<sip:a@x?Privacy=history>;index=1, <sip:b@x>;index=1.1;mp=1, <sip:c@x>;index=1.1.1;mp=1.1";
        assert_eq!(diverted(&[(HISTORY, entries)]), ["-", "sip:b@x"]);
        let rows = [(HISTORY, entries), (HeaderName::Privacy, "history")];
        assert_eq!(diverted(&rows), ["-", "-"]);
    }

    #[test]
    fn diversions_count_before_the_history() {
        let rows = [
            (DIVERSION, "\"Support\" <sip:800@x>;reason=unconditional"),
            (HISTORY, "<sip:1@x>;index=1, <sip:2@x>;index=1.1;mp=1"),
        ];
        assert_eq!(diverted(&rows), ["Support"]);
    }
}
