//! A REFER outside of any call: whose question reaches the agent, and what becomes of its answer.
use crate::story::{CALL, PLAIN, Story, asserted, caller, policy};
use std::sync::Arc;
use trialog_call::{
    AccountId, Act, Action, CallRecord, CallRequest, EndCause, Grade, Incoming, Input, LegId,
    Notice, PartyIdentity, Policy, Presence, Referral, ReferralPolicy, Refusal, Stage, Target,
    WireEvent,
};

/// The leg that stands for the REFER.
const ASKS: LegId = LegId::Received(7);
const CALLED: LegId = LegId::Placed(1);

fn bob() -> Arc<PartyIdentity> {
    asserted("Bob", "sip:bob@pbx.example")
}

fn request(grade: Grade) -> CallRequest {
    CallRequest {
        account: AccountId(0),
        by: asserted("Alice", "sip:alice@pbx.example"),
        referral: Referral {
            to: Target("sip:bob@pbx.example".into()),
            party: bob(),
            elsewhere: false,
            replaces: false,
            grade,
        },
    }
}

fn asks(story: &mut Story, grade: Grade) {
    story.wire(ASKS, WireEvent::CallAsked(request(grade)));
}

fn asked(policy: Policy) -> Story {
    let mut story = Story::new(policy);
    asks(&mut story, Grade::Registrar);
    assert_eq!(story.did[0], Action::AcceptReferral(ASKS));
    assert_eq!(story.stage(), Stage::Asked);
    story
}

fn result(status: u16) -> Action {
    Action::ReferralResult { leg: ASKS, status }
}

fn refused(status: u16) -> Action {
    Action::RefuseReferral { leg: ASKS, status }
}

#[test]
fn the_agent_is_told_who_asks_and_for_whom_and_nothing_is_called_or_recorded_before_it_answers() {
    let story = asked(policy());
    let to = story
        .call()
        .and_then(|call| call.referral)
        .expect("a question");
    assert_eq!(to.by, asserted("Alice", "sip:alice@pbx.example"));
    assert_eq!((&to.party, to.outside), (&bob(), true));
    assert!(story.told(|notice| *notice
        == Notice::TransferRequested {
            call: CALL,
            to: to.clone(),
        }));
    assert_eq!(story.did.len(), 2, "{:?}", story.did);
    let acts = story.call().expect("it is there").acts;
    let acts: Vec<_> = acts
        .into_iter()
        .map(|view| (view.act, view.refusal))
        .collect();
    assert_eq!(acts, [(Act::Accept, None), (Act::Decline, None)]);
}

#[test]
fn an_accepted_one_is_a_call_of_the_agents_own_that_tells_who_asked_for_it() {
    let mut story = asked(policy());
    story.act(Act::Accept);
    assert!(story.did.contains(&Action::Invite {
        leg: CALLED,
        account: AccountId(0),
        target: Target("sip:bob@pbx.example".into()),
        as_guest: false,
        referral: Some(ASKS),
    }));
    let began = |record: &CallRecord| {
        let by = asserted("Alice", "sip:alice@pbx.example");
        matches!(record, CallRecord::Began { peer, origin, incoming: false, .. }
            if *peer == bob() && origin.referred_by.as_ref() == Some(&*by))
    };
    assert_eq!(story.recorded(began), 1);
    assert_eq!(story.stage(), Stage::Dialling);
    story.wire(CALLED, WireEvent::Answered(PLAIN));
    assert_eq!(story.stage(), Stage::Connected);
    story.hangs_up(CALLED);
    // The user agent tells the one that asked how it went: it knows no call of ours.
    assert!(
        !story
            .all
            .iter()
            .any(|action| matches!(action, Action::ReferralResult { .. }))
    );
}

#[test]
fn declined_or_not_answered_in_time_it_is_603_and_no_call_was() {
    for declines in [true, false] {
        let mut story = asked(policy());
        if declines {
            story.act(Act::Decline);
        } else {
            story.waits();
        }
        assert_eq!(story.did, [result(603)]);
        assert_eq!(story.call(), None);
        assert_eq!(story.recorded(|_| true), 0);
    }
}

#[test]
fn a_question_that_is_taken_back_or_outlives_the_phone_is_gone() {
    let mut story = asked(policy());
    story.wire(ASKS, WireEvent::ReferralWithdrawn);
    assert!(story.told(|notice| *notice == Notice::TransferWithdrawn { call: CALL }));
    assert_eq!(story.call(), None);
    let mut story = asked(policy());
    story.give(Input::Terminate);
    assert_eq!(story.did, [result(603), Action::Quit]);
}

#[test]
fn it_is_in_no_other_calls_way() {
    let policy = Policy {
        call_waiting: false,
        auto_answer: Some(Grade::Registrar),
        rona_after: Some(1),
        ..policy()
    };
    let mut story = asked(policy.clone());
    let incoming = || Incoming {
        grade: Grade::Registrar,
        ..caller()
    };
    story.wire(LegId::Received(8), WireEvent::Incoming(incoming()));
    assert!(story.did.contains(&Action::Answer(LegId::Received(8))));
    let mut story = asked(Policy {
        auto_answer: None,
        ..policy
    });
    story.wire(LegId::Received(8), WireEvent::Incoming(incoming()));
    story.wire(LegId::Received(8), WireEvent::Ended(EndCause::Cancelled));
    let presence = story.phone.snapshot(story.now).presence;
    assert_eq!(presence, Presence::NotAnswered, "the call that rang counts");
}

#[test]
fn accepting_it_holds_the_call_that_the_agent_is_in() {
    let mut story = Story::connected(policy(), PLAIN);
    asks(&mut story, Grade::Registrar);
    let id = story.phone.snapshot(story.now).calls[1].id;
    story.give(Input::Act {
        call: id,
        act: Act::Accept,
    });
    assert!(
        story
            .did
            .iter()
            .any(|action| matches!(action, Action::Invite { .. }))
    );
    assert!(
        story
            .did
            .iter()
            .any(|action| matches!(action, Action::Reinvite { .. }))
    );
    let mut story = Story::consulting(policy(), PLAIN, PLAIN);
    asks(&mut story, Grade::Registrar);
    let id = story.phone.snapshot(story.now).calls[1].id;
    assert_eq!(
        story.phone.permits(id, &Act::Accept),
        Err(Refusal::OtherCallFirst)
    );
}

#[test]
fn one_question_is_open_at_a_time() {
    let mut story = asked(policy());
    let (leg, status) = (LegId::Received(8), 486);
    story.wire(leg, WireEvent::CallAsked(request(Grade::Colleague)));
    assert_eq!(story.did, [Action::RefuseReferral { leg, status }]);
}

#[test]
fn whose_word_reaches_whom() {
    use Grade::{Colleague, Registrar, Stranger};
    let follows = |story: &Story| {
        let mut did = story.did.iter();
        did.any(|action| matches!(action, Action::Invite { .. }))
    };
    for (agent, transfers, grade, outcome) in [
        (true, ReferralPolicy::Ask, Stranger, "403"),
        (true, ReferralPolicy::Ask, Registrar, "asks"),
        (true, ReferralPolicy::Ask, Colleague, "asks"),
        (true, ReferralPolicy::Accept, Registrar, "asks"),
        (true, ReferralPolicy::Accept, Colleague, "calls"),
        (true, ReferralPolicy::Decline, Colleague, "603"),
        (true, ReferralPolicy::Never, Colleague, "405"),
        (false, ReferralPolicy::Ask, Stranger, "403"),
        (false, ReferralPolicy::Accept, Registrar, "403"),
        (false, ReferralPolicy::Ask, Colleague, "calls"),
        (false, ReferralPolicy::Decline, Colleague, "603"),
    ] {
        let mut story = Story::new(Policy {
            agent,
            transfers,
            ..policy()
        });
        asks(&mut story, grade);
        let happened = match &story.did[..] {
            [Action::RefuseReferral { status, .. }] => status.to_string(),
            [
                Action::AcceptReferral(_),
                Action::ReferralResult { status, .. },
            ] => status.to_string(),
            _ if follows(&story) => "calls".to_owned(),
            _ if story.stage() == Stage::Asked => "asks".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(happened, outcome, "{agent} {transfers:?} {grade:?}");
    }
}

#[test]
fn policy_alone_puts_no_call_on_hold_for_it() {
    let accepts = |agent| Policy {
        agent,
        transfers: ReferralPolicy::Accept,
        ..policy()
    };
    let mut story = Story::connected(accepts(true), PLAIN);
    asks(&mut story, Grade::Colleague);
    assert_eq!(story.phone.snapshot(story.now).calls[1].stage, Stage::Asked);
    let mut story = Story::connected(accepts(false), PLAIN);
    asks(&mut story, Grade::Colleague);
    assert_eq!(story.did, [refused(486)]);
}
