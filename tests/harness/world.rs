//! The world: phones, the network between them, and time, which only passes here.
use crate::chance::Chance;
use crate::network::{Datagram, Link, Network, Seen};
use crate::phone::{Model, Phone, Quiet};
use crate::sound::{Audible, Bridge, PhoneId};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use trialog_call::{
    AccountId, Act, CallId, CallView, Input, LegId, MediaEvent, Notice, Refusal, Role, Stage,
    Target, Time, Tone, WrapUpAct, WrapUpView,
};
use trialog_ua::{ConnectionId, EndpointInput, ResolveId, Source, Transmit, Transport};

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
    /// Each stage that a call of a phone has been in.
    pub lived: BTreeSet<(PhoneId, CallId, Stage)>,
    /// What was done and what changed, each with the number of messages that had been sent by then; if somebody keeps it.
    pub diary: Option<Vec<(Time, usize, String)>>,
    /// When a call was last seen anchored.
    pub(crate) anchored: Option<Time>,
    lookups: Vec<Lookup>,
    chance: Chance,
    seed: u64,
}

/// A name's addresses that are under way to who asked.
struct Lookup {
    at: Time,
    phone: PhoneId,
    id: ResolveId,
    addresses: Vec<(Transport, SocketAddr)>,
}

/// What names end in here: `bob.world` is the phone `bob`, and no other name has an address.
pub const DOMAIN: &str = "world";
/// Where a registrar is.
pub const REGISTRAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 200)), 5060);

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
        // A step is a few messages to and fro.
        let patience = patience + 8 * (link.longest() - link.delay);
        Self {
            network,
            patience,
            phones: Vec::new(),
            now: Time::ZERO + Duration::from_secs(1),
            audible: Audible::default(),
            guarded: Vec::new(),
            lived: BTreeSet::new(),
            diary: None,
            anchored: None,
            lookups: Vec::new(),
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
        self.hand(phone, EndpointInput::Core(input));
    }

    /// A phone calls another.
    pub fn dial(&mut self, from: PhoneId, to: PhoneId) {
        let target = self.target(to);
        let done = self.try_dial(from, AccountId(0), target);
        assert_eq!(done, Ok(()), "{} may not call", self.name(from));
    }

    /// A phone places a call, if it may.
    ///
    /// # Errors
    /// Why it may not.
    pub fn try_dial(
        &mut self,
        from: PhoneId,
        account: AccountId,
        target: Target,
    ) -> Result<(), Refusal> {
        self.try_input(from, Input::Dial { account, target })
    }

    /// Something is asked of a phone. What is refused must change nothing and send nothing.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn try_input(&mut self, phone: PhoneId, input: Input) -> Result<(), Refusal> {
        let core = self.phones[phone.0].endpoint.phone().clone();
        let sent = self.network.seen.len();
        let asked = format!("{input:?}");
        self.say(phone, input);
        let Some(refusal) = self.phones[phone.0].refused.take() else {
            return Ok(());
        };
        let same = core == *self.phones[phone.0].endpoint.phone();
        assert!(same, "the refused {asked} changed something");
        let quiet = sent == self.network.seen.len();
        assert!(quiet, "the refused {asked} sent something");
        Err(refusal)
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
                .is_some_and(|call| w.at(phone).endpoint.permits(call.id, &act).is_ok())
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
        let permitted = self.phones[phone.0].endpoint.permits(call, &act);
        let input = Input::Act {
            call,
            act: act.clone(),
        };
        let refused = self.try_input(phone, input);
        assert_eq!(
            permitted,
            refused,
            "{}: `permits` and `step` do not agree about {act:?}",
            self.name(phone)
        );
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

    /// A phone does nothing any more, for good: power, program or machine is gone.
    pub fn kill(&mut self, phone: PhoneId) {
        self.phones[phone.0].dead = true;
        self.network.plug(self.host(phone), false);
        self.cut_sound(phone, true);
    }

    /// A phone's network goes away, sound and signalling, or comes back.
    pub fn plug(&mut self, phone: PhoneId, plugged: bool) {
        self.network.plug(self.host(phone), plugged);
        self.cut_sound(phone, !plugged);
    }

    /// The streams between two phones break, and both notice.
    pub fn break_streams(&mut self, one: PhoneId, other: PhoneId) {
        self.network.break_streams(self.host(one), self.host(other));
        for (phone, far) in [(one, other), (other, one)] {
            let destination = self.phones[far.0].address;
            self.fail_to_send(phone, destination);
        }
    }

    fn fail_to_send(&mut self, phone: PhoneId, destination: SocketAddr) {
        self.hand(
            phone,
            EndpointInput::TransportError {
                transport: Transport::Tcp,
                destination,
            },
        );
    }

    /// Registers a phone's accounts.
    pub fn register(&mut self, phone: PhoneId) {
        self.hand(phone, EndpointInput::Register);
    }

    /// Takes its registrations back.
    pub fn unregister(&mut self, phone: PhoneId) {
        self.hand(phone, EndpointInput::Unregister);
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
            .filter(|phone| !phone.dead)
            .filter_map(|phone| phone.endpoint.next_deadline());
        self.network
            .next()
            .into_iter()
            .chain(self.network.next_given_up())
            .chain(deadlines)
            .chain(self.lookups.iter().map(|lookup| lookup.at))
            .chain(self.next_quiet())
            .chain(self.next_promise())
            .min()
    }

    /// The phone whose deadline has come.
    fn due(&self) -> Option<PhoneId> {
        (0..self.phones.len()).map(PhoneId).find(|phone| {
            let phone = &self.phones[phone.0];
            let deadline = phone.endpoint.next_deadline();
            !phone.dead && deadline.is_some_and(|at| at <= self.now)
        })
    }

    /// One thing that is due now.
    fn happen(&mut self) {
        if self.network.next().is_some_and(|at| at <= self.now) {
            if let Some(datagram) = self.network.arrived(self.now) {
                self.deliver(&datagram);
            }
        } else if let Some((from, to)) = self.network.given_up(self.now) {
            if let Some(phone) = self.whose(from) {
                self.fail_to_send(phone, to);
            }
        } else if let Some(phone) = self.due() {
            self.hand(phone, EndpointInput::Timeout);
        } else if let Some(place) = self.lookups.iter().position(|found| found.at <= self.now) {
            let Lookup {
                phone,
                id,
                addresses,
                ..
            } = self.lookups.remove(place);
            let addresses = &addresses;
            self.hand(phone, EndpointInput::Resolved { id, addresses });
        } else {
            self.tell_quiet();
            self.watch();
        }
    }

    fn deliver(&mut self, datagram: &Datagram) {
        let Some(to) = self.whose(datagram.to) else {
            return self.answer_for_nobody(datagram);
        };
        let broken = self.network.broken() << 32;
        let connection = (datagram.transport == Transport::Tcp)
            .then(|| ConnectionId(broken | stream(datagram.from, datagram.to)));
        let source = Source {
            transport: datagram.transport,
            local: datagram.to,
            remote: datagram.from,
            connection,
        };
        self.hand(
            to,
            EndpointInput::Wire {
                source,
                message: &datagram.bytes,
            },
        );
    }

    /// Whose address this is.
    fn whose(&self, address: SocketAddr) -> Option<PhoneId> {
        let place = self.phones.iter().position(|p| p.address == address);
        place.map(PhoneId)
    }

    /// Where no phone is, a ghost answers BYE and CANCEL, the end of a fork that a test made up, and REGISTER.
    fn answer_for_nobody(&mut self, datagram: &Datagram) {
        let text = crate::wire::Text::new(&datagram.bytes);
        if matches!(text.method(), Some("BYE" | "CANCEL" | "REGISTER")) {
            let expires = text
                .header("Expires")
                .map_or_else(String::new, |expires| format!("Expires: {expires}\r\n"));
            let bytes = text.answer(200, "OK", "ghost", &expires, "");
            let answer = Datagram {
                from: datagram.to,
                to: datagram.from,
                transport: datagram.transport,
                bytes,
            };
            self.network.send(self.now, answer);
        }
    }

    fn hand(&mut self, phone: PhoneId, input: EndpointInput<'_>) {
        if self.phones[phone.0].dead {
            return;
        }
        let sent = self.phones[phone.0].handle(self.now, input);
        for (id, host) in std::mem::take(&mut self.phones[phone.0].asked) {
            self.look_up(phone, id, &host);
        }
        for transmit in sent {
            self.transmit(phone, transmit);
        }
        for (leg, digit) in std::mem::take(&mut self.phones[phone.0].digits) {
            self.carry_digit(phone, leg, digit);
        }
        self.watch();
    }

    fn look_up(&mut self, phone: PhoneId, id: ResolveId, host: &str) {
        let whose = |phone: &&Phone| host == format!("{}.{DOMAIN}", phone.name);
        let found = self.phones.iter().find(whose);
        let addresses = found.map(|found| (found.transport, found.address));
        self.lookups.push(Lookup {
            at: self.now + Duration::from_millis(self.chance.below(500)),
            phone,
            id,
            addresses: addresses.into_iter().collect(),
        });
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
            .filter(|phone| !phone.dead)
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
            if phone.dead {
                continue;
            }
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

    /// Puts a line into the diary, where somebody keeps one.
    pub(crate) fn write_down(&mut self, line: String) {
        if let Some(diary) = &mut self.diary {
            diary.push((self.now, self.network.seen.len(), line));
        }
    }

    /// Forgets what was sent, told and recorded until now.
    pub(crate) fn forget(&mut self) {
        self.network.seen.clear();
        self.lived.clear();
        for phone in &mut self.phones {
            phone.notices.clear();
            phone.records.clear();
        }
    }

    /// The phones, when all is over.
    pub(crate) fn take_phones(&mut self) -> Vec<Phone> {
        std::mem::take(&mut self.phones)
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

    /// All phones, in the order in which they were set up.
    pub fn everybody(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.phones.len()).map(PhoneId)
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

    /// How to call it by name, which has to be looked up first.
    #[must_use]
    pub fn named_target(&self, phone: PhoneId) -> Target {
        let name = self.phones[phone.0].name;
        Target(format!("sip:{name}@{name}.{DOMAIN}"))
    }

    /// All its calls, oldest first.
    #[must_use]
    pub fn calls(&self, phone: PhoneId) -> Vec<CallView> {
        self.phones[phone.0].endpoint.snapshot(self.now).calls
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
        self.phones[phone.0].endpoint.snapshot(self.now).wrap_ups
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

    /// All who are connected to this phone by sound, directly or by others, at one end of each stream at least; and itself.
    #[must_use]
    pub fn connected_to(&self, phone: PhoneId) -> BTreeSet<PhoneId> {
        let mut found = BTreeSet::from([phone]);
        let mut next = vec![phone];
        while let Some(one) = next.pop() {
            for other in self.everybody().filter(|other| *other != one) {
                let there = self.streams_to(one, other) || self.streams_to(other, one);
                if there && found.insert(other) {
                    next.push(other);
                }
            }
        }
        found
    }

    pub(crate) fn streams_to(&self, from: PhoneId, to: PhoneId) -> bool {
        let (host, streams) = (self.host(to), &self.at(from).bridge.streams);
        streams.values().any(|stream| stream.remote.ip() == host)
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

    /// The ladder of all that was sent, with what was done between where somebody kept a diary.
    #[must_use]
    pub fn ladder(&self) -> String {
        let mut ladder = self.rungs().join("\n");
        for phone in &self.phones {
            let (name, stages) = (phone.name, phone.stages(self.now));
            ladder += &format!("\n{name}: {stages:?}, told {:?}", phone.notices);
        }
        ladder
    }

    /// The ladder's lines.
    #[must_use]
    pub fn rungs(&self) -> Vec<String> {
        let nothing = Vec::new();
        let mut diary = self.diary.as_ref().unwrap_or(&nothing).iter().peekable();
        let mut rungs = Vec::new();
        for (place, seen) in self.network.seen.iter().enumerate() {
            while let Some((at, _, line)) = diary.next_if(|(_, sent, _)| *sent <= place) {
                rungs.push(format!("{:9.3}  {line}", at.0.as_secs_f64()));
            }
            rungs.push(self.rung(seen));
        }
        rungs.extend(diary.map(|(at, _, line)| format!("{:9.3}  {line}", at.0.as_secs_f64())));
        rungs
    }

    fn rung(&self, seen: &Seen) -> String {
        let name = |address: SocketAddr| {
            let phone = self.whose(address).map(|phone| self.name(phone).to_owned());
            phone.unwrap_or_else(|| address.to_string())
        };
        let under_way = seen.arrives.map(|arrival| arrival.since(seen.at));
        let late = under_way.is_some_and(|time| time >= Duration::from_millis(500));
        let fate = match (seen.fate, under_way) {
            ("", Some(time)) if late => format!("  [{:.3} s late]", time.as_secs_f64()),
            ("", _) => String::new(),
            (fate, _) => format!("  [{fate}]"),
        };
        format!(
            "{:9.3}  {:>12} → {:<12}  {}{fate}",
            seen.at.0.as_secs_f64(),
            name(seen.from),
            name(seen.to),
            seen.text.summary()
        )
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
