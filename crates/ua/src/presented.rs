//! Who the sender of a message is, as a peer that policy believes states it, and how much of that a screen may show.
//!
//! The first of these that a message has counts: P-Asserted-Identity (RFC 3325), Remote-Party-ID (draft-ietf-sip-privacy, which
//! PBXs still send), From. Of a stranger From alone is read (RFC 3325 §8: its other statements must not be used at all).
//!
//! Our agent belongs to the parties that a caller may hide from: what is asserted under `Privacy: id` (RFC 3325 §9.3) is not shown.
//! From is, as the caller itself has made it for the called party; under `Privacy: user` (RFC 3323 §4.2) that is hidden, too. A
//! caller with an anonymous From and without Privacy is shown as asserted: the registrar would have left it out.
use crate::agent::UserAgent;
use crate::identity::asserted;
use crate::party::party_of;
use crate::transaction::ClientId;
use std::sync::Arc;
use trialog_call::{LegId, PartyIdentity, WireEvent};
use trialog_sip::{HeaderName, Headers, NameAddr, Params, Response, Scheme};

/// Of longer lists of Remote-Party-ID the first are read.
const MOST_VALUES: usize = 4;

/// What a peer's messages are believed to tell of their sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Believed {
    /// Nothing: its From is what it says of itself.
    Nothing,
    /// From, which the account's server has checked.
    From,
    /// P-Asserted-Identity and Remote-Party-ID.
    Asserted,
}

/// Which party of a call a Remote-Party-ID without `party` names, and which others it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A request that begins a call: `calling`.
    Caller,
    /// A response to our INVITE: `called`.
    Called,
    /// A request within a call: by the dialog's direction or by the call's, as PBXs have it.
    Either,
}

/// The sender of a message, by a peer that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    party: PartyIdentity,
    /// It asked not to be shown.
    hidden: bool,
}

impl Statement {
    fn shown(&self) -> PartyIdentity {
        if self.hidden {
            PartyIdentity::anonymous(true)
        } else {
            self.party.clone()
        }
    }
}

/// Who the sender is by what this message's headers assert. `None`: they assert nothing.
pub(crate) fn stated(headers: &Headers, sender: Sender) -> Option<Statement> {
    let privacy = Privacy::of(headers);
    let mut statement = by_asserted(headers).or_else(|| by_remote_party(headers, sender))?;
    statement.hidden |= privacy.id || privacy.user;
    Some(statement)
}

/// The caller of an INVITE, to be shown; and what was asserted of it.
pub(crate) fn caller(
    from: &NameAddr,
    headers: &Headers,
    believed: Believed,
) -> (PartyIdentity, Option<Statement>) {
    let mut own = party_of(from);
    match believed {
        Believed::Nothing => return (own, None),
        Believed::From => own.asserted = true,
        Believed::Asserted => {}
    }
    if Privacy::of(headers).user {
        own = PartyIdentity::anonymous(own.asserted);
    }
    let asserted = Some(headers).filter(|_| believed == Believed::Asserted);
    let statement = asserted.and_then(|headers| stated(headers, Sender::Caller));
    let Some(shown) = statement.as_ref().filter(|statement| !statement.hidden) else {
        return (own, statement);
    };
    let mut shown = shown.party.clone();
    if shown.name.is_none() && shown.is_same_party(&own) {
        // Many assert the number alone, and leave the name in From.
        shown.name = own.name;
    }
    (shown, statement)
}

/// Whether a caller may be named to a party that it has not called itself (RFC 3323 §4.2: to no other under `user`; RFC 3325 §9.3).
pub(crate) fn may_be_named(headers: &Headers, stated: Option<&Statement>) -> bool {
    let privacy = Privacy::of(headers);
    !privacy.id && !privacy.user && !stated.is_some_and(|statement| statement.hidden)
}

fn by_asserted(headers: &Headers) -> Option<Statement> {
    let values = asserted(headers);
    let (telephone, address): (Vec<_>, Vec<_>) = values
        .iter()
        .map(party_of_value)
        .partition(|(scheme, _)| *scheme == Scheme::Tel);
    let telephone = telephone.into_iter().next().map(|(_, party)| party);
    let address = address.into_iter().next().map(|(_, party)| party);
    let mut party = match (address, telephone) {
        // RFC 3325 §9.1: one party's address and its number.
        (Some(address), Some(telephone)) => PartyIdentity {
            name: address.name.clone().or(telephone.name),
            number: telephone.number.or(address.number.clone()),
            ..address
        },
        (one, other) => one.or(other)?,
    };
    party.asserted = true;
    let hidden = party.anonymous;
    Some(Statement { party, hidden })
}

fn party_of_value(value: &NameAddr) -> (Scheme, PartyIdentity) {
    (value.uri.scheme.clone(), party_of(value))
}

fn by_remote_party(headers: &Headers, sender: Sender) -> Option<Statement> {
    let values = headers.all_typed::<NameAddr>(&HeaderName::RemotePartyId);
    let mut values = values.take(MOST_VALUES).filter_map(Result::ok);
    let value = values.find(|value| {
        let party = value.params.get("party").unwrap_or_default();
        let is = |name: &str| party.eq_ignore_ascii_case(name);
        match sender {
            Sender::Caller => party.is_empty() || is("calling"),
            Sender::Called => party.is_empty() || is("called"),
            Sender::Either => party.is_empty() || is("calling") || is("called"),
        }
    })?;
    let mut party = without_private_parts(party_of(&value), &value.params);
    let screened = value.params.get("screen");
    party.asserted = !screened.is_some_and(|screened| screened.eq_ignore_ascii_case("no"));
    let hidden = party.anonymous;
    Some(Statement { party, hidden })
}

/// What a `privacy` parameter leaves of a party: `full` nothing, `name` the address, `uri` the name (RFC 5806, draft-ietf-sip-privacy).
pub(crate) fn without_private_parts(party: PartyIdentity, params: &Params) -> PartyIdentity {
    let value = params.unquoted("privacy").unwrap_or_default();
    let mut hides = (false, false);
    for token in value.split(',') {
        // `full-network`: the same, by the network's own doing.
        let token = token.trim().split('-').next().unwrap_or_default();
        let is = |name: &str| token.eq_ignore_ascii_case(name);
        hides.0 |= is("full") || is("name");
        hides.1 |= is("full") || is("uri");
    }
    let mut rest = party;
    if hides.0 {
        rest.name = None;
    }
    if hides.1 {
        (rest.number, rest.uri) = (None, None);
    }
    if rest.shown().is_none() && (hides.0 || hides.1) {
        rest = PartyIdentity::anonymous(rest.asserted);
    }
    rest
}

/// What a message's Privacy asks for (RFC 3323 §4.2), as far as it is about who is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Privacy {
    /// What is asserted is not for the other side (RFC 3325 §9.3).
    id: bool,
    /// Nothing of its sender is.
    user: bool,
    /// The call's way is not (RFC 7044).
    pub(crate) history: bool,
}

impl Privacy {
    pub(crate) fn of(headers: &Headers) -> Self {
        let mut asked = Self::default();
        for row in headers.rows_of(&HeaderName::Privacy) {
            asked.read(row);
        }
        asked
    }

    fn read(&mut self, value: &str) {
        for token in value.split([';', ',']) {
            let is = |name: &str| token.trim().eq_ignore_ascii_case(name);
            self.id |= is("id");
            self.user |= is("user");
            self.history |= is("history");
        }
    }

    /// As one entry of History-Info has it for itself.
    pub(crate) fn of_value(value: &str) -> Self {
        let mut asked = Self::default();
        asked.read(value);
        asked
    }
}

impl UserAgent {
    /// An answer to an INVITE of ours may tell who has it: not always the party that was called.
    pub(crate) fn learn_who_answers(
        &mut self,
        id: LegId,
        client: Option<ClientId>,
        response: &Response,
    ) {
        if let Some(peer) = client.and_then(|client| self.peer_asked(client)) {
            let believed = self.believes(&peer);
            self.learn_identity(id, &response.headers, believed, Sender::Called);
        }
    }

    /// A message in a call may state that the far side is another party than we knew, or is called otherwise
    /// (RFC 5876: P-Asserted-Identity in UPDATE and in responses).
    pub(crate) fn learn_identity(
        &mut self,
        id: LegId,
        headers: &Headers,
        believed: Believed,
        sender: Sender,
    ) {
        if believed != Believed::Asserted {
            return;
        }
        let Some(statement) = stated(headers, sender) else {
            return;
        };
        let Some(leg) = self.calls.get_mut(id) else {
            return;
        };
        // Most say the same with each refresh.
        if leg.stated.as_ref() != Some(&statement) {
            let shown = Arc::new(statement.shown());
            leg.nameable = (!statement.hidden).then(|| Arc::clone(&shown));
            leg.stated = Some(statement);
            self.event(id, WireEvent::Identity(shown));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(rows: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in rows {
            headers.push(name.clone(), *value);
        }
        headers
    }

    fn shown(from: &str, rows: &[(HeaderName, &str)], believed: Believed) -> PartyIdentity {
        let from = NameAddr::parse(from).expect("an address");
        caller(&from, &headers(rows), believed).0
    }

    const ANONYMOUS: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    const PAI: HeaderName = HeaderName::PAssertedIdentity;
    const RPID: HeaderName = HeaderName::RemotePartyId;
    const ERIKA: (HeaderName, &str) = (PAI, "\"Erika\" <sip:+4930123456@pbx.example;user=phone>");

    fn words(party: &PartyIdentity) -> (Option<&str>, Option<&str>, bool) {
        let (name, number) = (party.name.as_deref(), party.number.as_deref());
        (name, number, party.asserted)
    }

    #[test]
    fn what_the_registrar_asserts_is_shown_before_from() {
        for from in [ANONYMOUS, "<sip:queue@pbx.example>"] {
            let party = shown(from, &[ERIKA], Believed::Asserted);
            assert_eq!(words(&party), (Some("Erika"), Some("+4930123456"), true));
            assert_eq!(party.uri.as_deref(), Some("sip:+4930123456@pbx.example"));
        }
    }

    #[test]
    fn a_strangers_assertions_are_not_read() {
        let bank = [
            (PAI, "\"The bank\" <sip:110@pbx.example>"),
            (RPID, "<sip:110@pbx.example>"),
        ];
        let party = shown(ANONYMOUS, &bank, Believed::Nothing);
        assert_eq!(party, PartyIdentity::anonymous(false));
        let party = shown("\"Carol\" <sip:4711@x.example>", &bank, Believed::Nothing);
        assert_eq!(words(&party), (Some("Carol"), Some("4711"), false));
        // A server that checks From may hand on any of its callers' headers.
        let party = shown("\"Carol\" <sip:4711@x.example>", &bank, Believed::From);
        assert_eq!(words(&party), (Some("Carol"), Some("4711"), true));
    }

    #[test]
    fn two_values_are_one_partys_address_and_number() {
        for rows in [
            [
                (PAI, "<tel:+4930123456>"),
                (PAI, "\"E\" <sip:erika@pbx.example>"),
            ],
            [
                (PAI, "<sip:erika@pbx.example>"),
                (PAI, "\"E\" <tel:+49-30-123456>"),
            ],
        ] {
            let party = shown("<sip:queue@pbx.example>", &rows, Believed::Asserted);
            assert_eq!(words(&party), (Some("E"), Some("+4930123456"), true));
            assert_eq!(party.uri.as_deref(), Some("sip:erika@pbx.example"));
        }
        let party = shown(ANONYMOUS, &[(PAI, "<tel:+4930123456>")], Believed::Asserted);
        assert_eq!(words(&party), (None, Some("+4930123456"), true));
        assert_eq!(party.shown(), Some("+4930123456"));
    }

    #[test]
    fn the_name_in_from_is_kept_where_the_same_number_is_asserted_without_one() {
        let number = [(PAI, "<tel:+4930123456>")];
        let from = "\"Erika\" <sip:+4930123456@pbx.example>";
        assert_eq!(
            shown(from, &number, Believed::Asserted).name.as_deref(),
            Some("Erika")
        );
        let from = "\"Queue\" <sip:800@pbx.example>";
        assert_eq!(shown(from, &number, Believed::Asserted).name, None);
    }

    #[test]
    fn remote_party_id_comes_after_p_asserted_identity_and_before_from() {
        let rpid = (
            RPID,
            "\"Old\" <sip:1@pbx.example>;party=calling;screen=yes;privacy=off",
        );
        let from = "<sip:trunk@pbx.example>";
        assert_eq!(
            words(&shown(
                from,
                std::slice::from_ref(&rpid),
                Believed::Asserted
            )),
            (Some("Old"), Some("1"), true)
        );
        assert_eq!(
            shown(from, &[rpid, ERIKA], Believed::Asserted)
                .name
                .as_deref(),
            Some("Erika")
        );
        let other = (
            RPID,
            "<sip:2@pbx.example>;party=called, <sip:3@pbx.example>;screen=no",
        );
        assert_eq!(
            words(&shown(
                from,
                std::slice::from_ref(&other),
                Believed::Asserted
            )),
            (None, Some("3"), false)
        );
        let called = stated(&headers(&[other]), Sender::Called).expect("one of the called party");
        assert_eq!(called.party.number.as_deref(), Some("2"));
    }

    #[test]
    fn privacy_hides_what_is_asserted_and_user_hides_from_as_well() {
        let from = "\"Queue\" <sip:800@pbx.example>";
        let hidden = |privacy| [ERIKA, (HeaderName::Privacy, privacy)];
        for privacy in ["id", "ID;critical", "header; id"] {
            let party = shown(from, &hidden(privacy), Believed::Asserted);
            assert_eq!(
                words(&party),
                (Some("Queue"), Some("800"), false),
                "{privacy}"
            );
            let party = shown(ANONYMOUS, &hidden(privacy), Believed::Asserted);
            assert!(party.anonymous, "{privacy}");
        }
        assert!(shown(from, &hidden("user"), Believed::Asserted).anonymous);
        for privacy in ["none", "header", "session", "history"] {
            let party = shown(ANONYMOUS, &hidden(privacy), Believed::Asserted);
            assert_eq!(party.name.as_deref(), Some("Erika"), "{privacy}");
        }
        let statement = stated(&headers(&hidden("id")), Sender::Either).expect("it is asserted");
        assert_eq!(statement.shown(), PartyIdentity::anonymous(true));
    }

    #[test]
    fn a_remote_party_id_may_hide_its_parts() {
        let read = |privacy: &str| {
            let value = format!("\"Old\" <sip:1@pbx.example>;privacy={privacy}");
            let statement = stated(&headers(&[(RPID, value.as_str())]), Sender::Caller);
            statement.expect("it is there").shown()
        };
        assert!(read("full").anonymous && read("full-network").anonymous);
        assert_eq!(words(&read("uri")), (Some("Old"), None, true));
        assert_eq!(words(&read("name")), (None, Some("1"), true));
        assert!(read("\"name, uri\"").anonymous);
        assert_eq!(words(&read("off")), (Some("Old"), Some("1"), true));
    }
}
