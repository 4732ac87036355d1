//! Event subscriptions (RFC 6665): usages of a dialog beside its call, each of which ends by itself (RFC 5057). The far side's
//! with us are [`Notifier`]s, ours with it are [`Subscriber`]s. What a package's NOTIFY means is for the package; so far there
//! is one, of REFER.
mod notifier;
mod subscriber;

use crate::dialogs::DialogId;
use crate::id_map::IdMap;
use crate::refer::ReferServer;
use crate::transaction::ServerId;
use std::time::Duration;
use trialog_call::{LegId, Time};
use trialog_sip::Event;

/// How long a subscription lasts unless it is refreshed.
pub(crate) const LASTS: Duration = Duration::from_secs(180);
/// How long a NOTIFY is awaited in a dialog whose call is over.
pub(crate) const LINGER: Duration = Duration::from_secs(90);
/// The packages that we know, as Allow-Events states them.
pub(crate) const ALLOW_EVENTS: &str = "refer";

/// Names a subscription, of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SubscriptionId(u64);

/// An event package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// How the call goes that a REFER asked for (RFC 3515).
    Refer,
}

impl Package {
    fn of(event: &Event) -> Option<Self> {
        let refer = event.package.eq_ignore_ascii_case(Self::Refer.name());
        refer.then_some(Self::Refer)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Refer => "refer",
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
    pub(crate) state: NotifierState,
}

/// What the package keeps of a subscription of the far side.
pub(crate) enum NotifierState {
    Refer(ReferServer),
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

/// All subscriptions. The dialog of each has its id, too.
#[derive(Default)]
pub(crate) struct Subscriptions {
    pub(crate) notifiers: IdMap<SubscriptionId, Notifier>,
    pub(crate) subscribers: IdMap<SubscriptionId, Subscriber>,
    begun: u64,
}

impl Subscriptions {
    pub(crate) fn next_id(&mut self) -> SubscriptionId {
        self.begun += 1;
        SubscriptionId(self.begun)
    }

    /// The far side's subscription that the core knows by this leg.
    pub(crate) fn notifier_of(&self, leg: LegId) -> Option<SubscriptionId> {
        let of_leg = |(_, notifier): &(_, &Notifier)| notifier.leg == leg;
        self.notifiers.iter().find(of_leg).map(|(id, _)| *id)
    }

    /// Our subscription that the core knows by this leg.
    pub(crate) fn subscriber_of(&self, leg: LegId) -> Option<SubscriptionId> {
        let of_leg = |(_, subscriber): &(_, &Subscriber)| subscriber.leg == leg;
        self.subscribers.iter().find(of_leg).map(|(id, _)| *id)
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
