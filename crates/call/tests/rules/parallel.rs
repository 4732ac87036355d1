//! Parallel calls: each as on a phone of its own.
use crate::story::{LOCAL, OLD, Story, caller, target};
use std::time::Duration;
use trialog_call::{
    AccountId, Act, Action, CallId, EndCause, Grade, Incoming, Input, LegId, MediaEvent, Policy,
    Presence, Refusal, Stage, Time, WireEvent,
};

fn policy() -> Policy {
    Policy {
        agent: false,
        auto_answer: Some(Grade::Stranger),
        parallel: true,
        max_calls: 20,
        ..Policy::default()
    }
}

fn leg(number: u32) -> LegId {
    LegId::Received(number)
}

fn rings(story: &mut Story, number: u32) -> &mut Story {
    story.wire(leg(number), WireEvent::Incoming(caller()))
}

/// So many calls that are up.
fn with_calls(policy: Policy, count: u32) -> Story {
    let mut story = Story::new(policy);
    for number in 1..=count {
        rings(&mut story, number).wire(leg(number), WireEvent::Confirmed);
    }
    story
}

fn stages(story: &Story) -> Vec<Stage> {
    let calls = story.phone.snapshot(story.now).calls;
    calls.iter().map(|call| call.stage).collect()
}

#[test]
fn each_call_is_answered_at_once_and_none_is_held_or_has_an_entry() {
    let story = with_calls(policy(), 20);
    assert_eq!(stages(&story), [Stage::Connected; 20]);
    let held = |action: &&Action| matches!(action, Action::Reinvite { .. });
    assert_eq!(story.all.iter().find(held), None);
    assert!(story.phone.routing().entries.is_empty());
    assert_eq!(story.entry(LOCAL), None);
}

#[test]
fn one_more_than_max_calls_is_busy_until_one_has_gone() {
    let mut story = with_calls(policy(), 20);
    rings(&mut story, 21);
    assert_eq!(
        story.did[..1],
        [Action::Reject {
            leg: leg(21),
            status: 486
        }]
    );
    story.wire(leg(7), WireEvent::Ended(EndCause::Bye));
    rings(&mut story, 22);
    assert!(story.did.contains(&Action::Answer(leg(22))));
    assert_eq!(stages(&story).len(), 20);
}

#[test]
fn what_happens_to_one_call_changes_no_other() {
    let mut story = with_calls(policy(), 3);
    story.wire(leg(2), WireEvent::Ended(EndCause::Bye));
    let left: Vec<_> = story.phone.snapshot(story.now).calls;
    assert_eq!(
        left.iter().map(|call| call.id).collect::<Vec<_>>(),
        [CallId(1), CallId(3)]
    );
    // A late word about the one that is over.
    let before = story.phone.clone();
    story.wire(leg(2), WireEvent::Confirmed);
    assert!(story.did.is_empty() && story.phone == before);
}

#[test]
fn a_call_is_placed_beside_others_and_ended_by_its_name() {
    let mut story = with_calls(policy(), 2);
    story.give(Input::Dial {
        account: AccountId(0),
        target: target("callee"),
    });
    let placed = LegId::Placed(1);
    story.wire(placed, WireEvent::Answered(OLD));
    assert_eq!(stages(&story), [Stage::Connected; 3]);
    story.give(Input::Act {
        call: CallId(3),
        act: Act::End,
    });
    assert!(matches!(story.did[..], [Action::Bye { leg, .. }, ..] if leg == placed));
    story.give(Input::Act {
        call: CallId(1),
        act: Act::Hold,
    });
    assert_eq!(story.did, [Action::Refuse(Refusal::CustomerOnlyTalks)]);
    story.give(Input::Hook);
    assert_eq!(story.did, [Action::Refuse(Refusal::NoSuchCall)]);
}

#[test]
fn a_call_rings_before_it_is_answered_and_is_ended_by_the_clock() {
    let mut story = Story::new(Policy {
        answer_after: Duration::from_secs(2),
        end_after: Some(Duration::from_secs(5)),
        ..policy()
    });
    let at = |seconds| Time(Duration::from_secs(seconds));
    rings(&mut story, 1);
    assert!(story.did.contains(&Action::Ring(leg(1))));
    assert_eq!(story.phone.next_deadline(), Some(at(2)));
    story.now = at(1);
    rings(&mut story, 2);
    story.now = at(2);
    story.give(Input::Deadline);
    assert_eq!(story.did, [Action::Answer(leg(1))]);
    story.wire(leg(1), WireEvent::Confirmed);
    assert_eq!(story.phone.next_deadline(), Some(at(3)));
    story.now = at(3);
    story.give(Input::Deadline);
    assert_eq!(story.did, [Action::Answer(leg(2))]);
    // A caller that gives up, too, leaves no deadline behind.
    story.wire(leg(2), WireEvent::Ended(EndCause::Bye));
    assert_eq!(story.phone.next_deadline(), Some(at(7)));
    story.now = at(7);
    story.give(Input::Deadline);
    assert!(matches!(story.did[..], [Action::Bye { leg: of, .. }, ..] if of == leg(1)));
    assert_eq!(story.phone.next_deadline(), None);
}

#[test]
fn who_rings_while_the_phone_is_away_is_answered_when_it_is_back() {
    let mut story = Story::new(Policy {
        away_status: None,
        ..policy()
    });
    story.give(Input::Presence(Presence::Idle));
    rings(&mut story, 1);
    rings(&mut story, 2);
    assert_eq!(stages(&story), [Stage::Offered; 2]);
    story.give(Input::Presence(Presence::Available));
    assert_eq!(story.did, [Action::Answer(leg(1)), Action::Answer(leg(2))]);
}

#[test]
fn a_leg_takes_another_s_place_in_its_own_call() {
    let mut story = with_calls(policy(), 3);
    let replacing = |old, by_peer| {
        WireEvent::Incoming(Incoming {
            replaces: Some(old),
            by_peer,
            ..caller()
        })
    };
    story.wire(leg(9), replacing(leg(8), true));
    assert!(story.did.contains(&Action::Reject {
        leg: leg(9),
        status: 481
    }));
    story
        .wire(leg(10), replacing(leg(2), true))
        .wire(leg(10), WireEvent::Confirmed)
        .give(Input::Media {
            leg: leg(10),
            event: MediaEvent::Heard,
        });
    assert_eq!(stages(&story), [Stage::Connected; 3]);
    story
        .wire(leg(2), WireEvent::Gone)
        .wire(leg(10), WireEvent::Ended(EndCause::Bye));
    assert_eq!(stages(&story).len(), 2);
}

#[test]
fn switching_off_ends_them_all_and_takes_no_more() {
    let mut story = with_calls(policy(), 3);
    story.give(Input::Terminate);
    let byes = story.did.iter();
    let byes = byes.filter(|action| matches!(action, Action::Bye { .. }));
    assert_eq!(byes.count(), 3);
    rings(&mut story, 4);
    assert_eq!(
        story.did[..1],
        [Action::Reject {
            leg: leg(4),
            status: 480
        }]
    );
    for number in 1..=3 {
        assert!(!story.did.contains(&Action::Quit));
        story.wire(leg(number), WireEvent::Gone);
    }
    assert!(story.did.contains(&Action::Quit));
}
