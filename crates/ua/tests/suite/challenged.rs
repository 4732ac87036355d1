//! Digest: whose question is answered, with what, and how often.
use crate::support::registrar::{
    answer, challenge, is_right, last_register, phone, registrar, states, with_registrar,
};
use crate::support::{Pipe, addr, config, header, reply};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::WireEvent;
use trialog_sip::Method;
use trialog_sip::digest::{Algorithm, Challenge};
use trialog_ua::{Input, RegistrationFault, RegistrationState};

#[test]
fn an_account_registers_with_each_digest_and_refreshes_before_the_end() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256] {
        let mut pipe = phone();
        pipe.input(0, Input::Register(None));
        pipe.run_ms(50);
        let first = last_register(&pipe);
        assert!(first.starts_with("REGISTER sip:10.0.0.50 SIP/2.0"));
        assert_eq!(header(&first, "Expires"), "600");
        let supported = header(&first, "Supported").split(", ");
        assert_eq!(supported.filter(|option| *option == "path").count(), 1);
        assert!(!first.contains("Authorization"));
        let asked = format!("WWW-Authenticate: {}\r\n", challenge(algorithm, "n1"));
        answer(&mut pipe, "401 Unauthorized", &asked);
        let second = last_register(&pipe);
        assert_eq!(header(&second, "Call-ID"), header(&first, "Call-ID"));
        assert_eq!(header(&second, "CSeq"), "2 REGISTER");
        assert!(is_right(&second, "Authorization", &Method::Register, "n1"));
        answer(
            &mut pipe,
            "200 OK",
            "Contact: <sip:agent@10.0.0.1:5060>;expires=120\r\n",
        );
        assert!(
            matches!(states(&pipe).last(), Some(RegistrationState::Registered { until }) if *until > pipe.now)
        );
        pipe.run(Duration::from_secs(100));
        assert_eq!(pipe.sent(0, "REGISTER"), 2);
        pipe.run_ms(19_000);
        let refresh = last_register(&pipe);
        assert_ne!(refresh, second);
        // It needs no second challenge: the nonce is known, and counted.
        assert!(is_right(&refresh, "Authorization", &Method::Register, "n1"));
        assert!(refresh.contains("nc=00000002"));
    }
}

#[test]
fn a_stale_nonce_is_answered_again_and_a_wrong_password_is_not() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    for (nonce, stale) in [("n1", false), ("n2", true), ("n3", false)] {
        let mut asked = challenge(Algorithm::Md5, nonce);
        asked.stale = stale;
        answer(
            &mut pipe,
            "401 Unauthorized",
            &format!("WWW-Authenticate: {asked}\r\n"),
        );
    }
    assert_eq!(pipe.sent(0, "REGISTER"), 3);
    assert!(is_right(
        &last_register(&pipe),
        "Authorization",
        &Method::Register,
        "n2"
    ));
    assert!(matches!(
        states(&pipe).last(),
        Some(RegistrationState::Failed {
            status: 401,
            cause: RegistrationFault::Refused,
            ..
        })
    ));
    // Tried again later.
    pipe.run(Duration::from_secs(40));
    assert!(pipe.sent(0, "REGISTER") > 3);
}

#[test]
fn a_registrar_that_asks_a_new_question_after_each_answer_is_left_alone() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let ask = |pipe: &mut Pipe, nonce: &str, stale| {
        let mut asked = challenge(Algorithm::Md5, nonce);
        asked.stale = stale;
        let asked = format!("WWW-Authenticate: {asked}\r\n");
        answer(pipe, "401 Unauthorized", &asked);
    };
    ask(&mut pipe, "n1", false);
    answer(&mut pipe, "200 OK", "Expires: 60\r\n");
    // At the refresh the registrar has forgotten its nonce and does not call it stale: it is answered once.
    pipe.run_ms(58_000);
    assert_eq!(pipe.requests(0, "REGISTER"), 3);
    ask(&mut pipe, "n2", false);
    assert_eq!(pipe.requests(0, "REGISTER"), 4);
    answer(&mut pipe, "200 OK", "Expires: 60\r\n");
    // One that calls each answer stale is not followed for ever.
    pipe.run_ms(58_000);
    let before = pipe.requests(0, "REGISTER");
    for nonce in ["n3", "n4", "n5", "n6", "n7", "n8"] {
        ask(&mut pipe, nonce, true);
    }
    assert_eq!(pipe.requests(0, "REGISTER") - before, 4);
    let failed = states(&pipe).last().copied();
    assert!(matches!(
        failed,
        Some(RegistrationState::Failed { status: 401, .. })
    ));
}

#[test]
fn a_proxys_and_a_servers_challenge_are_both_answered() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let proxy = format!(
        "Proxy-Authenticate: {}\r\n",
        challenge(Algorithm::Md5, "p1")
    );
    answer(&mut pipe, "407 Proxy Authentication Required", &proxy);
    let server = format!(
        "WWW-Authenticate: {}\r\n",
        challenge(Algorithm::Sha256, "s1")
    );
    answer(&mut pipe, "401 Unauthorized", &server);
    let register = last_register(&pipe);
    assert!(is_right(
        &register,
        "Proxy-Authorization",
        &Method::Register,
        "p1"
    ));
    assert!(is_right(
        &register,
        "Authorization",
        &Method::Register,
        "s1"
    ));
}

#[test]
fn an_invite_and_its_bye_are_challenged_and_the_ack_has_the_invites_credentials() {
    let mut pipe = Pipe::with(vec![with_registrar(), config(1)], 9);
    let leg = pipe.dial(0, trialog_call::Target("bob".to_owned()));
    pipe.run_ms(50);
    // Of our own domain: by way of the registrar.
    let (_, to, invite) = pipe.raw.last().expect("INVITE").clone();
    assert_eq!(to, registrar());
    assert!(invite.starts_with("INVITE sip:bob@lab.test SIP/2.0"));
    assert!(header(&invite, "From").starts_with("\"Agent One\" <sip:agent@lab.test>"));
    let asked = format!(
        "Proxy-Authenticate: {}\r\n",
        challenge(Algorithm::Md5, "p1")
    );
    let challenged = reply(&invite, "407 Proxy Authentication Required", "x", &asked);
    pipe.inject(registrar(), 0, &challenged);
    pipe.run_ms(50);
    let invites: Vec<&str> = pipe
        .raw
        .iter()
        .filter(|raw| raw.2.starts_with("INVITE"))
        .map(|raw| raw.2.as_str())
        .collect();
    let again = invites.last().expect("INVITE").to_string();
    assert!(!header(&again, "To").contains("tag="));
    assert_eq!(header(&again, "Call-ID"), header(&invite, "Call-ID"));
    let body = crate::support::sdp("sip:bob@10.0.0.50", "sendrecv");
    pipe.inject(registrar(), 0, &reply(&again, "200 OK", "y", &body));
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
    let ack = pipe.last(0, "ACK sip:bob@10.0.0.50");
    assert_eq!(
        header(ack, "Proxy-Authorization"),
        header(&again, "Proxy-Authorization")
    );
    pipe.bye(0, leg);
    pipe.run_ms(50);
    let bye = pipe.last(0, "BYE").to_owned();
    let asked = format!("WWW-Authenticate: {}\r\n", challenge(Algorithm::Md5, "w1"));
    pipe.inject(registrar(), 0, &reply(&bye, "401 Unauthorized", "", &asked));
    pipe.run_ms(50);
    assert!(is_right(
        pipe.last(0, "BYE"),
        "Authorization",
        &Method::Bye,
        "w1"
    ));
    let bye = pipe.last(0, "BYE").to_owned();
    pipe.inject(registrar(), 0, &reply(&bye, "200 OK", "", ""));
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Gone));
    pipe.assert_idle();
}

#[test]
fn what_the_registrar_asked_is_told_to_nobody_who_is_called_by_way_of_it() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let asked = format!("WWW-Authenticate: {}\r\n", challenge(Algorithm::Md5, "r1"));
    answer(&mut pipe, "401 Unauthorized", &asked);
    answer(&mut pipe, "200 OK", "");
    // The registrar is the proxy, too, and hands on whatever it does not ask for itself.
    pipe.dial(0, trialog_call::Target("bob".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    assert!(!invite.contains("Authorization"), "{invite}");
    let proxy = format!(
        "Proxy-Authenticate: {}\r\n",
        challenge(Algorithm::Md5, "p1")
    );
    let challenged = reply(&invite, "407 Proxy Authentication Required", "x", &proxy);
    pipe.inject(registrar(), 0, &challenged);
    pipe.run_ms(50);
    let again = pipe.last(0, "INVITE").to_owned();
    assert!(is_right(
        &again,
        "Proxy-Authorization",
        &Method::Invite,
        "p1"
    ));
    assert!(!again.contains("\r\nAuthorization"), "{again}");
}

/// How often the password was used in what was sent to somebody else than the registrar, or for another's question.
fn answers(pipe: &Pipe) -> usize {
    let sent = pipe.raw.iter().filter(|(from, ..)| *from == addr(0));
    sent.filter(|(_, _, text)| text.contains("uthorization: Digest"))
        .count()
}

fn thief() -> SocketAddr {
    "10.0.0.66:5060".parse().expect("address")
}

fn proxy_asks(realm: &str) -> String {
    let challenge = Challenge::new(realm, "stolen", Algorithm::Md5);
    format!("Proxy-Authenticate: {challenge}\r\n")
}

const REQUIRED: &str = "407 Proxy Authentication Required";

#[test]
fn a_strangers_question_is_not_answered_with_the_accounts_password() {
    // A call of ours to him; he asks for our registrar's realm.
    let mut pipe = phone();
    let leg = pipe.dial(0, trialog_call::Target("sip:thief@10.0.0.66".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    pipe.inject(
        thief(),
        0,
        &reply(&invite, REQUIRED, "x", &proxy_asks("lab.test")),
    );
    pipe.run_ms(50);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 407 }]);
    assert_eq!(answers(&pipe), 0);
    pipe.assert_idle();
    // A call of ours by way of the registrar, which hands on a question of another realm.
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let asked = format!("WWW-Authenticate: {}\r\n", challenge(Algorithm::Md5, "r1"));
    answer(&mut pipe, "401 Unauthorized", &asked);
    answer(&mut pipe, "200 OK", "");
    let before = answers(&pipe);
    let leg = pipe.dial(0, trialog_call::Target("bob".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    pipe.inject(
        registrar(),
        0,
        &reply(&invite, REQUIRED, "x", &proxy_asks("bank")),
    );
    pipe.run_ms(50);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 407 }]);
    assert_eq!(answers(&pipe), before);
}

#[test]
fn in_a_dialog_that_a_stranger_opened_no_question_is_answered() {
    for (contact, route) in [
        ("sip:0900123@10.0.0.50", "<sip:10.0.0.66;lr>"),
        ("sip:0900123@10.0.0.50", "<sip:10.0.0.50;lr>"),
        ("sip:0900123@10.0.0.66", "<sip:10.0.0.50;lr>"),
    ] {
        let mut pipe = phone();
        let invite = format!(
            "INVITE sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKa\r\n\
             From: <sip:customer@x.example>;tag=f\r\nTo: <sip:agent@10.0.0.1>\r\nCall-ID: c\r\n\
             CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nRecord-Route: {route}\r\n{}",
            crate::support::sdp(contact, "sendrecv")
        );
        pipe.inject(thief(), 0, &invite);
        pipe.run_ms(50);
        let (leg, _) = pipe.incoming(0);
        pipe.act(0, trialog_call::Action::Answer(leg));
        pipe.run_ms(50);
        let ok = pipe
            .raw
            .iter()
            .rev()
            .find(|raw| raw.2.starts_with("SIP/2.0 200"));
        let ack = format!(
            "ACK sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKk\r\n\
             From: <sip:customer@x.example>;tag=f\r\nTo: {}\r\nCall-ID: c\r\nCSeq: 1 ACK\r\n\r\n",
            header(&ok.expect("a 200").2, "To")
        );
        pipe.inject(thief(), 0, &ack);
        pipe.run_ms(50);
        pipe.reinvite(0, leg, trialog_call::Direction::SendOnly);
        pipe.run_ms(50);
        let reinvite = pipe.last(0, "INVITE").to_owned();
        for from in [thief(), registrar()] {
            let asked = reply(&reinvite, REQUIRED, "", &proxy_asks("lab.test"));
            pipe.inject(from, 0, &asked);
            pipe.run_ms(50);
        }
        assert_eq!(answers(&pipe), 0, "{contact} {route}");
    }
}

#[test]
fn a_realm_by_key_is_the_only_one_and_md5_can_be_turned_off() {
    let mut config = with_registrar();
    config.accounts[0].realm = Some("pbx".to_owned());
    config.accounts[0].md5 = false;
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let ask = |realm: &str, algorithm| {
        let challenge = Challenge::new(realm, "n", algorithm);
        format!("WWW-Authenticate: {challenge}\r\n")
    };
    let asked = [ask("pbx", Algorithm::Md5), ask("pbx", Algorithm::Sha256)].concat();
    answer(&mut pipe, "401 Unauthorized", &asked);
    assert!(is_right(
        &last_register(&pipe),
        "Authorization",
        &Method::Register,
        "n"
    ));
    assert!(header(&last_register(&pipe), "Authorization").contains("SHA-256"));
    answer(&mut pipe, "200 OK", "");
    for (realm, algorithm) in [("pbx", Algorithm::Md5), ("lab.test", Algorithm::Sha256)] {
        let leg = pipe.dial(0, trialog_call::Target("bob".to_owned()));
        pipe.run_ms(50);
        let invite = pipe.last(0, "INVITE").to_owned();
        let challenged = reply(&invite, "401 Unauthorized", "x", &ask(realm, algorithm));
        pipe.inject(registrar(), 0, &challenged);
        pipe.run_ms(50);
        assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 401 }]);
    }
}

#[test]
fn a_challenge_without_a_password_is_a_refusal() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, trialog_call::Target("sip:bob@10.0.0.50".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.raw.last().expect("INVITE").2.clone();
    let asked = format!("WWW-Authenticate: {}\r\n", challenge(Algorithm::Md5, "w1"));
    pipe.inject(
        registrar(),
        0,
        &reply(&invite, "401 Unauthorized", "x", &asked),
    );
    pipe.run_ms(50);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 401 }]);
    pipe.assert_idle();
}
