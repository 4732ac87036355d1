//! A call that we place: its INVITE, its answers, and where a redirection leads.
use super::reliable_client::Order;
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::capabilities::RELIABLE;
use crate::config::Reliable;
use crate::dialog::{Dialog, tag_of};
use crate::invariant::Invariant;
use crate::invite_usage::{Calling, InviteState, InviteUsage};
use crate::media::{self, Media};
use crate::outbound::{Purpose, RequestContext, cseq_of, first_route};
use crate::session_timer::SessionTimer;
use crate::transaction::ClientId;
use crate::{Output, Peer};
use trialog_call::{EndCause, LegId, Target, Time, WireEvent};
use trialog_sdp::{Description, Security};
use trialog_sip::{HeaderName, Host, Method, NameAddr, Request, Response, Scheme, Uri};

/// RFC 3261 §21.1.2: the called party is being alerted.
const RINGING: u16 = 180;

/// RFC 6228: a fork will not take the call.
const EARLY_DIALOG_TERMINATED: u16 = 199;

/// Why a leg is still calling whose INVITE gets a response other than 2xx.
pub(super) const CALLING: &str = "a call is up or over only with the final answer to its INVITE";

/// A call that the core wants.
pub(crate) struct NewCall {
    pub(crate) leg: LegId,
    pub(crate) account: usize,
    pub(crate) target: Target,
    pub(crate) as_guest: bool,
    pub(crate) referral: Option<LegId>,
}

impl UserAgent {
    /// Sends the INVITE of a new leg.
    pub(crate) fn place(&mut self, now: Time, call: NewCall, rtp_port: Option<u16>) {
        let id = call.leg;
        let account = call.account.min(self.flows.len() - 1);
        let session_id = self.random.session_id();
        let Some(rtp_port) = rtp_port else {
            return self.event(id, WireEvent::Refused { status: 500 });
        };
        let Some(mut target) = self.called(&call.target, account) else {
            self.out.push_back(Output::Media {
                leg: id,
                session: None,
                early: false,
            });
            return self.event(id, WireEvent::Refused { status: 416 });
        };
        let wanted = std::mem::take(&mut target.headers);
        let private = self.account(account).privacy;
        let local = if private {
            anonymous()
        } else {
            self.named(account)
        };
        let mut dialog = Dialog::invited(
            self.random.call_id(),
            local,
            self.random.tag(),
            NameAddr::new(target.bare()),
            target,
            account,
        );
        dialog.route_set = self.flows[account].preloaded_route();
        dialog.local_cseq = self.random.cseq();
        dialog.call = Some(id);
        dialog.private = private;
        let mut request = dialog.request(Method::Invite);
        let next_hop = self.next_hop(&request, account);
        let flow = &self.flows[account];
        let address = flow.rtp_address(rtp_port, flow.likely_far(&next_hop));
        let security = self.fresh_keys();
        let mut media = Media::new(Some(address), &self.settings.codecs, security, session_id)
            .with_pauses(self.settings.pauses);
        let offer = media.offer();
        let stage = InviteState::Calling(Calling::default());
        let mut leg = InviteUsage::new(id, stage, self.dialogs.open(dialog), media);
        leg.follows = call.referral;
        self.calls.add(leg);
        self.settings.state_capabilities(&mut request.headers);
        let session = SessionTimer::default();
        session.state(self.settings.session, &mut request.headers);
        if self.settings.reliable == Reliable::Required {
            request.headers.push(HeaderName::Require, RELIABLE);
        }
        if call.as_guest {
            request.headers.push(crate::invite::ROLE, "guest");
        }
        for (name, value) in wanted {
            // RFC 3261 §19.1.5: of a URI's headers, only those that are harmless are honoured.
            if name.eq_ignore_ascii_case("Replaces") {
                request.headers.push(HeaderName::Replaces, value);
            }
        }
        if let Some(by) = self.referred_by(call.referral) {
            request.headers.push(HeaderName::ReferredBy, by);
        }
        if let Some(offer) = offer.asserted("it has an address") {
            request.set_body(Description::CONTENT_TYPE, offer.to_string());
        }
        self.send_invite(now, id, account, request);
    }

    /// An account by its address and its display name.
    fn named(&self, account: usize) -> NameAddr {
        let own = self.account(account);
        NameAddr::new(own.aor.bare()).with_name(own.display.as_deref().unwrap_or_default())
    }

    pub(super) fn send_invite(
        &mut self,
        now: Time,
        id: LegId,
        account: usize,
        mut request: Request,
    ) {
        let next_hop = self.next_hop(&request, account);
        request.headers.remove(&HeaderName::PPreferredIdentity);
        // RFC 3325 §9.2: for a proxy that we trust alone; a redirection may lead elsewhere.
        if self.account(account).privacy && self.flows[account].is_home(&next_hop.host) {
            let own = self.named(account).to_string();
            request.headers.push(HeaderName::PPreferredIdentity, own);
        }
        let mut sent = RequestContext::new(Purpose::Invite(id), account);
        sent.focus = self.calls.get(id).is_some_and(|leg| leg.focus);
        self.send(now, request, &next_hop, sent);
    }

    /// Keys for a leg's sound, where it may be protected.
    pub(crate) fn fresh_keys(&mut self) -> Security {
        let random = &mut self.random;
        media::security(self.settings.srtp, |octets| random.fill(octets))
    }

    /// Our address in the offer of an INVITE is one for its peer, which may have turned out to be of another family.
    pub(crate) fn fit_offer(
        &mut self,
        leg: LegId,
        account: usize,
        request: &mut Request,
        peer: &Peer,
    ) {
        let flow = &self.flows[account];
        let leg = self.calls.get_mut(leg);
        if let Some(offer) = leg.and_then(|leg| leg.media.reach(flow, peer)) {
            request.set_body(Description::CONTENT_TYPE, offer.to_string());
        }
    }

    /// Where a request outside a dialog goes: the proxy, or the registrar for its own domain, or the target.
    pub(crate) fn next_hop(&self, request: &Request, account: usize) -> Uri {
        let own = self.account(account);
        match &own.registrar {
            Some(registrar)
                if !request.headers.contains(&HeaderName::Route)
                    && request.uri.host.equivalent(&own.aor.host) =>
            {
                registrar.clone()
            }
            _ => first_route(request),
        }
    }

    /// The URI that an agent's or a Refer-To's text means: `bob` and `tel:` are of the account's own domain.
    fn called(&self, target: &Target, account: usize) -> Option<Uri> {
        let text = target.0.trim();
        let own = &self.account(account).aor;
        let lower = text.to_ascii_lowercase();
        let uri = if ["sip:", "sips:", "tel:"]
            .iter()
            .any(|scheme| lower.starts_with(scheme))
        {
            Uri::parse(text).ok()?
        } else if text.contains('@') {
            Uri::parse(&format!("sip:{text}")).ok()?
        } else {
            Uri::sip(text, own.host.clone(), own.port)
        };
        match uri.scheme {
            Scheme::Sip | Scheme::Sips => Some(uri),
            Scheme::Tel => {
                let number: String = uri
                    .user
                    .as_deref()?
                    .chars()
                    .filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
                    .collect();
                let mut uri = Uri::sip(&number, own.host.clone(), own.port);
                uri.params.set("user", Some("phone"));
                Some(uri)
            }
            _ => None,
        }
    }

    /// An answer to a leg's first INVITE, or none (408, 503) in `status`.
    pub(crate) fn invite_answered(
        &mut self,
        now: Time,
        id: LegId,
        client: Option<ClientId>,
        status: u16,
        response: Option<&Response>,
    ) {
        match (status, response, client) {
            (100..=199, Some(response), client) => self.progressed(now, id, client, response),
            (200..=299, Some(response), Some(client)) => {
                self.accepted(now, id, client, response);
            }
            (300..=399, Some(response), _) => self.redirected(now, id, response),
            _ => {
                let leg = self.calls.get_mut(id);
                let calling = leg.and_then(|leg| leg.stage.calling_mut());
                if let Some(response) = response
                    && calling.is_some_and(|calling| !calling.cancelled)
                {
                    self.tell_reason(id, &response.headers);
                }
                self.call_refused(now, id, status);
            }
        }
    }

    fn progressed(&mut self, now: Time, id: LegId, client: Option<ClientId>, response: &Response) {
        let rseq = self.rseq(response);
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let Some(calling) = leg.stage.calling_mut().asserted(CALLING) else {
            return;
        };
        calling.provisional = true;
        if calling.cancelled {
            return self.send_cancel(now, id);
        }
        if response.status.code() == 100 {
            return;
        }
        let order = calling.order(response, rseq);
        if order == Order::Passed {
            return;
        }
        if response.status.code() == EARLY_DIALOG_TERMINATED {
            calling.end_early(tag_of(&response.headers, &HeaderName::To).unwrap_or_default());
            return;
        }
        let answer = match calling.is_settled(response) {
            false => Body::in_response(response),
            true => None,
        };
        let answer = answer.and_then(|answer| leg.media.foresee(&answer));
        let negotiated = answer.as_ref().map(|(_, negotiated)| negotiated.clone());
        if let Some(dialog) = self.dialogs.get(leg.dialog) {
            let reliably = matches!(order, Order::Next(_));
            calling.open_early(dialog, response, answer, reliably);
        }
        if let Some(negotiated) = negotiated {
            leg.media.state(id, negotiated, true, &mut self.out);
        }
        if let Order::Next(rseq) = order {
            self.acknowledge_provisional(now, id, response, rseq);
        }
        // RFC 3960 §3.2: no other provisional makes ring-back.
        if response.status.code() == RINGING {
            self.event(id, WireEvent::Rings);
        }
        self.learn_who_answers(id, client, response);
    }

    fn accepted(&mut self, now: Time, id: LegId, client: ClientId, response: &Response) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        if self.acknowledge_again(client, tag) {
            // RFC 3261 §13.2.2.4: each copy of the 2xx gets its ACK.
            return;
        }
        let invite = self.transactions.request(client);
        let Some(cseq) = invite.map(cseq_of).asserted("its 2xx is being handled") else {
            return;
        };
        let calling = match self.calls.get_mut(id) {
            Some(leg) => match &mut leg.stage {
                InviteState::Calling(calling) => Some(std::mem::take(calling)),
                _ => None,
            },
            None => None,
        };
        let Some(mut calling) = calling else {
            return self.drop_fork(now, client, response, tag, cseq);
        };
        self.tell_lost_referrer(now, id, 200);
        self.timers.cancel(Timer::Cancelled(id));
        let Some((leg, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        let (mut answer, mut settled) = (None, false);
        if let Some(early) = calling.take_early(tag) {
            *dialog = early.dialog;
            (answer, settled) = (early.answer, early.settled);
        }
        dialog.answer(response);
        let ack = dialog.numbered(Method::Ack, cseq);
        let (next_hop, account) = (dialog.next_hop().clone(), dialog.account);
        let dialog = leg.dialog;
        if calling.cancelled {
            // Our CANCEL crossed the answer: acknowledged, then ended.
            leg.stage = InviteState::Closing;
            self.acknowledge(client, tag, ack, &next_hop, account);
            return self.send_bye(now, id);
        }
        leg.stage = InviteState::Up;
        let negotiated = match Body::in_response(response) {
            Some(answer) if !settled => leg.media.accept_answer(&answer),
            // An answer in a provisional of this fork counts where the 2xx has none, or where it was acknowledged.
            _ => answer.map(|(session, negotiated)| {
                leg.media.adopt(session);
                negotiated
            }),
        };
        self.acknowledge(client, tag, ack, &next_hop, account);
        let Some(negotiated) = negotiated else {
            // No sound was agreed: the far side thinks the call is up, so it hears BYE.
            self.event(id, refusal(&calling, 488));
            self.end_media(id);
            return self.close(now, id, None);
        };
        self.hear_capabilities(id, response);
        let Some(capabilities) = self.calls.present(id).map(|leg| leg.capabilities) else {
            return;
        };
        match &calling.replaced {
            None => self.event(id, WireEvent::Answered(capabilities)),
            Some(replaced) => self.dialog_replaced(id, replaced),
        }
        self.agreed(id, negotiated);
        self.session_refreshed(now, id, &response.headers);
        self.update_capabilities(id, &response.headers);
        self.learn_who_answers(id, Some(client), response);
        self.settle_codec(now, id);
        self.pump(now, dialog);
    }

    fn hear_capabilities(&mut self, id: LegId, response: &Response) {
        if let Some(leg) = self.calls.present_mut(id) {
            leg.hear_capabilities(&response.headers);
        }
    }
}

/// What the core hears of an INVITE that has failed. One that replaces a dialog is of a call that is up there.
pub(super) fn refusal(calling: &Calling, status: u16) -> WireEvent {
    match calling.replaced {
        None => WireEvent::Refused { status },
        Some(_) => WireEvent::Ended(EndCause::Lost),
    }
}

/// From of a caller that is not to be known (RFC 3261 §8.1.1.3, RFC 3323 §4.1).
fn anonymous() -> NameAddr {
    let host = Host::Name("anonymous.invalid".into());
    NameAddr::new(Uri::sip("anonymous", host, None)).with_name("Anonymous")
}
