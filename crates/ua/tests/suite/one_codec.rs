//! An answer to our offer with several codecs is narrowed to one by a second offer (RFC 3264 §10.2).
use crate::support::{Pipe, config, header, reply};
use std::net::SocketAddr;
use trialog_call::{Direction, LegId, Target, WireEvent};
use trialog_sdp::Codec;
use trialog_ua::Config;

fn called() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

/// Headers and body of an answer with these payload numbers: 8 is PCMA, 0 PCMU.
fn answer(payloads: &str, more: &str) -> String {
    format!(
        "{more}Contact: <sip:team@10.0.0.9>\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\n\
         c=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP {payloads}\r\n"
    )
}

const UPDATE: &str = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n";

/// A call of ours that was answered with PCMA and PCMU.
fn answered_with_two(config: Config, more: &str) -> (Pipe, LegId) {
    let mut pipe = Pipe::with(vec![config], 5);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    pipe.forget_events();
    respond(&mut pipe, &invite, "200 OK", &answer("8 0", more));
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    (pipe, leg)
}

fn respond(pipe: &mut Pipe, request: &str, status: &str, more: &str) {
    pipe.inject(called(), 0, &reply(request, status, "one", more));
    pipe.run_ms(50);
}

/// The payload numbers of the audio line, without those of telephone-event.
fn payloads(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("m=audio"));
    let numbers = line.and_then(|line| line.split_once("RTP/AVP "));
    let (_, numbers) = numbers.expect("an offer");
    let is_event = |number: &&str| text.contains(&format!("a=rtpmap:{number} telephone-event"));
    let codecs = numbers.split(' ').filter(|number| !is_event(number));
    codecs.collect::<Vec<_>>().join(" ")
}

#[test]
fn rfc_3264_an_answer_with_several_codecs_is_narrowed_to_the_first_by_a_re_invite() {
    let (mut pipe, leg) = answered_with_two(config(0), "");
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    let second = pipe.last(0, "INVITE").to_owned();
    assert_eq!(payloads(&second), "8");
    respond(&mut pipe, &second, "200 OK", &answer("8", ""));
    assert_eq!(pipe.sent(0, "ACK"), 2);
    assert_eq!(
        pipe.ends[0].media[&leg].receive_payloads,
        [(8, Codec::Pcma)]
    );
    assert!(
        !pipe.has(0, leg, |event| matches!(event, WireEvent::Renegotiated(_))),
        "the core did not ask for it"
    );
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    let hold = pipe.last(0, "INVITE").to_owned();
    assert_eq!(payloads(&hold), "8", "a hold keeps it");
    respond(&mut pipe, &hold, "200 OK", &answer("8", ""));
    assert_eq!(pipe.sent(0, "INVITE"), 2);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3311_an_answer_with_several_codecs_is_narrowed_by_an_update_where_that_is_allowed() {
    let (mut pipe, leg) = answered_with_two(config(0), UPDATE);
    assert_eq!(pipe.sent(0, "INVITE"), 0);
    let update = pipe.last(0, "UPDATE").to_owned();
    assert_eq!(payloads(&update), "8");
    assert!(!header(&update, "Contact").is_empty());
    respond(&mut pipe, &update, "200 OK", &answer("8", UPDATE));
    assert_eq!(
        pipe.ends[0].media[&leg].receive_payloads,
        [(8, Codec::Pcma)]
    );
    assert_eq!(pipe.sent(0, "UPDATE") + pipe.sent(0, "INVITE"), 1);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3264_a_hold_that_is_wanted_meanwhile_narrows_by_itself() {
    let mut pipe = Pipe::with(vec![config(0)], 5);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.forget_events();
    respond(&mut pipe, &invite, "200 OK", &answer("8 0", UPDATE));
    assert_eq!(pipe.sent(0, "UPDATE"), 0);
    let hold = pipe.last(0, "INVITE").to_owned();
    assert_eq!(payloads(&hold), "8");
    assert!(hold.contains("a=sendonly"));
    respond(&mut pipe, &hold, "200 OK", &answer("8", UPDATE));
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Renegotiated(_))));
    assert_eq!(pipe.sent(0, "UPDATE") + pipe.sent(0, "INVITE"), 1);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3264_a_far_side_that_refuses_one_codec_is_asked_once_and_the_call_goes_on() {
    for (status, answers) in [("488 Not Acceptable Here", ""), ("500 Server Error", "")] {
        let (mut pipe, leg) = answered_with_two(config(0), UPDATE);
        let update = pipe.last(0, "UPDATE").to_owned();
        respond(&mut pipe, &update, status, answers);
        assert_eq!(pipe.ends[0].media[&leg].receive_payloads.len(), 2);
        pipe.run_ms(30_000);
        assert_eq!(pipe.sent(0, "UPDATE") + pipe.sent(0, "INVITE"), 1);
        pipe.reinvite(0, leg, Direction::SendOnly);
        pipe.run_ms(50);
        let hold = pipe.last(0, "INVITE").to_owned();
        assert!(payloads(&hold).starts_with("8 "), "all, that one first");
        respond(&mut pipe, &hold, "200 OK", &answer("8 0", UPDATE));
        assert_eq!(pipe.sent(0, "UPDATE") + pipe.sent(0, "INVITE"), 2);
        assert!(!pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_))));
        pipe.bye(0, leg);
        pipe.assert_idle();
    }
}

#[test]
fn rfc_3311_an_update_that_is_not_taken_is_followed_by_a_re_invite() {
    let (mut pipe, leg) = answered_with_two(config(0), UPDATE);
    let update = pipe.last(0, "UPDATE").to_owned();
    respond(&mut pipe, &update, "501 Not Implemented", "");
    let second = pipe.last(0, "INVITE").to_owned();
    assert_eq!(payloads(&second), "8");
    respond(&mut pipe, &second, "200 OK", &answer("8", UPDATE));
    assert_eq!(
        pipe.ends[0].media[&leg].receive_payloads,
        [(8, Codec::Pcma)]
    );
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3311_an_update_that_meets_an_offer_is_tried_again_and_one_without_an_answer_changes_nothing()
{
    let (mut pipe, leg) = answered_with_two(config(0), UPDATE);
    let update = pipe.last(0, "UPDATE").to_owned();
    respond(&mut pipe, &update, "491 Request Pending", "");
    pipe.run_ms(5_000);
    let again = pipe.last(0, "UPDATE").to_owned();
    assert_ne!(header(&again, "CSeq"), header(&update, "CSeq"));
    respond(
        &mut pipe,
        &again,
        "200 OK",
        "Contact: <sip:team@10.0.0.9>\r\n",
    );
    assert_eq!(pipe.ends[0].media[&leg].receive_payloads.len(), 2);
    assert_eq!(pipe.requests(0, "UPDATE"), 2);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn a_phone_that_is_told_so_leaves_an_answer_with_several_codecs_as_it_is() {
    let mut config = config(0);
    config.lock_codec = false;
    let (mut pipe, leg) = answered_with_two(config, UPDATE);
    pipe.run_ms(5_000);
    assert_eq!(pipe.sent(0, "UPDATE") + pipe.sent(0, "INVITE"), 0);
    assert_eq!(pipe.ends[0].media[&leg].receive_payloads.len(), 2);
    pipe.bye(0, leg);
    pipe.assert_idle();
}
