//! A phone crashes and is started again: it goes on with its calls, and where it is not, the others notice that it is gone, are
//! told so, and are not left with a call that never ends.
use crate::seconds;
use std::time::Duration;
use trialog_call::{Act, Notice, Role, Stage};
use trialog_tests::{CUSTOMER, GUEST, Model, OWNER, PhoneId, Wanted, World};

/// So long nobody starts it again.
const AWAY: Duration = Duration::from_secs(3);

/// It dies, and is there again after some seconds.
fn crashes(trio: &mut World, phone: PhoneId) {
    let saved = trio.crash(phone);
    trio.run_for(AWAY);
    trio.start_again(phone, &saved);
}

/// The owner's phone dies in this stage; the customer may hear nothing meanwhile, and not for longer.
fn of_owner(mut trio: World) -> World {
    let stage = trio.stage(OWNER);
    let (records, since) = (
        trio.at(OWNER).records.len(),
        trio.call(OWNER).map(|call| call.answered),
    );
    let patience = trio.patience;
    trio.guard(CUSTOMER, AWAY + patience);
    crashes(&mut trio, OWNER);
    trio.run_for(seconds(1));
    assert_eq!(trio.stage(OWNER), stage);
    assert_eq!(trio.at(OWNER).records.len(), records, "it is the same call");
    assert_eq!(trio.call(OWNER).map(|call| call.answered), since);
    trio.guard(CUSTOMER, patience);
    trio
}

#[test]
fn a_conference_goes_on_when_the_owner_is_started_again() {
    let mut trio = of_owner(World::trio(1).conference());
    trio.assert_conference_goes_on();
    trio.act(OWNER, Act::Transfer(None));
    trio.run_until("the guest is asked", |w| {
        w.stage(GUEST) == Some(Stage::TransferPending)
    });
    trio.act(GUEST, Act::Accept);
    trio.until_transferred();
    trio.close();
}

#[test]
fn each_stage_goes_on_when_the_owner_is_started_again() {
    let mut connected = of_owner(World::trio(1).connected());
    connected.assert_owner_with_customer();
    connected.act(OWNER, Act::Hold);
    connected.run_for(seconds(1));
    let mut held = of_owner(connected);
    held.assert_customer_on_hold();
    held.act(OWNER, Act::Resume);
    held.run_for(seconds(1));
    held.assert_owner_with_customer();
    held.close();

    let mut consulting = of_owner(World::trio(2).consulting());
    consulting.assert_customer_on_hold();
    assert!(consulting.hears(OWNER, GUEST) && consulting.hears(GUEST, OWNER));
    consulting.act(OWNER, Act::Swap);
    consulting.run_for(seconds(1));
    let mut swapped = of_owner(consulting);
    assert!(swapped.on_hold(GUEST));
    swapped.assert_owner_with_customer();
    swapped.act(OWNER, Act::Conference);
    swapped.until_conference();
    swapped.close();
}

#[test]
fn a_post_call_goes_on_with_its_draft() {
    let mut trio = World::trio(3).conference();
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.run_until("it is the post-call", |w| {
        w.stage(OWNER) == Some(Stage::PostCall)
    });
    crashes(&mut trio, OWNER);
    trio.run_for(seconds(1));
    assert_eq!(trio.stage(OWNER), Some(Stage::PostCall));
    assert!(!trio.wrap_ups(OWNER)[0].due, "it is a draft as before");
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.act(OWNER, Act::End);
    trio.run_for(seconds(1));
    assert!(trio.wrap_ups(OWNER)[0].due);
    trio.submit(OWNER, "sale");
    trio.close();
}

#[test]
fn a_call_that_is_carried_goes_on() {
    let foreign = Model {
        trialog: false,
        ..Model::agent()
    };
    let mut deaf = Model::customer();
    deaf.policy.transfers = trialog_call::ReferralPolicy::Never;
    let mut old = foreign;
    old.policy.transfers = trialog_call::ReferralPolicy::Never;
    let link = trialog_tests::Link::GOOD;
    let mut trio = World::trio_of(4, link, &deaf, &Model::agent(), &old).conference();
    trio.act(OWNER, Act::Transfer(None));
    trio.run_until("it is anchored", |w| {
        w.stage(OWNER) == Some(Stage::Anchored)
    });
    trio.run_for(seconds(1));
    let mut trio = of_owner(trio);
    assert!(trio.hears(CUSTOMER, GUEST) && trio.hears(GUEST, CUSTOMER));
    trio.submit(OWNER, "sale");
    trio.close();
}

#[test]
fn a_guest_and_a_customer_go_on_as_well() {
    let mut trio = World::trio(5).conference();
    crashes(&mut trio, GUEST);
    trio.run_for(seconds(1));
    assert_eq!(trio.role(GUEST), Some(Role::Guest));
    trio.assert_conference_goes_on();
    trio.let_go();
    crashes(&mut trio, CUSTOMER);
    trio.run_for(seconds(1));
    trio.assert_conference_goes_on();
    trio.close();
}

#[test]
fn a_guest_whose_phone_rang_is_called_no_more_and_the_customer_is_one_act_away() {
    let mut trio = World::trio(6).consult_ringing();
    let patience = trio.patience;
    trio.guard(CUSTOMER, AWAY + patience);
    crashes(&mut trio, OWNER);
    trio.run_for(seconds(1));
    assert_eq!(trio.stage(OWNER), Some(Stage::Held));
    trio.assert_customer_on_hold();
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::GuestRefused { status: 487, .. }
    )));
    assert_eq!(trio.stage(GUEST), None, "its phone rings for nobody");
    trio.act(OWNER, Act::Resume);
    trio.run_for(seconds(1));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_guest_that_answers_while_the_phone_is_away_is_hung_up_on_and_not_left_in_silence() {
    let mut trio = World::trio(6).consult_ringing();
    let patience = trio.patience;
    trio.guard(CUSTOMER, AWAY + patience);
    let saved = trio.crash(OWNER);
    trio.act(GUEST, Act::Answer);
    trio.run_for(AWAY);
    trio.start_again(OWNER, &saved);
    trio.run_for(seconds(5));
    assert_eq!(trio.stage(OWNER), Some(Stage::Held));
    assert_eq!(trio.stage(GUEST), None);
    trio.close();
}

#[test]
fn a_transfer_that_was_asked_for_is_followed_to_its_end() {
    for accepts in [true, false] {
        let mut trio = World::trio(7).transfer_pending();
        let patience = trio.patience;
        trio.guard(CUSTOMER, AWAY + patience);
        crashes(&mut trio, OWNER);
        trio.run_for(seconds(3));
        assert_eq!(trio.stage(OWNER), Some(Stage::TransferPending));
        trio.assert_all_hear_each_other();
        if accepts {
            trio.act(GUEST, Act::Accept);
            trio.until_transferred();
        } else {
            trio.act(GUEST, Act::Decline);
            trio.run_until("the conference goes on", |w| {
                w.stage(OWNER) == Some(Stage::Conference)
            });
            trio.assert_all_hear_each_other();
        }
    }
}

#[test]
fn a_transfer_that_was_decided_while_the_phone_was_away_ends_as_it_was_decided() {
    let mut trio = World::trio(7).transfer_pending();
    let patience = trio.patience;
    trio.guard(CUSTOMER, AWAY + patience);
    let saved = trio.crash(OWNER);
    trio.act(GUEST, Act::Accept);
    trio.run_for(AWAY);
    trio.start_again(OWNER, &saved);
    trio.until_transferred();
    assert!(trio.told(OWNER, |notice| matches!(notice, Notice::Transferred { .. })));
}

#[test]
fn a_party_that_has_left_meanwhile_is_named_and_the_others_go_on() {
    let mut trio = World::trio(8).conference();
    let patience = trio.patience;
    trio.guard(CUSTOMER, AWAY + patience);
    let saved = trio.crash(OWNER);
    trio.act(GUEST, Act::Exit);
    trio.run_for(AWAY);
    // Its BYE has no answer yet; it knows the dialog no more.
    trio.start_again(OWNER, &saved);
    trio.run_for(seconds(2));
    assert!(trio.told(OWNER, |notice| matches!(notice, Notice::GuestLeft { .. })));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn requests_in_a_dialog_that_was_taken_up_are_answered_and_ours_are_in_order() {
    let mut trio = of_owner(World::trio(9).conference());
    let before = trio.network.seen.len();
    trio.say(GUEST, trialog_call::Input::NetworkChanged);
    trio.run_for(seconds(1));
    let reinvite = Wanted::reinvite()
        .from(trio.host(GUEST))
        .to(trio.host(OWNER));
    let seen = &trio.network.seen[before..];
    assert!(
        seen.iter()
            .any(|seen| reinvite.is(seen.from.ip(), seen.to.ip(), &seen.text))
    );
    let refusals = seen
        .iter()
        .filter(|seen| seen.text.status().is_some_and(|status| status >= 300));
    assert_eq!(refusals.count(), 0);
    trio.assert_conference_goes_on();
    trio.act(GUEST, Act::Exit);
    trio.run_until("guest and owner are apart", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn the_others_are_told_of_the_silence_and_are_free_again() {
    let mut trio = World::trio(1).conference();
    trio.let_go();
    let owner = trio.host(OWNER);
    trio.network.plug(owner, false);
    trio.cut_sound(OWNER, true);
    trio.run_for(seconds(10));
    assert!(trio.told(GUEST, |notice| matches!(notice, Notice::NoAudio { .. })));
    trio.run_until("both are free again", |w| {
        w.calls(CUSTOMER).is_empty() && w.calls(GUEST).is_empty()
    });
}
