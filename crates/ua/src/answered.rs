//! The answers to our requests: what can be mended here is (a challenge, an address that does not answer), and the rest is
//! told to the part that the request's [`Purpose`] names.
use crate::agent::UserAgent;
use crate::dialogs::DialogId;
use crate::invariant::Invariant;
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::ClientId;
use trialog_call::Time;
use trialog_sip::{HeaderName, Method, Request, Response};

/// Why a request of ours is there whose answer is being handled.
pub(crate) const LIVES: &str = "a transaction lives until its user has seen its end";

impl UserAgent {
    /// A response that is new to its transaction.
    pub(crate) fn answered(
        &mut self,
        now: Time,
        id: ClientId,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some(sent) = self.transactions.purpose(id).asserted(LIVES) else {
            return;
        };
        let (purpose, dialog, account) = (sent.purpose, sent.dialog, sent.account);
        match (purpose, response) {
            (Purpose::Abandoned { cancelled }, Some(response)) => {
                return self.abandoned_answered(now, id, cancelled, response);
            }
            (Purpose::GivenUp, Some(response)) => return self.given_up_answered(id, response),
            (Purpose::Abandoned { .. } | Purpose::GivenUp, None) => return,
            _ => {}
        }
        if status == 401 || status == 407 {
            if let Some(response) = response
                && self.answer_challenge(now, id, response)
            {
                return;
            }
        } else if let (422, Some(response)) = (status, response)
            && self.ask_for_longer(now, id, response)
        {
            return;
        } else if status == 503 && self.try_next_peer(now, id) {
            // RFC 3263 §4.3.
            return;
        } else if status == 500 && self.send_overtaken_again(now, id) {
            return;
        }
        let cseq = self.transactions.request(id).map_or(0, cseq_of);
        let mut sent = RequestContext::new(purpose, account);
        sent.dialog = dialog;
        self.concluded(now, Some(id), sent, cseq, status, response);
    }

    /// Its transaction ended without a final response: 408, or 503 where it could not be sent.
    pub(crate) fn unanswered(&mut self, now: Time, id: ClientId, status: u16) {
        self.lost_silent(now, id);
        if !self.try_next_peer(now, id) {
            self.without_answer(now, id, status);
        }
    }

    /// Its transaction has ended, and no final response has come: its user hears of it. A re-INVITE's lives on for a 2xx that is late.
    pub(crate) fn without_answer(&mut self, now: Time, id: ClientId, status: u16) {
        self.answered(now, id, status, None);
        let sent = self.transactions.purpose(id);
        let late = sent.and_then(|sent| match (sent.purpose, sent.dialog) {
            (Purpose::Reinvite(_), Some(dialog)) => {
                let given_up = Purpose::GivenUp;
                Some(RequestContext::in_dialog(given_up, dialog, sent.account))
            }
            _ => None,
        });
        match late {
            Some(late) => drop(self.transactions.abandon(now, id, late)),
            None => drop(self.transactions.forget(id)),
        }
    }

    /// A request that a later one has overtaken is out of order (RFC 3261 §12.2.2): it is sent again with a new number.
    fn send_overtaken_again(&mut self, now: Time, id: ClientId) -> bool {
        let (Some(sent), Some(request)) = (
            self.transactions.purpose(id).asserted(LIVES),
            self.transactions.request(id).asserted(LIVES),
        ) else {
            return false;
        };
        let (purpose, dialog, mut request) = (sent.purpose, sent.dialog, request.clone());
        let overtaken = dialog
            .and_then(|dialog| self.dialogs.present_mut(dialog))
            .is_some_and(|dialog| dialog.call.is_some() && dialog.answered(cseq_of(&request)));
        if !overtaken || matches!(request.method, Method::Invite | Method::Bye) {
            return false;
        }
        let Some(number) = self.next_number(now, purpose, dialog, &request) else {
            return false;
        };
        request
            .headers
            .set(HeaderName::CSeq, format!("{number} {}", request.method));
        self.send_again(now, id, request);
        true
    }

    /// Sends a request again after a challenge, with a new number and our credentials.
    pub(crate) fn send_again(&mut self, now: Time, id: ClientId, mut request: Request) {
        let Some(peer) = self.peer_asked(id).asserted(LIVES) else {
            return;
        };
        let Some(old) = self.transactions.purpose(id).asserted(LIVES) else {
            return;
        };
        let mut sent = RequestContext::new(old.purpose, old.account);
        sent.dialog = old.dialog;
        sent.focus = old.focus;
        sent.challenged = old.challenged + 1;
        request.headers.remove_first(&HeaderName::Via);
        self.launch(now, request, sent, peer);
    }

    /// Tells the part that wanted a request how it stands. `id`: its transaction, where it came to one.
    pub(crate) fn concluded(
        &mut self,
        now: Time,
        id: Option<ClientId>,
        sent: RequestContext,
        cseq: u32,
        status: u16,
        response: Option<&Response>,
    ) {
        if let Some(dialog) = sent.dialog
            && !self.is_repeated_success(id, response)
        {
            self.made_way(dialog, cseq, status);
        }
        if let (Purpose::Invite(_), 403 | 404, Some(id)) = (sent.purpose, status, id) {
            self.refused_by_registrar(now, id, sent.account);
        }
        match sent.purpose {
            Purpose::Invite(leg) => self.invite_answered(now, leg, id, status, response),
            Purpose::Reinvite(leg) => self.renegotiation_answered(now, leg, id, status, response),
            Purpose::Bye(leg) if status >= 200 => self.gone(now, leg),
            Purpose::Refer(id) if status >= 200 => self.refer_answered(now, id, status),
            Purpose::Notify(id) if status >= 300 => self.notify_refused(id),
            Purpose::Subscribe(id) if status >= 300 => self.subscribe_refused(now, id),
            Purpose::Update(leg) if status >= 200 => {
                self.update_answered(now, leg, status, response);
            }
            Purpose::Offer(leg) if status >= 200 => {
                self.update_offer_answered(now, leg, id, status, response);
            }
            Purpose::Watch(id) => self.watch_answered(now, id, sent.dialog, status, response),
            Purpose::Info(leg) if status == 481 => self.lost(now, leg),
            Purpose::Digit(leg, digit) if status >= 200 => {
                self.digit_answered(now, leg, digit, status);
            }
            Purpose::Register(account) => {
                let from = id.and_then(|id| self.peer_asked(id));
                self.register_answered(now, account, status, response, from.as_ref());
            }
            Purpose::KeepAlive(account) if status >= 200 => {
                self.keep_alive_answered(now, account, response);
            }
            _ => {}
        }
        if let Some(dialog) = sent.dialog {
            self.pump(now, dialog);
            self.drop_finished_notifiers(dialog);
            self.dialogs.settle(dialog);
        }
    }

    /// A call was refused as one that is not allowed, or to nobody: a registrar that has forgotten us answers so, too.
    fn refused_by_registrar(&mut self, now: Time, id: ClientId, account: usize) {
        let peer = self.peer_asked(id);
        let flow = &self.flows[account];
        if flow.account.registrar.is_some() && peer.is_some_and(|peer| flow.is_server(&peer)) {
            self.registration_hint(now, account);
        }
    }

    /// A 2xx of an INVITE that was acknowledged before.
    fn is_repeated_success(&self, id: Option<ClientId>, response: Option<&Response>) -> bool {
        let (Some(id), Some(response)) = (id, response) else {
            return false;
        };
        (200..300).contains(&response.status.code())
            && self
                .transactions
                .purpose(id)
                .is_some_and(|sent| !sent.acks.is_empty())
    }

    /// A request of this dialog was answered: the next may go.
    fn made_way(&mut self, dialog: DialogId, cseq: u32, status: u16) {
        if let Some(dialog) = self.dialogs.present_mut(dialog) {
            dialog.answered(cseq);
            if status >= 200 {
                dialog.open = dialog.open.saturating_sub(1);
            }
        }
    }
}
