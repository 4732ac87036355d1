//! More calls than one, presence, and switching off.
use crate::story::{
    CALL, CUSTOMER, GUEST, LOCAL, PLAIN, Story, TRIALOG, caller, leg, policy, target,
};
use trialog_call::{
    Act, Action, CallId, Input, LegId, Policy, Presence, Refusal, Stage, Tone, WireEvent,
    WrapUpAct, WrapUpId,
};

const SECOND: LegId = LegId::Received(2);
const OTHER: CallId = CallId(2);

fn rings(story: &mut Story) -> &mut Story {
    story.wire(SECOND, WireEvent::Incoming(caller()))
}

#[test]
fn a_second_call_is_answered_and_the_first_is_held() {
    let mut story = Story::connected(policy(), PLAIN);
    rings(&mut story);
    assert_eq!(
        story.entry(LOCAL).and_then(|entry| entry.tone),
        Some(Tone::Waiting)
    );
    story.give(Input::Act {
        call: OTHER,
        act: Act::Answer,
    });
    assert!(story.has_music(CUSTOMER) && story.talk(LOCAL, leg(SECOND)));
    // And back.
    story
        .agrees(CUSTOMER, PLAIN)
        .wire(SECOND, WireEvent::Confirmed)
        .act(Act::Resume);
    assert!(story.has_music(SECOND));
}

#[test]
fn a_first_party_who_cannot_be_held_has_music_all_the_same() {
    let mut story = Story::connected(policy(), PLAIN);
    rings(&mut story).give(Input::Act {
        call: OTHER,
        act: Act::Answer,
    });
    story.wire(CUSTOMER, WireEvent::RenegotiationRefused { status: 488 });
    assert!(story.has_music(CUSTOMER) && story.stage() == Stage::Held);
}

#[test]
fn from_the_consult_on_a_second_call_waits() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    rings(&mut story).give(Input::Act {
        call: OTHER,
        act: Act::Answer,
    });
    assert_eq!(story.did, [Action::Refuse(Refusal::OtherCallFirst)]);
}

#[test]
fn new_calls_go_on_while_one_is_anchored() {
    let mut story = Story::consulting(
        Policy {
            wrap_up_is_away: false,
            ..policy()
        },
        crate::story::OLD,
        PLAIN,
    );
    story.act(Act::Transfer(None));
    rings(&mut story).give(Input::Act {
        call: OTHER,
        act: Act::Answer,
    });
    assert!(story.talk(LOCAL, leg(SECOND)));
}

#[test]
fn without_call_waiting_a_second_call_is_busy() {
    let mut story = Story::connected(
        Policy {
            call_waiting: false,
            ..policy()
        },
        PLAIN,
    );
    rings(&mut story);
    assert_eq!(
        story.did,
        [Action::Reject {
            leg: SECOND,
            status: 486
        }]
    );
}

#[test]
fn an_idle_or_wrapping_up_agents_phone_answers_by_policy() {
    let mut story = Story::new(policy());
    story.give(Input::Presence(Presence::Idle));
    rings(&mut story);
    assert_eq!(
        story.did,
        [Action::Reject {
            leg: SECOND,
            status: 480
        }]
    );

    let mut story = Story::connected(policy(), PLAIN);
    story.hangs_up(CUSTOMER);
    rings(&mut story);
    assert_eq!(
        story.did,
        [Action::Reject {
            leg: SECOND,
            status: 480
        }]
    );
    story.give(Input::WrapUp {
        id: WrapUpId(1),
        act: WrapUpAct::Submit("sale".into()),
    });
    rings(&mut story);
    assert!(story.did.contains(&Action::Ring(SECOND)));
}

#[test]
fn auto_answer_answers_who_comes_alone() {
    let mut story = Story::new(Policy {
        auto_answer: true,
        ..policy()
    });
    story.wire(CUSTOMER, WireEvent::Incoming(caller()));
    assert!(story.did.contains(&Action::Answer(CUSTOMER)));
    rings(&mut story);
    assert!(story.did.contains(&Action::Ring(SECOND)));
}

#[test]
fn auto_answer_answers_who_waited_when_the_call_before_is_over_and_wrapped_up() {
    let mut story = Story::new(Policy {
        auto_answer: true,
        ..policy()
    });
    story
        .wire(CUSTOMER, WireEvent::Incoming(caller()))
        .wire(CUSTOMER, WireEvent::Confirmed);
    rings(&mut story);
    // On hold is not over: whoever is on hold comes first.
    story.act(Act::Hold).agrees(CUSTOMER, PLAIN);
    assert!(!story.did.contains(&Action::Answer(SECOND)));
    story.hangs_up(CUSTOMER);
    assert!(!story.did.contains(&Action::Answer(SECOND)));
    story.give(Input::WrapUp {
        id: WrapUpId(1),
        act: WrapUpAct::Submit("sale".into()),
    });
    assert!(story.did.contains(&Action::Answer(SECOND)));
}

#[test]
fn the_hook_answers_ends_and_cancels_as_the_state_of_the_call_in_focus_says() {
    let mut story = Story::new(policy());
    story
        .wire(CUSTOMER, WireEvent::Incoming(caller()))
        .give(Input::Hook);
    assert!(story.did.contains(&Action::Answer(CUSTOMER)));
    story
        .wire(CUSTOMER, WireEvent::Confirmed)
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN);
    story.give(Input::Hook);
    assert_eq!(
        (&story.did[..], story.stage()),
        (&[Action::Cancel(GUEST)][..], Stage::Held)
    );
    story.give(Input::Hook);
    assert_eq!(story.byes(), [CUSTOMER]);
}

#[test]
fn the_first_sigterm_waits_for_a_conference_and_the_second_does_not() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.give(Input::Terminate);
    assert!(story.did.is_empty() && story.stage() == Stage::Conference);
    story.give(Input::Terminate);
    assert_eq!(story.byes(), [CUSTOMER, GUEST]);
    story
        .wire(CUSTOMER, WireEvent::Gone)
        .wire(GUEST, WireEvent::Gone);
    assert!(story.did.contains(&Action::Quit));
}

#[test]
fn a_plain_call_is_ended_by_the_first_sigterm() {
    let mut story = Story::connected(policy(), PLAIN);
    story.give(Input::Terminate).wire(CUSTOMER, WireEvent::Gone);
    assert!(story.did.contains(&Action::Quit));
    assert_eq!(
        story.phone.permits(CALL, &Act::End),
        Err(Refusal::NoSuchCall)
    );
}
