//! More calls than one, presence, and switching off.
use crate::story::{
    CALL, CUSTOMER, GUEST, LOCAL, PLAIN, Story, TRIALOG, caller, leg, policy, target,
};
use trialog_call::{
    Act, Action, CallId, CallRecord, Grade, Incoming, Input, LegId, Policy, Presence, Refusal,
    Rejection, Stage, Tone, WireEvent,
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
        story.did[..1],
        [Action::Reject {
            leg: SECOND,
            status: 486
        }]
    );
}

#[test]
fn without_call_waiting_a_ringing_stranger_is_in_the_way_of_strangers_alone() {
    let quiet = Policy {
        call_waiting: false,
        ..policy()
    };
    let comes = |story: &mut Story, leg: u32, grade| {
        let incoming = Incoming { grade, ..caller() };
        let leg = LegId::Received(leg);
        story.wire(leg, WireEvent::Incoming(incoming));
        let status = 486;
        if story.did.contains(&Action::Reject { leg, status }) {
            return false;
        }
        assert!(story.did.contains(&Action::Ring(leg)), "{:?}", story.did);
        true
    };
    let shown = |story: &Story| story.phone.snapshot(story.now).turns_away.is_none();
    for grade in [Grade::Registrar, Grade::Colleague] {
        let mut story = Story::new(quiet.clone());
        assert!(comes(&mut story, 1, Grade::Stranger) && shown(&story));
        assert!(!comes(&mut story, 2, Grade::Stranger));
        assert!(comes(&mut story, 3, grade) && !shown(&story));
        assert!(!comes(&mut story, 4, Grade::Colleague), "one of them rings");
        // The stranger has lost nothing.
        assert_eq!(story.phone.snapshot(story.now).calls.len(), 2);
    }
    // One that the agent talks to is a call as any.
    let mut story = Story::connected(quiet.clone(), PLAIN);
    assert!(!comes(&mut story, 2, Grade::Colleague));
    // A phone without an agent has no second call to choose.
    let mut story = Story::new(Policy {
        agent: false,
        ..quiet
    });
    assert!(comes(&mut story, 1, Grade::Stranger));
    assert!(!comes(&mut story, 2, Grade::Colleague));
}

#[test]
fn an_idle_or_wrapping_up_agents_phone_answers_by_policy() {
    let mut story = Story::new(policy());
    story.give(Input::Presence(Presence::Idle));
    rings(&mut story);
    assert_eq!(
        story.did[..1],
        [Action::Reject {
            leg: SECOND,
            status: 480
        }]
    );

    let mut story = Story::connected(policy(), PLAIN);
    story.hangs_up(CUSTOMER);
    rings(&mut story);
    assert_eq!(
        story.did[..1],
        [Action::Reject {
            leg: SECOND,
            status: 480
        }]
    );
    story.hands_in("sale");
    rings(&mut story);
    assert!(story.did.contains(&Action::Ring(SECOND)));
}

#[test]
fn auto_answer_answers_who_comes_alone() {
    let mut story = Story::new(Policy {
        auto_answer: Some(Grade::Stranger),
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
        auto_answer: Some(Grade::Stranger),
        ..policy()
    });
    story
        .wire(CUSTOMER, WireEvent::Incoming(caller()))
        .wire(CUSTOMER, WireEvent::Confirmed);
    rings(&mut story);
    // On hold is not over: the held call comes first.
    story.act(Act::Hold).agrees(CUSTOMER, PLAIN);
    assert!(!story.did.contains(&Action::Answer(SECOND)));
    story.hangs_up(CUSTOMER);
    assert!(!story.did.contains(&Action::Answer(SECOND)));
    story.hands_in("sale");
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
fn a_far_side_that_does_not_answer_the_bye_is_in_the_agents_way_no_more() {
    let mut one_at_a_time = policy();
    one_at_a_time.call_waiting = false;
    let mut story = Story::connected(one_at_a_time, PLAIN);
    story.act(Act::End);
    let finished = |record: &CallRecord| matches!(record, CallRecord::Finished { .. });
    assert_eq!(
        (story.byes(), story.recorded(finished)),
        (vec![CUSTOMER], 1)
    );
    assert_eq!((story.stage(), story.wrap_ups()), (Stage::Ending, (1, 0)));
    assert_eq!(
        (story.entry(LOCAL), story.entry(leg(CUSTOMER))),
        (None, None)
    );
    story.hands_in("sale");
    // RFC 3261 §17.1.2.2: the transaction has 32 s for its answer.
    rings(story.passes(20)).give(Input::Act {
        call: OTHER,
        act: Act::Answer,
    });
    assert!(story.talk(LOCAL, leg(SECOND)));
    assert!(story.did.contains(&Action::Answer(SECOND)));
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

#[test]
fn without_an_rtp_port_a_new_call_gets_503_and_one_that_rings_waits() {
    let mut story = Story::new(policy());
    story.wire(CUSTOMER, WireEvent::Incoming(caller()));
    story.give(Input::RtpPorts(false));
    assert_eq!(story.refusal(&Act::Answer), Some(Refusal::NoRtpPort));
    assert_eq!(
        story.give(Input::Hook).did,
        [Action::Refuse(Refusal::NoRtpPort)]
    );
    let second = LegId::Received(2);
    story.wire(second, WireEvent::Incoming(caller()));
    let reject = Action::Reject {
        leg: second,
        status: 503,
    };
    assert_eq!(story.did[..1], [reject]);
    story.give(Input::RtpPorts(true)).act(Act::Answer);
    assert_eq!(story.did, [Action::Answer(CUSTOMER)]);
}

#[test]
fn without_an_rtp_port_no_leg_is_replaced_and_the_old_one_goes_on() {
    let mut story = Story::connected(policy(), PLAIN);
    story.give(Input::RtpPorts(false));
    let (leg, status) = (LegId::Received(2), 503);
    let replacing = Incoming {
        replaces: Some(CUSTOMER),
        by_peer: true,
        ..caller()
    };
    story.wire(leg, WireEvent::Incoming(replacing));
    assert_eq!(story.did, [Action::Reject { leg, status }]);
    assert_eq!(story.stage(), Stage::Connected);
}

/// The status with which an offered call is refused by this act.
fn refused_with(policy: Policy, as_guest: bool, act: Act) -> Option<u16> {
    let mut story = Story::new(policy);
    let incoming = Incoming {
        as_guest,
        grade: Grade::Colleague,
        ..caller()
    };
    story.wire(CUSTOMER, WireEvent::Incoming(incoming)).act(act);
    story.did.iter().find_map(|action| match action {
        Action::Reject { status, .. } => Some(*status),
        _ => None,
    })
}

#[test]
fn a_rejected_call_rings_on_at_the_other_phones_of_its_group_unless_it_is_meant_for_all() {
    let everywhere = || Policy {
        rejection: Rejection::Everywhere,
        ..policy()
    };
    let (here, all) = (Some(Rejection::Here), Some(Rejection::Everywhere));
    for (policy, act, status) in [
        (policy(), Act::Reject(None), 486),
        (policy(), Act::End, 486),
        (policy(), Act::Reject(all), 603),
        (everywhere(), Act::Reject(None), 603),
        (everywhere(), Act::Reject(here), 486),
    ] {
        assert_eq!(refused_with(policy, false, act), Some(status));
    }
}

#[test]
fn a_guest_that_declines_is_told_apart_from_one_that_is_busy() {
    for act in [Act::Reject(None), Act::EndConsult] {
        assert_eq!(refused_with(policy(), true, act), Some(603));
    }
}
