//! A transfer is refused: 603 or any other final answer to REFER, a NOTIFY of ≥300, or no final NOTIFY in 60 s: "transfer
//! failed, the customer is with you". From a conference: it goes on unchanged. From a consult: swapped to the customer,
//! guest held. A person's no never anchors; a 603 to the REFER at once is a PBX's "can't" (`cannot_be_referred`). The draft is kept. A 202 is not success; only a final 2xx NOTIFY is.
use crate::seconds;
use trialog_call::{Act, Notice, ReferralPolicy, Stage};
use trialog_tests::{CUSTOMER, GUEST, Link, Meddling, Model, OWNER, Wanted, World};

fn assert_failure_told(trio: &World) {
    let told = trio.told(OWNER, |notice| {
        matches!(
            notice,
            Notice::TransferFailed { .. } | Notice::TransferDeclined { .. }
        )
    });
    assert!(told, "{:?}", trio.at(OWNER).notices);
    assert!(
        !trio.told(OWNER, |notice| matches!(notice, Notice::Anchored { .. })),
        "a no never anchors"
    );
    let drafts = trio.wrap_ups(OWNER);
    assert_eq!(drafts.len(), 1, "the draft is kept");
    assert!(!drafts[0].due, "and not due");
}

fn assert_swapped_to_the_customer(trio: &mut World) {
    trio.run_until("the customer is with the owner", |w| {
        w.stage(OWNER) == Some(Stage::Swapped)
    });
    trio.run_for(seconds(3));
    assert_eq!(trio.stage(OWNER), Some(Stage::Swapped));
    trio.assert_owner_with_customer();
    assert!(
        trio.on_hold(GUEST),
        "the guest hears {:?}",
        trio.audible().ear(GUEST)
    );
    assert_failure_told(trio);
}

#[test]
fn a_guest_who_declines_leaves_the_conference_as_it_was() {
    let mut trio = World::trio(1).transfer_pending();
    trio.assert_all_hear_each_other();
    trio.act(GUEST, Act::Decline);
    trio.run_for(seconds(3));
    trio.assert_conference_goes_on();
    assert_failure_told(&trio);
    trio.close();
}

#[test]
fn a_guest_who_says_nothing_is_a_no() {
    let mut trio = World::trio(2).transfer_pending();
    trio.run_for(seconds(70));
    trio.assert_conference_goes_on();
    assert_failure_told(&trio);
    trio.close();
}

#[test]
fn a_603_to_the_refer_leaves_the_conference_as_it_was() {
    for status in [603, 403, 480, 500] {
        let mut trio = World::trio(u64::from(status)).conference();
        trio.network.meddle(
            Wanted::request("REFER"),
            Meddling::Refuse(status),
            usize::MAX,
        );
        trio.act(OWNER, Act::Transfer(None));
        trio.run_for(seconds(5));
        trio.assert_conference_goes_on();
        assert_failure_told(&trio);
        trio.close();
    }
}

#[test]
fn a_refused_refer_out_of_a_consult_brings_the_customer_to_the_owner() {
    for status in [403, 480, 500] {
        let mut trio = World::trio(u64::from(status)).consulting();
        trio.network.meddle(
            Wanted::request("REFER"),
            Meddling::Refuse(status),
            usize::MAX,
        );
        trio.act(OWNER, Act::Transfer(None));
        assert_swapped_to_the_customer(&mut trio);
        trio.close();
    }
}

#[test]
fn a_customers_phone_that_declines_by_policy_means_no_and_not_that_it_cannot() {
    let mut customer = Model::customer();
    customer.policy.transfers = ReferralPolicy::Decline;
    let (owner, guest) = (Model::agent(), Model::agent());
    let mut trio = World::trio_of(8, Link::GOOD, &customer, &owner, &guest).consulting();
    trio.act(OWNER, Act::Transfer(None));
    assert_swapped_to_the_customer(&mut trio);
    trio.close();
}

#[test]
fn a_notify_of_486_out_of_a_consult_brings_the_customer_to_the_owner() {
    let mut trio = World::trio(4).consulting();
    // The customer's INVITE with Replaces reaches nobody who would take it.
    let takes_over = Wanted::first_invite()
        .from(trio.host(CUSTOMER))
        .to(trio.host(GUEST));
    trio.network
        .meddle(takes_over, Meddling::Refuse(486), usize::MAX);
    trio.act(OWNER, Act::Transfer(None));
    assert_swapped_to_the_customer(&mut trio);
    trio.close();
}

#[test]
fn an_accepted_transfer_whose_invite_fails_leaves_the_conference_as_it_was() {
    let mut trio = World::trio(5).transfer_pending();
    let takes_over = Wanted::first_invite()
        .from(trio.host(GUEST))
        .to(trio.host(CUSTOMER));
    trio.network
        .meddle(takes_over, Meddling::Refuse(500), usize::MAX);
    trio.act(GUEST, Act::Accept);
    trio.run_for(seconds(5));
    trio.assert_conference_goes_on();
    assert_failure_told(&trio);
    trio.close();
}

#[test]
fn a_202_without_a_final_notify_is_no_success() {
    let mut trio = World::trio(6).consulting();
    // The customer's phone takes the REFER and is never heard of again about it.
    let takes_over = Wanted::first_invite().from(trio.host(CUSTOMER));
    trio.network.meddle(takes_over, Meddling::Lose, usize::MAX);
    let reports = Wanted::request("NOTIFY").from(trio.host(CUSTOMER));
    trio.network.meddle(reports, Meddling::Lose, usize::MAX);
    trio.act(OWNER, Act::Transfer(None));
    trio.run_for(seconds(5));
    assert!(
        !trio.told(OWNER, |notice| matches!(notice, Notice::Transferred { .. })),
        "a 202 is not success"
    );
    trio.run_for(seconds(60));
    assert_swapped_to_the_customer(&mut trio);
    trio.close();
}
