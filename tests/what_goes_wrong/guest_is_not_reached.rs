//! Guest busy, declines, does not answer: says so by name and reason; the customer stays held with music; resume is one
//! act. A guest's 200 crossing our CANCEL: ACK, then BYE.
use crate::seconds;
use trialog_call::{Act, Notice, Stage};
use trialog_tests::{GUEST, Meddling, OWNER, Wanted, World};

/// The customer is on hold, the owner knows why, and brings him back by one act.
fn told_and_resumed(mut trio: World, status: u16) {
    trio.run_until("the owner is told", |w| {
        w.told(OWNER, |notice| {
            matches!(notice, Notice::GuestRefused { .. })
        })
    });
    assert!(
        trio.told(
            OWNER,
            |notice| matches!(notice, Notice::GuestRefused { guest, status: told, .. }
            if guest.uri.as_ref().is_some_and(|uri| uri.contains("agent-2")) && *told == status)
        ),
        "{:?}",
        trio.at(OWNER).notices
    );
    trio.assert_customer_on_hold();
    trio.run_for(seconds(5));
    trio.assert_customer_on_hold();
    trio.act(OWNER, Act::Resume);
    trio.run_until("they talk again", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.run_for(seconds(1));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_busy_guest_is_told_by_name_and_the_customer_hears_music_until_resumed() {
    let mut trio = World::trio(1).connected();
    let calls = Wanted::first_invite().to(trio.host(GUEST));
    trio.network.meddle(calls, Meddling::Refuse(486), 1);
    let target = trio.target(GUEST);
    trio.act(OWNER, Act::Consult(target));
    told_and_resumed(trio, 486);
}

#[test]
fn a_guest_who_declines_is_told_by_name_and_the_customer_hears_music_until_resumed() {
    let mut trio = World::trio(2).consult_ringing();
    trio.act(GUEST, Act::Reject(None));
    let status = trio
        .network
        .seen
        .iter()
        .rev()
        .filter(|seen| seen.from == trio.at(GUEST).address)
        .find_map(|seen| seen.text.status().filter(|status| *status >= 400))
        .expect("the guest's phone refuses");
    told_and_resumed(trio, status);
}

#[test]
fn a_guest_whose_phone_is_away_is_told_by_name_and_the_customer_hears_music_until_resumed() {
    let mut trio = World::trio(3).connected();
    let guest = trio.host(GUEST);
    trio.network.plug(guest, false);
    let target = trio.target(GUEST);
    trio.act(OWNER, Act::Consult(target));
    told_and_resumed(trio, 408);
}

#[test]
fn a_guest_who_lets_it_ring_is_given_up_by_one_act() {
    let mut trio = World::trio(4).consult_ringing();
    trio.run_for(seconds(20));
    trio.assert_customer_on_hold();
    trio.act(OWNER, Act::EndConsult);
    trio.run_until("it rings no more", |w| w.calls(GUEST).is_empty());
    trio.assert_customer_on_hold();
    trio.act(OWNER, Act::Resume);
    trio.run_for(seconds(2));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_guests_200_that_crosses_our_cancel_is_acknowledged_and_then_ended() {
    let mut trio = World::trio(5).consult_ringing();
    let sent_before = trio.network.seen.len();
    // Both in the same instant: neither can know of the other's.
    trio.act(GUEST, Act::Answer);
    trio.act(OWNER, Act::EndConsult);
    trio.run_for(seconds(10));
    let from_owner: Vec<&str> = trio.network.seen[sent_before..]
        .iter()
        .filter(|seen| seen.from == trio.at(OWNER).address && seen.to == trio.at(GUEST).address)
        .filter_map(|seen| seen.text.method())
        .collect();
    assert_eq!(from_owner, ["CANCEL", "ACK", "BYE"]);
    assert!(trio.calls(GUEST).is_empty(), "{:?}", trio.calls(GUEST));
    assert!(trio.wrap_ups(GUEST).is_empty(), "r15");
    trio.assert_customer_on_hold();
    trio.act(OWNER, Act::Resume);
    trio.run_for(seconds(2));
    trio.assert_owner_with_customer();
    trio.close();
}
