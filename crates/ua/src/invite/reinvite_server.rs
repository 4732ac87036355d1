//! The far side's re-INVITE: answered at once with what we want and they allow, refused where it meets ours.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::invite_usage::{Accept, InviteState};
use crate::outbound::cseq_of;
use crate::presented::Sender;
use crate::session_timer::Asked;
use crate::transaction::ServerId;
use crate::trust::Origin;
use trialog_call::{LegId, Time};
use trialog_sdp::{Description, NegotiationError};
use trialog_sip::{HeaderName, Request};

impl UserAgent {
    /// An INVITE in a leg's dialog, in order.
    pub(crate) fn reinvited(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let Some(leg) = self.calls.present(id) else {
            return self.refuse(now, server, 481);
        };
        match &leg.stage {
            InviteState::Up => {}
            // RFC 3261 §14.2: the first INVITE has no answer yet, theirs (500) or ours (491).
            InviteState::Offered(_) => return self.refuse_for_now(now, server),
            InviteState::Calling(_) => return self.refuse(now, server, 491),
            InviteState::Closing => return self.refuse(now, server, 481),
        }
        if leg.renegotiation.is_under_way() {
            return self.refuse(now, server, 491);
        }
        if leg.accept.as_ref().is_some_and(|accept| accept.offered) {
            // Our offer has no answer yet.
            return self.refuse_for_now(now, server);
        }
        let asked = Asked::of(&request.headers);
        if asked.is_too_short(self.settings.session.least) {
            return self.refuse_interval(now, server);
        }
        let offer = match Body::of(request) {
            Body::None => None,
            Body::Sdp(offer) => Some(offer),
            Body::BadSdp(error) => return self.refuse_bad_description(now, server, &error),
            Body::Other => return self.refuse_content(now, server),
        };
        // A new INVITE proves that our last 2xx has arrived, though its ACK was lost.
        self.confirm(now, id);
        let Some((leg, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        dialog.refresh_target(&request.headers);
        let answered = match &offer {
            Some(offer) => leg
                .media
                .answer(offer)
                .map(|(answer, negotiated)| (answer, Some(negotiated))),
            None => leg
                .media
                .offer()
                .map(|offer| (offer, None))
                .ok_or(NegotiationError::NoAddress),
        };
        let (body, agreed) = match answered {
            Ok(answered) => answered,
            // RFC 3261 §14.2: the session stays as it was.
            Err(error) => return self.refuse_offer(now, server, error),
        };
        let Some(mut response) = self.leg_response(id, server, 200) else {
            return;
        };
        response.set_body(Description::CONTENT_TYPE, body.to_string());
        self.answer_session_timer(now, id, &asked, &mut response);
        self.transactions
            .respond(now, server, &response, &mut self.out);
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let mut accept = Accept::new(now, server, cseq_of(request));
        accept.offered = offer.is_none();
        self.timers.set(Timer::Accept(id), accept.first_due(now));
        leg.accept = Some(accept);
        self.update_capabilities(id, &request.headers);
        self.learn_identity(id, &request.headers, origin.believed, Sender::Either);
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
