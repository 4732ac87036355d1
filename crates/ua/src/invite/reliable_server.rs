//! Our provisional responses that are sent until they are acknowledged (RFC 3262 §3): one at a time. Where the caller has made no
//! offer the first of them has ours, the PRACK its answer, and our 2xx waits for that.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::capabilities::RELIABLE;
use crate::config::Reliable as Policy;
use crate::invariant::Invariant;
use crate::invite_usage::InviteUsage;
use crate::transaction::ServerId;
use crate::transaction::timing::{T1, TRANSACTION_TIMEOUT};
use std::time::Duration;
use trialog_call::{EndCause, LegId, Time};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Headers, Method, RAck, Request, Response};

/// Our provisional response that was sent last, and is sent again until its PRACK comes.
#[derive(Debug)]
pub(crate) struct Reliable {
    rseq: u32,
    /// Number of the INVITE.
    cseq: u32,
    server: ServerId,
    /// Our offer went with it: the answer comes with the PRACK.
    offered: bool,
    acknowledged: bool,
    interval: Duration,
    give_up: Time,
}

impl Reliable {
    /// An answer to our offer is to come, and nothing final before it (RFC 3262 §3).
    pub(crate) fn awaits_answer(&self) -> bool {
        self.offered && !self.acknowledged
    }

    fn is_named_by(&self, rack: &RAck) -> bool {
        !self.acknowledged
            && rack.rseq == self.rseq
            && rack.cseq.number == self.cseq
            && rack.cseq.method == Method::Invite
    }

    /// The timer has fired: when it is to fire next. `None`: no PRACK comes any more.
    fn on_timer(&mut self, now: Time) -> Option<Time> {
        if now >= self.give_up {
            return None;
        }
        self.interval *= 2;
        Some((now + self.interval).min(self.give_up))
    }
}

impl UserAgent {
    /// Whether the provisional responses to this INVITE are to be acknowledged. `None`: it is refused, as its sender can't do that.
    pub(crate) fn wants_reliable(&self, headers: &Headers) -> Option<bool> {
        let required = headers.has_token(&HeaderName::Require, RELIABLE);
        let can = required || headers.has_token(&HeaderName::Supported, RELIABLE);
        match self.settings.reliable {
            Policy::Off => Some(false),
            Policy::Supported => Some(required),
            Policy::Required => can.then_some(true),
        }
    }

    /// Our first provisional response in this leg will have to have our offer, so that it needs an RTP port.
    #[must_use]
    pub(crate) fn rings_with_offer(&self, id: LegId) -> bool {
        let offered = self.calls.get(id).and_then(InviteUsage::offered);
        offered.is_some_and(|offered| offered.reliably && offered.offer.is_none())
    }

    /// Makes a provisional response one that is acknowledged, and waits for that. `offer`: it has our offer.
    pub(super) fn make_reliable(
        &mut self,
        now: Time,
        id: LegId,
        response: &mut Response,
        offered: bool,
    ) {
        let first = self.random.cseq();
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let Some(invite) = leg.offered().asserted("its INVITE waits") else {
            return;
        };
        let before = leg.reliable.as_ref().map(|before| before.rseq + 1);
        let rseq = before.unwrap_or(first);
        leg.reliable = Some(Reliable {
            rseq,
            cseq: invite.cseq,
            server: invite.server,
            offered,
            acknowledged: false,
            interval: T1,
            give_up: now + TRANSACTION_TIMEOUT,
        });
        response.headers.push(HeaderName::Require, RELIABLE);
        response.headers.push(HeaderName::RSeq, rseq.to_string());
        self.timers.set(Timer::Reliable(id), now + T1);
    }

    /// Until its PRACK comes the response is sent again, by every transport; after 64·T1 the INVITE is refused.
    pub(crate) fn reliable_timer(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let reliable = leg.reliable.as_mut();
        let Some(reliable) = reliable.asserted("its timer goes with it") else {
            return;
        };
        let server = reliable.server;
        match reliable.on_timer(now) {
            Some(next) => {
                self.transactions.repeat(server, &mut self.out);
                self.timers.set(Timer::Reliable(id), next);
            }
            None => self.give_up_offered(now, id, 504, EndCause::TimedOut),
        }
    }

    /// A PRACK in a leg's dialog. One that comes after our 2xx is answered all the same.
    pub(crate) fn acknowledged_provisional(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
    ) {
        let Some(Ok(rack)) = request.headers.typed::<RAck>(&HeaderName::RAck) else {
            return self.refuse(now, server, 400);
        };
        let Some(leg) = self.calls.present_mut(id) else {
            return self.refuse(now, server, 481);
        };
        let reliable = leg.reliable.as_mut();
        let Some(reliable) = reliable.filter(|reliable| reliable.is_named_by(&rack)) else {
            return self.refuse(now, server, 481);
        };
        reliable.acknowledged = true;
        let offered = reliable.offered;
        self.timers.cancel(Timer::Reliable(id));
        let dialog = leg.dialog;
        match Body::of(request) {
            body if offered => {
                self.respond_plainly(now, Some(dialog), server, 200);
                self.take_answer_in_prack(now, id, &body);
            }
            Body::Sdp(offer) => self.answer_in_prack(now, id, server, &offer),
            _ => self.respond_plainly(now, Some(dialog), server, 200),
        }
    }

    /// The answer to the offer of our provisional response.
    fn take_answer_in_prack(&mut self, now: Time, id: LegId, body: &Body) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let agreed = match body {
            Body::Sdp(answer) => leg.media.accept_answer(answer),
            _ => None,
        };
        let Some(offered) = leg.offered_mut().asserted("our 2xx has waited for this") else {
            return;
        };
        match agreed {
            None => self.give_up_offered(now, id, 488, EndCause::NoMedia),
            agreed => {
                offered.agreed = agreed;
                if std::mem::take(&mut offered.taken) {
                    self.accept(now, id, None);
                }
            }
        }
    }

    /// An offer in a PRACK (RFC 3262 §5): it has its place where the one before it is answered.
    fn answer_in_prack(&mut self, now: Time, id: LegId, server: ServerId, offer: &Description) {
        match self.answer_while_ringing(id, offer) {
            Some(Ok(answer)) => {
                if let Some(mut response) = self.leg_response(id, server, 200) {
                    response.set_body(Description::CONTENT_TYPE, answer.to_string());
                    self.transactions
                        .respond(now, server, &response, &mut self.out);
                }
            }
            Some(Err(error)) => self.refuse_offer(now, server, error),
            None => self.refuse_for_now(now, server),
        }
    }
}
