//! Our subscriptions: the NOTIFYs that come, our SUBSCRIBEs that refresh or end one, and how long a last NOTIFY is awaited.
use super::{LASTS, LINGER, Package, Subscriber, SubscriptionId};
use crate::agent::{Timer, UserAgent};
use crate::dialogs::DialogId;
use crate::outbound::Purpose;
use crate::transaction::ServerId;
use crate::transaction::timing::TRANSACTION_TIMEOUT;
use std::time::Duration;
use trialog_call::{Time, WireEvent};
use trialog_sip::{Event, HeaderName, Method, Request, SubscriptionState};

impl UserAgent {
    /// A request of ours asks for this subscription.
    pub(crate) fn begin_subscriber(&mut self, subscriber: Subscriber) -> SubscriptionId {
        let id = self.subscriptions.next_id();
        if let Some(dialog) = self.dialogs.get_mut(subscriber.dialog) {
            dialog.subscriptions.push(id);
            self.subscriptions.subscribers.insert(id, subscriber);
        }
        id
    }

    pub(crate) fn end_subscriber(&mut self, id: SubscriptionId) {
        if let Some(subscriber) = self.subscriptions.subscribers.remove(&id) {
            self.timers.cancel(Timer::Subscriber(id));
            self.end_usage(subscriber.dialog, id);
        }
    }

    /// A NOTIFY in a dialog. It may come before the answer to what asked for it, and after the call's end.
    pub(crate) fn notified(
        &mut self,
        now: Time,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
    ) {
        let event = request.headers.typed::<Event>(&HeaderName::Event);
        let state = request
            .headers
            .typed::<SubscriptionState>(&HeaderName::SubscriptionState);
        let (Some(Ok(event)), Some(Ok(state))) = (event, state) else {
            return self.refuse(now, server, 400);
        };
        let Some(package) = Package::of(&event) else {
            return self.refuse_event(now, server);
        };
        let Some(of) = self.dialogs.get(dialog) else {
            return self.refuse(now, server, 481);
        };
        let named = |id: &SubscriptionId| {
            let subscriber = self.subscriptions.subscribers.get(id);
            subscriber.is_some_and(|subscriber| subscriber.event.is_named_by(&event))
        };
        let Some(id) = of.subscriptions.iter().copied().find(named) else {
            // Of an older REFER whose end was told: nothing waits for it, and 481 would end nothing more.
            let status = if of.refers_sent > 0 { 200 } else { 481 };
            return self.respond_plainly(now, Some(dialog), server, status);
        };
        self.respond_plainly(now, Some(dialog), server, 200);
        match package {
            Package::Refer => self.refer_notified(now, id, &state, &request.body),
        }
    }

    /// The far side states how long the subscription still lasts: it is refreshed before.
    pub(crate) fn refresh_before(&mut self, now: Time, id: SubscriptionId, left: Option<u32>) {
        let left = Duration::from_secs(u64::from(left.unwrap_or(60).max(4)));
        self.timers.set(Timer::Subscriber(id), now + left * 3 / 4);
    }

    /// Refreshes the subscription, or ends it by `seconds` = 0 (RFC 6665 §4.1.2.3).
    pub(crate) fn subscribe(&mut self, now: Time, id: SubscriptionId, seconds: u64) {
        let Some(subscriber) = self.subscriptions.subscribers.get(&id) else {
            return;
        };
        let headers = vec![
            (HeaderName::Event, subscriber.event.value()),
            (HeaderName::Expires, seconds.to_string()),
        ];
        let (dialog, purpose) = (subscriber.dialog, Purpose::Subscribe(id));
        self.enqueue(now, dialog, Method::Subscribe, headers, Vec::new(), purpose);
    }

    /// The call is over. A NOTIFY may still come; not for ever.
    pub(crate) fn linger(&mut self, now: Time, id: SubscriptionId) {
        if self.subscriptions.subscribers.contains_key(&id)
            && !self.timers.is_set(Timer::Subscriber(id))
        {
            self.timers.set(Timer::Subscriber(id), now + LINGER);
        }
    }

    /// The subscription nears its end, or has lived on long enough after its call.
    pub(crate) fn subscriber_timer(&mut self, now: Time, id: SubscriptionId) {
        let Some(subscriber) = self.subscriptions.subscribers.get(&id) else {
            return;
        };
        let (leg, package) = (subscriber.leg, subscriber.event.package);
        let dialog = self.dialogs.get(subscriber.dialog);
        if dialog.is_none_or(|dialog| dialog.call.is_none()) {
            self.end_subscriber(id);
        } else if subscriber.ending {
            self.end_subscriber(id);
            match package {
                Package::Refer => self.event(leg, WireEvent::ReferNotified { status: 0 }),
            }
        } else {
            self.subscribe(now, id, LASTS.as_secs());
            self.timers.set(Timer::Subscriber(id), now + LINGER);
        }
    }

    /// The far side knows no such subscription any more. Its last NOTIFY may have been lost on the way and come again: it
    /// says how it ended, so it is awaited as long as it can come.
    pub(crate) fn subscribe_refused(&mut self, now: Time, id: SubscriptionId) {
        if let Some(subscriber) = self.subscriptions.subscribers.get_mut(&id) {
            subscriber.ending = true;
            self.timers
                .set(Timer::Subscriber(id), now + TRANSACTION_TIMEOUT);
        }
    }
}
