//! The user agent as one value: what it owns, and which part of it each input goes to.
use crate::authentication::KnownChallenge;
use crate::config::{self, Account, Config};
use crate::dialog::Dialog;
use crate::dialogs::{DialogId, Dialogs};
use crate::id_map::IdMap;
use crate::invite_usage::InviteUsage;
use crate::outbound::{RequestContext, Waiting};
use crate::random::Random;
use crate::registration::Registration;
use crate::subscription::{SubscriptionId, Subscriptions};
use crate::timers::Timers;
use crate::transaction::{Elapsed, Transactions};
use crate::{Input, Output, ResolveId, Source, Transport};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use trialog_call::{Action, LegId, Time, WireEvent};
use trialog_sip::{Limits, Message, Uri};

/// A SIP user agent without socket, clock or randomness of its own.
pub struct UserAgent {
    pub(crate) config: Config,
    pub(crate) random: Random,
    pub(crate) limits: Limits,
    pub(crate) out: VecDeque<Output>,
    pub(crate) transactions: Transactions<RequestContext>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) legs: IdMap<LegId, InviteUsage>,
    pub(crate) legs_received: u32,
    pub(crate) dialogs: Dialogs,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) registrations: Vec<Registration>,
    /// Addresses that answered for our registrars.
    pub(crate) registrar_addresses: Vec<IpAddr>,
    pub(crate) challenges: Vec<Vec<KnownChallenge>>,
    pub(crate) resolving: IdMap<ResolveId, Waiting>,
    pub(crate) resolves: u64,
}

/// What a deadline of the user agent itself is about; transactions have their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// Send the 2xx again, or give up.
    Accept(LegId),
    /// Say 180 again, so that no proxy gives the call up.
    Ringing(LegId),
    /// Try the re-INVITE again.
    Renegotiate(LegId),
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
    /// The oldest ended dialog need not be remembered any more.
    Forget,
}

/// How much is alive in a user agent, to see that nothing is left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Legs, those whose BYE waits for its answer included.
    pub legs: usize,
    /// Dialogs, or INVITEs that may become one, with any usage left.
    pub dialogs: usize,
    /// Subscriptions of both sides.
    pub subscriptions: usize,
    /// Transactions of both sides.
    pub transactions: usize,
    /// Timers other than those that keep registrations.
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
            let account = config::nobody_in_particular(&config.contacts);
            config.accounts.push(account);
        }
        let mut random = Random::new(seed);
        let registrations = config
            .accounts
            .iter()
            .map(|_| Registration::new(&mut random))
            .collect();
        let challenges = config.accounts.iter().map(|_| Vec::new()).collect();
        Self {
            config,
            random,
            limits: Limits::default(),
            out: VecDeque::new(),
            transactions: Transactions::new(),
            timers: Timers::new(),
            legs: IdMap::default(),
            legs_received: 0,
            dialogs: Dialogs::default(),
            subscriptions: Subscriptions::default(),
            registrations,
            registrar_addresses: Vec::new(),
            challenges,
            resolving: IdMap::default(),
            resolves: 0,
        }
    }

    /// Something happened.
    pub fn handle_input(&mut self, now: Time, input: Input<'_>) {
        match input {
            Input::Received { source, message } => self.receive(now, source, message),
            Input::TransportError {
                transport,
                destination,
            } => self.transport_error(now, transport, destination),
            Input::Resolved { id, addresses } => self.resolved(now, id, addresses),
            Input::Action { action, media } => self.act(now, action, media),
            Input::Register => self.register_all(now),
            Input::Unregister => self.unregister_all(now),
            Input::Timeout => self.timeout(now),
        }
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

    /// How much is alive.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let registering = (0..self.registrations.len())
            .filter(|index| self.timers.is_set(Timer::Register(*index)))
            .count();
        Counts {
            legs: self.legs.len(),
            dialogs: self.dialogs.len(),
            subscriptions: self.subscriptions.len(),
            transactions: self.transactions.len(),
            timers: self.timers.len() - registering,
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
        &self.config.accounts[index]
    }

    fn receive(&mut self, now: Time, source: Source, bytes: &[u8]) {
        match Message::parse_datagram(bytes, &self.limits) {
            Ok(Message::Request(request)) => self.receive_request(now, source, request),
            Ok(Message::Response(response)) => {
                if let Some(id) = self
                    .transactions
                    .receive_response(now, &response, &mut self.out)
                {
                    self.answered(now, id, response.status.code(), Some(&response));
                    self.transactions.reap(id);
                }
            }
            Err(error) => self.refuse_malformed(source, &error),
        }
    }

    fn transport_error(&mut self, now: Time, transport: Transport, destination: SocketAddr) {
        for id in self.transactions.unheard_from(transport, destination) {
            // RFC 3261 §8.1.3.1: as if 503 had come.
            self.unanswered(now, id, 503);
        }
    }

    fn timeout(&mut self, now: Time) {
        loop {
            if let Some(elapsed) = self.transactions.on_timeout(now, &mut self.out) {
                if let Some(Elapsed::TimedOut(id)) = elapsed {
                    self.unanswered(now, id, 408);
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
        self.legs.shrink_to_fit();
        self.dialogs.give_back_room();
        self.subscriptions.give_back_room();
        self.resolving.shrink_to_fit();
        self.out.shrink_to_fit();
        self.transactions.give_back_room();
        self.timers.give_back_room();
    }

    fn fire(&mut self, now: Time, timer: Timer) {
        match timer {
            Timer::Accept(leg) => self.accept_timer(now, leg),
            Timer::Ringing(leg) => self.ring_again(now, leg),
            Timer::Renegotiate(leg) => self.try_renegotiate(now, leg),
            Timer::HangUp(leg) => self.send_bye(now, leg),
            Timer::Cancelled(leg) => self.cancel_timer(now, leg),
            Timer::Pump(id) => self.pump(now, id),
            Timer::Subscriber(id) => self.subscriber_timer(now, id),
            Timer::Notifier(id) => self.notifier_timer(now, id),
            Timer::Register(account) => self.register(now, account),
            Timer::Forget => {
                let next = self.dialogs.forget(now);
                self.timers.put(Timer::Forget, next);
            }
        }
    }

    fn act(&mut self, now: Time, action: Action, media: Option<SocketAddr>) {
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
                self.place(now, call, media);
            }
            Action::Ring(leg) => self.say_ringing(now, leg),
            Action::Answer(leg) => self.accept(now, leg, media),
            Action::Reject { leg, status } => self.reject(now, leg, status),
            Action::Redirect { leg, target } => self.redirect(now, leg, &target),
            Action::Cancel(leg) => self.cancel(now, leg),
            Action::Bye { leg, reason } => self.hang_up(now, leg, reason),
            Action::Reinvite { leg, session } => self.renegotiate(now, leg, session),
            Action::Refer { leg, to } => self.refer(now, leg, &to),
            Action::WithdrawRefer(leg) => self.withdraw_refer(now, leg),
            Action::AcceptReferral(leg) => self.accept_referral(now, leg),
            Action::RefuseReferral { leg, status } => self.refuse_referral(now, leg, status),
            Action::ReferralResult { leg, status } => self.referral_result(now, leg, status),
            Action::Inform { leg, info } => self.inform(now, leg, info),
            // Sound, screen, journal and program: not ours.
            Action::Dtmf { .. }
            | Action::Record(_)
            | Action::Notice(_)
            | Action::Refuse(_)
            | Action::Quit => {}
        }
    }

    /// Whether policy trusts whoever sent this.
    pub(crate) fn trusts(&self, source: &Source, from: &Uri) -> bool {
        let sender = source.remote.ip().to_canonical();
        self.registrar_addresses.contains(&sender)
            || self
                .config
                .accounts
                .iter()
                .flat_map(|account| [&account.registrar, &account.outbound_proxy])
                .flatten()
                .any(|proxy| proxy.host.ip() == Some(sender))
            || self
                .config
                .trusted
                .iter()
                .any(|trusted| trusted.covers(sender, from))
    }

    /// The leg and its dialog.
    pub(crate) fn leg_mut(&mut self, id: LegId) -> Option<(&mut InviteUsage, &mut Dialog)> {
        let leg = self.legs.get_mut(&id)?;
        let dialog = self.dialogs.get_mut(leg.dialog);
        debug_assert!(dialog.is_some(), "a dialog lives as long as its call");
        Some((leg, dialog?))
    }

    /// The leg's dialog.
    pub(crate) fn dialog_of_leg(&self, id: LegId) -> Option<&Dialog> {
        let dialog = self.dialogs.get(self.legs.get(&id)?.dialog);
        debug_assert!(dialog.is_some(), "a dialog lives as long as its call");
        dialog
    }

    /// The leg's call is over: its sound ends. Its dialog goes when nothing of it is left (RFC 5057 §4.1).
    pub(crate) fn end(&mut self, now: Time, id: LegId) {
        // Its INVITE may have no answer yet: it never will.
        self.tell_lost_referrer(now, id, 487);
        // A REFER that the core has not decided on dies with the call.
        self.refuse_referral(now, id, 481);
        self.end_media(id);
        let Some(leg) = self.legs.remove(&id) else {
            return;
        };
        for timer in [
            Timer::Accept(id),
            Timer::Ringing(id),
            Timer::Renegotiate(id),
            Timer::HangUp(id),
            Timer::Cancelled(id),
        ] {
            self.timers.cancel(timer);
        }
        let next = self.dialogs.remember(now, leg.dialog);
        self.timers.put(Timer::Forget, next);
        if let Some(dialog) = self.dialogs.get_mut(leg.dialog) {
            dialog.call = None;
            for subscription in dialog.subscriptions.clone() {
                self.linger(now, subscription);
            }
        }
        self.dialogs.settle(leg.dialog);
    }

    /// A usage of a dialog has ended, and with the last one the dialog.
    pub(crate) fn end_usage(&mut self, dialog: DialogId, usage: SubscriptionId) {
        if let Some(of) = self.dialogs.get_mut(dialog) {
            of.subscriptions.retain(|own| *own != usage);
            self.dialogs.settle(dialog);
        }
    }

    pub(crate) fn end_media(&mut self, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.media.end(id, &mut self.out);
        }
    }
}
