//! Calls that are answered without the agent's doing: whose, when, and what the agent has of it.
use crate::story::{CALL, CUSTOMER, LOCAL, PLAIN, Story, caller, leg, policy, target};
use std::time::Duration;
use trialog_call::{
    Act, Action, Grade, Incoming, Input, LegId, Notice, PartyIdentity, Policy, Presence, Stage,
    Tone, WireEvent,
};

const SECOND: LegId = LegId::Received(2);
const GRADES: [Grade; 3] = [Grade::Stranger, Grade::Registrar, Grade::Colleague];

/// It asks to be answered after so many seconds.
fn asks(grade: Grade, seconds: u64) -> WireEvent {
    WireEvent::Incoming(Incoming {
        grade,
        answer_after: Some(Duration::from_secs(seconds)),
        ..caller()
    })
}

fn answers(story: &Story, leg: LegId) -> bool {
    story.did.contains(&Action::Answer(leg))
}

#[test]
fn a_caller_is_answered_on_request_from_the_grade_on_that_policy_names() {
    for least in [None, Some(Grade::Registrar), Some(Grade::Colleague)] {
        for grade in GRADES {
            let mut story = Story::new(Policy {
                answer_on_request: least,
                ..policy()
            });
            story.wire(CUSTOMER, asks(grade, 0));
            let granted = least.is_some_and(|least| grade >= least);
            assert_eq!(answers(&story, CUSTOMER), granted, "{least:?}, {grade:?}");
            assert_eq!(story.did.contains(&Action::Ring(CUSTOMER)), !granted);
        }
    }
    // By default a colleague's; and nobody who does not ask.
    assert_eq!(Policy::default().answer_on_request, Some(Grade::Colleague));
    let mut story = Story::new(policy());
    let grade = Grade::Colleague;
    story.wire(
        CUSTOMER,
        WireEvent::Incoming(Incoming { grade, ..caller() }),
    );
    assert!(story.did.contains(&Action::Ring(CUSTOMER)));
}

#[test]
fn auto_answer_holds_from_the_grade_on_that_it_names() {
    for least in GRADES {
        for grade in GRADES {
            let mut story = Story::new(Policy {
                auto_answer: Some(least),
                ..policy()
            });
            story.wire(
                CUSTOMER,
                WireEvent::Incoming(Incoming { grade, ..caller() }),
            );
            assert_eq!(
                answers(&story, CUSTOMER),
                grade >= least,
                "{least:?}, {grade:?}"
            );
        }
    }
}

#[test]
fn the_agent_has_a_tone_and_a_notice_before_either_side_is_heard() {
    let mut story = Story::new(policy());
    story.wire(CUSTOMER, asks(Grade::Colleague, 0));
    assert!(story.told(|notice| *notice
        == Notice::AnsweredUnasked {
            call: CALL,
            party: PartyIdentity::named("customer").into(),
            on_request: true,
        }));
    let ear = story.entry(LOCAL).expect("it has the microphone");
    assert_eq!(
        (ear.tone, ear.hears, ear.speaks),
        (Some(Tone::Answered), false, false)
    );
    story.wire(CUSTOMER, WireEvent::Confirmed);
    assert!(!story.talk(LOCAL, leg(CUSTOMER)));
    let before = story.now;
    story.waits();
    assert!(story.now <= before + Duration::from_millis(500));
    assert!(story.talk(LOCAL, leg(CUSTOMER)));
    assert_eq!(story.entry(LOCAL).and_then(|ear| ear.tone), None);
}

#[test]
fn who_answers_himself_has_no_tone() {
    let story = Story::connected(policy(), PLAIN);
    assert!(story.talk(LOCAL, leg(CUSTOMER)));
    assert!(
        !story
            .all
            .iter()
            .any(|action| matches!(action, Action::Notice(Notice::AnsweredUnasked { .. })))
    );
}

#[test]
fn a_request_for_later_rings_until_then() {
    let mut story = Story::new(policy());
    story.wire(CUSTOMER, asks(Grade::Colleague, 5));
    assert!(story.did.contains(&Action::Ring(CUSTOMER)));
    let before = story.now;
    story.waits();
    assert_eq!(story.now, before + Duration::from_secs(5));
    assert!(answers(&story, CUSTOMER));
    // An agent that is faster takes it as any call.
    let mut story = Story::new(policy());
    story
        .wire(CUSTOMER, asks(Grade::Colleague, 5))
        .act(Act::Answer);
    assert!(story.talk(LOCAL, leg(CUSTOMER)));
    assert_eq!(story.phone.next_deadline(), None);
}

#[test]
fn no_request_is_granted_beside_another_call_a_wrap_up_or_an_absence() {
    // Beside another call it rings, and goes on ringing when that is over.
    let mut story = Story::connected(policy(), PLAIN);
    story.wire(SECOND, asks(Grade::Colleague, 0));
    assert!(story.did.contains(&Action::Ring(SECOND)));
    assert_eq!(story.phone.next_deadline(), None);
    story.hangs_up(CUSTOMER);
    story.hands_in("sale");
    assert!(!answers(&story, SECOND) && !story.all.contains(&Action::Answer(SECOND)));
    // Nor where another came before its time.
    let mut story = Story::new(policy());
    story.wire(CUSTOMER, asks(Grade::Colleague, 5));
    let grade = Grade::Registrar;
    story.wire(SECOND, WireEvent::Incoming(Incoming { grade, ..caller() }));
    story.waits();
    assert!(!answers(&story, CUSTOMER) && story.stage() == Stage::Offered);
    // Away, or with a wrap-up due, where policy lets calls ring all the same.
    let rings = Policy {
        away_status: None,
        ..policy()
    };
    let mut story = Story::new(rings.clone());
    story.give(Input::Presence(Presence::Idle));
    story.wire(CUSTOMER, asks(Grade::Colleague, 0));
    assert!(story.did.contains(&Action::Ring(CUSTOMER)));
    story.give(Input::Presence(Presence::Available));
    assert!(!answers(&story, CUSTOMER));
    let mut story = Story::connected(rings, PLAIN);
    story
        .hangs_up(CUSTOMER)
        .wire(SECOND, asks(Grade::Colleague, 0));
    assert!(story.did.contains(&Action::Ring(SECOND)));
}

#[test]
fn an_act_of_the_agent_ends_the_tone() {
    let mut story = Story::new(policy());
    story
        .wire(CUSTOMER, asks(Grade::Colleague, 0))
        .wire(CUSTOMER, WireEvent::Confirmed)
        .act(Act::Consult(target("guest")));
    assert_eq!(story.entry(LOCAL).and_then(|ear| ear.tone), None);
}

#[test]
fn a_ringing_stranger_keeps_no_other_call_from_being_answered() {
    let policy = Policy {
        auto_answer: Some(Grade::Registrar),
        answer_on_request: Some(Grade::Registrar),
        ..policy()
    };
    let of = |grade| WireEvent::Incoming(Incoming { grade, ..caller() });
    // By policy, at once.
    let mut story = Story::new(policy.clone());
    story.wire(CUSTOMER, of(Grade::Stranger));
    story.wire(SECOND, of(Grade::Registrar));
    assert!(answers(&story, SECOND));
    // By policy, as soon as the agent is there again.
    let mut story = Story::new(Policy {
        away_status: None,
        ..policy.clone()
    });
    story.give(Input::Presence(Presence::Idle));
    story.wire(CUSTOMER, of(Grade::Stranger));
    story.wire(SECOND, of(Grade::Registrar));
    assert!(!answers(&story, SECOND));
    story.give(Input::Presence(Presence::Available));
    assert!(answers(&story, SECOND));
    // On request, at its time.
    let mut story = Story::new(Policy {
        auto_answer: None,
        ..policy.clone()
    });
    story.wire(CUSTOMER, of(Grade::Stranger));
    story.wire(SECOND, asks(Grade::Registrar, 5)).waits();
    assert!(answers(&story, SECOND));
    // A stranger's own, where policy answers all, still waits for its turn.
    let mut story = Story::new(Policy {
        auto_answer: Some(Grade::Stranger),
        away_status: None,
        ..policy
    });
    story.give(Input::Presence(Presence::Idle));
    story.wire(CUSTOMER, of(Grade::Stranger));
    story.wire(SECOND, of(Grade::Stranger));
    story.give(Input::Presence(Presence::Available));
    assert!(answers(&story, CUSTOMER) && !answers(&story, SECOND));
}
