//! Wrap-ups: drafts, what is owed, the timer.
use crate::story::{CUSTOMER, GUEST, PLAIN, Story, TRIALOG, policy};
use std::time::Duration;
use trialog_call::{Act, Action, CallRecord, Input, Policy, Refusal, WrapUpAct, WrapUpId};

const FIRST: WrapUpId = WrapUpId(1);

fn timed() -> Policy {
    let (default_reason, wrap_up_time) = (Some("sale".into()), Some(Duration::from_secs(30)));
    Policy {
        default_reason,
        wrap_up_time,
        ..policy()
    }
}

fn wrap_up(story: &mut Story, act: WrapUpAct) -> &mut Story {
    story.give(Input::WrapUp { id: FIRST, act })
}

#[test]
fn a_draft_is_recorded_and_can_be_handed_in_only_after_the_talk() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.hangs_up(CUSTOMER);
    wrap_up(&mut story, WrapUpAct::Draft("sale".into()));
    assert!(matches!(
        story.did[..],
        [Action::Record(CallRecord::WrapUpDrafted { .. })]
    ));
    wrap_up(&mut story, WrapUpAct::Submit("sale".into()));
    assert_eq!(story.did, [Action::Refuse(Refusal::StillTalking)]);
    story.hangs_up(GUEST);
    wrap_up(&mut story, WrapUpAct::Submit("sale".into()));
    assert!(matches!(
        story.did[..],
        [Action::Record(CallRecord::WrapUpSubmitted {
            timed: false,
            ..
        })]
    ));
    assert_eq!(story.wrap_ups(), (0, 0));
}

#[test]
fn an_unknown_reason_is_refused() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::End);
    wrap_up(&mut story, WrapUpAct::Submit("else".into()));
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
        .act(Act::Reject);
    assert_eq!(story.wrap_ups(), (0, 0));
}
