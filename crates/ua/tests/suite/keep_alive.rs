//! The way to a registrar by UDP is kept open (RFC 5626 §4.4).
use crate::support::{Pipe, config, header, reply};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::Target;
use trialog_sip::Uri;
use trialog_ua::{Account, Input, KeepAlive, Peer, RegistrationState, Transport};

fn registrar() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

/// A phone that is not registered yet.
fn phone(keep_alive: KeepAlive, transport: Transport, seed: u64) -> Pipe {
    let mut config = config(0);
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        keep_alive,
        transport,
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    Pipe::with(vec![config], seed)
}

fn register(pipe: &mut Pipe) {
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(pipe, "REGISTER");
}

/// The registrar answers the last request of this method with 200.
fn answer(pipe: &mut Pipe, method: &str) {
    let text = reply(pipe.last(0, method), "200 OK", "r", "");
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
}

/// When messages with this start went, in milliseconds.
fn times(pipe: &Pipe, start: &str) -> Vec<u64> {
    let seen = pipe.seen.iter();
    let seen = seen.filter(|seen| seen.text.starts_with(start) && seen.to == registrar());
    let ms = |at: trialog_call::Time| u64::try_from(at.0.as_millis()).expect("a short test");
    seen.map(|seen| ms(seen.at)).collect()
}

#[test]
fn two_empty_lines_go_to_the_registrar_every_24_to_29_s() {
    let mut gaps = Vec::new();
    for seed in 1..=5 {
        let mut pipe = phone(KeepAlive::Crlf, Transport::Udp, seed);
        pipe.run(Duration::from_secs(100));
        assert!(pipe.seen.is_empty(), "without a registration none is sent");
        register(&mut pipe);
        pipe.run(Duration::from_secs(300));
        let sent = times(&pipe, "\r\n\r\n");
        assert!(sent.len() >= 10, "{sent:?}");
        gaps.extend(sent.windows(2).map(|two| two[1] - two[0]));
        assert!(pipe.ends[0].agent.is_idle());
    }
    assert!(gaps.iter().all(|gap| (24_000..=29_000).contains(gap)));
    let (least, most) = (gaps.iter().min(), gaps.iter().max());
    assert!(least < Some(&25_000) && most > Some(&28_000), "{gaps:?}");
}

#[test]
fn none_is_needed_while_requests_go_there() {
    let mut pipe = phone(KeepAlive::Crlf, Transport::Udp, 7);
    register(&mut pipe);
    for _ in 0..20 {
        pipe.run(Duration::from_secs(20));
        pipe.input(0, Input::RegisterAnew);
        pipe.run_ms(50);
        answer(&mut pipe, "REGISTER");
    }
    assert_eq!(times(&pipe, "\r\n"), []);
    // What goes elsewhere does not keep this way open.
    pipe.forget_events();
    for _ in 0..20 {
        pipe.run(Duration::from_secs(5));
        pipe.dial(0, Target("sip:bob@10.0.0.66".to_owned()));
    }
    let sent = times(&pipe, "\r\n");
    assert!((3..=4).contains(&sent.len()), "{sent:?}");
}

#[test]
fn neither_a_stream_nor_an_account_that_was_taken_back_needs_any() {
    let mut by_tcp = phone(KeepAlive::Crlf, Transport::Tcp, 1);
    register(&mut by_tcp);
    let mut off = phone(KeepAlive::Off, Transport::Udp, 1);
    register(&mut off);
    let mut back = phone(KeepAlive::Crlf, Transport::Udp, 1);
    register(&mut back);
    back.input(0, Input::Unregister(None));
    back.run_ms(50);
    answer(&mut back, "REGISTER");
    for pipe in [&mut by_tcp, &mut off, &mut back] {
        pipe.run(Duration::from_secs(120));
        assert_eq!(times(pipe, "\r\n"), []);
    }
}

#[test]
fn options_show_that_the_registrar_is_there_or_lead_to_another_register() {
    let mut pipe = phone(KeepAlive::Options, Transport::Udp, 1);
    register(&mut pipe);
    pipe.run_ms(30_000);
    let asked = pipe.last(0, "OPTIONS").to_owned();
    assert!(asked.starts_with("OPTIONS sip:10.0.0.50 SIP/2.0\r\n"));
    assert_eq!(header(&asked, "To"), "<sip:agent@lab.test>");
    // Any answer will do.
    let text = reply(&asked, "404 Not Found", "r", "");
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(10_000);
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
    // One that is gone has 32 s to answer.
    let gone_after = next_register(&mut pipe);
    let at_most = Duration::from_secs(29 + 32 + 2);
    assert!(gone_after > Duration::from_secs(32) && gone_after < at_most);
    assert_eq!(
        pipe.ends[0].registrations.last(),
        Some(&RegistrationState::Registering)
    );
    // And one that can't be reached none.
    answer(&mut pipe, "REGISTER");
    pipe.run_ms(29_100);
    let gone = Peer::at(Transport::Udp, registrar());
    pipe.input(0, Input::TransportError(gone));
    assert!(next_register(&mut pipe) <= Duration::from_secs(2));
}

/// How long it takes until a REGISTER goes.
fn next_register(pipe: &mut Pipe) -> Duration {
    let (before, from) = (pipe.sent(0, "REGISTER"), pipe.now);
    while pipe.sent(0, "REGISTER") == before {
        pipe.run_ms(100);
    }
    pipe.now.since(from)
}
