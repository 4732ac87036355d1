//! Our 2xx until it is acknowledged (RFC 3261 §13.3.1.4), and the ACK itself, which may bring the answer to our offer.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::dialogs::DialogId;
use crate::invite_usage::InviteState;
use crate::outbound::cseq_of;
use crate::transaction::timing::T2;
use trialog_call::{EndCause, LegId, Time, WireEvent};
use trialog_sip::Request;

impl UserAgent {
    /// The 2xx is sent again, at growing intervals up to T2, by every transport; after 64·T1 the call is given up.
    pub(crate) fn accept_timer(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(accept) = &mut leg.accept else {
            return;
        };
        if now >= accept.give_up {
            leg.accept = None;
            if matches!(leg.stage, InviteState::Up) {
                self.event(id, WireEvent::Ended(EndCause::TimedOut));
                self.close(now, id, None);
            } else {
                // We wanted to hang up, and may now (RFC 3261 §15).
                self.send_bye(now, id);
            }
            return;
        }
        accept.interval = (accept.interval * 2).min(T2);
        let next = (now + accept.interval).min(accept.give_up);
        let server = accept.server;
        self.transactions.repeat(server, &mut self.out);
        self.timers.set(Timer::Accept(id), next);
    }

    /// An ACK in a dialog.
    pub(crate) fn acknowledged(&mut self, now: Time, dialog: DialogId, ack: &Request) {
        let call = self.dialogs.get(dialog).and_then(|dialog| dialog.call);
        let Some(leg) = call.and_then(|call| self.legs.get_mut(&call)) else {
            return;
        };
        let id = leg.id;
        let Some(accept) = &leg.accept else {
            return;
        };
        if accept.cseq != cseq_of(ack) {
            return;
        }
        if accept.offered {
            let first = accept.first;
            let agreed = match Body::of(ack) {
                Body::Sdp(answer) => leg.media.accept_answer(&answer),
                _ => None,
            };
            match agreed {
                Some(negotiated) => self.agreed(id, negotiated),
                // The offer of a re-INVITE's 2xx without an answer: the session stays as it was.
                None if !first => {}
                None => {
                    leg.accept = None;
                    self.timers.cancel(Timer::Accept(id));
                    if matches!(leg.stage, InviteState::Up) {
                        self.event(id, WireEvent::Ended(EndCause::NoMedia));
                    }
                    return self.close(now, id, None);
                }
            }
        }
        self.confirm(now, id);
        self.pump(now, dialog);
    }

    /// Our 2xx has arrived.
    pub(crate) fn confirm(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(accept) = leg.accept.take() else {
            return;
        };
        self.timers.cancel(Timer::Accept(id));
        self.transactions.acknowledged(accept.server);
        match leg.stage {
            InviteState::Up if accept.first => self.event(id, WireEvent::Confirmed),
            // RFC 3261 §15: our BYE waited for this.
            InviteState::Closing => self.send_bye(now, id),
            _ => {}
        }
    }
}
