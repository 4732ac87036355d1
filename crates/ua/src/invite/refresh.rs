//! The session of a call is refreshed before its timer runs out, by UPDATE where the far side allows that, else by re-INVITE; one that
//! nobody refreshes is over (RFC 4028 §10).
use crate::agent::{Timer, UserAgent};
use crate::answered::LIVES;
use crate::authentication::CHALLENGES;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::outbound::Purpose;
use crate::session_timer::Asked;
use crate::transaction::{ClientId, ServerId};
use std::time::Duration;
use trialog_call::{EndCause, LegId, Time, WireEvent};
use trialog_sip::{HeaderName, Headers, Method, Response, Seconds, SessionExpires};

/// A longer Retry-After is a refusal.
const LONGEST_WAIT: u32 = 10;

impl UserAgent {
    /// 422: a session interval below the least (RFC 4028 §9).
    pub(crate) fn refuse_interval(&mut self, now: Time, server: ServerId) {
        let least = self.settings.session.least.to_string();
        self.refuse_with(now, server, 422, &[(HeaderName::MinSe, &least)]);
    }

    /// What was agreed of the session timer has changed, or its time has begun anew.
    pub(crate) fn restart_session_timer(&mut self, now: Time, id: LegId) {
        if let Some(leg) = self.calls.present(id) {
            self.timers.put(Timer::Session(id), leg.session.due(now));
        }
    }

    /// Our 2xx to a request that has refreshed the session says what is agreed of its timer.
    pub(super) fn answer_session_timer(
        &mut self,
        now: Time,
        id: LegId,
        asked: &Asked,
        response: &mut Response,
    ) {
        let wanted = self.settings.session.wanted;
        if let Some(leg) = self.calls.present_mut(id) {
            let headers = &mut response.headers;
            leg.session.answer(now, asked, wanted, headers);
            self.restart_session_timer(now, id);
        }
    }

    /// A 2xx to a request of ours that has refreshed the session.
    pub(super) fn session_refreshed(&mut self, now: Time, id: LegId, headers: &Headers) {
        if let Some(leg) = self.calls.present_mut(id) {
            leg.session.answered(now, headers);
            self.restart_session_timer(now, id);
        }
    }

    /// The session is to be refreshed, or is over.
    pub(crate) fn session_timer(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        if !matches!(leg.stage, InviteState::Up) {
            return;
        }
        if leg.session.is_over(now) {
            leg.expired = true;
            self.event(id, WireEvent::Ended(EndCause::TimedOut));
            return self.close(now, id, None);
        }
        self.restart_session_timer(now, id);
        self.refresh_session(now, id);
    }

    fn refresh_session(&mut self, now: Time, id: LegId) {
        let interval = self.settings.session;
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let dialog = leg.dialog;
        if !leg.allows_update {
            leg.renegotiation.want_address();
            return self.pump(now, dialog);
        }
        let mut headers = Headers::new();
        leg.session.state(interval, &mut headers);
        self.settings.state_capabilities(&mut headers);
        let headers = headers.rows();
        let headers = headers.map(|(name, value)| (name, value.to_owned()));
        let headers = headers.collect();
        let purpose = Purpose::Update(id);
        self.enqueue(now, dialog, Method::Update, headers, Vec::new(), purpose);
    }

    /// The final answer to our UPDATE, or none (408, 503).
    pub(crate) fn update_answered(
        &mut self,
        now: Time,
        id: LegId,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        if !matches!(leg.stage, InviteState::Up) {
            return;
        }
        match (status, response) {
            (200..=299, Some(response)) => {
                dialog.refresh_target(&response.headers);
                self.session_refreshed(now, id, &response.headers);
                self.update_capabilities(id, &response.headers);
            }
            // RFC 3261 §12.2.1.2: the dialog is gone, or nobody is there.
            (408 | 481, _) => self.lost(now, id),
            // RFC 3311 §5.2: it met an offer.
            (491 | 500, Some(response)) => {
                let wait = response.headers.typed::<Seconds>(&HeaderName::RetryAfter);
                let wait = match wait {
                    Some(Ok(Seconds(wait))) if wait <= LONGEST_WAIT => {
                        Duration::from_secs(wait.into())
                    }
                    _ => self.random.glare_wait(true),
                };
                if let Some(leg) = self.calls.present_mut(id) {
                    let again = leg.session.put_off(now + wait);
                    self.timers.put(Timer::Session(id), again);
                }
            }
            // Its Allow was not its word: a re-INVITE says the same.
            _ => {
                (leg.allows_update, leg.refused_update) = (false, true);
                self.refresh_session(now, id);
            }
        }
    }

    /// A 422 has named the least interval: the request is sent again with that (RFC 4028 §7.4).
    pub(crate) fn ask_for_longer(&mut self, now: Time, id: ClientId, response: &Response) -> bool {
        let Some(sent) = self.transactions.purpose(id).asserted(LIVES) else {
            return false;
        };
        let (purpose, dialog, tries) = (sent.purpose, sent.dialog, sent.challenged);
        let leg = match purpose {
            Purpose::Invite(leg)
            | Purpose::Reinvite(leg)
            | Purpose::Update(leg)
            | Purpose::Offer(leg) => leg,
            _ => return false,
        };
        let Some(Ok(Seconds(least))) = response.headers.typed(&HeaderName::MinSe) else {
            return false;
        };
        let request = self.transactions.request(id).cloned();
        let Some(mut request) = request.asserted(LIVES) else {
            return false;
        };
        let stated = request
            .headers
            .typed::<SessionExpires>(&HeaderName::SessionExpires);
        let Some(Ok(mut expires)) = stated else {
            return false;
        };
        if expires.seconds >= least || tries >= CHALLENGES {
            return false;
        }
        let Some(leg) = self.calls.get_mut(leg) else {
            return false;
        };
        leg.session.lengthen(least);
        let Some(number) = self.next_number(now, purpose, dialog, &request) else {
            return false;
        };
        expires.seconds = least;
        let headers = &mut request.headers;
        headers.set(HeaderName::SessionExpires, expires.to_string());
        headers.set(HeaderName::MinSe, least.to_string());
        headers.set(HeaderName::CSeq, format!("{number} {}", request.method));
        self.send_again(now, id, request);
        true
    }
}
