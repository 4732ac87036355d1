//! A call that we place: its INVITE, its answers, and where a redirection leads.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::dialog::{Dialog, tag_of};
use crate::invite_usage::{Calling, InviteState, InviteUsage};
use crate::media::Media;
use crate::outbound::{Purpose, RequestContext, cseq_of, first_route};
use crate::transaction::ClientId;
use std::collections::VecDeque;
use std::net::SocketAddr;
use trialog_call::{LegId, Target, Time, WireEvent};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Method, NameAddr, Request, Response, Scheme, Uri};

/// How many redirections are followed before the call counts as refused.
const REDIRECTIONS: u8 = 5;

/// RFC 6228: a fork will not take the call.
const EARLY_DIALOG_TERMINATED: u16 = 199;

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
    pub(crate) fn place(&mut self, now: Time, call: NewCall, media: Option<SocketAddr>) {
        let id = call.leg;
        let account = call.account.min(self.config.accounts.len() - 1);
        let mut taken = Media::new(media, &self.config, self.random.session_id());
        let Some(offer) = taken.offer() else {
            return self.event(id, WireEvent::Refused { status: 500 });
        };
        let Some(mut target) = self.called(&call.target, account) else {
            taken.end(id, &mut self.out);
            return self.event(id, WireEvent::Refused { status: 416 });
        };
        let wanted = std::mem::take(&mut target.headers);
        let mut local = NameAddr::new(self.account(account).aor.bare());
        if let Some(display) = self.account(account).display.clone() {
            local = local.with_name(&display);
        }
        let mut dialog = Dialog::invited(
            self.random.call_id(),
            local,
            self.random.tag(),
            NameAddr::new(target.bare()),
            target,
            account,
        );
        dialog.route_set = self.preloaded_route(account);
        dialog.local_cseq = self.random.cseq();
        dialog.call = Some(id);
        let mut request = dialog.request(Method::Invite);
        let stage = InviteState::Calling(Calling::default());
        let mut leg = InviteUsage::new(id, stage, self.dialogs.open(dialog), taken);
        leg.follows = call.referral;
        self.legs.insert(id, leg);
        self.say_capabilities(&mut request.headers);
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
        request.set_body(Description::CONTENT_TYPE, offer.to_string());
        self.send_invite(now, id, account, request);
    }

    fn send_invite(&mut self, now: Time, id: LegId, account: usize, request: Request) {
        let next_hop = self.next_hop(&request, account);
        self.send(
            now,
            request,
            &next_hop,
            RequestContext::new(Purpose::Invite(id), account),
        );
    }

    /// Where a request outside a dialog goes: the proxy, or the registrar for its own domain, or the target.
    fn next_hop(&self, request: &Request, account: usize) -> Uri {
        let own = self.account(account);
        match &own.registrar {
            Some(registrar)
                if own.outbound_proxy.is_none() && request.uri.host.equivalent(&own.aor.host) =>
            {
                registrar.clone()
            }
            _ => first_route(request),
        }
    }

    fn preloaded_route(&self, account: usize) -> Vec<NameAddr> {
        let Some(proxy) = &self.account(account).outbound_proxy else {
            return Vec::new();
        };
        let mut proxy = proxy.clone();
        if !proxy.params.has("lr") {
            proxy.params.set("lr", None);
        }
        vec![NameAddr::new(proxy)]
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
            Scheme::Sip => Some(uri),
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
            (100..=199, Some(response), _) => self.progressed(now, id, response),
            (200..=299, Some(response), Some(client)) => {
                self.accepted(now, id, client, response);
            }
            (300..=399, Some(response), _) => self.redirected(now, id, response),
            _ => self.call_refused(now, id, status),
        }
    }

    fn progressed(&mut self, now: Time, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let InviteState::Calling(calling) = &mut leg.stage else {
            return;
        };
        calling.provisional = true;
        if calling.cancelled {
            return self.send_cancel(now, id);
        }
        if response.status.code() == 100 {
            return;
        }
        if response.status.code() == EARLY_DIALOG_TERMINATED {
            calling.end_early(tag_of(&response.headers, &HeaderName::To).unwrap_or_default());
            return;
        }
        let answer = Body::in_response(response);
        let answer = answer.and_then(|answer| leg.media.foresee(&answer));
        let negotiated = answer.as_ref().map(|(_, negotiated)| negotiated.clone());
        if let Some(dialog) = self.dialogs.get(leg.dialog) {
            calling.open_early(dialog, response, answer);
        }
        let early_media = negotiated.is_some();
        if let Some(negotiated) = negotiated {
            leg.media.state(id, negotiated, &mut self.out);
        }
        self.event(id, WireEvent::Progress { early_media });
    }

    fn accepted(&mut self, now: Time, id: LegId, client: ClientId, response: &Response) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        if self.acknowledge_again(client, tag) {
            // RFC 3261 §13.2.2.4: each copy of the 2xx gets its ACK.
            return;
        }
        let Some(cseq) = self.transactions.request(client).map(cseq_of) else {
            return;
        };
        let calling = match self.legs.get_mut(&id) {
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
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        let mut answer = None;
        if let Some(early) = calling.take_early(tag) {
            *dialog = early.dialog;
            answer = early.answer;
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
            Some(answer) => leg.media.accept_answer(&answer),
            // An answer in a provisional of this fork counts where the 2xx has none.
            None => answer.map(|(session, negotiated)| {
                leg.media.adopt(session);
                negotiated
            }),
        };
        self.acknowledge(client, tag, ack, &next_hop, account);
        let Some(negotiated) = negotiated else {
            // No sound was agreed: the far side thinks the call is up, so it hears BYE.
            self.event(id, WireEvent::Refused { status: 488 });
            self.end_media(id);
            return self.close(now, id, None);
        };
        self.hear_capabilities(id, response);
        let Some(capabilities) = self.legs.get(&id).map(|leg| leg.capabilities) else {
            return;
        };
        self.event(id, WireEvent::Answered(capabilities));
        self.agreed(id, negotiated);
        self.update_capabilities(id, &response.headers);
        self.pump(now, dialog);
    }

    fn hear_capabilities(&mut self, id: LegId, response: &Response) {
        if let Some(leg) = self.legs.get_mut(&id) {
            crate::invite_usage::read_capabilities(&mut leg.capabilities, &response.headers);
        }
    }

    /// RFC 3261 §8.1.3.4: the contacts of a 3xx are tried in their order.
    fn redirected(&mut self, now: Time, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let InviteState::Calling(calling) = &mut leg.stage else {
            return;
        };
        if !calling.cancelled && calling.redirections < REDIRECTIONS {
            calling.redirections += 1;
            let mut contacts: Vec<NameAddr> = response
                .headers
                .all_typed::<NameAddr>(&HeaderName::Contact)
                .filter_map(Result::ok)
                .filter(|contact| contact.uri.scheme == Scheme::Sip)
                .collect();
            let weight = |contact: &NameAddr| {
                let q = contact.params.get("q").and_then(|q| q.parse::<f32>().ok());
                (q.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32
            };
            contacts.sort_by_key(|contact| std::cmp::Reverse(weight(contact)));
            let found: VecDeque<Uri> = contacts.into_iter().map(|contact| contact.uri).collect();
            calling.alternatives = found;
        }
        self.call_refused(now, id, response.status.code());
    }

    /// The INVITE failed for good, unless a redirection named somebody else.
    fn call_refused(&mut self, now: Time, id: LegId, status: u16) {
        let Some((leg, _)) = self.leg_mut(id) else {
            return;
        };
        let InviteState::Calling(calling) = &mut leg.stage else {
            return;
        };
        if calling.cancelled {
            self.event(id, WireEvent::Gone);
            return self.end(now, id);
        }
        let (next, last) = (calling.alternatives.pop_front(), calling.client.take());
        if let (Some(mut next), Some(mut request)) = (
            next.filter(|_| !(600..700).contains(&status)),
            last.and_then(|last| self.transactions.request(last).cloned()),
        ) && let Some((_, dialog)) = self.leg_mut(id)
        {
            next.headers.clear();
            dialog.remote_target = next.clone();
            dialog.local_cseq += 1;
            let cseq = format!("{} INVITE", dialog.local_cseq);
            let account = dialog.account;
            request.uri = next;
            request.headers.remove_first(&HeaderName::Via);
            request.headers.set(HeaderName::CSeq, cseq);
            return self.send_invite(now, id, account, request);
        }
        self.tell_lost_referrer(now, id, status);
        self.event(id, WireEvent::Refused { status });
        self.end(now, id);
    }
}
