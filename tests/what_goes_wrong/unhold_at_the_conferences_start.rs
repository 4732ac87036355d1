//! Un-hold at the conference's start meets 491: retried (§14.1), music meanwhile; the conference begins with the
//! customer's 200; the guest's re-INVITE is independent of it. Un-hold fails for good: stays consulting, both audio paths
//! as they were, says why. Guest's BYE while it is in flight: connected.
use crate::seconds;
use trialog_call::{Act, Notice, Stage};
use trialog_tests::{CUSTOMER, GUEST, Meddling, OWNER, Wanted, World};

/// The owner starts the conference while the customer's phone answers re-INVITEs like this, so many times.
fn conference_against(seed: u64, status: u16, times: usize) -> World {
    let mut trio = World::trio(seed).consulting();
    let unholds = Wanted::reinvite().to(trio.host(CUSTOMER));
    trio.network
        .meddle(unholds, Meddling::Refuse(status), times);
    trio.act(OWNER, Act::Conference);
    trio
}

#[test]
fn a_491_is_tried_again_with_music_meanwhile_and_the_conference_begins_with_the_customers_200() {
    let mut trio = conference_against(1, 491, 3);
    while trio.stage(OWNER) != Some(Stage::Conference) {
        assert!(trio.on_hold(CUSTOMER) || trio.hears(CUSTOMER, OWNER));
        trio.run_for(seconds(1) / 100);
        assert!(trio.now().0 < seconds(60), "the conference never begins");
    }
    trio.until_conference();
    trio.close();
}

#[test]
fn a_guest_who_refuses_his_reinvite_does_not_keep_the_conference_from_beginning() {
    let mut trio = World::trio(2).consulting();
    let to_guest = Wanted::reinvite().to(trio.host(GUEST));
    trio.network
        .meddle(to_guest, Meddling::Refuse(488), usize::MAX);
    trio.act(OWNER, Act::Conference);
    trio.run_until("the conference stands", |w| {
        w.stage(OWNER) == Some(Stage::Conference)
    });
    trio.run_until("all three hear each other", |w| {
        trialog_tests::trio::everybody_hears_everybody(w, &[CUSTOMER, OWNER, GUEST])
    });
    trio.close();
}

#[test]
fn an_unhold_that_fails_for_good_leaves_all_as_it_was_and_is_told() {
    let mut trio = conference_against(3, 488, usize::MAX);
    trio.run_for(seconds(20));
    assert_eq!(trio.stage(OWNER), Some(Stage::Consulting));
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::ResumeRefused { status: 488, .. }
    )));
    trio.assert_customer_on_hold();
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.close();
}

#[test]
fn a_guests_bye_while_the_unhold_is_in_flight_leaves_owner_and_customer_connected() {
    let mut trio = conference_against(4, 491, 1);
    trio.act(GUEST, Act::EndConsult);
    trio.run_until("owner and customer are connected", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.run_for(seconds(5));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_customers_bye_while_the_unhold_is_in_flight_leaves_the_agents_in_post_call() {
    let mut trio = conference_against(5, 491, 1);
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.run_until("the agents are alone", |w| {
        w.stage(OWNER) == Some(Stage::PostCall)
    });
    trio.run_for(seconds(5));
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    assert!(
        !trio.wrap_ups(OWNER)[0].due,
        "r17: a draft until the talk ends"
    );
    trio.close();
}
