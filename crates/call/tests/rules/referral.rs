//! A party asks us to call another one: whose word is followed, and what the agent is told.
use crate::story::{CALL, CUSTOMER, PLAIN, Story, asserted, policy};
use std::sync::Arc;
use trialog_call::{
    Act, Action, CallRecord, Grade, Input, LegId, MediaEvent, Notice, PartyIdentity, Policy,
    Referral, ReferralPolicy, ReferralView, Stage, Target, WireEvent,
};

fn referred(story: &mut Story, grade: Grade) -> ReferralView {
    let referral = Referral {
        to: Target(
            "sip:0900123456@elsewhere.example?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc".into(),
        ),
        party: asserted("Bob", "sip:0900123456@elsewhere.example"),
        elsewhere: true,
        replaces: true,
        grade,
    };
    story.wire(CUSTOMER, WireEvent::Referred(referral));
    ReferralView {
        by: PartyIdentity::named("customer").into(),
        outside: false,
        party: asserted("Bob", "sip:0900123456@elsewhere.example"),
        replaces: true,
        elsewhere: true,
    }
}

fn invites(story: &Story) -> bool {
    story
        .did
        .iter()
        .any(|action| matches!(action, Action::Invite { .. }))
}

#[test]
fn the_question_names_the_party_that_is_to_be_called() {
    let mut story = Story::connected(policy(), PLAIN);
    let to = referred(&mut story, Grade::Registrar);
    assert!(!invites(&story));
    assert!(story.told(|notice| *notice
        == Notice::TransferRequested {
            call: CALL,
            to: to.clone(),
        }));
    let call = story.call().expect("the call is there");
    assert_eq!(
        (call.stage, call.referral),
        (Stage::TransferPending, Some(to))
    );
    story.act(Act::Decline);
    assert_eq!(story.call().and_then(|call| call.referral), None);
}

#[test]
fn the_party_that_is_called_is_shown_by_the_name_that_its_sender_gave_it() {
    let mut story = Story::connected(policy(), PLAIN);
    let to = referred(&mut story, Grade::Registrar);
    story.act(Act::Accept);
    let called = LegId::Placed(1);
    story.wire(called, WireEvent::Answered(PLAIN));
    story.give(Input::Media {
        leg: called,
        event: MediaEvent::Heard,
    });
    let peer = |story: &Story| Arc::clone(&story.call().expect("the call is there").legs[0].party);
    assert_eq!(peer(&story), to.party);
    let named = |record: &CallRecord| matches!(record, CallRecord::Identified { peer, .. } if *peer == to.party);
    assert_eq!(story.recorded(named), 1);
    // Its own side knows better.
    let other = asserted("Robert", "sip:0900123456@elsewhere.example");
    story.wire(called, WireEvent::Identity(Arc::clone(&other)));
    assert_eq!(peer(&story), other);
}

#[test]
fn a_phone_without_an_agent_follows_no_stranger() {
    for transfers in [ReferralPolicy::Ask, ReferralPolicy::Accept] {
        for grade in [Grade::Stranger, Grade::Registrar, Grade::Colleague] {
            let mut story = Story::connected(
                Policy {
                    agent: false,
                    transfers,
                    ..policy()
                },
                PLAIN,
            );
            referred(&mut story, grade);
            assert_eq!(
                invites(&story),
                grade.is_trusted(),
                "{transfers:?}, {grade:?}"
            );
            let refused = Action::RefuseReferral {
                leg: CUSTOMER,
                status: 403,
            };
            assert_eq!(story.did == [refused], !grade.is_trusted());
        }
    }
}

#[test]
fn an_agent_whose_phone_follows_by_policy_is_asked_about_a_strangers_word() {
    for grade in [Grade::Stranger, Grade::Registrar, Grade::Colleague] {
        let accepts = Policy {
            transfers: ReferralPolicy::Accept,
            ..policy()
        };
        let mut story = Story::connected(accepts, PLAIN);
        referred(&mut story, grade);
        assert_eq!(invites(&story), grade.is_trusted(), "{grade:?}");
        assert_eq!(story.stage(), Stage::TransferPending);
    }
}
