//! Event subscriptions (RFC 6665): usages of a dialog beside its call, each of which ends by itself (RFC 5057). The far side's
//! with us are [`Notifier`]s, ours with it are [`Subscriber`]s. What a package's NOTIFY means is for the package: that of REFER, and
//! of conferences, which are told of and not asked for.
mod conference;
mod notifier;
mod remote_control;
mod subscriber;

pub(crate) use conference::ConferenceServer;
pub use conference::{Roster, RosterParty};
pub use remote_control::RemoteControl;

use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::id_map::IdMap;
use crate::outbound::Purpose;
use crate::refer::ReferServer;
use crate::transaction::ServerId;
use std::time::Duration;
use trialog_call::{LegId, Time};
use trialog_sip::{Event, HeaderName, SubscriptionState};

/// How long a subscription lasts unless it is refreshed.
pub(crate) const LASTS: Duration = Duration::from_secs(180);
/// How long a NOTIFY is awaited in a dialog whose call is over.
pub(crate) const LINGER: Duration = Duration::from_secs(90);

/// Names a subscription, of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SubscriptionId(u64);

/// An event package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// How the call goes that a REFER asked for (RFC 3515).
    Refer,
    /// Who is in a conference (RFC 4575).
    Conference,
}

impl Package {
    fn of(event: &Event) -> Option<Self> {
        let mut packages = [Self::Refer, Self::Conference].into_iter();
        packages.find(|package| event.package.eq_ignore_ascii_case(package.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Refer => "refer",
            Self::Conference => "conference",
        }
    }
}

/// What tells a subscription from others in its dialog: its Event header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventId {
    pub(crate) package: Package,
    /// CSeq number of the REFER; 0 until ours is sent.
    pub(crate) number: u32,
    /// It is the first REFER of the dialog, which needs no id (RFC 3515 §2.4.6).
    pub(crate) first: bool,
}

impl EventId {
    /// `refer`, with the REFER's number where it is not the dialog's first.
    fn value(self) -> String {
        let name = self.package.name();
        if self.first {
            name.to_owned()
        } else {
            format!("{name};id={}", self.number)
        }
    }

    fn is_named_by(self, event: &Event) -> bool {
        Package::of(event) == Some(self.package)
            && event
                .id()
                .is_none_or(|id| id.parse::<u32>().is_ok_and(|id| id == self.number))
    }
}

/// A subscription of the far side: we send NOTIFY.
pub(crate) struct Notifier {
    pub(crate) dialog: DialogId,
    /// The leg about whose call it is. The core knows the subscription by it.
    pub(crate) leg: LegId,
    pub(crate) event: EventId,
    /// The request that asked for it, while that has no answer.
    pub(crate) server: Option<ServerId>,
    pub(crate) expires_at: Time,
    /// The last NOTIFY is sent, or waits for its turn.
    pub(crate) last_sent: bool,
    /// The far side wants to be told nothing (RFC 4488): there is no subscription.
    pub(crate) silent: bool,
    pub(crate) state: NotifierState,
}

impl Notifier {
    /// It was accepted, and its last NOTIFY is still to come.
    pub(crate) fn is_active(&self) -> bool {
        self.server.is_none() && !self.last_sent
    }

    fn is_named_by(&self, event: &Event) -> bool {
        let named = match &self.state {
            NotifierState::Refer(_) => self.event.is_named_by(event),
            NotifierState::Conference(conference) => conference.is_named_by(event),
        };
        self.is_active() && !self.silent && named
    }

    /// Event, Subscription-State, type and body of a NOTIFY of how it stands; with a reason, the last one (RFC 6665 §4.2.2).
    fn content(&self, now: Time, last: Option<&str>) -> (Vec<(HeaderName, String)>, Vec<u8>) {
        let left = self.expires_at.since(now).as_secs();
        let state = match last {
            Some(reason) => SubscriptionState::terminated(reason),
            None => SubscriptionState::active(u32::try_from(left).unwrap_or(u32::MAX)),
        };
        let (event, (content_type, body)) = match &self.state {
            NotifierState::Refer(refer) => (self.event.value(), refer.content()),
            NotifierState::Conference(conference) => (conference.event(), conference.content()),
        };
        let headers = vec![
            (HeaderName::Event, event),
            (HeaderName::SubscriptionState, state.to_string()),
            (HeaderName::ContentType, content_type.to_owned()),
        ];
        (headers, body)
    }
}

/// What the package keeps of a subscription of the far side.
pub(crate) enum NotifierState {
    Refer(ReferServer),
    Conference(ConferenceServer),
}

/// A subscription of ours: NOTIFY comes.
pub(crate) struct Subscriber {
    pub(crate) dialog: DialogId,
    /// The leg about whose call it is. The core knows the subscription by it.
    pub(crate) leg: LegId,
    pub(crate) event: EventId,
    /// A 2xx or a NOTIFY came.
    pub(crate) accepted: bool,
    /// The far side knows no subscription any more: its last NOTIFY must be on its way.
    pub(crate) ending: bool,
}

/// All subscriptions of both sides. The dialog of each has its id, too.
#[derive(Default)]
pub(crate) struct Subscriptions {
    notifiers: IdMap<SubscriptionId, Notifier>,
    subscribers: IdMap<SubscriptionId, Subscriber>,
    begun: u64,
}

impl Subscriptions {
    fn next_id(&mut self) -> SubscriptionId {
        self.begun += 1;
        SubscriptionId(self.begun)
    }

    /// A subscription of the far side begins.
    fn add_notifier(&mut self, notifier: Notifier) -> SubscriptionId {
        let id = self.next_id();
        self.notifiers.insert(id, notifier);
        id
    }

    /// A subscription of ours begins.
    fn add_subscriber(&mut self, subscriber: Subscriber) -> SubscriptionId {
        let id = self.next_id();
        self.subscribers.insert(id, subscriber);
        id
    }

    /// The far side's subscription, while it lasts.
    pub(crate) fn notifier(&self, id: SubscriptionId) -> Option<&Notifier> {
        self.notifiers.get(&id)
    }

    /// As [`Subscriptions::notifier`], to be changed.
    pub(crate) fn notifier_mut(&mut self, id: SubscriptionId) -> Option<&mut Notifier> {
        self.notifiers.get_mut(&id)
    }

    /// Our subscription, while it lasts.
    pub(crate) fn subscriber(&self, id: SubscriptionId) -> Option<&Subscriber> {
        self.subscribers.get(&id)
    }

    /// As [`Subscriptions::subscriber`], to be changed.
    pub(crate) fn subscriber_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscriber> {
        self.subscribers.get_mut(&id)
    }

    fn remove_notifier(&mut self, id: SubscriptionId) -> Option<Notifier> {
        self.notifiers.remove(&id)
    }

    fn remove_subscriber(&mut self, id: SubscriptionId) -> Option<Subscriber> {
        self.subscribers.remove(&id)
    }

    /// The far side's roster of the conference that this leg is in.
    fn roster_of(&self, leg: LegId) -> Option<SubscriptionId> {
        let mut rosters = self.rosters().into_iter();
        rosters.find(|id| self.notifier(*id).is_some_and(|one| one.leg == leg))
    }

    /// Whether any party is told of a conference, or asks to be.
    fn has_rosters(&self) -> bool {
        let mut notifiers = self.notifiers.iter();
        notifiers.any(|(_, notifier)| notifier.event.package == Package::Conference)
    }

    /// The subscriptions to conferences.
    fn rosters(&self) -> Vec<SubscriptionId> {
        let notifiers = self.notifiers.iter();
        let rosters = notifiers.filter(|(_, one)| one.event.package == Package::Conference);
        rosters.map(|(id, _)| *id).collect()
    }

    /// The far side's subscription that the core knows by this leg.
    pub(crate) fn notifier_of(&self, leg: LegId) -> Option<SubscriptionId> {
        let of_leg = |(_, notifier): &(_, &Notifier)| {
            notifier.leg == leg && notifier.event.package == Package::Refer
        };
        self.notifiers.iter().find(of_leg).map(|(id, _)| *id)
    }

    /// Our subscription that the core knows by this leg.
    pub(crate) fn subscriber_of(&self, leg: LegId) -> Option<SubscriptionId> {
        let of_leg = |(_, subscriber): &(_, &Subscriber)| subscriber.leg == leg;
        self.subscribers.iter().find(of_leg).map(|(id, _)| *id)
    }

    /// The far side's subscription in this dialog that a SUBSCRIBE's Event names.
    fn notifier_named(&self, dialog: &Dialog, event: &Event) -> Option<SubscriptionId> {
        let named = |id: &SubscriptionId| {
            let notifier = self.notifiers.get(id);
            notifier.is_some_and(|notifier| notifier.is_named_by(event))
        };
        dialog.subscriptions.iter().copied().find(named)
    }

    /// Our subscription in this dialog that a NOTIFY's Event names.
    fn subscriber_named(&self, dialog: &Dialog, event: &Event) -> Option<SubscriptionId> {
        let named = |id: &SubscriptionId| {
            let subscriber = self.subscribers.get(id);
            subscriber.is_some_and(|subscriber| subscriber.event.is_named_by(event))
        };
        dialog.subscriptions.iter().copied().find(named)
    }

    /// A subscription of the far side in this dialog whose last NOTIFY has left the queue.
    fn finished_notifier(&self, dialog: &Dialog) -> Option<SubscriptionId> {
        let finished = |id: &SubscriptionId| {
            let notifier = self.notifiers.get(id);
            notifier.is_some_and(|notifier| notifier.last_sent)
                && !dialog.is_queued(Purpose::Notify(*id))
        };
        dialog.subscriptions.iter().copied().find(finished)
    }

    pub(crate) fn len(&self) -> usize {
        self.notifiers.len() + self.subscribers.len()
    }

    /// Tables that grew in busy times are as small as they can be.
    pub(crate) fn give_back_room(&mut self) {
        self.notifiers.shrink_to_fit();
        self.subscribers.shrink_to_fit();
    }
}
