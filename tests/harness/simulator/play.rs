//! A course under way: what is done to the world, whom no failure may touch meanwhile, and how all of it ends.
mod end;
mod guard;
mod verdict;

pub use end::Ending;

use super::Course;
use super::cast::Part;
use super::deed::Deed;
use crate::sound::PhoneId;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use trialog_call::{Act, CallId, Input, Role, Stage, Time};

/// Nobody is kept in a call for longer.
const STUCK: Duration = Duration::from_secs(80);

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
                        Act::End | Act::Exit | Act::EndConsult | Act::Reject(_) | Act::Cancel
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
                world.change_port(*who);
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
}

fn name_of(act: &Act) -> &'static str {
    match act {
        Act::Answer => "Answer",
        Act::Reject(_) => "Reject",
        Act::Forward(_) => "Forward",
        Act::Cancel => "Cancel",
        Act::Hold => "Hold",
        Act::Resume => "Resume",
        Act::Mute => "Mute",
        Act::Unmute => "Unmute",
        Act::Consult(_) | Act::ConsultBy { .. } => "Consult",
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
