//! A phone that has crashed and is started again goes on with its calls.
use crate::story::{
    CALL, CUSTOMER, GUEST, LOCAL, OLD, OWNER, PLAIN, Story, TRIALOG, leg, policy, target,
};
use trialog_call::{
    Act, Action, CallId, CallRecord, Direction, EndCause, Info, Input, Kept, KeptCall, KeptWrapUp,
    LegId, Notice, Phone, Stage, WireEvent,
};

/// The phone dies, and another one takes up what it has kept.
fn started_again(story: &Story) -> Story {
    let snapshot = story.phone.snapshot(story.now);
    let wrap_ups = snapshot.wrap_ups.iter().map(|wrap_up| KeptWrapUp {
        id: wrap_up.id,
        call: wrap_up.call,
        peer: wrap_up.peer.clone(),
        reason: wrap_up.reason.clone(),
        note: wrap_up.note.clone(),
    });
    let kept = Kept {
        presence: Some(snapshot.presence),
        wrap_ups: wrap_ups.collect(),
        last_call: 1,
        last_wrap_up: 1,
    };
    let mut again = Story::new(policy());
    again.now = story.now;
    again.phone.restore(again.now, kept);
    for call in story.phone.kept_calls() {
        assert!(again.phone.take_up(again.now, &call), "{call:?}");
    }
    again
}

/// The re-INVITEs of the last step, each with the direction that it asks for.
fn reinvited(story: &Story) -> Vec<(LegId, Direction)> {
    let reinvite = |action: &Action| match action {
        Action::Reinvite { leg, session } => Some((*leg, session.direction)),
        _ => None,
    };
    story.did.iter().filter_map(reinvite).collect()
}

/// Each leg is asked for a session once, and agrees.
fn agree(again: &mut Story, legs: &[(LegId, Direction)]) {
    again.give(Input::NetworkChanged);
    assert_eq!(reinvited(again), legs);
    for leg in again.phone.kept_calls().remove(0).legs {
        again.agrees(leg.id, leg.can);
    }
    again.give(Input::Deadline);
    assert_eq!(reinvited(again), [], "once is enough");
}

/// Legs, each with the direction that it is asked for.
type Reinvited<'a> = &'a [(LegId, Direction)];

const UP: Direction = Direction::SendRecv;
const HELD: Direction = Direction::SendOnly;

#[test]
fn a_phone_that_is_started_again_permits_the_same_acts_and_lets_the_same_parties_hear() {
    let swapped = || {
        let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
        story.act(Act::Swap).agrees(GUEST, TRIALOG);
        story.agrees(CUSTOMER, PLAIN);
        story
    };
    let held = || {
        let mut story = Story::connected(policy(), PLAIN);
        story.act(Act::Hold).agrees(CUSTOMER, PLAIN);
        story
    };
    let muted = || {
        let mut story = Story::connected(policy(), PLAIN);
        story.act(Act::Mute);
        story
    };
    let post_call = || {
        let mut story = Story::conference(policy(), PLAIN, TRIALOG);
        story.hangs_up(CUSTOMER);
        story
    };
    let anchored = || {
        let mut story = Story::conference(policy(), OLD, OLD);
        story.act(Act::Transfer(None));
        story
    };
    let guest_after = |info| {
        let mut story = Story::guest_in_conference(policy());
        story.wire(OWNER, WireEvent::Informed(info));
        story
    };
    let far_held = || {
        let mut story = Story::guest(policy());
        story.wire(OWNER, WireEvent::FarHold(true));
        story
    };
    let both = [(CUSTOMER, UP), (GUEST, UP)];
    let owner = [(OWNER, UP)];
    let stories: [(Story, Stage, Reinvited); 12] = [
        (
            Story::connected(policy(), PLAIN),
            Stage::Connected,
            &[(CUSTOMER, UP)],
        ),
        (muted(), Stage::Connected, &[(CUSTOMER, UP)]),
        (held(), Stage::Held, &[(CUSTOMER, HELD)]),
        (
            Story::consulting(policy(), PLAIN, TRIALOG),
            Stage::Consulting,
            &[(CUSTOMER, HELD), (GUEST, UP)],
        ),
        (swapped(), Stage::Swapped, &[(CUSTOMER, UP), (GUEST, HELD)]),
        (
            Story::conference(policy(), PLAIN, TRIALOG),
            Stage::Conference,
            &both,
        ),
        (post_call(), Stage::PostCall, &[(GUEST, UP)]),
        (anchored(), Stage::Anchored, &both),
        (Story::guest(policy()), Stage::Consulting, &owner),
        (far_held(), Stage::Swapped, &owner),
        (
            Story::guest_in_conference(policy()),
            Stage::Conference,
            &owner,
        ),
        (guest_after(Info::YouAreOwner), Stage::Anchored, &owner),
    ];
    let post = (guest_after(Info::PostCall), Stage::PostCall, &owner[..]);
    for (story, stage, legs) in stories.into_iter().chain([post]) {
        assert_eq!(story.stage(), stage);
        let mut again = started_again(&story);
        assert_eq!(again.stage(), stage);
        assert_eq!(again.phone.routing(), story.phone.routing(), "{stage:?}");
        agree(&mut again, legs);
        let (was, is) = (
            story.phone.snapshot(story.now),
            again.phone.snapshot(again.now),
        );
        let acts = |snapshot: &trialog_call::Snapshot| snapshot.calls[0].acts.clone();
        assert_eq!(acts(&is), acts(&was), "{stage:?}");
        assert_eq!(is.wrap_ups, was.wrap_ups, "{stage:?}");
        assert_eq!(again.phone.routing(), story.phone.routing(), "{stage:?}");
        assert_eq!(
            again.phone.kept_calls(),
            story.phone.kept_calls(),
            "{stage:?}"
        );
        assert_eq!(again.recorded(|_| true), 0, "its record is there already");
    }
}

#[test]
fn a_step_is_as_before_it_began_a_guest_that_rang_is_let_go_and_a_transfer_is_followed_to_its_end()
{
    let mut requested = Story::connected(policy(), PLAIN);
    requested
        .act(Act::Consult(target("guest")))
        .agrees(CUSTOMER, PLAIN);
    let again = started_again(&requested);
    assert_eq!(again.stage(), Stage::Held);
    assert!(again.has_music(CUSTOMER));
    assert_eq!(
        again.refusal(&Act::Resume),
        None,
        "one act brings the customer back"
    );

    let mut joining = Story::consulting(policy(), PLAIN, TRIALOG);
    joining.act(Act::Conference);
    let again = started_again(&joining);
    assert_eq!(again.stage(), Stage::Consulting);
    assert!(again.has_music(CUSTOMER) && again.talk(LOCAL, leg(GUEST)));

    let mut pending = Story::conference(policy(), PLAIN, TRIALOG);
    pending.act(Act::Transfer(None));
    assert_eq!(pending.stage(), Stage::TransferPending);
    let decided = |status| {
        let mut again = started_again(&pending);
        assert_eq!(again.stage(), Stage::TransferPending);
        assert_eq!(again.wrap_ups(), (0, 1), "the draft is kept");
        assert_eq!(again.phone.kept_calls(), pending.phone.kept_calls());
        agree(&mut again, &[(CUSTOMER, UP), (GUEST, UP)]);
        again.wire(GUEST, WireEvent::ReferNotified { status });
        again
    };
    let refused = decided(603);
    assert_eq!(refused.stage(), Stage::Conference);
    assert_eq!(refused.refusal(&Act::Transfer(None)), None);
    let done = decided(200);
    assert_eq!(done.wrap_ups(), (1, 0), "the owner's is due");
    // No word of it comes any more: the customer's leg is probed, and is there.
    let mut unknown = decided(0);
    assert_eq!(unknown.stage(), Stage::Conference);
    assert_eq!(reinvited(&unknown), [(CUSTOMER, UP)]);
    unknown.agrees(CUSTOMER, PLAIN);
    assert!(unknown.told(|notice| matches!(notice, Notice::TransferFailed { status: 408, .. })));

    // One of the two has hung up while the REFER runs.
    for (left, stage) in [(GUEST, Stage::Connected), (CUSTOMER, Stage::PostCall)] {
        let mut pending = Story::conference(policy(), PLAIN, TRIALOG);
        pending.act(Act::Transfer(None)).hangs_up(left);
        assert_eq!(started_again(&pending).stage(), stage);
    }
}

#[test]
fn what_only_rings_or_is_over_is_not_kept() {
    let mut ringing = Story::new(policy());
    ringing.wire(CUSTOMER, WireEvent::Incoming(crate::story::caller()));
    assert_eq!(ringing.phone.kept_calls(), []);
    ringing.act(Act::Answer);
    assert_eq!(ringing.phone.kept_calls(), [], "no ACK has come");
    let mut over = Story::connected(policy(), PLAIN);
    over.act(Act::End);
    assert_eq!(
        (over.stage(), over.phone.kept_calls()),
        (Stage::Ending, vec![])
    );
}

#[test]
fn a_dialog_that_is_gone_ends_its_leg_by_the_rules_and_the_party_is_named() {
    let lost = WireEvent::Ended(EndCause::Lost);
    let story = Story::conference(policy(), PLAIN, TRIALOG);
    let mut again = started_again(&story);
    again.give(Input::NetworkChanged).wire(GUEST, lost.clone());
    assert!(again.told(|notice| matches!(notice, Notice::GuestLeft { .. })));
    assert_eq!(again.stage(), Stage::Connected);
    let mut again = started_again(&story);
    again.give(Input::NetworkChanged).wire(CUSTOMER, lost);
    assert!(again.told(|notice| matches!(notice, Notice::CustomerLeft { .. })));
    assert_eq!((again.stage(), again.wrap_ups()), (Stage::PostCall, (0, 1)));
    again.hangs_up(GUEST);
    let finished = |record: &CallRecord| matches!(record, CallRecord::Finished { call: CALL, .. });
    assert_eq!(again.recorded(finished), 1);
    assert_eq!(again.wrap_ups(), (1, 0));
}

#[test]
fn new_calls_and_legs_have_numbers_of_their_own() {
    let mut again = started_again(&Story::consulting(policy(), PLAIN, TRIALOG));
    agree(&mut again, &[(CUSTOMER, HELD), (GUEST, UP)]);
    again.act(Act::EndConsult).wire(GUEST, WireEvent::Gone);
    again.act(Act::Consult(target("other")));
    let placed = |action: &Action| {
        matches!(
            action,
            Action::Invite {
                leg: LegId::Placed(2),
                ..
            }
        )
    };
    assert!(again.did.iter().any(placed), "{:?}", again.did);
    let mut second = crate::story::caller();
    second.from = trialog_call::PartyIdentity::named("second").into();
    again.wire(LegId::Received(2), WireEvent::Incoming(second));
    let calls = again.phone.snapshot(again.now).calls;
    assert_eq!(calls.last().map(|call| call.id), Some(CallId(2)));
}

/// A description that no phone has kept.
fn refused(spoil: impl Fn(&mut KeptCall)) -> bool {
    let story = Story::conference(policy(), PLAIN, TRIALOG);
    let mut call = story.phone.kept_calls().remove(0);
    spoil(&mut call);
    let mut again = Phone::new(policy(), 2);
    let untouched = again.clone();
    let taken = again.take_up(story.now, &call);
    assert!(taken || again == untouched);
    !taken
}

#[test]
fn a_description_that_can_be_of_no_call_is_refused_and_changes_nothing() {
    assert!(!refused(|_| ()));
    assert!(refused(|call| call.stage = Stage::Offered));
    assert!(refused(|call| call.stage = Stage::TransferPending));
    assert!(refused(|call| call.legs.clear()));
    assert!(refused(|call| drop(call.legs.pop())));
    assert!(refused(|call| call.legs[1].id = call.legs[0].id));
    assert!(refused(|call| call.legs[1].role = call.legs[0].role));
    assert!(refused(|call| call.role = trialog_call::Role::Guest));
    assert!(refused(|call| call.account = trialog_call::AccountId(2)));
    let story = Story::connected(policy(), PLAIN);
    let call = story.phone.kept_calls().remove(0);
    let mut again = started_again(&story);
    assert!(
        !again.phone.take_up(again.now, &call),
        "it is there already"
    );
}
