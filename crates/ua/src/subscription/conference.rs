//! The conference package (RFC 4575) at its focus: a party of the conference subscribes, in its call's dialog or by Target-Dialog
//! (RFC 4538), and is told the roster whole, at once and after each change. Who is in a conference the core knows: it is asked while
//! there are subscriptions.
use super::{EventId, LASTS, Notifier, NotifierState, Package, SubscriptionId};
use crate::agent::{Timer, UserAgent};
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::inbound::MISCELLANEOUS;
use crate::transaction::ServerId;
use crate::trust::Origin;
use std::sync::Arc;
use std::time::Duration;
use trialog_call::{LegId, PartyIdentity, Role, Time};
use trialog_sip::conference_info::{self, ConferenceInfo, ConferenceMedia, ConferenceUser};
use trialog_sip::{Event, HeaderName, Request, Seconds};

/// A conference that this phone mixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Our own microphone is stopped.
    pub muted: bool,
    /// The other parties: one a leg.
    pub parties: Vec<RosterParty>,
}

/// A party of a conference beside ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterParty {
    /// Our leg to it.
    pub leg: LegId,
    /// As it was last stated.
    pub party: Arc<PartyIdentity>,
    /// What it is in the call.
    pub role: Role,
    /// Its phone holds us.
    pub far_held: bool,
}

/// What is kept of a party's subscription.
pub(crate) struct ConferenceServer {
    /// As the subscriber has named it.
    id: Option<String>,
    /// The conference's URI: our Contact in the dialog.
    entity: String,
    version: u32,
    /// As last told; empty when the conference is over.
    users: Vec<ConferenceUser>,
}

impl ConferenceServer {
    pub(super) fn is_named_by(&self, event: &Event) -> bool {
        Package::of(event) == Some(Package::Conference) && event.id() == self.id.as_deref()
    }

    /// The Event header of a NOTIFY.
    pub(super) fn event(&self) -> String {
        let name = Package::Conference.name();
        match &self.id {
            Some(id) => format!("{name};id={id}"),
            None => name.to_owned(),
        }
    }

    /// RFC 4575 §5.2: each document of a subscription has the next number.
    pub(super) fn count(&mut self) {
        self.version = self.version.wrapping_add(1);
    }

    pub(super) fn content(&self) -> (&'static str, Vec<u8>) {
        let info = ConferenceInfo {
            entity: &self.entity,
            version: self.version,
            users: &self.users,
        };
        (conference_info::CONTENT_TYPE, info.to_body())
    }
}

impl UserAgent {
    /// A SUBSCRIBE outside any dialog. One to the roster names the subscriber's call (RFC 4538): that it knows both tags shows that it is
    /// a party.
    pub(crate) fn subscribed_outside(
        &mut self,
        now: Time,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let event = match request.headers.typed::<Event>(&HeaderName::Event) {
            Some(Ok(event)) => event,
            _ => return self.refuse(now, server, 400),
        };
        if Package::of(&event) != Some(Package::Conference) {
            return self.refuse_event(now, server);
        }
        let (leg, account) = match self.target_dialog(request) {
            Ok(Some(call)) => call,
            Ok(None) => {
                let why = "only a party of the conference, in its call or with Target-Dialog";
                return self.refuse_because(now, server, 403, MISCELLANEOUS, why);
            }
            Err(status) => return self.refuse(now, server, status),
        };
        let tag = self.random.tag();
        let mut dialog = match Dialog::opened_by(request, tag, account) {
            Ok(dialog) => dialog,
            Err(why) => return self.refuse_contact(now, server, why),
        };
        dialog.opened_by = Some(origin.grade);
        let dialog = self.dialogs.open(dialog);
        self.begin_roster(now, leg, dialog, server, request, &event);
        self.dialogs.settle(dialog);
    }

    /// A party asks for the roster. It is answered when the core has told whether there is one: [`UserAgent::rosters`].
    pub(super) fn begin_roster(
        &mut self,
        now: Time,
        leg: LegId,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
        event: &Event,
    ) {
        let mut accepted = request.headers.all(&HeaderName::Accept).peekable();
        let takes = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case(conference_info::CONTENT_TYPE) || kind.ends_with("/*")
        };
        // RFC 4575 §3.4: without Accept it is this type.
        if accepted.peek().is_some() && !accepted.any(takes) {
            return self.refuse(now, server, 406);
        }
        // One a leg: a party has no use for more.
        if self.subscriptions.roster_of(leg).is_some() {
            let why = "the roster is told to this party already";
            return self.refuse_because(now, server, 403, MISCELLANEOUS, why);
        }
        let asked = match request.headers.typed::<Seconds>(&HeaderName::Expires) {
            Some(Ok(Seconds(seconds))) => Duration::from_secs(u64::from(seconds)).min(LASTS),
            _ => LASTS,
        };
        self.begin_notifier(Notifier {
            dialog,
            leg,
            event: EventId {
                package: Package::Conference,
                number: 0,
                first: true,
            },
            server: Some(server),
            expires_at: now + asked,
            last_sent: false,
            silent: false,
            state: NotifierState::Conference(ConferenceServer {
                id: event.id().map(str::to_owned),
                entity: String::new(),
                version: 0,
                users: Vec::new(),
            }),
        });
    }

    /// Whether somebody is told of conferences, or asks to be: then [`Input::Rosters`](crate::Input::Rosters) is to follow each input.
    pub(crate) fn tells_rosters(&self) -> bool {
        self.subscriptions.has_rosters()
    }

    /// All conferences that there are now: who asks for one is answered, and changes are told.
    pub(crate) fn rosters(&mut self, now: Time, rosters: &[Roster]) {
        for id in self.subscriptions.rosters() {
            self.roster(now, id, rosters);
        }
    }

    fn roster(&mut self, now: Time, id: SubscriptionId, rosters: &[Roster]) {
        let Some(notifier) = self.subscriptions.notifier(id) else {
            return;
        };
        let (leg, dialog, asks) = (notifier.leg, notifier.dialog, notifier.server);
        let lasts = notifier.expires_at > now;
        let is_of = |roster: &&Roster| roster.parties.iter().any(|party| party.leg == leg);
        let roster = rosters.iter().find(is_of);
        let users = roster.map_or_else(Vec::new, |roster| self.users(dialog, roster));
        let (is_there, is_active) = (roster.is_some(), notifier.is_active());
        if let Some(server) = asks {
            if !is_there {
                let why = "there is no conference";
                self.refuse_because(now, server, 403, MISCELLANEOUS, why);
                return self.end_notifier(id);
            }
            let Some(mut response) = self.dialog_response(dialog, server, 200) else {
                return self.end_notifier(id);
            };
            let contact = response.headers.get(&HeaderName::Contact);
            let contact = contact.and_then(|contact| contact.split(['<', '>']).nth(1));
            let entity = contact.unwrap_or_default().to_owned();
            let left = self.subscriptions.notifier(id);
            let left = left.map_or(Duration::ZERO, |notifier| notifier.expires_at.since(now));
            let seconds = left.as_secs().to_string();
            response.headers.push(HeaderName::Expires, seconds);
            self.transactions
                .respond(now, server, &response, &mut self.out);
            if let Some(notifier) = self.subscriptions.notifier_mut(id) {
                notifier.server = None;
                if let NotifierState::Conference(state) = &mut notifier.state {
                    state.entity = entity;
                }
            }
            if lasts {
                self.timers.set(Timer::Notifier(id), now + left);
            }
        } else if !is_active {
            return;
        }
        let Some(notifier) = self.subscriptions.notifier_mut(id) else {
            return;
        };
        let NotifierState::Conference(state) = &mut notifier.state else {
            return;
        };
        if std::mem::replace(&mut state.users, users) == state.users && asks.is_none() {
            return;
        }
        // RFC 6665 §4.4.3: who asks for no time is told once.
        let last = match (is_there, lasts) {
            (false, _) => Some("noresource"),
            (true, false) => Some("timeout"),
            (true, true) => None,
        };
        self.notify(now, id, last);
    }

    /// Everybody in the conference, ourselves first.
    fn users(&self, dialog: DialogId, roster: &Roster) -> Vec<ConferenceUser> {
        let own = self.dialogs.get(dialog);
        let account = own.map(|own| &self.flows[own.account].account);
        let account = account.filter(|_| own.is_some_and(|own| !own.private));
        let own = ConferenceUser {
            entity: account.map(|account| account.aor.to_string()),
            display: account.and_then(|account| account.display.clone()),
            role: "owner",
            media: match roster.muted {
                true => ConferenceMedia::ReceiveOnly,
                false => ConferenceMedia::SendReceive,
            },
        };
        let others = roster.parties.iter().map(|party| ConferenceUser {
            entity: party.party.uri.clone(),
            display: party.party.name.clone(),
            role: match party.role {
                Role::Customer => "customer",
                Role::Owner => "owner",
                Role::Guest => "guest",
            },
            media: match party.far_held {
                true => ConferenceMedia::Inactive,
                false => ConferenceMedia::SendReceive,
            },
        });
        [own].into_iter().chain(others).collect()
    }
}
