//! REGISTER (RFC 3261 §10): one binding an account, refreshed before it ends, tried again at growing intervals where it
//! fails (RFC 5626 §4.5), and taken back at the end.
use crate::agent::{Timer, UserAgent};
use crate::outbound::{Purpose, RequestContext};
use crate::random::Random;
use crate::{Output, RegistrationFault, RegistrationState};
use std::net::IpAddr;
use std::time::Duration;
use trialog_call::{AccountId, Time};
use trialog_sip::{HeaderName, Method, NameAddr, Request, Response, Seconds};

/// The first wait after a failure; it doubles with each.
const BACK_OFF: Duration = Duration::from_secs(30);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1800);
/// A registrar that asks for longer than this is not followed.
const LONGEST: u32 = 86_400;

/// An account's registration. All REGISTERs of one have the same Call-ID (RFC 3261 §10.2).
pub(crate) struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// What we ask for: raised where a registrar says 423.
    ask: Option<u32>,
    failures: u32,
    /// We want to be registered.
    wanted: bool,
    /// A binding may be there.
    bound: bool,
    /// Its REGISTER has no final answer yet.
    in_flight: bool,
    /// The registrar's name had no address this time.
    pub(crate) nameless: bool,
    /// What to send when that one is answered: the other of registering and taking back.
    again: bool,
}

impl Registration {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            call_id: random.call_id(),
            tag: random.tag(),
            cseq: 0,
            ask: None,
            failures: 0,
            wanted: false,
            bound: false,
            in_flight: false,
            nameless: false,
            again: false,
        }
    }

    pub(crate) fn next_number(&mut self) -> u32 {
        self.cseq += 1;
        self.cseq
    }
}

impl UserAgent {
    pub(crate) fn register_all(&mut self, now: Time) {
        for account in 0..self.registrations.len() {
            if self.account(account).registrar.is_some() {
                self.registrations[account].wanted = true;
                self.state_registration(account, RegistrationState::Registering);
                self.register(now, account);
            }
        }
    }

    pub(crate) fn unregister_all(&mut self, now: Time) {
        for account in 0..self.registrations.len() {
            self.timers.cancel(Timer::Register(account));
            let registration = &mut self.registrations[account];
            let was_wanted = std::mem::replace(&mut registration.wanted, false);
            if registration.bound || registration.in_flight {
                self.register(now, account);
            } else if was_wanted {
                self.state_registration(account, RegistrationState::Unregistered);
            }
        }
    }

    /// Sends a REGISTER that says what is wanted now.
    pub(crate) fn register(&mut self, now: Time, account: usize) {
        let (allow, supported) = (self.allow(), self.supported());
        let own = &self.config.accounts[account];
        let Some(registrar) = own.registrar.clone() else {
            return;
        };
        let registration = &mut self.registrations[account];
        if registration.in_flight {
            registration.again = true;
            return;
        }
        registration.in_flight = true;
        registration.nameless = false;
        registration.again = false;
        let expires = if registration.wanted {
            let usual = u32::try_from(self.config.register_for.as_secs()).unwrap_or(LONGEST);
            registration.ask.unwrap_or(usual)
        } else {
            0
        };
        let cseq = registration.next_number();
        // RFC 3261 §10.2: the Request-URI is the registrar's domain, without user and port of its own.
        let mut uri = registrar.bare();
        uri.user = None;
        let mut request = Request::new(Method::Register, uri);
        let mut address = NameAddr::new(own.aor.bare());
        if let Some(display) = &own.display {
            address = address.with_name(display);
        }
        let headers = &mut request.headers;
        let next_hop = match &own.outbound_proxy {
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
            address.clone().with_tag(&registration.tag).to_string(),
        );
        headers.push(HeaderName::To, address.to_string());
        headers.push(HeaderName::CallId, registration.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{cseq} REGISTER"));
        headers.push(HeaderName::Expires, expires.to_string());
        headers.push(HeaderName::Allow, allow);
        headers.push(HeaderName::Supported, supported);
        let sent = RequestContext::new(Purpose::Register(account), account);
        self.send(now, request, &next_hop, sent);
    }

    /// The registrar's answer, or none (408, 503).
    pub(crate) fn register_answered(
        &mut self,
        now: Time,
        account: usize,
        status: u16,
        response: Option<&Response>,
        from: Option<IpAddr>,
    ) {
        if status < 200 {
            return;
        }
        if let Some(from) = from.map(|from| from.to_canonical())
            && status < 300
            && !self.registrar_addresses.contains(&from)
        {
            // What comes by way of our registrar is trusted, whatever its name resolves to.
            self.registrar_addresses.push(from);
        }
        let registration = &mut self.registrations[account];
        registration.in_flight = false;
        if registration.again {
            // What is wanted has changed meanwhile.
            registration.bound |= (200..300).contains(&status);
            return self.register(now, account);
        }
        if !registration.wanted {
            registration.bound = false;
            return self.state_registration(account, RegistrationState::Unregistered);
        }
        match (status, response) {
            (200..=299, Some(response)) => self.registered(now, account, response),
            (423, Some(response)) => {
                // RFC 3261 §10.2.8: the registrar wants it longer.
                let least = response.headers.typed::<Seconds>(&HeaderName::MinExpires);
                match least {
                    Some(Ok(Seconds(least)))
                        if least <= LONGEST && registration.ask.is_none_or(|ask| ask < least) =>
                    {
                        registration.ask = Some(least);
                        self.register(now, account);
                    }
                    _ => self.not_registered(now, account, status, Some(response)),
                }
            }
            _ => self.not_registered(now, account, status, response),
        }
    }

    fn registered(&mut self, now: Time, account: usize, response: &Response) {
        let granted = self.granted(account, response);
        let registration = &mut self.registrations[account];
        registration.failures = 0;
        registration.bound = true;
        let lasts = Duration::from_secs(u64::from(granted));
        // Before its end, with time for a retry; neither all phones at once.
        let margin = (lasts / 10).max(Duration::from_secs(5)).min(lasts / 2);
        let refresh = now + (lasts - margin - self.random.half_to_whole(margin) / 2);
        self.timers.set(Timer::Register(account), refresh);
        let until = now + lasts;
        self.state_registration(account, RegistrationState::Registered { until });
    }

    /// How long our binding lasts: as its Contact says, else Expires, else as we asked.
    fn granted(&self, account: usize, response: &Response) -> u32 {
        let own = &self.account(account).aor;
        let ours = response
            .headers
            .all_typed::<NameAddr>(&HeaderName::Contact)
            .filter_map(Result::ok)
            .find(|contact| {
                let (udp, tcp) = (self.config.contacts.udp, self.config.contacts.tcp);
                let at = |address: std::net::SocketAddr| {
                    contact.uri.host.ip() == Some(address.ip())
                        && contact.uri.port_or_default() == address.port()
                };
                contact.uri.user == own.user && (at(udp) || tcp.is_some_and(at))
            })
            .and_then(|contact| contact.params.get("expires")?.parse::<u32>().ok());
        let header = response.headers.typed::<Seconds>(&HeaderName::Expires);
        let header = header.and_then(Result::ok).map(|seconds| seconds.0);
        let asked = u32::try_from(self.config.register_for.as_secs()).unwrap_or(LONGEST);
        ours.or(header).unwrap_or(asked).clamp(10, LONGEST)
    }

    fn not_registered(
        &mut self,
        now: Time,
        account: usize,
        status: u16,
        response: Option<&Response>,
    ) {
        let registration = &mut self.registrations[account];
        registration.bound = false;
        let doubled = BACK_OFF * 2u32.saturating_pow(registration.failures.min(6));
        registration.failures += 1;
        let nameless = registration.nameless;
        let wait = self.random.half_to_whole(doubled.min(LONGEST_BACK_OFF));
        let told = response.and_then(|response| {
            match response.headers.typed::<Seconds>(&HeaderName::RetryAfter) {
                Some(Ok(Seconds(seconds))) => {
                    Some(Duration::from_secs(u64::from(seconds.min(LONGEST))))
                }
                _ => None,
            }
        });
        let wait = told.map_or(wait, |told| told.max(wait));
        self.timers.set(Timer::Register(account), now + wait);
        let reason = match response {
            Some(response) => response.reason.to_string(),
            None => trialog_sip::reason_phrase(status).to_owned(),
        };
        let cause = match (status, response) {
            (_, Some(_)) => RegistrationFault::Refused,
            (408, None) => RegistrationFault::NoAnswer,
            _ if nameless => RegistrationFault::NoAddress,
            _ => RegistrationFault::Unreachable,
        };
        let again = now + wait;
        self.state_registration(
            account,
            RegistrationState::Failed {
                status,
                reason,
                cause,
                again,
            },
        );
    }

    fn state_registration(&mut self, account: usize, state: RegistrationState) {
        let account = AccountId(u16::try_from(account).unwrap_or(u16::MAX));
        self.out.push_back(Output::Registration { account, state });
    }
}
