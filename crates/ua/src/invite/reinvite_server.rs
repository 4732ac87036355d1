//! The far side's re-INVITE: answered at once with what we want and they allow, refused where it meets ours.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::invite_usage::{Accept, InviteState};
use crate::outbound::cseq_of;
use crate::transaction::ServerId;
use crate::transaction::timing::{T1, TRANSACTION_TIMEOUT};
use trialog_call::{LegId, Time};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Request};

impl UserAgent {
    /// An INVITE in a leg's dialog, in order.
    pub(crate) fn reinvited(&mut self, now: Time, id: LegId, server: ServerId, request: &Request) {
        let Some(leg) = self.legs.get(&id) else {
            return self.refuse(now, server, 481);
        };
        match &leg.stage {
            InviteState::Up => {}
            // RFC 3261 §14.2: the first INVITE has no answer yet, theirs (500) or ours (491).
            InviteState::Offered(_) => return self.refuse_for_now(now, server),
            InviteState::Calling(_) => return self.refuse(now, server, 491),
            InviteState::Closing => return self.refuse(now, server, 481),
        }
        if leg.renegotiation.in_flight.is_some() {
            return self.refuse(now, server, 491);
        }
        if leg.accept.as_ref().is_some_and(|accept| accept.offered) {
            // Our offer has no answer yet.
            return self.refuse_for_now(now, server);
        }
        let offer = match Body::of(request) {
            Body::None => None,
            Body::Sdp(offer) => Some(offer),
            Body::BadSdp => return self.refuse(now, server, 400),
            Body::Other => return self.refuse_content(now, server),
        };
        // A new INVITE proves that our last 2xx has arrived, though its ACK was lost.
        self.confirm(now, id);
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        dialog.refresh_target(&request.headers);
        let (body, agreed) = match &offer {
            Some(offer) => match leg.media.answer(offer) {
                Some((answer, negotiated)) => (Some(answer), Some(negotiated)),
                None => (None, None),
            },
            None => (leg.media.offer(), None),
        };
        let Some(body) = body else {
            // RFC 3261 §14.2: the session stays as it was.
            return self.refuse(now, server, 488);
        };
        let Some(mut response) = self.leg_response(id, server, 200) else {
            return;
        };
        response.set_body(Description::CONTENT_TYPE, body.to_string());
        self.transactions
            .respond(now, server, &response, &mut self.out);
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.accept = Some(Accept {
            server,
            cseq: cseq_of(request),
            first: false,
            offered: offer.is_none(),
            interval: T1,
            give_up: now + TRANSACTION_TIMEOUT,
        });
        self.timers.set(Timer::Accept(id), now + T1);
        self.update_capabilities(id, &request.headers);
        if let Some(negotiated) = agreed {
            self.agreed(id, negotiated);
        }
    }

    /// 500 with a Retry-After of a few seconds (RFC 3261 §14.2).
    pub(crate) fn refuse_for_now(&mut self, now: Time, server: ServerId) {
        let wait = self.random.glare_wait(true).as_secs();
        self.refuse_with(
            now,
            server,
            500,
            &[(HeaderName::RetryAfter, &wait.to_string())],
        );
    }
}
