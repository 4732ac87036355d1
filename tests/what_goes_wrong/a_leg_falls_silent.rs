//! One leg's RTP and RTCP stop for 5 s (far-held, DTX and comfort noise are not silence): names the party, re-INVITEs it
//! once.
use crate::seconds;
use trialog_call::{Act, Notice, Stage};
use trialog_tests::{CUSTOMER, GUEST, Link, Model, OWNER, Wanted, World};

#[test]
fn a_customer_who_falls_silent_is_named_and_reinvited_once() {
    let mut trio = World::trio(1).conference();
    let before = trio.network.seen.len();
    trio.strike_dumb(CUSTOMER, true);
    trio.run_for(seconds(4));
    assert!(!trio.told(OWNER, |notice| matches!(notice, Notice::NoAudio { .. })));
    trio.run_for(seconds(10));
    assert!(trio.told(
        OWNER,
        |notice| matches!(notice, Notice::NoAudio { party, .. } if party.shown() == Some("customer"))
    ));
    let (owner, customer) = (trio.host(OWNER), trio.host(CUSTOMER));
    let reinvites = trio.network.seen[before..]
        .iter()
        .filter(|seen| {
            Wanted::reinvite()
                .from(owner)
                .to(customer)
                .is(seen.from.ip(), seen.to.ip(), &seen.text)
        })
        .count();
    assert_eq!(reinvites, 1);
    trio.strike_dumb(CUSTOMER, false);
    trio.run_for(seconds(1));
    assert!(trio.told(OWNER, |notice| matches!(notice, Notice::AudioBack { .. })));
    trio.assert_conference_goes_on();
    trio.close();
}

#[test]
fn a_guest_whose_line_dies_leaves_owner_and_customer_talking() {
    let mut trio = World::trio(2).conference();
    let guest = trio.host(GUEST);
    trio.network.plug(guest, false);
    trio.cut_sound(GUEST, true);
    trio.run_until("owner and customer are alone", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.assert_owner_with_customer();
    let silence = trio.let_go();
    assert!(
        silence.is_zero(),
        "r14: no gap for the customer, not {silence:?}"
    );
    trio.network.plug(guest, true);
    trio.cut_sound(GUEST, false);
    trio.close();
}

#[test]
fn a_customer_who_holds_us_is_not_silent() {
    let mut trio = World::trio_of(
        3,
        Link::GOOD,
        &Model::agent(),
        &Model::agent(),
        &Model::agent(),
    )
    .connected();
    trio.let_go();
    trio.act(CUSTOMER, Act::Hold);
    trio.run_for(seconds(60));
    assert!(!trio.told(OWNER, |notice| matches!(notice, Notice::NoAudio { .. })));
    assert_eq!(trio.stage(OWNER), Some(Stage::Connected));
    assert!(trio.call(OWNER).expect("a call").legs[0].far_held);
    trio.act(CUSTOMER, Act::Resume);
    trio.run_for(seconds(1));
    trio.assert_owner_with_customer();
    trio.close();
}

#[test]
fn a_party_that_holds_us_in_a_conference_does_not_play_its_music_to_the_others() {
    let mut trio = World::trio_of(
        4,
        Link::GOOD,
        &Model::agent(),
        &Model::agent(),
        &Model::agent(),
    )
    .conference();
    trio.act(CUSTOMER, Act::Hold);
    trio.run_for(seconds(3));
    assert_eq!(
        trio.stage(OWNER),
        Some(Stage::Conference),
        "nobody is held by us"
    );
    assert!(!trio.audible().has_tone(OWNER, trialog_call::Tone::Music));
    assert!(!trio.audible().has_tone(GUEST, trialog_call::Tone::Music));
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER));
    trio.act(CUSTOMER, Act::Resume);
    trio.run_for(seconds(1));
    trio.assert_conference_goes_on();
    trio.close();
}
