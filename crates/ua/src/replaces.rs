//! `Replaces` (RFC 3891): an INVITE that takes the place of a dialog, ours to match; and the Refer-To that makes somebody
//! send one.
use crate::agent::UserAgent;
use crate::dialog::Dialog;
use crate::invite_usage::InviteState;
use trialog_call::LegId;
use trialog_sip::{HeaderName, NameAddr, Replaces, Request, Uri};

/// What an INVITE says about a dialog that it would replace.
pub(crate) enum Replacement {
    /// Nothing.
    None,
    /// This leg's.
    Of(LegId),
    /// It is to be refused with this.
    Refused(u16),
}

impl UserAgent {
    /// RFC 3891 §3.
    pub(crate) fn replacement(&self, request: &Request) -> Replacement {
        let rows = request.headers.rows_of(&HeaderName::Replaces).count();
        // RFC 3891 §3: who does not know the header lets it pass and rings.
        if rows == 0 || !self.settings.referable {
            return Replacement::None;
        }
        let replaces = match request.headers.typed::<Replaces>(&HeaderName::Replaces) {
            Some(Ok(replaces)) if rows == 1 => replaces,
            _ => return Replacement::Refused(400),
        };
        let (call_id, to, from) = (&replaces.call_id, &replaces.to_tag, &replaces.from_tag);
        if let Some(leg) = self.early_named(call_id, to, from) {
            return Replacement::Of(leg);
        }
        let dialog = self.dialogs.named(call_id, to, from);
        let leg = dialog.and_then(|(_, dialog)| self.calls.get(dialog.call?));
        match leg.map(|leg| (leg.id, &leg.stage)) {
            Some((_, InviteState::Up)) if replaces.early_only => Replacement::Refused(486),
            Some((id, InviteState::Up)) => Replacement::Of(id),
            Some((_, InviteState::Closing)) => Replacement::Refused(603),
            // An early dialog that we did not begin can't be replaced.
            Some((_, InviteState::Offered(_) | InviteState::Calling(_))) => {
                Replacement::Refused(481)
            }
            None if dialog.is_some() || self.dialogs.had(call_id, to, from) => {
                Replacement::Refused(603)
            }
            None => Replacement::Refused(481),
        }
    }

    /// The leg that rings at the far end, by the early dialog that one of its forks has opened.
    fn early_named(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> Option<LegId> {
        let (_, dialog) = self.dialogs.tagged(local_tag)?;
        let leg = self.calls.get(dialog.call?)?;
        let InviteState::Calling(calling) = &leg.stage else {
            return None;
        };
        let is_early = !calling.cancelled && calling.has_early(remote_tag);
        (is_early && dialog.call_id == call_id).then_some(leg.id)
    }

    /// Whether an INVITE's Referred-By (RFC 3892) names the far side of the leg that it replaces.
    pub(crate) fn names_peer(&self, request: &Request, replaced: LegId) -> bool {
        let by = request.headers.typed::<NameAddr>(&HeaderName::ReferredBy);
        let (Some(Ok(by)), Some(dialog)) = (by, self.dialog_of_leg(replaced)) else {
            return false;
        };
        [&dialog.remote.uri, &dialog.remote_target]
            .into_iter()
            .any(|peer| same_party(peer, &by.uri))
    }

    /// Where a REFER points that is to bring a party to the far end of this leg, in the place of us (RFC 3891 §3): its
    /// Contact, our dialog's Call-ID, its own tag as `to-tag` and ours as `from-tag`; with its name, where that may be told.
    pub(crate) fn refer_to(&self, id: LegId) -> Option<NameAddr> {
        let dialog = self.dialog_of_leg(id)?;
        let mut uri = dialog.remote_target.clone();
        let replaces = replaces(dialog)?;
        uri.headers = vec![("Replaces".to_owned(), replaces.to_string())];
        let party = self.calls.get(id).and_then(|leg| leg.nameable.as_ref());
        let name = party.and_then(|party| party.name.as_deref());
        Some(NameAddr::new(uri).with_name(name.unwrap_or_default()))
    }
}

/// What names a dialog of ours to its far side.
pub(crate) fn replaces(dialog: &Dialog) -> Option<Replaces> {
    Some(Replaces {
        call_id: dialog.call_id.as_str().into(),
        to_tag: dialog.remote_tag.as_deref()?.into(),
        from_tag: dialog.local_tag.as_str().into(),
        early_only: false,
    })
}

/// The same user at the same host; where both name a port, at the same one.
fn same_party(one: &Uri, two: &Uri) -> bool {
    one.user_unescaped() == two.user_unescaped()
        && one.host.equivalent(&two.host)
        && (one.port.is_none() || two.port.is_none() || one.port == two.port)
}
