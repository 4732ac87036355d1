//! UPDATE (RFC 3311): we send none, but answer those that come, with an offer or without (a target refresh).
use crate::agent::UserAgent;
use crate::body::Body;
use crate::invite_usage::InviteState;
use crate::transaction::ServerId;
use trialog_call::{LegId, Time};
use trialog_sdp::Description;
use trialog_sip::Request;

impl UserAgent {
    /// An UPDATE in a leg's dialog.
    pub(crate) fn updated(&mut self, now: Time, id: LegId, server: ServerId, request: &Request) {
        let offer = match Body::of(request) {
            Body::None => None,
            Body::Sdp(offer) => Some(offer),
            Body::BadSdp => return self.refuse(now, server, 400),
            Body::Other => return self.refuse_content(now, server),
        };
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let mut agreed = None;
        let mut body = None;
        if let Some(offer) = &offer {
            // RFC 3311 §5.2: our own offer is open (491), or theirs has no answer yet (500). That of our INVITE is open until
            // its 2xx: an answer in a provisional response that is not reliable is only a foretaste (RFC 3261 §13.2.1).
            if leg.renegotiation.in_flight.is_some() || matches!(leg.stage, InviteState::Calling(_))
            {
                return self.refuse(now, server, 491);
            }
            let unanswered = leg.accept.as_ref().is_some_and(|accept| accept.offered);
            if unanswered || !matches!(leg.stage, InviteState::Up) {
                return self.refuse_for_now(now, server);
            }
            match leg.media.answer(offer) {
                Some((answer, negotiated)) => {
                    body = Some(answer);
                    agreed = Some(negotiated);
                }
                None => return self.refuse(now, server, 488),
            }
        }
        let early = matches!(leg.stage, InviteState::Calling(_));
        if let Some(dialog) = leg.early_dialog_mut(request) {
            dialog.refresh_target(&request.headers);
        } else if let Some((_, dialog)) = self.leg_mut(id) {
            dialog.refresh_target(&request.headers);
        }
        let Some(mut response) = self.leg_response(id, server, 200) else {
            return;
        };
        if let Some(body) = body {
            response.set_body(Description::CONTENT_TYPE, body.to_string());
        }
        self.transactions
            .respond(now, server, &response, &mut self.out);
        if !early {
            // What a fork can do counts when it has taken the call: its 2xx says it.
            self.update_capabilities(id, &request.headers);
        }
        if let Some(negotiated) = agreed {
            self.agreed(id, negotiated);
        }
    }
}
