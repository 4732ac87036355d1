//! Our subscriptions: the NOTIFYs that come, our SUBSCRIBEs that refresh or end one, and how long a last NOTIFY is awaited.
use super::{LASTS, LINGER, Package, Subscriber, SubscriptionId};
use crate::agent::{Timer, UserAgent};
use crate::dialogs::DialogId;
use crate::invariant::Invariant;
use crate::outbound::Purpose;
use crate::transaction::ServerId;
use crate::transaction::timing::TRANSACTION_TIMEOUT;
use crate::trust::Origin;
use crate::watch::Watched;
use std::time::Duration;
use trialog_call::{AccountId, Time, WireEvent};
use trialog_sip::{Event, HeaderName, Method, Request, SubscriptionState};

impl UserAgent {
    /// A request of ours asks for this subscription.
    pub(crate) fn begin_subscriber(&mut self, subscriber: Subscriber) -> SubscriptionId {
        let dialog = subscriber.dialog;
        let id = self.subscriptions.add_subscriber(subscriber);
        if let Some(dialog) = self.dialogs.present_mut(dialog) {
            dialog.subscriptions.push(id);
        }
        id
    }

    pub(crate) fn end_subscriber(&mut self, id: SubscriptionId) {
        if let Some(subscriber) = self.subscriptions.remove_subscriber(id) {
            self.timers.cancel(Timer::Subscriber(id));
            self.end_usage(subscriber.dialog, id);
        }
    }

    /// A NOTIFY that no SUBSCRIBE of ours has asked for, by a sender that is no stranger. PBXs send the state of a mailbox so, to each
    /// phone that registers; with 481 (RFC 6665 §4.1.3) they go on trying, and some tell an administrator.
    pub(crate) fn notified_outside(&mut self, now: Time, server: ServerId, request: &Request) {
        let event = request.headers.typed::<Event>(&HeaderName::Event);
        let Some(Ok(event)) = event else {
            return self.refuse(now, server, 400);
        };
        if event
            .package
            .eq_ignore_ascii_case(Watched::Mailbox.package())
        {
            self.respond_plainly(now, None, server, 200);
            let account = self.flows.called_by(request);
            let account = AccountId(u16::try_from(account).unwrap_or(u16::MAX));
            self.tell_mailbox(account, &request.body);
        } else if Package::of(&event).is_some() {
            self.refuse(now, server, 481);
        } else {
            self.refuse_event(now, server);
        }
    }

    /// A NOTIFY in a dialog. It may come before the answer to what asked for it, and after the call's end.
    pub(crate) fn notified(
        &mut self,
        now: Time,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let watch = self.dialogs.get(dialog).and_then(|dialog| dialog.watch);
        if let Some(watch) = watch {
            return self.watch_notified(now, watch, dialog, server, request);
        }
        let Some(Ok(event)) = request.headers.typed::<Event>(&HeaderName::Event) else {
            return self.refuse(now, server, 400);
        };
        if let Some(control) = self.control_of(&event) {
            return self.controlled(now, dialog, server, control, origin);
        }
        let Some(package) = Package::of(&event) else {
            return self.refuse_event(now, server);
        };
        let state = request
            .headers
            .typed::<SubscriptionState>(&HeaderName::SubscriptionState);
        let Some(Ok(state)) = state else {
            return self.refuse(now, server, 400);
        };
        let Some(of) = self.dialogs.present(dialog) else {
            return self.refuse(now, server, 481);
        };
        let Some(id) = self.subscriptions.subscriber_named(of, &event) else {
            // Of an older REFER whose end was told: nothing waits for it, and 481 would end nothing more.
            let status = if of.refers_sent > 0 { 200 } else { 481 };
            return self.respond_plainly(now, Some(dialog), server, status);
        };
        self.respond_plainly(now, Some(dialog), server, 200);
        match package {
            Package::Refer => self.refer_notified(now, id, &state, &request.body),
            // We tell of conferences and ask for none.
            Package::Conference => {}
        }
    }

    /// The far side states how long the subscription still lasts: it is refreshed before, as long as its call is there.
    pub(crate) fn refresh_before(&mut self, now: Time, id: SubscriptionId, left: Option<u32>) {
        if self.outlives_its_call(id) {
            return;
        }
        let left = Duration::from_secs(u64::from(left.unwrap_or(60).max(4)));
        self.timers.set(Timer::Subscriber(id), now + left * 3 / 4);
    }

    /// Refreshes the subscription, or ends it by `seconds` = 0 (RFC 6665 §4.1.2.3).
    pub(crate) fn subscribe(&mut self, now: Time, id: SubscriptionId, seconds: u64) {
        let subscriber = self.subscriptions.subscriber(id);
        let Some(subscriber) = subscriber.asserted("it has just been found") else {
            return;
        };
        let headers = vec![
            (HeaderName::Event, subscriber.event.value()),
            (HeaderName::Expires, seconds.to_string()),
        ];
        let (dialog, purpose) = (subscriber.dialog, Purpose::Subscribe(id));
        self.enqueue(now, dialog, Method::Subscribe, headers, Vec::new(), purpose);
    }

    /// The call is over. A NOTIFY may still come (RFC 5057 §3), however soon a refresh would have been due; not for ever.
    pub(crate) fn linger(&mut self, now: Time, id: SubscriptionId) {
        if self.subscriptions.subscriber(id).is_some() {
            self.timers.set(Timer::Subscriber(id), now + LINGER);
        }
    }

    fn outlives_its_call(&self, id: SubscriptionId) -> bool {
        let subscriber = self.subscriptions.subscriber(id);
        let dialog = subscriber.and_then(|subscriber| self.dialogs.get(subscriber.dialog));
        dialog.is_none_or(|dialog| dialog.call.is_none())
    }

    /// The subscription nears its end, or has lived on long enough after its call.
    pub(crate) fn subscriber_timer(&mut self, now: Time, id: SubscriptionId) {
        let subscriber = self.subscriptions.subscriber(id);
        let Some(subscriber) = subscriber.asserted("a timer goes with its subscription") else {
            return;
        };
        let (leg, package) = (subscriber.leg, subscriber.event.package);
        let ending = subscriber.ending;
        if self.outlives_its_call(id) {
            self.end_subscriber(id);
        } else if ending {
            self.end_subscriber(id);
            if package == Package::Refer {
                self.event(leg, WireEvent::ReferNotified { status: 0 });
            }
        } else {
            self.subscribe(now, id, LASTS.as_secs());
            self.timers.set(Timer::Subscriber(id), now + LINGER);
        }
    }

    /// The far side knows no such subscription any more. Its last NOTIFY may have been lost on the way and come again: it
    /// says how it ended, so it is awaited as long as it can come.
    pub(crate) fn subscribe_refused(&mut self, now: Time, id: SubscriptionId) {
        // It may have ended meanwhile.
        let over = self.outlives_its_call(id);
        if let Some(subscriber) = self.subscriptions.subscriber_mut(id)
            && !over
        {
            subscriber.ending = true;
            self.timers
                .set(Timer::Subscriber(id), now + TRANSACTION_TIMEOUT);
        }
    }
}
