//! The user agent as one value: its parts, and which of them each input goes to.
use crate::calls::Calls;
use crate::config::{self, Account, Config, Settings, Strangers};
use crate::dialog::Dialog;
use crate::dialogs::{DialogId, Dialogs};
use crate::door::Door;
use crate::flow::Flows;
use crate::invariant::Invariant;
use crate::invite_usage::InviteUsage;
use crate::outbound::RequestContext;
use crate::random::Random;
use crate::resolving::Resolving;
use crate::session_timer::Interval;
use crate::standing::Standing;
use crate::subscription::{SubscriptionId, Subscriptions};
use crate::timers::Timers;
use crate::transaction::{ClientId, Elapsed, Transactions};
use crate::watch::{WatchId, Watchers};
use crate::{Input, Output, Peer, Source};
use std::collections::VecDeque;
use trialog_call::{AccountId, Action, LegId, Target, Time, WireEvent};
use trialog_sip::{Limits, Message};

/// A SIP user agent without socket, clock or randomness of its own.
pub struct UserAgent {
    // The parts, as the table in this package's doc has them.
    pub(crate) flows: Flows,
    pub(crate) dialogs: Dialogs,
    pub(crate) calls: Calls,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) watchers: Watchers,
    pub(crate) resolving: Resolving,
    pub(crate) standing: Standing,
    pub(crate) transactions: Transactions<RequestContext>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) door: Door,
    // What they share.
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) random: Random,
    /// What has not been polled yet.
    pub(crate) out: VecDeque<Output>,
}

/// What a deadline of the user agent itself is about; transactions have their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// Send the 2xx again, or give up.
    Accept(LegId),
    /// Say 180 again, so that no proxy gives the call up.
    Ringing(LegId),
    /// Send the provisional response again that waits for its PRACK, or give up.
    Reliable(LegId),
    /// Try the re-INVITE again.
    Renegotiate(LegId),
    /// Refresh the session, or end the call where its far side has not.
    Session(LegId),
    /// A BYE has waited long enough for the requests before it.
    HangUp(LegId),
    /// A cancelled INVITE was never answered.
    Cancelled(LegId),
    /// Requests in this dialog have waited long enough for the answer to one ahead.
    Pump(DialogId),
    /// Refresh our subscription, or drop it where its call is over.
    Subscriber(SubscriptionId),
    /// The far side's subscription runs out.
    Notifier(SubscriptionId),
    /// Register, or refresh.
    Register(usize),
    /// The way to this account's registrar is to be kept open.
    KeepAlive(usize),
    /// A peer has not answered this request, and others of its name are left.
    NextPeer(ClientId),
    /// Refresh our subscription of this watch, or try again.
    Watch(WatchId),
    /// The oldest ended dialog need not be remembered any more.
    Forget,
}

/// How much is alive in a user agent, to see that nothing is left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Legs, those whose BYE waits for its answer included.
    pub legs: usize,
    /// Dialogs, or INVITEs that may become one, with any usage left but a watch.
    pub dialogs: usize,
    /// Subscriptions of both sides.
    pub subscriptions: usize,
    /// Transactions of both sides.
    pub transactions: usize,
    /// Timers other than those that keep registrations and watches.
    pub timers: usize,
    /// Names being resolved.
    pub resolving: usize,
    /// Ways to find a transaction by what a message says: one for each transaction, and a second for a request outside a
    /// dialog that may come by two ways.
    pub ways: usize,
    /// Dialogs that are over and still remembered, for 64·T1.
    pub remembered: usize,
}

impl UserAgent {
    /// A user agent that knows this, and draws all its randomness from this seed.
    #[must_use]
    pub fn new(mut config: Config, seed: [u8; 32]) -> Self {
        if config.accounts.is_empty() {
            config.any_user = true;
            let account = config::nobody_in_particular(&config.contacts);
            config.accounts.push(account);
        }
        let mut random = Random::new(seed);
        let accept = config.accepts();
        let session = Interval::new(config.session_expires, config.session_least);
        let (allow, supported) = (config.allow().into(), config.supported().into());
        let watchers = Watchers::new(&config.accounts, &config.lamps);
        let flows = Flows::new(config.accounts, config.contacts, &mut random);
        let door = Door::new(random.tag());
        let settings = Settings {
            accept,
            any_user: config.any_user,
            trusted: config.trusted,
            colleagues: config.colleagues,
            strangers: config.strangers,
            codecs: config.codecs,
            pauses: config.pauses,
            lock_codec: config.lock_codec,
            dtmf: config.dtmf,
            srtp: config.srtp,
            agent: config.agent,
            referable: config.referable,
            allow,
            supported,
            reliable: config.reliable,
            session,
            remote_control: config.remote_control,
            product: config.product,
            register_for: config.register_for,
        };
        let mut transactions = Transactions::new();
        let Strangers { all, each } = config.strangers.transactions();
        transactions.limit_strangers(all, each);
        Self {
            settings,
            flows,
            random,
            limits: Limits::default(),
            out: VecDeque::new(),
            transactions,
            timers: Timers::new(),
            calls: Calls::default(),
            dialogs: Dialogs::default(),
            subscriptions: Subscriptions::default(),
            watchers,
            resolving: Resolving::default(),
            standing: Standing::default(),
            door,
        }
    }

    /// Something happened.
    pub fn handle_input(&mut self, now: Time, input: Input<'_>) {
        let unpolled = self.out.len();
        match input {
            Input::Received { source, message } => self.receive(now, source, message),
            Input::Unreadable { source, error } => self.refuse_malformed(source, error),
            Input::TransportError(peer) => self.transport_error(now, &peer),
            Input::NotSecured(peer, fault) => self.not_secured(now, &peer, &fault),
            Input::StreamEnded(peer) => self.flow_ended(now, &peer),
            Input::Resolved { id, peers } => self.resolved(now, id, peers),
            Input::Action { action, rtp_port } => self.act(now, action, rtp_port),
            Input::LocalAddressChanged { account, contacts } => {
                self.local_address_changed(now, account, contacts);
            }
            Input::Register(account) => self.register(now, account),
            Input::Unregister(account) => self.unregister(now, account),
            Input::RegisterAnew => self.register_anew(now),
            Input::Rosters(rosters) => self.rosters(now, &rosters),
            Input::Timeout => self.timeout(now),
        }
        self.note_what_was_sent(now, unpolled);
        if self.is_idle() {
            self.give_back_room();
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Timeout`] is to be given next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        [
            self.transactions.next_deadline(),
            self.timers.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The server that has taken an account's REGISTER, the latest of them.
    #[must_use]
    pub fn server(&self, account: AccountId) -> Option<&Peer> {
        self.flows.get(usize::from(account.0))?.server()
    }

    /// Whom to call, by which account, to take a call that rings where this lamp is ([`Config::lamps`]); `None`: none does that says so.
    #[must_use]
    pub fn pickup(&self, lamp: u16) -> Option<(AccountId, Target)> {
        self.watchers.pickup(lamp)
    }

    /// How much is alive.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of_account = |account| [Timer::Register(account), Timer::KeepAlive(account)];
        let watching = self.watchers.ids().map(Timer::Watch);
        let kept = (0..self.flows.len())
            .flat_map(of_account)
            .chain(watching)
            .filter(|timer| self.timers.is_set(*timer))
            .count();
        Counts {
            legs: self.calls.len(),
            dialogs: self.dialogs.len() - self.watchers.dialogs(),
            subscriptions: self.subscriptions.len(),
            transactions: self.transactions.len(),
            timers: self.timers.len() - kept,
            resolving: self.resolving.len(),
            ways: self.transactions.ways(),
            remembered: self.dialogs.remembered(),
        }
    }

    /// Nothing is under way but registrations.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.counts() == Counts::default()
    }

    pub(crate) fn event(&mut self, leg: LegId, event: WireEvent) {
        self.out.push_back(Output::Event { leg, event });
    }

    pub(crate) fn account(&self, index: usize) -> &Account {
        &self.flows[index].account
    }

    fn receive(&mut self, now: Time, source: Source, bytes: &[u8]) {
        match Message::parse_datagram(bytes, &self.limits) {
            Ok(Message::Request(request)) => {
                self.heard_from(now, &source.peer);
                self.receive_request(now, source, request);
            }
            Ok(Message::Response(response)) => {
                if let Some(id) = self
                    .transactions
                    .receive_response(now, &response, &mut self.out)
                {
                    self.heard(now, id, &response);
                    self.answered(now, id, response.status.code(), Some(&response));
                    self.transactions.reap(id);
                }
            }
            Err(error) => self.refuse_malformed(source, &error),
        }
    }

    pub(crate) fn transport_error(&mut self, now: Time, peer: &Peer) {
        for id in self.transactions.unheard_from(peer) {
            // RFC 3261 §8.1.3.1: as if 503 had come.
            self.unanswered(now, id, 503);
        }
        self.flow_ended(now, peer);
    }

    fn timeout(&mut self, now: Time) {
        loop {
            if let Some(elapsed) = self.transactions.on_timeout(now, &mut self.out) {
                match elapsed {
                    Some(Elapsed::TimedOut(id)) => self.unanswered(now, id, 408),
                    Some(Elapsed::Unfinished(id)) => self.without_answer(now, id, 504),
                    None => {}
                }
            } else if let Some(timer) = self.timers.pop_due(now) {
                self.fire(now, timer);
            } else {
                return;
            }
        }
    }

    /// Nothing is left: tables that grew in busy times are small again, as those of a new user agent.
    fn give_back_room(&mut self) {
        self.calls.give_back_room();
        self.dialogs.give_back_room();
        self.subscriptions.give_back_room();
        self.resolving.give_back_room();
        self.out.shrink_to_fit();
        self.transactions.give_back_room();
        self.timers.give_back_room();
    }

    fn fire(&mut self, now: Time, timer: Timer) {
        match timer {
            Timer::Accept(leg) => self.accept_timer(now, leg),
            Timer::Ringing(leg) => self.ring_again(now, leg),
            Timer::Reliable(leg) => self.reliable_timer(now, leg),
            Timer::Renegotiate(leg) => self.try_renegotiate(now, leg),
            Timer::Session(leg) => self.session_timer(now, leg),
            Timer::HangUp(leg) => self.send_bye(now, leg),
            Timer::Cancelled(leg) => self.cancel_timer(now, leg),
            Timer::Pump(id) => self.pump(now, id),
            Timer::Subscriber(id) => self.subscriber_timer(now, id),
            Timer::Notifier(id) => self.notifier_timer(now, id),
            Timer::Register(account) => self.registration_timer(now, account),
            Timer::KeepAlive(account) => self.keep_alive_timer(now, account),
            Timer::Watch(id) => self.watch_timer(now, id),
            Timer::NextPeer(id) => self.next_peer_timer(now, id),
            Timer::Forget => {
                let next = self.dialogs.forget(now);
                self.timers.put(Timer::Forget, next);
            }
        }
    }

    fn act(&mut self, now: Time, action: Action, rtp_port: Option<u16>) {
        match action {
            Action::Invite {
                leg,
                account,
                target,
                as_guest,
                referral,
            } => {
                let call = crate::invite::NewCall {
                    leg,
                    account: usize::from(account.0),
                    target,
                    as_guest,
                    referral,
                };
                self.place(now, call, rtp_port);
            }
            Action::Ring(leg) => self.say_ringing(now, leg, rtp_port),
            Action::Answer(leg) => self.accept(now, leg, rtp_port),
            Action::Reject { leg, status } => self.reject(now, leg, status),
            Action::Redirect { leg, target } => self.redirect(now, leg, &target),
            Action::FollowRedirection(leg) => self.follow_redirection(now, leg),
            Action::RefuseRedirection(leg) => self.refuse_redirection(now, leg),
            Action::Cancel(leg) => self.cancel(now, leg),
            Action::Bye { leg, reason } => self.hang_up(now, leg, reason),
            Action::Reinvite { leg, session } => self.renegotiate(now, leg, session),
            Action::Refer { leg, to } => self.refer(now, leg, &to),
            Action::WithdrawRefer(leg) => self.withdraw_refer(now, leg),
            Action::AcceptReferral(leg) => self.accept_referral(now, leg),
            Action::RefuseReferral { leg, status } => self.refuse_referral(now, leg, status),
            Action::ReferralResult { leg, status } => self.referral_result(now, leg, status),
            Action::Inform { leg, info } => self.inform(now, leg, info),
            Action::StateParty { leg, party } => self.state_party(now, leg, party),
            Action::Dtmf { leg, digit } => self.send_digit(now, leg, digit),
            // Screen, journal and program: not ours.
            Action::Record(_) | Action::Notice(_) | Action::Refuse(_) | Action::Quit => {}
        }
    }

    /// The leg and its dialog.
    pub(crate) fn leg_mut(&mut self, id: LegId) -> Option<(&mut InviteUsage, &mut Dialog)> {
        let leg = self.calls.get_mut(id)?;
        let dialog = self.dialogs.present_mut(leg.dialog)?;
        Some((leg, dialog))
    }

    /// As [`UserAgent::leg_mut`], where the leg is not over by what the caller knows.
    #[track_caller]
    pub(crate) fn present_leg_mut(&mut self, id: LegId) -> Option<(&mut InviteUsage, &mut Dialog)> {
        self.leg_mut(id).asserted("the leg is not over")
    }

    /// The leg's dialog.
    pub(crate) fn dialog_of_leg(&self, id: LegId) -> Option<&Dialog> {
        self.dialogs.present(self.calls.get(id)?.dialog)
    }

    /// The leg's call is over: its sound ends. Its dialog goes when nothing of it is left (RFC 5057 §4.1).
    pub(crate) fn end(&mut self, now: Time, id: LegId) {
        // Its INVITE may have no answer yet: it never will.
        self.tell_lost_referrer(now, id, 487);
        // A REFER that the core has not decided on dies with the call.
        self.refuse_referral(now, id, 481);
        self.end_media(id);
        let leg = self.calls.remove(id);
        let Some(leg) = leg.asserted("a leg ends once") else {
            return;
        };
        for timer in [
            Timer::Accept(id),
            Timer::Ringing(id),
            Timer::Reliable(id),
            Timer::Renegotiate(id),
            Timer::Session(id),
            Timer::HangUp(id),
            Timer::Cancelled(id),
        ] {
            self.timers.cancel(timer);
        }
        self.leave_dialog(now, leg.dialog);
    }

    /// A call is none of this dialog's usages any more.
    pub(crate) fn leave_dialog(&mut self, now: Time, id: DialogId) {
        let next = self.dialogs.remember(now, id);
        self.timers.put(Timer::Forget, next);
        if let Some(dialog) = self.dialogs.present_mut(id) {
            dialog.call = None;
            for subscription in dialog.subscriptions.clone() {
                self.linger(now, subscription);
            }
        }
        self.dialogs.settle(id);
    }

    /// A usage of a dialog has ended, and with the last one the dialog.
    pub(crate) fn end_usage(&mut self, dialog: DialogId, usage: SubscriptionId) {
        if let Some(of) = self.dialogs.present_mut(dialog) {
            of.subscriptions.retain(|own| *own != usage);
            self.dialogs.settle(dialog);
        }
    }

    pub(crate) fn end_media(&mut self, id: LegId) {
        if let Some(leg) = self.calls.get_mut(id) {
            leg.media.end(id, &mut self.out);
        }
    }
}
