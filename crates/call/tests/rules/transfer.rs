//! R7–R10, as the owner sees them.
use crate::story::{CUSTOMER, GUEST, LOCAL, OLD, PLAIN, Story, TRIALOG, leg, policy, target};
use trialog_call::{Act, Action, Info, LegId, Notice, ReferTo, Refusal, Stage, WireEvent};

fn refers(story: &Story) -> Vec<(LegId, ReferTo)> {
    let refer = |action: &Action| match action {
        Action::Refer { leg, to } => Some((*leg, to.clone())),
        _ => None,
    };
    story.did.iter().filter_map(refer).collect()
}

#[test]
fn r7_out_of_the_consult_the_customer_is_sent_to_the_guest() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    story.act(Act::Transfer(None));
    assert_eq!(refers(&story), [(CUSTOMER, ReferTo::Leg(GUEST))]);
    assert!(story.has_music(CUSTOMER));
}

#[test]
fn r7_r9_out_of_the_conference_the_guest_is_sent_because_his_agent_is_asked() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::Transfer(None));
    assert_eq!(refers(&story), [(GUEST, ReferTo::Leg(CUSTOMER))]);
    // The owner mixes on until it is decided.
    assert!(story.talk(LOCAL, leg(CUSTOMER)) && story.talk(leg(CUSTOMER), leg(GUEST)));
    let mut plain = Story::conference(policy(), PLAIN, PLAIN);
    plain.act(Act::Transfer(None));
    assert_eq!(refers(&plain), [(CUSTOMER, ReferTo::Leg(GUEST))]);
}

#[test]
fn r7_a_transfer_to_a_ringing_guest_is_finished_when_he_answers() {
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN)
        .act(Act::Transfer(None));
    assert!(refers(&story).is_empty() && story.wrap_ups() == (0, 1));
    story.wire(GUEST, WireEvent::Answered(PLAIN));
    assert_eq!(refers(&story), [(CUSTOMER, ReferTo::Leg(GUEST))]);
}

#[test]
fn r8_the_wrap_up_opens_with_the_transfer_and_is_no_second_one_when_it_is_done() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::Transfer(None));
    assert_eq!(story.wrap_ups(), (0, 1));
    story.notify(GUEST, 200);
    assert_eq!(story.wrap_ups(), (1, 0));
}

#[test]
fn r9_a_guest_who_declines_leaves_the_conference_as_it_is() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Transfer(None))
        .wire(GUEST, WireEvent::ReferAccepted)
        .notify(GUEST, 100)
        .notify(GUEST, 603);
    assert!(story.told(|notice| matches!(notice, Notice::TransferDeclined { .. })));
    assert_eq!(
        (story.stage(), story.wrap_ups()),
        (Stage::Conference, (0, 1))
    );
}

#[test]
fn r10_the_owner_is_out_and_the_two_hear_each_other_until_the_old_leg_is_left() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Transfer(None))
        .wire(GUEST, WireEvent::ReferAccepted)
        .notify(GUEST, 200);
    assert!(story.entry(LOCAL).is_none() && story.talk(leg(CUSTOMER), leg(GUEST)));
    story.hangs_up(CUSTOMER);
    assert_eq!(story.byes(), [GUEST]);
    story.wire(GUEST, WireEvent::Gone);
    assert_eq!(story.call(), None);
}

#[test]
fn the_replaced_sides_bye_and_the_final_notify_end_alike_in_either_order() {
    let end = |bye_first: bool| {
        let mut story = Story::conference(policy(), PLAIN, TRIALOG);
        story.act(Act::Transfer(None));
        if bye_first {
            story.hangs_up(CUSTOMER).notify(GUEST, 200);
        } else {
            story.notify(GUEST, 200).hangs_up(CUSTOMER);
        }
        assert_eq!(story.byes(), [GUEST]);
        story.wire(GUEST, WireEvent::Gone);
        (story.call(), story.wrap_ups())
    };
    assert_eq!(end(true), end(false));
}

#[test]
fn an_accepted_refer_is_not_success_and_none_decided_in_a_minute_has_failed() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Transfer(None))
        .wire(GUEST, WireEvent::ReferAccepted);
    assert_eq!(story.stage(), Stage::TransferPending);
    story.waits();
    assert!(story.told(|notice| matches!(notice, Notice::TransferFailed { status: 408, .. })));
    assert_eq!(story.stage(), Stage::Conference);
}

#[test]
fn who_cannot_be_referred_is_passed_over_and_then_our_phone_carries_the_two() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Transfer(None))
        .wire(GUEST, WireEvent::ReferRefused { status: 405 });
    assert_eq!(refers(&story), [(CUSTOMER, ReferTo::Leg(GUEST))]);
    story.wire(CUSTOMER, WireEvent::ReferRefused { status: 501 });
    assert_eq!((story.stage(), story.wrap_ups()), (Stage::Anchored, (1, 0)));
    assert!(story.entry(LOCAL).is_none() && story.talk(leg(CUSTOMER), leg(GUEST)));
    assert!(story.did.contains(&Action::Inform {
        leg: GUEST,
        info: Info::YouAreOwner
    }));
    story.hangs_up(CUSTOMER);
    assert_eq!(story.byes(), [GUEST]);
}

#[test]
fn old_phones_are_anchored_at_once_and_whoever_is_held_is_taken_off_hold() {
    let mut story = Story::consulting(policy(), OLD, OLD);
    story.act(Act::Transfer(None));
    assert!(story.stage() == Stage::Anchored && story.has_music(CUSTOMER));
    story.agrees(CUSTOMER, OLD);
    assert!(story.talk(leg(CUSTOMER), leg(GUEST)));
}

#[test]
fn a_transfer_refused_out_of_the_consult_brings_the_customer_to_the_owner_and_never_anchors() {
    let mut story = Story::consulting(policy(), PLAIN, PLAIN);
    story
        .act(Act::Transfer(None))
        .wire(CUSTOMER, WireEvent::ReferRefused { status: 603 });
    assert!(story.told(|notice| matches!(notice, Notice::TransferFailed { status: 603, .. })));
    story.agrees(GUEST, PLAIN).agrees(CUSTOMER, PLAIN);
    assert!(
        story.stage() == Stage::Swapped
            && story.talk(LOCAL, leg(CUSTOMER))
            && story.has_music(GUEST)
    );
    assert_eq!(story.wrap_ups(), (0, 1));
}

#[test]
fn a_transfer_is_taken_back_from_a_trialog_and_not_from_a_foreign_phone() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::Transfer(None)).act(Act::Withdraw);
    assert_eq!(
        (&story.did[..], story.stage()),
        (&[Action::WithdrawRefer(GUEST)][..], Stage::Conference)
    );
    let mut foreign = Story::conference(policy(), PLAIN, PLAIN);
    foreign.act(Act::Transfer(None));
    assert_eq!(
        foreign.refusal(&Act::Withdraw),
        Some(Refusal::CannotWithdraw)
    );
}

#[test]
fn a_success_that_crosses_the_withdrawal_is_the_truth() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Transfer(None))
        .act(Act::Withdraw)
        .notify(GUEST, 200);
    assert!(
        story.told(|notice| matches!(notice, Notice::Transferred { .. }))
            && story.entry(LOCAL).is_none()
    );
}

#[test]
fn a_blind_transfer_that_fails_leaves_the_customer_with_the_owner() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::Transfer(Some(target("desk"))));
    assert_eq!(
        refers(&story),
        [(CUSTOMER, ReferTo::Target(target("desk")))]
    );
    story.notify(CUSTOMER, 486);
    assert!(story.stage() == Stage::Connected && story.talk(LOCAL, leg(CUSTOMER)));
}

#[test]
fn a_blind_transfer_of_a_phone_that_cannot_be_referred_is_called_by_ours() {
    let mut story = Story::connected(policy(), OLD);
    story
        .act(Act::Transfer(Some(target("desk"))))
        .agrees(CUSTOMER, OLD);
    story
        .wire(GUEST, WireEvent::Answered(OLD))
        .agrees(CUSTOMER, OLD);
    assert!(story.stage() == Stage::Anchored && story.talk(leg(CUSTOMER), leg(GUEST)));
}
