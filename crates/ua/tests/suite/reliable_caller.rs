//! Provisional responses of the far side that are acknowledged (RFC 3262), and UPDATE in their dialogs (RFC 3311), as the caller.
use crate::support::{Pipe, config, header, reply, sdp};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{Direction, LegId, Target, WireEvent};
use trialog_sip::Uri;
use trialog_sip::digest::Secret;
use trialog_ua::{Account, Config, Reliable};

fn called() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

/// A call of ours that has reached the far side, and its INVITE.
fn calling(config: Config) -> (Pipe, LegId, String) {
    let mut pipe = Pipe::with(vec![config], 3);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    (pipe, leg, invite)
}

/// A provisional response that wants a PRACK comes from a fork; how many PRACKs it brought.
fn progress(pipe: &mut Pipe, invite: &str, tag: &str, rseq: u32, more: &str) -> usize {
    let more = match more {
        "" => format!("Contact: <sip:{tag}@10.0.0.9>\r\n"),
        more => more.to_owned(),
    };
    let more = format!("Require: 100rel\r\nRSeq: {rseq}\r\n{more}");
    let text = reply(invite, "183 Session Progress", tag, &more);
    let before = pipe.sent(0, "PRACK");
    pipe.inject(called(), 0, &text);
    pipe.run_ms(50);
    pipe.sent(0, "PRACK") - before
}

fn respond(pipe: &mut Pipe, request: &str, status: &str, tag: &str, more: &str) {
    pipe.inject(called(), 0, &reply(request, status, tag, more));
    pipe.run_ms(50);
}

/// The last PRACK is answered.
fn take_prack(pipe: &mut Pipe) -> String {
    let prack = pipe.last(0, "PRACK").to_owned();
    respond(pipe, &prack, "200 OK", "", "");
    prack
}

fn description(tag: &str) -> String {
    sdp(&format!("sip:{tag}@10.0.0.9"), "sendrecv")
}

/// A request in the dialog of the fork with this tag, and its answer.
fn ask(pipe: &mut Pipe, invite: &str, tag: &str, number: u32, more: &str) -> String {
    let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more, ""));
    let request = format!(
        "UPDATE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{tag}{number}\r\n\
         From: <sip:team@10.0.0.9>;tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} UPDATE\r\n\
         Max-Forwards: 70\r\n{more}\r\nContent-Length: {}\r\n\r\n{body}",
        header(invite, "From"),
        header(invite, "Call-ID"),
        body.len()
    );
    let before = pipe.raw.len();
    pipe.inject(called(), 0, &request);
    pipe.run_ms(50);
    pipe.raw[before].2.clone()
}

#[test]
fn rfc_3262_each_provisional_response_is_acknowledged_in_its_order() {
    let (mut pipe, leg, invite) = calling(config(0));
    assert!(header(&invite, "Supported").contains("100rel"));
    assert!(header(&invite, "Allow").contains("PRACK"));
    assert_eq!(header(&invite, "Require"), "");
    assert_eq!(progress(&mut pipe, &invite, "one", 7, ""), 1);
    let prack = take_prack(&mut pipe);
    assert!(prack.starts_with("PRACK sip:one@10.0.0.9"));
    let number: u32 = cseq(&invite);
    assert_eq!(header(&prack, "RAck"), format!("7 {number} INVITE"));
    assert_eq!(cseq(&prack), number + 1);
    assert!(header(&prack, "To").ends_with("tag=one"));
    assert_eq!(progress(&mut pipe, &invite, "one", 7, ""), 0, "a copy");
    assert_eq!(progress(&mut pipe, &invite, "one", 9, ""), 0, "too early");
    assert_eq!(progress(&mut pipe, &invite, "one", 8, ""), 1);
    take_prack(&mut pipe);
    assert_eq!(progress(&mut pipe, &invite, "one", 9, ""), 1);
    take_prack(&mut pipe);
    respond(&mut pipe, &invite, "200 OK", "one", &description("one"));
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    pipe.bye(0, leg);
    // Its numbers go on from the PRACKs'.
    assert_eq!(cseq(pipe.last(0, "BYE")), number + 4);
    pipe.assert_idle();
}

fn cseq(text: &str) -> u32 {
    let number = header(text, "CSeq").split(' ').next().unwrap_or_default();
    number.parse().expect("a number")
}

#[test]
fn rfc_3262_a_prack_that_is_lost_is_sent_again_with_its_own_number() {
    let (mut pipe, leg, invite) = calling(config(0));
    assert_eq!(progress(&mut pipe, &invite, "one", 1, ""), 1);
    let first = pipe.last(0, "PRACK").to_owned();
    pipe.run(Duration::from_secs(2));
    // The far side says it again, too: that asks for no other.
    assert_eq!(progress(&mut pipe, &invite, "one", 1, ""), 0);
    pipe.run(Duration::from_secs(2));
    assert!(pipe.sent(0, "PRACK") >= 4);
    assert_eq!(pipe.last(0, "PRACK"), first);
    take_prack(&mut pipe);
    respond(&mut pipe, &invite, "486 Busy Here", "one", "");
    assert!(pipe.has(0, leg, |event| matches!(
        event,
        WireEvent::Refused { status: 486 }
    )));
    pipe.assert_idle();
}

#[test]
fn rfc_3262_each_fork_has_numbers_of_its_own() {
    let (mut pipe, leg, invite) = calling(config(0));
    for (tag, rseq, pracks) in [
        ("one", 5, 1),
        ("two", 90, 1),
        ("two", 91, 1),
        ("one", 91, 0),
        ("one", 6, 1),
    ] {
        assert_eq!(
            progress(&mut pipe, &invite, tag, rseq, ""),
            pracks,
            "{tag} {rseq}"
        );
        if pracks > 0 {
            let prack = take_prack(&mut pipe);
            assert!(prack.starts_with(&format!("PRACK sip:{tag}@10.0.0.9")));
        }
    }
    respond(&mut pipe, &invite, "200 OK", "two", &description("two"));
    pipe.bye(0, leg);
    assert!(pipe.last(0, "BYE").starts_with("BYE sip:two@10.0.0.9"));
    pipe.assert_idle();
}

#[test]
fn rfc_6337_the_first_description_that_is_acknowledged_is_the_answer() {
    let (mut pipe, leg, invite) = calling(config(0));
    progress(&mut pipe, &invite, "one", 1, &description("one"));
    take_prack(&mut pipe);
    assert_eq!(pipe.ends[0].media[&leg].remote.port(), 4000);
    // RFC 3261 §13.2.1: those that follow are passed over.
    let other = description("one").replace("audio 4000", "audio 5000");
    progress(&mut pipe, &invite, "one", 2, &other);
    take_prack(&mut pipe);
    respond(&mut pipe, &invite, "200 OK", "one", &other);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    assert_eq!(pipe.ends[0].media[&leg].remote.port(), 4000);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3311_an_update_in_an_early_dialog_that_has_its_answer_changes_that_session() {
    let (mut pipe, leg, invite) = calling(config(0));
    progress(&mut pipe, &invite, "one", 1, &description("one"));
    take_prack(&mut pipe);
    let plain = reply(&invite, "183 Session Progress", "two", &description("two"));
    pipe.inject(called(), 0, &plain);
    pipe.run_ms(50);
    let other = description("one").replace("audio 4000", "audio 5000");
    let answer = ask(&mut pipe, &invite, "one", 10, &other);
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    assert_eq!(header(&answer, "Content-Type"), "application/sdp");
    assert_eq!(pipe.ends[0].media[&leg].remote.port(), 5000);
    let open = ask(&mut pipe, &invite, "two", 10, &other);
    assert!(open.starts_with("SIP/2.0 491"), "its answer may yet change");
    let bad = other
        .replace("RTP/AVP 8", "RTP/AVP 3")
        .replace("8 PCMA", "3 GSM");
    let bad = ask(&mut pipe, &invite, "one", 11, &bad);
    assert!(bad.starts_with("SIP/2.0 488"));
    respond(
        &mut pipe,
        &invite,
        "200 OK",
        "one",
        "Contact: <sip:one@10.0.0.9>\r\n",
    );
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    assert_eq!(pipe.ends[0].media[&leg].remote.port(), 5000);
    // The next offer is made upon what was agreed.
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    assert!(pipe.last(0, "INVITE").contains("a=sendonly"));
    let hold = pipe.last(0, "INVITE").to_owned();
    respond(
        &mut pipe,
        &hold,
        "200 OK",
        "",
        &sdp("sip:one@10.0.0.9", "recvonly"),
    );
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_a_prack_that_is_challenged_goes_again_with_credentials() {
    let mut config = config(0);
    config.accounts = vec![Account {
        outbound_proxy: Some(Uri::parse("sip:10.0.0.9;lr").expect("uri")),
        password: Some(Secret::new("secret")),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    let (mut pipe, leg, invite) = calling(config);
    assert_eq!(progress(&mut pipe, &invite, "one", 1, ""), 1);
    let first = pipe.last(0, "PRACK").to_owned();
    let asked = "Proxy-Authenticate: Digest realm=\"lab.test\", nonce=\"n1\", qop=\"auth\"\r\n";
    respond(
        &mut pipe,
        &first,
        "407 Proxy Authentication Required",
        "",
        asked,
    );
    let second = take_prack(&mut pipe);
    assert!(second.contains("Proxy-Authorization: Digest"));
    assert_eq!(cseq(&second), cseq(&first) + 1);
    assert_eq!(header(&second, "RAck"), header(&first, "RAck"));
    respond(&mut pipe, &invite, "200 OK", "one", &description("one"));
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_a_reinvite_has_its_answer_in_a_response_that_is_acknowledged() {
    let (mut pipe, leg, invite) = calling(config(0));
    respond(&mut pipe, &invite, "200 OK", "one", &description("one"));
    pipe.reinvite(0, leg, Direction::SendOnly);
    pipe.run_ms(50);
    let hold = pipe.last(0, "INVITE").to_owned();
    let held = sdp("sip:one@10.0.0.9", "recvonly");
    assert_eq!(progress(&mut pipe, &hold, "one", 3, &held), 1);
    let prack = take_prack(&mut pipe);
    assert_eq!(header(&prack, "RAck"), format!("3 {} INVITE", cseq(&hold)));
    assert_eq!(progress(&mut pipe, &hold, "one", 3, &held), 0);
    respond(
        &mut pipe,
        &hold,
        "200 OK",
        "one",
        "Contact: <sip:one@10.0.0.9>\r\n",
    );
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Renegotiated(_))));
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_a_call_that_was_given_up_is_cancelled_and_not_acknowledged() {
    let (mut pipe, leg, invite) = calling(config(0));
    pipe.act(0, trialog_call::Action::Cancel(leg));
    assert_eq!(progress(&mut pipe, &invite, "one", 1, ""), 0);
    assert_eq!(pipe.sent(0, "CANCEL"), 1);
    pipe.assert_idle();
}

#[test]
fn rfc_3262_where_it_is_off_nothing_is_acknowledged_and_where_it_is_required_the_invite_says_so() {
    let mut off = config(0);
    off.reliable = Reliable::Off;
    let (mut pipe, leg, invite) = calling(off);
    assert!(!header(&invite, "Supported").contains("100rel"));
    assert_eq!(
        progress(&mut pipe, &invite, "one", 1, &description("one")),
        0
    );
    respond(&mut pipe, &invite, "200 OK", "one", &description("one"));
    pipe.bye(0, leg);
    pipe.assert_idle();
    let mut required = config(0);
    required.reliable = Reliable::Required;
    let (mut pipe, leg, invite) = calling(required);
    assert_eq!(header(&invite, "Require"), "100rel");
    respond(
        &mut pipe,
        &invite,
        "420 Bad Extension",
        "one",
        "Unsupported: 100rel\r\n",
    );
    assert!(pipe.has(0, leg, |event| matches!(
        event,
        WireEvent::Refused { status: 420 }
    )));
    pipe.assert_idle();
}
