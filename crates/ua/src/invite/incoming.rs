//! A call that comes in: whom it is for, what it may replace, and the core's answer to it.
use crate::Source;
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::invite_usage::{Accept, InviteState, InviteUsage, Offered, target_of};
use crate::media::{self, Media};
use crate::outbound::cseq_of;
use crate::replaces::Replacement;
use crate::transaction::ServerId;
use crate::transaction::timing::{T1, TRANSACTION_TIMEOUT};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{AccountId, EndCause, Incoming, LegId, Target, Time, WireEvent};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, NameAddr, Request, Response, Uri};

/// RFC 3261 §13.3.1: a proxy's timer C is over three minutes; each minute says that it still rings.
const RING_AGAIN: Duration = Duration::from_secs(60);

/// How long a call may ring whose INVITE does not say: the least that a proxy waits (RFC 3261 §16.6, timer C), so that
/// a caller who vanished does not ring for ever.
const RINGS: Duration = Duration::from_secs(180);

/// RFC 3261 §13.3.1: the INVITE's Expires bounds how long its call is offered.
fn rings_for(request: &Request) -> Duration {
    let expires = request.headers.get(&HeaderName::Expires);
    let seconds = expires.and_then(|expires| expires.trim().parse::<u32>().ok());
    seconds.map_or(RINGS, |seconds| Duration::from_secs(seconds.into()))
}

impl UserAgent {
    /// An INVITE outside any dialog.
    pub(crate) fn invited(
        &mut self,
        now: Time,
        server: ServerId,
        request: &Request,
        source: &Source,
    ) {
        let offer = match Body::of(request) {
            Body::None => None,
            Body::Sdp(offer) => Some(offer),
            Body::BadSdp => return self.refuse(now, server, 400),
            Body::Other => return self.refuse_content(now, server),
        };
        if let Some(offer) = &offer
            && !media::can_answer(offer, &self.config)
        {
            return self.refuse(now, server, 488);
        }
        let replacement = self.replacement(request);
        let replaces = match replacement {
            Replacement::None => None,
            Replacement::Of(leg) => Some(leg),
            Replacement::Refused(status) => return self.refuse(now, server, status),
        };
        let tag = self.random.tag();
        let account = self.account_called(request);
        let Some(mut dialog) = Dialog::opened_by(request, tag, account) else {
            return self.refuse(now, server, 400);
        };
        self.legs_received += 1;
        let id = LegId::Received(self.legs_received);
        dialog.call = Some(id);
        let trusted = self.trusts(source, &dialog.remote.uri);
        let guest = request
            .headers
            .get(&HeaderName::new(crate::invite::ROLE))
            .is_some_and(|role| role.trim().eq_ignore_ascii_case("guest"));
        let media = Media::new(None, &self.config, self.random.session_id());
        let stage = InviteState::Offered(Offered {
            server,
            cseq: cseq_of(request),
            offer,
            ringing: false,
            until: now + rings_for(request),
        });
        let from = shown(&dialog.remote);
        let uri = target_of(&dialog.remote.uri.bare());
        let mut leg = InviteUsage::new(id, stage, self.dialogs.open(dialog), media);
        crate::invite_usage::read_capabilities(&mut leg.capabilities, &request.headers);
        let incoming = Incoming {
            account: AccountId(u16::try_from(account).unwrap_or(u16::MAX)),
            from,
            uri,
            as_guest: guest && trusted && self.config.agent,
            trusted,
            replaces,
            by_peer: replaces.is_some_and(|replaced| self.names_peer(request, replaced)),
            capabilities: leg.capabilities,
        };
        self.legs.insert(id, leg);
        self.event(id, WireEvent::Incoming(incoming));
        self.update_capabilities(id, &request.headers);
    }

    /// The account that a request is for: by our Contact, by address of record, by user, else the first.
    fn account_called(&self, request: &Request) -> usize {
        let accounts = &self.config.accounts;
        let uri = &request.uri;
        let own = |index: &usize| {
            accounts
                .get(*index)
                .is_some_and(|own| own.aor.user == uri.user)
        };
        let by_contact = uri
            .params
            .get(crate::outbound::ACCOUNT_PARAM)
            .and_then(|index| index.parse::<usize>().ok())
            .filter(own);
        let to = request.headers.typed::<NameAddr>(&HeaderName::To);
        let to = to.and_then(Result::ok).map(|to| to.uri);
        let is = |uri: &Uri| {
            accounts.iter().position(|own| {
                own.aor.user == uri.user
                    && own.aor.host.equivalent(&uri.host)
                    && own.aor.port == uri.port
            })
        };
        by_contact
            .or_else(|| is(uri))
            .or_else(|| to.as_ref().and_then(is))
            .or_else(|| accounts.iter().position(|own| own.aor.user == uri.user))
            .unwrap_or(0)
    }

    fn offered(&mut self, id: LegId) -> Option<&mut Offered> {
        match &mut self.legs.get_mut(&id)?.stage {
            InviteState::Offered(offered) => Some(offered),
            _ => None,
        }
    }

    /// The core lets it ring.
    pub(crate) fn say_ringing(&mut self, now: Time, id: LegId) {
        let Some(offered) = self.offered(id) else {
            return;
        };
        offered.ringing = true;
        let (server, until) = (offered.server, offered.until);
        if let Some(response) = self.leg_response(id, server, 180) {
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
        self.timers
            .set(Timer::Ringing(id), until.min(now + RING_AGAIN));
    }

    pub(crate) fn ring_again(&mut self, now: Time, id: LegId) {
        match self.offered(id) {
            // RFC 3261 §13.3.1: an INVITE that has expired is answered with 487.
            Some(offered) if offered.until <= now => {
                let server = offered.server;
                self.cancelled(now, server);
            }
            Some(offered) if offered.ringing => self.say_ringing(now, id),
            _ => {}
        }
    }

    /// The core takes the call.
    pub(crate) fn accept(&mut self, now: Time, id: LegId, media: Option<SocketAddr>) {
        let Some(offered) = self.offered(id) else {
            // The caller was faster: the address is not needed.
            if media.is_some() {
                self.out.push_back(crate::Output::Media {
                    leg: id,
                    session: None,
                });
            }
            return;
        };
        let (server, cseq) = (offered.server, offered.cseq);
        let offer = offered.offer.take();
        let session_id = self.random.session_id();
        let config = &self.config;
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.media = Media::new(media, config, session_id);
        let (body, agreed) = match &offer {
            Some(offer) => match leg.media.answer(offer) {
                Some((answer, negotiated)) => (Some(answer), Some(negotiated)),
                None => (None, None),
            },
            None => (leg.media.offer(), None),
        };
        let (Some(body), Some(mut response)) = (body, self.leg_response(id, server, 200)) else {
            let status = if media.is_some() { 488 } else { 500 };
            self.refuse(now, server, status);
            self.event(id, WireEvent::Ended(EndCause::NoMedia));
            return self.end(now, id);
        };
        response.set_body(Description::CONTENT_TYPE, body.to_string());
        let sent_offer = offer.is_none();
        self.transactions
            .respond(now, server, &response, &mut self.out);
        self.timers.cancel(Timer::Ringing(id));
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.stage = InviteState::Up;
        leg.accept = Some(Accept {
            server,
            cseq,
            first: true,
            offered: sent_offer,
            interval: T1,
            give_up: now + TRANSACTION_TIMEOUT,
        });
        self.timers.set(Timer::Accept(id), now + T1);
        if let Some(negotiated) = agreed {
            self.agreed(id, negotiated);
        }
    }

    /// The core refuses the call.
    pub(crate) fn reject(&mut self, now: Time, id: LegId, status: u16) {
        if let Some(offered) = self.offered(id) {
            let server = offered.server;
            self.refuse_as(now, id, server, status, None);
            self.end(now, id);
        }
    }

    /// The core sends the call elsewhere.
    pub(crate) fn redirect(&mut self, now: Time, id: LegId, target: &Target) {
        if let Some(offered) = self.offered(id) {
            let server = offered.server;
            let contact = match Uri::parse(&target.0) {
                Ok(uri) => format!("<{uri}>"),
                Err(_) => {
                    let own = &self.account(0).aor;
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
                .push(HeaderName::Server, self.config.product.as_str());
            if let Some(contact) = contact {
                response.headers.push(HeaderName::Contact, contact);
            }
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
    }

    /// The leg whose first INVITE this is, as long as we have not seen its ACK.
    pub(crate) fn leg_offered_by(&self, invite: ServerId) -> Option<LegId> {
        let is = |leg: &&InviteUsage| match (&leg.stage, &leg.accept) {
            (InviteState::Offered(offered), _) => offered.server == invite,
            (_, Some(accept)) => accept.first && accept.server == invite,
            _ => false,
        };
        self.legs.values().find(is).map(|leg| leg.id)
    }

    /// The caller gave up.
    pub(crate) fn cancelled(&mut self, now: Time, server: ServerId) {
        if let Some(id) = self.leg_offered_by(server)
            && self.offered(id).is_some()
        {
            self.refuse_as(now, id, server, 487, None);
            self.event(id, WireEvent::Ended(EndCause::Cancelled));
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
        self.dialog_response(self.legs.get(&id)?.dialog, server, status)
    }

    /// A response in a dialog, with our tag, Contact and what we can do.
    pub(crate) fn dialog_response(
        &self,
        id: DialogId,
        server: ServerId,
        status: u16,
    ) -> Option<Response> {
        let dialog = self.dialogs.get(id)?;
        let mut response = self
            .transactions
            .response(server, status, Some(&dialog.local_tag))?;
        let transport = self.transactions.server_transport(server)?;
        for route in self.transactions.record_route(server) {
            response.headers.push(HeaderName::RecordRoute, route);
        }
        let leg = dialog.call.and_then(|call| self.legs.get(&call));
        let focus = leg.is_some_and(|leg| leg.focus);
        response.headers.push(
            HeaderName::Contact,
            self.contact(dialog.account, transport, focus),
        );
        self.say_capabilities(&mut response.headers);
        response
            .headers
            .push(HeaderName::Server, self.config.product.as_str());
        Some(response)
    }
}

/// A caller as a screen shows him.
fn shown(address: &NameAddr) -> String {
    match address.name() {
        Some(name) => name.into_owned(),
        None => address.uri.bare().to_string(),
    }
}
