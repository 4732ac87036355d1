//! What must be true after each step, whatever went wrong: nobody hears himself, nobody is held in a conference, and the
//! customer is neither dropped nor left in silence without the agent's being told.
use crate::sound::PhoneId;
use crate::world::World;
use std::time::Duration;
use trialog_call::{Notice, Stage, Time};

/// A customer whom no failure may touch.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    customer: PhoneId,
    patience: Duration,
    silent_since: Option<Time>,
    longest: Duration,
}

impl World {
    /// From now on this phone's call must go on, and it must hear a voice or music but for `patience` at a time.
    pub fn guard(&mut self, customer: PhoneId, patience: Duration) {
        self.release(customer);
        self.guarded.push(Guarded {
            customer,
            patience,
            silent_since: None,
            longest: Duration::ZERO,
        });
        self.watch();
    }

    /// The customer may go, or be let go. The longest silence that he had until now.
    pub fn release(&mut self, customer: PhoneId) -> Duration {
        let place = self
            .guarded
            .iter()
            .position(|guarded| guarded.customer == customer);
        place.map_or(Duration::ZERO, |place| self.guarded.remove(place).longest)
    }

    pub(crate) fn next_promise(&self) -> Option<Time> {
        self.guarded
            .iter()
            .filter_map(|guarded| Some(guarded.silent_since? + guarded.patience))
            .filter(|at| *at > self.now)
            .min()
    }

    pub(crate) fn check(&mut self) {
        self.nobody_hears_himself();
        for phone in 0..self.phones.len() {
            self.nobody_is_held_in_a_conference(PhoneId(phone));
            self.each_act_is_shown_as_it_is_decided(PhoneId(phone));
        }
        self.customers_are_served();
    }

    fn nobody_hears_himself(&self) {
        for phone in (0..self.phones.len()).map(PhoneId) {
            assert!(
                !self.audible.voices(phone).contains(&phone),
                "{} hears himself",
                self.name(phone)
            );
        }
    }

    fn nobody_is_held_in_a_conference(&self, phone: PhoneId) {
        for call in self.calls(phone) {
            if call.stage == Stage::Conference {
                assert!(
                    call.legs.iter().all(|leg| !leg.held),
                    "r6: {} holds somebody in a conference",
                    self.name(phone)
                );
            }
        }
    }

    fn each_act_is_shown_as_it_is_decided(&self, phone: PhoneId) {
        for call in self.calls(phone) {
            for shown in &call.acts {
                let decided = self.at(phone).station.permits(call.id, &shown.act);
                let agrees = match (&shown.refusal, decided) {
                    (None, Ok(())) => true,
                    (Some(shown), Err(decided)) => *shown == decided,
                    // An act with an argument stands there with an empty one.
                    _ => false,
                };
                assert!(
                    agrees,
                    "{}, {:?}: {:?} is shown as {:?}, decided as {decided:?}",
                    self.name(phone),
                    call.stage,
                    shown.act,
                    shown.refusal
                );
            }
        }
    }

    fn customers_are_served(&mut self) {
        let now = self.now;
        for place in 0..self.guarded.len() {
            let customer = self.guarded[place].customer;
            let there = self
                .calls(customer)
                .iter()
                .any(|call| call.legs.iter().any(|leg| leg.up));
            assert!(there, "the customer was dropped");
            // What his own phone does to him is no failure of ours.
            let by_himself = self.at(customer).bridge.cut
                || self
                    .calls(customer)
                    .iter()
                    .any(|call| call.stage == Stage::Held);
            let served = !self.audible.ear(customer).is_empty()
                || by_himself
                || self.is_muted()
                || self.is_explained(place);
            let guarded = &mut self.guarded[place];
            let since = *guarded.silent_since.get_or_insert(now);
            if served {
                guarded.silent_since = None;
            }
            guarded.longest = guarded.longest.max(now.since(since));
            assert!(
                now.since(since) <= guarded.patience,
                "the customer heard nothing for {:?}",
                now.since(since)
            );
        }
    }

    /// Some agent stopped his microphone on purpose.
    fn is_muted(&self) -> bool {
        (0..self.phones.len()).any(|phone| self.calls(PhoneId(phone)).iter().any(|call| call.muted))
    }

    /// An agent was told that something about the customer's sound is wrong.
    fn is_explained(&self, place: usize) -> bool {
        let Some(since) = self.guarded[place].silent_since else {
            return false;
        };
        self.phones
            .iter()
            .flat_map(|phone| &phone.notices)
            .any(|(at, notice)| {
                *at >= since
                    && matches!(
                        notice,
                        Notice::NoAudio { .. }
                            | Notice::ResumeRefused { .. }
                            | Notice::HoldRefused { .. }
                            | Notice::TransferFailed { .. }
                    )
            })
    }
}
