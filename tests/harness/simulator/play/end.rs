//! How a course ends: everybody hangs up or dies, what is owed is handed in, and nothing lives on.
use super::Play;
use crate::chance::Chance;
use crate::phone::{STOCK, endpoint};
use crate::simulator::quietly::Broken;
use crate::sound::PhoneId;
use std::time::Duration;
use trialog_call::{Act, CallView, Input, Stage, WrapUpAct};
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
/// What a phone may weigh more after its course than a new one, in bytes: lists in the core keep room for the most calls that there were at once, some 0.5 kB each.
const ROOM: i64 = 6 * 1024;

impl Ending {
    pub(in crate::simulator) fn draw(chance: &mut Chance) -> Self {
        let who = PhoneId(usize::try_from(chance.below(3)).unwrap_or(0));
        if chance.happens(120) {
            Self::AllDieBut(who)
        } else {
            Self::HangUp
        }
    }
}

impl Play {
    /// Everybody hangs up, or dies, and nothing is left.
    pub(in crate::simulator) fn end(&mut self, ending: Ending) {
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

    /// All calls are over: what is owed is handed in, and nothing lives on.
    fn rest(&mut self) {
        let survivors: Vec<PhoneId> = self.alive().collect();
        for &phone in &survivors {
            self.hand_in(phone);
        }
        self.nothing_lives_on(&survivors);
    }

    /// A day's work is over, and there will be another. What the harness remembers of it is forgotten.
    pub(in crate::simulator) fn call_it_a_day(&mut self) {
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
            Act::Reject(None),
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
            let (id, act) = (
                wrap_up.id,
                WrapUpAct::Submit {
                    reason: code.clone(),
                    note: None,
                },
            );
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
                there.endpoint.free_rtp_ports(),
                usize::from(STOCK),
                "{name} is left without all its RTP ports"
            );
            assert_eq!(
                there.endpoint.next_deadline(),
                None,
                "{name} is left with a timer"
            );
        }
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
