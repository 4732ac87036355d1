//! UPDATE (RFC 3311) of the far side: answered, with an offer or without (a target refresh, or
//! another party at the far end), in early dialogs, too.
use crate::agent::UserAgent;
use crate::body::Body;
use crate::invite_usage::{InviteState, InviteUsage};
use crate::presented::Sender;
use crate::session_timer::Asked;
use crate::transaction::ServerId;
use crate::trust::Origin;
use trialog_call::{LegId, Time};
use trialog_sdp::{Description, Negotiated, NegotiationError};
use trialog_sip::Request;

impl UserAgent {
    /// An UPDATE in a leg's dialog.
    pub(crate) fn updated(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let offer = match Body::of(request) {
            Body::None => None,
            Body::Sdp(offer) => Some(offer),
            Body::BadSdp(error) => return self.refuse_bad_description(now, server, &error),
            Body::Other => return self.refuse_content(now, server),
        };
        let asked = Asked::of(&request.headers);
        if asked.is_too_short(self.settings.session.least) {
            return self.refuse_interval(now, server);
        }
        let Some(leg) = self.calls.present(id) else {
            return;
        };
        let mut answered = None;
        if let Some(offer) = &offer {
            // RFC 3311 §5.2: our own offer is open (491), or theirs has no answer yet (500).
            if leg.renegotiation.is_under_way() {
                return self.refuse(now, server, 491);
            }
            let calling = matches!(leg.stage, InviteState::Calling(_));
            answered = match self.answer_update(id, request, offer) {
                Some(Ok(answered)) => Some(answered),
                Some(Err(error)) => return self.refuse_offer(now, server, error),
                None if calling => return self.refuse(now, server, 491),
                None => return self.refuse_for_now(now, server),
            };
        }
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let early = matches!(leg.stage, InviteState::Calling(_));
        let is_up = matches!(leg.stage, InviteState::Up);
        if let Some(dialog) = leg.early_dialog_mut(request) {
            dialog.refresh_target(&request.headers);
        } else if let Some((_, dialog)) = self.present_leg_mut(id) {
            dialog.refresh_target(&request.headers);
        }
        let Some(mut response) = self.leg_response(id, server, 200) else {
            return;
        };
        let (body, agreed) = answered.unzip();
        if let Some(body) = body {
            response.set_body(Description::CONTENT_TYPE, body.to_string());
        }
        if is_up {
            self.answer_session_timer(now, id, &asked, &mut response);
        }
        self.transactions
            .respond(now, server, &response, &mut self.out);
        if !early {
            // What a fork can do counts when it has taken the call: its 2xx says it.
            self.update_capabilities(id, &request.headers);
        }
        self.learn_identity(id, &request.headers, origin.believed, Sender::Either);
        match agreed {
            Some(negotiated) if early => self.agreed_early(id, negotiated),
            Some(negotiated) if is_up => self.agreed(id, negotiated),
            _ => {}
        }
    }

    /// The answer to an offer in an UPDATE, and what is agreed with it, where the state of the negotiation has a place for it. While our
    /// INVITE waits that is in a fork whose answer to its offer has come reliably: in another provisional response it is only a
    /// foretaste (RFC 3261 §13.2.1).
    fn answer_update(
        &mut self,
        id: LegId,
        request: &Request,
        offer: &Description,
    ) -> Option<Result<(Description, Box<Negotiated>), NegotiationError>> {
        let leg = self.calls.present_mut(id)?;
        match &leg.stage {
            InviteState::Calling(_) => {
                let early = leg.early_mut(request)?;
                let settled = early.settled;
                let (session, negotiated) = early.answer.as_mut().filter(|_| settled)?;
                Some(session.answer(offer).map(|(answer, agreed)| {
                    **negotiated = agreed;
                    (answer, negotiated.clone())
                }))
            }
            InviteState::Offered(_) => {
                let answered = self.answer_while_ringing(id, offer)?;
                Some(answered.and_then(|answer| {
                    let leg = self.calls.present(id).and_then(InviteUsage::offered);
                    let agreed = leg.and_then(|offered| offered.agreed.clone());
                    Ok((answer, agreed.ok_or(NegotiationError::NoOffer)?))
                }))
            }
            InviteState::Up => {
                let unanswered = leg.accept.as_ref().is_some_and(|accept| accept.offered);
                (!unanswered).then(|| leg.media.answer(offer))
            }
            InviteState::Closing => None,
        }
    }

    /// Our answer to an offer that comes before our 2xx, where an offer of ours has been answered before it. `None`: this one has no place.
    pub(super) fn answer_while_ringing(
        &mut self,
        id: LegId,
        offer: &Description,
    ) -> Option<Result<Description, NegotiationError>> {
        let leg = self.calls.get_mut(id)?;
        leg.offered()?.agreed.as_ref()?;
        let answered = leg.media.answer(offer);
        Some(answered.map(|(answer, agreed)| {
            if let Some(offered) = leg.offered_mut() {
                offered.agreed = Some(agreed);
            }
            answer
        }))
    }

    /// What a fork of our INVITE has agreed to before its 2xx.
    fn agreed_early(&mut self, id: LegId, negotiated: Box<Negotiated>) {
        if let Some(leg) = self.calls.present_mut(id) {
            leg.media.state(id, negotiated, true, &mut self.out);
        }
    }
}
