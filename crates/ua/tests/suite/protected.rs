//! SRTP by keys in SDP (RFC 4568) between two user agents.
use crate::support::{Pipe, config, target};
use trialog_call::{AccountId, Action, Direction, LegId, Target, WireEvent};
use trialog_sdp::Protection;
use trialog_ua::{Peer, Transport};

/// Two phones, which are called by this transport.
fn pipe(protections: [Protection; 2], transport: Transport) -> Pipe {
    let configs = protections.into_iter().enumerate();
    let configs = configs.map(|(index, srtp)| {
        let mut config = config(index);
        config.srtp = srtp;
        config.accounts[0].transport = transport;
        config.contacts.tls = Some(config.contacts.udp);
        config
    });
    Pipe::with(configs.collect(), 3)
}

fn invite(pipe: &mut Pipe) -> LegId {
    let leg = LegId::Placed(7);
    pipe.act(
        0,
        Action::Invite {
            leg,
            account: AccountId(0),
            // At the port that the pipe knows.
            target: Target(format!("{}:5060", target(1).0)),
            as_guest: false,
            referral: None,
        },
    );
    pipe.run_ms(100);
    leg
}

/// Whether the first INVITE has keys, and its profile.
fn offered(pipe: &Pipe) -> (bool, bool) {
    let invite = pipe
        .seen
        .iter()
        .find(|seen| seen.text.starts_with("INVITE "));
    let text = &invite.expect("an INVITE").text;
    (text.contains("a=crypto:"), text.contains(" RTP/SAVP "))
}

#[test]
fn keys_are_offered_where_the_call_goes_by_tls_or_must_have_them() {
    for (protection, transport, expected) in [
        (Protection::Off, Transport::Tls, (false, false)),
        (Protection::Offer, Transport::Udp, (false, false)),
        (Protection::Offer, Transport::Tcp, (false, false)),
        (Protection::Offer, Transport::Tls, (true, false)),
        (Protection::Require, Transport::Udp, (true, true)),
    ] {
        let mut pipe = pipe([protection, Protection::Offer], transport);
        invite(&mut pipe);
        assert_eq!(offered(&pipe), expected, "{protection:?} {transport:?}");
        let heard_before = !pipe.ends[0].offered.is_empty();
        assert_eq!(heard_before, !expected.0, "what is protected can't be told");
    }
}

#[test]
fn both_sides_have_each_others_keys_which_stay_while_one_holds_the_other() {
    let mut pipe = pipe([Protection::Offer, Protection::Offer], Transport::Tls);
    let placed = invite(&mut pipe);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(100);
    let keys = |pipe: &Pipe| {
        let ours = pipe.ends[0].media[&placed].srtp.clone().expect("keys");
        let theirs = pipe.ends[1].media[&received].srtp.clone().expect("keys");
        assert_eq!((&ours.ours, &ours.theirs), (&theirs.theirs, &theirs.ours));
        ours
    };
    let first = keys(&pipe);
    for (end, leg, direction) in [
        (0, placed, Direction::SendOnly),
        (0, placed, Direction::SendRecv),
        (1, received, Direction::SendOnly),
        (1, received, Direction::SendRecv),
    ] {
        pipe.reinvite(end, leg, direction);
        pipe.run_ms(5_000);
        assert_eq!(keys(&pipe), first);
    }
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_call_without_keys_is_refused_where_they_are_required_and_says_why() {
    let mut pipe = pipe([Protection::Off, Protection::Require], Transport::Udp);
    let placed = invite(&mut pipe);
    assert!(pipe.has(0, placed, |event| matches!(
        event,
        WireEvent::Refused { status: 488 }
    )));
    let refusal = pipe
        .seen
        .iter()
        .find(|seen| seen.text.starts_with("SIP/2.0 488"));
    let refusal = &refusal.expect("a refusal").text;
    let why = "SRTP is required here, and there are no keys for it";
    assert!(
        refusal.contains("Warning: 302 ") && refusal.contains(why),
        "{refusal}"
    );
    pipe.run_out();
    pipe.assert_idle();
}

/// Whoever takes the keys out on the way gets no call in the clear.
#[test]
fn an_answer_without_keys_ends_a_call_that_must_have_them() {
    let mut pipe = pipe([Protection::Require, Protection::Offer], Transport::Udp);
    let placed = invite(&mut pipe);
    let (received, _) = pipe.incoming(1);
    pipe.filter = Some(Box::new(|seen| seen.text.starts_with("SIP/2.0 200")));
    pipe.act(1, Action::Answer(received));
    let answer = pipe.seen.last().expect("a 200").text.clone();
    pipe.filter = None;
    let lines = answer.split_inclusive("\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: String = body
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("a=crypto"))
        .collect();
    assert!(lines.count() > 10);
    let head: String = head
        .split("\r\n")
        .filter(|line| !line.starts_with("Content-Length"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let length = body.len();
    let text = format!("{head}Content-Length: {length}\r\n\r\n{body}");
    let from = Peer::at(Transport::Udp, crate::support::addr(1)).address;
    pipe.inject(from, 0, &text);
    pipe.run_ms(100);
    assert!(!pipe.ends[0].media.contains_key(&placed));
    assert!(pipe.sent(0, "BYE") == 1, "{:?}", pipe.ends[0].events);
}
