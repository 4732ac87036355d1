//! REGISTER and digest, with a registrar that the test plays.
use crate::support::{Pipe, addr, config, header, reply, target};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::WireEvent;
use trialog_sip::digest::{self, Algorithm, Challenge, Credentials, Secret};
use trialog_sip::{Method, Uri};
use trialog_ua::{Account, Config, Input, RegistrationFault, RegistrationState, Transport};

fn registrar() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

fn with_registrar() -> Config {
    let mut config = config(0);
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        password: Some(Secret::new("secret")),
        display: Some("Agent One".to_owned()),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    config
}

fn phone() -> Pipe {
    Pipe::with(vec![with_registrar()], 5)
}

fn last_register(pipe: &Pipe) -> String {
    pipe.last(0, "REGISTER").to_owned()
}

fn answer(pipe: &mut Pipe, status: &str, more: &str) {
    let text = reply(&last_register(pipe), status, "r", more);
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
}

fn challenge(algorithm: Algorithm, nonce: &str) -> Challenge {
    Challenge::new("lab.test", nonce, algorithm)
}

fn states(pipe: &Pipe) -> Vec<&RegistrationState> {
    pipe.ends[0].registrations.iter().collect()
}

fn is_right(register: &str, name: &str, method: &Method, nonce: &str) -> bool {
    let credentials = Credentials::parse(header(register, name)).expect("credentials");
    credentials.nonce == nonce
        && digest::verify(&credentials, "agent", &Secret::new("secret"), method, b"")
}

#[test]
fn an_account_registers_with_each_digest_and_refreshes_before_the_end() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256] {
        let mut pipe = phone();
        pipe.input(0, Input::Register);
        pipe.run_ms(50);
        let first = last_register(&pipe);
        assert!(first.starts_with("REGISTER sip:10.0.0.50 SIP/2.0"));
        assert_eq!(header(&first, "Expires"), "600");
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
    pipe.input(0, Input::Register);
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
fn a_proxys_and_a_servers_challenge_are_both_answered() {
    let mut pipe = phone();
    pipe.input(0, Input::Register);
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
fn a_registrar_that_wants_it_longer_gets_it_longer() {
    let mut pipe = phone();
    pipe.input(0, Input::Register);
    pipe.run_ms(50);
    answer(&mut pipe, "423 Interval Too Brief", "Min-Expires: 3600\r\n");
    assert_eq!(header(&last_register(&pipe), "Expires"), "3600");
    answer(&mut pipe, "200 OK", "Expires: 3600\r\n");
    assert!(matches!(
        states(&pipe).last(),
        Some(RegistrationState::Registered { .. })
    ));
}

#[test]
fn failures_are_tried_again_at_growing_intervals() {
    let mut pipe = phone();
    pipe.input(0, Input::Register);
    let mut at = Vec::new();
    for _ in 0..5 {
        pipe.run_ms(50);
        answer(&mut pipe, "500 Server Internal Error", "");
        let before = pipe.sent(0, "REGISTER");
        let failed = pipe.now;
        while pipe.sent(0, "REGISTER") == before {
            pipe.run_ms(1_000);
        }
        at.push(pipe.now.since(failed).as_secs());
    }
    for (index, waited) in at.iter().enumerate() {
        let whole = 30 << index;
        assert!((whole / 2..=whole + 1).contains(waited), "{at:?}");
    }
}

#[test]
fn no_answer_at_all_is_408_and_tried_again() {
    let mut pipe = phone();
    pipe.input(0, Input::Register);
    pipe.run(Duration::from_secs(33));
    assert!(matches!(
        states(&pipe).last(),
        Some(RegistrationState::Failed {
            status: 408,
            cause: RegistrationFault::NoAnswer,
            ..
        })
    ));
    pipe.run(Duration::from_secs(35));
    assert!(pipe.sent(0, "REGISTER") > 11);
}

#[test]
fn a_registrar_without_an_address_is_told_from_one_that_is_not_reached() {
    let mut config = with_registrar();
    let nowhere = Uri::parse("sip:pbx.nowhere.test").expect("a URI");
    config.accounts[0].registrar = Some(nowhere);
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register);
    pipe.run_ms(50);
    let Some(RegistrationState::Failed { cause, again, .. }) = states(&pipe).last() else {
        panic!("{:?}", states(&pipe));
    };
    assert_eq!(*cause, RegistrationFault::NoAddress);
    assert!(*again > pipe.now);

    let mut pipe = phone();
    pipe.input(0, Input::Register);
    pipe.run_ms(50);
    pipe.input(
        0,
        Input::TransportError {
            transport: Transport::Udp,
            destination: registrar(),
        },
    );
    pipe.run_ms(50);
    assert!(matches!(
        states(&pipe).last(),
        Some(RegistrationState::Failed {
            status: 503,
            cause: RegistrationFault::Unreachable,
            ..
        })
    ));
}

#[test]
fn a_binding_is_taken_back_at_the_end() {
    let mut pipe = phone();
    pipe.input(0, Input::Register);
    pipe.run_ms(50);
    answer(&mut pipe, "200 OK", "");
    pipe.input(0, Input::Unregister);
    pipe.run_ms(50);
    assert_eq!(header(&last_register(&pipe), "Expires"), "0");
    answer(&mut pipe, "200 OK", "");
    assert_eq!(
        states(&pipe).last(),
        Some(&&RegistrationState::Unregistered)
    );
    pipe.assert_idle();
    assert_eq!(pipe.sent(0, "REGISTER"), 2);
}

#[test]
fn a_register_that_is_in_flight_is_followed_by_the_taking_back() {
    let mut pipe = phone();
    pipe.input(0, Input::Register);
    pipe.run_ms(50);
    pipe.input(0, Input::Unregister);
    answer(&mut pipe, "200 OK", "");
    assert_eq!(header(&last_register(&pipe), "Expires"), "0");
    answer(&mut pipe, "200 OK", "");
    assert_eq!(
        states(&pipe).last(),
        Some(&&RegistrationState::Unregistered)
    );
    pipe.assert_idle();
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
    pipe.input(0, Input::Register);
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

#[test]
fn a_call_finds_the_account_that_its_contact_names() {
    let mut two = config(1);
    let second = Account::direct(Uri::parse("sip:second@10.0.0.2").expect("uri"));
    two.accounts.push(second);
    let same = Account::direct(Uri::parse("sip:user1@other.example").expect("uri"));
    two.accounts.push(same);
    let mut pipe = Pipe::with(vec![config(0), two], 2);
    for (to, account) in [
        ("sip:user1@10.0.0.2", 0),
        ("sip:second@10.0.0.2", 1),
        ("sip:user1@10.0.0.2;account=2", 2),
        ("sip:10.0.0.2", 0),
        ("sip:nobody@10.0.0.2", 0),
    ] {
        pipe.dial(0, trialog_call::Target(to.to_owned()));
        pipe.run_ms(50);
        let (leg, incoming) = pipe.incoming(1);
        assert_eq!(incoming.account.0, account, "{to}");
        pipe.act(1, trialog_call::Action::Reject { leg, status: 486 });
        pipe.run_ms(50);
    }
    let _ = (addr(0), target(1));
    pipe.assert_idle();
}

#[test]
fn what_comes_by_way_of_a_registrar_that_took_us_is_trusted() {
    for registered in [false, true] {
        let mut phone_config = with_registrar();
        phone_config.accounts[0].registrar = Some(Uri::parse("sip:lab.test").expect("uri"));
        let mut pipe = Pipe::with(vec![phone_config], 5);
        let address = (trialog_ua::Transport::Udp, registrar());
        pipe.names.insert("lab.test".to_owned(), vec![address]);
        if registered {
            pipe.input(0, Input::Register);
            pipe.run_ms(50);
            answer(&mut pipe, "200 OK", "");
        }
        let invite = format!(
            "INVITE sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.50;branch=z9hG4bKi\r\n\
             From: <sip:other@lab.test>;tag=o\r\nTo: <sip:agent@lab.test>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\n\
             Trialog-Role: guest\r\n{}",
            crate::support::sdp("sip:other@10.0.0.50", "sendrecv")
        );
        pipe.inject(registrar(), 0, &invite);
        pipe.run_ms(50);
        let (_, incoming) = pipe.incoming(0);
        assert_eq!(
            (incoming.trusted, incoming.as_guest),
            (registered, registered)
        );
    }
}
