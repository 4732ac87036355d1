//! What happens to each call, for the log and for those that look into a call: each line has the call's number.
use super::Running;
use crate::call_traces::call_id;
use crate::redact::redact;
use trialog_call::{Act, CallId, CallRecord, Input, Notice, Outcome, PartyIdentity, Refusal, Time};
use trialog_desk::{Reply, messages, names};

impl Running {
    /// Says in the log what has happened to a call, and keeps it with the call's messages.
    fn call_step(&mut self, call: CallId, text: &str) {
        // An address that was typed may have a password.
        let text = redact(text.as_bytes());
        tracing::info!(call = call.0, "{text}");
        let at_us = self.clock.unix_us(self.clock.now());
        let live: Vec<CallId> = self
            .endpoint
            .phone()
            .stages()
            .map(|(call, _)| call)
            .collect();
        if let Some(calls) = &mut self.wire.calls {
            calls.step(call, at_us, text, &live);
        }
    }

    /// Finds out whose message it is that is no known call's, now that it was handled, or is sent.
    pub(super) fn know_call_of_unknown(&mut self, now: Time) {
        let Some(calls) = &mut self.wire.calls else {
            return;
        };
        let Some(unknown) = calls.unknown() else {
            return;
        };
        let Some(leg) = self.endpoint.agent().leg_of(unknown) else {
            return;
        };
        let unknown = unknown.to_owned();
        let snapshot = self.endpoint.snapshot(now);
        let live: Vec<CallId> = snapshot.calls.iter().map(|call| call.id).collect();
        let legs = snapshot.calls.iter();
        let mut legs = legs.flat_map(|call| call.legs.iter().map(|view| (call.id, view)));
        if let Some((call, view)) = legs.find(|(_, view)| view.id == leg) {
            let party = names::party(&view.party).name;
            calls.belongs(&unknown, (call, leg), &party, &live);
        }
    }

    /// A message has come, and all was done that follows from it.
    pub(super) fn has_come(&mut self, message: &[u8]) {
        self.know_call_of_unknown(self.clock.now());
        let Some(calls) = &mut self.wire.calls else {
            return;
        };
        calls.forget_unknown();
        // RFC 3261 §21.1.2; it may come more than once.
        if message.starts_with(b"SIP/2.0 180") {
            let text = String::from_utf8_lossy(message);
            let rings = call_id(&text).and_then(|call_id| calls.rings(call_id));
            if let Some((call, party)) = rings {
                self.call_step(call, &format!("rings at {party}"));
            }
        }
    }

    /// Says which calls stand otherwise than before.
    pub(super) fn tell_steps(&mut self) {
        if self.wire.calls.is_none()
            || self
                .endpoint
                .phone()
                .stages()
                .eq(self.stages.iter().copied())
        {
            return;
        }
        let now: Vec<_> = self.endpoint.phone().stages().collect();
        let before = std::mem::replace(&mut self.stages, now.clone());
        for (call, stage) in now {
            if !before.contains(&(call, stage)) {
                let text = messages::stage(stage).en;
                self.call_step(call, &text);
            }
        }
    }

    /// Says what a record of the core has of a call.
    pub(super) fn tell_record(&mut self, record: &CallRecord) {
        if self.wire.calls.is_none() {
            return;
        }
        match record {
            CallRecord::Began {
                call,
                peer,
                incoming,
                ..
            } => {
                let way = if *incoming { "from" } else { "to" };
                self.call_step(*call, &format!("a call {way} {}", full(peer)));
            }
            CallRecord::Connected { call, .. } => {
                if let Some(calls) = &mut self.wire.calls {
                    calls.answered(*call);
                }
                self.call_step(*call, "answered");
            }
            CallRecord::Owned { call, peer, .. } => {
                self.call_step(*call, &format!("is ours now, with {}", full(peer)));
            }
            CallRecord::Identified { call, peer, .. } => {
                self.call_step(*call, &format!("is with {}", full(peer)));
            }
            CallRecord::Finished {
                call,
                outcome,
                reason,
                ..
            } => {
                let mut text = format!("over: {}", names::outcome(*outcome));
                if let Outcome::Refused(status) = outcome {
                    text.push_str(&format!(", {status}"));
                }
                if let Some(words) = reason.as_ref().and_then(|reason| reason.text.as_ref()) {
                    text.push_str(&format!(", “{words}”"));
                }
                self.call_step(*call, &text);
            }
            CallRecord::TurnedAway { .. }
            | CallRecord::WrapUpOpened { .. }
            | CallRecord::WrapUpDrafted { .. }
            | CallRecord::WrapUpSubmitted { .. } => {}
        }
    }

    /// Says what the agent has done to a call.
    pub(super) fn tell_act(&mut self, input: &Input) {
        let Input::Act { call, act } = input else {
            return;
        };
        let target = match act {
            Act::Forward(target)
            | Act::Consult(target)
            | Act::ConsultBy { target, .. }
            | Act::Transfer(Some(target)) => format!(" to {}", target.0),
            _ => String::new(),
        };
        // Which digit it is may be a secret.
        self.call_step(*call, &format!("the agent: {}{target}", names::act(act)));
    }

    /// Says what the agent is told; with the call's number where it is about a call.
    pub(super) fn tell_notice(&mut self, notice: &Notice) {
        let text = messages::notice(notice).en;
        match messages::notice_call(notice) {
            Some(call) if !matches!(notice, Notice::Dtmf { .. }) => self.call_step(call, &text),
            Some(call) => tracing::info!(call = call.0, "{text}"),
            None => tracing::info!("{text}"),
        }
    }

    /// What is kept of a call's messages.
    pub(super) fn trace(&mut self, call: CallId) -> Reply {
        self.keep_sound(self.clock.now());
        let calls = self.wire.calls.as_ref();
        match calls.and_then(|calls| calls.show(call)) {
            Some(mut trace) => {
                trace.phone.clone_from(&self.identity.name);
                trace.version.clone_from(&self.identity.version);
                Reply::Trace(Box::new(trace))
            }
            None => Reply::Refused {
                refusal: Refusal::NoSuchCall,
                allowed: Vec::new(),
            },
        }
    }
}

/// Name and address.
fn full(party: &PartyIdentity) -> String {
    let party = names::party(party);
    match party.uri {
        Some(uri) if uri != party.name => format!("{} <{uri}>", party.name),
        _ => party.name,
    }
}
