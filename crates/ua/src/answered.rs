//! The answers to our requests: what can be mended here is (a challenge, an address that does not answer), and the rest is
//! told to the part that the request's [`Purpose`] names.
use crate::agent::UserAgent;
use crate::dialogs::DialogId;
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::ClientId;
use trialog_call::Time;
use trialog_sip::{HeaderName, Method, Request, Response};

impl UserAgent {
    /// A response that is new to its transaction.
    pub(crate) fn answered(
        &mut self,
        now: Time,
        id: ClientId,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some((purpose, dialog, account)) = self
            .transactions
            .purpose(id)
            .map(|sent| (sent.purpose, sent.dialog, sent.account))
        else {
            return;
        };
        if status == 401 || status == 407 {
            if let Some(response) = response
                && self.answer_challenge(now, id, response)
            {
                return;
            }
        } else if status == 503 && self.try_next_address(now, id) {
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
        if !self.try_next_address(now, id) {
            self.answered(now, id, status, None);
            self.transactions.forget(id);
        }
    }

    fn try_next_address(&mut self, now: Time, id: ClientId) -> bool {
        let next = self
            .transactions
            .purpose_mut(id)
            .and_then(|sent| sent.others.pop_front());
        let Some((transport, address)) = next else {
            return false;
        };
        let Some(mut request) = self.transactions.request(id).cloned() else {
            return false;
        };
        request.headers.remove_first(&HeaderName::Via);
        let Some(sent) = self.transactions.forget(id) else {
            return false;
        };
        if !self.is_still_wanted(&sent) {
            self.concluded(now, None, sent, cseq_of(&request), 487, None);
            return true;
        }
        self.launch(now, request, sent, transport, address);
        true
    }

    /// A request that a later one has overtaken is out of order (RFC 3261 §12.2.2): it is sent again with a new number.
    fn send_overtaken_again(&mut self, now: Time, id: ClientId) -> bool {
        let (Some(sent), Some(request)) =
            (self.transactions.purpose(id), self.transactions.request(id))
        else {
            return false;
        };
        let (purpose, dialog, mut request) = (sent.purpose, sent.dialog, request.clone());
        let overtaken = dialog
            .and_then(|dialog| self.dialogs.get_mut(dialog))
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
        let Some(flow) = self.transactions.flow(id) else {
            return;
        };
        let Some(old) = self.transactions.purpose(id) else {
            return;
        };
        let mut sent = RequestContext::new(old.purpose, old.account);
        sent.dialog = old.dialog;
        sent.focus = old.focus;
        sent.challenged = old.challenged + 1;
        request.headers.remove_first(&HeaderName::Via);
        self.launch(now, request, sent, flow.transport, flow.destination);
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
        match sent.purpose {
            Purpose::Invite(leg) => self.invite_answered(now, leg, id, status, response),
            Purpose::Reinvite(leg) => self.renegotiation_answered(now, leg, id, status, response),
            Purpose::Bye(leg) if status >= 200 => self.gone(now, leg),
            Purpose::Refer(id) if status >= 200 => self.refer_answered(now, id, status),
            Purpose::Notify(id) if status >= 300 => self.notify_refused(id),
            Purpose::Subscribe(id) if status >= 300 => self.subscribe_refused(now, id),
            Purpose::Info(leg) if status == 481 => self.lost(now, leg),
            Purpose::Register(account) => {
                let from = id.and_then(|id| self.transactions.flow(id));
                let from = from.map(|flow| flow.destination.ip());
                self.register_answered(now, account, status, response, from);
            }
            _ => {}
        }
        if let Some(dialog) = sent.dialog {
            self.pump(now, dialog);
            self.drop_finished_notifiers(dialog);
            self.dialogs.settle(dialog);
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
        if let Some(dialog) = self.dialogs.get_mut(dialog) {
            dialog.answered(cseq);
            if status >= 200 {
                dialog.open = dialog.open.saturating_sub(1);
            }
        }
    }
}
