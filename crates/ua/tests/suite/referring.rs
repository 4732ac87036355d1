//! REFER, `Replaces` and what travels with them, among three user agents.
use crate::support::three::{CUSTOMER, GUEST, OWNER, Three, follow, referral, three, three_with};
use crate::support::{Pipe, config, header, target};
use std::time::Duration;
use trialog_call::{Action, Direction, EndCause, Info, ReferTo, Target, WireEvent};

#[test]
fn variant_b_sends_the_guest_to_the_customer_whose_old_leg_is_named_and_replaced() {
    let Three {
        mut pipe,
        customer,
        to_customer,
        to_guest,
        guest,
    } = three();
    let to = ReferTo::Leg(to_customer);
    pipe.act(OWNER, Action::Refer { leg: to_guest, to });
    pipe.run_ms(50);
    let asked = referral(&pipe, GUEST, guest);
    assert!(asked.replaces && asked.grade == trialog_call::Grade::Stranger);
    assert!(asked.to.0.starts_with("sip:user0@10.0.0.1:5060?Replaces="));
    pipe.act(GUEST, Action::AcceptReferral(guest));
    pipe.run_ms(100);
    assert_eq!(
        pipe.events(OWNER, to_guest),
        [
            WireEvent::ReferAccepted,
            WireEvent::ReferNotified { status: 100 }
        ]
    );
    let new = follow(&mut pipe, GUEST, guest, &asked);
    pipe.run_ms(50);
    let (replacing, incoming) = pipe.incoming(CUSTOMER);
    assert_eq!(incoming.replaces, Some(customer));
    assert!(
        incoming.by_peer,
        "Referred-By names the owner, whom the customer knows"
    );
    pipe.act(CUSTOMER, Action::Answer(replacing));
    pipe.run_ms(100);
    assert!(pipe.has(GUEST, new, |event| matches!(event, WireEvent::Answered(_))));
    pipe.bye(CUSTOMER, customer);
    pipe.act(
        GUEST,
        Action::ReferralResult {
            leg: guest,
            status: 200,
        },
    );
    pipe.run_ms(100);
    assert!(pipe.has(OWNER, to_guest, |event| {
        *event == WireEvent::ReferNotified { status: 200 }
    }));
    assert!(pipe.has(OWNER, to_customer, |event| *event
        == WireEvent::Ended(EndCause::Bye)));
    let notify = pipe.last(GUEST, "NOTIFY");
    assert!(header(notify, "Subscription-State").starts_with("terminated;reason=noresource"));
    pipe.bye(OWNER, to_guest);
    pipe.bye(GUEST, new);
    pipe.assert_idle();
}

#[test]
fn variant_a_sends_the_customer_to_the_guest() {
    let Three {
        mut pipe,
        customer,
        to_customer,
        to_guest,
        guest,
    } = three();
    let to = ReferTo::Leg(to_guest);
    pipe.act(
        OWNER,
        Action::Refer {
            leg: to_customer,
            to,
        },
    );
    pipe.run_ms(50);
    let asked = referral(&pipe, CUSTOMER, customer);
    pipe.act(CUSTOMER, Action::AcceptReferral(customer));
    let new = follow(&mut pipe, CUSTOMER, customer, &asked);
    pipe.run_ms(100);
    let (replacing, incoming) = pipe.incoming(GUEST);
    assert_eq!(incoming.replaces, Some(guest));
    assert!(incoming.by_peer);
    pipe.act(GUEST, Action::Answer(replacing));
    pipe.run_ms(100);
    pipe.act(
        CUSTOMER,
        Action::ReferralResult {
            leg: customer,
            status: 200,
        },
    );
    // BYE right behind the final NOTIFY, which it must not overtake.
    pipe.bye(CUSTOMER, customer);
    pipe.run_ms(200);
    let events = pipe.events(OWNER, to_customer);
    let notified = events
        .iter()
        .position(|event| *event == WireEvent::ReferNotified { status: 200 });
    let ended = events
        .iter()
        .position(|event| *event == WireEvent::Ended(EndCause::Bye));
    assert!(notified.expect("the result") < ended.expect("the end"));
    pipe.bye(OWNER, to_guest);
    pipe.bye(CUSTOMER, new);
    pipe.assert_idle();
}

#[test]
fn a_referral_is_declined_by_notify_603() {
    let Three {
        mut pipe,
        to_customer,
        to_guest,
        guest,
        ..
    } = three();
    let to = ReferTo::Leg(to_customer);
    pipe.act(OWNER, Action::Refer { leg: to_guest, to });
    pipe.run_ms(50);
    pipe.act(GUEST, Action::AcceptReferral(guest));
    pipe.run_ms(50);
    pipe.act(
        GUEST,
        Action::ReferralResult {
            leg: guest,
            status: 603,
        },
    );
    pipe.run_ms(50);
    assert!(pipe.has(OWNER, to_guest, |event| {
        *event == WireEvent::ReferNotified { status: 603 }
    }));
    // The dialog goes on, and another REFER in it is told from the first.
    let to = ReferTo::Leg(to_customer);
    pipe.act(OWNER, Action::Refer { leg: to_guest, to });
    pipe.run_ms(50);
    pipe.act(
        GUEST,
        Action::RefuseReferral {
            leg: guest,
            status: 603,
        },
    );
    pipe.run_ms(50);
    assert!(pipe.has(OWNER, to_guest, |event| {
        *event == WireEvent::ReferRefused { status: 603 }
    }));
    let to = ReferTo::Target(target(0));
    pipe.act(OWNER, Action::Refer { leg: to_guest, to });
    pipe.run_ms(50);
    pipe.act(GUEST, Action::AcceptReferral(guest));
    pipe.run_ms(50);
    assert!(header(pipe.last(GUEST, "NOTIFY"), "Event").starts_with("refer;id="));
    pipe.act(
        GUEST,
        Action::ReferralResult {
            leg: guest,
            status: 200,
        },
    );
    pipe.run_ms(50);
    assert!(pipe.has(OWNER, to_guest, |event| {
        *event == WireEvent::ReferNotified { status: 200 }
    }));
    pipe.bye(OWNER, to_guest);
    pipe.bye(OWNER, to_customer);
    pipe.assert_idle();
}

#[test]
fn transfers_succeed_on_a_network_that_loses_doubles_and_reorders() {
    for seed in 1..=40 {
        let configs = (0..3).map(config).collect();
        let Three {
            mut pipe,
            customer,
            to_customer,
            to_guest,
            guest,
        } = three_with(Pipe::with(configs, seed));
        pipe.loss = 150;
        pipe.doubled = 150;
        pipe.jitter = Duration::from_millis(200);
        let to = ReferTo::Leg(to_customer);
        pipe.act(OWNER, Action::Refer { leg: to_guest, to });
        pipe.run(Duration::from_secs(15));
        let asked = referral(&pipe, GUEST, guest);
        pipe.act(GUEST, Action::AcceptReferral(guest));
        let new = follow(&mut pipe, GUEST, guest, &asked);
        pipe.run(Duration::from_secs(15));
        let (replacing, incoming) = pipe.incoming(CUSTOMER);
        assert_eq!(incoming.replaces, Some(customer), "seed {seed}");
        pipe.act(CUSTOMER, Action::Answer(replacing));
        pipe.run(Duration::from_secs(15));
        assert!(pipe.has(GUEST, new, |event| matches!(event, WireEvent::Answered(_))));
        pipe.bye(CUSTOMER, customer);
        pipe.act(
            GUEST,
            Action::ReferralResult {
                leg: guest,
                status: 200,
            },
        );
        pipe.run(Duration::from_secs(20));
        assert_eq!(
            pipe.events(OWNER, to_guest),
            [
                WireEvent::ReferAccepted,
                WireEvent::ReferNotified { status: 100 },
                WireEvent::ReferNotified { status: 200 }
            ],
            "seed {seed}"
        );
        pipe.bye(OWNER, to_guest);
        pipe.bye(GUEST, new);
        pipe.run(Duration::from_secs(40));
        pipe.loss = 0;
        pipe.assert_idle();
    }
}

#[test]
fn an_invite_that_replaces_what_is_not_there_gets_481_and_what_has_ended_603() {
    let mut pipe = Pipe::of(3);
    let (placed, received) = pipe.call(0, 1);
    let invite = pipe.last(0, "INVITE").to_owned();
    let ok = pipe.last(1, "SIP/2.0 200").to_owned();
    let tag = |value: &str| value.split("tag=").nth(1).expect("tag").to_owned();
    let (ours, theirs) = (tag(header(&ok, "To")), tag(header(&invite, "From")));
    let call_id = header(&invite, "Call-ID").to_owned();
    let replace = |pipe: &mut Pipe, to_tag: &str, more: &str| {
        let uri = format!(
            "sip:user1@10.0.0.2?Replaces={call_id}%3Bto-tag%3D{to_tag}%3Bfrom-tag%3D{theirs}{more}"
        );
        let leg = pipe.dial(2, Target(uri));
        pipe.run_ms(100);
        pipe.events(2, leg)
    };
    assert_eq!(
        replace(&mut pipe, "nonsense", ""),
        [WireEvent::Refused { status: 481 }]
    );
    assert_eq!(
        replace(&mut pipe, &ours, "%3Bearly-only"),
        [WireEvent::Refused { status: 486 }]
    );
    pipe.bye(0, placed);
    pipe.run_ms(100);
    assert!(pipe.has(1, received, |event| *event
        == WireEvent::Ended(EndCause::Bye)));
    assert_eq!(
        replace(&mut pipe, &ours, ""),
        [WireEvent::Refused { status: 603 }]
    );
    // Remembered for a while only.
    pipe.run(Duration::from_secs(40));
    assert_eq!(
        replace(&mut pipe, &ours, ""),
        [WireEvent::Refused { status: 481 }]
    );
    pipe.assert_idle();
}

/// How an INVITE names the dialog that end 0's call to end 1 has opened, as the one or the other sees it.
fn early_dialog(pipe: &Pipe, of_caller: bool) -> String {
    let tag = |value: &str| value.split("tag=").nth(1).expect("tag").to_owned();
    let ringing = pipe.last(1, "SIP/2.0 180");
    let (caller, called) = (tag(header(ringing, "From")), tag(header(ringing, "To")));
    let (end, to, from) = match of_caller {
        true => (0, caller, called),
        false => (1, called, caller),
    };
    let call_id = header(ringing, "Call-ID");
    format!(
        "sip:user{end}@10.0.0.{}?Replaces={call_id}%3Bto-tag%3D{to}%3Bfrom-tag%3D{from}%3Bearly-only",
        end + 1
    )
}

#[test]
fn rfc_3891_an_invite_replaces_the_early_dialog_of_our_own_and_no_other() {
    let mut pipe = Pipe::of(3);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(100);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Ring(received));
    pipe.run_ms(100);
    let of_called = Target(early_dialog(&pipe, false));
    let refused = pipe.dial(2, of_called);
    pipe.run_ms(100);
    assert_eq!(
        pipe.events(2, refused),
        [WireEvent::Refused { status: 481 }]
    );
    let of_caller = Target(early_dialog(&pipe, true));
    pipe.dial(2, of_caller.clone());
    pipe.run_ms(100);
    let (new, incoming) = pipe.incoming(0);
    assert_eq!(incoming.replaces, Some(placed));
    pipe.act(0, Action::Answer(new));
    pipe.act(0, Action::Cancel(placed));
    pipe.run_ms(100);
    assert!(pipe.has(1, received, |event| matches!(event, WireEvent::Ended(_))));
    assert!(pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Gone | WireEvent::Refused { .. }
    )));
    // What is over is not replaced once more.
    let late = pipe.dial(2, of_caller);
    pipe.run_ms(100);
    assert!(pipe.has(2, late, |event| matches!(event, WireEvent::Refused { .. })));
    pipe.bye(0, new);
    pipe.assert_idle();
}

#[test]
fn a_refer_outside_a_dialog_is_taken_where_it_names_one_of_ours() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let invite = pipe.last(0, "INVITE").to_owned();
    let ok = pipe.last(1, "SIP/2.0 200").to_owned();
    let tag = |value: &str| value.split("tag=").nth(1).expect("tag").to_owned();
    let stranger = "10.0.0.9:5060".parse().expect("address");
    let refer = |remote_tag: &str, branch: &str| {
        format!(
            "REFER sip:user1@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{branch}\r\n\
             From: <sip:odd@10.0.0.9>;tag=f\r\nTo: <sip:user1@10.0.0.2>\r\nCall-ID: {branch}\r\nCSeq: 1 REFER\r\n\
             Contact: <sip:odd@10.0.0.9>\r\nRefer-To: <sip:user0@10.0.0.1>\r\n\
             Target-Dialog: {};local-tag={};remote-tag={remote_tag}\r\n\r\n",
            header(&invite, "Call-ID"),
            tag(header(&invite, "From")),
        )
    };
    pipe.inject(stranger, 1, &refer("wrong", "r1"));
    pipe.run_ms(50);
    assert!(
        pipe.raw
            .last()
            .expect("answer")
            .2
            .starts_with("SIP/2.0 403")
    );
    pipe.inject(stranger, 1, &refer(&tag(header(&ok, "To")), "r2"));
    pipe.run_ms(50);
    assert!(!referral(&pipe, 1, received).replaces);
    pipe.act(1, Action::AcceptReferral(received));
    pipe.run_ms(50);
    let answer = |pipe: &Pipe, start: &str| {
        let found = pipe.raw.iter().rev().find(|raw| raw.2.starts_with(start));
        found.expect("it came").2.clone()
    };
    let accepted = answer(&pipe, "SIP/2.0 202");
    let notify = answer(&pipe, "NOTIFY");
    assert_eq!(header(&notify, "Call-ID"), "r2");
    assert_eq!(header(&notify, "From"), header(&accepted, "To"));
    pipe.inject(
        stranger,
        1,
        &crate::support::reply(&notify, "200 OK", "", ""),
    );
    pipe.run_ms(50);
    pipe.act(
        1,
        Action::ReferralResult {
            leg: received,
            status: 200,
        },
    );
    pipe.run_ms(50);
    let last = answer(&pipe, "NOTIFY");
    assert!(last.contains("SIP/2.0 200 OK") && header(&last, "CSeq") != header(&notify, "CSeq"));
    pipe.inject(stranger, 1, &crate::support::reply(&last, "200 OK", "", ""));
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_refer_to_what_is_no_call_is_refused_and_says_why() {
    for (to, status) in [
        ("https://example.com/", 416),
        ("sip:bob@10.0.0.9;method=BYE", 403),
        ("sip:bob@10.0.0.9?Route=%3Csip:10.0.0.8%3E", 403),
        (
            "sip:bob@10.0.0.9?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&Subject=x",
            403,
        ),
        ("sip:bob@10.0.0.9?Require=100rel", 403),
        ("sip:bob@10.0.0.9?body=x", 403),
    ] {
        let mut pipe = Pipe::of(2);
        let (placed, received) = pipe.call(0, 1);
        let to = ReferTo::Target(Target(to.to_owned()));
        pipe.act(0, Action::Refer { leg: placed, to });
        pipe.run_ms(100);
        assert!(pipe.has(0, placed, |event| *event
            == WireEvent::ReferRefused { status }));
        assert!(!pipe.has(1, received, |event| matches!(event, WireEvent::Referred(_))));
        assert!(header(pipe.last(1, "SIP/2.0 4"), "Warning").contains("Refer-To: "));
        pipe.bye(0, placed);
        pipe.assert_idle();
    }
}

#[test]
fn a_refer_says_who_is_to_be_called_and_whether_in_the_accounts_domain() {
    let mut own = config(1);
    own.accounts[0].registrar = Some(trialog_sip::Uri::parse("sip:10.0.0.2").expect("uri"));
    own.accept = Some(trialog_ua::Accept::Anyone);
    for (configs, domain) in [
        (vec![config(0), config(1)], false),
        (vec![config(0), own], true),
    ] {
        for (to, elsewhere) in [
            ("sip:bob@10.0.0.9", domain),
            ("sip:300@10.0.0.2", false),
            ("tel:+4930123", false),
            (
                "sip:bob@10.0.0.2?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&Require=replaces",
                false,
            ),
        ] {
            let mut pipe = Pipe::with(configs.clone(), 1);
            let (placed, received) = pipe.call(0, 1);
            let to = ReferTo::Target(Target(to.to_owned()));
            pipe.act(0, Action::Refer { leg: placed, to });
            pipe.run_ms(100);
            let asked = referral(&pipe, 1, received);
            assert_eq!(asked.elsewhere, elsewhere, "{asked:?}");
        }
    }
}

#[test]
fn one_trialog_tells_another_by_info() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    for info in [Info::YouAreOwner, Info::PostCall] {
        pipe.act(0, Action::Inform { leg: placed, info });
        pipe.run_ms(50);
        assert!(pipe.has(1, received, |event| *event == WireEvent::Informed(info)));
    }
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_refer_and_a_reinvite_at_once_reach_the_far_side_in_order() {
    for seed in 1..=20 {
        let configs = (0..2).map(config).collect();
        let mut pipe = Pipe::with(configs, seed);
        let (placed, received) = pipe.call(0, 1);
        pipe.loss = 300;
        pipe.jitter = Duration::from_millis(100);
        pipe.reinvite(0, placed, Direction::SendOnly);
        let to = ReferTo::Target(target(5));
        pipe.act(0, Action::Refer { leg: placed, to });
        pipe.run(Duration::from_secs(31));
        assert!(
            pipe.has(1, received, |event| matches!(event, WireEvent::Referred(_))),
            "seed {seed}"
        );
        assert_eq!(pipe.sent(1, "SIP/2.0 500"), 0, "seed {seed}");
    }
}
