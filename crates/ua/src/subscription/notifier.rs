//! The far side's subscriptions: our NOTIFYs, its SUBSCRIBEs that refresh or end one, and the time that runs out.
use super::{LASTS, Notifier, NotifierState, Package, SubscriptionId};
use crate::agent::{Timer, UserAgent};
use crate::dialogs::DialogId;
use crate::invariant::Invariant;
use crate::outbound::Purpose;
use crate::transaction::ServerId;
use std::time::Duration;
use trialog_call::{Time, WireEvent};
use trialog_sip::{Event, HeaderName, Method, Request, Seconds};

impl UserAgent {
    /// A request asks for this subscription.
    pub(crate) fn begin_notifier(&mut self, notifier: Notifier) {
        if let Some(dialog) = self.dialogs.present_mut(notifier.dialog) {
            let id = self.subscriptions.add_notifier(notifier);
            dialog.subscriptions.push(id);
        }
    }

    /// Sends a NOTIFY of the state; with a reason, the last one. The subscription ends when that has been sent.
    pub(crate) fn notify(&mut self, now: Time, id: SubscriptionId, last: Option<&str>) {
        let notifier = self.subscriptions.notifier_mut(id);
        let Some(notifier) = notifier.asserted("what is told of ends with it") else {
            return;
        };
        if notifier.silent {
            if last.is_some() {
                self.end_notifier(id);
            }
            return;
        }
        if let NotifierState::Conference(conference) = &mut notifier.state {
            conference.count();
        }
        let (headers, body) = notifier.content(now, last);
        if last.is_some() {
            notifier.last_sent = true;
            // It may wait for its turn until the subscription runs out.
            self.timers.cancel(Timer::Notifier(id));
        }
        let dialog = notifier.dialog;
        let purpose = Purpose::Notify(id);
        self.enqueue(now, dialog, Method::Notify, headers, body, purpose);
        self.drop_finished_notifiers(dialog);
    }

    /// A subscription is over once its last NOTIFY has left the queue.
    pub(crate) fn drop_finished_notifiers(&mut self, dialog: DialogId) {
        while let Some(id) = self.finished_notifier(dialog) {
            self.end_notifier(id);
        }
    }

    fn finished_notifier(&self, dialog: DialogId) -> Option<SubscriptionId> {
        // The dialog is gone with its last subscription.
        let dialog = self.dialogs.get(dialog)?;
        self.subscriptions.finished_notifier(dialog)
    }

    pub(crate) fn end_notifier(&mut self, id: SubscriptionId) {
        if let Some(notifier) = self.subscriptions.remove_notifier(id) {
            self.timers.cancel(Timer::Notifier(id));
            self.end_usage(notifier.dialog, id);
        }
    }

    /// A NOTIFY was refused: the subscription is gone (RFC 6665 §4.2.2). The call is not touched (RFC 5057 §5.1).
    pub(crate) fn notify_refused(&mut self, id: SubscriptionId) {
        // It may have ended with its last NOTIFY, before the answer to an earlier one.
        if let Some(notifier) = self.subscriptions.notifier(id)
            && let Some(dialog) = self.dialogs.get_mut(notifier.dialog)
        {
            dialog.unqueue(Purpose::Notify(id));
            self.end_notifier(id);
        }
    }

    /// A SUBSCRIBE in a dialog: it refreshes or ends a subscription, or asks for the conference's roster.
    pub(crate) fn subscribed(
        &mut self,
        now: Time,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
    ) {
        let event = match request.headers.typed::<Event>(&HeaderName::Event) {
            Some(Ok(event)) => event,
            _ => return self.refuse(now, server, 400),
        };
        let Some(package) = Package::of(&event) else {
            return self.refuse_event(now, server);
        };
        let of = self.dialogs.get(dialog);
        let id = of.and_then(|of| self.subscriptions.notifier_named(of, &event));
        let notifier = id.and_then(|id| Some((id, self.subscriptions.notifier_mut(id)?)));
        let Some((id, notifier)) = notifier else {
            let call = of.and_then(|of| of.call);
            return match (package, call) {
                (Package::Conference, Some(leg)) => {
                    self.begin_roster(now, leg, dialog, server, request, &event);
                }
                _ => self.refuse(now, server, 481),
            };
        };
        let asked = match request.headers.typed::<Seconds>(&HeaderName::Expires) {
            Some(Ok(Seconds(seconds))) => Duration::from_secs(u64::from(seconds)).min(LASTS),
            _ => LASTS,
        };
        notifier.expires_at = now + asked;
        let leg = notifier.leg;
        if let Some(mut response) = self.dialog_response(dialog, server, 200) {
            response
                .headers
                .push(HeaderName::Expires, asked.as_secs().to_string());
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
        if asked.is_zero() {
            if package == Package::Refer {
                self.event(leg, WireEvent::ReferralWithdrawn);
            }
            // RFC 6665 §4.4.1: an unsubscription gets its final NOTIFY, too.
            self.notify(now, id, Some("timeout"));
        } else {
            self.timers.set(Timer::Notifier(id), now + asked);
            self.notify(now, id, None);
        }
    }

    /// The subscription was not refreshed. What it is about goes on; only nothing is sent of it any more.
    pub(crate) fn notifier_timer(&mut self, now: Time, id: SubscriptionId) {
        self.notify(now, id, Some("timeout"));
    }

    /// 489: a package that we do not know (RFC 6665 §4.1.3).
    pub(crate) fn refuse_event(&mut self, now: Time, server: ServerId) {
        let known = self.settings.allow_events();
        self.refuse_with(now, server, 489, &[(HeaderName::AllowEvents, known)]);
    }
}
