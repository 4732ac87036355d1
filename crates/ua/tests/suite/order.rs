//! What must wait for what, and what must be forgotten: each test here is one that a careless user agent fails.
use crate::support::{Pipe, config, header, reply, sdp, target};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{
    AccountId, Action, ByeReason, Direction, EndCause, LegId, ReferTo, SessionIntent, Target,
    WireEvent,
};
use trialog_sip::Uri;
use trialog_sip::digest::{Algorithm, Challenge, Secret};
use trialog_ua::Account;

fn stranger() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

/// A call to the stranger that is up, and the INVITE that began it.
fn with_stranger(pipe: &mut Pipe) -> (LegId, String) {
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let ok = reply(&invite, "200 OK", "s", &sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    (leg, invite)
}

fn in_dialog(invite: &str, method: &str, number: u32, more: &str) -> String {
    format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method}{number}\r\n\
         From: <sip:team@10.0.0.9>;tag=s\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\n{more}\r\n",
        header(invite, "From"),
        header(invite, "Call-ID")
    )
}

#[test]
fn an_ack_of_another_number_confirms_nothing() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = with_stranger(&mut pipe);
    let reinvite = in_dialog(&invite, "INVITE", 7, &sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &reinvite);
    pipe.run_ms(50);
    pipe.inject(stranger(), 0, &in_dialog(&invite, "ACK", 6, ""));
    pipe.run_ms(1_000);
    assert_eq!(pipe.sent(0, "SIP/2.0 200"), 2, "the 2xx is sent again");
    pipe.inject(stranger(), 0, &in_dialog(&invite, "ACK", 7, ""));
    pipe.run(Duration::from_secs(5));
    assert_eq!(pipe.sent(0, "SIP/2.0 200"), 2);
    let ok = pipe.last(0, "SIP/2.0 200");
    assert_eq!(header(ok, "To").matches("tag=").count(), 1);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_bye_does_not_overtake_the_notify_before_it() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.run_ms(50);
    pipe.act(1, Action::AcceptReferral(received));
    pipe.run_ms(50);
    let mut dropped = false;
    pipe.filter = Some(Box::new(move |seen| {
        seen.text.starts_with("NOTIFY") && !std::mem::replace(&mut dropped, true)
    }));
    pipe.act(
        1,
        Action::ReferralResult {
            leg: received,
            status: 200,
        },
    );
    pipe.bye(1, received);
    pipe.run(Duration::from_secs(2));
    let mut events = pipe.events(0, placed);
    events.retain(|event| !matches!(event, WireEvent::Reason(_)));
    assert_eq!(
        events[events.len() - 2..],
        [
            WireEvent::ReferNotified { status: 200 },
            WireEvent::Ended(EndCause::Bye)
        ]
    );
    assert_eq!(pipe.sent(0, "SIP/2.0 500"), 0);
    pipe.assert_idle();
}

#[test]
fn a_bye_waits_no_longer_than_a_moment_for_an_answer_that_does_not_come() {
    let mut pipe = Pipe::of(2);
    let (placed, _) = pipe.call(0, 1);
    pipe.filter = Some(Box::new(|_| true));
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg: placed, to });
    pipe.act(
        0,
        Action::Bye {
            leg: placed,
            reason: ByeReason::ShuttingDown,
        },
    );
    pipe.run_ms(800);
    assert!(header(pipe.last(0, "BYE"), "Reason").contains("cause=503"));
}

#[test]
fn a_lost_info_does_not_hold_up_a_hold_and_is_sent_again() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    // The INFO is lost for 3 s.
    let back = pipe.now + Duration::from_secs(3);
    pipe.filter = Some(Box::new(move |seen| {
        seen.text.starts_with("INFO") && seen.at < back
    }));
    let info = trialog_call::Info::YouAreOwner;
    pipe.act(0, Action::Inform { leg: placed, info });
    pipe.run_ms(50);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.run_ms(650);
    assert_eq!(pipe.sent(0, "INVITE"), 1, "it waits a moment");
    pipe.run_ms(200);
    assert!(pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    pipe.run(Duration::from_secs(3));
    // RFC 3261 §12.2.2: it was overtaken, and refused for that.
    assert_eq!(pipe.sent(1, "SIP/2.0 500"), 1);
    let told = WireEvent::Informed(info);
    assert_eq!(pipe.count_of(1, received, |event| *event == told), 1);
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn no_reinvite_is_sent_before_the_ack_of_the_first_2xx() {
    let mut pipe = Pipe::of(2);
    let mut dropped = false;
    pipe.filter = Some(Box::new(move |seen| {
        seen.text.starts_with("ACK") && !std::mem::replace(&mut dropped, true)
    }));
    pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(50);
    pipe.reinvite(1, received, Direction::SendOnly);
    pipe.run_ms(100);
    assert_eq!(pipe.sent(1, "INVITE"), 0);
    pipe.run(Duration::from_secs(1));
    assert_eq!(pipe.sent(1, "INVITE"), 1);
    assert!(pipe.has(1, received, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    pipe.bye(1, received);
    pipe.assert_idle();
}

#[test]
fn a_reinvite_of_the_caller_stands_for_the_ack_that_was_lost() {
    let mut pipe = Pipe::of(2);
    pipe.filter = Some(Box::new(|seen| seen.text.starts_with("ACK")));
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(50);
    assert!(!pipe.has(1, received, |event| *event == WireEvent::Confirmed));
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.run_ms(50);
    pipe.filter = None;
    assert!(pipe.has(1, received, |event| *event == WireEvent::Confirmed));
    pipe.run(Duration::from_secs(2));
    assert!(pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Renegotiated(_)
    )));
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_second_wish_waits_for_the_final_answer_to_the_first() {
    let mut pipe = Pipe::of(1);
    let (leg, _) = with_stranger(&mut pipe);
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    let first = pipe.last(0, "INVITE").to_owned();
    pipe.inject(stranger(), 0, &reply(&first, "100 Trying", "", ""));
    pipe.run_ms(50);
    pipe.reinvite(0, leg, Direction::SendRecv);
    pipe.run_ms(500);
    assert_eq!(pipe.last(0, "INVITE"), first);
    let ok = reply(&first, "200 OK", "", &sdp("sip:one@10.0.0.9", "recvonly"));
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    assert!(pipe.last(0, "INVITE").contains("a=sendrecv"));
    let second = pipe.last(0, "INVITE").to_owned();
    let ok = reply(&second, "200 OK", "", &sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(50);
    assert_eq!(
        pipe.count_of(0, leg, |event| matches!(event, WireEvent::Renegotiated(_))),
        1
    );
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_refused_hold_leaves_no_trace_in_the_next_answer() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = with_stranger(&mut pipe);
    let session = SessionIntent {
        direction: Direction::SendOnly,
        focus: true,
    };
    pipe.act(0, Action::Reinvite { leg, session });
    pipe.run_ms(50);
    let reinvite = pipe.last(0, "INVITE").to_owned();
    pipe.inject(
        stranger(),
        0,
        &reply(&reinvite, "488 Not Acceptable Here", "", ""),
    );
    pipe.run_ms(50);
    let theirs = in_dialog(&invite, "INVITE", 7, &sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &theirs);
    pipe.run_ms(50);
    let ok = pipe.last(0, "SIP/2.0 200").to_owned();
    assert!(ok.contains("a=sendrecv"), "{ok}");
    assert!(!header(&ok, "Contact").contains("isfocus"));
    pipe.inject(stranger(), 0, &in_dialog(&invite, "ACK", 7, ""));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_dialog_that_we_are_ending_can_not_be_replaced() {
    let mut pipe = Pipe::of(3);
    let (placed, received) = pipe.call(0, 1);
    let (invite, ok) = (
        pipe.last(0, "INVITE").to_owned(),
        pipe.last(1, "SIP/2.0 200").to_owned(),
    );
    let tag = |value: &str| value.split("tag=").nth(1).expect("tag").to_owned();
    pipe.filter = Some(Box::new(|seen| seen.text.starts_with("BYE")));
    pipe.bye(1, received);
    let uri = format!(
        "sip:user1@10.0.0.2?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
        header(&invite, "Call-ID"),
        tag(header(&ok, "To")),
        tag(header(&invite, "From"))
    );
    let third = pipe.dial(2, Target(uri));
    pipe.run_ms(100);
    assert_eq!(pipe.events(2, third), [WireEvent::Refused { status: 603 }]);
    pipe.filter = None;
    let _ = placed;
    pipe.assert_idle();
}

#[test]
fn referred_by_names_us_as_the_party_in_refer_to_knows_us() {
    // The customer called one account of the owner; the owner consults from another.
    let mut configs: Vec<_> = (0..3).map(config).collect();
    let second = Uri::parse("sip:desk@10.0.0.2").expect("uri");
    configs[1].accounts.push(Account::direct(second));
    let mut pipe = Pipe::with(configs, 4);
    let (customer, to_customer) = pipe.call(0, 1);
    let to_guest = LegId::Placed(50);
    pipe.act(
        1,
        Action::Invite {
            leg: to_guest,
            account: AccountId(1),
            target: target(2),
            as_guest: true,
            referral: None,
        },
    );
    pipe.run_ms(50);
    let (guest, incoming) = pipe.incoming(2);
    assert_eq!(incoming.from.uri.as_deref(), Some("sip:desk@10.0.0.2"));
    pipe.act(2, Action::Answer(guest));
    pipe.run_ms(50);
    let to = ReferTo::Leg(to_customer);
    pipe.act(1, Action::Refer { leg: to_guest, to });
    pipe.run_ms(50);
    assert_eq!(
        header(pipe.last(1, "REFER"), "Referred-By"),
        "<sip:user1@10.0.0.2>"
    );
    pipe.act(2, Action::AcceptReferral(guest));
    let asked = pipe
        .events(2, guest)
        .into_iter()
        .find_map(|event| match event {
            WireEvent::Referred(referral) => Some(referral),
            _ => None,
        });
    pipe.act(
        2,
        Action::Invite {
            leg: LegId::Placed(60),
            account: AccountId(0),
            target: asked.expect("a REFER came").to,
            as_guest: false,
            referral: Some(guest),
        },
    );
    pipe.run_ms(50);
    let (_, replacing) = pipe.incoming(0);
    assert_eq!(
        (replacing.replaces, replacing.by_peer),
        (Some(customer), true)
    );
}

#[test]
fn a_second_refer_while_one_is_undecided_gets_491() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = with_stranger(&mut pipe);
    let refer = |number| {
        let more = "Contact: <sip:one@10.0.0.9>\r\nRefer-To: <sip:a@10.0.0.8>\r\n";
        in_dialog(&invite, "REFER", number, more)
    };
    pipe.inject(stranger(), 0, &refer(3));
    pipe.run_ms(50);
    pipe.inject(stranger(), 0, &refer(4));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SIP/2.0 491"), 1);
    assert_eq!(
        pipe.count_of(0, leg, |event| matches!(event, WireEvent::Referred(_))),
        1
    );
    // Two Refer-To, or none that can be read, are 400.
    pipe.act(0, Action::RefuseReferral { leg, status: 603 });
    pipe.inject(
        stranger(),
        0,
        &in_dialog(
            &invite,
            "REFER",
            5,
            "Refer-To: <sip:a@b>\r\nRefer-To: <sip:c@d>\r\n",
        ),
    );
    pipe.inject(
        stranger(),
        0,
        &in_dialog(&invite, "REFER", 6, "Refer-To: nonsense\r\n"),
    );
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SIP/2.0 400"), 2);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn credentials_go_only_to_whoever_asked_for_them() {
    let mut own = config(0);
    own.accounts[0].password = Some(Secret::new("secret"));
    own.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
    own.accounts[0].realm = Some("r".to_owned());
    let mut pipe = Pipe::with(vec![own], 6);
    pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let challenge = Challenge::new("r", "n", Algorithm::Md5);
    let asked = format!("WWW-Authenticate: {challenge}\r\n");
    let invite = pipe.last(0, "INVITE").to_owned();
    pipe.inject(
        stranger(),
        0,
        &reply(&invite, "401 Unauthorized", "x", &asked),
    );
    pipe.run_ms(50);
    assert!(pipe.last(0, "INVITE").contains("Authorization: Digest"));
    pipe.dial(0, Target("sip:team@10.0.0.8".to_owned()));
    assert!(!pipe.last(0, "INVITE").contains("Authorization"));
    pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    assert!(pipe.last(0, "INVITE").contains("nc=00000002"));
}

#[test]
fn a_transport_error_ends_only_what_nobody_has_answered() {
    use trialog_ua::{Input, Peer, Transport};
    let error = || Input::TransportError(Peer::at(Transport::Udp, crate::support::addr(1)));
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.input(0, error());
    assert_eq!(pipe.events(0, placed), [WireEvent::Refused { status: 503 }]);
    let ringing = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Ring(received));
    pipe.run_ms(50);
    pipe.input(0, error());
    assert!(!pipe.has(0, ringing, |event| matches!(
        event,
        WireEvent::Refused { .. }
    )));
    pipe.act(0, Action::Cancel(ringing));
    for leg in [LegId::Received(1), LegId::Received(2)] {
        pipe.act(1, Action::Reject { leg, status: 486 });
    }
    pipe.assert_idle();
}

#[test]
fn a_withdrawal_that_nobody_knows_is_over_when_no_notify_can_come_any_more() {
    let mut pipe = Pipe::of(1);
    let (leg, _) = with_stranger(&mut pipe);
    let to = ReferTo::Target(target(5));
    pipe.act(0, Action::Refer { leg, to });
    pipe.run_ms(50);
    let refer = pipe.last(0, "REFER").to_owned();
    pipe.inject(stranger(), 0, &reply(&refer, "202 Accepted", "", ""));
    pipe.run_ms(50);
    pipe.act(0, Action::WithdrawRefer(leg));
    pipe.run_ms(50);
    let subscribe = pipe.last(0, "SUBSCRIBE").to_owned();
    let gone = reply(&subscribe, "481 Subscription Does Not Exist", "", "");
    pipe.inject(stranger(), 0, &gone);
    pipe.run(Duration::from_secs(31));
    let over = |event: &WireEvent| *event == WireEvent::ReferNotified { status: 0 };
    assert!(!pipe.has(0, leg, over));
    pipe.run(Duration::from_secs(2));
    assert!(pipe.has(0, leg, over));
    // The call itself goes on.
    assert!(!pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_refer_that_waits_for_its_turn_is_withdrawn_unsent() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = with_stranger(&mut pipe);
    let to = ReferTo::Target(target(5));
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.act(0, Action::Refer { leg, to });
    pipe.act(0, Action::WithdrawRefer(leg));
    let ok = sdp("sip:one@10.0.0.9", "recvonly");
    let ok = reply(pipe.last(0, "INVITE"), "200 OK", "", &ok);
    pipe.inject(stranger(), 0, &ok);
    pipe.run_ms(1_000);
    let none = [pipe.sent(0, "REFER"), pipe.sent(0, "SUBSCRIBE")];
    assert_eq!(none, [0, 0]);
    // The next one is the dialog's first: its NOTIFY may have no id (RFC 3515 §2.4.6).
    let to = ReferTo::Target(target(6));
    pipe.act(0, Action::Refer { leg, to });
    let last = "Event: refer\r\nSubscription-State: terminated\r\n";
    pipe.inject(stranger(), 0, &in_dialog(&invite, "NOTIFY", 8, last));
    pipe.run_ms(50);
    let over = |event: &WireEvent| *event == WireEvent::ReferNotified { status: 0 };
    assert!(pipe.has(0, leg, over));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_refer_from_outside_is_withdrawn_in_its_own_dialog() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = with_stranger(&mut pipe);
    let tag = header(&invite, "From").split("tag=").nth(1).expect("tag");
    let refer = format!(
        "REFER sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKout\r\n\
         From: <sip:other@10.0.0.9>;tag=o\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: out\r\nCSeq: 1 REFER\r\n\
         Contact: <sip:other@10.0.0.9>\r\nRefer-To: <sip:a@10.0.0.8>\r\n\
         Target-Dialog: {};local-tag=s;remote-tag={tag}\r\n\r\n",
        header(&invite, "Call-ID"),
    );
    // The leg's own dialog has come further than the other will.
    pipe.inject(stranger(), 0, &in_dialog(&invite, "OPTIONS", 500, ""));
    pipe.inject(stranger(), 0, &refer);
    pipe.run_ms(50);
    pipe.act(0, Action::AcceptReferral(leg));
    pipe.run_ms(50);
    let notify = pipe.last(0, "NOTIFY").to_owned();
    pipe.inject(stranger(), 0, &reply(&notify, "200 OK", "", ""));
    let subscribe = format!(
        "SUBSCRIBE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKsub\r\n\
         From: <sip:other@10.0.0.9>;tag=o\r\nTo: {}\r\nCall-ID: out\r\nCSeq: 2 SUBSCRIBE\r\n\
         Event: refer\r\nExpires: 0\r\n\r\n",
        header(&notify, "From"),
    );
    pipe.inject(stranger(), 0, &subscribe);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::ReferralWithdrawn));
    let last = pipe.last(0, "NOTIFY").to_owned();
    assert_eq!(header(&last, "Call-ID"), "out");
    assert!(header(&last, "Subscription-State").starts_with("terminated"));
    pipe.inject(stranger(), 0, &reply(&last, "200 OK", "", ""));
    pipe.bye(0, leg);
    pipe.assert_idle();
}
