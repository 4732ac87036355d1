//! Calls between two user agents: set-up in both directions, refusal, CANCEL and what crosses it, BYE, hold, glare.
use crate::support::{Pipe, config, header, target};
use std::time::Duration;
use trialog_call::{Action, ByeReason, Direction, EndCause, SessionIntent, Target, WireEvent};
use trialog_ua::Account;

#[test]
fn a_call_is_set_up_and_ended_by_the_caller() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    assert_eq!(pipe.events(0, placed)[0], WireEvent::Rings);
    let (ours, theirs) = (&pipe.ends[0].media[&placed], &pipe.ends[1].media[&received]);
    assert_eq!(ours.codec, theirs.codec);
    assert_eq!(ours.remote.ip(), pipe.ends[1].address.ip());
    pipe.bye(0, placed);
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Gone));
    assert!(pipe.has(1, received, |event| *event
        == WireEvent::Ended(EndCause::Bye)));
    assert!(header(pipe.last(0, "BYE"), "Reason").contains("cause=200"));
    pipe.assert_idle();
}

#[test]
fn a_call_is_ended_by_the_called_side() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.act(
        1,
        Action::Bye {
            leg: received,
            reason: ByeReason::ConferenceEnded,
        },
    );
    pipe.run_ms(100);
    assert!(pipe.has(1, received, |event| *event == WireEvent::Gone));
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Ended(EndCause::Bye)));
    pipe.assert_idle();
}

#[test]
fn both_hang_up_at_once_and_both_hear_gone() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.bye(0, placed);
    pipe.bye(1, received);
    pipe.run_ms(200);
    assert_eq!(
        pipe.count_of(0, placed, |event| *event == WireEvent::Gone),
        1
    );
    assert_eq!(
        pipe.count_of(1, received, |event| *event == WireEvent::Gone),
        1
    );
    assert!(!pipe.has(0, placed, |event| matches!(event, WireEvent::Ended(_))));
    pipe.assert_idle();
}

#[test]
fn a_refusal_is_told_and_acknowledged() {
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(100);
    let (received, incoming) = pipe.incoming(1);
    assert_eq!(incoming.from.uri.as_deref(), Some("sip:user0@10.0.0.1"));
    pipe.act(
        1,
        Action::Reject {
            leg: received,
            status: 486,
        },
    );
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| *event
        == WireEvent::Refused { status: 486 }));
    assert_eq!(pipe.sent(0, "ACK"), 1);
    assert_eq!(pipe.sent(1, "SIP/2.0 486"), 1);
    pipe.assert_idle();
}

#[test]
fn nobody_there_is_408_after_32_s() {
    let mut pipe = Pipe::of(1);
    let placed = pipe.dial(0, target(7));
    pipe.run(Duration::from_millis(31_999));
    assert!(pipe.events(0, placed).is_empty());
    pipe.run_ms(1);
    assert_eq!(pipe.events(0, placed), [WireEvent::Refused { status: 408 }]);
    pipe.assert_idle();
}

#[test]
fn a_call_that_is_cancelled_ends_in_gone_and_487() {
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Ring(received));
    pipe.run_ms(50);
    pipe.act(0, Action::Cancel(placed));
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Gone));
    assert!(!pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Refused { .. }
    )));
    assert!(pipe.has(1, received, |event| *event
        == WireEvent::Ended(EndCause::Cancelled)));
    assert_eq!(pipe.sent(1, "SIP/2.0 487"), 1);
    pipe.assert_idle();
}

#[test]
fn cancel_waits_for_a_provisional_answer() {
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.act(0, Action::Cancel(placed));
    assert_eq!(pipe.sent(0, "CANCEL"), 0);
    // The called side says 100 after 200 ms.
    pipe.run_ms(400);
    assert_eq!(pipe.sent(0, "CANCEL"), 1);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Gone));
    pipe.assert_idle();
}

#[test]
fn cancel_of_a_call_to_nobody_ends_in_gone_too() {
    let mut pipe = Pipe::of(1);
    let placed = pipe.dial(0, target(7));
    pipe.act(0, Action::Cancel(placed));
    pipe.run(Duration::from_secs(33));
    assert_eq!(pipe.events(0, placed), [WireEvent::Gone]);
    pipe.assert_idle();
}

#[test]
fn a_2xx_that_crosses_our_cancel_is_acknowledged_and_ended() {
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Ring(received));
    pipe.run_ms(50);
    pipe.act(1, Action::Answer(received));
    pipe.act(0, Action::Cancel(placed));
    pipe.run_ms(200);
    assert!(!pipe.has(0, placed, |event| matches!(event, WireEvent::Answered(_))));
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Gone));
    assert_eq!((pipe.sent(0, "ACK"), pipe.sent(0, "BYE")), (1, 1));
    assert!(pipe.has(1, received, |event| *event
        == WireEvent::Ended(EndCause::Bye)));
    pipe.assert_idle();
}

#[test]
fn a_cancelled_invite_without_any_final_answer_is_given_up_64_t1_after_cancel() {
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Ring(received));
    pipe.run_ms(50);
    pipe.filter = Some(Box::new(|_| true));
    pipe.act(0, Action::Cancel(placed));
    pipe.run(Duration::from_secs(31));
    assert!(!pipe.has(0, placed, |event| *event == WireEvent::Gone));
    pipe.run(Duration::from_secs(2));
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Gone));
}

#[test]
fn a_lost_ack_is_sent_again_for_each_copy_of_the_2xx() {
    let mut pipe = Pipe::of(2);
    let mut dropped = 0;
    pipe.filter = Some(Box::new(move |seen| {
        let is_ack = seen.text.starts_with("ACK");
        dropped += usize::from(is_ack);
        is_ack && dropped <= 2
    }));
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run(Duration::from_secs(3));
    assert_eq!(pipe.sent(1, "SIP/2.0 200"), 3);
    assert_eq!(pipe.sent(0, "ACK"), 3);
    assert!(pipe.has(1, received, |event| *event == WireEvent::Confirmed));
    assert_eq!(
        pipe.count_of(0, placed, |event| matches!(event, WireEvent::Answered(_))),
        1
    );
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_2xx_that_is_never_acknowledged_ends_the_call_by_bye_after_32_s() {
    let mut pipe = Pipe::of(2);
    pipe.filter = Some(Box::new(|seen| seen.text.starts_with("ACK")));
    pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run(Duration::from_secs(33));
    // At 0, 0.5, 1.5, 3.5, 7.5, and then every 4 s.
    assert_eq!(pipe.sent(1, "SIP/2.0 200"), 11);
    assert!(pipe.has(1, received, |event| {
        *event == WireEvent::Ended(EndCause::TimedOut)
    }));
    assert_eq!(pipe.sent(1, "BYE"), 1);
    pipe.assert_idle();
}

#[test]
fn the_called_side_hangs_up_only_after_the_ack() {
    let mut pipe = Pipe::of(2);
    let mut dropped = false;
    pipe.filter = Some(Box::new(move |seen| {
        seen.text.starts_with("ACK") && !std::mem::replace(&mut dropped, true)
    }));
    pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(100);
    pipe.bye(1, received);
    pipe.run_ms(100);
    assert_eq!(pipe.sent(1, "BYE"), 0);
    pipe.run(Duration::from_secs(1));
    assert_eq!(pipe.sent(1, "BYE"), 1);
    assert!(pipe.has(1, received, |event| *event == WireEvent::Gone));
    pipe.assert_idle();
}

#[test]
fn hold_and_resume_are_agreed_and_the_held_side_is_told() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    assert!(pipe.has(1, received, |event| *event == WireEvent::FarHold(true)));
    assert_eq!(
        pipe.ends[0].media[&placed].direction,
        trialog_sdp::Direction::SendOnly
    );
    assert_eq!(
        pipe.ends[1].media[&received].direction,
        trialog_sdp::Direction::RecvOnly
    );
    pipe.reinvite(0, placed, Direction::SendRecv);
    pipe.run_ms(100);
    assert!(pipe.has(1, received, |event| *event == WireEvent::FarHold(false)));
    assert_eq!(
        pipe.ends[1].media[&received].direction,
        trialog_sdp::Direction::SendRecv
    );
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn each_holds_the_other_and_each_knows_when_it_is_over() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.run_ms(100);
    pipe.reinvite(1, received, Direction::SendOnly);
    pipe.run_ms(100);
    assert_eq!(
        pipe.ends[0].media[&placed].direction,
        trialog_sdp::Direction::Inactive
    );
    assert!(pipe.has(0, placed, |event| *event == WireEvent::FarHold(true)));
    // The first to resume is still held.
    pipe.reinvite(0, placed, Direction::SendRecv);
    pipe.run_ms(100);
    assert_eq!(
        pipe.ends[0].media[&placed].direction,
        trialog_sdp::Direction::RecvOnly
    );
    assert!(!pipe.has(0, placed, |event| *event == WireEvent::FarHold(false)));
    assert!(pipe.has(1, received, |event| *event == WireEvent::FarHold(false)));
    pipe.reinvite(1, received, Direction::SendRecv);
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::FarHold(false)));
    assert_eq!(
        pipe.ends[0].media[&placed].direction,
        trialog_sdp::Direction::SendRecv
    );
    pipe.bye(1, received);
    pipe.assert_idle();
}

#[test]
fn a_focus_says_so_in_its_contact_and_the_other_is_told() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    for focus in [true, false] {
        let session = SessionIntent {
            direction: Direction::SendRecv,
            focus,
        };
        pipe.act(
            0,
            Action::Reinvite {
                leg: placed,
                session,
            },
        );
        pipe.run_ms(100);
        assert!(pipe.has(1, received, |event| *event == WireEvent::Focus(focus)));
        assert_eq!(
            header(pipe.last(0, "INVITE"), "Contact").contains("isfocus"),
            focus
        );
    }
    assert_eq!(
        pipe.count_of(0, placed, |event| matches!(
            event,
            WireEvent::Renegotiated(_)
        )),
        2
    );
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn glare_is_resolved_by_waiting() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.reinvite(1, received, Direction::SendRecv);
    pipe.run_ms(100);
    assert_eq!(pipe.sent(0, "SIP/2.0 491") + pipe.sent(1, "SIP/2.0 491"), 2);
    pipe.run(Duration::from_secs(5));
    assert!(pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    assert!(pipe.has(1, received, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    // The side that did not choose the Call-ID goes first: within 2 s; the other after 2.1 s at the earliest.
    let again: Vec<_> = pipe
        .seen
        .iter()
        .filter(|seen| seen.text.starts_with("INVITE"))
        .skip(3)
        .map(|seen| seen.from)
        .collect();
    assert_eq!(again, [pipe.ends[1].address, pipe.ends[0].address]);
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn the_latest_of_several_wishes_wins_and_is_reported_once() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.reinvite(0, placed, Direction::Inactive);
    pipe.reinvite(0, placed, Direction::SendRecv);
    pipe.run_ms(300);
    assert_eq!(
        pipe.count_of(0, placed, |event| matches!(
            event,
            WireEvent::Renegotiated(_)
        )),
        1
    );
    assert_eq!(
        pipe.ends[1].media[&received].direction,
        trialog_sdp::Direction::SendRecv
    );
    // The first INVITE of the call, the first wish, the last.
    assert_eq!(pipe.sent(0, "INVITE"), 3);
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_bye_crossing_a_reinvite_ends_the_call() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.bye(1, received);
    pipe.run_ms(200);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Ended(EndCause::Bye)));
    assert!(pipe.has(1, received, |event| *event == WireEvent::Gone));
    assert!(!pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    pipe.assert_idle();
}

#[test]
fn a_reinvite_that_nobody_answers_ends_the_call_as_lost() {
    let mut pipe = Pipe::of(2);
    let (placed, _) = pipe.call(0, 1);
    pipe.filter = Some(Box::new(|_| true));
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.run(Duration::from_secs(33));
    assert!(pipe.has(0, placed, |event| *event
        == WireEvent::Ended(EndCause::Lost)));
    assert!(pipe.sent(0, "BYE") > 0);
}

#[test]
fn a_name_that_a_call_is_sent_to_is_of_the_domain_that_was_called() {
    let mut two = config(1);
    let second = trialog_sip::Uri::parse("sip:sales@second.test").expect("uri");
    two.accounts.push(Account::direct(second));
    let mut pipe = Pipe::with(vec![config(0), two], 3);
    pipe.dial(0, Target("sip:sales@10.0.0.2".to_owned()));
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(1);
    let target = Target("77".to_owned());
    pipe.act(1, Action::Redirect { leg, target });
    let moved = pipe.last(1, "SIP/2.0 302");
    assert_eq!(header(moved, "Contact"), "<sip:77@second.test>");
}

#[test]
fn calls_survive_a_network_that_loses_doubles_and_reorders() {
    for seed in 1..=60 {
        let configs = (0..2).map(crate::support::config).collect();
        let mut pipe = Pipe::with(configs, seed);
        pipe.loss = 200;
        pipe.doubled = 200;
        pipe.jitter = Duration::from_millis(300);
        let placed = pipe.dial(0, target(1));
        pipe.run(Duration::from_secs(25));
        let (received, _) = pipe.incoming(1);
        pipe.act(1, Action::Ring(received));
        pipe.run(Duration::from_secs(2));
        pipe.act(1, Action::Answer(received));
        pipe.run(Duration::from_secs(20));
        assert!(
            pipe.has(0, placed, |event| matches!(event, WireEvent::Answered(_))),
            "seed {seed}"
        );
        pipe.reinvite(0, placed, Direction::SendOnly);
        pipe.run(Duration::from_secs(20));
        pipe.reinvite(1, received, Direction::SendRecv);
        pipe.reinvite(0, placed, Direction::SendRecv);
        pipe.run(Duration::from_secs(40));
        assert_eq!(
            pipe.count_of(0, placed, |event| matches!(
                event,
                WireEvent::Renegotiated(_)
            )),
            2,
            "seed {seed}: {:?}",
            pipe.events(0, placed)
        );
        pipe.bye(1, received);
        pipe.run(Duration::from_secs(40));
        assert!(
            pipe.has(1, received, |event| *event == WireEvent::Gone),
            "seed {seed}"
        );
        pipe.loss = 0;
        pipe.assert_idle();
    }
}

#[test]
fn a_cancel_that_comes_after_the_answer_ends_the_call_all_the_same() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.act(0, Action::Cancel(placed));
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| *event == WireEvent::Gone));
    assert!(pipe.has(1, received, |event| *event
        == WireEvent::Ended(EndCause::Bye)));
    pipe.assert_idle();
}
