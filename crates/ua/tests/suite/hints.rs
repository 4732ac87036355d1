//! What hints that a registrar has forgotten us: a REGISTER follows at once, and no more than one a minute.
use crate::support::{Pipe, config, reply};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::Target;
use trialog_sip::Uri;
use trialog_sip::digest::{Algorithm, Challenge, Secret};
use trialog_ua::{Account, Input, Peer, RegistrationState, Transport};

fn registrar() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

/// A phone whose registration was taken so long ago.
fn registered(seconds: u64) -> Pipe {
    let mut config = config(0);
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        password: Some(Secret::new("secret")),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "REGISTER", "200 OK", "");
    pipe.run(Duration::from_secs(seconds));
    pipe
}

fn answer(pipe: &mut Pipe, method: &str, status: &str, more: &str) {
    let text = reply(pipe.last(0, method), status, "r", more);
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
}

/// Calls a number of the registrar's, which answers so.
fn call(pipe: &mut Pipe, status: &str, more: &str) {
    pipe.dial(0, Target("bob".to_owned()));
    pipe.run_ms(50);
    answer(pipe, "INVITE", status, more);
}

fn challenge(stale: bool) -> String {
    let mut challenge = Challenge::new("lab.test", "n1", Algorithm::Md5);
    challenge.stale = stale;
    format!("Proxy-Authenticate: {challenge}\r\n")
}

const REQUIRED: &str = "407 Proxy Authentication Required";

#[test]
fn a_call_that_is_refused_or_challenged_by_the_registrar_leads_to_a_register() {
    for (status, more, registers) in [
        ("403 Forbidden", "", true),
        ("404 Not Found", "", true),
        (REQUIRED, &*challenge(false), true),
        (REQUIRED, &*challenge(true), false),
        ("486 Busy Here", "", false),
    ] {
        let mut pipe = registered(61);
        call(&mut pipe, status, more);
        let sent = pipe.sent(0, "REGISTER");
        assert_eq!(sent, 1 + usize::from(registers), "{status} {more}");
    }
}

#[test]
fn a_registration_that_was_just_taken_needs_no_other() {
    let mut pipe = registered(50);
    call(&mut pipe, "404 Not Found", "");
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
}

#[test]
fn wrong_numbers_lead_to_one_register_a_minute() {
    let mut pipe = registered(61);
    for _ in 0..30 {
        call(&mut pipe, "404 Not Found", "");
        pipe.run(Duration::from_secs(4));
        if pipe.sent(0, "REGISTER") > 1 {
            answer(&mut pipe, "REGISTER", "200 OK", "");
        }
    }
    let registers = pipe.requests(0, "REGISTER");
    assert!((3..=4).contains(&registers), "{registers}");
}

#[test]
fn somebody_elses_refusal_is_no_hint() {
    let mut pipe = registered(61);
    pipe.dial(0, Target("sip:bob@10.0.0.66".to_owned()));
    pipe.run_ms(50);
    answer(&mut pipe, "INVITE", "404 Not Found", "");
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
}

#[test]
fn a_registrar_that_was_lost_and_is_heard_again_gets_a_register_at_once() {
    let mut pipe = registered(1);
    let gone = || Peer::at(Transport::Udp, registrar());
    // Lost for so long that the next try is minutes away.
    pipe.input(0, Input::RegisterAnew);
    for _ in 0..7 {
        pipe.input(0, Input::TransportError(gone()));
        let Some(RegistrationState::Failed { again, .. }) = pipe.ends[0].registrations.last()
        else {
            panic!("{:?}", pipe.ends[0].registrations);
        };
        let wait = again.since(pipe.now);
        pipe.run(wait - Duration::from_millis(1));
        pipe.run_ms(2);
    }
    pipe.input(0, Input::TransportError(gone()));
    pipe.forget_events();
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 0);
    let options = "OPTIONS sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %;branch=z9hG4bK%\r\n\
        From: <sip:pbx@lab.test>;tag=p\r\nTo: <sip:agent@lab.test>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n\
        Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    let stranger: SocketAddr = "10.0.0.66:5060".parse().expect("address");
    pipe.inject(stranger, 0, &options.replace('%', "10.0.0.66"));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 0);
    pipe.inject(registrar(), 0, &options.replace('%', "10.0.0.50"));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
}
