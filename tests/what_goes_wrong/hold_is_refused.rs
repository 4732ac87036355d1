//! Hold refused by the far side (4xx, 491): retried as RFC 3261 §14.1 says; the guest is not rung until the customer is
//! held; customer's BYE meanwhile: the guest is not rung.
use crate::seconds;
use trialog_call::{Act, Notice, Stage};
use trialog_tests::{CUSTOMER, GUEST, Meddling, OWNER, Wanted, World};

/// The owner asks for the consult while the customer's phone answers re-INVITEs like this, so many times.
fn consult_against(status: u16, times: usize) -> (World, trialog_tests::network::RuleId) {
    let mut trio = World::trio(1).connected();
    let holds = Wanted::reinvite().to(trio.host(CUSTOMER));
    let rule = trio.network.meddle(holds, Meddling::Refuse(status), times);
    let target = trio.target(GUEST);
    trio.act(OWNER, Act::Consult(target));
    (trio, rule)
}

fn guest_was_rung(trio: &World) -> bool {
    let guest = trio.at(GUEST).address;
    trio.network
        .seen
        .iter()
        .any(|seen| seen.to == guest && seen.text.method() == Some("INVITE"))
}

#[test]
fn a_491_is_tried_again_and_the_guest_rings_only_when_the_customer_is_held() {
    let (mut trio, rule) = consult_against(491, 2);
    while trio.network.met(rule) < 2 {
        assert!(
            !guest_was_rung(&trio),
            "the guest rings before the customer is held"
        );
        trio.run_for(seconds(1) / 10);
    }
    assert!(!guest_was_rung(&trio));
    trio.run_until("it rings at the guest's", |w| {
        w.stage(GUEST) == Some(Stage::Offered)
    });
    trio.assert_customer_on_hold();
    trio.close();
}

#[test]
fn a_refused_hold_is_told_and_owner_and_customer_talk_on() {
    let (mut trio, _) = consult_against(488, usize::MAX);
    trio.run_for(seconds(10));
    assert!(!guest_was_rung(&trio));
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::HoldRefused { status: 488, .. }
    )));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_491_for_ever_is_given_up_and_told() {
    let (mut trio, rule) = consult_against(491, usize::MAX);
    trio.run_for(seconds(60));
    assert!(!guest_was_rung(&trio));
    assert!(
        (2..=6).contains(&trio.network.met(rule)),
        "{} tries",
        trio.network.met(rule)
    );
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::HoldRefused { status: 491, .. }
    )));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn the_customers_bye_meanwhile_means_that_the_guest_is_not_rung() {
    let (mut trio, _) = consult_against(491, 1);
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.run_for(seconds(20));
    assert!(!guest_was_rung(&trio));
    assert!(trio.calls(OWNER).is_empty());
    assert!(
        trio.wrap_ups(OWNER)[0].due,
        "r16: the wrap-up is due at once"
    );
    trio.close();
}

#[test]
fn a_plain_hold_that_is_refused_is_told_and_nothing_changes() {
    let mut trio = World::trio(2).connected();
    let holds = Wanted::reinvite().to(trio.host(CUSTOMER));
    trio.network
        .meddle(holds, Meddling::Refuse(403), usize::MAX);
    trio.act(OWNER, Act::Hold);
    trio.run_for(seconds(10));
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::HoldRefused { status: 403, .. }
    )));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}
