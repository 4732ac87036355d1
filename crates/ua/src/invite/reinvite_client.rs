//! Our re-INVITEs: one at a time, the latest wish wins, glare waits as RFC 3261 §14.1 says. Each states our present address. A session that could not be
//! changed stays as it was.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::dialog::{Turn, tag_of};
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::outbound::{Purpose, RequestContext, cseq_of, first_route};
use crate::renegotiation::InFlight;
use crate::transaction::ClientId;
use std::time::Duration;
use trialog_call::{EndCause, LegId, SessionIntent, Time, WireEvent};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Method, Request, Response, Seconds};

/// Why a re-INVITE is there whose 2xx is being acknowledged.
const ITS_2XX: &str = "its 2xx is being handled";

/// A longer Retry-After is a refusal.
const LONGEST_WAIT: u32 = 10;

impl UserAgent {
    /// The core wants this session. What it wanted before and was not yet asked for is forgotten.
    pub(crate) fn renegotiate(&mut self, now: Time, id: LegId, session: SessionIntent) {
        // The core may not know yet that the call is over.
        if let Some(leg) = self.calls.get_mut(id) {
            leg.renegotiation.want(session);
            let dialog = leg.dialog;
            self.pump(now, dialog);
        }
    }

    /// Sends the re-INVITE that is wanted, or the UPDATE that will do, unless it has to wait.
    pub(crate) fn try_renegotiate(&mut self, now: Time, id: LegId) {
        let waits = self.timers.is_set(Timer::Renegotiate(id));
        let interval = self.settings.session;
        let Some((leg, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        // RFC 3261 §14.1: not while another INVITE is under way in either direction.
        if !matches!(leg.stage, InviteState::Up)
            || waits
            || leg.accept.is_some()
            || !leg.renegotiation.is_due()
        {
            return;
        }
        let by_update = leg.allows_update && leg.renegotiation.only_narrows();
        let (method, purpose) = match by_update {
            true => (Method::Update, Purpose::Offer(id)),
            false => (Method::Invite, Purpose::Reinvite(id)),
        };
        match dialog.turn_of(now, &method) {
            Turn::Now => {}
            Turn::At(time) => {
                let pump = Timer::Pump(leg.dialog);
                return self.timers.set(pump, time);
            }
            Turn::AfterAnswer => return,
        }
        let offer = leg.renegotiation.poll_offer(&mut leg.media, leg.focus);
        let Some((session, body)) = offer.asserted("a call that is up has an RTP address") else {
            return;
        };
        let mut request = dialog.request(method.clone());
        let next_hop = dialog.next_hop().clone();
        dialog.sent(now, method);
        dialog.open += 1;
        let mut sent = RequestContext::in_dialog(purpose, leg.dialog, dialog.account);
        sent.focus = session.focus;
        leg.session.state(interval, &mut request.headers);
        self.settings.state_capabilities(&mut request.headers);
        request.set_body(Description::CONTENT_TYPE, body.to_string());
        self.send(now, request, &next_hop, sent);
    }

    /// An answer to our re-INVITE, or none (408, 503).
    pub(crate) fn renegotiation_answered(
        &mut self,
        now: Time,
        id: LegId,
        client: Option<ClientId>,
        status: u16,
        response: Option<&Response>,
    ) {
        if status < 200 {
            if let Some(response) = response {
                self.reinvite_progressed(now, id, response);
            }
            return;
        }
        if let (200..=299, Some(response), Some(client)) = (status, response, client) {
            let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
            if self.acknowledge_again(client, tag) {
                return;
            }
            self.acknowledge_reinvite(client, tag, response);
        }
        self.renegotiation_decided(now, id, client, status, response);
    }

    /// A final answer to an offer of ours in the dialog of a call that is up, or none (408, 503).
    pub(super) fn renegotiation_decided(
        &mut self,
        now: Time,
        id: LegId,
        client: Option<ClientId>,
        status: u16,
        response: Option<&Response>,
    ) {
        // The call may have ended meanwhile; and of a proxy's forks, more than one may answer.
        let Some(leg) = self.calls.get_mut(id) else {
            return;
        };
        let Some(in_flight) = leg.renegotiation.answered() else {
            return;
        };
        if !matches!(leg.stage, InviteState::Up) {
            return;
        }
        if let (200..=299, Some(response)) = (status, response) {
            self.session_refreshed(now, id, &response.headers);
            self.renegotiated(id, in_flight, response);
            self.settle_codec(now, id);
            return self.learn_who_answers(id, client, response);
        }
        leg.media.withdraw(in_flight.before);
        match (status, response) {
            (491, _) => self.try_later(now, id, &in_flight, None),
            (500, Some(response)) => {
                match response.headers.typed::<Seconds>(&HeaderName::RetryAfter) {
                    // RFC 3261 §14.2: an INVITE of theirs was not finished.
                    Some(Ok(Seconds(wait))) if wait <= LONGEST_WAIT => {
                        self.try_later(now, id, &in_flight, Some(wait));
                    }
                    _ => self.renegotiation_refused(id, &in_flight, status),
                }
            }
            _ if leg.taken_up => self.not_taken_up(now, id, in_flight, status),
            // RFC 3261 §12.2.1.2: the dialog is gone, or nobody is there.
            (408 | 481, _) => self.lost(now, id),
            _ => self.renegotiation_refused(id, &in_flight, status),
        }
    }

    /// An answer to a re-INVITE that was given up. RFC 3261 §13.2.2.4: a 2xx gets its ACK, or the far side sends it again for 32 s; what
    /// became of the call is decided already. A refusal needs no more than the ACK that its transaction sends.
    pub(crate) fn given_up_answered(&mut self, client: ClientId, response: &Response) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        if (200..300).contains(&response.status.code()) && !self.acknowledge_again(client, tag) {
            self.acknowledge_reinvite(client, tag, response);
        }
    }

    pub(crate) fn acknowledge_reinvite(
        &mut self,
        client: ClientId,
        tag: &str,
        response: &Response,
    ) {
        let invite = self.transactions.request(client);
        let sent = self.transactions.purpose(client);
        let (Some(invite), Some(sent)) = (invite.asserted(ITS_2XX), sent.asserted(ITS_2XX)) else {
            return;
        };
        let (cseq, dialog, account) = (cseq_of(invite), sent.dialog, sent.account);
        let (ack, next_hop) = match dialog.and_then(|dialog| self.dialogs.get_mut(dialog)) {
            Some(dialog) => {
                dialog.refresh_target(&response.headers);
                let ack = dialog.numbered(Method::Ack, cseq);
                (ack, dialog.next_hop().clone())
            }
            // The dialog is over; its way is the INVITE's.
            None => {
                let ack = ack_along(invite, cseq);
                let next_hop = first_route(&ack);
                (ack, next_hop)
            }
        };
        self.acknowledge(client, tag, ack, &next_hop, account);
    }

    fn renegotiated(&mut self, id: LegId, mut in_flight: InFlight, response: &Response) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let settled = in_flight.answer.take();
        let answer = settled.or_else(|| Body::in_response(response));
        let Some(negotiated) = answer.and_then(|answer| leg.media.accept_answer(&answer)) else {
            // The answer can't be used: for us the session is as it was.
            leg.media.withdraw(in_flight.before);
            return self.renegotiation_refused(id, &in_flight, 488);
        };
        leg.focus = in_flight.session.focus;
        leg.taken_up = false;
        let awaited = leg.renegotiation.is_awaited(&in_flight);
        self.update_capabilities(id, &response.headers);
        self.agreed(id, negotiated);
        if let Some(leg) = self.calls.get(id)
            && awaited
        {
            let capabilities = leg.capabilities;
            self.event(id, WireEvent::Renegotiated(capabilities));
        }
    }

    pub(super) fn renegotiation_refused(&mut self, id: LegId, in_flight: &InFlight, status: u16) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        leg.media.unlock_codec();
        leg.refused_one_codec |= in_flight.narrows;
        if leg.renegotiation.refused(in_flight) {
            self.event(id, WireEvent::RenegotiationRefused { status });
        }
    }

    fn try_later(&mut self, now: Time, id: LegId, in_flight: &InFlight, wait: Option<u32>) {
        let Some((leg, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        let owns_call_id = dialog.owns_call_id;
        if !leg.renegotiation.put_off(in_flight) {
            let status = if wait.is_some() { 500 } else { 491 };
            return self.renegotiation_refused(id, in_flight, status);
        }
        let wait = match wait {
            Some(seconds) => Duration::from_secs(u64::from(seconds)),
            None => self.random.glare_wait(owns_call_id),
        };
        self.timers.set(Timer::Renegotiate(id), now + wait);
    }

    /// A request of ours in the dialog was answered with 408 or 481: the far side has left.
    pub(crate) fn lost(&mut self, now: Time, id: LegId) {
        if let Some(leg) = self.calls.get(id)
            && matches!(leg.stage, InviteState::Up)
        {
            self.event(id, WireEvent::Ended(EndCause::Lost));
            self.close(now, id, None);
        }
    }
}

/// The ACK of a 2xx to this request within a dialog: the same way, parties and number.
fn ack_along(invite: &Request, cseq: u32) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    for name in [
        HeaderName::Route,
        HeaderName::MaxForwards,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
    ] {
        for value in invite.headers.all(&name) {
            ack.headers.push(name.clone(), value);
        }
    }
    ack.headers.push(HeaderName::CSeq, format!("{cseq} ACK"));
    ack
}
