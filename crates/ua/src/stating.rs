//! Who is connected, told by this phone: a server that takes our word for it (RFC 5876) tells it on as its own.
use crate::agent::UserAgent;
use crate::invite_usage::InviteState;
use crate::outbound::Purpose;
use trialog_call::{LegId, PartyIdentity, Time};
use trialog_sip::{HeaderName, Method, NameAddr, Uri};

impl UserAgent {
    /// Tells the far side of a leg by UPDATE who it talks to now: the party of another leg. Not where the account's server would not
    /// take it, where the far side allows no UPDATE, or of a party that may not be named (RFC 3325 §9.3).
    pub(crate) fn state_party(&mut self, now: Time, id: LegId, party: LegId) {
        let up = |id| {
            let leg = self.calls.get(id)?;
            matches!(leg.stage, InviteState::Up).then_some(leg)
        };
        // The core may not know yet that one of the two calls is over.
        let (Some(leg), Some(of)) = (up(id), up(party)) else {
            return;
        };
        let Some(dialog) = self.dialogs.get(leg.dialog) else {
            return;
        };
        let account = self.account(dialog.account);
        if !account.states_parties || !leg.allows_update {
            return;
        }
        let called = || {
            let remote = &self.dialogs.get(of.dialog)?.remote;
            // Whom we have called we may name; a caller that is not nameable has asked not to be.
            matches!(party, LegId::Placed(_)).then(|| remote.clone())
        };
        let named = of.nameable.as_deref();
        let stated = named.map_or_else(called, |party| identity(party, &account.aor));
        let Some(stated) = stated else {
            return;
        };
        let headers = vec![(HeaderName::PAssertedIdentity, stated.to_string())];
        let (dialog, purpose) = (leg.dialog, Purpose::Info(id));
        self.enqueue(now, dialog, Method::Update, headers, Vec::new(), purpose);
    }
}

/// A party's name and URI; a number without one is of the account's own domain.
fn identity(party: &PartyIdentity, aor: &Uri) -> Option<NameAddr> {
    let uri = match (&party.uri, &party.number) {
        (Some(uri), _) => Uri::parse(uri).ok()?,
        (None, Some(number)) => Uri::sip(number, aor.host.clone(), None),
        (None, None) => return None,
    };
    Some(NameAddr::new(uri).with_name(party.name.as_deref().unwrap_or_default()))
}
