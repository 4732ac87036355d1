//! One phone and the words to tell a story about it.
use std::sync::Arc;
use std::time::Duration;
use trialog_call::{
    AccountId, Act, Action, CallId, CallRecord, CallView, Capabilities, EndCause, Grade, Incoming,
    Input, LegId, Notice, Party, PartyIdentity, Phone, Policy, Refusal, RouteEntry, Stage, Target,
    Time, Tone, WireEvent, WrapUpAct, WrapUpId, WrapUpReason,
};

pub(crate) const CUSTOMER: LegId = LegId::Received(1);
pub(crate) const GUEST: LegId = LegId::Placed(1);
pub(crate) const OWNER: LegId = LegId::Received(1);
pub(crate) const CALL: CallId = CallId(1);

pub(crate) const TRIALOG: Capabilities = Capabilities {
    refer: true,
    replaces: true,
    trialog: true,
};
pub(crate) const PLAIN: Capabilities = Capabilities {
    refer: true,
    replaces: true,
    trialog: false,
};
pub(crate) const OLD: Capabilities = Capabilities {
    refer: false,
    replaces: false,
    trialog: false,
};

#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) phone: Phone,
    pub(crate) now: Time,
    /// What the last step did.
    pub(crate) did: Vec<Action>,
    /// What all steps did.
    pub(crate) all: Vec<Action>,
}

pub(crate) fn policy() -> Policy {
    Policy {
        reasons: vec![WrapUpReason {
            code: "sale".into(),
            en: "Sale".into(),
            de: "Verkauf".into(),
        }],
        ..Policy::default()
    }
}

pub(crate) fn target(name: &str) -> Target {
    Target(format!("sip:{name}@example.org"))
}

pub(crate) fn caller() -> Incoming {
    Incoming {
        account: AccountId(0),
        from: PartyIdentity::named("customer").into(),
        origin: Default::default(),
        as_guest: false,
        grade: Grade::Stranger,
        replaces: None,
        by_peer: false,
        answer_after: None,
        capabilities: PLAIN,
    }
}

impl Story {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            phone: Phone::new(policy, 2),
            now: Time::ZERO,
            did: Vec::new(),
            all: Vec::new(),
        }
    }

    pub(crate) fn give(&mut self, input: Input) -> &mut Self {
        self.did = self.phone.step(self.now, input);
        self.all.extend(self.did.iter().cloned());
        self
    }

    pub(crate) fn act(&mut self, act: Act) -> &mut Self {
        self.give(Input::Act { call: CALL, act })
    }

    pub(crate) fn wire(&mut self, leg: LegId, event: WireEvent) -> &mut Self {
        self.give(Input::Wire { leg, event })
    }

    /// The agent hands the first wrap-up in, and the disk has it.
    pub(crate) fn hands_in(&mut self, reason: &str) -> &mut Self {
        let id = WrapUpId(1);
        let act = WrapUpAct::Submit {
            reason: reason.to_owned(),
            note: None,
        };
        self.give(Input::WrapUp { id, act });
        self.give(Input::WrapUpKept { id, kept: true })
    }

    /// The far side agrees to the session that it was asked for.
    pub(crate) fn agrees(&mut self, leg: LegId, can: Capabilities) -> &mut Self {
        self.wire(leg, WireEvent::Renegotiated(can))
    }

    pub(crate) fn hangs_up(&mut self, leg: LegId) -> &mut Self {
        self.wire(leg, WireEvent::Ended(EndCause::Bye))
    }

    pub(crate) fn notify(&mut self, leg: LegId, status: u16) -> &mut Self {
        self.wire(leg, WireEvent::ReferNotified { status })
    }

    /// Time passes until the next deadline.
    pub(crate) fn waits(&mut self) -> &mut Self {
        self.now = self.phone.next_deadline().expect("a deadline runs");
        self.give(Input::Deadline)
    }

    pub(crate) fn passes(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now + Duration::from_secs(seconds);
        self
    }

    /// The customer calls, and the agent answers.
    pub(crate) fn connected(policy: Policy, customer: Capabilities) -> Self {
        let mut story = Self::new(policy);
        let incoming = Incoming {
            capabilities: customer,
            ..caller()
        };
        story.wire(CUSTOMER, WireEvent::Incoming(incoming));
        story.act(Act::Answer).wire(CUSTOMER, WireEvent::Confirmed);
        assert_eq!(story.stage(), Stage::Connected);
        story
    }

    /// The guest is consulted and has answered.
    pub(crate) fn consulting(policy: Policy, customer: Capabilities, guest: Capabilities) -> Self {
        let mut story = Self::connected(policy, customer);
        story
            .act(Act::Consult(target("guest")))
            .agrees(CUSTOMER, customer);
        story.wire(GUEST, WireEvent::Answered(guest));
        assert_eq!(story.stage(), Stage::Consulting);
        story
    }

    /// All three talk.
    pub(crate) fn conference(policy: Policy, customer: Capabilities, guest: Capabilities) -> Self {
        let mut story = Self::consulting(policy, customer, guest);
        story
            .act(Act::Conference)
            .agrees(CUSTOMER, customer)
            .agrees(GUEST, guest);
        assert_eq!(story.stage(), Stage::Conference);
        story
    }

    /// We are the guest of another phone's consult.
    pub(crate) fn guest(policy: Policy) -> Self {
        let mut story = Self::new(policy);
        let incoming = Incoming {
            as_guest: true,
            grade: Grade::Colleague,
            from: PartyIdentity::named("owner").into(),
            capabilities: TRIALOG,
            ..caller()
        };
        story.wire(OWNER, WireEvent::Incoming(incoming));
        story.act(Act::Answer).wire(OWNER, WireEvent::Confirmed);
        assert_eq!(story.stage(), Stage::Consulting);
        story
    }

    /// The guest of a conference.
    pub(crate) fn guest_in_conference(policy: Policy) -> Self {
        let mut story = Self::guest(policy);
        story.wire(OWNER, WireEvent::Focus(true));
        assert_eq!(story.stage(), Stage::Conference);
        story
    }

    pub(crate) fn call(&self) -> Option<CallView> {
        self.phone
            .snapshot(self.now)
            .calls
            .into_iter()
            .find(|call| call.id == CALL)
    }

    pub(crate) fn stage(&self) -> Stage {
        self.call().expect("the call is there").stage
    }

    pub(crate) fn refusal(&self, act: &Act) -> Option<Refusal> {
        self.phone.permits(CALL, act).err()
    }

    pub(crate) fn entry(&self, party: Party) -> Option<RouteEntry> {
        self.phone
            .routing()
            .entries
            .into_iter()
            .find(|entry| entry.party == party)
    }

    /// Both hear each other.
    pub(crate) fn talk(&self, one: Party, other: Party) -> bool {
        let (Some(a), Some(b)) = (self.entry(one), self.entry(other)) else {
            return false;
        };
        a.group == b.group && [a, b].iter().all(|entry| entry.speaks && entry.hears)
    }

    pub(crate) fn has_music(&self, leg: LegId) -> bool {
        self.entry(Party::Leg(leg))
            .is_some_and(|entry| entry.tone == Some(Tone::Music) && !entry.hears)
    }

    pub(crate) fn byes(&self) -> Vec<LegId> {
        let bye = |action: &Action| match action {
            Action::Bye { leg, .. } => Some(*leg),
            _ => None,
        };
        self.did.iter().filter_map(bye).collect()
    }

    pub(crate) fn told(&self, what: impl Fn(&Notice) -> bool) -> bool {
        self.did
            .iter()
            .any(|action| matches!(action, Action::Notice(notice) if what(notice)))
    }

    /// As [`Story::told`], in any step.
    pub(crate) fn was_told(&self, what: impl Fn(&Notice) -> bool) -> bool {
        self.all
            .iter()
            .any(|action| matches!(action, Action::Notice(notice) if what(notice)))
    }

    /// Wrap-ups owed and drafted.
    pub(crate) fn wrap_ups(&self) -> (usize, usize) {
        let all = self.phone.snapshot(self.now).wrap_ups;
        let due = all.iter().filter(|wrap_up| wrap_up.due).count();
        (due, all.len() - due)
    }

    pub(crate) fn recorded(&self, what: impl Fn(&CallRecord) -> bool) -> usize {
        self.all
            .iter()
            .filter(|action| matches!(action, Action::Record(record) if what(record)))
            .count()
    }
}

pub(crate) const LOCAL: Party = Party::Local;

pub(crate) fn leg(id: LegId) -> Party {
    Party::Leg(id)
}

/// The party of a URI, as a registrar states it.
pub(crate) fn asserted(name: &str, uri: &str) -> Arc<PartyIdentity> {
    Arc::new(PartyIdentity {
        name: Some(name.to_owned()),
        asserted: true,
        ..PartyIdentity::called(&Target(uri.to_owned()))
    })
}
