//! Our CANCEL, and what crosses it: the leg ends in `Gone` in any case.
use crate::agent::{Timer, UserAgent};
use crate::answered::LIVES;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::ClientId;
use crate::transaction::timing::TRANSACTION_TIMEOUT;
use trialog_call::{ByeReason, LegId, Time, WireEvent};
use trialog_sip::{HeaderName, Method, Request};

impl UserAgent {
    /// The core wants the call no more. It ends in `Gone` whatever crosses it.
    pub(crate) fn cancel(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.calls.get_mut(id) else {
            return self.event(id, WireEvent::Gone);
        };
        let InviteState::Calling(calling) = &mut leg.stage else {
            // It was answered before: there is nothing to cancel, only to end.
            return self.hang_up(now, id, ByeReason::Ended);
        };
        if calling.cancelled {
            return;
        }
        calling.cancelled = true;
        calling.redirections.forget();
        let (launched, provisional) = (calling.client.is_some(), calling.provisional);
        self.end_media(id);
        if !launched {
            // Its name is still being resolved: nothing was sent.
            self.event(id, WireEvent::Gone);
            self.end(now, id);
        } else if provisional {
            self.send_cancel(now, id);
        }
        // RFC 3261 §9.1: without a provisional answer CANCEL must wait for one.
    }

    pub(crate) fn send_cancel(&mut self, now: Time, id: LegId) {
        let Some((leg, _)) = self.present_leg_mut(id) else {
            return;
        };
        let calling = leg.stage.calling_mut();
        let Some(calling) = calling.asserted("only a call that is not answered is cancelled")
        else {
            return;
        };
        let Some(client) = calling
            .client
            .asserted("its INVITE had a provisional answer")
        else {
            return;
        };
        if std::mem::replace(&mut calling.cancel_sent, true) {
            return;
        }
        self.cancel_invite(now, client);
        // RFC 3261 §9.1: after 64·T1 without a final answer the INVITE counts as cancelled.
        self.timers
            .set(Timer::Cancelled(id), now + TRANSACTION_TIMEOUT);
    }

    /// The CANCEL of an INVITE that had a provisional answer.
    pub(crate) fn cancel_invite(&mut self, now: Time, client: ClientId) {
        let (Some(invite), Some(sent), Some(destination)) = (
            self.transactions.request(client).asserted(LIVES),
            self.transactions.purpose(client).asserted(LIVES),
            self.transactions.destination(client).cloned(),
        ) else {
            return;
        };
        let account = sent.account;
        let cancel = cancel_of(invite);
        let Some((cancel, branch)) = cancel.asserted("our INVITE has a Via with a branch") else {
            return;
        };
        let sent = RequestContext::new(Purpose::Cancel, account);
        self.transactions
            .start(now, cancel, &branch, destination, sent, &mut self.out);
    }

    pub(crate) fn cancel_timer(&mut self, now: Time, id: LegId) {
        if let Some(leg) = self.calls.get(id)
            && let InviteState::Calling(calling) = &leg.stage
        {
            if let Some(client) = calling.client {
                self.transactions.forget(client);
            }
            self.event(id, WireEvent::Gone);
            self.end(now, id);
        }
    }
}

/// RFC 3261 §9.1: the same Request-URI, Call-ID, To, number, From, Via and Route.
fn cancel_of(invite: &Request) -> Option<(Request, String)> {
    let mut cancel = Request::new(Method::Cancel, invite.uri.clone());
    let via: trialog_sip::Via = invite.headers.typed(&HeaderName::Via)?.ok()?;
    cancel.headers.push(HeaderName::Via, via.to_string());
    for name in [
        HeaderName::Route,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::UserAgent,
    ] {
        for value in invite.headers.all(&name) {
            cancel.headers.push(name.clone(), value);
        }
    }
    cancel.headers.push(HeaderName::MaxForwards, "70");
    cancel
        .headers
        .push(HeaderName::CSeq, format!("{} CANCEL", cseq_of(invite)));
    Some((cancel, via.branch()?.to_owned()))
}
