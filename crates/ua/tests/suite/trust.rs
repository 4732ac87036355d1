//! Who is believed: the grade of a sender, by what it came on and by whom the account's server vouches for.
use crate::support::{Pipe, config, header, reply, sdp};
use std::net::SocketAddr;
use trialog_call::Grade::{self, Colleague as AColleague, Registrar, Stranger};
use trialog_call::{Action, Incoming, WireEvent};
use trialog_sip::Uri;
use trialog_ua::{Accept, Account, Colleague, Config, Input, Net, Peer, Transport};

fn address(last: u8) -> SocketAddr {
    ([10, 0, 0, last], 5060).into()
}

/// A phone whose registrar is a name with two addresses.
fn registered(more: impl FnOnce(&mut Config)) -> Pipe {
    let mut phone = config(0);
    phone.accept = Some(Accept::Anyone);
    phone.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:lab.test").expect("uri")),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    more(&mut phone);
    let mut pipe = Pipe::with(vec![phone], 5);
    let at = |last| Peer::named("lab.test", Transport::Udp, address(last));
    pipe.names
        .insert("lab.test".to_owned(), vec![at(50), at(51)]);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let register = pipe.last(0, "REGISTER").to_owned();
    pipe.inject(address(50), 0, &reply(&register, "200 OK", "r", ""));
    pipe.run_ms(50);
    pipe
}

fn invite(call: &str, from: &str, more: &str) -> String {
    format!(
        "INVITE sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{call};rport\r\n\
         From: <{from}>;tag=o\r\nTo: <sip:agent@lab.test>\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n\
         Max-Forwards: 70\r\n{more}{}",
        sdp("sip:other@10.0.0.9", "sendrecv")
    )
}

/// What an INVITE from this address was taken for.
fn taken(pipe: &mut Pipe, from: SocketAddr, text: &str) -> Incoming {
    pipe.inject(from, 0, text);
    pipe.run_ms(50);
    let (leg, incoming) = pipe.incoming(0);
    pipe.act(0, Action::Reject { leg, status: 486 });
    pipe.run_ms(50);
    incoming
}

#[test]
fn what_comes_from_any_address_of_the_registrars_name_is_of_its_grade() {
    let mut pipe = registered(|_| {});
    for (last, grade) in [(50, Registrar), (51, Registrar), (9, Stranger)] {
        let call = format!("c{last}");
        let incoming = taken(
            &mut pipe,
            address(last),
            &invite(&call, "sip:a@b.example", ""),
        );
        assert_eq!(incoming.grade, grade, "{last}");
    }
}

#[test]
fn before_its_name_was_looked_up_no_address_is_the_registrars() {
    let mut phone = config(0);
    phone.accept = Some(Accept::Anyone);
    phone.accounts[0].registrar = Some(Uri::parse("sip:lab.test").expect("uri"));
    let mut pipe = Pipe::with(vec![phone], 5);
    let text = invite("early", "sip:a@lab.test", "").replace("agent@10.0.0.1", "user0@10.0.0.1");
    assert_eq!(taken(&mut pipe, address(50), &text).grade, Stranger);
}

#[test]
fn a_colleague_is_who_the_registrar_vouches_for_and_nobody_else() {
    let listed = |names: &[&str]| -> Vec<Colleague> {
        let names = names.iter().map(|name| Colleague::parse(name));
        names.map(|name| name.expect("a colleague")).collect()
    };
    let bob = "P-Asserted-Identity: \"Bob\" <sip:202@lab.test>\r\n";
    let both = "P-Asserted-Identity: <sip:carl@lab.test>, <tel:+4930202>\r\n";
    let forged = "P-Asserted-Identity: <sip:202@lab.test>\r\nP-Asserted-Identity: <sip:customer@lab.test>\r\n";
    let cases: [(&[&str], u8, &str, Grade); 10] = [
        (&["202"], 50, bob, AColleague),
        (&["sip:202@lab.test"], 51, bob, AColleague),
        (&["lab.test"], 50, bob, AColleague),
        (&["+4930202"], 50, both, AColleague),
        (&["203", "other.test"], 50, bob, Registrar),
        (&["202"], 50, forged, Registrar),
        // Its From says so; no server does.
        (&["202", "lab.test"], 50, "", Registrar),
        (&["202", "lab.test"], 9, bob, Stranger),
        (&[], 50, bob, Registrar),
        (&["202"], 50, "P-Asserted-Identity: <<\r\n", Registrar),
    ];
    for (names, last, more, grade) in cases {
        let mut pipe = registered(|phone| phone.colleagues = listed(names));
        let text = invite("c", "sip:202@lab.test", more);
        let incoming = taken(&mut pipe, address(last), &text);
        assert_eq!(incoming.grade, grade, "{names:?} {last} {more}");
    }
}

#[test]
fn a_from_is_proof_where_the_accounts_server_checks_it_and_then_alone() {
    let carl = "P-Asserted-Identity: <sip:202@lab.test>\r\n";
    for (from, more, last, grade) in [
        ("sip:202@lab.test", "", 50, AColleague),
        ("sip:202@lab.test", "", 9, Stranger),
        // A caller has put it in.
        ("sip:customer@lab.test", carl, 50, Registrar),
    ] {
        let mut pipe = registered(|phone| {
            phone.accounts[0].from_is_checked = true;
            phone.colleagues = Colleague::parse("202").into_iter().collect();
        });
        let incoming = taken(&mut pipe, address(last), &invite("c", from, more));
        assert_eq!(incoming.grade, grade, "{from} {more} {last}");
    }
}

#[test]
fn a_listed_address_is_a_colleagues() {
    let mut pipe =
        registered(|phone| phone.trusted = Net::new(address(0).ip(), 28).into_iter().collect());
    let text = invite("c", "sip:a@b.example", "Trialog-Role: guest\r\n");
    let incoming = taken(&mut pipe, address(9), &text);
    assert_eq!((incoming.grade, incoming.as_guest), (AColleague, true));
}

#[test]
fn a_refer_is_believed_as_its_call_was_where_it_comes_by_the_same_server() {
    for (last, grade) in [(50, AColleague), (9, Stranger)] {
        let mut pipe = registered(|phone| {
            phone.colleagues = Colleague::parse("202").into_iter().collect();
        });
        let bob = "P-Asserted-Identity: <sip:202@lab.test>\r\n";
        let text = invite("c", "sip:202@lab.test", bob);
        pipe.inject(address(50), 0, &text);
        pipe.run_ms(50);
        let (leg, _) = pipe.incoming(0);
        pipe.act(0, Action::Answer(leg));
        pipe.run_ms(50);
        let ok = pipe.last(0, "SIP/2.0 200").to_owned();
        let to = header(&ok, "To").to_owned();
        let next = |method: &str, cseq: u8, more: &str| {
            format!(
                "{method} sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method};rport\r\n\
                 From: <sip:202@lab.test>;tag=o\r\nTo: {to}\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\n\
                 Max-Forwards: 70\r\nContact: <sip:other@10.0.0.9>\r\n{more}Content-Length: 0\r\n\r\n"
            )
        };
        pipe.inject(address(50), 0, &next("ACK", 1, ""));
        let refer = next("REFER", 2, "Refer-To: <sip:carl@lab.test>\r\n");
        pipe.inject(address(last), 0, &refer);
        pipe.run_ms(50);
        let events = pipe.events(0, leg);
        let asked = events.iter().find_map(|event| match event {
            WireEvent::Referred(referral) => Some(referral.grade),
            _ => None,
        });
        assert_eq!(asked, Some(grade), "{last}");
        pipe.bye(0, leg);
    }
}
