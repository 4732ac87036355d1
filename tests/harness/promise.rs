//! What must be true after each step, whatever went wrong: nobody hears himself, nobody is held in a conference, and the
//! customer is neither dropped nor left in silence without the agent's being told.
use crate::network::{Seen, branch};
use crate::sound::PhoneId;
use crate::world::World;
use std::net::IpAddr;
use std::time::Duration;
use trialog_call::{CallView, Notice, Party, Stage, Time};

/// 64·T1: after so long without an answer the other side counts as gone (RFC 3261 §17.1).
const GIVES_UP_AFTER: Duration = Duration::from_secs(32);

/// A customer whom no failure may touch.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    customer: PhoneId,
    patience: Duration,
    silent_since: Option<Time>,
    longest: Duration,
    /// Nothing came through to him or from him for so long that he counts as gone.
    given_up: bool,
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
            given_up: false,
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
        for phone in self.everybody() {
            if std::mem::take(&mut self.phones[phone.0].unchecked) {
                let calls = self.calls(phone);
                self.nobody_is_held_in_a_conference(phone, &calls);
                self.only_those_who_are_there_are_routed(phone, &calls);
                self.each_act_is_shown_as_it_is_decided(phone, &calls);
                self.note_stages(phone, &calls);
            }
        }
        self.customers_are_served();
    }

    fn note_stages(&mut self, phone: PhoneId, calls: &[CallView]) {
        if calls.iter().any(|call| call.stage == Stage::Anchored) {
            self.anchored = Some(self.now);
        }
        for call in calls {
            let new = self.lived.insert((phone, call.id, call.stage));
            let since = call.since == self.now;
            if self.diary.is_some() && (new || since) {
                let (name, id) = (self.name(phone), call.id.0);
                let line = format!("{name}: call {id} is {:?} ({:?})", call.stage, call.role);
                let said = self.diary.iter().flatten().rev().take(8);
                if said.into_iter().all(|(.., said)| *said != line) {
                    self.write_down(line);
                }
            }
        }
    }

    fn nobody_hears_himself(&self) {
        for phone in self.everybody() {
            assert!(
                !self.audible.voices(phone).contains(&phone),
                "{} hears himself",
                self.name(phone)
            );
        }
    }

    fn nobody_is_held_in_a_conference(&self, phone: PhoneId, calls: &[CallView]) {
        for call in calls {
            if call.stage == Stage::Conference {
                assert!(
                    call.legs.iter().all(|leg| !leg.held),
                    "r6: {} holds somebody in a conference",
                    self.name(phone)
                );
            }
        }
    }

    /// Each leg with an entry is one of a call's, or on its way out, and each party has one entry.
    fn only_those_who_are_there_are_routed(&self, phone: PhoneId, calls: &[CallView]) {
        let entries = &self.at(phone).bridge.routing.entries;
        for (place, entry) in entries.iter().enumerate() {
            let twice = entries[..place]
                .iter()
                .any(|other| other.party == entry.party);
            assert!(!twice, "{}: {:?} twice", self.name(phone), entry.party);
            if let Party::Leg(leg) = entry.party {
                let mut legs = calls.iter().flat_map(|call| &call.legs);
                // A focus that is about to leave is still spoken to.
                let leaves = !entry.speaks && self.at(phone).bridge.streams.contains_key(&leg);
                assert!(
                    leaves || legs.any(|there| there.id == leg),
                    "{}: {leg:?} is gone and routed",
                    self.name(phone)
                );
            }
        }
    }

    fn each_act_is_shown_as_it_is_decided(&self, phone: PhoneId, calls: &[CallView]) {
        for call in calls {
            for shown in &call.acts {
                let decided = self.at(phone).endpoint.permits(call.id, &shown.act);
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
            if !there && (self.gave_up(customer) || self.was_anchored()) {
                self.guarded[place].given_up = true;
                continue;
            }
            assert!(there, "the customer was dropped");
            // What his own phone does to him is no failure of ours.
            let by_himself = self.at(customer).bridge.cut
                || self
                    .calls(customer)
                    .iter()
                    .any(|call| call.stage == Stage::Held);
            let served = !self.audible.ear(customer).is_empty()
                || by_himself
                || self.hears_one_without_sound(customer)
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
        self.guarded.retain(|guarded| !guarded.given_up);
    }

    /// Somebody is guarded.
    #[must_use]
    pub fn is_guarded(&self, customer: PhoneId) -> bool {
        self.guarded
            .iter()
            .any(|guarded| guarded.customer == customer)
    }

    /// A request to or from this phone was without an answer until it was given up, which is leaving. Only where
    /// the network loses something.
    fn gave_up(&self, phone: PhoneId) -> bool {
        let host = self.host(phone);
        let of_it = |seen: &&Seen| seen.from.ip() == host || seen.to.ip() == host;
        let old = |seen: &&Seen| self.now.since(seen.at) >= GIVES_UP_AFTER;
        let seen = &self.network.seen;
        seen.iter()
            .filter(of_it)
            .filter(old)
            .any(|seen| match seen.text.status() {
                None => seen.text.method() != Some("ACK") && !self.was_answered(seen),
                Some(200..=299) if seen.text.about() == "INVITE" => !self.was_acknowledged(seen),
                Some(_) => false,
            })
    }

    /// A call was anchored of late: it ends with either side's BYE.
    fn was_anchored(&self) -> bool {
        self.anchored
            .is_some_and(|last| self.now.since(last) < GIVES_UP_AFTER)
    }

    fn arrived(&self, seen: &Seen, at: IpAddr) -> bool {
        seen.to.ip() == at && seen.arrives.is_some_and(|arrival| arrival <= self.now)
    }

    fn was_answered(&self, request: &Seen) -> bool {
        let (branch_of, method) = (branch(&request.text), request.text.about());
        self.network.seen.iter().any(|seen| {
            seen.text.status().is_some_and(|status| status >= 200)
                && seen.text.about() == method
                && branch(&seen.text) == branch_of
                && self.arrived(seen, request.from.ip())
        })
    }

    fn was_acknowledged(&self, answer: &Seen) -> bool {
        let number = |seen: &Seen| {
            let cseq = seen.text.header("CSeq").unwrap_or_default().to_owned();
            cseq.split(' ').next().map(str::to_owned)
        };
        self.network.seen.iter().any(|seen| {
            seen.text.method() == Some("ACK")
                && seen.text.header("Call-ID") == answer.text.header("Call-ID")
                && number(seen) == number(answer)
                && self.arrived(seen, answer.from.ip())
        })
    }

    /// He is connected, maybe by others, to a phone whose network carries no sound: it is named to him who is there, in five
    /// seconds.
    fn hears_one_without_sound(&self, customer: PhoneId) -> bool {
        let mut all = self.connected_to(customer).into_iter();
        all.any(|far| self.at(far).bridge.cut)
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
