//! R7–R10, as the owner sees them.
use crate::story::{CUSTOMER, GUEST, LOCAL, OLD, PLAIN, Story, TRIALOG, leg, policy, target};
use trialog_call::{
    Act, Action, CallRecord, Capabilities, EndCause, Info, LegId, Notice, Outcome, ReferTo,
    Refusal, Stage, WireEvent,
};

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
fn the_referred_sides_bye_before_the_final_notify_is_not_leaving() {
    let hung_up = || {
        let mut story = Story::consulting(policy(), PLAIN, PLAIN);
        story
            .act(Act::Transfer(None))
            .wire(CUSTOMER, WireEvent::ReferAccepted)
            .hangs_up(CUSTOMER);
        assert_eq!(
            (&story.did[..], story.stage()),
            (&[][..], Stage::TransferPending)
        );
        story
    };
    let mut done = hung_up();
    done.notify(CUSTOMER, 200);
    assert!(done.told(|notice| matches!(notice, Notice::Transferred { .. })));
    assert_eq!((done.byes(), done.wrap_ups()), (vec![GUEST], (1, 0)));
    let transferred = |record: &CallRecord| matches!(record, CallRecord::Finished { outcome, .. } if *outcome == Outcome::Transferred);
    assert_eq!(done.recorded(transferred), 1);

    let gone = |status: u16| move |notice: &Notice| matches!(notice, Notice::TransferFailedCustomerGone { status: s, .. } if *s == status);
    let mut busy = hung_up();
    busy.notify(CUSTOMER, 486);
    assert!(busy.told(gone(486)) && !busy.told(|n| matches!(n, Notice::CustomerLeft { .. })));
    assert_eq!((busy.stage(), busy.wrap_ups()), (Stage::PostCall, (0, 1)));
    let mut unsaid = hung_up();
    // Too late for a 603 at once, and then for a NOTIFY.
    unsaid.waits().waits();
    assert!(unsaid.told(gone(408)) && unsaid.stage() == Stage::PostCall);
}

#[test]
fn a_customer_sent_blind_that_hangs_up_first_is_transferred_by_its_notify_alone() {
    let hung_up = || {
        let mut story = Story::connected(policy(), PLAIN);
        story
            .act(Act::Transfer(Some(target("desk"))))
            .hangs_up(CUSTOMER);
        assert_eq!(story.stage(), Stage::TransferPending);
        // No party is left to talk to: the next call can be taken meanwhile.
        assert!(story.did.is_empty() && story.entry(LOCAL).is_none());
        story
    };
    let mut done = hung_up();
    done.notify(CUSTOMER, 100).notify(CUSTOMER, 200);
    assert!(done.told(|notice| matches!(notice, Notice::Transferred { .. })));
    assert_eq!((done.call(), done.wrap_ups()), (None, (1, 0)));
    let mut failed = hung_up();
    failed.wire(CUSTOMER, WireEvent::ReferRefused { status: 481 });
    assert!(failed.told(|n| matches!(n, Notice::TransferFailedCustomerGone { .. })));
    assert_eq!((failed.call(), failed.wrap_ups()), (None, (1, 0)));
}

#[test]
fn a_guest_that_was_sent_and_hangs_up_first_leaves_the_customer_with_the_owner_when_it_fails() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::Transfer(None)).hangs_up(GUEST);
    assert!(story.stage() == Stage::TransferPending && story.talk(LOCAL, leg(CUSTOMER)));
    assert_eq!(story.refusal(&Act::Withdraw), Some(Refusal::Busy));
    story.notify(GUEST, 486);
    assert!(story.stage() == Stage::Connected && story.talk(LOCAL, leg(CUSTOMER)));
    story.agrees(CUSTOMER, PLAIN);
    assert!(story.told(|notice| matches!(notice, Notice::TransferFailed { status: 486, .. })));
}

#[test]
fn an_accepted_refer_is_not_success_and_none_decided_in_a_minute_has_failed() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Transfer(None))
        .wire(GUEST, WireEvent::ReferAccepted);
    assert_eq!(story.stage(), Stage::TransferPending);
    story.waits();
    assert_eq!(story.stage(), Stage::Conference);
    story.agrees(CUSTOMER, PLAIN);
    assert!(story.told(|notice| matches!(notice, Notice::TransferFailed { status: 408, .. })));
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
fn the_guests_phone_is_told_that_it_owns_an_anchored_call_by_info_or_by_way_of_its_server() {
    for (guest, told) in [
        (
            TRIALOG,
            Action::Inform {
                leg: GUEST,
                info: Info::YouAreOwner,
            },
        ),
        (
            OLD,
            Action::StateParty {
                leg: GUEST,
                party: CUSTOMER,
            },
        ),
    ] {
        let guest = Capabilities {
            refer: false,
            replaces: false,
            ..guest
        };
        let mut story = Story::conference(policy(), OLD, guest);
        story.act(Act::Transfer(None));
        assert_eq!(story.stage(), Stage::Anchored);
        assert!(story.did.contains(&told), "{:?}", story.did);
    }
}

#[test]
fn a_transfer_refused_out_of_the_consult_brings_the_customer_to_the_owner_and_never_anchors() {
    let mut story = Story::consulting(policy(), PLAIN, PLAIN);
    // A person has taken its time.
    story
        .act(Act::Transfer(None))
        .waits()
        .wire(CUSTOMER, WireEvent::ReferRefused { status: 603 });
    story.agrees(GUEST, PLAIN).agrees(CUSTOMER, PLAIN);
    assert!(story.was_told(|notice| matches!(notice, Notice::TransferFailed { status: 603, .. })));
    assert!(
        story.stage() == Stage::Swapped
            && story.talk(LOCAL, leg(CUSTOMER))
            && story.has_music(GUEST)
    );
    assert_eq!(story.wrap_ups(), (0, 1));
}

#[test]
fn a_603_at_once_is_what_a_pbx_says_that_forbids_refer_and_a_trialogs_is_its_agents_no() {
    let refused = |guest, after: fn(&mut Story)| {
        let mut story = Story::conference(policy(), PLAIN, guest);
        story.act(Act::Transfer(None));
        let referred = refers(&story)[0].0;
        after(&mut story);
        story.wire(referred, WireEvent::ReferRefused { status: 603 });
        story.stage()
    };
    assert_eq!(refused(PLAIN, |_| {}), Stage::Anchored);
    let late = |story: &mut Story| {
        story.waits();
    };
    assert_eq!(refused(PLAIN, late), Stage::Conference);
    assert_eq!(refused(TRIALOG, |_| {}), Stage::Conference);
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

/// The transfer of a customer has failed with 486, out of a state.
fn failed(mut story: Story, to: Option<&str>) -> Story {
    story
        .act(Act::Transfer(to.map(target)))
        .notify(CUSTOMER, 486);
    assert!(!story.was_told(|notice| matches!(notice, Notice::TransferFailed { .. })));
    story
}

#[test]
fn the_customer_is_said_to_be_there_when_its_phone_has_answered() {
    let with_you = |notice: &Notice| matches!(notice, Notice::TransferFailed { status: 486, .. });
    // Alone with the customer, and in a conference, it is asked by a re-INVITE of its own; the conference goes on meanwhile.
    let mut blind = failed(Story::connected(policy(), PLAIN), Some("desk"));
    assert!(blind.agrees(CUSTOMER, PLAIN).told(with_you));
    let mut conference = failed(Story::conference(policy(), PLAIN, PLAIN), None);
    assert!(conference.talk(leg(CUSTOMER), leg(GUEST)));
    let refused = WireEvent::RenegotiationRefused { status: 488 };
    assert!(conference.wire(CUSTOMER, refused).told(with_you));
    assert_eq!(conference.stage(), Stage::Conference);
    // Out of a consult by the one that takes it off hold.
    let mut consult = failed(Story::consulting(policy(), PLAIN, PLAIN), None);
    consult.agrees(GUEST, PLAIN);
    let reinvites = |story: &Story| {
        let of = |action: &&Action| matches!(action, Action::Reinvite { leg: CUSTOMER, .. });
        story.did.iter().filter(of).count()
    };
    assert_eq!(reinvites(&consult), 1);
    consult.agrees(CUSTOMER, PLAIN);
    assert!(consult.told(with_you) && reinvites(&consult) == 0);
}

#[test]
fn a_customer_that_a_pbx_has_let_go_is_not_said_to_be_there() {
    let gone = |notice: &Notice| {
        matches!(
            notice,
            Notice::TransferFailedCustomerGone { status: 486, .. }
        )
    };
    let after = |mut story: Story| {
        story.wire(CUSTOMER, WireEvent::Ended(EndCause::Lost));
        assert!(story.told(gone));
        assert!(!story.told(|notice| matches!(notice, Notice::CustomerLeft { .. })));
        story.call().map(|call| call.stage)
    };
    let blind = failed(Story::connected(policy(), PLAIN), Some("desk"));
    assert_eq!(after(blind), None);
    let conference = failed(Story::conference(policy(), PLAIN, PLAIN), None);
    assert_eq!(after(conference), Some(Stage::PostCall));
    let consult = failed(Story::consulting(policy(), PLAIN, PLAIN), None);
    assert_eq!(after(consult), Some(Stage::PostCall));
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
