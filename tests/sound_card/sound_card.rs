//! The owner's phone runs on the sound card's clock.
use crate::conference::{CUSTOMER, Conference, GUEST, LEVEL, OWNER, alone, before_the_end};
use std::thread::sleep;
use std::time::Duration;
use trialog_tests::tone::{self, RATE};

#[test]
fn each_of_three_hears_the_two_others_at_their_level_and_not_himself() {
    let _alone = alone();
    let conference = Conference::start("sound-card-levels");
    sleep(Duration::from_secs(6));
    let [customer, owner, guest] = conference.recordings();
    let ears = [
        ("customer", customer, CUSTOMER),
        ("owner", owner, OWNER),
        ("guest", guest, GUEST),
    ];
    for (name, ear, own) in &ears {
        let ear = before_the_end(ear, 3);
        for tone in [CUSTOMER, OWNER, GUEST] {
            let level = tone::level(ear, tone);
            if tone == *own {
                assert!(
                    level < LEVEL - 50.0,
                    "{name} hears himself at {level:.1} dB"
                );
            } else {
                assert!(
                    (level - LEVEL).abs() < 1.0,
                    "{name} hears {tone} Hz at {level:.1} dB"
                );
            }
        }
    }
}

#[test]
fn when_the_headset_is_pulled_out_customer_and_guest_hear_no_gap_over_20_ms() {
    let _alone = alone();
    let conference = Conference::start("sound-card-pulled");
    sleep(Duration::from_secs(3));
    conference.card.unplug();
    sleep(Duration::from_secs(5));
    assert_eq!(
        conference.phones.owner.stage(),
        "conference",
        "the conference goes on"
    );
    let [customer, _, guest] = conference.recordings();
    let (customer, guest) = (before_the_end(&customer, 7), before_the_end(&guest, 7));
    assert!(
        tone::level(&customer[customer.len() - RATE as usize..], OWNER) < -60.0,
        "the microphone is gone"
    );
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
    ];
    assert!(
        gaps.iter().all(|gap| *gap <= 20),
        "customer and guest miss each other for {gaps:?} ms"
    );
}

#[test]
fn when_the_sound_server_dies_customer_and_guest_hear_no_gap_over_20_ms() {
    let _alone = alone();
    let mut conference = Conference::start("sound-card-dies");
    sleep(Duration::from_secs(3));
    conference.card.stop();
    sleep(Duration::from_secs(5));
    assert_eq!(
        conference.phones.owner.stage(),
        "conference",
        "the conference goes on"
    );
    let [customer, _, guest] = conference.recordings();
    let (customer, guest) = (before_the_end(&customer, 7), before_the_end(&guest, 7));
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
    ];
    assert!(
        gaps.iter().all(|gap| *gap <= 20),
        "customer and guest miss each other for {gaps:?} ms"
    );
}
