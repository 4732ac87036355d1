//! The end of a call: our BYE, which waits for what it must not overtake, and the far side's.
use crate::agent::{Timer, UserAgent};
use crate::dialog::{PATIENCE, tag_of};
use crate::invite_usage::InviteState;
use crate::outbound::{Purpose, RequestContext};
use crate::transaction::ServerId;
use trialog_call::{ByeReason, EndCause, LegId, Time, WireEvent};
use trialog_sip::{HeaderName, Method, Reason, Request};

impl UserAgent {
    /// The core ends the leg; `Gone` follows.
    pub(crate) fn hang_up(&mut self, now: Time, id: LegId, reason: ByeReason) {
        match self.calls.get(id).map(|leg| &leg.stage) {
            None => self.event(id, WireEvent::Gone),
            Some(InviteState::Calling(_)) => self.cancel(now, id),
            Some(InviteState::Offered(_)) => {
                self.reject(now, id, 480);
                self.event(id, WireEvent::Gone);
            }
            Some(InviteState::Up) => self.close(now, id, Some(reason)),
            Some(InviteState::Closing) => {}
        }
    }

    /// Ends the leg with BYE. Without a reason, the core has been told already and hears no more of it.
    pub(crate) fn close(&mut self, now: Time, id: LegId, reason: Option<ByeReason>) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        leg.stage = InviteState::Closing;
        leg.told = reason.is_none();
        leg.bye_reason = reason;
        leg.renegotiation.want_nothing();
        self.timers.cancel(Timer::Renegotiate(id));
        self.timers.cancel(Timer::Session(id));
        self.end_media(id);
        let Some((leg, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        if leg.accept.is_some() {
            // RFC 3261 §15: the called side waits for the ACK of its 2xx, or until it gives that up.
            return;
        }
        if !dialog.unanswered.is_empty() || !dialog.queue.is_empty() {
            self.timers.set(Timer::HangUp(id), now + PATIENCE);
            return;
        }
        self.send_bye(now, id);
    }

    /// Sends the BYE, once.
    pub(crate) fn send_bye(&mut self, now: Time, id: LegId) {
        self.timers.cancel(Timer::HangUp(id));
        let Some((leg, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        if leg.bye_sent || leg.accept.is_some() || !matches!(leg.stage, InviteState::Closing) {
            return;
        }
        leg.bye_sent = true;
        dialog.queue.clear();
        let mut request = dialog.request(Method::Bye);
        dialog.sent(now, Method::Bye);
        dialog.open += 1;
        let expired = || Reason::sip(408, "Session expired");
        let reason = leg.bye_reason.map(in_words);
        if let Some(reason) = reason.or_else(|| leg.expired.then(expired)) {
            // RFC 3326.
            request.headers.push(HeaderName::Reason, reason.to_string());
        }
        let next_hop = dialog.next_hop().clone();
        let sent = RequestContext::in_dialog(Purpose::Bye(id), leg.dialog, dialog.account);
        self.send(now, request, &next_hop, sent);
    }

    /// Our BYE was answered or given up.
    pub(crate) fn gone(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.calls.present(id) else {
            return;
        };
        debug_assert!(
            matches!(leg.stage, InviteState::Closing),
            "broken: only a call that ends has a BYE of ours"
        );
        if !leg.told {
            self.event(id, WireEvent::Gone);
        }
        self.end(now, id);
    }

    /// A BYE in a leg's dialog.
    pub(crate) fn hung_up(&mut self, now: Time, id: LegId, server: ServerId, request: &Request) {
        let dialog = self.calls.get(id).map(|leg| leg.dialog);
        self.respond_plainly(now, dialog, server, 200);
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        match &mut leg.stage {
            // RFC 3261 §15: a called side may not do so. That fork is over then (§15.1.2); the call is when its INVITE is.
            InviteState::Calling(calling) => {
                calling.end_early(tag_of(&request.headers, &HeaderName::From).unwrap_or_default());
            }
            InviteState::Up => {
                self.tell_reason(id, &request.headers);
                self.event(id, WireEvent::Ended(EndCause::Bye));
                self.end(now, id);
            }
            // RFC 3261 §15.1.2: the caller may end an early dialog by BYE; the INVITE gets 487.
            InviteState::Offered(offered) => {
                let invite = offered.server;
                self.cancelled(now, invite, EndCause::Cancelled);
            }
            // The two BYEs crossed: ours may still be waiting to be sent, and need not be.
            InviteState::Closing if !leg.bye_sent => self.gone(now, id),
            InviteState::Closing => {}
        }
    }
}

/// For people who read traces, and for those who only look at the cause (RFC 3326 §2: a SIP status).
fn in_words(reason: ByeReason) -> Reason {
    match reason {
        ByeReason::Ended => Reason::sip(200, "Call ended"),
        ByeReason::ConferenceEnded => Reason::sip(200, "Conference ended for all"),
        ByeReason::Exit => Reason::sip(200, "Guest left"),
        ByeReason::Transferred => Reason::sip(200, "Call transferred"),
        ByeReason::Replaced => Reason::sip(200, "Call replaced"),
        ByeReason::ShuttingDown => Reason::sip(503, "Shutting down"),
    }
}
