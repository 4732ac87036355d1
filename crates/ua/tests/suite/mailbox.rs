//! Voice messages that wait (RFC 3842), by a subscription of ours (RFC 6665) and unasked.
use crate::support::registrar::{answer as register_answer, registrar, with_registrar};
use crate::support::{Pipe, config, header, reply};
use std::time::Duration;
use trialog_call::AccountId;
use trialog_sip::digest::Secret;
use trialog_sip::{MessageSummary, Uri};
use trialog_ua::{Account, Contacts, Input};

const BODY: &str = "Messages-Waiting: yes\r\nVoice-Message: 4/8 (1/2)\r\n";

fn summary(new: u32, old: u32, urgent: u32) -> Option<MessageSummary> {
    Some(MessageSummary {
        waiting: new > 0,
        new,
        old,
        urgent,
    })
}

/// A phone that asks its registrar for its mailbox, and is registered.
fn registered() -> Pipe {
    let mut config = with_registrar();
    config.accounts[0].mailbox = Some(Uri::parse("sip:vm-agent@lab.test").expect("uri"));
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), 0, "it is not registered yet");
    let more = "Contact: <sip:agent@10.0.0.1:5060>;expires=86400\r\n";
    register_answer(&mut pipe, "200 OK", more);
    pipe
}

fn subscribe(pipe: &Pipe) -> String {
    pipe.last(0, "SUBSCRIBE").to_owned()
}

fn answer(pipe: &mut Pipe, status: &str, more: &str) {
    let text = reply(&subscribe(pipe), status, "n", more);
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
}

/// A NOTIFY of the last subscription by the fork with this tag; its answer's status.
fn notify(pipe: &mut Pipe, tag: &str, number: u32, state: &str, body: &str) -> String {
    let subscribe = subscribe(pipe);
    let text = format!(
        "NOTIFY sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.50;branch=z9hG4bK{tag}{number}{}\r\n\
         From: <sip:vm-agent@lab.test>;tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} NOTIFY\r\n\
         Contact: <sip:vm@10.0.0.50>\r\nMax-Forwards: 70\r\nEvent: message-summary\r\n\
         Subscription-State: {state}\r\nContent-Type: application/simple-message-summary\r\n\
         Content-Length: {}\r\n\r\n{body}",
        header(&subscribe, "Call-ID"),
        header(&subscribe, "From"),
        header(&subscribe, "Call-ID"),
        body.len()
    );
    let before = pipe.raw.len();
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
    let answers = pipe.raw[before..].iter();
    let mut answers = answers.filter(|(_, _, text)| text.starts_with("SIP/2.0"));
    let answer = answers.next().expect("an answer");
    answer.2.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// The subscription holds for ten minutes, and its state is told.
fn active() -> Pipe {
    let mut pipe = registered();
    answer(
        &mut pipe,
        "200 OK",
        "Expires: 600\r\nContact: <sip:vm@10.0.0.50>\r\n",
    );
    assert_eq!(notify(&mut pipe, "n", 1, "active;expires=600", BODY), "200");
    pipe
}

#[test]
fn rfc_3842_the_mailbox_is_subscribed_to_and_told_while_the_account_is_registered() {
    let mut pipe = active();
    let first = subscribe(&pipe);
    assert!(first.starts_with("SUBSCRIBE sip:vm-agent@lab.test"));
    assert_eq!(header(&first, "Event"), "message-summary");
    assert_eq!(
        header(&first, "Accept"),
        "application/simple-message-summary"
    );
    assert_eq!(header(&first, "Expires"), "600");
    assert!(!header(&first, "Contact").is_empty());
    let told: Vec<_> = pipe.ends[0]
        .mailboxes
        .iter()
        .map(|(_, told)| *told)
        .collect();
    assert_eq!(told, [summary(4, 8, 1)]);
    let heard = "Messages-Waiting: no\r\nVoice-Message: 0/12\r\n";
    assert_eq!(
        notify(&mut pipe, "n", 2, "active;expires=500", heard),
        "200"
    );
    assert_eq!(pipe.ends[0].mailboxes[1].1, summary(0, 12, 0));
    // A fork of the same SUBSCRIBE, and another package.
    assert_eq!(notify(&mut pipe, "other", 1, "active", BODY), "481");
    assert_eq!(pipe.ends[0].mailboxes.len(), 2);
    // It is refreshed in its dialog, and taken back with the registration.
    pipe.run(Duration::from_secs(380));
    let refresh = subscribe(&pipe);
    assert!(
        refresh.starts_with("SUBSCRIBE sip:vm@10.0.0.50"),
        "{refresh}"
    );
    assert_eq!(header(&refresh, "Call-ID"), header(&first, "Call-ID"));
    assert!(header(&refresh, "To").ends_with("tag=n"));
    answer(&mut pipe, "200 OK", "Expires: 600\r\n");
    assert_eq!(notify(&mut pipe, "n", 3, "active;expires=600", ""), "200");
    pipe.input(0, Input::Unregister(None));
    pipe.run_ms(50);
    let last = subscribe(&pipe);
    assert_eq!(header(&last, "Expires"), "0");
    assert_eq!(
        pipe.ends[0].mailboxes.last().map(|(_, told)| *told),
        Some(None)
    );
    answer(&mut pipe, "200 OK", "Expires: 0\r\n");
    register_answer(&mut pipe, "200 OK", "");
    pipe.assert_idle();
}

#[test]
fn rfc_6665_a_notify_may_come_before_the_answer_and_opens_the_dialog() {
    let mut pipe = registered();
    assert_eq!(notify(&mut pipe, "n", 1, "active;expires=600", BODY), "200");
    assert_eq!(notify(&mut pipe, "m", 1, "active;expires=600", BODY), "481");
    answer(&mut pipe, "200 OK", "Expires: 600\r\n");
    assert_eq!(pipe.ends[0].mailboxes.len(), 1);
    pipe.run(Duration::from_secs(460));
    assert!(subscribe(&pipe).starts_with("SUBSCRIBE sip:vm@10.0.0.50"));
}

#[test]
fn rfc_6665_a_subscription_that_the_far_side_has_lost_is_begun_anew() {
    for refusal in [Some("481 Subscription Does Not Exist"), None] {
        let mut pipe = active();
        let first = subscribe(&pipe);
        pipe.run(Duration::from_secs(455));
        if let Some(refusal) = refusal {
            answer(&mut pipe, refusal, "");
        } else {
            pipe.run(Duration::from_secs(40));
        }
        let anew = subscribe(&pipe);
        assert_ne!(header(&anew, "Call-ID"), header(&first, "Call-ID"));
        assert!(!header(&anew, "To").contains("tag="));
        answer(&mut pipe, "200 OK", "Expires: 600\r\n");
        assert_eq!(notify(&mut pipe, "n", 1, "active;expires=600", BODY), "200");
        assert_eq!(pipe.ends[0].mailboxes.len(), 2, "{refusal:?}");
    }
}

#[test]
fn rfc_6665_the_reason_of_an_end_says_when_to_ask_again() {
    for (state, again) in [
        ("terminated;reason=deactivated", 4),
        ("terminated;reason=timeout", 4),
        ("terminated;reason=probation;retry-after=200", 200),
        ("terminated;reason=giveup", 30),
        ("terminated", 30),
        ("terminated;reason=noresource", 1800),
        ("terminated;reason=rejected;retry-after=5", 1800),
    ] {
        let mut pipe = active();
        assert_eq!(notify(&mut pipe, "n", 2, state, BODY), "200");
        assert_eq!(
            pipe.ends[0].mailboxes.last().map(|(_, told)| *told),
            Some(None)
        );
        let (first, sent) = (subscribe(&pipe), pipe.sent(0, "SUBSCRIBE"));
        pipe.run(Duration::from_secs(again - 1));
        assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent, "{state}");
        pipe.run(Duration::from_secs(2));
        assert!(pipe.sent(0, "SUBSCRIBE") > sent, "{state}");
        assert_ne!(
            header(&subscribe(&pipe), "Call-ID"),
            header(&first, "Call-ID")
        );
    }
}

#[test]
fn rfc_6665_a_refused_subscription_is_tried_again_after_a_while_that_grows() {
    for (status, more, again) in [
        ("489 Bad Event", "", 1800),
        ("403 Forbidden", "", 1800),
        ("404 Not Found", "Retry-After: 60\r\n", 60),
        ("500 Server Internal Error", "", 30),
        ("503 Service Unavailable", "Retry-After: 100\r\n", 100),
    ] {
        let mut pipe = registered();
        answer(&mut pipe, status, more);
        let sent = pipe.sent(0, "SUBSCRIBE");
        pipe.run(Duration::from_secs(again - 1));
        assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent, "{status}");
        pipe.run(Duration::from_secs(2));
        assert!(pipe.sent(0, "SUBSCRIBE") > sent, "{status}");
        assert!(pipe.ends[0].mailboxes.is_empty());
    }
    let mut pipe = registered();
    pipe.run(Duration::from_secs(3_600));
    let tries = pipe.requests(0, "SUBSCRIBE");
    assert!((4..=9).contains(&tries), "nobody answers: {tries}");
}

#[test]
fn rfc_6665_a_longer_time_that_the_far_side_wants_is_asked_for() {
    let mut pipe = registered();
    answer(&mut pipe, "423 Interval Too Brief", "Min-Expires: 3600\r\n");
    assert_eq!(header(&subscribe(&pipe), "Expires"), "3600");
    answer(&mut pipe, "200 OK", "Expires: 3600\r\n");
    assert_eq!(
        notify(&mut pipe, "n", 1, "active;expires=3600", BODY),
        "200"
    );
    let sent = pipe.sent(0, "SUBSCRIBE");
    pipe.run(Duration::from_secs(2_600));
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent);
}

#[test]
fn rfc_6665_a_subscription_without_a_notify_is_tried_again() {
    let mut pipe = registered();
    let first = subscribe(&pipe);
    answer(&mut pipe, "200 OK", "Expires: 600\r\n");
    pipe.run(Duration::from_secs(33 + 31));
    assert_ne!(
        header(&subscribe(&pipe), "Call-ID"),
        header(&first, "Call-ID")
    );
}

#[test]
fn a_challenged_subscribe_goes_again_with_credentials() {
    let mut config = with_registrar();
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        password: Some(Secret::new("secret")),
        mailbox: Some(Uri::parse("sip:agent@lab.test").expect("uri")),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    register_answer(
        &mut pipe,
        "200 OK",
        "Contact: <sip:agent@10.0.0.1:5060>;expires=86400\r\n",
    );
    let asked = "WWW-Authenticate: Digest realm=\"lab.test\", nonce=\"n1\", qop=\"auth\"\r\n";
    let first = subscribe(&pipe);
    answer(&mut pipe, "401 Unauthorized", asked);
    let second = subscribe(&pipe);
    assert!(second.contains("Authorization: Digest"), "{second}");
    assert_eq!(header(&second, "Call-ID"), header(&first, "Call-ID"));
    answer(&mut pipe, "200 OK", "Expires: 600\r\n");
    assert_eq!(notify(&mut pipe, "n", 1, "active;expires=600", BODY), "200");
    assert_eq!(pipe.ends[0].mailboxes.len(), 1);
}

#[test]
fn a_registrar_that_was_lost_is_asked_anew_as_soon_as_it_is_back() {
    let mut pipe = active();
    let sent = pipe.sent(0, "SUBSCRIBE");
    pipe.input(0, Input::RegisterAnew);
    pipe.run_ms(50);
    register_answer(&mut pipe, "503 Service Unavailable", "Retry-After: 5\r\n");
    pipe.run(Duration::from_secs(6));
    register_answer(
        &mut pipe,
        "200 OK",
        "Contact: <sip:agent@10.0.0.1:5060>;expires=86400\r\n",
    );
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent + 1);
    answer(&mut pipe, "481 Subscription Does Not Exist", "");
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent + 2);
}

#[test]
fn a_phone_that_has_moved_says_so_to_its_mailbox_as_soon_as_it_is_registered_there() {
    let mut pipe = active();
    let sent = pipe.sent(0, "SUBSCRIBE");
    let other = "10.0.0.99:5060".parse().expect("address");
    let contacts = Contacts {
        udp: other,
        tcp: None,
        other: None,
        tls: None,
    };
    let account = AccountId(0);
    pipe.input(0, Input::LocalAddressChanged { account, contacts });
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent);
    register_answer(
        &mut pipe,
        "200 OK",
        "Contact: <sip:agent@10.0.0.99:5060>;expires=86400\r\n",
    );
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), sent + 1);
    assert!(header(&subscribe(&pipe), "Contact").contains("10.0.0.99"));
}

#[test]
fn rfc_3842_what_the_registrar_tells_unasked_is_told_and_a_strangers_word_is_not() {
    let mut pipe = Pipe::with(vec![with_registrar()], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    register_answer(
        &mut pipe,
        "200 OK",
        "Contact: <sip:agent@10.0.0.1:5060>;expires=86400\r\n",
    );
    let notify = |from: &str| {
        format!(
            "NOTIFY sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{from}\r\n\
             From: <sip:pbx@{from}>;tag=f\r\nTo: <sip:agent@10.0.0.1>\r\nCall-ID: c{from}\r\n\
             CSeq: 1 NOTIFY\r\nContact: <sip:pbx@{from}>\r\nMax-Forwards: 70\r\n\
             Event: message-summary\r\nSubscription-State: active\r\n\
             Content-Type: application/simple-message-summary\r\nContent-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        )
    };
    for (from, told) in [("10.0.0.9", 0), ("10.0.0.50", 1)] {
        let source = format!("{from}:5060").parse().expect("address");
        pipe.inject(source, 0, &notify(from));
        pipe.run_ms(50);
        assert_eq!(pipe.ends[0].mailboxes.len(), told, "{from}");
    }
    assert_eq!(pipe.ends[0].mailboxes[0].1, summary(4, 8, 1));
}

#[test]
fn a_phone_without_a_registrar_asks_at_its_start() {
    let mut config = config(0);
    config.accounts[0].mailbox = Some(Uri::parse("sip:vm@10.0.0.50").expect("uri"));
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SUBSCRIBE"), 1);
}
