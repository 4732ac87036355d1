//! The result of a REFER, told by its subscription: early, late, refreshed, withdrawn, not at all.
use crate::support::three::{GUEST, OWNER, Three, follow, referral, three};
use crate::support::{Pipe, header, target};
use std::time::Duration;
use trialog_call::{Action, EndCause, Info, ReferTo, WireEvent};

#[test]
fn a_withdrawn_transfer_is_told_to_the_guest() {
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
    pipe.act(OWNER, Action::WithdrawRefer(to_guest));
    pipe.run_ms(100);
    assert!(pipe.has(GUEST, guest, |event| *event == WireEvent::ReferralWithdrawn));
    assert!(pipe.has(OWNER, to_guest, |event| {
        *event == WireEvent::ReferNotified { status: 0 }
    }));
    assert_eq!(header(pipe.last(OWNER, "SUBSCRIBE"), "Expires"), "0");
    // The core's own word comes too late and does no harm.
    pipe.act(
        GUEST,
        Action::ReferralResult {
            leg: guest,
            status: 487,
        },
    );
    pipe.run_ms(50);
    pipe.bye(OWNER, to_guest);
    pipe.bye(OWNER, to_customer);
    pipe.assert_idle();
}

#[test]
fn a_withdrawal_that_crosses_the_result_does_not_hide_it() {
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
    // The first copy of the final NOTIFY is lost; the SUBSCRIBE is answered with 481 before the second comes.
    let mut dropped = false;
    pipe.filter = Some(Box::new(move |seen| {
        seen.text.contains("SIP/2.0 200 OK\r\n")
            && seen.text.starts_with("NOTIFY")
            && !std::mem::replace(&mut dropped, true)
    }));
    pipe.act(
        GUEST,
        Action::ReferralResult {
            leg: guest,
            status: 200,
        },
    );
    pipe.act(OWNER, Action::WithdrawRefer(to_guest));
    pipe.run(Duration::from_secs(2));
    assert!(pipe.sent(GUEST, "SIP/2.0 481") > 0);
    assert!(pipe.has(OWNER, to_guest, |event| {
        *event == WireEvent::ReferNotified { status: 200 }
    }));
    pipe.bye(OWNER, to_guest);
    pipe.bye(OWNER, to_customer);
    pipe.assert_idle();
}

#[test]
fn a_notify_before_the_202_counts() {
    let Three {
        mut pipe,
        to_customer,
        to_guest,
        guest,
        ..
    } = three();
    let mut dropped = 0;
    pipe.filter = Some(Box::new(move |seen| {
        let is = seen.text.starts_with("SIP/2.0 202");
        dropped += usize::from(is);
        is && dropped == 1
    }));
    let to = ReferTo::Leg(to_customer);
    pipe.act(OWNER, Action::Refer { leg: to_guest, to });
    pipe.run_ms(50);
    pipe.act(GUEST, Action::AcceptReferral(guest));
    pipe.act(
        GUEST,
        Action::ReferralResult {
            leg: guest,
            status: 200,
        },
    );
    pipe.run(Duration::from_secs(2));
    assert_eq!(
        pipe.events(OWNER, to_guest),
        [
            WireEvent::ReferAccepted,
            WireEvent::ReferNotified { status: 100 },
            WireEvent::ReferNotified { status: 200 }
        ]
    );
    pipe.bye(OWNER, to_guest);
    pipe.bye(OWNER, to_customer);
    pipe.assert_idle();
}

#[test]
fn a_result_after_the_calls_end_is_still_told() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.run_ms(50);
    pipe.act(1, Action::AcceptReferral(received));
    pipe.run_ms(50);
    pipe.bye(1, received);
    pipe.run_ms(50);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Ended(EndCause::Bye)));
    pipe.act(
        1,
        Action::ReferralResult {
            leg: received,
            status: 200,
        },
    );
    pipe.run_ms(50);
    assert_eq!(
        pipe.events(0, placed).last(),
        Some(&WireEvent::ReferNotified { status: 200 })
    );
    pipe.assert_idle();
}

#[test]
fn a_result_long_after_the_calls_end_is_told_though_the_subscription_was_to_be_refreshed_before() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.run_ms(50);
    pipe.act(1, Action::AcceptReferral(received));
    // The NOTIFY of 100 states 180 s; a refresh is due after three quarters of them.
    pipe.run(Duration::from_secs(90));
    pipe.bye(1, received);
    pipe.run(Duration::from_secs(59));
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Ended(EndCause::Bye)));
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), 0);
    pipe.act(
        1,
        Action::ReferralResult {
            leg: received,
            status: 486,
        },
    );
    pipe.run_ms(50);
    assert_eq!(
        pipe.events(0, placed).last(),
        Some(&WireEvent::ReferNotified { status: 486 })
    );
    assert_eq!(pipe.sent(0, "SIP/2.0 481"), 0);
    pipe.assert_idle();
}

#[test]
fn a_subscription_is_refreshed_as_long_as_no_result_came() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.run_ms(50);
    pipe.act(1, Action::AcceptReferral(received));
    pipe.run(Duration::from_secs(300));
    assert!(pipe.sent(0, "SUBSCRIBE") >= 1);
    pipe.act(
        1,
        Action::ReferralResult {
            leg: received,
            status: 503,
        },
    );
    pipe.run_ms(50);
    assert!(pipe.has(0, placed, |event| {
        *event == WireEvent::ReferNotified { status: 503 }
    }));
    assert!(!pipe.has(1, received, |event| *event == WireEvent::ReferralWithdrawn));
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_last_notify_that_waits_for_its_turn_as_the_subscription_runs_out_is_the_only_one() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.run_ms(50);
    // Nothing refreshes it, so that it runs out after 180 s; and an INFO that is lost is ahead of the NOTIFY.
    pipe.filter = Some(Box::new(|seen| {
        seen.text.starts_with("SUBSCRIBE") || seen.text.starts_with("INFO")
    }));
    pipe.act(1, Action::AcceptReferral(received));
    pipe.run_ms(179_800);
    pipe.forget_events();
    let (leg, status) = (received, 200);
    pipe.act(
        1,
        Action::Inform {
            leg,
            info: Info::PostCall,
        },
    );
    pipe.act(1, Action::ReferralResult { leg, status });
    pipe.run_ms(5_000);
    assert!(pipe.last(1, "NOTIFY").contains("SIP/2.0 200 OK"));
    assert_eq!(pipe.sent(1, "NOTIFY"), 1);
    pipe.filter = None;
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_referrer_who_hangs_up_early_still_hears_the_end() {
    for (answered, result) in [(true, 200), (false, 486)] {
        let mut pipe = Pipe::of(3);
        let (placed, received) = pipe.call(0, 1);
        let to = ReferTo::Target(target(2));
        pipe.act(0, Action::Refer { leg: placed, to });
        pipe.run_ms(50);
        let referral = referral(&pipe, 1, received);
        pipe.act(1, Action::AcceptReferral(received));
        let new = follow(&mut pipe, 1, received, &referral);
        pipe.run_ms(50);
        pipe.act(
            0,
            Action::Bye {
                leg: placed,
                reason: trialog_call::ByeReason::Ended,
            },
        );
        pipe.run_ms(50);
        let (called, _) = pipe.incoming(2);
        let action = if answered {
            Action::Answer(called)
        } else {
            let status = result;
            Action::Reject {
                leg: called,
                status,
            }
        };
        pipe.act(2, action);
        pipe.run_ms(200);
        assert!(pipe.has(0, placed, |event| *event
            == WireEvent::ReferNotified { status: result }));
        if answered {
            pipe.bye(1, new);
        }
        pipe.assert_idle();
    }
}

#[test]
fn a_refer_that_nobody_answers_dies_with_its_call() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.run_ms(50);
    assert!(pipe.has(1, received, |event| matches!(event, WireEvent::Referred(_))));
    pipe.bye(1, received);
    pipe.assert_idle();
    assert!(pipe.has(0, placed, |event| {
        *event == WireEvent::ReferRefused { status: 481 }
    }));
}
