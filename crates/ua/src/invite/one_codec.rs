//! One codec, where the answer to our offer has several (RFC 3264 §10.2): the far side could change between them at any time, and some
//! can't do so without a break. A second offer leaves the one that is in use: in an UPDATE where the far side allows that, else in a
//! re-INVITE. A far side that refuses it is not asked again, and may send by any codec that it has answered, as before.
use crate::agent::UserAgent;
use crate::invite_usage::InviteState;
use crate::transaction::ClientId;
use trialog_call::{LegId, Time};
use trialog_sip::Response;

/// The far side does not take the method, whatever it said (RFC 3261 §21.4.6, §21.5.2).
const NOT_THIS_METHOD: [u16; 2] = [405, 501];

impl UserAgent {
    /// Sees that one codec is left of those that the far side has answered.
    pub(super) fn settle_codec(&mut self, now: Time, id: LegId) {
        let wanted = self.settings.lock_codec;
        let Some(leg) = self.calls.get_mut(id) else {
            return;
        };
        let is_up = matches!(leg.stage, InviteState::Up);
        if wanted && is_up && leg.media.has_choice() && !leg.refused_one_codec {
            leg.media.lock_codec();
            leg.renegotiation.want_one_codec();
            let dialog = leg.dialog;
            self.pump(now, dialog);
        }
    }

    /// The final answer to our UPDATE with an offer, or none (408, 503).
    pub(crate) fn update_offer_answered(
        &mut self,
        now: Time,
        id: LegId,
        client: Option<ClientId>,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        if let (200..=299, Some(response)) = (status, response) {
            dialog.refresh_target(&response.headers);
        }
        let id_of_dialog = leg.dialog;
        if NOT_THIS_METHOD.contains(&status) {
            // A re-INVITE says the same.
            (leg.allows_update, leg.refused_update) = (false, true);
            if let Some(refused) = leg.renegotiation.answered() {
                leg.media.withdraw(refused.before);
                leg.renegotiation.put_off(&refused);
            }
        } else {
            self.renegotiation_decided(now, id, client, status, response);
        }
        self.pump(now, id_of_dialog);
    }
}
