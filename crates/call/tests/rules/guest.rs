//! The guest's own phone: R9, R10, R13–R15.
use crate::story::{CALL, LOCAL, OWNER, PLAIN, Story, TRIALOG, caller, leg, policy, target};
use trialog_call::{
    Act, Action, ByeReason, CallRecord, EndCause, Grade, Incoming, Info, Input, LegId, MediaEvent,
    Notice, Policy, Referral, ReferralPolicy, Refusal, Role, Stage, Tone, WireEvent, WrapUpAct,
    WrapUpId,
};

const CUSTOMER: LegId = LegId::Placed(1);

fn referred(story: &mut Story) -> &mut Story {
    let to = target("customer");
    story.wire(
        OWNER,
        WireEvent::Referred(Referral {
            to,
            party: Default::default(),
            elsewhere: false,
            replaces: true,
            grade: Grade::Colleague,
        }),
    )
}

#[test]
fn r9_the_guest_is_asked_and_his_yes_calls_the_customer() {
    let mut story = Story::guest_in_conference(policy());
    referred(&mut story);
    assert_eq!(
        (&story.did[0], story.stage()),
        (&Action::AcceptReferral(OWNER), Stage::TransferPending)
    );
    story.act(Act::Accept);
    assert!(matches!(
        story.did[..],
        [Action::Invite {
            leg: CUSTOMER,
            referral: Some(OWNER),
            ..
        }]
    ));
}

#[test]
fn r9_his_no_and_his_silence_are_603() {
    let no = |answer: fn(&mut Story)| {
        let mut story = Story::guest_in_conference(policy());
        referred(&mut story);
        answer(&mut story);
        assert_eq!(
            story.did,
            [Action::ReferralResult {
                leg: OWNER,
                status: 603
            }]
        );
        assert_eq!(story.stage(), Stage::Conference);
    };
    no(|story| {
        story.act(Act::Decline);
    });
    no(|story| {
        story.waits();
    });
}

#[test]
fn r9_policy_may_answer_for_him() {
    let answer = |transfers| {
        let mut story = Story::guest_in_conference(Policy {
            transfers,
            ..policy()
        });
        referred(&mut story);
        story.did
    };
    assert!(matches!(
        answer(ReferralPolicy::Accept)[..],
        [Action::AcceptReferral(_), Action::Invite { .. }]
    ));
    assert!(matches!(
        answer(ReferralPolicy::Decline)[..],
        [
            Action::AcceptReferral(_),
            Action::ReferralResult { status: 603, .. }
        ]
    ));
}

#[test]
fn r10_with_the_customers_200_the_guest_is_the_owner_and_mixes_one_leg_only() {
    let mut story = Story::guest_in_conference(policy());
    referred(&mut story).act(Act::Accept);
    assert!(story.entry(leg(OWNER)).is_some() && story.entry(leg(CUSTOMER)).is_none());
    story.wire(CUSTOMER, WireEvent::Answered(PLAIN));
    assert!(story.did.contains(&Action::ReferralResult {
        leg: OWNER,
        status: 200
    }));
    let call = story.call().expect("the call goes on");
    assert_eq!((call.role, call.stage), (Role::Owner, Stage::Connected));
    assert!(story.talk(LOCAL, leg(CUSTOMER)));
    // The customer listens to the owner's mix until the new leg has sounded: the guest speaks there, too, and hears only the customer.
    let focus = story.entry(leg(OWNER));
    let focus = focus.map(|entry| (entry.speaks, entry.hears, entry.tone));
    assert_eq!(focus, Some((false, false, Some(Tone::Voice))));
    story.hangs_up(OWNER);
    assert!(story.entry(leg(OWNER)).is_none());
    // The guest's own period of ownership, and its own wrap-up at the end.
    story.act(Act::End);
    assert_eq!(story.wrap_ups(), (1, 0));
}

#[test]
fn r10_a_call_that_replaces_the_consult_makes_him_the_owner_with_its_first_packet() {
    let mut story = Story::guest_in_conference(policy());
    let new = LegId::Received(2);
    let incoming = Incoming {
        replaces: Some(OWNER),
        by_peer: true,
        ..caller()
    };
    story.wire(new, WireEvent::Incoming(incoming));
    assert_eq!(story.did, [Action::Answer(new)]);
    story.wire(new, WireEvent::Confirmed);
    assert!(story.entry(leg(OWNER)).is_some());
    story.give(Input::Media {
        leg: new,
        event: MediaEvent::Heard,
    });
    assert_eq!(story.byes(), [OWNER]);
    assert_eq!(story.call().map(|call| call.role), Some(Role::Owner));
}

#[test]
fn r10_an_anchored_guest_is_told_that_he_is_the_owner() {
    let mut story = Story::guest_in_conference(policy());
    story.wire(OWNER, WireEvent::Informed(Info::YouAreOwner));
    let call = story.call().expect("the call goes on");
    assert_eq!((call.role, call.stage), (Role::Owner, Stage::Anchored));
    story.hangs_up(OWNER);
    assert_eq!(story.wrap_ups(), (1, 0));
}

#[test]
fn r13_r14_the_guest_cannot_end_but_exit() {
    let mut story = Story::guest_in_conference(policy());
    story.act(Act::End);
    assert_eq!(story.did, [Action::Refuse(Refusal::GuestCannotEnd)]);
    story.give(Input::Hook);
    assert!(story.did.contains(&Action::Bye {
        leg: OWNER,
        reason: ByeReason::Exit
    }));
}

#[test]
fn r15_the_guest_gets_no_wrap_up() {
    let mut story = Story::guest_in_conference(policy());
    story.give(Input::WrapUp {
        id: WrapUpId(1),
        act: WrapUpAct::Extend,
    });
    assert_eq!(story.did, [Action::Refuse(Refusal::GuestHasNoWrapUp)]);
    story.act(Act::Exit);
    assert_eq!(story.wrap_ups(), (0, 0));
    assert_eq!(
        story.recorded(|record| matches!(record, CallRecord::WrapUpOpened { .. })),
        0
    );
}

#[test]
fn r18_the_guests_phone_knows_post_call_too() {
    let mut story = Story::guest_in_conference(policy());
    story.wire(OWNER, WireEvent::Informed(Info::PostCall));
    assert_eq!(story.stage(), Stage::PostCall);
    assert_eq!(story.refusal(&Act::Hold), Some(Refusal::NotInPostCall));
    assert_eq!(story.refusal(&Act::Exit), None);
}

#[test]
fn a_request_that_is_taken_back_before_the_answer_is_gone() {
    let mut story = Story::guest_in_conference(policy());
    referred(&mut story).wire(OWNER, WireEvent::ReferralWithdrawn);
    assert!(story.told(|notice| matches!(notice, Notice::TransferWithdrawn { .. })));
    assert_eq!(
        (story.stage(), story.phone.next_deadline()),
        (Stage::Conference, None)
    );
}

#[test]
fn only_a_colleague_gives_a_role() {
    for (grade, role) in [
        (Grade::Stranger, Role::Owner),
        (Grade::Registrar, Role::Owner),
        (Grade::Colleague, Role::Guest),
    ] {
        let mut story = Story::new(policy());
        let incoming = Incoming {
            as_guest: true,
            grade,
            capabilities: TRIALOG,
            ..caller()
        };
        story.wire(OWNER, WireEvent::Incoming(incoming));
        assert_eq!(story.call().map(|call| call.role), Some(role), "{grade:?}");
    }
}

#[test]
fn a_colleagues_call_is_a_consult_without_the_header_where_policy_says_so() {
    for (grade, agent, role) in [
        (Grade::Registrar, true, Role::Owner),
        (Grade::Colleague, true, Role::Guest),
        (Grade::Colleague, false, Role::Customer),
    ] {
        let mut story = Story::new(Policy {
            consult_from_colleagues: true,
            agent,
            ..policy()
        });
        let incoming = Incoming { grade, ..caller() };
        story.wire(OWNER, WireEvent::Incoming(incoming));
        let seen = story.call().map(|call| (call.role, call.stage));
        assert_eq!(seen, Some((role, Stage::Offered)), "{grade:?}");
    }
    // A call that takes a leg's place has its role.
    let mut story = Story::new(Policy {
        consult_from_colleagues: true,
        ..policy()
    });
    story
        .wire(OWNER, WireEvent::Incoming(caller()))
        .act(Act::Answer)
        .wire(OWNER, WireEvent::Confirmed);
    let new = LegId::Received(2);
    let incoming = Incoming {
        replaces: Some(OWNER),
        grade: Grade::Colleague,
        ..caller()
    };
    story
        .wire(new, WireEvent::Incoming(incoming))
        .wire(new, WireEvent::Confirmed)
        .waits();
    assert_eq!(story.call().map(|call| call.role), Some(Role::Owner));
}

#[test]
fn replaces_without_a_referred_by_is_taken_from_the_registrar_on() {
    for (grade, taken) in [
        (Grade::Stranger, false),
        (Grade::Registrar, true),
        (Grade::Colleague, true),
    ] {
        let mut story = Story::guest_in_conference(policy());
        let new = LegId::Received(2);
        let incoming = Incoming {
            replaces: Some(OWNER),
            grade,
            ..caller()
        };
        story.wire(new, WireEvent::Incoming(incoming));
        let action = match taken {
            true => Action::Answer(new),
            false => Action::Reject {
                leg: new,
                status: 603,
            },
        };
        assert!(story.did.contains(&action), "{grade:?}: {:?}", story.did);
    }
}

#[test]
fn isfocus_in_a_customers_call_never_makes_its_owner_a_guest() {
    // Whether or not policy trusts the far side: a PBX makes a running call a conference of its own when a supervisor joins.
    for grade in [Grade::Stranger, Grade::Registrar, Grade::Colleague] {
        let mut story = Story::new(policy());
        let incoming = Incoming {
            grade,
            capabilities: TRIALOG,
            ..caller()
        };
        story
            .wire(OWNER, WireEvent::Incoming(incoming))
            .act(Act::Answer)
            .wire(OWNER, WireEvent::Confirmed)
            .wire(OWNER, WireEvent::Focus(true));
        assert!(story.did.is_empty());
        assert_eq!(
            story.call().map(|call| (call.role, call.stage)),
            Some((Role::Owner, Stage::Connected))
        );
        for act in [Act::Hold, Act::Consult(target("guest")), Act::End] {
            assert_eq!(story.refusal(&act), None);
        }
        story.hangs_up(OWNER);
        assert_eq!(story.wrap_ups(), (1, 0));
    }
}

#[test]
fn r10_a_guest_whose_owner_hangs_up_early_calls_on_and_owns_the_call_when_the_customer_answers() {
    let mut story = Story::guest_in_conference(policy());
    referred(&mut story).act(Act::Accept);
    story.wire(OWNER, WireEvent::Ended(EndCause::Bye));
    assert_eq!(story.stage(), Stage::Dialling);
    story.wire(CUSTOMER, WireEvent::Answered(PLAIN));
    assert_eq!(story.stage(), Stage::Connected);
    assert!(story.did.iter().any(|action| matches!(
        action,
        Action::Record(CallRecord::Owned { peer, .. })
            if peer.uri.as_deref() == Some("sip:customer@example.org")
    )));
    assert!(
        story
            .did
            .contains(&Action::Notice(Notice::NowOwner { call: CALL }))
    );
}

#[test]
fn r13_a_guest_whom_the_customer_is_joining_can_not_release_him_by_leaving() {
    let mut story = Story::guest_in_conference(policy());
    let new = LegId::Received(2);
    let incoming = Incoming {
        replaces: Some(OWNER),
        by_peer: true,
        ..caller()
    };
    story.wire(new, WireEvent::Incoming(incoming));
    assert_eq!(story.refusal(&Act::Exit), Some(Refusal::Busy));
    assert_eq!(story.give(Input::Hook).did, [Action::Refuse(Refusal::Busy)]);
    story.wire(new, WireEvent::Confirmed).waits();
    assert_eq!(story.call().map(|call| call.role), Some(Role::Owner));
    story.act(Act::End);
    assert_eq!(story.byes(), [new]);
}

#[test]
fn who_was_sent_to_somebody_who_does_not_answer_can_give_up_calling_him() {
    let mut story = Story::guest_in_conference(policy());
    story.wire(
        OWNER,
        WireEvent::Referred(Referral {
            to: target("a-third"),
            party: Default::default(),
            elsewhere: false,
            replaces: false,
            grade: Grade::Colleague,
        }),
    );
    story.act(Act::Accept);
    let third = LegId::Placed(1);
    story.act(Act::Decline);
    assert_eq!(
        story.did,
        [
            Action::Cancel(third),
            Action::ReferralResult {
                leg: OWNER,
                status: 603
            }
        ]
    );
    story.wire(third, WireEvent::Gone);
    assert_eq!(story.stage(), Stage::Conference);
    assert_eq!(story.refusal(&Act::Exit), None);
}

#[test]
fn who_leaves_while_he_calls_somebody_he_was_sent_to_tells_the_one_who_sent_him() {
    let mut story = Story::guest_in_conference(policy());
    story.wire(
        OWNER,
        WireEvent::Referred(Referral {
            to: target("a-third"),
            party: Default::default(),
            elsewhere: false,
            replaces: false,
            grade: Grade::Colleague,
        }),
    );
    story.act(Act::Accept).act(Act::Exit);
    assert!(story.did.contains(&Action::ReferralResult {
        leg: OWNER,
        status: 603
    }));
    assert_eq!(story.byes(), [OWNER]);
}
