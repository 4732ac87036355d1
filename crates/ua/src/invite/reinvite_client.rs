//! Our re-INVITEs: one at a time, the latest wish wins, glare waits as RFC 3261 §14.1 says. A session that could not be
//! changed stays as it was.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::dialog::{Turn, tag_of};
use crate::invite_usage::{InFlight, InviteState};
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::ClientId;
use std::time::Duration;
use trialog_call::{EndCause, LegId, SessionIntent, Time, WireEvent};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Method, Response, Seconds};

/// How often one wish is tried before its last refusal counts.
const TRIES: u8 = 5;
/// A longer Retry-After is a refusal.
const LONGEST_WAIT: u32 = 10;

impl UserAgent {
    /// The core wants this session. What it wanted before and was not yet asked for is forgotten.
    pub(crate) fn renegotiate(&mut self, now: Time, id: LegId, session: SessionIntent) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.renegotiation.wanted = Some(session);
            leg.renegotiation.tries = 0;
            let dialog = leg.dialog;
            self.pump(now, dialog);
        }
    }

    /// Sends the re-INVITE that is wanted, unless it has to wait.
    pub(crate) fn try_renegotiate(&mut self, now: Time, id: LegId) {
        let waits = self.timers.is_set(Timer::Renegotiate(id));
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        // RFC 3261 §14.1: not while another INVITE is under way in either direction.
        if !matches!(leg.stage, InviteState::Up)
            || waits
            || leg.renegotiation.in_flight.is_some()
            || leg.accept.is_some()
            || leg.renegotiation.wanted.is_none()
        {
            return;
        }
        match dialog.turn_of(now, &Method::Invite) {
            Turn::Now => {}
            Turn::At(time) => {
                let pump = Timer::Pump(leg.dialog);
                return self.timers.set(pump, time);
            }
            Turn::AfterAnswer => return,
        }
        let Some(session) = leg.renegotiation.wanted.take() else {
            return;
        };
        let Some((body, before)) = leg.media.offer_direction(session.direction) else {
            return;
        };
        leg.renegotiation.tries += 1;
        leg.renegotiation.in_flight = Some(InFlight { session, before });
        let mut request = dialog.request(Method::Invite);
        let next_hop = dialog.next_hop().clone();
        dialog.sent(now, Method::Invite);
        dialog.open += 1;
        let mut sent = RequestContext::in_dialog(Purpose::Reinvite(id), leg.dialog, dialog.account);
        sent.focus = session.focus;
        self.say_capabilities(&mut request.headers);
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
            return;
        }
        if let (200..=299, Some(response), Some(client)) = (status, response, client) {
            let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
            if self.acknowledge_again(client, tag) {
                return;
            }
            self.acknowledge_reinvite(client, tag, response);
        }
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(in_flight) = leg.renegotiation.in_flight.take() else {
            return;
        };
        if !matches!(leg.stage, InviteState::Up) {
            return;
        }
        if let (200..=299, Some(response)) = (status, response) {
            return self.renegotiated(id, in_flight, response);
        }
        leg.media.withdraw(in_flight.before);
        match (status, response) {
            (491, _) => self.try_later(now, id, in_flight.session, None),
            (500, Some(response)) => {
                match response.headers.typed::<Seconds>(&HeaderName::RetryAfter) {
                    // RFC 3261 §14.2: an INVITE of theirs was not finished.
                    Some(Ok(Seconds(wait))) if wait <= LONGEST_WAIT => {
                        self.try_later(now, id, in_flight.session, Some(wait));
                    }
                    _ => self.renegotiation_refused(id, status),
                }
            }
            // RFC 3261 §12.2.1.2: the dialog is gone, or nobody is there.
            (408 | 481, _) => self.lost(now, id),
            _ => self.renegotiation_refused(id, status),
        }
    }

    fn acknowledge_reinvite(&mut self, client: ClientId, tag: &str, response: &Response) {
        let Some(cseq) = self.transactions.request(client).map(cseq_of) else {
            return;
        };
        // Its call may be over; its 2xx needs an ACK all the same.
        let id = self
            .transactions
            .purpose(client)
            .and_then(|sent| sent.dialog);
        let Some(dialog) = id.and_then(|id| self.dialogs.get_mut(id)) else {
            return;
        };
        dialog.refresh_target(&response.headers);
        let ack = dialog.numbered(Method::Ack, cseq);
        let (next_hop, account) = (dialog.next_hop().clone(), dialog.account);
        self.acknowledge(client, tag, ack, &next_hop, account);
    }

    fn renegotiated(&mut self, id: LegId, in_flight: InFlight, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let answer = Body::in_response(response);
        let Some(negotiated) = answer.and_then(|answer| leg.media.accept_answer(&answer)) else {
            // The answer can't be used: for us the session is as it was.
            leg.media.withdraw(in_flight.before);
            return self.renegotiation_refused(id, 488);
        };
        leg.focus = in_flight.session.focus;
        let superseded = leg.renegotiation.wanted.is_some();
        self.update_capabilities(id, &response.headers);
        self.agreed(id, negotiated);
        if let Some(leg) = self.legs.get(&id)
            && !superseded
        {
            let capabilities = leg.capabilities;
            self.event(id, WireEvent::Renegotiated(capabilities));
        }
    }

    fn renegotiation_refused(&mut self, id: LegId, status: u16) {
        if let Some(leg) = self.legs.get(&id)
            && leg.renegotiation.wanted.is_none()
        {
            self.event(id, WireEvent::RenegotiationRefused { status });
        }
    }

    fn try_later(&mut self, now: Time, id: LegId, session: SessionIntent, wait: Option<u32>) {
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        let owns_call_id = dialog.owns_call_id;
        if leg.renegotiation.tries >= TRIES && leg.renegotiation.wanted.is_none() {
            return self.renegotiation_refused(id, if wait.is_some() { 500 } else { 491 });
        }
        leg.renegotiation.wanted.get_or_insert(session);
        let wait = match wait {
            Some(seconds) => Duration::from_secs(u64::from(seconds)),
            None => self.random.glare_wait(owns_call_id),
        };
        self.timers.set(Timer::Renegotiate(id), now + wait);
    }

    /// A request of ours in the dialog was answered with 408 or 481: the far side has left.
    pub(crate) fn lost(&mut self, now: Time, id: LegId) {
        if let Some(leg) = self.legs.get(&id)
            && matches!(leg.stage, InviteState::Up)
        {
            self.event(id, WireEvent::Ended(EndCause::Lost));
            self.close(now, id, None);
        }
    }
}
