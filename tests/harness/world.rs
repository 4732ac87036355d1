//! The world: phones, the network between them, and time, which only passes here.
use crate::chance::Chance;
use crate::network::{Datagram, Link, Network, Seen};
use crate::phone::{Model, Phone, Quiet};
use crate::sound::{Audible, Bridge, PhoneId};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use trialog_call::{
    AccountId, Act, CallId, CallView, Input, LegId, MediaEvent, Notice, Refusal, Role, Stage,
    Target, Time, Tone, WrapUpAct, WrapUpView,
};
use trialog_ua::{ConnectionId, Source, StationInput, Transmit, Transport};

/// After this long without a packet the engine says that a leg is silent.
pub const SILENT_AFTER: Duration = Duration::from_secs(5);
/// After this long it says that the party has left.
pub const LOST_AFTER: Duration = Duration::from_secs(30);

/// Phones, network and time.
pub struct World {
    /// The network, to meddle with.
    pub network: Network,
    /// How long a customer may hear nothing while something goes wrong.
    pub patience: Duration,
    pub(crate) phones: Vec<Phone>,
    pub(crate) now: Time,
    pub(crate) audible: Audible,
    pub(crate) guarded: Vec<crate::promise::Guarded>,
    chance: Chance,
    seed: u64,
}

impl World {
    /// A world where the network does no harm.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_link(seed, Link::GOOD)
    }

    /// A world with this kind of network.
    #[must_use]
    pub fn with_link(seed: u64, link: Link) -> Self {
        let mut chance = Chance::new(seed);
        let network = Network::new(link, chance.number());
        // A request that is lost again and again takes up to 32 s (RFC 3261 §17.1.1.2, timer B) to be given up.
        let patience = Duration::from_millis(if link.lost == 0 { 500 } else { 40_000 });
        Self {
            network,
            patience,
            phones: Vec::new(),
            now: Time::ZERO + Duration::from_secs(1),
            audible: Audible::default(),
            guarded: Vec::new(),
            chance,
            seed,
        }
    }

    /// Sets up a phone.
    pub fn phone(&mut self, name: &'static str, model: &Model) -> PhoneId {
        let host = u8::try_from(self.phones.len() + 1).expect("few phones");
        let address = SocketAddr::from(([10, 0, 0, host], 5060));
        let seed = self.chance.seed();
        self.phones.push(Phone::new(name, address, model, seed));
        self.look();
        PhoneId(self.phones.len() - 1)
    }

    // What happens.

    /// An agent, the engine or the machine says something to a phone's core.
    pub fn say(&mut self, phone: PhoneId, input: Input) {
        self.hand(phone, StationInput::Core(input));
    }

    /// A phone calls another.
    pub fn dial(&mut self, from: PhoneId, to: PhoneId) {
        let target = self.target(to);
        self.say(
            from,
            Input::Dial {
                account: AccountId(0),
                target,
            },
        );
        let refused = self.phones[from.0].refused.take();
        assert_eq!(refused, None, "{} may not call", self.name(from));
    }

    /// An agent acts on his newest call, and may.
    pub fn act(&mut self, phone: PhoneId, act: Act) {
        let (stage, name) = (self.stage(phone), self.name(phone));
        let done = self.try_act(phone, act.clone());
        assert_eq!(done, Ok(()), "{name} may not {act:?} when {stage:?}");
    }

    /// An agent acts on his newest call as soon as he may.
    pub fn act_soon(&mut self, phone: PhoneId, act: Act) {
        let may = |w: &Self| {
            w.call(phone)
                .is_some_and(|call| w.at(phone).station.permits(call.id, &act).is_ok())
        };
        self.run_until("the act is allowed", may);
        self.act(phone, act);
    }

    /// An agent tries to act on his newest call. A refused act must change nothing and send nothing.
    ///
    /// # Errors
    /// Why he may not.
    pub fn try_act(&mut self, phone: PhoneId, act: Act) -> Result<(), Refusal> {
        let call = self.call(phone).map_or(CallId(u32::MAX), |call| call.id);
        self.try_act_on(phone, call, act)
    }

    /// As [`World::try_act`], on this call.
    ///
    /// # Errors
    /// Why he may not.
    pub fn try_act_on(&mut self, phone: PhoneId, call: CallId, act: Act) -> Result<(), Refusal> {
        let core = self.phones[phone.0].station.phone().clone();
        let permitted = self.phones[phone.0].station.permits(call, &act);
        let sent = self.network.seen.len();
        self.say(
            phone,
            Input::Act {
                call,
                act: act.clone(),
            },
        );
        let refused = self.phones[phone.0].refused.take().map_or(Ok(()), Err);
        assert_eq!(
            permitted,
            refused,
            "{}: `permits` and `step` do not agree about {act:?}",
            self.name(phone)
        );
        if refused.is_err() {
            assert!(
                core == *self.phones[phone.0].station.phone(),
                "the refused {act:?} changed something"
            );
            assert_eq!(
                sent,
                self.network.seen.len(),
                "the refused {act:?} sent something"
            );
        }
        refused
    }

    /// An agent hands in the reason of his only wrap-up.
    pub fn submit(&mut self, phone: PhoneId, reason: &str) {
        let id = self.wrap_ups(phone).first().expect("a wrap-up is owed").id;
        self.say(
            phone,
            Input::WrapUp {
                id,
                act: WrapUpAct::Submit(reason.to_owned()),
            },
        );
        let refused = self.phones[phone.0].refused.take();
        assert_eq!(refused, None, "{} may not submit", self.name(phone));
    }

    /// From now on a phone's network carries no sound, or carries it again. Signalling goes on.
    pub fn cut_sound(&mut self, phone: PhoneId, cut: bool) {
        self.phones[phone.0].bridge.cut = cut;
        self.phones[phone.0].changed = true;
        self.look();
    }

    /// From now on a phone sends no sound though it should, or sends it again.
    pub fn strike_dumb(&mut self, phone: PhoneId, dumb: bool) {
        self.phones[phone.0].bridge.dumb = dumb;
        self.phones[phone.0].changed = true;
        self.look();
    }

    /// Time passes.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.pass(end, |_| false);
    }

    /// Time passes until this is so, at most three minutes.
    pub fn run_until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(180);
        assert!(
            self.pass(end, &so),
            "in three minutes it was never so that {what}"
        );
    }

    /// Whether `so` came to be before `end`.
    fn pass(&mut self, end: Time, so: impl Fn(&Self) -> bool) -> bool {
        let mut steps_now = 0;
        loop {
            if so(self) {
                return true;
            }
            let next = self.next_event();
            let Some(at) = next.filter(|at| *at <= end) else {
                self.now = end;
                self.watch();
                return so(self);
            };
            steps_now = if at > self.now { 0 } else { steps_now + 1 };
            assert!(steps_now < 10_000, "time does not pass: {:?}", self.due());
            self.now = at.max(self.now);
            self.happen();
        }
    }

    fn next_event(&self) -> Option<Time> {
        let deadlines = self
            .phones
            .iter()
            .filter_map(|phone| phone.station.next_deadline());
        self.network
            .next()
            .into_iter()
            .chain(deadlines)
            .chain(self.next_quiet())
            .chain(self.next_promise())
            .min()
    }

    /// The phone whose deadline has come.
    fn due(&self) -> Option<PhoneId> {
        (0..self.phones.len()).map(PhoneId).find(|phone| {
            self.phones[phone.0]
                .station
                .next_deadline()
                .is_some_and(|at| at <= self.now)
        })
    }

    /// One thing that is due now.
    fn happen(&mut self) {
        if self.network.next().is_some_and(|at| at <= self.now) {
            if let Some(datagram) = self.network.arrived(self.now) {
                self.deliver(&datagram);
            }
        } else if let Some(phone) = self.due() {
            self.hand(phone, StationInput::Timeout);
        } else {
            self.tell_quiet();
            self.watch();
        }
    }

    fn deliver(&mut self, datagram: &Datagram) {
        let Some(to) = self
            .phones
            .iter()
            .position(|phone| phone.address == datagram.to)
        else {
            return self.answer_for_nobody(datagram);
        };
        let connection = (datagram.transport == Transport::Tcp)
            .then(|| ConnectionId(stream(datagram.from, datagram.to)));
        let source = Source {
            transport: datagram.transport,
            local: datagram.to,
            remote: datagram.from,
            connection,
        };
        self.hand(
            PhoneId(to),
            StationInput::Wire {
                source,
                message: &datagram.bytes,
            },
        );
    }

    /// Where no phone is, a ghost answers BYE and CANCEL: the end of a fork that a test made up.
    fn answer_for_nobody(&mut self, datagram: &Datagram) {
        let text = crate::wire::Text::new(&datagram.bytes);
        if matches!(text.method(), Some("BYE" | "CANCEL")) {
            let bytes = text.answer(200, "OK", "ghost", "", "");
            let answer = Datagram {
                from: datagram.to,
                to: datagram.from,
                transport: datagram.transport,
                bytes,
            };
            self.network.send(self.now, answer);
        }
    }

    fn hand(&mut self, phone: PhoneId, input: StationInput<'_>) {
        let sent = self.phones[phone.0].handle(self.now, input);
        for transmit in sent {
            self.transmit(phone, transmit);
        }
        for (leg, digit) in std::mem::take(&mut self.phones[phone.0].digits) {
            self.carry_digit(phone, leg, digit);
        }
        self.watch();
    }

    fn transmit(&mut self, phone: PhoneId, transmit: Transmit) {
        let from = self.phones[phone.0].address;
        let Transmit {
            transport,
            destination,
            bytes,
            ..
        } = transmit;
        self.network.send(
            self.now,
            Datagram {
                from,
                to: destination,
                transport,
                bytes,
            },
        );
    }

    /// A telephone-event arrives where the leg's sound does.
    fn carry_digit(&mut self, from: PhoneId, leg: LegId, digit: u8) {
        let Some(out) = self.phones[from.0].bridge.streams.get(&leg).copied() else {
            return;
        };
        let receiver = (0..self.phones.len()).find_map(|phone| {
            let streams = &self.phones[phone].bridge.streams;
            let into = streams.iter().find(|(_, into)| into.local == out.remote)?;
            Some((PhoneId(phone), *into.0))
        });
        if let Some((to, leg)) = receiver {
            self.say(
                to,
                Input::Media {
                    leg,
                    event: MediaEvent::Dtmf(digit),
                },
            );
        }
    }

    // Silence, as the engine notices it.

    fn next_quiet(&self) -> Option<Time> {
        self.phones
            .iter()
            .flat_map(|phone| phone.quiet.values())
            .filter_map(|(since, said)| match said {
                Quiet::Unsaid => Some(*since + SILENT_AFTER),
                Quiet::Silent => Some(*since + LOST_AFTER),
                Quiet::Lost => None,
            })
            .min()
    }

    fn tell_quiet(&mut self) {
        let mut events = Vec::new();
        for (place, phone) in self.phones.iter_mut().enumerate() {
            for (leg, (since, said)) in &mut phone.quiet {
                let quiet_for = self.now.since(*since);
                if *said == Quiet::Unsaid && quiet_for >= SILENT_AFTER {
                    *said = Quiet::Silent;
                    events.push((PhoneId(place), *leg, MediaEvent::Silent));
                } else if *said == Quiet::Silent && quiet_for >= LOST_AFTER {
                    *said = Quiet::Lost;
                    events.push((PhoneId(place), *leg, MediaEvent::Lost));
                }
            }
        }
        for (phone, leg, event) in events {
            self.say(phone, Input::Media { leg, event });
        }
    }

    /// Works out who hears whom where something changed, and what the engines notice of it.
    fn look(&mut self) {
        if !self.phones.iter().any(|phone| phone.changed) {
            return;
        }
        let bridges: Vec<Bridge> = self
            .phones
            .iter()
            .map(|phone| phone.bridge.clone())
            .collect();
        self.audible = Audible::of(&bridges);
        let mut heard_now = Vec::new();
        for (place, phone) in self.phones.iter_mut().enumerate() {
            phone.changed = false;
            let id = PhoneId(place);
            for (&leg, stream) in &phone.bridge.streams {
                if self.audible.arrives(id, leg) {
                    let said = phone.quiet.remove(&leg).map(|(_, said)| said);
                    // The first packet of all is told as well.
                    if phone.heard.insert(leg) || said.is_some_and(|said| said != Quiet::Unsaid) {
                        heard_now.push((id, leg));
                    }
                } else if stream.receives {
                    phone.quiet.entry(leg).or_insert((self.now, Quiet::Unsaid));
                } else {
                    phone.quiet.remove(&leg);
                }
            }
            let streams = &phone.bridge.streams;
            phone.quiet.retain(|leg, _| streams.contains_key(leg));
            phone.heard.retain(|leg| streams.contains_key(leg));
        }
        for (phone, leg) in heard_now {
            self.say(
                phone,
                Input::Media {
                    leg,
                    event: MediaEvent::Heard,
                },
            );
        }
    }

    /// After each step: what is heard, and what must always be true.
    pub(crate) fn watch(&mut self) {
        self.look();
        self.check();
    }

    // What can be seen.

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// A phone, to look at.
    #[must_use]
    pub fn at(&self, phone: PhoneId) -> &Phone {
        &self.phones[phone.0]
    }

    /// What the tests call it.
    #[must_use]
    pub fn name(&self, phone: PhoneId) -> &'static str {
        self.phones[phone.0].name
    }

    /// Its address without the port.
    #[must_use]
    pub fn host(&self, phone: PhoneId) -> IpAddr {
        self.phones[phone.0].address.ip()
    }

    /// How to call it.
    #[must_use]
    pub fn target(&self, phone: PhoneId) -> Target {
        let phone = &self.phones[phone.0];
        Target(format!("sip:{}@{}", phone.name, phone.address))
    }

    /// All its calls, oldest first.
    #[must_use]
    pub fn calls(&self, phone: PhoneId) -> Vec<CallView> {
        self.phones[phone.0].station.snapshot(self.now).calls
    }

    /// Its newest call that is not on its way out.
    #[must_use]
    pub fn call(&self, phone: PhoneId) -> Option<CallView> {
        self.calls(phone)
            .into_iter()
            .rfind(|call| call.stage != Stage::Ending)
    }

    /// The row of the table that its newest call is in.
    #[must_use]
    pub fn stage(&self, phone: PhoneId) -> Option<Stage> {
        self.call(phone).map(|call| call.stage)
    }

    /// Its part in its newest call.
    #[must_use]
    pub fn role(&self, phone: PhoneId) -> Option<Role> {
        self.call(phone).map(|call| call.role)
    }

    /// The leg of its newest call to whoever has this role there.
    #[must_use]
    pub fn leg(&self, phone: PhoneId, role: Role) -> Option<LegId> {
        self.call(phone)?
            .legs
            .into_iter()
            .find(|leg| leg.role == role)
            .map(|leg| leg.id)
    }

    /// Its wrap-ups.
    #[must_use]
    pub fn wrap_ups(&self, phone: PhoneId) -> Vec<WrapUpView> {
        self.phones[phone.0].station.snapshot(self.now).wrap_ups
    }

    /// Who hears whom.
    #[must_use]
    pub fn audible(&self) -> &Audible {
        &self.audible
    }

    /// `ear` hears `voice`.
    #[must_use]
    pub fn hears(&self, ear: PhoneId, voice: PhoneId) -> bool {
        self.audible.voices(ear).contains(&voice)
    }

    /// It hears hold music and nobody.
    #[must_use]
    pub fn on_hold(&self, phone: PhoneId) -> bool {
        self.audible.has_tone(phone, Tone::Music) && self.audible.voices(phone).is_empty()
    }

    /// The agent was told something like this.
    #[must_use]
    pub fn told(&self, phone: PhoneId, like: impl Fn(&Notice) -> bool) -> bool {
        self.phones[phone.0]
            .notices
            .iter()
            .any(|(_, notice)| like(notice))
    }

    /// The ladder of all that was sent.
    #[must_use]
    pub fn ladder(&self) -> String {
        use std::fmt::Write;
        let name = |address: SocketAddr| {
            let phone = self.phones.iter().find(|phone| phone.address == address);
            phone.map_or_else(|| address.to_string(), |phone| phone.name.to_owned())
        };
        let mut ladder = String::new();
        for Seen {
            at,
            from,
            to,
            text,
            fate,
        } in &self.network.seen
        {
            let fate = if fate.is_empty() {
                String::new()
            } else {
                format!("  [{fate}]")
            };
            let _ = writeln!(
                ladder,
                "{:9.3}  {:>9} → {:<9}  {}{fate}",
                at.0.as_secs_f64(),
                name(*from),
                name(*to),
                text.summary()
            );
        }
        for phone in &self.phones {
            let _ = writeln!(
                ladder,
                "{}: {:?}, told {:?}",
                phone.name,
                phone.stages(self.now),
                phone.notices
            );
        }
        ladder
    }
}

/// The number of the stream between two.
fn stream(one: SocketAddr, other: SocketAddr) -> u64 {
    let number = |address: SocketAddr| match address.ip() {
        IpAddr::V4(v4) => u64::from(v4.to_bits() & 0xFFFF),
        IpAddr::V6(_) => 0,
    };
    let (low, high) = (
        number(one).min(number(other)),
        number(one).max(number(other)),
    );
    low << 16 | high
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {}, at {:.3} s\n{}",
                self.seed,
                self.now.0.as_secs_f64(),
                self.ladder()
            );
        }
    }
}
