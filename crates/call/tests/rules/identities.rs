//! Who the parties are, and what changes when a server states that one of them is another.
use crate::story::{
    CALL, CUSTOMER, GUEST, OWNER, PLAIN, Story, TRIALOG, asserted, caller, policy, target,
};
use trialog_call::{
    Act, Action, CallOrigin, CallRecord, Grade, Incoming, PartyIdentity, Referral, Role, Stage,
    WireEvent,
};

#[test]
fn the_caller_has_name_and_number_in_the_view_and_in_the_record_and_so_has_the_way_here() {
    let mut story = Story::new(policy());
    let from = asserted("VIP Müller", "sip:+4930123456@pbx.example");
    let hotline = PartyIdentity::called(&target("hotline"));
    let origin = CallOrigin {
        called: Some(hotline.clone()),
        diverted_from: vec![hotline],
        referred_by: None,
    };
    let incoming = Incoming {
        from: from.clone(),
        origin: origin.clone().into(),
        ..caller()
    };
    story.wire(CUSTOMER, WireEvent::Incoming(incoming));
    let call = story.call().expect("it rings");
    assert_eq!(call.legs[0].party, from);
    assert_eq!(from.number.as_deref(), Some("+4930123456"));
    assert_eq!(*call.origin, origin);
    let told = |record: &CallRecord| {
        matches!(record, CallRecord::Began { peer, origin: way, .. }
            if *peer == from && **way == origin)
    };
    assert_eq!(story.recorded(told), 1);
}

#[test]
fn a_pbx_that_has_transferred_the_customer_states_another_and_view_record_and_wrap_up_follow() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    let other = asserted("Otto Neu", "sip:4711@pbx.example");
    story.wire(CUSTOMER, WireEvent::Identity(other.clone()));
    let record = CallRecord::Identified {
        call: CALL,
        peer: other.clone(),
        at: story.now,
    };
    assert_eq!(story.did, [Action::Record(record)]);
    let legs = story.call().expect("it goes on").legs;
    assert_eq!(legs[0].party, other);
    assert_eq!(legs[1].party.uri, Some(target("guest").0));
    // Stated again, it is nothing new.
    story.wire(CUSTOMER, WireEvent::Identity(other.clone()));
    assert!(story.did.is_empty());
    assert_eq!(story.stage(), Stage::Conference);
    story.hangs_up(CUSTOMER);
    let draft = story.phone.snapshot(story.now).wrap_ups.remove(0);
    assert_eq!(draft.peer, other);
}

#[test]
fn a_draft_of_a_wrap_up_is_about_the_party_that_the_customer_has_become() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    story.act(Act::Transfer(None));
    assert_eq!(story.wrap_ups(), (0, 1));
    let other = asserted("Otto Neu", "sip:4711@pbx.example");
    story.wire(CUSTOMER, WireEvent::Identity(other.clone()));
    let draft = story.phone.snapshot(story.now).wrap_ups.remove(0);
    assert_eq!(draft.peer, other);
}

#[test]
fn a_guest_who_is_another_is_shown_so_and_the_call_stays_the_customers() {
    let mut story = Story::consulting(policy(), PLAIN, TRIALOG);
    let other = asserted("Bob", "sip:202@pbx.example");
    story.wire(GUEST, WireEvent::Identity(other.clone()));
    assert!(story.did.is_empty());
    assert_eq!(story.call().expect("it goes on").legs[1].party, other);
}

#[test]
fn who_answered_is_told_where_another_was_called() {
    let mut story = Story::new(policy());
    story.give(trialog_call::Input::Dial {
        account: trialog_call::AccountId(0),
        target: trialog_call::Target("800".to_owned()),
    });
    let dialled = &story.call().expect("it is placed").legs[0].party;
    assert_eq!(dialled.number.as_deref(), Some("800"));
    let other = asserted("Carol", "sip:203@pbx.example");
    story.wire(GUEST, WireEvent::Rings);
    story.wire(GUEST, WireEvent::Identity(other.clone()));
    assert_eq!(story.call().expect("it rings there").legs[0].party, other);
    let identified = |record: &CallRecord| matches!(record, CallRecord::Identified { .. });
    assert_eq!(story.recorded(identified), 1);
}

#[test]
fn a_leg_that_takes_the_customers_place_brings_its_own_identity() {
    let mut story = Story::connected(policy(), PLAIN);
    let new = trialog_call::LegId::Received(2);
    let incoming = Incoming {
        from: asserted("Otto Neu", "sip:4711@pbx.example"),
        replaces: Some(CUSTOMER),
        by_peer: true,
        ..caller()
    };
    story.wire(new, WireEvent::Incoming(incoming.clone()));
    story.wire(new, WireEvent::Confirmed).waits();
    assert_eq!(
        story.call().expect("it goes on").legs[0].party,
        incoming.from
    );
    let told = |record: &CallRecord| matches!(record, CallRecord::Identified { peer, .. } if *peer == incoming.from);
    assert_eq!(story.recorded(told), 1);
}

/// The guest of a consult, whose owner the registrar vouches for.
fn guest_of_anna() -> Story {
    let mut story = Story::new(policy());
    let incoming = Incoming {
        as_guest: true,
        grade: Grade::Colleague,
        from: asserted("Anna A", "sip:201@pbx.example"),
        ..caller()
    };
    story.wire(OWNER, WireEvent::Incoming(incoming));
    story
}

#[test]
fn r10_a_guest_on_whose_leg_a_pbx_puts_the_customer_owns_the_call_and_its_wrap_up() {
    for asked in [false, true] {
        let mut story = guest_of_anna();
        story.act(Act::Answer).wire(OWNER, WireEvent::Confirmed);
        if asked {
            // The former owner has asked by REFER as well: there is nothing to decide any more.
            let to = target("customer");
            story.wire(
                OWNER,
                WireEvent::Referred(Referral {
                    party: PartyIdentity::called(&to).into(),
                    to,
                    elsewhere: false,
                    replaces: true,
                    grade: Grade::Colleague,
                }),
            );
        }
        let customer = asserted("VIP", "sip:+4930123456@pbx.example");
        story.wire(OWNER, WireEvent::Identity(customer.clone()));
        let call = story.call().expect("it goes on");
        assert_eq!((call.role, call.stage), (Role::Owner, Stage::Connected));
        assert_eq!(
            (call.legs[0].role, &call.legs[0].party),
            (Role::Customer, &customer)
        );
        assert!(story.did.contains(&Action::Record(CallRecord::Owned {
            call: CALL,
            peer: customer,
            at: story.now,
        })));
        let result = Action::ReferralResult {
            leg: OWNER,
            status: 603,
        };
        assert_eq!(story.did.contains(&result), asked);
        assert_eq!(story.refusal(&Act::Hold), None);
        story.hangs_up(OWNER);
        assert_eq!(story.wrap_ups(), (1, 0));
    }
}

#[test]
fn another_name_of_the_owners_number_changes_no_role() {
    let mut story = guest_of_anna();
    story.act(Act::Answer).wire(OWNER, WireEvent::Confirmed);
    for name in ["Anna from sales", "Anna A"] {
        let anna = asserted(name, "sip:201@10.0.0.5");
        story.wire(OWNER, WireEvent::Identity(anna));
        let call = story.call().expect("it goes on");
        assert_eq!((call.role, call.stage), (Role::Guest, Stage::Consulting));
    }
    story.hangs_up(OWNER);
    assert_eq!(story.wrap_ups(), (0, 0));
}

#[test]
fn a_consult_that_rings_on_as_the_customers_call_is_the_customers() {
    let mut story = guest_of_anna();
    let customer = asserted("VIP", "sip:+4930123456@pbx.example");
    story.wire(OWNER, WireEvent::Identity(customer));
    let call = story.call().expect("it rings on");
    assert_eq!((call.role, call.stage), (Role::Owner, Stage::Offered));
    story.act(Act::Answer).wire(OWNER, WireEvent::Confirmed);
    assert_eq!(story.stage(), Stage::Connected);
    story.hangs_up(OWNER);
    assert_eq!(story.wrap_ups(), (1, 0));
}

#[test]
fn an_owner_stays_owner_whoever_its_parties_become() {
    let mut story = Story::conference(policy(), PLAIN, TRIALOG);
    for leg in [CUSTOMER, GUEST] {
        let other = asserted("Otto Neu", "sip:4711@pbx.example");
        story.wire(leg, WireEvent::Identity(other));
        let call = story.call().expect("it goes on");
        assert_eq!((call.role, call.stage), (Role::Owner, Stage::Conference));
    }
}
