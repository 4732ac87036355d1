//! A call that comes in: whom it is for, what it may replace, and the core's answer to it.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::capabilities::RELIABLE;
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::diversion::origin_of;
use crate::inbound::MISCELLANEOUS;
use crate::invariant::Invariant;
use crate::invite::Reliable;
use crate::invite_usage::{Accept, InviteState, InviteUsage, Offered};
use crate::media::{self, Media};
use crate::outbound::cseq_of;
use crate::presented::{Believed, caller, may_be_named};
use crate::replaces::Replacement;
use crate::session_timer::Asked;
use crate::transaction::ServerId;
use crate::trust::Origin;
use std::sync::Arc;
use std::time::Duration;
use trialog_call::{AccountId, EndCause, Grade, Incoming, LegId, Target, Time, WireEvent};
use trialog_sdp::{Description, Negotiated, Security};
use trialog_sip::{HeaderName, Request, Response, Uri};

/// RFC 3261 §13.3.1: a proxy's timer C is over three minutes; each minute says that it still rings.
const RING_AGAIN: Duration = Duration::from_secs(60);

/// How long a call may ring: the least that a proxy waits (RFC 3261 §16.6, timer C), so that a caller that vanished does not ring for
/// ever.
const RINGS: Duration = Duration::from_secs(180);

/// The same for a stranger's, which may be no more than one datagram.
const RINGS_FOR_STRANGER: Duration = Duration::from_secs(60);

/// RFC 3261 §13.3.1: the INVITE's Expires bounds how long its call is offered. It makes it no longer.
fn rings_for(request: &Request, grade: Grade) -> Duration {
    let most = match grade {
        Grade::Stranger => RINGS_FOR_STRANGER,
        Grade::Registrar | Grade::Colleague => RINGS,
    };
    let expires = request.headers.get(&HeaderName::Expires);
    let seconds = expires.and_then(|expires| expires.trim().parse::<u32>().ok());
    seconds.map_or(most, |seconds| {
        Duration::from_secs(seconds.into()).min(most)
    })
}

/// Whether its sender takes a session description for an answer: RFC 3261 §20.1, where no Accept stands it does.
fn takes_description(request: &Request) -> bool {
    let headers = &request.headers;
    let mut accepted = headers.all(&HeaderName::Accept).map(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        range.to_ascii_lowercase()
    });
    !headers.contains(&HeaderName::Accept)
        || accepted
            .any(|range| matches!(&*range, Description::CONTENT_TYPE | "application/*" | "*/*"))
}

impl UserAgent {
    /// An INVITE outside any dialog.
    pub(crate) fn invited(
        &mut self,
        now: Time,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        if !takes_description(request) {
            return self.refuse_because(now, server, 406, MISCELLANEOUS, "we answer in SDP");
        }
        let offer = match Body::of(request) {
            Body::None => None,
            Body::Sdp(offer) => Some(offer),
            Body::BadSdp(error) => return self.refuse_bad_description(now, server, &error),
            Body::Other => return self.refuse_content(now, server),
        };
        let account = self.flows.called_by(request);
        // The port is not known before the core has taken the call.
        if let Some(offer) = &offer
            && let somewhere = self.flows[account].somewhere(media::far_address(offer))
            && let Err(error) =
                media::can_answer(offer, somewhere, &self.settings.codecs, self.settings.srtp)
        {
            return self.refuse_offer(now, server, error);
        }
        let replacement = self.replacement(request);
        let replaces = match replacement {
            Replacement::None => None,
            Replacement::Of(leg) => Some(leg),
            Replacement::Refused(status) => return self.refuse(now, server, status),
        };
        let Some(reliably) = self.wants_reliable(&request.headers) else {
            return self.refuse_with(now, server, 421, &[(HeaderName::Require, RELIABLE)]);
        };
        let session = Asked::of(&request.headers);
        if session.is_too_short(self.settings.session.least) {
            return self.refuse_interval(now, server);
        }
        let tag = self.random.tag();
        let mut dialog = match Dialog::opened_by(request, tag, account) {
            Ok(dialog) => dialog,
            Err(why) => return self.refuse_contact(now, server, why),
        };
        let id = self.calls.next_received();
        dialog.call = Some(id);
        dialog.opened_by = Some(origin.grade);
        let as_guest = request
            .headers
            .get(&HeaderName::new(crate::invite::ROLE))
            .is_some_and(|role| role.trim().eq_ignore_ascii_case("guest"));
        // There is no session before the core has taken the call.
        let none = Security::default();
        let media = Media::new(None, &self.settings.codecs, none, self.random.session_id());
        let stage = InviteState::Offered(Offered {
            server,
            cseq: cseq_of(request),
            offer,
            session,
            reliably,
            agreed: None,
            taken: false,
            ringing: false,
            until: now + rings_for(request, origin.grade),
        });
        let (from, stated) = caller(&dialog.remote, &request.headers, origin.believed);
        let asserts = origin.believed == Believed::Asserted;
        let call_origin = origin_of(&dialog.local, &request.headers, asserts);
        let mut leg = InviteUsage::new(id, stage, self.dialogs.open(dialog), media);
        let from = Arc::new(from);
        leg.nameable = may_be_named(&request.headers, stated.as_ref()).then(|| Arc::clone(&from));
        leg.stated = stated;
        leg.called_from = Some(origin.net());
        leg.by_stranger = origin.grade == Grade::Stranger;
        leg.hear_capabilities(&request.headers);
        let incoming = Incoming {
            account: AccountId(u16::try_from(account).unwrap_or(u16::MAX)),
            from,
            origin: Arc::new(call_origin),
            as_guest,
            grade: origin.grade,
            replaces,
            answer_after: crate::answer_mode::answer_after(&request.headers),
            by_peer: replaces.is_some_and(|replaced| self.names_peer(request, replaced)),
            capabilities: leg.capabilities,
        };
        self.calls.add(leg);
        self.event(id, WireEvent::Incoming(incoming));
        self.update_capabilities(id, &request.headers);
    }

    /// The core lets it ring. The port is for a 180 that has to have our offer ([`UserAgent::rings_with_offer`]); where there is none
    /// the caller hears no more than 100.
    pub(crate) fn say_ringing(&mut self, now: Time, id: LegId, rtp_port: Option<u16>) {
        let offers = self.rings_with_offer(id);
        // The caller may have given up; the core may not know yet.
        let Some(offered) = self.calls.offered_mut(id) else {
            return;
        };
        offered.ringing = true;
        let (server, until, reliably) = (offered.server, offered.until, offered.reliably);
        self.timers
            .set(Timer::Ringing(id), until.min(now + RING_AGAIN));
        let Some(mut response) = self.leg_response(id, server, 180) else {
            return;
        };
        let first = self.calls.get(id).is_some_and(|leg| !leg.media.is_open());
        let offers = offers && first;
        if offers {
            self.open_media(id, server, None, rtp_port);
            let leg = self.calls.present_mut(id);
            let Some(offer) = leg.and_then(|leg| leg.media.offer()) else {
                return;
            };
            response.set_body(Description::CONTENT_TYPE, offer.to_string());
        }
        if reliably {
            self.make_reliable(now, id, &mut response, offers);
        }
        self.transactions
            .respond(now, server, &response, &mut self.out);
    }

    /// A called leg has an address for its sound. An answer is of its offer's family (RFC 6157); an offer of ours is of the family by
    /// which the INVITE came.
    fn open_media(
        &mut self,
        id: LegId,
        server: ServerId,
        offer: Option<&Description>,
        rtp_port: Option<u16>,
    ) {
        let session_id = self.random.session_id();
        let security = self.fresh_keys();
        let dialog = self.dialog_of_leg(id).asserted("its INVITE waits");
        let Some(account) = dialog.map(|dialog| dialog.account) else {
            return;
        };
        let peer = self.transactions.server_peer(server);
        let far = offer.and_then(media::far_address);
        let far = far.or_else(|| Some(peer?.address.ip()));
        let transport = peer.map(|peer| peer.transport);
        let flow = &self.flows[account];
        let address = rtp_port
            .zip(far)
            .map(|(port, far)| flow.rtp_address(port, far));
        if let Some(leg) = self.calls.present_mut(id) {
            leg.media = Media::new(address, &self.settings.codecs, security, session_id)
                .with_pauses(self.settings.pauses);
            if let Some(transport) = transport {
                leg.media.offer_keys_by(transport);
            }
        }
    }

    pub(crate) fn ring_again(&mut self, now: Time, id: LegId) {
        match self.calls.offered_mut(id) {
            // RFC 3261 §13.3.1: an INVITE that has expired is answered with 487.
            Some(offered) if offered.until <= now => {
                let server = offered.server;
                self.cancelled(now, server, EndCause::Cancelled);
            }
            Some(offered) if offered.ringing => self.say_ringing(now, id, None),
            _ => {}
        }
    }

    /// The core takes the call.
    pub(crate) fn accept(&mut self, now: Time, id: LegId, rtp_port: Option<u16>) {
        let Some(offered) = self.calls.offered_mut(id) else {
            // The caller was faster: the port is not needed.
            if rtp_port.is_some() {
                self.out.push_back(crate::Output::no_media(id));
            }
            return;
        };
        let (server, cseq) = (offered.server, offered.cseq);
        if self.awaits_answer(id) {
            // RFC 3262 §3: no 2xx while a description of ours has no PRACK.
            if let Some(offered) = self.calls.offered_mut(id) {
                offered.taken = true;
            }
            return;
        }
        let Some((body, agreed)) = self.session_taken(id, server, rtp_port) else {
            return self.refuse_without_sound(now, id, server, rtp_port);
        };
        let Some(mut response) = self.leg_response(id, server, 200) else {
            return;
        };
        let sent_offer = agreed.is_none();
        let wanted = self.settings.session.wanted;
        if let Some(leg) = self.calls.present_mut(id)
            && let InviteState::Offered(offered) = &leg.stage
        {
            let headers = &mut response.headers;
            leg.session.answer(now, &offered.session, wanted, headers);
        }
        if let Some(body) = body {
            response.set_body(Description::CONTENT_TYPE, body.to_string());
        }
        self.transactions
            .respond(now, server, &response, &mut self.out);
        self.timers.cancel(Timer::Ringing(id));
        self.timers.cancel(Timer::Reliable(id));
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        leg.stage = InviteState::Up;
        let mut accept = Accept::new(now, server, cseq);
        (accept.first, accept.offered) = (true, sent_offer);
        self.timers.set(Timer::Accept(id), accept.first_due(now));
        leg.accept = Some(accept);
        self.restart_session_timer(now, id);
        if let Some(negotiated) = agreed {
            self.agreed(id, negotiated);
        }
    }

    fn awaits_answer(&self, id: LegId) -> bool {
        let leg = self.calls.get(id);
        let reliable = leg.and_then(|leg| leg.reliable.as_ref());
        reliable.is_some_and(Reliable::awaits_answer)
    }

    /// The description of our 2xx, and what is agreed with it. `None`: nothing can be.
    fn session_taken(
        &mut self,
        id: LegId,
        server: ServerId,
        rtp_port: Option<u16>,
    ) -> Option<(Option<Description>, Option<Box<Negotiated>>)> {
        let offered = self.calls.offered_mut(id)?;
        if let Some(agreed) = offered.agreed.take() {
            return Some((None, Some(agreed)));
        }
        let offer = offered.offer.take();
        self.open_media(id, server, offer.as_ref(), rtp_port);
        let media = &mut self.calls.present_mut(id)?.media;
        match offer {
            Some(offer) => {
                let (answer, negotiated) = media.answer(&offer).ok()?;
                Some((Some(answer), Some(negotiated)))
            }
            None => Some((Some(media.offer()?), None)),
        }
    }

    fn refuse_without_sound(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        rtp_port: Option<u16>,
    ) {
        let status = if rtp_port.is_some() { 488 } else { 500 };
        self.refuse(now, server, status);
        self.event(id, WireEvent::Ended(EndCause::NoMedia));
        self.end(now, id);
    }

    /// The core refuses the call.
    pub(crate) fn reject(&mut self, now: Time, id: LegId, status: u16) {
        if let Some(offered) = self.calls.offered_mut(id) {
            let server = offered.server;
            self.refuse_as(now, id, server, status, None);
            self.end(now, id);
        }
    }

    /// The core sends the call elsewhere.
    pub(crate) fn redirect(&mut self, now: Time, id: LegId, target: &Target) {
        if let Some(offered) = self.calls.offered_mut(id) {
            let server = offered.server;
            let account = self.dialog_of_leg(id).map_or(0, |dialog| dialog.account);
            let contact = match Uri::parse(&target.0) {
                Ok(uri) => format!("<{uri}>"),
                Err(_) => {
                    let own = &self.account(account).aor;
                    format!("<{}>", Uri::sip(&target.0, own.host.clone(), own.port))
                }
            };
            self.refuse_as(now, id, server, 302, Some(contact));
            self.end(now, id);
        }
    }

    fn refuse_as(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        status: u16,
        contact: Option<String>,
    ) {
        let tag = self
            .dialog_of_leg(id)
            .map(|dialog| dialog.local_tag.clone());
        if let Some(mut response) = self.transactions.response(server, status, tag.as_deref()) {
            response
                .headers
                .push(HeaderName::Server, self.settings.product.as_str());
            if let Some(contact) = contact {
                response.headers.push(HeaderName::Contact, contact);
            }
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
    }

    /// The caller gave up.
    pub(crate) fn cancelled(&mut self, now: Time, server: ServerId, cause: EndCause) {
        if let Some(id) = self.calls.offered_by(server).map(|leg| leg.id) {
            self.give_up_offered(now, id, 487, cause);
        }
    }

    /// A call that waits for our final answer is over for this cause, which the core hears.
    pub(super) fn give_up_offered(&mut self, now: Time, id: LegId, status: u16, cause: EndCause) {
        if let Some(server) = self.calls.offered_mut(id).map(|offered| offered.server) {
            self.refuse_as(now, id, server, status, None);
            self.event(id, WireEvent::Ended(cause));
            self.end(now, id);
        }
    }

    /// A response in a leg's dialog, with our tag, Contact and what we can do.
    pub(crate) fn leg_response(
        &self,
        id: LegId,
        server: ServerId,
        status: u16,
    ) -> Option<Response> {
        self.dialog_response(self.calls.present(id)?.dialog, server, status)
    }

    /// A response in a dialog, with our tag, Contact and what we can do.
    pub(crate) fn dialog_response(
        &self,
        id: DialogId,
        server: ServerId,
        status: u16,
    ) -> Option<Response> {
        let dialog = self.dialogs.present(id)?;
        let mut response = self
            .transactions
            .response(server, status, Some(&dialog.local_tag))?;
        let peer = self.transactions.server_peer(server)?;
        for route in self.transactions.record_route(server) {
            response.headers.push(HeaderName::RecordRoute, route);
        }
        let leg = dialog.call.and_then(|call| self.calls.get(call));
        let focus = leg.is_some_and(|leg| leg.focus);
        response.headers.push(
            HeaderName::Contact,
            self.flows[dialog.account].contact(peer, dialog.scheme(), focus, dialog.private),
        );
        self.settings.state_capabilities(&mut response.headers);
        response
            .headers
            .push(HeaderName::Server, self.settings.product.as_str());
        Some(response)
    }
}
