//! Requests in a dialog, in order: each waits a moment for an answer to the one ahead, since datagrams overtake each other, and
//! a request that was overtaken gets 500 (RFC 3261 §12.2.2). Where no answer comes, it passes what may be passed, so that a lost
//! INFO does not hold a re-INVITE up; what was overtaken and refused for that is sent again.
use crate::agent::{Timer, UserAgent};
use crate::dialog::{Queued, Turn};
use crate::dialogs::DialogId;
use crate::invite_usage::InviteState;
use crate::outbound::{Purpose, RequestContext};
use trialog_call::Time;
use trialog_sip::{HeaderName, Method};

impl UserAgent {
    /// Sends a request in a dialog as soon as it is its turn.
    pub(crate) fn enqueue(
        &mut self,
        now: Time,
        id: DialogId,
        method: Method,
        headers: Vec<(HeaderName, String)>,
        body: Vec<u8>,
        purpose: Purpose,
    ) {
        if let Some(dialog) = self.dialogs.present_mut(id) {
            dialog.queue.push_back(Queued {
                method,
                headers,
                body,
                purpose,
            });
            self.pump(now, id);
        }
    }

    /// Sends what may be sent now: the queue first, then a re-INVITE or a BYE that waits.
    pub(crate) fn pump(&mut self, now: Time, id: DialogId) {
        while let Some(dialog) = self.dialogs.get_mut(id) {
            let Some(next) = dialog.queue.front() else {
                break;
            };
            match dialog.turn_of(now, &next.method) {
                Turn::Now => {}
                Turn::At(time) => return self.timers.set(Timer::Pump(id), time),
                Turn::AfterAnswer => return,
            }
            if let Some(next) = dialog.queue.pop_front() {
                self.send_queued(now, id, next);
            }
        }
        // It may have ended with the answer that made way.
        let Some(dialog) = self.dialogs.get(id) else {
            return;
        };
        let leg = dialog.call.and_then(|call| self.calls.get(call));
        match leg.map(|leg| (leg.id, &leg.stage)) {
            Some((leg, InviteState::Up)) => self.try_renegotiate(now, leg),
            Some((leg, InviteState::Closing)) if dialog.unanswered.is_empty() => {
                self.send_bye(now, leg)
            }
            _ => {}
        }
    }

    fn send_queued(&mut self, now: Time, id: DialogId, queued: Queued) {
        let Some(dialog) = self.dialogs.present_mut(id) else {
            return;
        };
        let mut request = dialog.request(queued.method.clone());
        let (next_hop, cseq) = (dialog.next_hop().clone(), dialog.local_cseq);
        dialog.sent(now, queued.method);
        dialog.open += 1;
        if let Purpose::Refer(subscription) = queued.purpose
            && let Some(refer) = self.subscriptions.subscriber_mut(subscription)
        {
            refer.event.number = cseq;
        }
        for (name, value) in queued.headers {
            request.headers.push(name, value);
        }
        request.body = queued.body;
        let mut sent = RequestContext::in_dialog(queued.purpose, id, dialog.account);
        let leg = dialog.call.and_then(|call| self.calls.get(call));
        sent.focus = leg.is_some_and(|leg| leg.focus);
        self.send(now, request, &next_hop, sent);
    }
}
