//! What must hold of a course when it is over: both ends agree, nobody sits in silence, the wire and the records are right.
use super::Play;
use crate::sound::PhoneId;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{
    CallId, CallRecord, CallView, Party, Policy, Role, RouteEntry, Stage, WrapUpId,
};

impl Play {
    /// Without faults and with nothing lost, who thinks that he has a call has a partner who thinks so as well.
    pub(super) fn both_ends_agree(&mut self) {
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
    pub(super) fn nobody_sits_in_silence(&self, phone: PhoneId) {
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

    pub(super) fn nobody_listens_to_the_dead(&self, survivor: PhoneId) {
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

    /// Nobody said that a message was malformed or beyond him. (What the test refused has no such status but 405 and 420,
    /// and those for REFER and INVITE.)
    pub(super) fn each_understood_the_others(&self) {
        for seen in &self.world.network.seen {
            let status = seen.text.status().filter(|_| seen.fate != "by the test");
            if let Some(400 | 405 | 413..=416 | 420 | 421 | 482 | 483 | 489 | 513) = status {
                panic!("{} could not be understood", seen.text.summary());
            }
        }
    }

    /// RFC 3261 §17.1: an INVITE goes at most seven times, another request at most eleven times, and by a stream once.
    pub(super) fn nothing_was_sent_too_often(&self) {
        let mut sent: BTreeMap<(&str, SocketAddr), u32> = BTreeMap::new();
        for seen in &self.world.network.seen {
            let Some(method) = seen.text.method() else {
                continue;
            };
            let most = match method {
                // One for each copy of a final answer; and empty lines keep a way open.
                "ACK" | "" => continue,
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

    /// R8, R12, R15, R16: one wrap-up for each call that the agent owned when it had been answered, none for a guest's.
    pub(super) fn each_period_of_ownership_has_its_wrap_up(&self, phone: PhoneId) {
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
    pub(super) fn each_call_is_recorded_from_its_beginning_to_its_end(&self, phone: PhoneId) {
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
}

fn asks_for_wrap_ups(policy: &Policy) -> bool {
    policy.agent && !policy.reasons.is_empty()
}
