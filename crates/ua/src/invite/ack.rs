//! Our 2xx until it is acknowledged (RFC 3261 §13.3.1.4), and the ACK itself, which may bring the answer to our offer.
use crate::agent::{Timer, UserAgent};
use crate::body::Body;
use crate::dialogs::DialogId;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::outbound::cseq_of;
use trialog_call::{EndCause, LegId, Time, WireEvent};
use trialog_sip::Request;

impl UserAgent {
    /// The 2xx is sent again, at growing intervals up to T2, by every transport; after 64·T1 the call is given up.
    pub(crate) fn accept_timer(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let Some(accept) = leg.accept.as_mut().asserted("its timer goes with it") else {
            return;
        };
        let Some(next) = accept.on_timer(now) else {
            leg.accept = None;
            if matches!(leg.stage, InviteState::Up) {
                self.event(id, WireEvent::Ended(EndCause::TimedOut));
                self.close(now, id, None);
            } else {
                // We wanted to hang up, and may now (RFC 3261 §15).
                self.send_bye(now, id);
            }
            return;
        };
        let server = accept.server;
        self.transactions.repeat(server, &mut self.out);
        self.timers.set(Timer::Accept(id), next);
    }

    /// An ACK in a dialog.
    pub(crate) fn acknowledged(&mut self, now: Time, dialog: DialogId, ack: &Request) {
        let call = self.dialogs.present(dialog).and_then(|dialog| dialog.call);
        // Of a call that is over, or once more, or of another INVITE: an ACK is never answered.
        let Some(leg) = call.and_then(|call| self.calls.get_mut(call)) else {
            return;
        };
        let id = leg.id;
        let Some(accept) = &leg.accept else {
            return;
        };
        if accept.cseq != cseq_of(ack) {
            return;
        }
        let (offered, first) = (accept.offered, accept.first);
        self.far_side_heard(id);
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        if offered {
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
                    if !matches!(leg.stage, InviteState::Up) {
                        // We wanted to hang up anyhow.
                        return self.send_bye(now, id);
                    }
                    self.event(id, WireEvent::Ended(EndCause::NoMedia));
                    return self.close(now, id, None);
                }
            }
        }
        self.confirm(now, id);
        if offered {
            self.settle_codec(now, id);
        }
        self.pump(now, dialog);
    }

    /// Our 2xx has arrived.
    pub(crate) fn confirm(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let Some(accept) = leg.accept.take() else {
            // It is known already.
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
