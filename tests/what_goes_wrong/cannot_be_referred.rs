//! A party can't be referred (`Allow` lacks REFER, `replaces` is not supported, REFER is answered 405, 420 or 501, or with 603
//! at once by a peer that is no Trialog): the next variant, and when none is left: anchored.
use crate::seconds;
use trialog_call::{Act, Notice, Role, Stage};
use trialog_tests::{CUSTOMER, GUEST, Link, Meddling, Model, OWNER, PhoneId, Wanted, World};

/// From now on this phone says nowhere that it can do this.
fn never_says(trio: &mut World, phone: PhoneId, header: &'static str, word: &'static str) {
    let all = Wanted::any().from(trio.host(phone));
    trio.network
        .meddle(all, Meddling::Without(header, word), usize::MAX);
}

fn refers_to(trio: &World, phone: PhoneId) -> usize {
    let address = trio.at(phone).address;
    trio.network
        .seen
        .iter()
        .filter(|seen| seen.to == address && seen.text.method() == Some("REFER"))
        .count()
}

/// Guest and customer talk over the owner's phone, the owner is out, and no more REFER is sent.
fn assert_anchored(trio: &mut World) {
    trio.run_until("the call is anchored", |w| {
        w.stage(OWNER) == Some(Stage::Anchored)
    });
    trio.run_until("guest and customer hear each other", |w| {
        w.hears(GUEST, CUSTOMER) && w.hears(CUSTOMER, GUEST)
    });
    let refers = refers_to(trio, CUSTOMER) + refers_to(trio, GUEST);
    trio.run_for(seconds(90));
    assert_eq!(
        refers,
        refers_to(trio, CUSTOMER) + refers_to(trio, GUEST),
        "REFER after anchoring"
    );
    assert_eq!(trio.stage(OWNER), Some(Stage::Anchored));
    assert!(
        trio.audible().voices(OWNER).is_empty(),
        "the owner's ear is out"
    );
    assert!(
        !trio.hears(CUSTOMER, OWNER) && !trio.hears(GUEST, OWNER),
        "the owner's microphone is out"
    );
    assert!(trio.told(OWNER, |notice| matches!(notice, Notice::Anchored { .. })));
    assert!(trio.wrap_ups(OWNER)[0].due, "the owner's wrap-up is due");
    // A second of music that stops is no silence: whoever was held hears a voice now.
    assert_eq!(trio.audible().voices(CUSTOMER), [GUEST].into());
}

#[test]
fn when_neither_allows_refer_a_conference_is_anchored_and_the_guests_trialog_is_told_that_it_is_owner()
 {
    let mut trio = World::trio(1);
    for phone in [CUSTOMER, GUEST] {
        never_says(&mut trio, phone, "Allow", "REFER");
    }
    let mut trio = trio.conference();
    trio.act(OWNER, Act::Transfer(None));
    assert_anchored(&mut trio);
    assert_eq!(refers_to(&trio, CUSTOMER) + refers_to(&trio, GUEST), 0);
    assert_eq!(trio.role(GUEST), Some(Role::Owner), "told by INFO");
    trio.close();
}

#[test]
fn when_neither_supports_replaces_a_consult_is_anchored_and_the_customer_is_taken_off_hold() {
    let mut trio = World::trio(2);
    for phone in [CUSTOMER, GUEST] {
        never_says(&mut trio, phone, "Supported", "replaces");
    }
    let mut trio = trio.consulting();
    trio.act(OWNER, Act::Transfer(None));
    assert_anchored(&mut trio);
    trio.close();
}

#[test]
fn a_customer_who_answers_refer_with_405_420_501_or_603_at_once_means_the_next_variant() {
    for status in [405, 420, 501, 603] {
        let mut trio = World::trio(u64::from(status)).consulting();
        let refers = Wanted::request("REFER").to(trio.host(CUSTOMER));
        let rule = trio
            .network
            .meddle(refers, Meddling::Refuse(status), usize::MAX);
        trio.act(OWNER, Act::Transfer(None));
        trio.run_until("the guest is asked", |w| {
            w.call(GUEST)
                .is_some_and(|call| call.stage == Stage::TransferPending)
        });
        assert_eq!(
            trio.network.met(rule),
            1,
            "the first choice out of a consult is the customer"
        );
        trio.act(GUEST, Act::Accept);
        trio.until_transferred();
        trio.close();
    }
}

#[test]
fn a_customer_whose_allow_lacks_refer_is_not_even_asked() {
    let mut trio = World::trio(3);
    never_says(&mut trio, CUSTOMER, "Allow", "REFER");
    let mut trio = trio.consulting();
    trio.act(OWNER, Act::Transfer(None));
    trio.run_until("the guest is asked", |w| {
        w.stage(GUEST) == Some(Stage::TransferPending)
    });
    trio.act(GUEST, Act::Accept);
    trio.until_transferred();
    assert_eq!(refers_to(&trio, CUSTOMER), 0);
    trio.close();
}

#[test]
fn when_both_answer_501_the_call_is_anchored() {
    for seed in [4, 5] {
        let trio = World::trio(seed);
        let mut trio = if seed == 4 {
            trio.conference()
        } else {
            trio.consulting()
        };
        trio.network
            .meddle(Wanted::request("REFER"), Meddling::Refuse(501), usize::MAX);
        trio.act(OWNER, Act::Transfer(None));
        assert_anchored(&mut trio);
        trio.close();
    }
}

#[test]
fn a_pbx_that_forbids_refer_with_603_at_once_has_the_call_anchored() {
    let foreign = Model {
        trialog: false,
        ..Model::customer()
    };
    for out_of_conference in [true, false] {
        let (customer, owner) = (Model::customer(), Model::agent());
        let mut trio = World::trio_of(8, Link::GOOD, &customer, &owner, &foreign).connected();
        trio.network
            .meddle(Wanted::request("REFER"), Meddling::Refuse(603), usize::MAX);
        let target = trio.target(GUEST);
        trio.act(OWNER, Act::Consult(target));
        trio.run_until("it rings", |w| w.stage(GUEST) == Some(Stage::Offered));
        trio.act(GUEST, Act::Answer);
        trio.run_until("they consult", |w| {
            w.stage(OWNER) == Some(Stage::Consulting)
        });
        if out_of_conference {
            trio.act(OWNER, Act::Conference);
            trio.run_until("all hear each other", |w| {
                trialog_tests::trio::everybody_hears_everybody(w, &[CUSTOMER, OWNER, GUEST])
            });
        }
        trio.act(OWNER, Act::Transfer(None));
        assert_anchored(&mut trio);
        trio.close();
    }
}

#[test]
fn an_anchored_call_ends_with_either_sides_bye() {
    for customer_hangs_up in [true, false] {
        let mut trio = World::trio(6).conference();
        trio.network
            .meddle(Wanted::request("REFER"), Meddling::Refuse(501), usize::MAX);
        trio.act(OWNER, Act::Transfer(None));
        assert_anchored(&mut trio);
        trio.let_go();
        if customer_hangs_up {
            trio.act(CUSTOMER, Act::End);
        } else {
            // He owns it now, or was never told and exits.
            let act = if trio
                .at(GUEST)
                .endpoint
                .permits(trio.call(GUEST).expect("a call").id, &Act::End)
                .is_ok()
            {
                Act::End
            } else {
                Act::Exit
            };
            trio.act(GUEST, act);
        }
        trio.run_until("all is over", |w| {
            [CUSTOMER, OWNER, GUEST]
                .iter()
                .all(|phone| w.calls(*phone).is_empty())
        });
        trio.close();
    }
}

#[test]
fn a_foreign_guest_who_cannot_be_replaced_is_anchored_too_and_ignores_the_info() {
    let foreign = Model {
        trialog: false,
        ..Model::customer()
    };
    let mut trio = World::trio_of(7, Link::GOOD, &Model::customer(), &Model::agent(), &foreign);
    for phone in [CUSTOMER, GUEST] {
        never_says(&mut trio, phone, "Supported", "replaces");
    }
    let mut trio = trio.connected();
    let target = trio.target(GUEST);
    trio.act(OWNER, Act::Consult(target));
    trio.run_until("it rings", |w| w.stage(GUEST) == Some(Stage::Offered));
    trio.act(GUEST, Act::Answer);
    trio.run_until("they consult", |w| {
        w.stage(OWNER) == Some(Stage::Consulting)
    });
    trio.act(OWNER, Act::Conference);
    trio.run_until("all hear each other", |w| {
        trialog_tests::trio::everybody_hears_everybody(w, &[CUSTOMER, OWNER, GUEST])
    });
    trio.act(OWNER, Act::Transfer(None));
    assert_anchored(&mut trio);
    trio.close();
}
