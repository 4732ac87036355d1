//! Requests in a dialog, one after another: none is sent before the one ahead has been answered at all. Datagrams overtake
//! each other, and a request that was overtaken would get 500 (RFC 3261 §12.2.2); a NOTIFY or REFER must not be lost to that.
use crate::agent::UserAgent;
use crate::leg::{Queued, QueuedRequest, Stage};
use crate::outbound::{Purpose, Sent};
use trialog_call::{LegId, Time};
use trialog_sip::{HeaderName, Method};

impl UserAgent {
    /// Sends a request in a leg's dialog as soon as it is its turn.
    pub(crate) fn enqueue(
        &mut self,
        now: Time,
        id: LegId,
        method: Method,
        headers: Vec<(HeaderName, String)>,
        body: Vec<u8>,
        purpose: Purpose,
    ) {
        if let Some(leg) = self.legs.get_mut(&id) {
            let request = QueuedRequest {
                method,
                headers,
                body,
            };
            leg.queue.push_back(Queued { request, purpose });
            self.pump(now, id);
        }
    }

    /// Sends what may be sent now: the queue first, then a re-INVITE or a BYE that waits.
    pub(crate) fn pump(&mut self, now: Time, id: LegId) {
        while let Some(leg) = self.legs.get_mut(&id) {
            if leg.unanswered.is_some() {
                return;
            }
            let Some(next) = leg.queue.pop_front() else {
                break;
            };
            self.send_queued(now, id, next);
        }
        match self.legs.get(&id).map(|leg| &leg.stage) {
            Some(Stage::Up) => self.try_renegotiate(now, id),
            Some(Stage::Closing) => self.send_bye(now, id),
            _ => {}
        }
    }

    fn send_queued(&mut self, now: Time, id: LegId, queued: Queued) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        // A subscription whose REFER came outside the leg's dialog has one of its own.
        let own = match queued.purpose {
            Purpose::Notify(_) => leg
                .refer_in
                .as_mut()
                .and_then(|refer| refer.dialog.as_mut()),
            _ => None,
        };
        let dialog = own.unwrap_or(&mut leg.dialog);
        let mut request = dialog.request(queued.request.method);
        let (towards, cseq) = (dialog.next_hop().clone(), dialog.local_cseq);
        leg.unanswered = Some(cseq);
        leg.open += 1;
        if queued.purpose == Purpose::Refer(id)
            && let Some(refer) = &mut leg.refer_out
        {
            refer.cseq = cseq;
        }
        for (name, value) in queued.request.headers {
            request.headers.push(name, value);
        }
        request.body = queued.request.body;
        let mut sent = Sent::new(queued.purpose, leg.account);
        sent.focus = leg.focus;
        self.send(now, request, &towards, sent);
    }
}
