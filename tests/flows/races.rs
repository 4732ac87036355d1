//! What crosses on the wire, comes late, comes twice or never.
use crate::seconds;
use std::net::SocketAddr;
use trialog_call::{Act, EndCause, Role, Stage};
use trialog_tests::{CUSTOMER, GUEST, Link, Meddling, Model, OWNER, Wanted, World};

/// Owner and a customer who can hold as well.
fn two_agents(seed: u64) -> World {
    World::trio_of(
        seed,
        Link::GOOD,
        &Model::agent(),
        &Model::agent(),
        &Model::agent(),
    )
}

#[test]
fn two_reinvites_that_cross_are_both_tried_again_and_both_hold() {
    for seed in 0..20 {
        let mut trio = two_agents(seed).connected();
        trio.let_go();
        trio.act(CUSTOMER, Act::Hold);
        trio.act(OWNER, Act::Hold);
        trio.run_for(seconds(1) / 10);
        let glare = trio
            .network
            .seen
            .iter()
            .filter(|seen| seen.text.status() == Some(491))
            .count();
        assert!(glare >= 1, "RFC 3261 §14.2");
        trio.run_until("both are held", |w| {
            w.stage(CUSTOMER) == Some(Stage::Held) && w.stage(OWNER) == Some(Stage::Held)
        });
        trio.act(CUSTOMER, Act::Resume);
        trio.run_until("the customer resumed", |w| {
            w.stage(CUSTOMER) == Some(Stage::Connected)
        });
        trio.act(OWNER, Act::Resume);
        trio.run_until("they hear each other", |w| {
            w.hears(OWNER, CUSTOMER) && w.hears(CUSTOMER, OWNER)
        });
        trio.close();
    }
}

#[test]
fn a_lost_ack_is_asked_for_by_the_200_again() {
    let mut trio = World::trio(1);
    trio.network
        .meddle(Wanted::request("ACK"), Meddling::Lose, 3);
    let mut trio = trio.connected();
    trio.run_for(seconds(10));
    let answers = trio
        .network
        .seen
        .iter()
        .filter(|seen| {
            Wanted::response("INVITE", 200, 200).is(seen.from.ip(), seen.to.ip(), &seen.text)
        })
        .count();
    assert!(answers >= 4, "{answers} answers");
    trio.close();
}

#[test]
fn a_200_that_is_never_acknowledged_ends_the_call_by_bye() {
    let mut trio = World::trio(2);
    trio.network
        .meddle(Wanted::request("ACK"), Meddling::Lose, usize::MAX);
    trio.dial(CUSTOMER, OWNER);
    trio.run_for(seconds(1));
    trio.act(OWNER, Act::Answer);
    trio.run_for(seconds(40));
    assert!(
        trio.calls(OWNER).is_empty() && trio.calls(CUSTOMER).is_empty(),
        "RFC 3261 §13.3.1.4, {:?}",
        EndCause::TimedOut
    );
    trio.close();
}

#[test]
fn a_second_phone_that_answers_a_fork_is_acknowledged_and_ended() {
    let mut trio = World::trio(3);
    let ghost = SocketAddr::from(([10, 0, 0, 99], 5060));
    let answers = Wanted::response("INVITE", 200, 200).from(trio.host(OWNER));
    trio.network.meddle(answers, Meddling::Fork(ghost), 1);
    let mut trio = trio.connected();
    trio.run_for(seconds(5));
    let to_ghost: Vec<&str> = trio
        .network
        .seen
        .iter()
        .filter(|seen| seen.to == ghost)
        .filter_map(|seen| seen.text.method())
        .collect();
    assert_eq!(to_ghost, ["ACK", "BYE"], "RFC 3261 §13.2.2.4");
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn two_byes_that_cross_end_the_call_once() {
    let mut trio = World::trio(4).connected();
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.act(OWNER, Act::End);
    trio.run_for(seconds(5));
    assert!(trio.calls(OWNER).is_empty() && trio.calls(CUSTOMER).is_empty());
    assert_eq!(
        trio.wrap_ups(OWNER).len(),
        1,
        "one wrap-up for one period of ownership"
    );
    trio.close();
}

#[test]
fn a_bye_crossing_a_reinvite_ends_the_call() {
    let mut trio = World::trio(5).connected();
    trio.let_go();
    trio.act(OWNER, Act::Hold);
    trio.act(CUSTOMER, Act::End);
    trio.run_for(seconds(40));
    assert!(trio.calls(OWNER).is_empty() && trio.calls(CUSTOMER).is_empty());
    trio.close();
}

#[test]
fn a_cancel_crossing_the_200_ends_the_call_at_both() {
    let mut trio = World::trio(6);
    trio.dial(CUSTOMER, OWNER);
    trio.run_for(seconds(2));
    trio.act(OWNER, Act::Answer);
    trio.act(CUSTOMER, Act::Cancel);
    trio.run_for(seconds(5));
    assert!(trio.calls(OWNER).is_empty() && trio.calls(CUSTOMER).is_empty());
    trio.close();
}

/// The messages that race each other when a transfer out of a consult or a conference is carried out.
#[test]
fn bye_and_final_notify_of_a_transfer_give_the_same_end_in_every_order() {
    for from_conference in [false, true] {
        for (bye, notify) in [(0, 3), (3, 0), (1, 1), (0, 20), (20, 0)] {
            let trio = World::trio(7);
            let mut trio = if from_conference {
                trio.transfer_pending()
            } else {
                trio.consulting()
            };
            let owner = trio.host(OWNER);
            trio.network.meddle(
                Wanted::request("BYE").to(owner),
                Meddling::Delay(seconds(bye)),
                1,
            );
            trio.network.meddle(
                Wanted::request("NOTIFY")
                    .to(owner)
                    .containing("SIP/2.0 200"),
                Meddling::Delay(seconds(notify)),
                1,
            );
            if from_conference {
                trio.act(GUEST, Act::Accept);
            } else {
                trio.act(OWNER, Act::Transfer(None));
            }
            trio.until_transferred();
            trio.close();
        }
    }
}

#[test]
fn a_202_that_is_overtaken_by_its_notifies_is_no_failure() {
    let mut trio = World::trio(8).consulting();
    let accepted = Wanted::response("REFER", 202, 202);
    trio.network
        .meddle(accepted, Meddling::Delay(seconds(1) / 4), 1);
    trio.act(OWNER, Act::Transfer(None));
    trio.until_transferred();
    trio.close();
}

#[test]
fn a_guests_exit_that_crosses_the_owners_transfer_leaves_owner_and_customer_connected() {
    let mut trio = World::trio(9).conference();
    trio.act(GUEST, Act::Exit);
    trio.act(OWNER, Act::Transfer(None));
    trio.run_until("owner and customer are alone", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.run_for(seconds(70));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_customers_bye_that_crosses_the_conference_leaves_the_agents_in_post_call() {
    let mut trio = World::trio(10).consulting();
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.act(OWNER, Act::Conference);
    trio.run_until("the agents are alone", |w| {
        w.stage(OWNER) == Some(Stage::PostCall)
    });
    trio.run_for(seconds(3));
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.close();
}

#[test]
fn a_customer_who_leaves_while_the_guest_is_held_leaves_the_agents_talking() {
    let mut trio = World::trio(11).swapped();
    trio.let_go();
    trio.act(CUSTOMER, Act::End);
    trio.run_until("the agents are alone", |w| {
        w.stage(OWNER) == Some(Stage::PostCall)
    });
    trio.run_until("the guest is un-held by itself", |w| {
        w.hears(OWNER, GUEST) && w.hears(GUEST, OWNER)
    });
    trio.close();
}

#[test]
fn owner_and_guest_may_have_called_each_other_either_way_and_the_new_owner_can_confer_again() {
    let mut trio = World::trio(12).transfer_pending();
    trio.act(GUEST, Act::Accept);
    trio.until_transferred();
    trio.submit(OWNER, "sale");
    // The guest is owner now and draws the old owner in.
    let target = trio.target(OWNER);
    trio.act(GUEST, Act::Consult(target));
    trio.run_until("it rings at the old owner's", |w| {
        w.stage(OWNER) == Some(Stage::Offered)
    });
    trio.act(OWNER, Act::Answer);
    trio.run_until("they consult", |w| {
        w.stage(GUEST) == Some(Stage::Consulting)
    });
    assert_eq!(trio.role(OWNER), Some(Role::Guest));
    trio.act(GUEST, Act::Conference);
    trio.run_until("the conference stands", |w| {
        w.stage(GUEST) == Some(Stage::Conference) && w.stage(OWNER) == Some(Stage::Conference)
    });
    trio.run_for(seconds(1));
    trio.assert_all_hear_each_other();
    trio.act(GUEST, Act::Transfer(None));
    trio.run_until("the old owner is asked", |w| {
        w.stage(OWNER) == Some(Stage::TransferPending)
    });
    trio.act(OWNER, Act::Accept);
    trio.run_until("the call is back", |w| {
        w.calls(GUEST).is_empty() && w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.run_until("and they talk", |w| {
        w.hears(OWNER, CUSTOMER) && w.hears(CUSTOMER, OWNER)
    });
    trio.close();
}
