//! A call of ours is sent elsewhere: by policy, or by the agent's word.
use crate::story::{CALL, CUSTOMER, GUEST, PLAIN, Story, policy, target};
use trialog_call::{
    AccountId, Act, Action, EndCause, Input, LegId, Notice, Outcome, PartyIdentity, Policy,
    Redirection, RedirectionPolicy, Refusal, Stage, WireEvent,
};

const PLACED: LegId = LegId::Placed(1);

fn with(redirections: RedirectionPolicy) -> Policy {
    Policy {
        redirections,
        ..policy()
    }
}

/// We call, and the call is sent elsewhere.
fn redirected(policy: Policy, same_domain: bool) -> Story {
    let mut story = Story::new(policy);
    story.give(Input::Dial {
        account: AccountId(0),
        target: target("team"),
    });
    story.wire(PLACED, WireEvent::Rings);
    story.wire(PLACED, to("elsewhere", same_domain));
    story
}

fn to(name: &str, same_domain: bool) -> WireEvent {
    WireEvent::Redirected(Redirection {
        to: target(name),
        same_domain,
    })
}

fn leg_of(story: &Story) -> (String, Option<String>) {
    let leg = story.call().expect("the call is there").legs.remove(0);
    (leg.party.uri.clone().unwrap_or_default(), leg.redirected_to)
}

#[test]
fn policy_says_what_is_followed_at_once() {
    use RedirectionPolicy as P;
    for (redirections, same_domain, follows) in [
        (P::SameDomain, true, true),
        (P::SameDomain, false, false),
        (P::Never, true, false),
        (P::Never, false, false),
    ] {
        let story = redirected(with(redirections), same_domain);
        let followed = story.did.contains(&Action::FollowRedirection(PLACED));
        let refused = story.did.contains(&Action::RefuseRedirection(PLACED));
        assert_eq!((followed, refused), (follows, !follows), "{redirections:?}");
        let name = if follows { "elsewhere" } else { "team" };
        assert_eq!(leg_of(&story), (target(name).0, None));
        assert_eq!(
            story.told(|notice| matches!(notice, Notice::Redirected { asked: false, .. })),
            follows
        );
    }
}

#[test]
fn the_agent_is_asked_with_the_target_and_decides() {
    let asked = || redirected(with(RedirectionPolicy::Ask), false);
    let mut story = asked();
    assert!(story.told(|notice| *notice
        == Notice::Redirected {
            call: CALL,
            party: PartyIdentity::called(&target("team")).into(),
            to: target("elsewhere").0,
            asked: true,
        }));
    assert_eq!(
        leg_of(&story),
        (target("team").0, Some(target("elsewhere").0))
    );
    assert_eq!(story.did.len(), 1, "nothing is sent: {:?}", story.did);
    story.act(Act::Accept);
    assert_eq!(story.did, [Action::FollowRedirection(PLACED)]);
    assert_eq!(leg_of(&story), (target("elsewhere").0, None));
    assert_eq!(
        story.refusal(&Act::Accept),
        Some(Refusal::NotHere(Stage::Dialling))
    );
    story.wire(PLACED, WireEvent::Answered(PLAIN));
    assert_eq!(story.stage(), Stage::Connected);

    let mut story = asked();
    story.act(Act::Decline);
    assert_eq!(story.did, [Action::RefuseRedirection(PLACED)]);
    // The next target is asked about by itself.
    story.wire(PLACED, to("a-third", false));
    assert_eq!(leg_of(&story).1, Some(target("a-third").0));
    // No answer is no.
    story.waits();
    assert_eq!(story.did, [Action::RefuseRedirection(PLACED)]);
    story.wire(PLACED, WireEvent::Refused { status: 302 });
    assert!(
        story.recorded(|record| matches!(
            record,
            trialog_call::CallRecord::Finished {
                outcome: Outcome::Refused(302),
                reason: None,
                ..
            }
        )) == 1
    );

    let mut story = asked();
    story.act(Act::Cancel);
    assert_eq!(story.did[0], Action::Cancel(PLACED));
}

#[test]
fn a_phone_without_an_agent_asks_nobody_and_goes_nowhere() {
    let customer = Policy {
        agent: false,
        ..with(RedirectionPolicy::Ask)
    };
    let story = redirected(customer, true);
    assert_eq!(story.did, [Action::RefuseRedirection(PLACED)]);
}

#[test]
fn nothing_is_asked_about_before_a_redirection() {
    let mut story = Story::new(policy());
    story.give(Input::Dial {
        account: AccountId(0),
        target: target("team"),
    });
    for act in [Act::Accept, Act::Decline] {
        assert_eq!(story.refusal(&act), Some(Refusal::NotHere(Stage::Dialling)));
    }
}

#[test]
fn a_guest_that_is_elsewhere_is_called_there_by_the_owners_word() {
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN)
        .wire(GUEST, to("elsewhere", false));
    assert!(story.has_music(CUSTOMER));
    story.act(Act::Accept);
    assert_eq!(story.did, [Action::FollowRedirection(GUEST)]);
    story.wire(GUEST, WireEvent::Answered(PLAIN));
    assert_eq!(story.stage(), Stage::Consulting);
    // The customer leaves while the owner decides: the guest's leg goes, too.
    let mut story = Story::connected(policy(), PLAIN);
    story
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN)
        .wire(GUEST, to("elsewhere", false))
        .wire(CUSTOMER, WireEvent::Ended(EndCause::Bye));
    assert!(story.did.contains(&Action::Cancel(GUEST)));
}
