//! Whether new calls are taken, what callers that are turned away leave behind, and calls that an agent lets ring.
use crate::story::{CUSTOMER, GUEST, PLAIN, Story, caller, policy, target};
use std::sync::Arc;
use trialog_call::{
    Act, Action, AwayReason, CallRecord, EndCause, EndReason, Grade, Incoming, Input, LegId,
    Notice, Outcome, PartyIdentity, Policy, Presence, TurnedAway, WireEvent,
};

/// A queue's call rings, and ends like this.
fn rings_and_ends(story: &mut Story, leg: u32, cause: EndCause) {
    let leg = LegId::Received(leg);
    story.wire(leg, WireEvent::Incoming(caller()));
    assert!(story.did.contains(&Action::Ring(leg)), "{:?}", story.did);
    story.wire(leg, WireEvent::Ended(cause));
}

fn shown(story: &Story) -> Option<(u16, AwayReason)> {
    let how = story.phone.snapshot(story.now).turns_away;
    how.map(|how| (how.status, how.why))
}

fn presence(story: &Story) -> Presence {
    story.phone.snapshot(story.now).presence
}

fn rona_after(calls: u32) -> Policy {
    Policy {
        rona_after: Some(calls),
        ..policy()
    }
}

#[test]
fn an_agent_that_lets_a_call_ring_takes_no_more_until_one_says_otherwise() {
    let mut story = Story::new(rona_after(1));
    rings_and_ends(&mut story, 1, EndCause::Cancelled);
    assert!(story.told(|notice| *notice == Notice::NotAnswered { calls: 1 }));
    assert_eq!(presence(&story), Presence::NotAnswered);
    assert_eq!(shown(&story), Some((480, AwayReason::NotAnswered)));
    story.wire(LegId::Received(2), WireEvent::Incoming(caller()));
    assert!(story.did.contains(&Action::Reject {
        leg: LegId::Received(2),
        status: 480
    }));
    story.give(Input::Presence(Presence::Available));
    assert_eq!(shown(&story), None);
    rings_and_ends(&mut story, 3, EndCause::Cancelled);
}

#[test]
fn an_agent_whose_headset_is_missing_takes_no_calls_until_it_is_there() {
    let mut story = Story::new(policy());
    story.give(Input::Device(false));
    assert_eq!(shown(&story), Some((480, AwayReason::NoDevice)));
    assert_eq!(
        presence(&story),
        Presence::Available,
        "as the agent has set it"
    );
    let leg = LegId::Received(1);
    story.wire(leg, WireEvent::Incoming(caller()));
    assert!(story.did.contains(&Action::Reject { leg, status: 480 }));
    // Who is idle is idle, with or without a headset.
    story.give(Input::Presence(Presence::Idle));
    assert_eq!(shown(&story), Some((480, AwayReason::Idle)));
    story.give(Input::Presence(Presence::Available));
    story.give(Input::Device(true));
    assert_eq!(shown(&story), None);
    rings_and_ends(&mut story, 2, EndCause::Cancelled);
    let mut story = Story::new(Policy {
        no_device_is_away: false,
        ..policy()
    });
    story.give(Input::Device(false));
    assert_eq!(shown(&story), None);
}

#[test]
fn only_calls_in_a_row_that_rang_at_a_free_agent_count_and_not_those_that_another_phone_answered() {
    let mut story = Story::new(rona_after(2));
    rings_and_ends(&mut story, 1, EndCause::Cancelled);
    rings_and_ends(&mut story, 2, EndCause::AnsweredElsewhere);
    assert_eq!(presence(&story), Presence::Available);
    // One that is answered begins the count anew.
    let third = LegId::Received(3);
    story.wire(third, WireEvent::Incoming(caller()));
    let call = story.phone.snapshot(story.now).calls[0].id;
    let act = Act::Answer;
    story.give(Input::Act { call, act });
    story.wire(third, WireEvent::Confirmed);
    // The agent talks: one that rings beside it is none that a free agent let ring.
    rings_and_ends(&mut story, 4, EndCause::Cancelled);
    story.wire(third, WireEvent::Ended(EndCause::Bye));
    story.hands_in("sale");
    rings_and_ends(&mut story, 5, EndCause::Cancelled);
    assert_eq!(presence(&story), Presence::Available);
    rings_and_ends(&mut story, 6, EndCause::Cancelled);
    assert_eq!(presence(&story), Presence::NotAnswered);
}

#[test]
fn a_ringing_stranger_keeps_no_call_of_the_registrar_from_counting() {
    let of = |grade| WireEvent::Incoming(Incoming { grade, ..caller() });
    let first = LegId::Received(1);
    for (beside, counts) in [
        (None, true),
        (Some(Grade::Stranger), true),
        (Some(Grade::Registrar), false),
    ] {
        let mut story = Story::new(rona_after(1));
        if let Some(grade) = beside {
            story.wire(LegId::Received(2), of(grade));
        }
        story.wire(first, of(Grade::Registrar));
        story.wire(first, WireEvent::Ended(EndCause::Cancelled));
        let away = presence(&story) == Presence::NotAnswered;
        assert_eq!(away, counts, "{beside:?}");
    }
}

#[test]
fn without_the_policy_an_agent_stays_available() {
    let mut story = Story::new(policy());
    for leg in 1..10 {
        rings_and_ends(&mut story, leg, EndCause::Cancelled);
    }
    assert_eq!(presence(&story), Presence::Available);
}

#[test]
fn a_call_that_was_answered_elsewhere_is_told_and_not_missed() {
    let mut story = Story::new(policy());
    rings_and_ends(&mut story, 1, EndCause::AnsweredElsewhere);
    assert!(story.told(
        |notice| matches!(notice, Notice::AnsweredElsewhere { party, .. } if party.name.as_deref() == Some("customer"))
    ));
    let elsewhere = |record: &CallRecord| matches!(record, CallRecord::Finished { outcome, .. } if *outcome == Outcome::AnsweredElsewhere);
    assert_eq!(story.recorded(elsewhere), 1);
}

#[test]
fn why_the_far_side_ended_a_call_is_recorded_and_told_where_it_is_unusual() {
    for (cause, text, told) in [(200, "Call ended", false), (503, "Trunk down", true)] {
        let mut story = Story::connected(policy(), PLAIN);
        let reason = Arc::new(EndReason {
            protocol: "SIP".to_owned(),
            not_secured: None,
            cause: Some(cause),
            text: Some(text.to_owned()),
        });
        story.wire(CUSTOMER, WireEvent::Reason(Arc::clone(&reason)));
        story.hangs_up(CUSTOMER);
        let says = |notice: &Notice| matches!(notice, Notice::Reason { reason, .. } if reason.text.as_deref() == Some(text));
        assert_eq!(story.was_told(says), told, "{text}");
        let kept = |record: &CallRecord| matches!(record, CallRecord::Finished { reason: Some(kept), .. } if *kept == reason);
        assert_eq!(story.recorded(kept), 1, "{text}");
    }
}

#[test]
fn why_a_guest_did_not_come_is_told_and_is_not_how_the_call_ended() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::Consult(target("guest")));
    story.agrees(CUSTOMER, PLAIN);
    let reason = EndReason {
        protocol: "Q.850".to_owned(),
        not_secured: None,
        cause: Some(17),
        text: Some("User busy".to_owned()),
    };
    story.wire(GUEST, WireEvent::Reason(reason.into()));
    story.wire(GUEST, WireEvent::Refused { status: 486 });
    assert!(
        story.was_told(
            |notice| matches!(notice, Notice::Reason { reason, .. } if reason.text.as_deref() == Some("User busy"))
        )
    );
    story.hangs_up(CUSTOMER);
    let without = |record: &CallRecord| matches!(record, CallRecord::Finished { reason: None, .. });
    assert_eq!(story.recorded(without), 1);
}

#[test]
fn what_is_shown_is_what_a_caller_gets() {
    let mut story = Story::connected(
        Policy {
            call_waiting: false,
            ..policy()
        },
        PLAIN,
    );
    assert_eq!(shown(&story), Some((486, AwayReason::Busy)));
    story.hangs_up(CUSTOMER);
    assert_eq!(shown(&story), Some((480, AwayReason::WrapUp)));
    story.hands_in("sale");
    assert_eq!(shown(&story), None);
    story.give(Input::Presence(Presence::Idle));
    assert_eq!(shown(&story), Some((480, AwayReason::Idle)));
    // An idle agent whose callers ring all the same.
    let mut rings = Story::new(Policy {
        away_status: None,
        ..policy()
    });
    rings.give(Input::Presence(Presence::Idle));
    assert_eq!(shown(&rings), None);
}

#[test]
fn callers_that_are_turned_away_leave_a_record_each_and_the_agent_one_notice_a_minute() {
    let mut story = Story::new(policy());
    story.give(Input::Presence(Presence::Idle));
    let robot = |story: &mut Story, leg| {
        let from = PartyIdentity::named(&format!("robot {leg}")).into();
        let incoming = Incoming { from, ..caller() };
        story.wire(LegId::Received(leg), WireEvent::Incoming(incoming));
    };
    let idle = TurnedAway {
        status: 480,
        why: AwayReason::Idle,
    };
    robot(&mut story, 1);
    assert!(story.told(|notice| *notice
        == Notice::TurnedAway {
            peer: PartyIdentity::named("robot 1").into(),
            how: idle,
            calls: 1
        }));
    for leg in 2..=30 {
        story.passes(2);
        robot(&mut story, leg);
        assert!(!story.told(|notice| matches!(notice, Notice::TurnedAway { .. })));
    }
    let of = |calls: fn(u32) -> bool| move |record: &CallRecord| matches!(record, CallRecord::TurnedAway { calls: n, .. } if calls(*n));
    assert_eq!(story.recorded(of(|calls| calls == 1)), 10);
    // At the end of the minute the others are told of together, and none is lost.
    story.waits();
    assert!(story.told(|notice| *notice
        == Notice::TurnedAway {
            peer: PartyIdentity::named("robot 30").into(),
            how: idle,
            calls: 29
        }));
    assert_eq!(story.recorded(of(|calls| calls == 20)), 1);
    assert_eq!(story.phone.next_deadline(), None);
    // The next one, much later, is told of at once.
    story.passes(600);
    robot(&mut story, 31);
    assert!(story.told(|notice| matches!(notice, Notice::TurnedAway { calls: 1, .. })));
}
