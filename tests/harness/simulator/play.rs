//! A course under way: what is done to the world, whom no failure may touch meanwhile, and how all of it ends.
use super::Course;
use super::cast::Part;
use super::deed::Deed;
use super::quietly::Broken;
use crate::chance::Chance;
use crate::phone::{STOCK, endpoint};
use crate::sound::PhoneId;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{
    Act, CallId, CallRecord, CallView, Input, Party, Policy, Role, RouteEntry, Stage, Time,
    WrapUpAct, WrapUpId,
};
use trialog_ua::LiveCounts;

/// How everything ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everybody hangs up.
    HangUp,
    /// Everybody dies but this one, who first waits and then hangs up.
    AllDieBut(PhoneId),
}

/// After so long all have hung up, or can't.
const HANGING_UP: Duration = Duration::from_secs(300);
/// A subscription lives for 180 s and lingers for 90 (RFC 6665), and before that two transactions of 32 s each may have
/// ended; nothing lives longer.
const NOTHING_LIVES_LONGER: Duration = Duration::from_secs(360);
/// What a phone may weigh more after its course than a new one, in bytes: lists in the core keep room for a few calls.
const ROOM: i64 = 4 * 1024;

/// Nobody is kept in a call for longer.
const STUCK: Duration = Duration::from_secs(80);

impl Ending {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let who = PhoneId(usize::try_from(chance.below(3)).unwrap_or(0));
        if chance.happens(120) {
            Self::AllDieBut(who)
        } else {
            Self::HangUp
        }
    }
}

/// A world and whose it is.
pub struct Play {
    /// Phones and network.
    pub world: World,
    /// Whose phones they are.
    pub cast: Vec<Part>,
    /// How often something was done that was allowed, and how often something that was refused, by its name.
    pub done: BTreeMap<&'static str, (u64, u64)>,
    /// How often a customer was put under guard, and for how long all of them were.
    pub guarded: (u64, Duration),
    /// Since when this customer is under guard.
    guards: BTreeMap<PhoneId, Time>,
    seeds: Vec<[u8; 32]>,
    down: BTreeSet<PhoneId>,
    faulty: bool,
    /// Since when nobody could leave this call.
    stuck: BTreeMap<(PhoneId, CallId), Time>,
    also: Option<fn(&World)>,
}

impl Play {
    pub(super) fn new(course: &Course) -> Self {
        let mut world = World::with_link(course.seed, course.link);
        let mut seeds = Vec::new();
        for part in &course.cast {
            let phone = world.phone(part.name, &part.model);
            seeds.push(world.at(phone).seed);
        }
        let mut play = Self {
            world,
            cast: course.cast.clone(),
            done: BTreeMap::new(),
            guarded: (0, Duration::ZERO),
            guards: BTreeMap::new(),
            seeds,
            down: BTreeSet::new(),
            faulty: false,
            stuck: BTreeMap::new(),
            also: course.also,
        };
        for phone in play.world.everybody() {
            play.world.register(phone);
        }
        play
    }

    /// Those that are not dead.
    pub fn alive(&self) -> impl Iterator<Item = PhoneId> + use<'_> {
        self.world
            .everybody()
            .filter(|phone| !self.world.at(*phone).dead)
    }

    /// Its network, or the sound on it, is away.
    #[must_use]
    pub fn is_down(&self, phone: PhoneId) -> bool {
        self.down.contains(&phone)
    }

    /// Time passes, and who has come to talk to an agent is guarded.
    pub fn wait_until(&mut self, at: Time) {
        // In steps, so that a call is guarded soon after it has begun.
        while self.world.now() < at {
            let left = at.since(self.world.now());
            self.world.run_for(left.min(Duration::from_secs(2)));
            self.guard();
            self.each_call_can_be_left();
        }
    }

    /// Every leg can be brought to an end by acts that are allowed, at the latest when the step under way is decided: a
    /// request is given up after 32 s, and a step may be two of them.
    fn each_call_can_be_left(&mut self) {
        let now = self.world.now();
        let mut stuck = BTreeMap::new();
        for phone in self.alive() {
            for call in self.world.calls(phone) {
                let leaves = |act: &Act| {
                    matches!(
                        act,
                        Act::End | Act::Exit | Act::EndConsult | Act::Reject | Act::Cancel
                    )
                };
                let mut acts = call.acts.iter();
                let may = acts.any(|shown| shown.refusal.is_none() && leaves(&shown.act));
                // The hook ends for all while a transfer is pending (R11).
                if may || call.stage == Stage::TransferPending && call.role == Role::Owner {
                    continue;
                }
                let since = self.stuck.get(&(phone, call.id)).copied().unwrap_or(now);
                assert!(
                    now.since(since) <= STUCK,
                    "{} can't leave call {}, which is {:?}",
                    self.world.name(phone),
                    call.id.0,
                    call.stage
                );
                stuck.insert((phone, call.id), since);
            }
        }
        self.stuck = stuck;
    }

    /// Does it, if it may be done.
    pub fn perform(&mut self, deed: &Deed) {
        if self.world.diary.is_some() {
            let line = format!("** {}", deed.say(|phone| self.cast[phone.0].name));
            self.world.write_down(line);
        }
        for phone in self.let_go_by(deed) {
            self.world.release(phone);
        }
        self.faulty |= deed.is_fault();
        let (name, done) = self.carry_out(deed);
        let count = self.done.entry(name).or_default();
        match done {
            true => count.0 += 1,
            false => count.1 += 1,
        }
        self.guard();
        if let Some(also) = self.also {
            also(&self.world);
        }
    }

    fn carry_out(&mut self, deed: &Deed) -> (&'static str, bool) {
        let world = &mut self.world;
        match deed {
            Deed::Dial(who, account, target) => {
                let done = world.try_dial(*who, *account, target.clone());
                ("Dial", done.is_ok())
            }
            Deed::Act(who, place, act) => {
                let Some(call) = world.calls(*who).get(*place).map(|call| call.id) else {
                    return (name_of(act), false);
                };
                let done = world.try_act_on(*who, call, act.clone());
                (name_of(act), done.is_ok())
            }
            Deed::Hook(who) => ("Hook", world.try_input(*who, Input::Hook).is_ok()),
            Deed::PageOpen(who, open) => {
                world.say(*who, Input::PageOpen(*open));
                ("PageOpen", true)
            }
            Deed::Presence(who, presence) => {
                world.say(*who, Input::Presence(*presence));
                ("Presence", true)
            }
            Deed::WrapUp(who, id, act) => {
                let (id, act) = (*id, act.clone());
                let done = world.try_input(*who, Input::WrapUp { id, act });
                ("WrapUp", done.is_ok())
            }
            Deed::Device(who, there) => {
                world.say(*who, Input::Device(*there));
                ("Device", true)
            }
            Deed::NetworkChanged(who) => {
                world.say(*who, Input::NetworkChanged);
                ("NetworkChanged", true)
            }
            Deed::Terminate(who) => {
                world.say(*who, Input::Terminate);
                ("Terminate", true)
            }
            Deed::Die(who) => {
                world.kill(*who);
                ("Die", true)
            }
            Deed::Plug(who, plugged) => {
                self.note_down(*who, !plugged);
                self.world.plug(*who, *plugged);
                ("Plug", true)
            }
            Deed::Sound(who, carried) => {
                // Sound alone does not bring back a network that is away.
                let away = world.network.is_unplugged(world.host(*who));
                if !(away && *carried) {
                    self.note_down(*who, !carried);
                    self.world.cut_sound(*who, !carried);
                }
                ("Sound", true)
            }
            Deed::BreakStreams(one, other) => {
                world.break_streams(*one, *other);
                ("BreakStreams", true)
            }
            Deed::Refuse(..) | Deed::Strip(..) => {
                if let Some((wanted, meddling, times)) = deed.meddling() {
                    world.network.meddle(wanted, meddling, times);
                }
                ("Refuse or strip", true)
            }
        }
    }

    fn note_down(&mut self, phone: PhoneId, down: bool) {
        if down {
            self.down.insert(phone);
        } else {
            self.down.remove(&phone);
        }
    }

    // Whom no failure may touch.

    /// The customers who may be let go by this, or whom it may leave in silence.
    fn let_go_by(&self, deed: &Deed) -> BTreeSet<PhoneId> {
        let nobody = BTreeSet::new();
        match deed {
            Deed::Act(who, place, act) => {
                let calls = self.world.calls(*who);
                let Some(call) = calls.get(*place) else {
                    return nobody;
                };
                let all = self.world.connected_to(*who);
                // Whoever is handed to somebody whose network is away is handed into silence.
                let into_silence = matches!(act, Act::Transfer(_) | Act::Accept)
                    && all.iter().any(|phone| self.is_down(*phone));
                let customer = self.cast[who.0].is_customer();
                if customer || into_silence || lets_the_customer_go(act, call) {
                    all
                } else {
                    nobody
                }
            }
            Deed::Hook(who) => {
                let guest = |call: &CallView| call.role == Role::Guest;
                if self.world.calls(*who).iter().all(guest) {
                    nobody
                } else {
                    self.world.connected_to(*who)
                }
            }
            Deed::Terminate(who) if !self.is_mere_guest(*who) => self.world.connected_to(*who),
            Deed::Die(who) | Deed::Plug(who, false) | Deed::Sound(who, false)
                if !self.is_mere_guest(*who) =>
            {
                self.world.connected_to(*who)
            }
            // What was under way is lost, and with it maybe an answer: it counts as given up after 64·T1.
            Deed::BreakStreams(one, other) => {
                let mut both = self.world.connected_to(*one);
                both.extend(self.world.connected_to(*other));
                both
            }
            _ => nobody,
        }
    }

    /// It is a guest and about to become nothing else: whatever becomes of it, the owner has the customer.
    fn is_mere_guest(&self, phone: PhoneId) -> bool {
        let calm = |phone: PhoneId| {
            self.world.calls(phone).iter().all(|call| {
                !matches!(
                    call.stage,
                    Stage::ConsultRequested
                        | Stage::TransferPending
                        | Stage::Anchored
                        | Stage::Ending
                )
            })
        };
        let guest = |call: &CallView| call.role == Role::Guest;
        self.world.calls(phone).iter().all(guest)
            && self.world.connected_to(phone).into_iter().all(calm)
    }

    /// From now on no failure may touch a customer who talks to an agent.
    fn guard(&mut self) {
        let customers: Vec<PhoneId> = self
            .alive()
            .filter(|phone| self.cast[phone.0].is_customer() && !self.world.is_guarded(*phone))
            .collect();
        for customer in customers {
            let talks = |phone: PhoneId| self.world.stage(phone) == Some(Stage::Connected);
            if !talks(customer) {
                continue;
            }
            let all = self.world.connected_to(customer);
            let whole = all.iter().all(|phone| {
                let snapshot = self.world.at(*phone).endpoint.snapshot(self.world.now());
                !self.world.at(*phone).dead && !self.is_down(*phone) && !snapshot.terminating
            });
            let owner = all.iter().find(|phone| {
                !self.cast[phone.0].is_customer()
                    && talks(**phone)
                    && self.world.streams_to(**phone, customer)
                    && self.world.role(**phone) == Some(Role::Owner)
                    && self.world.hears(**phone, customer)
                    && self.world.hears(customer, **phone)
            });
            if whole && owner.is_some() {
                let patience = self.world.patience;
                self.world.guard(customer, patience);
                self.guarded.0 += 1;
                self.guards.insert(customer, self.world.now());
            }
        }
        self.count_guards();
    }

    fn count_guards(&mut self) {
        let now = self.world.now();
        for (customer, since) in std::mem::take(&mut self.guards) {
            self.guarded.1 += now.since(since);
            if self.world.is_guarded(customer) {
                self.guards.insert(customer, now);
            }
        }
    }

    // The end.

    /// Everybody hangs up, or dies, and nothing is left.
    pub(super) fn end(&mut self, ending: Ending) {
        self.both_ends_agree();
        for phone in self.world.everybody() {
            self.world.release(phone);
        }
        self.world.network.stop_meddling();
        if let Ending::AllDieBut(survivor) = ending {
            for phone in self.world.everybody().filter(|phone| *phone != survivor) {
                self.world.kill(phone);
            }
            // Silence is told after 5 s and ends a call after 30, and a BYE is given up after 32.
            self.world.run_for(Duration::from_secs(75));
            self.nobody_listens_to_the_dead(survivor);
        }
        for phone in self.down.clone() {
            if !self.world.at(phone).dead {
                self.world.plug(phone, true);
            }
        }
        self.hang_up();
        for phone in self.alive().collect::<Vec<_>>() {
            self.world.unregister(phone);
        }
        self.rest();
        let survivors: Vec<PhoneId> = self.alive().collect();
        for &phone in &survivors {
            self.each_period_of_ownership_has_its_wrap_up(phone);
            self.each_call_is_recorded_from_its_beginning_to_its_end(phone);
            let there = self.world.at(phone);
            let ends = there.endpoint.snapshot(self.world.now()).terminating;
            assert!(
                there.quit || !ends,
                "{} was switched off and does not quit",
                there.name
            );
        }
        assert_eq!(
            self.world.network.next(),
            None,
            "something is still under way"
        );
        self.each_understood_the_others();
        self.nothing_was_sent_too_often();
    }

    /// Nobody said that a message was malformed or beyond him. (What the test refused has no such status but 405 and 420,
    /// and those for REFER and INVITE.)
    fn each_understood_the_others(&self) {
        for seen in &self.world.network.seen {
            let status = seen.text.status().filter(|_| seen.fate != "by the test");
            if let Some(400 | 405 | 413..=416 | 420 | 421 | 482 | 483 | 489 | 513) = status {
                panic!("{} could not be understood", seen.text.summary());
            }
        }
    }

    /// RFC 3261 §17.1: an INVITE goes at most seven times, another request at most eleven times, and by a stream once.
    fn nothing_was_sent_too_often(&self) {
        let mut sent: BTreeMap<(&str, SocketAddr), u32> = BTreeMap::new();
        for seen in &self.world.network.seen {
            let Some(method) = seen.text.method() else {
                continue;
            };
            let most = match method {
                // One for each copy of a final answer.
                "ACK" => continue,
                _ if seen
                    .text
                    .header("Via")
                    .is_some_and(|via| via.contains("/TCP")) =>
                {
                    1
                }
                "INVITE" => 7,
                _ => 11,
            };
            let count = sent.entry((seen.text.as_str(), seen.to)).or_default();
            *count += 1;
            assert!(
                *count <= most,
                "{} was sent {count} times",
                seen.text.summary()
            );
        }
    }

    /// All calls are over: what is owed is handed in, and nothing lives on.
    fn rest(&mut self) {
        let survivors: Vec<PhoneId> = self.alive().collect();
        for &phone in &survivors {
            self.hand_in(phone);
        }
        self.nothing_lives_on(&survivors);
    }

    /// A day's work is over, and there will be another. What the harness remembers of it is forgotten.
    pub(super) fn call_it_a_day(&mut self) {
        for phone in self.world.everybody() {
            self.world.release(phone);
        }
        self.world.network.stop_meddling();
        for phone in std::mem::take(&mut self.down) {
            self.world.plug(phone, true);
        }
        self.hang_up();
        self.rest();
        self.world.forget();
    }

    /// Without faults and with nothing lost, who thinks that he has a call has a partner who thinks so as well.
    fn both_ends_agree(&mut self) {
        if self.faulty || self.world.network.loses() {
            return;
        }
        // Whatever is under way or running out is decided by then: a request is given up after 32 s, a transfer after 60.
        let end = self.world.now() + Duration::from_secs(150);
        while self.world.now() < end {
            self.wait_until(self.world.now() + Duration::from_secs(10));
        }
        let mut ends = BTreeSet::new();
        for phone in self.world.everybody() {
            let streams = &self.world.at(phone).bridge.streams;
            ends.extend(streams.values().map(|end| (end.local, end.remote)));
        }
        for (local, remote) in &ends {
            assert!(
                ends.contains(&(*remote, *local)),
                "the call between {local} and {remote} has one end only"
            );
        }
        for phone in self.world.everybody() {
            self.nobody_sits_in_silence(phone);
        }
    }

    /// Whoever has a microphone and an ear in a call that is up hears somebody or something, unless somebody is muted.
    fn nobody_sits_in_silence(&self, phone: PhoneId) {
        let all = self.world.connected_to(phone);
        let muted = |phone: PhoneId| self.world.calls(phone).iter().any(|call| call.muted);
        if all.into_iter().any(muted) {
            return;
        }
        let routing = &self.world.at(phone).bridge.routing;
        let local = |entry: &RouteEntry| entry.party == Party::Local && entry.hears;
        // In a conference the sound of those who hold us is cut from the mix, so that nobody hears their music.
        let talks = |call: &CallView| match call.stage {
            Stage::Connected | Stage::Consulting | Stage::Swapped | Stage::PostCall => true,
            Stage::Conference => call.legs.iter().any(|leg| !leg.far_held),
            _ => false,
        };
        let calls = self.world.calls(phone);
        if routing.entries.iter().any(local) && calls.iter().any(talks) {
            assert!(
                !self.world.audible().ear(phone).is_empty(),
                "{} hears nothing: {:?}",
                self.world.name(phone),
                self.world.at(phone).stages(self.world.now())
            );
        }
    }

    fn nobody_listens_to_the_dead(&self, survivor: PhoneId) {
        if self.world.at(survivor).dead {
            return;
        }
        for stream in self.world.at(survivor).bridge.streams.values() {
            let mut far = self.world.everybody();
            let dead = far.find(|far| {
                self.world.host(*far) == stream.remote.ip() && self.world.at(*far).dead
            });
            if let Some(dead) = dead.filter(|_| stream.receives) {
                panic!(
                    "{} still listens to {} who is dead",
                    self.world.name(survivor),
                    self.world.name(dead)
                );
            }
        }
    }

    fn hang_up(&mut self) {
        let end = self.world.now() + HANGING_UP;
        loop {
            let mut left = false;
            for phone in self.alive().collect::<Vec<_>>() {
                for call in self.world.calls(phone) {
                    left = true;
                    self.leave(phone, &call);
                }
            }
            if !left {
                return;
            }
            let told = |phone: PhoneId| {
                let stages = self.world.at(phone).stages(self.world.now());
                format!("{}: {stages:?}", self.world.name(phone))
            };
            assert!(
                self.world.now() < end,
                "a call that can't be ended: {:?}",
                self.alive().map(told).collect::<Vec<_>>()
            );
            self.world.run_for(Duration::from_secs(3));
        }
    }

    fn leave(&mut self, phone: PhoneId, call: &CallView) {
        for act in [
            Act::End,
            Act::Exit,
            Act::EndConsult,
            Act::Reject,
            Act::Cancel,
            Act::Decline,
        ] {
            if self.world.try_act_on(phone, call.id, act).is_ok() {
                return;
            }
        }
        if call.stage == Stage::TransferPending {
            let _ = self.world.try_input(phone, Input::Hook);
        }
    }

    /// The agent hands in all that he owes.
    fn hand_in(&mut self, phone: PhoneId) {
        let reason = self.cast[phone.0].model.policy.reasons.first();
        let Some(code) = reason.map(|reason| reason.code.clone()) else {
            return;
        };
        for wrap_up in self.world.wrap_ups(phone) {
            let name = self.world.name(phone);
            assert!(wrap_up.due, "{name} has a draft of a call that is over");
            let (id, act) = (wrap_up.id, WrapUpAct::Submit(code.clone()));
            let done = self.world.try_input(phone, Input::WrapUp { id, act });
            assert_eq!(done, Ok(()), "{name} can't hand in what he owes");
        }
    }

    fn nothing_lives_on(&mut self, survivors: &[PhoneId]) {
        let end = self.world.now() + NOTHING_LIVES_LONGER;
        let remains = |play: &Self| -> Vec<(&'static str, LiveCounts)> {
            let of = |phone: &PhoneId| {
                let endpoint = &play.world.at(*phone).endpoint;
                (
                    play.world.name(*phone),
                    endpoint.live_counts(play.world.now()),
                )
            };
            let left = survivors.iter().map(of);
            left.filter(|(_, remains)| *remains != LiveCounts::default())
                .collect()
        };
        while self.world.now() < end && !remains(self).is_empty() {
            self.world.run_for(Duration::from_secs(10));
        }
        assert_eq!(remains(self), [], "something is left behind");
        // What is late may still arrive, and must find nothing to wake.
        self.world.run_for(Duration::from_secs(40));
        assert_eq!(remains(self), [], "something has come to life again");
        for &phone in survivors {
            let there = self.world.at(phone);
            let name = there.name;
            assert!(there.bridge.streams.is_empty(), "{name} is left with sound");
            assert_eq!(
                there.endpoint.media_left(),
                usize::from(STOCK),
                "{name} is left without all its RTP addresses"
            );
            assert_eq!(
                there.endpoint.next_deadline(),
                None,
                "{name} is left with a timer"
            );
        }
    }

    /// R8, R12, R15, R16: one wrap-up for each call that the agent owned when it had been answered, none for a guest's.
    fn each_period_of_ownership_has_its_wrap_up(&self, phone: PhoneId) {
        #[derive(Default)]
        struct Life {
            owner: bool,
            connected: bool,
            owed: BTreeSet<WrapUpId>,
        }
        let mut lives: BTreeMap<CallId, Life> = BTreeMap::new();
        for record in &self.world.at(phone).records {
            match record {
                CallRecord::Began { call, role, .. } => {
                    lives.entry(*call).or_default().owner = *role == Role::Owner;
                }
                CallRecord::Connected { call, .. } => {
                    lives.entry(*call).or_default().connected = true;
                }
                CallRecord::Owned { call, .. } => {
                    let life = lives.entry(*call).or_default();
                    (life.owner, life.connected) = (true, true);
                }
                CallRecord::WrapUpOpened {
                    id,
                    call,
                    due: true,
                    ..
                } => {
                    lives.entry(*call).or_default().owed.insert(*id);
                }
                _ => {}
            }
        }
        let asked = asks_for_wrap_ups(&self.cast[phone.0].model.policy);
        for (call, life) in lives {
            let due = usize::from(asked && life.owner && life.connected);
            // Who was called as an ordinary phone and became a guest later owes none, either.
            let guest = self.world.lived.iter().any(|(whose, of, stage)| {
                *whose == phone && *of == call && *stage == Stage::Conference
            });
            let fits = life.owed.len() == due || guest && life.owed.is_empty();
            assert!(
                fits,
                "{} owes {} wrap-ups for call {}, where {due} is right",
                self.world.name(phone),
                life.owed.len(),
                call.0
            );
        }
    }

    /// It begins and ends once, and between the two lies all the rest but its wrap-up.
    fn each_call_is_recorded_from_its_beginning_to_its_end(&self, phone: PhoneId) {
        let mut open: BTreeMap<CallId, bool> = BTreeMap::new();
        for record in &self.world.at(phone).records {
            let fits = match record {
                CallRecord::Began { call, .. } => open.insert(*call, true).is_none(),
                CallRecord::Connected { call, .. } | CallRecord::Owned { call, .. } => {
                    open.get(call) == Some(&true)
                }
                CallRecord::Finished { call, .. } => open.insert(*call, false) == Some(true),
                _ => true,
            };
            assert!(
                fits,
                "{}: {record:?} is out of place",
                self.world.name(phone)
            );
        }
        assert!(
            open.values().all(|open| !open),
            "{}: a call has no end in the records",
            self.world.name(phone)
        );
    }

    /// Weighs each phone that lived: its memory has come back to what a new one takes.
    #[must_use]
    pub fn weigh(self) -> Option<Broken> {
        let mut world = self.world;
        for (place, phone) in world.take_phones().into_iter().enumerate() {
            let model = &self.cast[place].model;
            let new = endpoint(phone.name, phone.address, model, self.seeds[place]);
            let (name, dead) = (phone.name, phone.dead);
            let light = weight(new);
            let heavy = weight(phone.endpoint);
            if !dead && heavy > light + ROOM {
                return Some(Broken {
                    promise: format!("{name} weighs {heavy} bytes; a new one weighs {light}"),
                    place: "the scales".into(),
                });
            }
        }
        None
    }
}

/// How many bytes of the heap it held.
fn weight<T>(thing: T) -> i64 {
    -allocation_counter::measure(|| drop(thing)).bytes_current
}

fn asks_for_wrap_ups(policy: &Policy) -> bool {
    policy.agent && !policy.reasons.is_empty()
}

/// By this the owner ends the customer's call, or hands him on where nothing is promised.
fn lets_the_customer_go(act: &Act, call: &CallView) -> bool {
    match act {
        Act::End | Act::Cancel | Act::Transfer(Some(_)) => {
            !matches!(call.stage, Stage::Offered | Stage::Dialling)
        }
        Act::Exit => call.stage == Stage::Anchored || call.role == Role::Owner,
        _ => false,
    }
}

fn name_of(act: &Act) -> &'static str {
    match act {
        Act::Answer => "Answer",
        Act::Reject => "Reject",
        Act::Forward(_) => "Forward",
        Act::Cancel => "Cancel",
        Act::Hold => "Hold",
        Act::Resume => "Resume",
        Act::Mute => "Mute",
        Act::Unmute => "Unmute",
        Act::Consult(_) => "Consult",
        Act::EndConsult => "EndConsult",
        Act::Swap => "Swap",
        Act::Conference => "Conference",
        Act::Transfer(Some(_)) => "Transfer, blind",
        Act::Transfer(None) => "Transfer",
        Act::Withdraw => "Withdraw",
        Act::Accept => "Accept",
        Act::Decline => "Decline",
        Act::Exit => "Exit",
        Act::End => "End",
        Act::Stay => "Stay",
        Act::Dtmf(_) => "Dtmf",
    }
}
