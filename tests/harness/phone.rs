//! One phone of the world: a endpoint, its address, and what came out of it.
use crate::sound::{Bridge, Stream};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use trialog_call::{
    AccountId, CallRecord, Kept, KeptWrapUp, LegId, Notice, Policy, Refusal, Stage, Time,
};
use trialog_sdp::{Direction, Negotiated};
use trialog_sip::Uri;
use trialog_ua::{
    Account, Config, DigitStep, Endpoint, EndpointInput, EndpointOutput, Net, RegistrationState,
    ResolveId, SavedCall, Transmit, Transport,
};

/// How many calls' worth of RTP ports a phone has.
pub const STOCK: u16 = 32;
/// They are taken from here,
const FIRST_PORT: u16 = 10_000;
/// and from below here.
const LAST_PORT: u16 = 60_000;

/// The settings of a phone.
#[derive(Clone, Debug)]
pub struct Model {
    /// The administrator's switches.
    pub policy: Policy,
    /// Agents trust everybody here; a foreign phone does not even say that it is an agent.
    pub trialog: bool,
    /// The transport of its SIP.
    pub transport: Transport,
    /// How many accounts it has, at least one.
    pub accounts: u16,
    /// Its accounts are registered here.
    pub registrar: Option<SocketAddr>,
}

impl Model {
    /// An agent's phone, with wrap-up reasons.
    #[must_use]
    pub fn agent() -> Self {
        let reason = |code: &str| trialog_call::WrapUpReason {
            code: code.into(),
            en: code.into(),
            de: code.into(),
        };
        let policy = Policy {
            reasons: vec![reason("sale"), reason("question")],
            ..Policy::default()
        };
        Self {
            policy,
            trialog: true,
            transport: Transport::Udp,
            accounts: 1,
            registrar: None,
        }
    }

    /// A customer's phone.
    #[must_use]
    pub fn customer() -> Self {
        let policy = Policy {
            agent: false,
            ..Policy::default()
        };
        Self {
            policy,
            trialog: false,
            transport: Transport::Udp,
            accounts: 1,
            registrar: None,
        }
    }
}

/// A phone and what came out of it.
pub struct Phone {
    /// What the tests call it; also its user name.
    pub name: &'static str,
    /// Its SIP address.
    pub address: SocketAddr,
    /// Where it was before it told of another address: what is on its way there still arrives.
    pub(crate) former: Option<SocketAddr>,
    /// How many accounts it has.
    pub(crate) accounts: u16,
    /// The transport of its SIP.
    pub(crate) transport: Transport,
    /// Its settings.
    model: Model,
    /// All its randomness.
    pub(crate) seed: [u8; 32],
    /// Core and user agent.
    pub endpoint: Endpoint,
    /// Its sound.
    pub bridge: Bridge,
    /// What the agent was told, and when.
    pub notices: Vec<(Time, Notice)>,
    /// Its call records, in order.
    pub records: Vec<CallRecord>,
    /// Digits to be sent as telephone-event, not yet carried on.
    pub digits: Vec<(LegId, u8)>,
    /// The last refusal, until somebody takes it.
    pub refused: Option<Refusal>,
    /// The program may end.
    pub quit: bool,
    /// Since when nothing arrives on a leg, and whether its end was said.
    pub(crate) quiet: BTreeMap<LegId, (Time, Quiet)>,
    /// The legs whose first packet has come.
    pub(crate) heard: BTreeSet<LegId>,
    rtp_ports: BTreeMap<LegId, u16>,
    next_port: u16,
    /// Names that it wants the addresses of, not yet looked up.
    pub(crate) asked: Vec<(ResolveId, String)>,
    /// How its accounts stand with their registrar.
    pub registrations: BTreeMap<AccountId, RegistrationState>,
    /// It does nothing any more.
    pub dead: bool,
    /// Sound or routing changed since somebody looked.
    pub(crate) changed: bool,
    /// Something happened to it since its promises were looked at.
    pub(crate) unchecked: bool,
}

/// What the core was told of a quiet leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    Unsaid,
    Silent,
    Lost,
}

impl Phone {
    pub(crate) fn new(
        name: &'static str,
        address: SocketAddr,
        model: &Model,
        seed: [u8; 32],
    ) -> Self {
        let endpoint = endpoint(name, address, model, seed);
        Self {
            name,
            address,
            former: None,
            accounts: model.accounts,
            transport: model.transport,
            model: model.clone(),
            seed,
            endpoint,
            bridge: Bridge::default(),
            notices: Vec::new(),
            records: Vec::new(),
            digits: Vec::new(),
            refused: None,
            quit: false,
            quiet: BTreeMap::new(),
            heard: BTreeSet::new(),
            rtp_ports: BTreeMap::new(),
            next_port: FIRST_PORT + 2 * STOCK,
            asked: Vec::new(),
            registrations: BTreeMap::new(),
            dead: false,
            changed: true,
            unchecked: true,
        }
    }

    /// The program has died, and is started again: it has what the core's records say, these calls, and other RTP ports.
    pub(crate) fn start_again(&mut self, now: Time, saved: &[SavedCall]) {
        let snapshot = self.endpoint.snapshot(now);
        let wrap_ups = snapshot.wrap_ups.iter().map(|wrap_up| KeptWrapUp {
            id: wrap_up.id,
            call: wrap_up.call,
            peer: wrap_up.peer.clone(),
            reason: wrap_up.reason.clone(),
            note: wrap_up.note.clone(),
        });
        let began = |record: &CallRecord| match record {
            CallRecord::Began { call, .. } => Some(call.0),
            _ => None,
        };
        let opened = |record: &CallRecord| match record {
            CallRecord::WrapUpOpened { id, .. } => Some(id.0),
            _ => None,
        };
        let kept = Kept {
            presence: Some(snapshot.presence),
            wrap_ups: wrap_ups.collect(),
            last_call: self.records.iter().filter_map(began).max().unwrap_or(0),
            last_wrap_up: self.records.iter().filter_map(opened).max().unwrap_or(0),
        };
        self.seed.iter_mut().for_each(|octet| *octet ^= 0x5a);
        let first = self.next_port;
        self.next_port += 2 * STOCK;
        self.endpoint = endpoint_from(self.name, self.address, &self.model, self.seed, first);
        self.endpoint.restore(now, kept);
        self.bridge = Bridge::default();
        self.quiet.clear();
        self.heard.clear();
        self.rtp_ports.clear();
        self.digits.clear();
        self.asked.clear();
        self.registrations.clear();
        self.dead = false;
        self.changed = true;
        let refused = self.endpoint.take_up(now, saved);
        assert_eq!(refused, [], "{} can't go on with its calls", self.name);
    }

    /// Something happens to it; what it sends comes back.
    pub(crate) fn handle(&mut self, now: Time, input: EndpointInput<'_>) -> Vec<Transmit> {
        self.endpoint.handle(now, input);
        self.unchecked = true;
        let mut sent = Vec::new();
        while let Some(output) = self.endpoint.poll_output() {
            // The simulated disk takes everything, at once.
            if let EndpointOutput::Record(CallRecord::WrapUpSubmitted { id, .. }) = &output {
                let (id, kept) = (*id, true);
                let kept = trialog_call::Input::WrapUpKept { id, kept };
                self.endpoint.handle(now, EndpointInput::Core(kept));
            }
            match output {
                EndpointOutput::Transmit(transmit) => sent.push(transmit),
                EndpointOutput::RtpPortTaken { leg, port } => {
                    self.rtp_ports.insert(leg, port);
                }
                // Sound is carried where it is agreed.
                EndpointOutput::Offered { .. } => {}
                EndpointOutput::Media { leg, session, .. } => {
                    self.set_sound(leg, session.as_deref());
                }
                EndpointOutput::Routing(routing) => {
                    self.bridge.routing = routing;
                    self.changed = true;
                }
                EndpointOutput::Record(record) => self.records.push(record),
                EndpointOutput::Notice(notice) => self.notices.push((now, notice)),
                EndpointOutput::Refused(refusal) => self.refused = Some(refusal),
                EndpointOutput::Digit {
                    leg,
                    digit,
                    step: DigitStep::Event,
                } => self.digits.push((leg, digit)),
                // By INFO, which is on the wire; tones are nothing that a phone of ours understands.
                EndpointOutput::Digit { .. } => {}
                // The simulated network has datagrams only.
                EndpointOutput::AbandonStream(_) => {}
                EndpointOutput::Resolve(question) => self.asked.push((question.id, question.host)),
                EndpointOutput::Registration { account, state } => {
                    self.registrations.insert(account, state);
                }
                // No phone of the simulation calls feature codes, or has a mailbox.
                EndpointOutput::ShortCallOver(_) | EndpointOutput::Learnt(_) => {}
                EndpointOutput::Quit => self.quit = true,
            }
        }
        sent
    }

    fn set_sound(&mut self, leg: LegId, session: Option<&Negotiated>) {
        self.changed = true;
        let Some(session) = session else {
            self.bridge.streams.remove(&leg);
            // A new port for the next call, as the program binds one.
            if self.rtp_ports.remove(&leg).is_some() {
                self.endpoint.offer_rtp_port(self.next_port);
                self.next_port += 2;
                if self.next_port >= LAST_PORT {
                    self.next_port = FIRST_PORT + 2 * STOCK;
                }
            }
            return;
        };
        let port = *self
            .rtp_ports
            .get(&leg)
            .expect("sound is agreed on a leg that took a port");
        let local = SocketAddr::new(self.address.ip(), port);
        let sends = matches!(session.direction, Direction::SendRecv | Direction::SendOnly);
        let receives = matches!(session.direction, Direction::SendRecv | Direction::RecvOnly);
        self.bridge.streams.insert(
            leg,
            Stream {
                local,
                remote: session.remote,
                sends,
                receives,
            },
        );
    }

    /// The rows of the table that its calls are in, oldest first.
    #[must_use]
    pub fn stages(&self, now: Time) -> Vec<Stage> {
        self.endpoint
            .snapshot(now)
            .calls
            .iter()
            .map(|call| call.stage)
            .collect()
    }
}

/// A endpoint as this model says, with its pool of RTP ports.
pub(crate) fn endpoint(name: &str, address: SocketAddr, model: &Model, seed: [u8; 32]) -> Endpoint {
    endpoint_from(name, address, model, seed, FIRST_PORT)
}

/// As [`endpoint`], with ports from this one on.
fn endpoint_from(
    name: &str,
    address: SocketAddr,
    model: &Model,
    seed: [u8; 32],
    first: u16,
) -> Endpoint {
    let mut config = Config::direct(address);
    config.accounts = (0..model.accounts)
        .map(|place| account(name, address, model, place))
        .collect();
    config.agent = model.trialog;
    config.trusted = Net::new([10, 0, 0, 0].into(), 8).into_iter().collect();
    let mut endpoint = Endpoint::new(model.policy.clone(), config, seed);
    for place in 0..STOCK {
        endpoint.offer_rtp_port(first + 2 * place);
    }
    endpoint
}

/// The first account has the phone's name, the others a number, too.
fn account(name: &str, address: SocketAddr, model: &Model, place: u16) -> Account {
    let user = match place {
        0 => name.to_owned(),
        _ => format!("{name}-{}", place + 1),
    };
    let mut account = Account::direct(Uri::parse(&format!("sip:{user}@{address}")).expect("a URI"));
    account.display = Some(user);
    account.transport = model.transport;
    account.registrar = model
        .registrar
        .map(|at| Uri::parse(&format!("sip:{at}")).expect("a URI"));
    account
}
