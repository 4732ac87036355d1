//! We send somebody elsewhere: our REFER, the NOTIFYs that tell how it went, and how we take it back.
use crate::agent::{Alarm, UserAgent};
use crate::leg::{ReferOut, Stage};
use crate::outbound::Purpose;
use crate::refer::{LASTS, LINGER, event, names};
use crate::transaction::ServerId;
use crate::transaction::timing::T64;
use std::time::Duration;
use trialog_call::{LegId, ReferTo, Time, WireEvent};
use trialog_sip::{Event, HeaderName, Method, Request, StatusCode, SubscriptionState, sipfrag};

impl UserAgent {
    /// Sends a REFER in this leg's dialog.
    pub(crate) fn refer(&mut self, now: Time, id: LegId, to: &ReferTo) {
        let (target, by) = match to {
            ReferTo::Target(target) => (Some(target.0.clone()), id),
            // The party in Refer-To knows us by what our dialog with it says.
            ReferTo::Leg(other) => (self.refer_to(*other).map(|uri| uri.to_string()), *other),
        };
        let (allow, supported) = (self.allow(), self.supported());
        let known_as = self.legs.get(&by).map(|leg| leg.dialog.local.uri.bare());
        let Some(leg) = self.legs.get_mut(&id) else {
            return self.event(id, WireEvent::ReferRefused { status: 481 });
        };
        let (Some(target), Some(known_as), Stage::Up) = (target, known_as, &leg.stage) else {
            return self.event(id, WireEvent::ReferRefused { status: 481 });
        };
        leg.refers_sent += 1;
        leg.refer_out = Some(ReferOut {
            cseq: 0,
            first: leg.refers_sent == 1,
            accepted: false,
            ending: false,
        });
        let headers = vec![
            (HeaderName::ReferTo, format!("<{target}>")),
            // RFC 3892.
            (HeaderName::ReferredBy, format!("<{known_as}>")),
            (HeaderName::Supported, supported.to_owned()),
            (HeaderName::Allow, allow.to_owned()),
        ];
        let purpose = Purpose::Refer(id);
        self.enqueue(now, id, Method::Refer, headers, Vec::new(), purpose);
    }

    /// The final answer to our REFER, or none.
    pub(crate) fn refer_answered(&mut self, now: Time, id: LegId, cseq: u32, status: u16) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(refer) = leg.refer_out.as_mut().filter(|refer| refer.cseq == cseq) else {
            return;
        };
        if (200..300).contains(&status) {
            if !std::mem::replace(&mut refer.accepted, true) {
                self.event(id, WireEvent::ReferAccepted);
            }
            return;
        }
        leg.refer_out = None;
        self.alarms.cancel(Alarm::Referrer(id));
        self.event(id, WireEvent::ReferRefused { status });
        if matches!(status, 408 | 481) {
            self.lost(now, id);
        }
    }

    /// A NOTIFY in a leg's dialog. It may come before the REFER's own answer, and after the call's end.
    pub(crate) fn notified(&mut self, now: Time, id: LegId, server: ServerId, request: &Request) {
        let event = request.headers.typed::<Event>(&HeaderName::Event);
        let state = request
            .headers
            .typed::<SubscriptionState>(&HeaderName::SubscriptionState);
        let (Some(Ok(event)), Some(Ok(state))) = (event, state) else {
            return self.refuse(now, server, 400);
        };
        if !event.package.eq_ignore_ascii_case(crate::refer::PACKAGE) {
            return self.refuse_with(
                now,
                server,
                489,
                &[(HeaderName::AllowEvents, crate::refer::PACKAGE)],
            );
        }
        let Some(leg) = self.legs.get_mut(&id) else {
            return self.refuse(now, server, 481);
        };
        let sent = leg.refers_sent > 0;
        let Some(refer) = leg
            .refer_out
            .as_mut()
            .filter(|refer| names(&event, refer.cseq))
        else {
            // Of an older REFER whose end was told: nobody waits for it, and 481 would end nothing more.
            let status = if sent { 200 } else { 481 };
            return self.respond_plainly(now, Some(id), server, status);
        };
        let newly = !std::mem::replace(&mut refer.accepted, true);
        self.respond_plainly(now, Some(id), server, 200);
        if newly {
            self.event(id, WireEvent::ReferAccepted);
        }
        let said = sipfrag::status(&request.body).map_or(0, StatusCode::code);
        let terminated = state.is_terminated();
        // An end without a final result is no result.
        let status = if terminated && said < 200 { 0 } else { said };
        if terminated || status >= 200 {
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.refer_out = None;
            }
            self.alarms.cancel(Alarm::Referrer(id));
        } else {
            let left = Duration::from_secs(u64::from(state.expires().unwrap_or(60).max(4)));
            self.alarms.set(Alarm::Referrer(id), now + left * 3 / 4);
        }
        if status > 0 || terminated {
            self.event(id, WireEvent::ReferNotified { status });
        }
        self.settle(now, id);
    }

    /// Takes the transfer back: ends the subscription (RFC 6665 §4.1.2.3).
    pub(crate) fn withdraw_refer(&mut self, now: Time, id: LegId) {
        self.subscribe(now, id, 0);
    }

    fn subscribe(&mut self, now: Time, id: LegId, seconds: u64) {
        let Some(refer) = self.legs.get(&id).and_then(|leg| leg.refer_out.as_ref()) else {
            return;
        };
        let headers = vec![
            (HeaderName::Event, event(refer.cseq, refer.first)),
            (HeaderName::Expires, seconds.to_string()),
        ];
        let purpose = Purpose::Subscribe(id);
        self.enqueue(now, id, Method::Subscribe, headers, Vec::new(), purpose);
    }

    /// The subscription of our REFER nears its end, or has lived on long enough after its call.
    pub(crate) fn referrer_timer(&mut self, now: Time, id: LegId) {
        match self.legs.get_mut(&id) {
            Some(leg) if matches!(leg.stage, Stage::Over) => {
                leg.refer_out = None;
                self.settle(now, id);
            }
            Some(leg) if leg.refer_out.as_ref().is_some_and(|refer| refer.ending) => {
                leg.refer_out = None;
                self.event(id, WireEvent::ReferNotified { status: 0 });
            }
            Some(_) => {
                self.subscribe(now, id, LASTS.as_secs());
                self.alarms.set(Alarm::Referrer(id), now + LINGER);
            }
            None => {}
        }
    }

    /// The far side knows no such subscription any more. Its last NOTIFY may have been lost on the way and come again: it
    /// says how the transfer went, so it is awaited as long as it can come.
    pub(crate) fn subscribe_refused(&mut self, now: Time, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id)
            && let Some(refer) = &mut leg.refer_out
        {
            refer.ending = true;
            self.alarms.set(Alarm::Referrer(id), now + T64);
        }
    }
}
