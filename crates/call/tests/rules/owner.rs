//! The owner's conference: R1–R6, R11–R14, R16–R18, and what goes wrong on the way.
use crate::story::{
    CALL, CUSTOMER, GUEST, LOCAL, PLAIN, Story, TRIALOG, caller, leg, policy, target,
};
use trialog_call::{
    AccountId, Act, Action, Direction, Hangup, Incoming, Input, LegId, MediaEvent, Notice, Policy,
    Refusal, Role, Stage, Tone, WireEvent,
};

#[test]
fn r1_a_conference_starts_only_out_of_an_answered_consult() {
    let mut story = Story::connected(policy(), PLAIN);
    assert_eq!(
        story.refusal(&Act::Conference),
        Some(Refusal::NotHere(Stage::Connected))
    );
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN);
    story.wire(GUEST, WireEvent::Rings);
    assert_eq!(
        story.refusal(&Act::Conference),
        Some(Refusal::ConsultNotAnswered)
    );
    story.wire(GUEST, WireEvent::Answered(TRIALOG));
    assert_eq!(story.refusal(&Act::Conference), None);
}

#[test]
fn r2_the_owner_starts_it_with_one_act() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    story.act(Act::Conference).agrees(CUSTOMER, PLAIN);
    assert_eq!(story.stage(), Stage::Conference);
}

#[test]
fn r3_the_customer_is_taken_off_hold_and_all_three_hear_each_other_without_themselves() {
    let story = Story::conference(policy(), PLAIN, TRIALOG);
    for (one, other) in [
        (LOCAL, leg(CUSTOMER)),
        (LOCAL, leg(GUEST)),
        (leg(CUSTOMER), leg(GUEST)),
    ] {
        assert!(story.talk(one, other));
    }
    // An entry hears the others of its group; with one entry each, no party hears itself.
    assert_eq!(story.phone.routing().entries.len(), 3);
}

#[test]
fn r3_the_conference_begins_with_the_customers_200_and_he_has_music_until_then() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    story.act(Act::Conference);
    assert_eq!(story.stage(), Stage::Consulting);
    assert!(story.has_music(CUSTOMER) && story.talk(LOCAL, leg(GUEST)));
    // The guest's re-INVITE is independent of it: it fails, and the conference goes on.
    story
        .agrees(CUSTOMER, PLAIN)
        .wire(GUEST, WireEvent::RenegotiationRefused { status: 500 });
    assert_eq!(story.stage(), Stage::Conference);
}

#[test]
fn r4_the_guest_is_drawn_in_without_a_second_call() {
    let story = Story::conference(policy(), PLAIN, TRIALOG);
    let invites = story
        .all
        .iter()
        .filter(|action| matches!(action, Action::Invite { .. }));
    assert_eq!(invites.count(), 1);
}

#[test]
fn r5_the_customers_phone_only_talks_and_hangs_up() {
    let mut story = Story::connected(
        Policy {
            agent: false,
            ..policy()
        },
        PLAIN,
    );
    for act in [
        Act::Conference,
        Act::Hold,
        Act::Consult(target("guest")),
        Act::Transfer(None),
    ] {
        assert_eq!(story.refusal(&act), Some(Refusal::CustomerOnlyTalks));
    }
    story.act(Act::End);
    assert_eq!(story.byes(), [CUSTOMER]);
}

#[test]
fn r6_nobody_is_put_on_hold_in_a_conference() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::Hold);
    assert_eq!(story.did, [Action::Refuse(Refusal::NoHoldInConference)]);
    assert_eq!(
        story.refusal(&Act::Consult(target("third"))),
        Some(Refusal::NoConsultInConference)
    );
}

#[test]
fn r6_a_far_sides_hold_is_accepted_and_its_music_is_cut_from_the_mix() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.wire(CUSTOMER, WireEvent::FarHold(true));
    let entry = story.entry(leg(CUSTOMER)).expect("the customer stays");
    assert!(!entry.speaks && story.talk(LOCAL, leg(GUEST)));
    story.wire(CUSTOMER, WireEvent::FarHold(false));
    assert!(story.talk(leg(CUSTOMER), leg(GUEST)));
}

#[test]
fn r11_r12_end_for_all_releases_both_and_the_wrap_up_is_due() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::End);
    assert_eq!(story.byes(), [CUSTOMER, GUEST]);
    assert_eq!(story.wrap_ups(), (1, 0));
}

#[test]
fn r11_the_hook_ends_it_for_all_at_once_or_asks_where_a_page_is_open() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.give(Input::Hook);
    assert_eq!(story.byes(), [CUSTOMER, GUEST]);

    let asks = || {
        let mut story = Story::conference(
            Policy {
                hangup: Hangup::Ask,
                ..policy()
            },
            PLAIN,
            TRIALOG,
        );
        story.give(Input::PageOpen(true)).give(Input::Hook);
        assert!(
            story.told(|notice| matches!(notice, Notice::AskEndForAll { .. }))
                && story.byes().is_empty()
        );
        story
    };
    let mut unanswered = asks();
    unanswered.waits();
    assert_eq!(unanswered.byes(), [CUSTOMER, GUEST]);
    let mut no = asks();
    no.act(Act::Stay);
    assert_eq!(
        (no.stage(), no.phone.next_deadline()),
        (Stage::Conference, None)
    );
}

#[test]
fn r14_the_guest_exits_and_the_customers_sound_is_not_touched() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    let before = story.entry(leg(CUSTOMER));
    story.hangs_up(GUEST);
    assert_eq!(story.stage(), Stage::Connected);
    assert_eq!(story.entry(leg(CUSTOMER)), before);
    assert!(story.talk(LOCAL, leg(CUSTOMER)));
    assert!(
        !story
            .did
            .iter()
            .any(|action| matches!(action, Action::Reinvite { .. }))
    );
}

#[test]
fn r16_the_customers_leaving_makes_a_lone_owners_wrap_up_due_at_once() {
    let mut story = Story::connected(policy(), PLAIN);
    story.hangs_up(CUSTOMER);
    assert_eq!((story.wrap_ups(), story.call()), ((1, 0), None));
}

#[test]
fn r16_r17_when_the_customer_leaves_the_agents_talk_on_and_the_draft_becomes_due_at_the_end() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.hangs_up(CUSTOMER);
    assert_eq!((story.stage(), story.wrap_ups()), (Stage::PostCall, (0, 1)));
    assert!(story.talk(LOCAL, leg(GUEST)));
    story.hangs_up(GUEST);
    assert_eq!((story.wrap_ups(), story.call()), ((1, 0), None));
}

#[test]
fn r17_a_held_guest_is_taken_off_hold_by_itself_and_if_that_fails_his_leg_ends() {
    let swapped = || {
        let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
        story
            .act(Act::Swap)
            .agrees(GUEST, TRIALOG)
            .agrees(CUSTOMER, PLAIN);
        assert_eq!(story.stage(), Stage::Swapped);
        story.hangs_up(CUSTOMER);
        assert_eq!(story.stage(), Stage::PostCall);
        story
    };
    let mut story = swapped();
    story.agrees(GUEST, TRIALOG);
    assert!(story.talk(LOCAL, leg(GUEST)));
    let mut story = swapped();
    story.wire(GUEST, WireEvent::RenegotiationRefused { status: 488 });
    assert_eq!(story.byes(), [GUEST]);
}

#[test]
fn r17_an_administrators_switch_ends_everything_with_the_customer() {
    let mut story = Story::conference(
        Policy {
            post_call: false,
            ..policy()
        },
        PLAIN,
        TRIALOG,
    );
    story.hangs_up(CUSTOMER);
    assert_eq!((story.byes(), story.wrap_ups()), (vec![GUEST], (1, 0)));
}

#[test]
fn r18_in_post_call_there_is_no_hold_no_resume_and_no_consult() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.hangs_up(CUSTOMER);
    for act in [Act::Hold, Act::Resume, Act::Consult(target("third"))] {
        assert_eq!(story.refusal(&act), Some(Refusal::NotInPostCall));
    }
}

#[test]
fn the_guest_is_not_rung_until_the_customer_is_held_nor_when_he_leaves_meanwhile() {
    let mut story = Story::connected(policy(), PLAIN);
    story.act(Act::Consult(target("guest")));
    let rings = |story: &Story| {
        story
            .all
            .iter()
            .any(|action| matches!(action, Action::Invite { .. }))
    };
    assert!(!rings(&story) && story.has_music(CUSTOMER));
    story.hangs_up(CUSTOMER);
    assert!(!rings(&story));

    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .wire(CUSTOMER, WireEvent::RenegotiationRefused { status: 488 });
    assert!(!rings(&story) && story.told(|notice| matches!(notice, Notice::HoldRefused { .. })));
    assert_eq!(story.stage(), Stage::Connected);
}

#[test]
fn a_busy_guest_is_named_and_the_customer_is_one_act_away() {
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN);
    story.wire(GUEST, WireEvent::Refused { status: 486 });
    assert!(story.told(|notice| matches!(notice, Notice::GuestRefused { guest, status: 486, .. } if guest.uri == Some(target("guest").0))));
    assert!(story.stage() == Stage::Held && story.has_music(CUSTOMER));
    story.act(Act::Resume).agrees(CUSTOMER, PLAIN);
    assert!(story.talk(LOCAL, leg(CUSTOMER)));
}

#[test]
fn the_ear_hears_the_busy_tone_for_a_while_when_the_called_party_refuses() {
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN);
    assert_eq!(own_tone(&story), None);
    for (status, tone) in [
        (404, Tone::Congestion),
        (503, Tone::Congestion),
        (603, Tone::Busy),
    ] {
        let mut other = story.clone();
        other.wire(GUEST, WireEvent::Refused { status });
        assert_eq!(own_tone(&other), Some(tone), "{status}");
    }
    story.wire(GUEST, WireEvent::Refused { status: 486 });
    assert_eq!(own_tone(&story), Some(Tone::Busy));
    let mut patient = story.phone.clone();
    let end = patient.next_deadline().expect("the tone ends");
    patient.step(end, Input::Deadline);
    assert_eq!(patient.next_deadline(), None);
    story.act(Act::Resume);
    assert_eq!(
        own_tone(&story),
        None,
        "it would lie over the customer's voice"
    );
}

fn own_tone(story: &Story) -> Option<Tone> {
    let entries = story.phone.routing().entries;
    entries.into_iter().find(|entry| entry.party == LOCAL)?.tone
}

#[test]
fn an_answer_that_crosses_our_cancel_brings_nobody_back() {
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN)
        .act(Act::EndConsult);
    story.wire(GUEST, WireEvent::Answered(TRIALOG));
    assert_eq!((story.stage(), story.did.len()), (Stage::Held, 0));
    story.wire(GUEST, WireEvent::Gone);
    assert_eq!(story.call().expect("the call").legs.len(), 1);
}

#[test]
fn an_un_hold_that_fails_leaves_both_audio_paths_as_they_were() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Conference)
        .wire(CUSTOMER, WireEvent::RenegotiationRefused { status: 488 });
    assert!(story.told(|notice| matches!(notice, Notice::ResumeRefused { .. })));
    assert!(
        story.stage() == Stage::Consulting
            && story.talk(LOCAL, leg(GUEST))
            && story.has_music(CUSTOMER)
    );
}

#[test]
fn a_guest_who_hangs_up_while_the_conference_starts_leaves_owner_and_customer_connected() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    story
        .act(Act::Conference)
        .hangs_up(GUEST)
        .agrees(CUSTOMER, PLAIN);
    assert!(story.stage() == Stage::Connected && story.talk(LOCAL, leg(CUSTOMER)));
}

#[test]
fn a_swap_whose_second_step_fails_is_undone() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    story.act(Act::Swap).agrees(GUEST, TRIALOG);
    assert!(story.has_music(GUEST) && story.has_music(CUSTOMER));
    story.wire(CUSTOMER, WireEvent::RenegotiationRefused { status: 488 });
    assert!(story.told(|notice| matches!(notice, Notice::SwapUndone { .. })));
    story.agrees(GUEST, TRIALOG);
    assert!(story.stage() == Stage::Consulting && story.talk(LOCAL, leg(GUEST)));
}

#[test]
fn a_silent_party_is_named_and_asked_once() {
    let mut story = Story::connected(policy(), PLAIN);
    let silent = || Input::Media {
        leg: CUSTOMER,
        event: MediaEvent::Silent,
    };
    story.give(silent());
    assert!(
        story.told(|notice| matches!(notice, Notice::NoAudio { party, .. } if party.shown() == Some("customer")))
    );
    assert_eq!(
        story
            .did
            .iter()
            .filter(|action| matches!(action, Action::Reinvite { .. }))
            .count(),
        1
    );
    story.agrees(CUSTOMER, PLAIN).give(silent());
    assert!(story.did.is_empty());
}

#[test]
fn the_headsets_going_changes_nothing_for_the_others() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    let routing = story.phone.routing();
    story.give(Input::Device(false));
    assert_eq!(
        (&story.did[..], story.phone.routing()),
        (&[Action::Notice(Notice::DeviceGone)][..], routing)
    );
}

#[test]
fn each_leg_is_re_invited_when_the_network_changes() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.give(Input::NetworkChanged);
    let asked = story.did.iter().filter(|action| {
        matches!(action, Action::Reinvite { session, .. } if session.direction == Direction::SendRecv && session.focus)
    });
    assert_eq!(asked.count(), 2);
    assert_eq!(story.call().expect("the call").id, CALL);
}

#[test]
fn a_consult_goes_by_the_calls_account_or_by_the_one_that_is_named() {
    for (act, account) in [
        (Act::Consult(target("guest")), AccountId(0)),
        (
            Act::ConsultBy {
                account: AccountId(1),
                target: target("guest"),
            },
            AccountId(1),
        ),
    ] {
        let mut story = Story::connected(policy(), PLAIN);
        story.act(act).agrees(CUSTOMER, PLAIN);
        let by = story.did.iter().find_map(|action| match action {
            Action::Invite { account, .. } => Some(*account),
            _ => None,
        });
        assert_eq!(by, Some(account));
    }
    let nowhere = Act::ConsultBy {
        account: AccountId(2),
        target: target("guest"),
    };
    let story = Story::connected(policy(), PLAIN);
    assert_eq!(story.refusal(&nowhere), Some(Refusal::NoSuchAccount));
}

#[test]
fn what_takes_the_guests_place_is_shown_as_a_guests() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    let new = LegId::Received(2);
    let incoming = Incoming {
        replaces: Some(GUEST),
        by_peer: true,
        ..caller()
    };
    story.wire(new, WireEvent::Incoming(incoming));
    let roles = |story: &Story| {
        let call = story.call().expect("the call goes on");
        let legs = call.legs.iter().map(|leg| (leg.id, leg.role));
        legs.collect::<Vec<_>>()
    };
    let all = [
        (CUSTOMER, Role::Customer),
        (GUEST, Role::Guest),
        (new, Role::Guest),
    ];
    assert_eq!(roles(&story), all);
}
