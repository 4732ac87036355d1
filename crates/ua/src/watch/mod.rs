//! What the phone keeps itself informed of by subscriptions of its own (RFC 6665), each in a dialog of its own: a mailbox (RFC 3842),
//! or somebody else's phone (RFC 4235). They are the account's, and no call's: begun when it is registered, refreshed while it is, begun anew when the far
//! side has lost them, and taken back with its registration.
mod lamp;
mod state;

use crate::agent::{Timer, UserAgent};
use crate::config::{Account, LampOf};
use crate::dialog::{Dialog, tag_of};
use crate::dialogs::DialogId;
use crate::outbound::{Purpose, RequestContext};
use crate::transaction::ServerId;
use crate::{Learnt, Output, RegistrationState};
use lamp::Heard;
pub use lamp::LampState;
pub(crate) use state::{Next, Watcher};
use trialog_call::{AccountId, Target, Time};
use trialog_sip::{
    DialogInfo, Event, HeaderName, MessageSummary, Method, NameAddr, Request, Response,
    SubscriptionState, Uri,
};

/// Something to be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Whose subscription it is.
    account: AccountId,
    /// What is subscribed to: a SIP URI.
    target: Uri,
    /// Of which package.
    what: Watched,
}

/// An event package that we subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Watched {
    /// Messages in a mailbox (RFC 3842).
    Mailbox,
    /// The dialogs of somebody's phone (RFC 4235): the lamp of this number.
    Lamp(u16),
}

impl Watched {
    /// As Event names it.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Mailbox => "message-summary",
            Self::Lamp(_) => "dialog",
        }
    }

    /// The type of its bodies.
    fn accept(self) -> &'static str {
        match self {
            Self::Mailbox => "application/simple-message-summary",
            Self::Lamp(_) => "application/dialog-info+xml",
        }
    }
}

/// Which of the configured watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WatchId(usize);

/// All that are configured.
pub(crate) struct Watchers(Vec<Watcher>);

impl Watchers {
    pub(crate) fn new(accounts: &[Account], lamps: &[LampOf]) -> Self {
        let mailbox = |(account, target): (usize, &Account)| {
            let target = target.mailbox.clone()?;
            let account = AccountId(u16::try_from(account).ok()?);
            let what = Watched::Mailbox;
            Some(Watcher::new(Watch {
                account,
                target,
                what,
            }))
        };
        let lamp = |(number, lamp): (usize, &LampOf)| {
            Some(Watcher::new(Watch {
                account: lamp.account,
                target: lamp.of.clone(),
                what: Watched::Lamp(u16::try_from(number).ok()?),
            }))
        };
        let mailboxes = accounts.iter().enumerate().filter_map(mailbox);
        let lamps = lamps.iter().enumerate().filter_map(lamp);
        Self(mailboxes.chain(lamps).collect())
    }

    pub(crate) fn get_mut(&mut self, id: WatchId) -> Option<&mut Watcher> {
        self.0.get_mut(id.0)
    }

    fn of_account(&self, account: usize) -> Vec<WatchId> {
        let all = self.0.iter().enumerate();
        let own = all.filter(|(_, watcher)| usize::from(watcher.watch.account.0) == account);
        own.map(|(index, _)| WatchId(index)).collect()
    }

    /// Whom to call, by which account, to take a call that rings where this lamp is.
    pub(crate) fn pickup(&self, lamp: u16) -> Option<(AccountId, Target)> {
        let mut all = self.0.iter();
        let watcher = all.find(|watcher| watcher.watch.what == Watched::Lamp(lamp))?;
        Some((watcher.watch.account, watcher.lamp.pickup()?))
    }

    /// Their names.
    pub(crate) fn ids(&self) -> impl Iterator<Item = WatchId> + use<> {
        (0..self.0.len()).map(WatchId)
    }

    /// How many have a dialog.
    pub(crate) fn dialogs(&self) -> usize {
        self.0
            .iter()
            .filter(|watcher| watcher.dialog.is_some())
            .count()
    }
}

impl UserAgent {
    /// An account's registration has changed, and with it what it may subscribe to.
    pub(crate) fn watch_with(&mut self, now: Time, account: usize, state: &RegistrationState) {
        for id in self.watchers.of_account(account) {
            let Some(watcher) = self.watchers.get_mut(id) else {
                continue;
            };
            let next = match state {
                RegistrationState::Registered { .. } => watcher.begin(),
                RegistrationState::Failed { .. } => {
                    watcher.doubtful = true;
                    Next::Nothing
                }
                RegistrationState::Unregistered => watcher.end(),
                RegistrationState::Registering => Next::Nothing,
            };
            self.do_next(now, id, next);
        }
    }

    /// Others reach this account elsewhere: its subscriptions are refreshed as soon as it is registered there.
    pub(crate) fn watches_moved(&mut self, account: usize) {
        for id in self.watchers.of_account(account) {
            if let Some(watcher) = self.watchers.get_mut(id) {
                watcher.doubtful = true;
            }
        }
    }

    /// The watches of an account that has no registrar begin.
    pub(crate) fn watch_directly(&mut self, now: Time, account: usize) {
        for id in self.watchers.of_account(account) {
            if let Some(watcher) = self.watchers.get_mut(id) {
                let next = watcher.begin();
                self.do_next(now, id, next);
            }
        }
    }

    pub(crate) fn watch_timer(&mut self, now: Time, id: WatchId) {
        if let Some(watcher) = self.watchers.get_mut(id) {
            let next = watcher.on_timer(now);
            self.do_next(now, id, next);
        }
    }

    fn do_next(&mut self, now: Time, id: WatchId, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Wait(until) => {
                self.timers.set(Timer::Watch(id), until);
            }
            Next::Anew => self.subscribe_anew(now, id),
            Next::Refresh(until) => {
                self.timers.set(Timer::Watch(id), until);
                self.resubscribe(now, id);
            }
            Next::Later(until) => {
                self.unwatched(id);
                self.timers.set(Timer::Watch(id), until);
            }
            Next::TakeBack => {
                self.timers.cancel(Timer::Watch(id));
                self.tell_unknown(id);
                self.resubscribe(now, id);
            }
            Next::Drop => {
                self.timers.cancel(Timer::Watch(id));
                self.unwatched(id);
            }
        }
    }

    /// There is no subscription any more.
    fn unwatched(&mut self, id: WatchId) {
        self.drop_watch_dialog(id);
        self.tell_unknown(id);
    }

    /// A new subscription, in a new dialog.
    fn subscribe_anew(&mut self, now: Time, id: WatchId) {
        self.drop_watch_dialog(id);
        let Some(watcher) = self.watchers.get_mut(id) else {
            return;
        };
        let target = watcher.watch.target.clone();
        let account = usize::from(watcher.watch.account.0).min(self.flows.len() - 1);
        let mut dialog = Dialog::invited(
            self.random.call_id(),
            NameAddr::new(self.account(account).aor.bare()),
            self.random.tag(),
            NameAddr::new(target.bare()),
            target,
            account,
        );
        dialog.route_set = self.flows[account].preloaded_route();
        dialog.local_cseq = self.random.cseq();
        dialog.watch = Some(id);
        let mut request = dialog.request(Method::Subscribe);
        dialog.sent(now, Method::Subscribe);
        dialog.open = 1;
        for (name, value) in self.subscription_headers(id) {
            request.headers.push(name, value);
        }
        let next_hop = self.next_hop(&request, account);
        let dialog = self.dialogs.open(dialog);
        if let Some(watcher) = self.watchers.get_mut(id) {
            watcher.dialog = Some(dialog);
            watcher.lamp.begin_anew();
            let until = watcher.asked_anew(now);
            self.timers.set(Timer::Watch(id), until);
        }
        let sent = RequestContext::in_dialog(Purpose::Watch(id), dialog, account);
        self.send(now, request, &next_hop, sent);
    }

    fn subscription_headers(&mut self, id: WatchId) -> Vec<(HeaderName, String)> {
        let Some(watcher) = self.watchers.get_mut(id) else {
            return Vec::new();
        };
        let what = watcher.watch.what;
        vec![
            (HeaderName::Event, what.package().to_owned()),
            (HeaderName::Accept, what.accept().to_owned()),
            (HeaderName::Expires, watcher.expires().to_string()),
            (
                HeaderName::AllowEvents,
                self.settings.allow_events().to_owned(),
            ),
            (HeaderName::Supported, self.settings.supported().to_owned()),
        ]
    }

    /// Refreshes the subscription, or takes it back.
    fn resubscribe(&mut self, now: Time, id: WatchId) {
        let headers = self.subscription_headers(id);
        let watcher = self.watchers.get_mut(id);
        let Some(dialog) = watcher.and_then(|watcher| watcher.dialog) else {
            return;
        };
        let (method, purpose) = (Method::Subscribe, Purpose::Watch(id));
        self.enqueue(now, dialog, method, headers, Vec::new(), purpose);
    }

    fn drop_watch_dialog(&mut self, id: WatchId) {
        let watcher = self.watchers.get_mut(id);
        let Some(dialog) = watcher.and_then(|watcher| watcher.dialog.take()) else {
            return;
        };
        if let Some(of) = self.dialogs.present_mut(dialog) {
            of.watch = None;
            of.unqueue(Purpose::Watch(id));
            self.dialogs.settle(dialog);
        }
    }

    /// The answer to a SUBSCRIBE, or none (408, 503). `dialog`: that it was sent in.
    pub(crate) fn watch_answered(
        &mut self,
        now: Time,
        id: WatchId,
        dialog: Option<DialogId>,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some(watcher) = self.watchers.get_mut(id) else {
            return;
        };
        // Of one that was given up since.
        if status < 200 || watcher.dialog != dialog {
            return;
        }
        if let (200..=299, Some(response)) = (status, response)
            && let Some(dialog) = dialog.and_then(|dialog| self.dialogs.get_mut(dialog))
        {
            if dialog.remote_tag.is_none() {
                dialog.answer(response);
            } else {
                dialog.refresh_target(&response.headers);
            }
        }
        let next = watcher.answered(now, status, response.map(|response| &response.headers));
        self.do_next(now, id, next);
    }

    /// A NOTIFY in a watch's dialog. It may come before the answer to our SUBSCRIBE, and is then what opens the dialog (RFC 6665 §4.4.1):
    /// the first of several forks is listened to.
    pub(crate) fn watch_notified(
        &mut self,
        now: Time,
        id: WatchId,
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
        let Some(watcher) = self.watchers.get_mut(id) else {
            return self.refuse(now, server, 481);
        };
        let watch = watcher.watch.clone();
        if !event.package.eq_ignore_ascii_case(watch.what.package()) {
            return self.refuse_event(now, server);
        }
        if let Some(of) = self.dialogs.present_mut(dialog) {
            of.opened_by_notify(request);
        }
        self.respond_plainly(now, Some(dialog), server, 200);
        let Some(watcher) = self.watchers.get_mut(id) else {
            return;
        };
        let next = watcher.notified(now, &state);
        let gap = !state.is_terminated() && self.tell_watched(id, &watch, &request.body);
        self.do_next(now, id, next);
        if let Some(watcher) = self.watchers.get_mut(id).filter(|_| gap) {
            let next = watcher.doubt();
            self.do_next(now, id, next);
        }
    }

    /// What a NOTIFY says. Whether it builds on another that has not come.
    fn tell_watched(&mut self, id: WatchId, watch: &Watch, body: &[u8]) -> bool {
        match watch.what {
            Watched::Mailbox => self.tell_mailbox(watch.account, body),
            Watched::Lamp(lamp) => return self.tell_lamp(id, lamp, body),
        }
        false
    }

    fn tell_lamp(&mut self, id: WatchId, lamp: u16, body: &[u8]) -> bool {
        let (Ok(info), Some(watcher)) = (DialogInfo::read(body), self.watchers.get_mut(id)) else {
            // Nothing is known by it.
            return false;
        };
        let before = watcher.lamp.state();
        let heard = watcher.lamp.hear(info);
        let state = watcher.lamp.state();
        if state != before {
            self.out
                .push_back(Output::Learnt(Learnt::Lamp { lamp, state }));
        }
        heard == Heard::Gap
    }

    /// The state of an account's mailbox. RFC 3842 §3.6: a body without a state says nothing.
    pub(crate) fn tell_mailbox(&mut self, account: AccountId, body: &[u8]) {
        if let Some(mailbox) = MessageSummary::read(body) {
            self.out.push_back(Output::Learnt(Learnt::Mailbox {
                account,
                mailbox: Some(mailbox),
            }));
        }
    }

    fn tell_unknown(&mut self, id: WatchId) {
        let Some(watcher) = self.watchers.get_mut(id) else {
            return;
        };
        let Watch { account, what, .. } = watcher.watch;
        watcher.lamp.begin();
        if std::mem::take(&mut watcher.told) {
            match what {
                Watched::Mailbox => self.out.push_back(Output::Learnt(Learnt::Mailbox {
                    account,
                    mailbox: None,
                })),
                Watched::Lamp(lamp) => {
                    let state = LampState::Unknown;
                    self.out
                        .push_back(Output::Learnt(Learnt::Lamp { lamp, state }));
                }
            }
        }
    }
}

impl Dialog {
    /// Whether this NOTIFY opens it: a SUBSCRIBE of ours has no answer yet.
    pub(crate) fn is_opened_by(&self, request: &Request) -> bool {
        let is_ours = || {
            tag_of(&request.headers, &HeaderName::To) == Some(self.local_tag.as_str())
                && request.headers.get(&HeaderName::CallId) == Some(self.call_id.as_str())
        };
        self.watch.is_some()
            && self.remote_tag.is_none()
            && request.method == Method::Notify
            && is_ours()
    }

    /// Becomes the dialog that this NOTIFY opens, where nothing has opened it yet; its target follows each.
    fn opened_by_notify(&mut self, request: &Request) {
        if self.remote_tag.is_none() {
            let tag = tag_of(&request.headers, &HeaderName::From);
            self.remote_tag = Some(tag.unwrap_or_default().to_owned());
            self.follow_route(&request.headers);
        }
        self.refresh_target(&request.headers);
    }
}
