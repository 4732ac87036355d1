//! Our own address changes: the registrar and the far sides of calls learn it.
use crate::support::{Pipe, config, header, reply, target};
use std::net::SocketAddr;
use trialog_call::{AccountId, Action, Direction, WireEvent};
use trialog_sip::Uri;
use trialog_ua::{Account, Contacts, Input, RegistrationState};

fn registrar() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

/// An end learns that others reach it at this address, for one of its accounts.
fn tell(pipe: &mut Pipe, end: usize, account: u16, address: &str) {
    let address: SocketAddr = address.parse().expect("address");
    let contacts = Contacts {
        udp: address,
        tcp: Some(address),
        other: None,
        tls: None,
    };
    let account = AccountId(account);
    pipe.input(end, Input::LocalAddressChanged { account, contacts });
}

/// Its network has given it this address, and no other any more.
fn move_to(pipe: &mut Pipe, end: usize, address: &str) {
    pipe.ends[end].address = address.parse().expect("address");
    tell(pipe, end, 0, address);
}

/// An INVITE has this address wherever ours has to be.
fn is_from(invite: &str, ip: &str) -> bool {
    header(invite, "Via").starts_with(&format!("SIP/2.0/UDP {ip}:5060;"))
        && header(invite, "Contact").contains(&format!("@{ip}:5060"))
        && invite.contains(&format!("\r\nc=IN IP4 {ip}\r\n"))
}

fn registered() -> Pipe {
    let mut config = config(0);
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "<sip:agent@10.0.0.1:5060>;expires=600");
    pipe
}

fn answer(pipe: &mut Pipe, contact: &str) {
    let register = pipe.last(0, "REGISTER");
    let text = reply(register, "200 OK", "r", &format!("Contact: {contact}\r\n"));
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
}

#[test]
fn another_address_is_registered_at_once_and_the_binding_at_the_old_one_is_taken_back() {
    let mut pipe = registered();
    let call_id = header(pipe.last(0, "REGISTER"), "Call-ID").to_owned();
    pipe.forget_events();
    move_to(&mut pipe, 0, "10.0.0.99:5060");
    let register = pipe.last(0, "REGISTER").to_owned();
    assert_eq!(
        header(&register, "Contact"),
        "<sip:agent@10.0.0.99:5060>;expires=600"
    );
    assert_eq!(header(&register, "Call-ID"), call_id);
    assert_eq!(header(&register, "CSeq"), "2 REGISTER");
    let contacts: Vec<&str> = register
        .lines()
        .filter_map(|line| line.strip_prefix("Contact: "))
        .collect();
    assert_eq!(
        contacts,
        [
            "<sip:agent@10.0.0.99:5060>;expires=600",
            "<sip:agent@10.0.0.1:5060>;expires=0"
        ]
    );
    // A registrar may name other bindings first.
    answer(
        &mut pipe,
        "<sip:agent@10.0.0.1:5060>;expires=5, <sip:agent@10.0.0.99:5060>;expires=300",
    );
    let Some(RegistrationState::Registered { until }) = pipe.ends[0].registrations.last() else {
        panic!("{:?}", pipe.ends[0].registrations);
    };
    assert_eq!(until.since(pipe.now).as_secs(), 299);
    pipe.forget_events();
    pipe.run(std::time::Duration::from_secs(300));
    let refresh = pipe.last(0, "REGISTER");
    assert_eq!(
        refresh.matches("Contact: ").count(),
        1,
        "once is enough: {refresh}"
    );
}

#[test]
fn an_address_that_changes_while_a_register_is_under_way_is_registered_after_it() {
    let mut pipe = registered();
    move_to(&mut pipe, 0, "10.0.0.98:5060");
    pipe.forget_events();
    move_to(&mut pipe, 0, "10.0.0.99:5060");
    assert_eq!(
        pipe.sent(0, "REGISTER"),
        0,
        "one at a time (RFC 3261 §10.2)"
    );
    pipe.run_ms(600);
    let before = pipe
        .seen
        .iter()
        .find(|seen| seen.text.starts_with("REGISTER"));
    let before = before.expect("it is sent again").text.clone();
    assert!(header(&before, "Contact").contains("10.0.0.98"));
    pipe.inject(registrar(), 0, &reply(&before, "200 OK", "r", ""));
    pipe.run_ms(50);
    assert!(header(pipe.last(0, "REGISTER"), "Contact").contains("10.0.0.99"));
}

#[test]
fn the_same_address_again_sends_nothing() {
    let mut pipe = registered();
    pipe.forget_events();
    move_to(&mut pipe, 0, "10.0.0.1:5060");
    assert!(pipe.seen.is_empty());
}

#[test]
fn a_call_gets_a_reinvite_with_the_new_address_and_the_core_hears_nothing_of_it() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    pipe.run_ms(100);
    pipe.forget_events();
    move_to(&mut pipe, 0, "10.0.0.99:5060");
    let invite = pipe.last(0, "INVITE").to_owned();
    assert!(is_from(&invite, "10.0.0.99"), "{invite}");
    assert!(invite.contains("a=sendonly"), "the session is as it was");
    pipe.run_ms(100);
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    assert_eq!(pipe.events(0, placed), []);
    assert_eq!(pipe.events(1, received), []);
    let heard_at = pipe.ends[1].media[&received].remote.ip();
    assert_eq!(heard_at.to_string(), "10.0.0.99");
    // The far side's requests follow.
    pipe.bye(1, received);
    pipe.run_ms(100);
    assert!(
        pipe.last(1, "BYE")
            .starts_with("BYE sip:user0@10.0.0.99:5060")
    );
    assert!(pipe.has(0, placed, |event| matches!(event, WireEvent::Ended(_))));
    pipe.assert_idle();
}

#[test]
fn both_ends_move_at_once_and_each_learns_the_others_address() {
    let mut pipe = Pipe::of(2);
    let (placed, received) = pipe.call(0, 1);
    // Only the ports that they name are others: what is sent to the old ones still arrives.
    tell(&mut pipe, 0, 0, "10.0.0.1:5080");
    tell(&mut pipe, 1, 0, "10.0.0.2:5080");
    pipe.run_ms(10_000);
    assert!(
        pipe.sent(0, "SIP/2.0 491") + pipe.sent(1, "SIP/2.0 491") > 0,
        "they met"
    );
    for end in 0..2 {
        let invite = pipe.last(end, "INVITE");
        assert!(header(invite, "Contact").contains(":5080"), "{invite}");
        let ack = pipe.last(end, "ACK");
        assert!(ack.contains(":5080"), "its 2xx came: {ack}");
    }
    assert!(!pipe.has(0, placed, |event| matches!(event, WireEvent::Ended(_))));
    assert!(!pipe.has(1, received, |event| matches!(event, WireEvent::Ended(_))));
}

#[test]
fn a_call_that_is_not_up_yet_gets_the_reinvite_as_soon_as_it_is() {
    let mut pipe = Pipe::of(2);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(100);
    let (received, _) = pipe.incoming(1);
    pipe.act(1, Action::Ring(received));
    pipe.run_ms(100);
    // What is sent to the old address still arrives.
    tell(&mut pipe, 0, 0, "10.0.0.99:5060");
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    pipe.act(1, Action::Answer(received));
    pipe.run_ms(200);
    assert!(pipe.has(0, placed, |event| matches!(event, WireEvent::Answered(_))));
    assert_eq!(pipe.sent(0, "INVITE"), 2);
    assert!(is_from(pipe.last(0, "INVITE"), "10.0.0.99"));
}

#[test]
fn what_the_core_wants_goes_with_the_new_address_in_one_reinvite_and_it_hears_the_result() {
    let mut pipe = Pipe::of(2);
    let (placed, _) = pipe.call(0, 1);
    pipe.reinvite(0, placed, Direction::SendOnly);
    // Under way: the next one has to wait for its answer.
    pipe.reinvite(0, placed, Direction::Inactive);
    pipe.forget_events();
    tell(&mut pipe, 0, 0, "10.0.0.1:5080");
    pipe.run_ms(500);
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    let invite = pipe.last(0, "INVITE");
    assert!(
        header(invite, "Contact").contains("10.0.0.1:5080"),
        "{invite}"
    );
    assert!(invite.contains("a=inactive"));
    let told = |event: &WireEvent| matches!(event, WireEvent::Renegotiated(_));
    assert_eq!(pipe.count_of(0, placed, told), 1);
}

#[test]
fn another_accounts_calls_stay_where_they_are() {
    let mut two = config(0);
    two.accounts.push(Account::direct(
        Uri::parse("sip:second@10.0.0.1").expect("uri"),
    ));
    let mut pipe = Pipe::with(vec![two, config(1)], 3);
    pipe.call(0, 1);
    pipe.forget_events();
    tell(&mut pipe, 0, 1, "10.0.0.99:5060");
    pipe.run_ms(500);
    assert!(pipe.seen.is_empty());
}
