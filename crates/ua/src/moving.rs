//! Another address of our own on an account's flow, or another that a translator has made of it: its registrar and the far side of each of its calls are told.
use crate::agent::UserAgent;
use crate::config::Contacts;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use trialog_call::{AccountId, LegId, Time};
use trialog_sip::Response;

impl UserAgent {
    /// Others reach us at these addresses from now on.
    pub(crate) fn local_address_changed(
        &mut self,
        now: Time,
        account: AccountId,
        contacts: Contacts,
    ) {
        let account = usize::from(account.0);
        let flow = self.flows.get_mut(account);
        let Some(flow) = flow.asserted("the program names accounts that there are") else {
            return;
        };
        let moved = flow.move_to(contacts);
        if moved.contact {
            flow.registration.rebind();
            self.watches_moved(account);
            self.follow_registration(now, account);
        }
        if moved.contact || moved.local {
            self.move_legs(now, account);
        }
    }

    /// The account's server has seen where a request of ours came from.
    pub(crate) fn seen_by_server(&mut self, now: Time, account: usize, response: &Response) {
        let flow = &mut self.flows[account];
        if flow.seen_by_server(response) && flow.registration.rebind_translated(now) {
            self.follow_registration(now, account);
            self.move_legs(now, account);
        }
    }

    /// The far sides of all calls of this account are told where we are.
    fn move_legs(&mut self, now: Time, account: usize) {
        for leg in self.legs_of(account) {
            self.move_leg(now, leg, account);
        }
    }

    /// The legs of an account, in the order of their ids.
    pub(crate) fn legs_of(&self, account: usize) -> Vec<LegId> {
        let of_account = |leg: &LegId| {
            let dialog = self.dialog_of_leg(*leg);
            dialog.is_some_and(|dialog| dialog.account == account)
        };
        let mut legs: Vec<LegId> = self.calls.iter().map(|leg| leg.id).collect();
        legs.retain(of_account);
        legs.sort_unstable();
        legs
    }

    fn move_leg(&mut self, now: Time, id: LegId, account: usize) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        leg.media.move_to(&self.flows[account]);
        // Where our offer went with a provisional response our 2xx has none.
        let is_stated = matches!(leg.stage, InviteState::Offered(_)) && !leg.media.is_open();
        // RFC 3261 §12.2.1.1 and RFC 3264 §8.3.1: a target refresh for the Contact, an offer for the address of the sound. A call
        // that we have not answered yet gets both with our answer.
        if !is_stated && !matches!(leg.stage, InviteState::Closing) {
            leg.renegotiation.want_address();
            let dialog = leg.dialog;
            self.pump(now, dialog);
        }
    }
}
