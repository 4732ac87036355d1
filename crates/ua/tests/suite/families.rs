//! IPv4 and IPv6 together: each far end is told the address of its family, in Via, Contact and SDP.
use crate::support::{Pipe, config, header, reply, sdp};
use std::net::SocketAddr;
use trialog_call::{Action, Target};
use trialog_sip::Uri;
use trialog_ua::{Account, Input, Peer, Transport};

const OURS_V4: (&str, &str, &str) = ("10.0.0.1:5060", "@10.0.0.1:5060", "c=IN IP4 10.0.0.1\r\n");
const OURS_V6: (&str, &str, &str) = ("[fd00::1]:5060", "@[fd00::1]:5060", "c=IN IP6 fd00::1\r\n");

/// A phone at 10.0.0.1 and at fd00::1, without a registrar, or with this one.
fn both(registrar: Option<&str>) -> Pipe {
    let mut config = config(0);
    config.contacts.other = Some("[fd00::1]:5060".parse().expect("address"));
    if let Some(registrar) = registrar {
        config.accounts = vec![Account {
            registrar: Some(Uri::parse(registrar).expect("uri")),
            ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
        }];
    }
    Pipe::with(vec![config], 5)
}

fn is_ours(message: &str, (via, contact, connection): (&str, &str, &str)) -> bool {
    header(message, "Via").contains(&format!(" {via};"))
        && header(message, "Contact").contains(contact)
        && (message.starts_with("REGISTER") || message.contains(connection))
}

#[test]
fn a_far_end_is_told_the_address_of_its_family() {
    for (target, ours) in [
        ("sip:bob@10.0.0.50", OURS_V4),
        ("sip:bob@[fd00::50]", OURS_V6),
    ] {
        let mut pipe = both(None);
        pipe.dial(0, Target(target.to_owned()));
        let invite = pipe.last(0, "INVITE");
        assert!(is_ours(invite, ours), "{invite}");
    }
}

#[test]
fn the_addresses_of_a_name_are_tried_in_their_order_each_with_ours_of_its_family() {
    let mut pipe = both(None);
    let peer = |at: &str| Peer::named("pbx.test", Transport::Udp, at.parse().expect("address"));
    let peers = vec![peer("[fd00::50]:5060"), peer("10.0.0.50:5060")];
    pipe.names.insert("pbx.test".to_owned(), peers);
    let leg = pipe.dial(0, Target("sip:bob@pbx.test".to_owned()));
    let first = pipe.last(0, "INVITE").to_owned();
    assert!(is_ours(&first, OURS_V6), "{first}");
    pipe.run_ms(4_100);
    let second = pipe.last(0, "INVITE").to_owned();
    assert!(is_ours(&second, OURS_V4), "{second}");
    let at: SocketAddr = "10.0.0.50:5060".parse().expect("address");
    let taken = sdp("sip:bob@10.0.0.50", "sendrecv");
    pipe.inject(at, 0, &reply(&second, "200 OK", "y", &taken));
    pipe.run_ms(50);
    assert!(pipe.ends[0].media.contains_key(&leg));
}

#[test]
fn a_call_from_each_family_is_answered_with_the_address_of_its_offer() {
    for (from, offered, ours) in [
        ("10.0.0.50:5060", "IP4 10.0.0.9", OURS_V4),
        ("[fd00::50]:5060", "IP6 fd00::9", OURS_V6),
    ] {
        let mut pipe = both(None);
        let from: SocketAddr = from.parse().expect("address");
        let invite = format!(
            "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKa\r\n\
             From: <sip:bob@{from}>;tag=f\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: c\r\n\
             CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{}",
            sdp(&format!("sip:bob@{from}"), "sendrecv").replace("IP4 10.0.0.9", offered)
        );
        pipe.inject(from, 0, &invite);
        pipe.run_ms(50);
        let (leg, _) = pipe.incoming(0);
        pipe.act(0, Action::Answer(leg));
        let (_, contact, connection) = ours;
        let answer = pipe.last(0, "SIP/2.0 200");
        assert!(header(answer, "Contact").contains(contact), "{answer}");
        assert!(answer.contains(connection), "{answer}");
        // A request of ours in the dialog goes the same way.
        let ack = format!(
            "ACK sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKb\r\n\
             From: <sip:bob@{from}>;tag=f\r\nTo: {}\r\nCall-ID: c\r\nCSeq: 1 ACK\r\n\r\n",
            header(answer, "To")
        );
        pipe.inject(from, 0, &ack);
        pipe.run_ms(50);
        pipe.reinvite(0, leg, trialog_call::Direction::SendOnly);
        let hold = pipe.last(0, "INVITE");
        assert!(is_ours(hold, ours), "{hold}");
    }
}

#[test]
fn a_registrar_gets_the_contact_of_its_family_and_calls_by_way_of_it_follow() {
    for (registrar, ours) in [("sip:10.0.0.50", OURS_V4), ("sip:[fd00::50]", OURS_V6)] {
        let mut pipe = both(Some(registrar));
        pipe.input(0, Input::Register(None));
        let register = pipe.last(0, "REGISTER").to_owned();
        assert!(is_ours(&register, ours), "{register}");
        pipe.dial(0, Target("bob".to_owned()));
        let invite = pipe.last(0, "INVITE");
        assert!(is_ours(invite, ours), "{invite}");
    }
}
