//! We send somebody elsewhere: our REFER, the NOTIFYs that tell how it went, and how we take it back.
use crate::agent::UserAgent;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::outbound::Purpose;
use crate::subscription::{EventId, Package, Subscriber, SubscriptionId};
use trialog_call::{LegId, ReferTo, Time, WireEvent};
use trialog_sip::{HeaderName, Method, StatusCode, SubscriptionState, sipfrag};

impl UserAgent {
    /// Sends a REFER in this leg's dialog.
    pub(crate) fn refer(&mut self, now: Time, id: LegId, to: &ReferTo) {
        let (target, by) = match to {
            ReferTo::Target(target) => (Some(format!("<{}>", target.0)), id),
            // The party in Refer-To knows us by what our dialog with it says.
            ReferTo::Leg(other) => (self.refer_to(*other).map(|to| to.to_string()), *other),
        };
        let known_as = self
            .calls
            .get(by)
            .and_then(|leg| self.dialogs.get(leg.dialog))
            .map(|dialog| dialog.local.uri.bare());
        let up = self
            .calls
            .get(id)
            .filter(|leg| matches!(leg.stage, InviteState::Up));
        // The core may not know yet that one of the two calls is over.
        let (Some(target), Some(known_as), Some(leg)) = (target, known_as, up) else {
            return self.event(id, WireEvent::ReferRefused { status: 481 });
        };
        let dialog = leg.dialog;
        if let Some(before) = self.subscriptions.subscriber_of(id) {
            self.end_subscriber(before);
        }
        let Some(of) = self.dialogs.present_mut(dialog) else {
            return self.event(id, WireEvent::ReferRefused { status: 481 });
        };
        of.refers_sent += 1;
        let first = of.refers_sent == 1;
        let subscription = self.begin_subscriber(Subscriber {
            dialog,
            leg: id,
            event: EventId {
                package: Package::Refer,
                number: 0,
                first,
            },
            accepted: false,
            ending: false,
        });
        let headers = vec![
            (HeaderName::ReferTo, target),
            // RFC 3892.
            (HeaderName::ReferredBy, format!("<{known_as}>")),
            (HeaderName::Supported, self.settings.supported().to_owned()),
            (HeaderName::Allow, self.settings.allow().to_owned()),
        ];
        let purpose = Purpose::Refer(subscription);
        self.enqueue(now, dialog, Method::Refer, headers, Vec::new(), purpose);
    }

    /// The final answer to our REFER, or none (408, 503).
    pub(crate) fn refer_answered(&mut self, now: Time, id: SubscriptionId, status: u16) {
        // The last NOTIFY may have come before the answer.
        let Some(subscriber) = self.subscriptions.subscriber_mut(id) else {
            return;
        };
        let leg = subscriber.leg;
        if (200..300).contains(&status) {
            if !std::mem::replace(&mut subscriber.accepted, true) {
                self.event(leg, WireEvent::ReferAccepted);
            }
            return;
        }
        self.end_subscriber(id);
        self.event(leg, WireEvent::ReferRefused { status });
        if matches!(status, 408 | 481) {
            self.lost(now, leg);
        }
    }

    /// A NOTIFY of our REFER's subscription, which was answered: `body` has the status of the call that it asked for.
    pub(crate) fn refer_notified(
        &mut self,
        now: Time,
        id: SubscriptionId,
        state: &SubscriptionState,
        body: &[u8],
    ) {
        let subscriber = self.subscriptions.subscriber_mut(id);
        let Some(subscriber) = subscriber.asserted("the NOTIFY's Event has named it") else {
            return;
        };
        let leg = subscriber.leg;
        if !std::mem::replace(&mut subscriber.accepted, true) {
            self.event(leg, WireEvent::ReferAccepted);
        }
        let stated = sipfrag::status(body).map_or(0, StatusCode::code);
        let terminated = state.is_terminated();
        // An end without a final result is no result.
        let status = if terminated && stated < 200 {
            0
        } else {
            stated
        };
        if terminated || status >= 200 {
            self.end_subscriber(id);
        } else {
            self.refresh_before(now, id, state.expires());
        }
        if status > 0 || terminated {
            self.event(leg, WireEvent::ReferNotified { status });
        }
    }

    /// Withdraws our REFER by the end of its subscription; one that still waits for its turn is not sent at all.
    pub(crate) fn withdraw_refer(&mut self, now: Time, leg: LegId) {
        let Some(id) = self.subscriptions.subscriber_of(leg) else {
            return;
        };
        let subscriber = self.subscriptions.subscriber(id);
        let dialog = subscriber.map(|subscriber| subscriber.dialog);
        if let Some(dialog) = dialog.and_then(|dialog| self.dialogs.get_mut(dialog))
            && dialog.is_queued(Purpose::Refer(id))
        {
            // RFC 3515 §2.4.6: its CSeq would name the subscription, and there is neither yet.
            dialog.unqueue(Purpose::Refer(id));
            dialog.refers_sent -= 1;
            return self.end_subscriber(id);
        }
        self.subscribe(now, id, 0);
    }
}
