//! REGISTER (RFC 3261 §10): one binding an account, refreshed before it ends, tried again at growing intervals where it
//! fails (RFC 5626 §4.5), and taken back at the end.
//!
//! [`Registration`] gets what is wanted, answers and its timer; its next request, its state and the time at which the timer
//! is to fire are polled.
use crate::agent::{Timer, UserAgent};
use crate::config::{Account, Settings};
use crate::outbound::{Purpose, RequestContext};
use crate::random::Random;
use crate::{Output, Peer, RegistrationFault, RegistrationState, TlsFault};
use std::time::Duration;
use trialog_call::{AccountId, Time};
use trialog_sip::{HeaderName, Method, NameAddr, Request, Response, Seconds, Uri};

/// The first wait after a failure, which doubles with each, and the longest (RFC 5626 §4.5): for a registrar that refuses,
/// which more haste would not move.
const BACK_OFF: Duration = Duration::from_secs(30);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1800);
/// The same for one that is not reached, or says that it is out of order: an agent waits for calls meanwhile.
const SOON: Duration = Duration::from_secs(4);
const LONGEST_SOON: Duration = Duration::from_secs(120);
/// After the stream ended that the binding lived by: at once, but not all phones of a registrar in the same moment.
const STREAM_ENDED: Duration = Duration::from_secs(2);
/// How often, at most, what a translator has made of our address is registered at once. One that has another for each request would
/// else keep us registering.
const TRANSLATED_AGAIN: Duration = Duration::from_secs(60);
/// After a REGISTER that was taken, and after one that was sent for a hint, no hint counts for so long.
const HINTS: Duration = Duration::from_secs(60);
/// How often a registrar may ask for a longer time in a row.
const MOST_RAISES: u8 = 3;
/// A registrar that asks for longer than this is not followed.
const LONGEST: u32 = 86_400;

/// An account's registration. All REGISTERs of one have the same Call-ID (RFC 3261 §10.2).
pub(crate) struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// What we ask for: raised where a registrar answers 423.
    ask: Option<u32>,
    raises: u8,
    failures: u32,
    /// We want to be registered.
    wanted: bool,
    /// A binding may be there.
    bound: bool,
    /// A REGISTER is to be sent.
    to_send: bool,
    /// Its REGISTER has no final answer yet.
    in_flight: bool,
    /// What is wanted, or our address, has changed since that was sent: another follows its answer.
    changed: bool,
    /// The registrar's name had no address this time.
    nameless: bool,
    /// Why no secured stream to the registrar came about this time.
    not_secured: Option<TlsFault>,
    /// No answer came, or nothing could be sent: the registrar, or the way there, is gone.
    lost: bool,
    /// When a hint last led to a REGISTER, or there was no need for one.
    hinted: Option<Time>,
    /// When a translator's address was registered at once the last time.
    translated: Option<Time>,
    /// When to send the next one: a refresh, or a try after a failure.
    due: Option<Time>,
    state: Option<RegistrationState>,
}

impl Registration {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            call_id: random.call_id(),
            tag: random.tag(),
            cseq: 0,
            ask: None,
            raises: 0,
            failures: 0,
            wanted: false,
            bound: false,
            to_send: false,
            in_flight: false,
            changed: false,
            nameless: false,
            not_secured: None,
            lost: false,
            hinted: None,
            translated: None,
            due: None,
            state: None,
        }
    }

    /// A binding is wanted.
    pub(crate) fn register(&mut self) {
        self.wanted = true;
        self.state = Some(RegistrationState::Registering);
        self.send();
    }

    /// A binding is wanted: it is there, or tried for.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// A binding is there, and is wanted.
    pub(crate) fn is_bound(&self) -> bool {
        self.wanted && self.bound
    }

    /// No binding is wanted any more.
    pub(crate) fn unregister(&mut self) {
        self.due = None;
        let was_wanted = std::mem::replace(&mut self.wanted, false);
        if self.bound || self.in_flight {
            self.send();
        } else if was_wanted {
            self.state = Some(RegistrationState::Unregistered);
        }
    }

    /// Our Contact is another than the binding's: a REGISTER that has it is sent at once.
    pub(crate) fn rebind(&mut self) {
        if self.wanted {
            self.send();
        }
    }

    /// Something says that the registrar has forgotten our binding, or is there again: a REGISTER is sent at once, unless one
    /// was taken or sent for a hint a moment ago.
    pub(crate) fn hint(&mut self, now: Time) {
        let is_soon = |last| now.since(last) < HINTS;
        if self.wanted && !self.in_flight && !self.hinted.is_some_and(is_soon) {
            self.hinted = Some(now);
            self.due = None;
            self.send();
        }
    }

    /// Whether the registrar has not answered, or could not be reached, since its last answer.
    pub(crate) fn is_lost(&self) -> bool {
        self.wanted && self.lost
    }

    /// A translator's address is our Contact now: a REGISTER that has it is sent at once, unless one was a moment ago; then the
    /// next one has it. Whether it is sent.
    pub(crate) fn rebind_translated(&mut self, now: Time) -> bool {
        let is_soon = |last| now.since(last) < TRANSLATED_AGAIN;
        if !self.wanted || self.translated.is_some_and(is_soon) {
            return false;
        }
        self.translated = Some(now);
        self.rebind();
        true
    }

    /// The stream that our binding lives by has ended: the registrar may have dropped it.
    pub(crate) fn flow_ended(&mut self, now: Time, random: &mut Random) {
        if self.is_bound() && !self.lost && !self.in_flight && !self.to_send {
            self.bound = false;
            self.state = Some(RegistrationState::Registering);
            self.due = Some(now + random.half_to_whole(STREAM_ENDED));
        }
    }

    /// The time has come that [`Self::due`] named.
    pub(crate) fn on_timer(&mut self) {
        self.due = None;
        self.send();
    }

    /// The registrar's name has no address; 503 follows for the REGISTER.
    pub(crate) fn on_no_address(&mut self) {
        self.nameless = true;
    }

    /// No secured stream to the registrar came about; 503 follows for the REGISTER.
    pub(crate) fn on_not_secured(&mut self, fault: TlsFault) {
        self.not_secured = Some(fault);
    }

    /// A number for the REGISTER that was challenged.
    pub(crate) fn next_number(&mut self) -> u32 {
        self.cseq += 1;
        self.cseq
    }

    fn send(&mut self) {
        if self.in_flight {
            self.changed = true;
        } else {
            self.to_send = true;
        }
    }

    /// When [`Self::on_timer`] is to be called.
    pub(crate) fn due(&self) -> Option<Time> {
        self.due
    }

    /// How it stands, where that has changed.
    pub(crate) fn poll_state(&mut self) -> Option<RegistrationState> {
        self.state.take()
    }

    /// The REGISTER that is to be sent, without Via and Contact, and its next hop.
    pub(crate) fn poll_request(
        &mut self,
        account: &Account,
        settings: &Settings,
    ) -> Option<(Request, Uri)> {
        if !std::mem::take(&mut self.to_send) {
            return None;
        }
        let registrar = account.registrar.clone()?;
        self.in_flight = true;
        self.changed = false;
        self.nameless = false;
        self.not_secured = None;
        let expires = if self.wanted {
            self.ask.unwrap_or_else(|| usual(settings))
        } else {
            0
        };
        let cseq = self.next_number();
        // RFC 3261 §10.2: the Request-URI is the registrar's domain, without user and port of its own.
        let mut uri = registrar.bare();
        uri.user = None;
        let mut request = Request::new(Method::Register, uri);
        let mut address = NameAddr::new(account.aor.bare());
        if let Some(display) = &account.display {
            address = address.with_name(display);
        }
        let headers = &mut request.headers;
        let next_hop = match &account.outbound_proxy {
            Some(proxy) => {
                let mut proxy = proxy.clone();
                proxy.params.set("lr", None);
                headers.push(HeaderName::Route, format!("<{proxy}>"));
                proxy
            }
            None => registrar,
        };
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(
            HeaderName::From,
            address.clone().with_tag(&self.tag).to_string(),
        );
        headers.push(HeaderName::To, address.to_string());
        headers.push(HeaderName::CallId, self.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{cseq} REGISTER"));
        headers.push(HeaderName::Expires, expires.to_string());
        headers.push(HeaderName::Allow, settings.allow());
        // RFC 3327 §5.1: proxies may add a Path only where we say that we know it. What the registrar states of it is its own way
        // to us, and ours is Service-Route.
        let supported = format!("{}, path", settings.supported());
        headers.push(HeaderName::Supported, supported);
        Some((request, next_hop))
    }

    /// The registrar's final answer, or none (408, 503). `granted`: how long our binding lasts by it, in seconds.
    pub(crate) fn answered(
        &mut self,
        now: Time,
        status: u16,
        response: Option<&Response>,
        granted: u32,
        random: &mut Random,
    ) {
        self.in_flight = false;
        if self.changed {
            self.bound |= (200..300).contains(&status);
            return self.send();
        }
        if !self.wanted {
            self.bound = false;
            self.state = Some(RegistrationState::Unregistered);
            return;
        }
        match (status, response) {
            (200..=299, Some(_)) => self.registered(now, granted, random),
            (423, Some(response)) => {
                // RFC 3261 §10.2.8: the registrar wants it longer.
                let least = response.headers.typed::<Seconds>(&HeaderName::MinExpires);
                match least {
                    Some(Ok(Seconds(least)))
                        if least <= LONGEST
                            && self.ask.is_none_or(|ask| ask < least)
                            && self.raises < MOST_RAISES =>
                    {
                        self.raises += 1;
                        self.ask = Some(least);
                        self.send();
                    }
                    _ => self.failed(now, status, Some(response), random),
                }
            }
            _ => self.failed(now, status, response, random),
        }
    }

    fn registered(&mut self, now: Time, granted: u32, random: &mut Random) {
        self.failures = 0;
        self.raises = 0;
        self.bound = true;
        self.lost = false;
        self.hinted = Some(now);
        let lasts = Duration::from_secs(u64::from(granted));
        // Before its end, with time for a retry; neither all phones at once.
        let margin = (lasts / 10).max(Duration::from_secs(5)).min(lasts / 2);
        self.due = Some(now + (lasts - margin - random.half_to_whole(margin) / 2));
        let until = now + lasts;
        self.state = Some(RegistrationState::Registered { until });
    }

    fn failed(&mut self, now: Time, status: u16, response: Option<&Response>, random: &mut Random) {
        self.lost = response.is_none();
        self.bound &= self.lost;
        self.raises = 0;
        let refused = response.is_some() && status < 500;
        let (first, longest) = if refused {
            (BACK_OFF, LONGEST_BACK_OFF)
        } else {
            (SOON, LONGEST_SOON)
        };
        let doubled = first * 2u32.saturating_pow(self.failures.min(6));
        self.failures += 1;
        let wait = random.half_to_whole(doubled.min(longest));
        let told = response.and_then(|response| {
            let told = response.headers.typed::<Seconds>(&HeaderName::RetryAfter);
            let Seconds(seconds) = told?.ok()?;
            Some(Duration::from_secs(u64::from(seconds.min(LONGEST))))
        });
        let again = now + told.map_or(wait, |told| told.max(wait));
        self.due = Some(again);
        let reason = match response {
            Some(response) => response.reason.to_string(),
            None => trialog_sip::reason_phrase(status).to_owned(),
        };
        let cause = match (status, response, self.not_secured.take()) {
            (_, Some(_), _) => RegistrationFault::Refused,
            (408, None, _) => RegistrationFault::NoAnswer,
            (_, None, Some(fault)) => RegistrationFault::NotSecured(fault),
            _ if self.nameless => RegistrationFault::NoAddress,
            _ => RegistrationFault::Unreachable,
        };
        self.state = Some(RegistrationState::Failed {
            status,
            reason,
            cause,
            again,
        });
    }
}

/// How long a binding is asked for, in seconds, where the registrar does not want it longer.
fn usual(settings: &Settings) -> u32 {
    u32::try_from(settings.register_for.as_secs()).unwrap_or(LONGEST)
}

impl UserAgent {
    /// Registers this account, or all.
    pub(crate) fn register(&mut self, now: Time, account: Option<AccountId>) {
        for account in self.meant(account) {
            if self.account(account).registrar.is_some() {
                self.flows[account].registration.register();
                self.follow_registration(now, account);
            } else {
                self.watch_directly(now, account);
            }
        }
    }

    /// Takes the registration of this account back, or all.
    pub(crate) fn unregister(&mut self, now: Time, account: Option<AccountId>) {
        for account in self.meant(account) {
            self.watch_with(now, account, &RegistrationState::Unregistered);
            self.flows[account].registration.unregister();
            self.follow_registration(now, account);
        }
    }

    /// Registrars may have lost us.
    pub(crate) fn register_anew(&mut self, now: Time) {
        for account in 0..self.flows.len() {
            if self.flows[account].registration.is_wanted() {
                self.flows[account].registration.register();
                self.follow_registration(now, account);
            }
        }
    }

    fn meant(&self, account: Option<AccountId>) -> std::ops::Range<usize> {
        let Some(account) = account else {
            return 0..self.flows.len();
        };
        let account = usize::from(account.0);
        let known = account < self.flows.len();
        debug_assert!(known, "the program names accounts that there are");
        if known { account..account + 1 } else { 0..0 }
    }

    pub(crate) fn registration_timer(&mut self, now: Time, account: usize) {
        self.flows[account].registration.on_timer();
        self.follow_registration(now, account);
    }

    /// An answer to a REGISTER of this account's, or none (408, 503).
    pub(crate) fn register_answered(
        &mut self,
        now: Time,
        account: usize,
        status: u16,
        response: Option<&Response>,
        from: Option<&Peer>,
    ) {
        if status < 200 {
            return;
        }
        let granted = response.map_or(0, |response| self.granted(account, response));
        let flow = &mut self.flows[account];
        match (from, response) {
            (Some(from), Some(response)) if status < 300 => flow.taken_by(from, response),
            // A stream that swallows what is sent is left: its far side may have lost it without a word.
            (Some(from), None) if from.transport.is_reliable() => {
                self.out.push_back(Output::AbandonStream(from.clone()));
            }
            _ => {}
        }
        let refused = response.is_some() && matches!(status, 400..500 | 600..) && status != 423;
        if refused && flow.untranslated() {
            // It is not answered yet: another one follows.
            flow.registration.rebind();
        }
        flow.registration
            .answered(now, status, response, granted, &mut self.random);
        self.follow_registration(now, account);
        if let (Some(response), 200..=299) = (response, status) {
            self.seen_by_server(now, account, response);
        }
    }

    /// A stream has ended: accounts whose binding lives by it register anew.
    pub(crate) fn flow_ended(&mut self, now: Time, peer: &Peer) {
        for account in 0..self.flows.len() {
            let flow = &mut self.flows[account];
            if flow.lives_by(peer) {
                flow.registration.flow_ended(now, &mut self.random);
                self.follow_registration(now, account);
            }
        }
    }

    /// Something says that this account's registrar has forgotten it.
    pub(crate) fn registration_hint(&mut self, now: Time, account: usize) {
        self.flows[account].registration.hint(now);
        self.follow_registration(now, account);
    }

    /// Something came from there: a registrar that was lost is back.
    pub(crate) fn heard_from(&mut self, now: Time, peer: &Peer) {
        for account in 0..self.flows.len() {
            let flow = &self.flows[account];
            if flow.registration.is_lost() && flow.is_server(peer) {
                self.registration_hint(now, account);
            }
        }
    }

    /// Does what an account's registration wants done.
    pub(crate) fn follow_registration(&mut self, now: Time, account: usize) {
        let flow = &mut self.flows[account];
        if let Some(state) = flow.registration.poll_state() {
            self.watch_with(now, account, &state);
            self.registration_is(now, account, &state);
            let account = AccountId(u16::try_from(account).unwrap_or(u16::MAX));
            self.out.push_back(Output::Registration { account, state });
        }
        let due = self.flows[account].registration.due();
        self.timers.put(Timer::Register(account), due);
        self.keep_open(now, account);
        let flow = &mut self.flows[account];
        let register = flow
            .registration
            .poll_request(&flow.account, &self.settings);
        if let Some((request, next_hop)) = register {
            let sent = RequestContext::new(Purpose::Register(account), account);
            self.send(now, request, &next_hop, sent);
        }
    }

    /// How long our binding lasts, in seconds: as the registrar says, else as we asked.
    fn granted(&self, account: usize, response: &Response) -> u32 {
        let granted = self.flows[account].granted(response);
        granted
            .unwrap_or_else(|| usual(&self.settings))
            .clamp(10, LONGEST)
    }
}
