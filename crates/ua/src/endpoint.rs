//! A whole phone without its sockets and its sound: the call-state core and the user agent in one sans-IO value.
//!
//! What the wire says goes to the core, what the core decides goes to the wire, until nothing is left to say; then the
//! outputs are there to be polled. It keeps the stock of RTP addresses that the owner of the sockets gave it, one a leg. It
//! decides nothing itself. The program `trialog` and the simulated network both run this.
use crate::id_map::IdMap;
use crate::{
    Config, Counts, Input, Output, RegistrationState, ResolveId, Source, Transmit, Transport,
    UserAgent,
};
use std::collections::VecDeque;
use std::net::SocketAddr;
use trialog_call::{
    AccountId, Act, Action, CallId, CallRecord, LegId, MediaEvent, Notice, Phone, Policy,
    ReferralPolicy, Refusal, Routing, Snapshot, Time,
};
use trialog_sdp::Negotiated;

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
    /// Nothing can be sent there.
    TransportError {
        /// By which transport.
        transport: Transport,
        /// Where to.
        destination: SocketAddr,
    },
    /// The answer to [`EndpointOutput::Resolve`].
    Resolved {
        /// The question.
        id: ResolveId,
        /// Addresses with the transport of each, best first.
        addresses: &'a [(Transport, SocketAddr)],
    },
    /// The agent, the audio engine or the machine says something.
    Core(trialog_call::Input),
    /// Register every account that has a registrar.
    Register,
    /// Take every registration back.
    Unregister,
    /// The next deadline has come.
    Timeout,
}

/// What is to be done about it, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum EndpointOutput {
    /// Send this.
    Transmit(Transmit),
    /// Find addresses for this name and say [`EndpointInput::Resolved`].
    Resolve {
        /// The question's number.
        id: ResolveId,
        /// The name.
        host: String,
        /// A port, where the URI has one.
        port: Option<u16>,
        /// The transport, where one is named.
        transport: Option<Transport>,
    },
    /// This leg now uses this address of the stock.
    MediaTaken {
        /// Which leg.
        leg: LegId,
        /// One of those given by [`Endpoint::offer_media`].
        address: SocketAddr,
    },
    /// What sound is agreed on a leg; `None`: its sound ends, and its address is not used again.
    Media {
        /// Which leg.
        leg: LegId,
        /// As agreed.
        session: Option<Box<Negotiated>>,
    },
    /// Who hears whom, whole, because it changed.
    Routing(Routing),
    /// Keep this for ever, before the next output.
    Record(CallRecord),
    /// Tell the agent.
    Notice(Notice),
    /// The core refused what was asked.
    Refused(Refusal),
    /// Send this digit as telephone-event.
    Dtmf {
        /// To whom.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// An account's registration changed.
    Registration {
        /// Which account.
        account: AccountId,
        /// To what.
        state: RegistrationState,
    },
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
    /// RTP addresses in use.
    pub media: usize,
    /// Parties with a entry in the routing.
    pub entries: usize,
    /// What was said between core and wire and not yet heard, and outputs that nobody has polled.
    pub unheard: usize,
    /// What is alive in the user agent.
    pub agent: Counts,
}

/// Core and user agent.
pub struct Endpoint {
    phone: Phone,
    agent: UserAgent,
    stock: VecDeque<SocketAddr>,
    taken: IdMap<LegId, SocketAddr>,
    routing: Routing,
    /// What the core has yet to hear, in order.
    heard: VecDeque<trialog_call::Input>,
    out: VecDeque<EndpointOutput>,
}

impl Endpoint {
    /// A phone with this policy and these accounts. The seed makes it repeatable, or unguessable.
    #[must_use]
    pub fn new(policy: Policy, mut config: Config, seed: [u8; 32]) -> Self {
        config.referable &= policy.transfers != ReferralPolicy::Never;
        let accounts = u16::try_from(config.accounts.len().max(1)).unwrap_or(u16::MAX);
        Self {
            phone: Phone::new(policy, accounts),
            agent: UserAgent::new(config, seed),
            stock: VecDeque::new(),
            taken: IdMap::default(),
            routing: Routing::default(),
            heard: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Adds a bound RTP address (never a wildcard) to the stock. Without one left, a call fails with 500 and is not answered.
    pub fn offer_media(&mut self, address: SocketAddr) {
        self.stock.push_back(address);
    }

    /// How many unused RTP addresses there are.
    #[must_use]
    pub fn media_left(&self) -> usize {
        self.stock.len()
    }

    /// Something happened. The outputs are there when this returns.
    pub fn handle(&mut self, now: Time, input: EndpointInput<'_>) {
        match input {
            EndpointInput::Wire { source, message } => {
                self.agent
                    .handle_input(now, Input::Received { source, message });
            }
            EndpointInput::TransportError {
                transport,
                destination,
            } => self.agent.handle_input(
                now,
                Input::TransportError {
                    transport,
                    destination,
                },
            ),
            EndpointInput::Resolved { id, addresses } => {
                self.agent
                    .handle_input(now, Input::Resolved { id, addresses });
            }
            EndpointInput::Core(input) => self.heard.push_back(input),
            EndpointInput::Register => self.agent.handle_input(now, Input::Register),
            EndpointInput::Unregister => self.agent.handle_input(now, Input::Unregister),
            EndpointInput::Timeout => {
                self.agent.handle_input(now, Input::Timeout);
                if self.phone.next_deadline().is_some_and(|at| at <= now) {
                    self.heard.push_back(trialog_call::Input::Deadline);
                }
            }
        }
        self.settle(now);
        if self.agent.is_idle() {
            self.heard.shrink_to_fit();
            self.out.shrink_to_fit();
            self.taken.shrink_to_fit();
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<EndpointOutput> {
        self.out.pop_front()
    }

    /// When [`EndpointInput::Timeout`] is to be given next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        [self.agent.next_deadline(), self.phone.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// All that a screen may show.
    #[must_use]
    pub fn snapshot(&self, now: Time) -> Snapshot {
        self.phone.snapshot(now)
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
            media: self.taken.len(),
            entries: self.routing.entries.len(),
            unheard: self.heard.len() + self.out.len(),
            agent: self.agent.counts(),
        }
    }

    /// Carries words between core and wire until neither has any left.
    fn settle(&mut self, now: Time) {
        self.collect();
        while let Some(input) = self.heard.pop_front() {
            for action in self.phone.step(now, input) {
                self.perform(now, action);
            }
            // Routing before the next input: what the parties hear follows each step.
            let routing = self.phone.routing();
            if routing != self.routing {
                self.routing = routing.clone();
                self.out.push_back(EndpointOutput::Routing(routing));
            }
        }
    }

    fn perform(&mut self, now: Time, action: Action) {
        let output = match action {
            Action::Record(record) => EndpointOutput::Record(record),
            Action::Notice(notice) => EndpointOutput::Notice(notice),
            Action::Refuse(refusal) => EndpointOutput::Refused(refusal),
            Action::Dtmf { leg, digit } => EndpointOutput::Dtmf { leg, digit },
            Action::Quit => EndpointOutput::Quit,
            action => {
                let media = match action {
                    Action::Invite { leg, .. } | Action::Answer(leg) => self.take_media(leg),
                    _ => None,
                };
                self.agent
                    .handle_input(now, Input::Action { action, media });
                return self.collect();
            }
        };
        self.out.push_back(output);
    }

    fn take_media(&mut self, leg: LegId) -> Option<SocketAddr> {
        if let Some(address) = self.taken.get(&leg) {
            return Some(*address);
        }
        let address = self.stock.pop_front()?;
        self.taken.insert(leg, address);
        self.out
            .push_back(EndpointOutput::MediaTaken { leg, address });
        Some(address)
    }

    fn collect(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            let output = match output {
                Output::Transmit(transmit) => EndpointOutput::Transmit(transmit),
                Output::Resolve {
                    id,
                    host,
                    port,
                    transport,
                } => EndpointOutput::Resolve {
                    id,
                    host,
                    port,
                    transport,
                },
                Output::Event { leg, event } => {
                    self.heard
                        .push_back(trialog_call::Input::Wire { leg, event });
                    continue;
                }
                Output::Dtmf { leg, digit } => {
                    self.heard.push_back(trialog_call::Input::Media {
                        leg,
                        event: MediaEvent::Dtmf(digit),
                    });
                    continue;
                }
                Output::Media { leg, session } => {
                    if session.is_none() {
                        self.taken.remove(&leg);
                    }
                    EndpointOutput::Media { leg, session }
                }
                Output::Registration { account, state } => {
                    EndpointOutput::Registration { account, state }
                }
            };
            self.out.push_back(output);
        }
    }
}
