//! Transfer withdrawn by the owner: a guest's Trialog is told by ending the REFER's subscription (`Expires: 0`); with a
//! foreign guest the act is greyed. What arrives first wins.
use crate::seconds;
use trialog_call::{Act, Notice, Role, Stage};
use trialog_tests::{CUSTOMER, GUEST, OWNER, World};

#[test]
fn a_withdrawn_transfer_leaves_the_conference_as_it_was_and_the_guest_is_told() {
    let mut trio = World::trio(1).transfer_pending();
    trio.act(OWNER, Act::Withdraw);
    trio.run_for(seconds(2));
    trio.assert_conference_goes_on();
    assert!(trio.told(GUEST, |notice| matches!(
        notice,
        Notice::TransferWithdrawn { .. }
    )));
    let ended = trio.network.seen.iter().any(|seen| {
        seen.from == trio.at(OWNER).address
            && seen.text.method() == Some("SUBSCRIBE")
            && seen.text.header("Expires") == Some("0")
    });
    assert!(ended, "the subscription is ended");
    // And it can be asked for again.
    trio.act(OWNER, Act::Transfer(None));
    trio.run_for(seconds(2));
    trio.act(GUEST, Act::Accept);
    trio.until_transferred();
    trio.close();
}

#[test]
fn a_withdrawal_and_an_acceptance_that_cross_end_in_one_of_both() {
    // Whoever acts first, by so many milliseconds; negative: the guest.
    for lead in [-15_i64, -5, 0, 5, 15] {
        let mut trio = World::trio(2).transfer_pending();
        let wait = std::time::Duration::from_millis(lead.unsigned_abs());
        let (first, second) = if lead < 0 {
            ((GUEST, Act::Accept), (OWNER, Act::Withdraw))
        } else {
            ((OWNER, Act::Withdraw), (GUEST, Act::Accept))
        };
        trio.act(first.0, first.1);
        trio.run_for(wait);
        let _ = trio.try_act(second.0, second.1);
        trio.run_for(seconds(20));
        let transferred = trio.calls(OWNER).is_empty();
        if transferred {
            assert_eq!(trio.role(GUEST), Some(Role::Owner), "lead {lead}");
            assert!(
                trio.hears(GUEST, CUSTOMER) && trio.hears(CUSTOMER, GUEST),
                "lead {lead}"
            );
        } else {
            trio.assert_conference_goes_on();
            assert_eq!(trio.calls(GUEST).len(), 1, "lead {lead}");
        }
        trio.close();
    }
}

#[test]
fn a_guest_who_leaves_while_he_is_asked_leaves_owner_and_customer_connected() {
    let mut trio = World::trio(3).transfer_pending();
    trio.act(GUEST, Act::Exit);
    trio.run_until("owner and customer are alone", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.run_for(seconds(70));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_customer_who_leaves_while_the_guest_is_asked_leaves_the_agents_in_post_call() {
    let mut trio = World::trio(4).transfer_pending();
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.run_until("the agents are alone", |w| {
        w.stage(OWNER) == Some(Stage::PostCall)
    });
    trio.run_for(seconds(70));
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.close();
}
