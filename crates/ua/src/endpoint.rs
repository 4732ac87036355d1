//! A whole phone without its sockets and its sound: the call-state core and the user agent in one sans-IO value.
//!
//! What the wire says goes to the core, what the core decides goes to the wire, until nothing is left to say; then the
//! outputs are there to be polled. It keeps the pool of RTP ports that the owner of the sockets gave it, one a leg. It
//! decides nothing itself. The program `trialog` and the simulated network both run this.
mod control;
mod reconfigured;
mod rosters;
mod short_calls;

use crate::rtp_ports::{RtpPort, RtpPortPool};
use crate::short_call::ShortCalls;
use crate::{
    Config, Contacts, Counts, DigitStep, Input, Learnt, Output, Peer, Question, RegistrationState,
    ResolveId, ShortCallOver, Source, Strangers, TlsFault, Transmit, UserAgent,
};
use std::collections::VecDeque;
use std::net::IpAddr;
use trialog_call::{
    AccountId, Act, Action, CallId, CallRecord, LegId, MediaEvent, Notice, Phone, Policy,
    ReferralPolicy, Refusal, Routing, Snapshot, Target, Time,
};
use trialog_sdp::{Codec, Negotiated};
use trialog_sip::ParseError;

/// What happened to the phone.
#[derive(Clone, Debug)]
pub enum EndpointInput<'a> {
    /// A message came in.
    Wire {
        /// Where from.
        source: Source,
        /// One whole datagram, or one framed message of a stream.
        message: &'a [u8],
    },
    /// A stream can't be cut into messages any more ([`Input::Unreadable`]).
    Unreadable {
        /// Where from.
        source: Source,
        /// What was wrong with it.
        error: &'a ParseError,
    },
    /// Nothing can be sent there.
    TransportError(Peer),
    /// No secured stream to there came about ([`Input::NotSecured`]).
    NotSecured(Peer, TlsFault),
    /// A stream to or from there has ended ([`Input::StreamEnded`]).
    StreamEnded(Peer),
    /// The answer to [`EndpointOutput::Resolve`].
    Resolved {
        /// The question.
        id: ResolveId,
        /// Its peers, best first, each with the host name of the question.
        peers: &'a [Peer],
    },
    /// The agent, the audio engine or the machine says something.
    Core(trialog_call::Input),
    /// Others reach us at other addresses on this account's flow: see [`Input::LocalAddressChanged`]. It needs no
    /// [`trialog_call::Input::NetworkChanged`] beside it, which states each session anew at the same address.
    LocalAddressChanged {
        /// The account.
        account: AccountId,
        /// Where we can be reached now.
        contacts: Contacts,
    },
    /// Call a feature code of the PBX, and hang up when it was answered: a call of the phone's own, beside the agent's and without
    /// sound. [`EndpointOutput::ShortCallOver`] follows.
    ShortCall {
        /// The account that calls.
        account: AccountId,
        /// The feature code, as [`Action::Invite`] has it.
        target: Target,
    },
    /// Register this account, or each that has a registrar.
    Register(Option<AccountId>),
    /// Take the registration of this account back, or that of each ([`Input::Unregister`]).
    Unregister(Option<AccountId>),
    /// A registrar may have lost us ([`Input::RegisterAnew`]).
    RegisterAnew,
    /// The next deadline has come.
    Timeout,
}

/// What is to be done about it, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum EndpointOutput {
    /// Send this.
    Transmit(Transmit),
    /// The stream to there has not answered: what is sent next opens another.
    AbandonStream(Peer),
    /// Find addresses for this name and say [`EndpointInput::Resolved`].
    Resolve(Question),
    /// This leg has taken an RTP port of the pool.
    RtpPortTaken {
        /// The leg.
        leg: LegId,
        /// One of those given by [`Endpoint::offer_rtp_port`].
        port: u16,
    },
    /// Sound may come on this leg before its far side has answered ([`Output::Offered`]).
    Offered {
        /// The leg; it has taken a port.
        leg: LegId,
        /// What may come, by payload number.
        payloads: Vec<(u8, Codec)>,
        /// The only host that may send it.
        to: IpAddr,
    },
    /// What sound is agreed on a leg; `None`: its sound ends, and its port is not used again.
    Media {
        /// Which leg.
        leg: LegId,
        /// As agreed.
        session: Option<Box<Negotiated>>,
        /// By a provisional response: the far side may send, and need not.
        early: bool,
    },
    /// Who hears whom, whole, because it changed.
    Routing(Routing),
    /// Keep this for ever, before the next output.
    Record(CallRecord),
    /// Tell the agent.
    Notice(Notice),
    /// The core refused what was asked.
    Refused(Refusal),
    /// What becomes of a digit that was asked for.
    Digit {
        /// The leg that it is for.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
        /// What is to be done, or was.
        step: DigitStep,
    },
    /// An event package has told something.
    Learnt(Learnt),
    /// An account's registration changed.
    Registration {
        /// Which account.
        account: AccountId,
        /// To what.
        state: RegistrationState,
    },
    /// A short call has ended.
    ShortCallOver(ShortCallOver),
    /// All calls are over: the program may end.
    Quit,
}

/// How much is alive in a phone, to see that nothing is left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Calls, those that are being brought to an end included.
    pub calls: usize,
    /// Wrap-ups drafted or owed.
    pub wrap_ups: usize,
    /// Deadlines of the core.
    pub deadlines: usize,
    /// RTP ports that legs have taken.
    pub rtp_ports: usize,
    /// Parties with a entry in the routing.
    pub entries: usize,
    /// What was said between core and wire and not yet heard, and outputs that nobody has polled.
    pub unheard: usize,
    /// What is alive in the user agent.
    pub agent: Counts,
}

/// Core and user agent.
pub struct Endpoint {
    pub(crate) phone: Phone,
    pub(crate) agent: UserAgent,
    rtp_ports: RtpPortPool,
    /// The core was told last that a port is free.
    port_is_free: bool,
    short_calls: ShortCalls,
    routing: Routing,
    /// What the core has yet to hear, in order.
    pub(crate) heard: VecDeque<trialog_call::Input>,
    pub(crate) out: VecDeque<EndpointOutput>,
}

impl Endpoint {
    /// A phone with this policy and these accounts. The seed makes it repeatable, or unguessable.
    #[must_use]
    pub fn new(policy: Policy, mut config: Config, seed: [u8; 32]) -> Self {
        config.referable &= policy.transfers != ReferralPolicy::Never;
        config.answer_mode &= policy.answer_on_request.is_some();
        config.strangers = if policy.parallel {
            // The far end of a load, an echo service: it has no other callers.
            Strangers::UNLIMITED
        } else {
            let calls = usize::try_from(policy.max_calls).unwrap_or(usize::MAX);
            Strangers::among(calls, config.knows_others())
        };
        let accounts = u16::try_from(config.accounts.len().max(1)).unwrap_or(u16::MAX);
        Self {
            phone: Phone::new(policy, accounts),
            agent: UserAgent::new(config, seed),
            rtp_ports: RtpPortPool::default(),
            port_is_free: true,
            short_calls: ShortCalls::default(),
            routing: Routing::default(),
            heard: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Takes up what an earlier run of the phone has left, before anything else happens.
    pub fn restore(&mut self, now: Time, kept: trialog_call::Kept) {
        self.phone.restore(now, kept);
    }

    /// Adds a bound RTP port to the pool: others reach it at the addresses of each account's flow. Without a free one the core
    /// refuses what needs one ([`Refusal::NoRtpPort`]), from the next input on.
    pub fn offer_rtp_port(&mut self, port: u16) {
        self.rtp_ports.offer(port);
    }

    /// How many RTP ports are free.
    #[must_use]
    pub fn free_rtp_ports(&self) -> usize {
        self.rtp_ports.free()
    }

    /// Something happened. The outputs are there when this returns.
    pub fn handle(&mut self, now: Time, input: EndpointInput<'_>) {
        self.note_rtp_ports();
        match input {
            EndpointInput::Wire { source, message } => {
                self.agent
                    .handle_input(now, Input::Received { source, message });
            }
            EndpointInput::Unreadable { source, error } => {
                self.agent
                    .handle_input(now, Input::Unreadable { source, error });
            }
            EndpointInput::TransportError(peer) => {
                self.agent.handle_input(now, Input::TransportError(peer));
            }
            EndpointInput::NotSecured(peer, fault) => {
                self.agent.handle_input(now, Input::NotSecured(peer, fault));
            }
            EndpointInput::StreamEnded(peer) => {
                self.agent.handle_input(now, Input::StreamEnded(peer));
            }
            EndpointInput::Resolved { id, peers } => {
                self.agent.handle_input(now, Input::Resolved { id, peers });
            }
            EndpointInput::Core(input) => self.heard.push_back(input),
            EndpointInput::LocalAddressChanged { account, contacts } => {
                let input = Input::LocalAddressChanged { account, contacts };
                self.agent.handle_input(now, input);
            }
            EndpointInput::ShortCall { account, target } => {
                self.short_calls.ask(account, target);
                self.place_short_call(now);
            }
            EndpointInput::Register(account) => {
                self.agent.handle_input(now, Input::Register(account));
            }
            EndpointInput::Unregister(account) => {
                self.agent.handle_input(now, Input::Unregister(account));
            }
            EndpointInput::RegisterAnew => self.agent.handle_input(now, Input::RegisterAnew),
            EndpointInput::Timeout => {
                self.agent.handle_input(now, Input::Timeout);
                if let Some(action) = self.short_calls.due(now) {
                    self.act(now, action);
                }
                if self.phone.next_deadline().is_some_and(|at| at <= now) {
                    self.heard.push_back(trialog_call::Input::Deadline);
                }
            }
        }
        self.settle(now);
        self.tell_rosters(now);
        if self.agent.is_idle() {
            self.heard.shrink_to_fit();
            self.out.shrink_to_fit();
            self.rtp_ports.give_back_room();
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<EndpointOutput> {
        self.out.pop_front()
    }

    /// When [`EndpointInput::Timeout`] is to be given next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let agent = self.agent.next_deadline();
        let deadlines = [
            agent,
            self.phone.next_deadline(),
            self.short_calls.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Whether an address is one that we register at, or that policy trusts.
    #[must_use]
    pub fn knows(&self, address: IpAddr) -> bool {
        self.agent.knows(address)
    }

    /// All that a screen may show.
    #[must_use]
    pub fn snapshot(&self, now: Time) -> Snapshot {
        let mut snapshot = self.phone.snapshot(now);
        for leg in snapshot.calls.iter_mut().flat_map(|call| &mut call.legs) {
            leg.secured = self.agent.secured(leg.id);
        }
        snapshot
    }

    /// Whether this act may be done now.
    ///
    /// # Errors
    /// Why not.
    pub fn permits(&self, call: CallId, act: &Act) -> Result<(), Refusal> {
        self.phone.permits(call, act)
    }

    /// Who hears whom now.
    #[must_use]
    pub fn routing(&self) -> Routing {
        self.phone.routing()
    }

    /// The server that has taken an account's REGISTER, the latest of them.
    #[must_use]
    pub fn server(&self, account: AccountId) -> Option<&Peer> {
        self.agent.server(account)
    }

    /// The core, to look at.
    #[must_use]
    pub fn phone(&self) -> &Phone {
        &self.phone
    }

    /// The user agent, to look at.
    #[must_use]
    pub fn agent(&self) -> &UserAgent {
        &self.agent
    }

    /// What is alive in the phone. All is nought when nothing is under way but registrations.
    #[must_use]
    pub fn live_counts(&self, now: Time) -> LiveCounts {
        let snapshot = self.phone.snapshot(now);
        LiveCounts {
            calls: snapshot.calls.len(),
            wrap_ups: snapshot.wrap_ups.len(),
            deadlines: usize::from(self.phone.next_deadline().is_some()),
            rtp_ports: self.rtp_ports.taken(),
            entries: self.routing.entries.len(),
            unheard: self.heard.len() + self.out.len(),
            agent: self.agent.counts(),
        }
    }

    /// Carries words between core and wire until neither has any left.
    pub(crate) fn settle(&mut self, now: Time) {
        self.collect(now);
        while let Some(input) = self.heard.pop_front() {
            for action in self.phone.step(now, input) {
                self.perform(now, action);
            }
            self.note_rtp_ports();
            // Routing before the next input: what the parties hear follows each step.
            let routing = self.phone.routing();
            if routing != self.routing {
                self.routing = routing.clone();
                self.out.push_back(EndpointOutput::Routing(routing));
            }
        }
    }

    /// The core knows before anything else whether a port is free.
    fn note_rtp_ports(&mut self) {
        let free = self.rtp_ports.free() > 0;
        if std::mem::replace(&mut self.port_is_free, free) != free {
            self.heard.push_front(trialog_call::Input::RtpPorts(free));
        }
    }

    fn perform(&mut self, now: Time, action: Action) {
        let output = match action {
            Action::Record(record) => EndpointOutput::Record(record),
            Action::Notice(notice) => EndpointOutput::Notice(notice),
            Action::Refuse(refusal) => EndpointOutput::Refused(refusal),
            Action::Quit => EndpointOutput::Quit,
            action => {
                self.act(now, action);
                return self.collect(now);
            }
        };
        self.out.push_back(output);
    }

    /// Hands an action to the user agent.
    fn act(&mut self, now: Time, action: Action) {
        let rtp_port = match action {
            Action::Invite { leg, .. } | Action::Answer(leg) => self.take_rtp_port(leg),
            Action::Ring(leg) if self.agent.rings_with_offer(leg) => self.take_rtp_port(leg),
            _ => None,
        };
        self.agent
            .handle_input(now, Input::Action { action, rtp_port });
    }

    pub(crate) fn take_rtp_port(&mut self, leg: LegId) -> Option<u16> {
        let taken = self.rtp_ports.take(leg)?;
        if let RtpPort::New(port) = taken {
            self.out
                .push_back(EndpointOutput::RtpPortTaken { leg, port });
        }
        Some(taken.number())
    }

    fn collect(&mut self, now: Time) {
        while let Some(output) = self.agent.poll_output() {
            let output = match output {
                Output::Transmit(transmit) => EndpointOutput::Transmit(transmit),
                Output::AbandonStream(peer) => EndpointOutput::AbandonStream(peer),
                Output::Resolve(question) => EndpointOutput::Resolve(question),
                Output::Event { leg, event } if self.short_calls.has(leg) => {
                    self.short_call(now, &event);
                    continue;
                }
                Output::Dtmf { leg, .. }
                | Output::Offered { leg, .. }
                | Output::Media {
                    leg,
                    session: Some(_),
                    ..
                } if self.short_calls.has(leg) => continue,
                Output::Event { leg, event } => {
                    self.heard
                        .push_back(trialog_call::Input::Wire { leg, event });
                    continue;
                }
                Output::Digit { leg, digit, step } => EndpointOutput::Digit { leg, digit, step },
                Output::Dtmf { leg, digit } => {
                    self.heard.push_back(trialog_call::Input::Media {
                        leg,
                        event: MediaEvent::Dtmf(digit),
                    });
                    continue;
                }
                Output::Offered { leg, payloads, to } => {
                    EndpointOutput::Offered { leg, payloads, to }
                }
                Output::Media {
                    leg,
                    session,
                    early,
                } => {
                    if session.is_none() {
                        self.rtp_ports.end(leg);
                    }
                    EndpointOutput::Media {
                        leg,
                        session,
                        early,
                    }
                }
                Output::Control { leg, control } => {
                    self.control(now, leg, control);
                    continue;
                }
                Output::Message { from, text } => {
                    EndpointOutput::Notice(Notice::Message { from, text })
                }
                Output::TurnedAway { from, count } => {
                    EndpointOutput::Notice(Notice::StrangersTurnedAway {
                        from: from.to_string(),
                        count,
                    })
                }
                Output::Learnt(learnt) => EndpointOutput::Learnt(learnt),
                Output::Registration { account, state } => {
                    EndpointOutput::Registration { account, state }
                }
            };
            self.out.push_back(output);
        }
    }
}
