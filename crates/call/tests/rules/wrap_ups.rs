//! Wrap-ups: drafts, what is owed, the timer.
use crate::story::{CALL, CUSTOMER, GUEST, PLAIN, Story, TRIALOG, policy};
use std::time::Duration;
use trialog_call::{
    AccountId, Act, Action, CallId, CallRecord, Input, Kept, KeptWrapUp, Notice, PartyIdentity,
    Policy, Presence, Refusal, WrapUpAct, WrapUpId,
};

const FIRST: WrapUpId = WrapUpId(1);

fn timed() -> Policy {
    let (default_reason, wrap_up_time) = (Some("sale".into()), Some(Duration::from_secs(30)));
    Policy {
        default_reason,
        wrap_up_time,
        ..policy()
    }
}

fn draft(reason: Option<&str>, note: Option<&str>) -> WrapUpAct {
    WrapUpAct::Draft {
        reason: reason.map(str::to_owned),
        note: note.map(str::to_owned),
    }
}

fn submit(reason: &str, note: Option<&str>) -> WrapUpAct {
    WrapUpAct::Submit {
        reason: reason.to_owned(),
        note: note.map(str::to_owned),
    }
}

fn wrap_up(story: &mut Story, act: WrapUpAct) -> &mut Story {
    story.give(Input::WrapUp { id: FIRST, act })
}

#[test]
fn a_draft_is_recorded_and_can_be_handed_in_only_after_the_talk() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.hangs_up(CUSTOMER);
    wrap_up(&mut story, draft(Some("sale"), None));
    assert!(matches!(
        story.did[..],
        [Action::Record(CallRecord::WrapUpDrafted { .. })]
    ));
    wrap_up(&mut story, submit("sale", None));
    assert_eq!(story.did, [Action::Refuse(Refusal::StillTalking)]);
    story.hangs_up(GUEST);
    wrap_up(&mut story, submit("sale", None));
    assert!(matches!(
        story.did[..],
        [Action::Record(CallRecord::WrapUpSubmitted {
            timed: false,
            ..
        })]
    ));
    assert_eq!(story.wrap_ups(), (1, 0), "it is owed until it is kept");
    story.give(KEPT);
    assert_eq!((&story.did[..], story.wrap_ups()), (&[][..], (0, 0)));
}

const KEPT: Input = Input::WrapUpKept {
    id: FIRST,
    kept: true,
};
const NOT_KEPT: Input = Input::WrapUpKept {
    id: FIRST,
    kept: false,
};

#[test]
fn what_could_not_be_kept_is_owed_as_before_with_all_that_was_entered() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::End);
    wrap_up(&mut story, submit("sale", Some("calls back")));
    for act in [submit("sale", None), draft(None, Some("x"))] {
        wrap_up(&mut story, act);
        assert_eq!(story.did, [Action::Refuse(Refusal::Busy)]);
    }
    story.give(NOT_KEPT);
    let call = CALL;
    assert_eq!(story.did, [Action::Notice(Notice::WrapUpNotKept { call })]);
    let view = story.phone.snapshot(story.now).wrap_ups.remove(0);
    assert!(view.due);
    assert_eq!(view.reason.as_deref(), Some("sale"));
    assert_eq!(view.note.as_deref(), Some("calls back"));
    wrap_up(&mut story, submit("sale", None));
    story.give(KEPT);
    assert_eq!(story.wrap_ups(), (0, 0));
    let notes = |note: &Option<String>| note.as_deref() == Some("calls back");
    let written = story.recorded(
        |record| matches!(record, CallRecord::WrapUpSubmitted { note, .. } if notes(note)),
    );
    assert_eq!(written, 2, "both times with the note");
}

#[test]
fn a_word_of_the_disk_about_what_was_not_handed_in_changes_nothing() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::End);
    for word in [KEPT, NOT_KEPT] {
        story.give(word);
        assert_eq!((&story.did[..], story.wrap_ups()), (&[][..], (1, 0)));
    }
}

#[test]
fn a_timer_whose_reason_could_not_be_kept_runs_anew() {
    let mut story = Story::connected(timed(), PLAIN);
    story.act(Act::End).waits();
    assert_eq!(story.phone.next_deadline(), None, "while the disk is asked");
    story.give(NOT_KEPT);
    let anew = story.now + Duration::from_secs(30);
    assert_eq!(story.phone.next_deadline(), Some(anew));
    story.waits().give(KEPT);
    assert_eq!(story.wrap_ups(), (0, 0));
}

#[test]
fn a_draft_takes_reason_and_note_apart_and_both_together_are_recorded() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::End);
    wrap_up(&mut story, draft(Some("sale"), None));
    wrap_up(&mut story, draft(None, Some("half a sent")));
    let both = |record: &CallRecord| match record {
        CallRecord::WrapUpDrafted { reason, note, .. } => {
            reason.as_deref() == Some("sale") && note.as_deref() == Some("half a sent")
        }
        _ => false,
    };
    assert_eq!(story.recorded(both), 1);
    wrap_up(&mut story, draft(None, Some("")));
    let view = story.phone.snapshot(story.now).wrap_ups.remove(0);
    assert_eq!((view.reason.as_deref(), view.note), (Some("sale"), None));
}

#[test]
fn what_an_earlier_run_has_left_is_owed_and_new_numbers_follow() {
    let mut story = Story::new(timed());
    let left = KeptWrapUp {
        id: WrapUpId(3),
        call: CallId(7),
        peer: PartyIdentity::named("Carla").into(),
        reason: None,
        note: Some("half a sent".to_owned()),
    };
    let kept = Kept {
        presence: Some(Presence::Idle),
        wrap_ups: vec![left],
        last_call: 7,
        last_wrap_up: 3,
    };
    story.phone.restore(story.now, kept);
    assert_eq!(story.wrap_ups(), (1, 0));
    let snapshot = story.phone.snapshot(story.now);
    assert_eq!(snapshot.presence, Presence::Idle);
    assert_eq!(snapshot.wrap_ups[0].note.as_deref(), Some("half a sent"));
    assert!(story.phone.next_deadline().is_some(), "its timer runs");
    let (account, target) = (AccountId(0), crate::story::target("b"));
    story.give(Input::Dial { account, target });
    assert_eq!(story.phone.snapshot(story.now).calls[0].id, CallId(8));
}

#[test]
fn an_unknown_reason_is_refused() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::End);
    wrap_up(&mut story, submit("else", None));
    assert_eq!(story.did, [Action::Refuse(Refusal::NoSuchReason)]);
}

#[test]
fn the_timer_hands_in_the_default_and_can_be_extended_before_it_runs_out() {
    let mut story = Story::connected(timed(), PLAIN);
    story.act(Act::End);
    let first = story.phone.next_deadline();
    wrap_up(&mut story, WrapUpAct::Extend);
    assert!(story.phone.next_deadline() > first);
    story.waits();
    assert!(
        matches!(&story.did[..], [Action::Record(CallRecord::WrapUpSubmitted { reason, timed: true, .. })] if reason == "sale")
    );
}

#[test]
fn without_reasons_nobody_is_asked() {
    let mut story = Story::connected(
        Policy {
            reasons: Vec::new(),
            ..policy()
        },
        PLAIN,
    );
    story.passes(60).act(Act::End);
    assert_eq!(story.wrap_ups(), (0, 0));
}

#[test]
fn a_call_that_was_never_connected_is_not_wrapped_up() {
    let mut story = Story::new(policy());
    story
        .wire(
            CUSTOMER,
            trialog_call::WireEvent::Incoming(crate::story::caller()),
        )
        .act(Act::Reject(None));
    assert_eq!(story.wrap_ups(), (0, 0));
}
