//! Since when things are as they are: what a screen counts from.
use crate::story::{CUSTOMER, GUEST, PLAIN, Story, policy, target};
use std::time::Duration;
use trialog_call::{Act, CallView, Input, LegId, LegView, Presence, Time, WireEvent};

fn at(seconds: u64) -> Option<Time> {
    Some(Time(Duration::from_secs(seconds)))
}

fn call(story: &Story) -> CallView {
    story.phone.snapshot(story.now).calls[0].clone()
}

fn leg(story: &Story, id: LegId) -> LegView {
    let legs = call(story).legs;
    let mut legs = legs.into_iter();
    legs.find(|leg| leg.id == id).expect("the call has it")
}

#[test]
fn a_call_and_its_parties_say_since_when_they_talk_and_are_held() {
    let mut story = Story::connected(policy(), PLAIN);
    assert_eq!(call(&story).answered, at(0));
    assert_eq!(leg(&story, CUSTOMER).up_since, at(0));
    assert_eq!(leg(&story, CUSTOMER).held_since, None);
    story.passes(10).act(Act::Consult(target("gus")));
    story.passes(1).agrees(CUSTOMER, PLAIN);
    assert_eq!(leg(&story, CUSTOMER).held_since, at(10));
    assert_eq!(leg(&story, GUEST).up_since, None);
    story.passes(5).wire(GUEST, WireEvent::Answered(PLAIN));
    assert_eq!(leg(&story, GUEST).up_since, at(16));
    story.passes(4).act(Act::Swap).agrees(GUEST, PLAIN);
    assert_eq!(leg(&story, GUEST).held_since, at(20));
    assert_eq!(
        leg(&story, CUSTOMER).held_since,
        at(10),
        "until it has agreed"
    );
    story.passes(1).agrees(CUSTOMER, PLAIN);
    assert_eq!(leg(&story, CUSTOMER).held_since, None);
    assert_eq!(call(&story).answered, at(0), "it is the same call");
}

#[test]
fn a_presence_says_since_when() {
    let mut story = Story::new(policy());
    let since = |story: &Story| story.phone.snapshot(story.now).presence_since;
    story.passes(7).give(Input::Presence(Presence::Idle));
    assert_eq!(Some(since(&story)), at(7));
    story.passes(7).give(Input::Presence(Presence::Idle));
    assert_eq!(Some(since(&story)), at(7), "it was so before");
    story.give(Input::Presence(Presence::Available));
    assert_eq!(Some(since(&story)), at(14));
}
