//! `Replaces` (RFC 3891): an INVITE that takes the place of a dialog, ours to match; and the Refer-To that makes somebody
//! send one.
use crate::agent::{Alarm, EndedDialog, UserAgent};
use crate::leg::Stage;
use crate::transaction::timing::T64;
use trialog_call::{LegId, Time};
use trialog_sip::{HeaderName, NameAddr, Replaces, Request, Uri};

/// Ended dialogs are remembered up to this number.
const REMEMBERED: usize = 256;

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
        if rows == 0 || !self.config.referable {
            return Replacement::None;
        }
        let replaces = match request.headers.typed::<Replaces>(&HeaderName::Replaces) {
            Some(Ok(replaces)) if rows == 1 => replaces,
            _ => return Replacement::Refused(400),
        };
        let leg = self
            .tags
            .get(replaces.to_tag.as_str())
            .and_then(|id| self.legs.get(id))
            .filter(|leg| {
                leg.dialog.call_id == replaces.call_id.as_str()
                    && leg.dialog.remote_tag.as_deref() == Some(replaces.from_tag.as_str())
            });
        match leg.map(|leg| (leg.id, &leg.stage)) {
            Some((_, Stage::Up)) if replaces.early_only => Replacement::Refused(486),
            Some((id, Stage::Up)) => Replacement::Of(id),
            Some((_, Stage::Closing | Stage::Over)) => Replacement::Refused(603),
            // An early dialog that we did not begin can't be replaced; that we do not let one of ours be is stricter
            // than RFC 3891: a ringing party is called again by whoever wants it.
            Some((_, Stage::Offered(_) | Stage::Calling(_))) => Replacement::Refused(481),
            None => {
                let known = self.ended.iter().any(|ended| {
                    ended.call_id == replaces.call_id.as_str()
                        && ended.local_tag == replaces.to_tag.as_str()
                        && ended.remote_tag == replaces.from_tag.as_str()
                });
                Replacement::Refused(if known { 603 } else { 481 })
            }
        }
    }

    /// Keeps a dialog's name for a while after its end.
    pub(crate) fn remember_ended(&mut self, now: Time, ended: EndedDialog) {
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(ended);
        if !self.alarms.is_set(Alarm::Forget) {
            self.alarms.set(Alarm::Forget, now + T64);
        }
    }

    /// Whoever would replace a dialog that ended longer ago gets 481.
    pub(crate) fn forget_ended(&mut self, now: Time) {
        while (self.ended.front()).is_some_and(|oldest| now.since(oldest.at) >= T64) {
            self.ended.pop_front();
        }
        let oldest = self.ended.front().map(|oldest| oldest.at + T64);
        self.alarms.put(Alarm::Forget, oldest);
    }

    /// Whether an INVITE's Referred-By (RFC 3892) names the far side of the leg that it replaces.
    pub(crate) fn names_peer(&self, request: &Request, replaced: LegId) -> bool {
        let by = request.headers.typed::<NameAddr>(&HeaderName::ReferredBy);
        let (Some(Ok(by)), Some(leg)) = (by, self.legs.get(&replaced)) else {
            return false;
        };
        [&leg.dialog.remote.uri, &leg.dialog.remote_target]
            .into_iter()
            .any(|peer| same_party(peer, &by.uri))
    }

    /// Where a REFER points that is to bring a party to the far end of this leg, in the place of us (RFC 3891 §3): its
    /// Contact, our dialog's Call-ID, its own tag as `to-tag` and ours as `from-tag`.
    pub(crate) fn refer_to(&self, id: LegId) -> Option<Uri> {
        let leg = self.legs.get(&id)?;
        let mut uri = leg.dialog.remote_target.clone();
        let replaces = Replaces {
            call_id: leg.dialog.call_id.as_str().into(),
            to_tag: leg.dialog.remote_tag.as_deref()?.into(),
            from_tag: leg.dialog.local_tag.as_str().into(),
            early_only: false,
        };
        uri.headers = vec![("Replaces".to_owned(), replaces.to_string())];
        Some(uri)
    }
}

/// The same user at the same host; where both name a port, at the same one.
fn same_party(one: &Uri, two: &Uri) -> bool {
    one.user_unescaped() == two.user_unescaped()
        && one.host.equivalent(&two.host)
        && (one.port.is_none() || two.port.is_none() || one.port == two.port)
}
