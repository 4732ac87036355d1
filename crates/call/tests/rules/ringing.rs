//! What the agent hears of a party that is called and has not answered (RFC 3960 §3.2).
use crate::story::{CUSTOMER, GUEST, LOCAL, PLAIN, Story, TRIALOG, leg, policy, target};
use trialog_call::{AccountId, Act, Action, Input, MediaEvent, Stage, Tone, WireEvent};

fn heard(story: &mut Story) -> &mut Story {
    story.give(Input::Media {
        leg: GUEST,
        event: MediaEvent::Heard,
    })
}

fn ring_back(story: &Story) -> bool {
    story.entry(LOCAL).expect("the agent listens").tone == Some(Tone::RingBack)
}

fn dialled() -> Story {
    let mut story = Story::new(policy());
    story.give(Input::Dial {
        account: AccountId(0),
        target: target("customer"),
    });
    assert_eq!(story.stage(), Stage::Dialling);
    story
}

#[test]
fn ring_back_begins_with_180_and_gives_way_to_the_partys_own_sound() {
    let mut story = dialled();
    assert!(!ring_back(&story));
    story.wire(GUEST, WireEvent::Rings);
    assert!(ring_back(&story));
    heard(&mut story);
    assert!(!ring_back(&story));
    story.wire(GUEST, WireEvent::Rings);
    assert!(!ring_back(&story), "the network's own sound goes on");
}

#[test]
fn ring_back_of_our_own_sounds_again_where_the_partys_sound_stops_and_it_rings() {
    let stops = |story: &mut Story| {
        let event = MediaEvent::Stopped;
        story.give(Input::Media { leg: GUEST, event });
    };
    // An announcement, and then it rings.
    let mut story = dialled();
    heard(&mut story);
    stops(&mut story);
    assert!(!ring_back(&story), "nothing rings yet");
    story.wire(GUEST, WireEvent::Rings);
    assert!(ring_back(&story));
    heard(&mut story);
    assert!(!ring_back(&story), "it is heard again");
    // It had said so while it was heard.
    story.wire(GUEST, WireEvent::Rings);
    stops(&mut story);
    assert!(ring_back(&story));
    // Once it has answered, silence is another matter.
    story.wire(GUEST, WireEvent::Answered(PLAIN));
    stops(&mut story);
    assert!(!ring_back(&story));
}

#[test]
fn a_party_that_sounds_before_it_rings_is_heard_without_ring_back() {
    let mut story = dialled();
    heard(&mut story).wire(GUEST, WireEvent::Rings);
    assert!(!ring_back(&story));
}

#[test]
fn a_called_party_may_sound_from_the_offer_on() {
    let story = dialled();
    assert!(story.talk(LOCAL, leg(GUEST)));
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN)
        .wire(GUEST, WireEvent::Rings);
    assert!(story.talk(LOCAL, leg(GUEST)) && ring_back(&story));
    assert!(
        story.has_music(CUSTOMER),
        "and the customer hears nothing of it"
    );
}

#[test]
fn a_party_that_was_heard_while_it_rang_takes_the_old_legs_place_with_its_answer() {
    let mut story = Story::connected(policy(), PLAIN);
    story.wire(
        CUSTOMER,
        WireEvent::Referred(trialog_call::Referral {
            to: target("another"),
            party: Default::default(),
            elsewhere: false,
            replaces: false,
            grade: trialog_call::Grade::Registrar,
        }),
    );
    story.act(Act::Accept);
    heard(&mut story).wire(GUEST, WireEvent::Answered(TRIALOG));
    let told = Action::ReferralResult {
        leg: CUSTOMER,
        status: 200,
    };
    assert!(story.did.contains(&told), "no further sound is waited for");
}
