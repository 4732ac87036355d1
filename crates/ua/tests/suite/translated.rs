//! A network address translator between us and the registrar: the address that the registrar sees is registered.
use crate::support::{Pipe, config, header, reply};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{AccountId, Target};
use trialog_sip::Uri;
use trialog_ua::{Account, Contacts, Input};

fn registrar() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

fn phone(nat: bool) -> Pipe {
    let mut config = config(0);
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        nat,
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    pipe
}

/// The registrar answers the last REGISTER, which it has seen come from this address.
fn answer(pipe: &mut Pipe, status: &str, seen: &str) {
    let seen: SocketAddr = seen.parse().expect("address");
    let register = pipe.last(0, "REGISTER");
    let text = reply(register, status, "r", "");
    let filled = format!(";rport={};received={}", seen.port(), seen.ip());
    pipe.inject(registrar(), 0, &text.replace(";rport", &filled));
    pipe.run_ms(50);
}

fn contacts(pipe: &Pipe) -> Vec<&str> {
    let register = pipe.last(0, "REGISTER").lines();
    register
        .filter_map(|line| line.strip_prefix("Contact: "))
        .collect()
}

const OWN: &str = "10.0.0.1:5060";
const SEEN: &str = "203.0.113.7:61234";

#[test]
fn the_address_that_the_registrar_sees_is_registered_at_once_and_told_to_all() {
    let mut pipe = phone(true);
    answer(&mut pipe, "200 OK", SEEN);
    assert_eq!(
        contacts(&pipe),
        [
            "<sip:agent@203.0.113.7:61234>;expires=600",
            "<sip:agent@10.0.0.1:5060>;expires=0"
        ]
    );
    answer(&mut pipe, "200 OK", SEEN);
    assert_eq!(pipe.sent(0, "REGISTER"), 2, "once");
    pipe.dial(0, Target("bob".to_owned()));
    let invite = pipe.last(0, "INVITE");
    assert_eq!(header(invite, "Contact"), "<sip:agent@203.0.113.7:61234>");
    assert!(header(invite, "Via").starts_with("SIP/2.0/UDP 10.0.0.1:5060;"));
    assert!(invite.contains("\r\nc=IN IP4 10.0.0.1\r\n"));
    // Far ends out there are told the same, those on our side of the translator our own.
    for (far, told) in [("198.51.100.9", SEEN), ("10.0.0.66", OWN)] {
        pipe.dial(0, Target(format!("sip:bob@{far}")));
        let contact = header(pipe.last(0, "INVITE"), "Contact");
        assert_eq!(contact, format!("<sip:agent@{told}>"));
    }
}

#[test]
fn where_no_translator_is_nothing_changes() {
    let mut pipe = phone(true);
    answer(&mut pipe, "200 OK", OWN);
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
    let mut pipe = phone(false);
    answer(&mut pipe, "200 OK", SEEN);
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
}

#[test]
fn a_translator_with_another_port_for_each_request_is_followed_once_a_minute() {
    let mut pipe = phone(true);
    for port in 1..=9 {
        answer(&mut pipe, "200 OK", &format!("203.0.113.7:{port}"));
        pipe.run(Duration::from_secs(1));
    }
    assert_eq!(pipe.requests(0, "REGISTER"), 2);
    pipe.run(Duration::from_secs(60));
    pipe.input(0, Input::RegisterAnew);
    answer(&mut pipe, "200 OK", "203.0.113.7:10");
    assert!(contacts(&pipe)[0].contains("203.0.113.7:10>"));
    assert_eq!(pipe.requests(0, "REGISTER"), 4);
}

#[test]
fn a_registrar_that_refuses_the_address_that_it_sees_gets_our_own_from_then_on() {
    let mut pipe = phone(true);
    answer(&mut pipe, "200 OK", SEEN);
    answer(&mut pipe, "403 Forbidden", SEEN);
    assert_eq!(contacts(&pipe), ["<sip:agent@10.0.0.1:5060>;expires=600"]);
    answer(&mut pipe, "200 OK", SEEN);
    assert_eq!(pipe.sent(0, "REGISTER"), 3);
}

#[test]
fn another_address_of_our_own_is_registered_until_the_registrar_has_seen_it() {
    let mut pipe = phone(true);
    answer(&mut pipe, "200 OK", SEEN);
    answer(&mut pipe, "200 OK", SEEN);
    let udp = "10.0.0.77:5060".parse().expect("address");
    pipe.ends[0].address = udp;
    let account = AccountId(0);
    let contacts_now = Contacts {
        udp,
        tcp: None,
        other: None,
        tls: None,
    };
    pipe.input(
        0,
        Input::LocalAddressChanged {
            account,
            contacts: contacts_now,
        },
    );
    assert!(contacts(&pipe)[0].starts_with("<sip:agent@10.0.0.77:5060>"));
}
