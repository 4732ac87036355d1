//! One phone of the world: a station, its address, and what came out of it.
use crate::sound::{Bridge, Stream};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use trialog_call::{CallRecord, LegId, Notice, Policy, Refusal, Stage, Time};
use trialog_sdp::{Direction, Negotiated};
use trialog_sip::Uri;
use trialog_ua::{
    Account, Config, Station, StationInput, StationOutput, Transmit, Transport, Trusted,
};

/// How many calls' worth of RTP addresses a phone has.
const STOCK: u16 = 32;

/// What makes a phone.
#[derive(Clone, Debug)]
pub struct Model {
    /// The administrator's switches.
    pub policy: Policy,
    /// Agents trust everybody here; a foreign phone does not even say that it is an agent.
    pub trialog: bool,
    /// What it speaks by.
    pub transport: Transport,
}

impl Model {
    /// An agent's phone, with wrap-up reasons.
    #[must_use]
    pub fn agent() -> Self {
        let reason = |code: &str| trialog_call::Reason {
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
        }
    }
}

/// A phone and what came out of it.
pub struct Phone {
    /// What the tests call it; also its user name.
    pub name: &'static str,
    /// Where it is.
    pub address: SocketAddr,
    /// Core and user agent.
    pub station: Station,
    /// Its sound.
    pub bridge: Bridge,
    /// What the agent was told, and when.
    pub notices: Vec<(Time, Notice)>,
    /// What was kept.
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
    addresses: BTreeMap<LegId, SocketAddr>,
    /// Sound or routing changed since somebody looked.
    pub(crate) changed: bool,
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
        let aor = Uri::parse(&format!("sip:{name}@{address}")).expect("a URI");
        let mut account = Account::direct(aor);
        account.display = Some(name.to_owned());
        account.transport = model.transport;
        let mut config = Config::direct(address);
        config.accounts = vec![account];
        config.agent = model.trialog;
        config.trusted = vec![Trusted::Net([10, 0, 0, 0].into(), 8)];
        let mut station = Station::new(model.policy.clone(), config, seed);
        for place in 0..STOCK {
            station.offer_media(SocketAddr::new(address.ip(), 10_000 + 2 * place));
        }
        Self {
            name,
            address,
            station,
            bridge: Bridge::default(),
            notices: Vec::new(),
            records: Vec::new(),
            digits: Vec::new(),
            refused: None,
            quit: false,
            quiet: BTreeMap::new(),
            heard: BTreeSet::new(),
            addresses: BTreeMap::new(),
            changed: true,
        }
    }

    /// Something happens to it; what it sends comes back.
    pub(crate) fn handle(&mut self, now: Time, input: StationInput<'_>) -> Vec<Transmit> {
        self.station.handle(now, input);
        let mut sent = Vec::new();
        while let Some(output) = self.station.poll_output() {
            match output {
                StationOutput::Transmit(transmit) => sent.push(transmit),
                StationOutput::MediaTaken { leg, address } => {
                    self.addresses.insert(leg, address);
                }
                StationOutput::Media { leg, session } => self.set_sound(leg, session.as_deref()),
                StationOutput::Routing(routing) => {
                    self.bridge.routing = routing;
                    self.changed = true;
                }
                StationOutput::Record(record) => self.records.push(record),
                StationOutput::Notice(notice) => self.notices.push((now, notice)),
                StationOutput::Refused(refusal) => self.refused = Some(refusal),
                StationOutput::Dtmf { leg, digit } => self.digits.push((leg, digit)),
                StationOutput::Resolve { host, .. } => panic!(
                    "{}: there are no names here, and yet it asks for {host}",
                    self.name
                ),
                StationOutput::Registration { .. } => {}
                StationOutput::Quit => self.quit = true,
            }
        }
        sent
    }

    fn set_sound(&mut self, leg: LegId, session: Option<&Negotiated>) {
        self.changed = true;
        let Some(session) = session else {
            self.bridge.streams.remove(&leg);
            // A new address for the next call, as the program binds one.
            if let Some(address) = self.addresses.remove(&leg) {
                self.station
                    .offer_media(SocketAddr::new(address.ip(), address.port() + 2 * STOCK));
            }
            return;
        };
        let local = *self
            .addresses
            .get(&leg)
            .expect("sound is agreed on a leg that took an address");
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
        self.station
            .snapshot(now)
            .calls
            .iter()
            .map(|call| call.stage)
            .collect()
    }
}
