//! An INVITE with `Replaces` takes the place of one of ours that still rings (RFC 3891 §3): from another phone of the called party.
use crate::story::{CALL, CUSTOMER, GUEST, PLAIN, Story, caller, policy, target};
use trialog_call::{
    AccountId, Act, Action, Grade, Incoming, Input, LegId, Notice, Role, Stage, WireEvent,
};

const NEW: LegId = LegId::Received(9);

fn replacing(old: LegId, grade: Grade) -> WireEvent {
    WireEvent::Incoming(Incoming {
        replaces: Some(old),
        grade,
        ..caller()
    })
}

fn dials(story: &mut Story) {
    let (account, target) = (AccountId(0), target("customer"));
    story.give(Input::Dial { account, target });
}

#[test]
fn a_called_party_that_takes_our_call_at_another_phone_is_connected_and_the_one_that_rings_is_cancelled()
 {
    let placed = LegId::Placed(1);
    let mut story = Story::new(policy());
    dials(&mut story);
    story.wire(placed, WireEvent::Rings);
    story.wire(NEW, replacing(placed, Grade::Registrar));
    assert_eq!(
        story.did[..2],
        [Action::Answer(NEW), Action::Cancel(placed)]
    );
    assert_eq!(story.stage(), Stage::Connected);
    story.wire(placed, WireEvent::Gone);
    story.wire(NEW, WireEvent::Confirmed);
    let call = story.call().expect("the call goes on");
    let legs: Vec<_> = call.legs.iter().map(|leg| (leg.id, leg.role)).collect();
    assert_eq!((call.id, legs), (CALL, vec![(NEW, Role::Customer)]));
}

#[test]
fn a_guest_that_takes_the_consult_at_another_phone_is_the_guest() {
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN);
    story.wire(GUEST, WireEvent::Rings);
    story.wire(NEW, replacing(GUEST, Grade::Colleague));
    assert_eq!(story.did, [Action::Answer(NEW)]);
    story.wire(NEW, WireEvent::Confirmed);
    assert_eq!(story.did[..1], [Action::Cancel(GUEST)]);
    assert_eq!(story.stage(), Stage::Consulting);
    let call = story.call().expect("the call goes on");
    let legs: Vec<_> = call.legs.iter().map(|leg| (leg.id, leg.role)).collect();
    let both = [(CUSTOMER, Role::Customer), (NEW, Role::Guest)];
    assert_eq!(legs, both);
    story.act(Act::EndConsult);
    assert!(!story.told(|notice| matches!(notice, Notice::GuestRefused { .. })));
}

#[test]
fn a_guest_that_answers_or_refuses_before_the_other_phone_is_there_is_what_counts() {
    for (event, stage) in [
        (WireEvent::Answered(PLAIN), Stage::Consulting),
        (WireEvent::Refused { status: 486 }, Stage::Held),
    ] {
        let mut story = Story::connected(policy(), PLAIN);
        story
            .act(Act::Consult(target("guest")))
            .agrees(CUSTOMER, PLAIN);
        story.wire(NEW, replacing(GUEST, Grade::Colleague));
        story.wire(GUEST, event);
        assert_eq!(story.byes(), [NEW]);
        assert_eq!(story.stage(), stage);
    }
}

#[test]
fn a_stranger_takes_no_call_that_rings_elsewhere() {
    let placed = LegId::Placed(1);
    let mut story = Story::new(policy());
    dials(&mut story);
    story.wire(placed, WireEvent::Rings);
    story.wire(NEW, replacing(placed, Grade::Stranger));
    assert_eq!(
        story.did,
        [Action::Reject {
            leg: NEW,
            status: 603
        }]
    );
    assert_eq!(story.stage(), Stage::Dialling);
}
