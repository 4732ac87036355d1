//! Second step of a swap fails: the first is undone; never both held in silence.
use crate::seconds;
use trialog_call::{Act, Notice, Stage};
use trialog_tests::{CUSTOMER, GUEST, Meddling, OWNER, Wanted, World};

#[test]
fn a_customer_who_cannot_be_taken_off_hold_leaves_owner_and_guest_talking() {
    let mut trio = World::trio(1).consulting();
    let unholds = Wanted::reinvite().to(trio.host(CUSTOMER));
    trio.network
        .meddle(unholds, Meddling::Refuse(488), usize::MAX);
    trio.act(OWNER, Act::Swap);
    trio.run_until("the owner is told", |w| {
        w.told(OWNER, |notice| {
            matches!(notice, Notice::SwapUndone { status: 488, .. })
        })
    });
    trio.run_for(seconds(5));
    assert_eq!(trio.stage(OWNER), Some(Stage::Consulting));
    trio.assert_customer_on_hold();
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.close();
}

#[test]
fn a_guest_who_cannot_be_taken_off_hold_leaves_owner_and_customer_talking() {
    let mut trio = World::trio(2).swapped();
    let unholds = Wanted::reinvite().to(trio.host(GUEST));
    trio.network
        .meddle(unholds, Meddling::Refuse(500), usize::MAX);
    trio.act(OWNER, Act::Swap);
    trio.run_until("the owner is told", |w| {
        w.told(OWNER, |notice| matches!(notice, Notice::SwapUndone { .. }))
    });
    trio.run_for(seconds(5));
    assert_eq!(trio.stage(OWNER), Some(Stage::Swapped));
    trio.assert_owner_with_customer();
    assert!(
        trio.on_hold(GUEST),
        "the guest hears {:?}",
        trio.audible().ear(GUEST)
    );
    trio.close();
}

#[test]
fn a_first_step_that_fails_changes_nothing() {
    let mut trio = World::trio(3).consulting();
    let holds = Wanted::reinvite().to(trio.host(GUEST));
    trio.network
        .meddle(holds, Meddling::Refuse(488), usize::MAX);
    trio.act(OWNER, Act::Swap);
    trio.run_for(seconds(10));
    assert_eq!(trio.stage(OWNER), Some(Stage::Consulting));
    trio.assert_customer_on_hold();
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.close();
}
