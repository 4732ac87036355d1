//! REGISTER, with a registrar that the test plays.
use crate::support::registrar::{answer, last_register, phone, registrar, states, with_registrar};
use crate::support::{Pipe, addr, config, header, target};
use std::time::Duration;
use trialog_call::AccountId;
use trialog_sip::Uri;
use trialog_ua::{
    Account, Contacts, Input, Net, Peer, RegistrationFault, RegistrationState, Transport,
};

#[test]
fn a_registrar_that_wants_it_longer_gets_it_longer() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
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
    pipe.input(0, Input::Register(None));
    let mut at = Vec::new();
    for _ in 0..5 {
        pipe.run_ms(50);
        answer(&mut pipe, "403 Forbidden", "");
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

/// When the next REGISTER goes after each of so many failures, in seconds.
fn tries(pipe: &mut Pipe, count: usize, mut fail: impl FnMut(&mut Pipe)) -> Vec<u64> {
    let waits = (0..count).map(|_| {
        fail(pipe);
        let (before, failed) = (pipe.sent(0, "REGISTER"), pipe.now);
        while pipe.sent(0, "REGISTER") == before {
            pipe.run_ms(500);
        }
        pipe.now.since(failed).as_secs()
    });
    waits.collect()
}

#[test]
fn a_registrar_that_is_not_reached_is_tried_again_in_seconds_and_at_least_every_two_minutes() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let waits = tries(&mut pipe, 9, |pipe| {
        let gone = Peer::at(Transport::Udp, registrar());
        pipe.input(0, Input::TransportError(gone));
        pipe.run_ms(50);
    });
    for (index, waited) in waits.iter().enumerate() {
        let whole = (4 << index.min(5)).min(120);
        assert!((whole / 2..=whole + 1).contains(waited), "{waits:?}");
    }
    let waits = tries(&mut pipe, 2, |pipe| {
        answer(pipe, "503 Service Unavailable", "")
    });
    assert!(
        waits.iter().all(|waited| (60..=121).contains(waited)),
        "{waits:?}"
    );
}

#[test]
fn a_registrar_that_wants_it_longer_and_longer_is_left_alone_for_a_while() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    for least in [700, 800, 900, 1000] {
        let more = format!("Min-Expires: {least}\r\n");
        answer(&mut pipe, "423 Interval Too Brief", &more);
    }
    assert_eq!(pipe.sent(0, "REGISTER"), 4);
    let failed = states(&pipe).last().copied();
    assert!(matches!(
        failed,
        Some(RegistrationState::Failed { status: 423, .. })
    ));
}

/// How long after a 200 with these headers the next REGISTER goes, in seconds.
fn refreshed_after(more: &str) -> u64 {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    tries(&mut pipe, 1, |pipe| answer(pipe, "200 OK", more))[0]
}

#[test]
fn a_binding_is_known_again_though_a_registrar_has_rewritten_it() {
    let own = "<sip:agent@10.0.0.1:5060>";
    for (contacts, header, lasts) in [
        (format!("{own};expires=100"), "", 100),
        (
            format!("<sip:agent@203.0.113.7:61234>;expires=30, {own};expires=100"),
            "",
            100,
        ),
        // The only one must be ours, and of several the one that ends first.
        (
            "<sip:agent@203.0.113.7:61234>;expires=30".to_owned(),
            "Expires: 600\r\n",
            30,
        ),
        (
            "<sip:a@203.0.113.7>;expires=90, <sip:b@203.0.113.8>;expires=40".to_owned(),
            "Expires: 600\r\n",
            40,
        ),
        (own.to_owned(), "Expires: 50\r\n", 50),
    ] {
        let after = refreshed_after(&format!("Contact: {contacts}\r\n{header}"));
        assert!(
            (lasts / 2..lasts).contains(&after),
            "{contacts} {header}: {after} s"
        );
    }
}

#[test]
fn calls_take_the_way_that_the_registrar_names() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let routes =
        "Service-Route: <sip:10.0.0.60;lr>, <sip:10.0.0.61;lr>\r\nPath: <sip:10.0.0.62;lr>\r\n";
    answer(&mut pipe, "200 OK", routes);
    pipe.dial(0, trialog_call::Target("bob".to_owned()));
    pipe.run_ms(50);
    let (_, to, invite) = pipe.raw.last().expect("INVITE").clone();
    assert_eq!(to.to_string(), "10.0.0.60:5060");
    assert!(invite.starts_with("INVITE sip:bob@lab.test SIP/2.0"));
    let route: Vec<_> = invite
        .lines()
        .filter(|line| line.starts_with("Route:"))
        .collect();
    assert_eq!(
        route.join(","),
        "Route: <sip:10.0.0.60;lr>,Route: <sip:10.0.0.61;lr>"
    );
    // Each answer states it anew.
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "200 OK", "");
    pipe.dial(0, trialog_call::Target("bob".to_owned()));
    pipe.run_ms(50);
    let (_, to, invite) = pipe.raw.last().expect("INVITE").clone();
    assert_eq!(to, registrar());
    assert!(!invite.contains("Route:"));
}

fn by_tcp() -> Pipe {
    let mut config = with_registrar();
    config.accounts[0].transport = Transport::Tcp;
    Pipe::with(vec![config], 5)
}

#[test]
fn when_the_registrars_stream_ends_the_account_registers_in_seconds() {
    let stream = || Peer::at(Transport::Tcp, registrar());
    for ended in [
        Input::StreamEnded(stream()),
        Input::TransportError(stream()),
    ] {
        let mut pipe = by_tcp();
        pipe.input(0, Input::Register(None));
        pipe.run_ms(50);
        // Before there is a binding an end changes nothing.
        let none = Input::StreamEnded(stream());
        pipe.input(0, none);
        answer(&mut pipe, "200 OK", "");
        pipe.run_ms(3_000);
        assert_eq!(pipe.sent(0, "REGISTER"), 1);
        let elsewhere = "10.0.0.51:5060".parse().expect("address");
        pipe.input(0, Input::StreamEnded(Peer::at(Transport::Tcp, elsewhere)));
        pipe.run_ms(3_000);
        assert_eq!(pipe.sent(0, "REGISTER"), 1);
        pipe.input(0, ended);
        assert_eq!(states(&pipe).last(), Some(&&RegistrationState::Registering));
        pipe.run_ms(2_100);
        assert_eq!(pipe.sent(0, "REGISTER"), 2);
        answer(&mut pipe, "200 OK", "");
        assert!(matches!(
            states(&pipe).last(),
            Some(RegistrationState::Registered { .. })
        ));
    }
}

#[test]
fn a_stream_that_swallows_a_refresh_is_left_for_another() {
    let mut pipe = by_tcp();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "200 OK", "Expires: 60\r\n");
    // The refresh goes some 52 s after the first.
    pipe.run(Duration::from_secs(60));
    let left = Peer::at(Transport::Tcp, registrar());
    assert_eq!(pipe.ends[0].abandoned, [left]);
    assert_eq!(pipe.sent(0, "REGISTER"), 3, "4 s later, by another stream");
    answer(&mut pipe, "200 OK", "Expires: 60\r\n");
    let failed = |state: &&&RegistrationState| matches!(state, RegistrationState::Failed { .. });
    assert_eq!(states(&pipe).iter().find(failed), None);
}

#[test]
fn a_registrar_that_answers_by_no_stream_is_tried_by_one_more_and_no_others_every_4_s() {
    let mut pipe = by_tcp();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "200 OK", "Expires: 60\r\n");
    pipe.run(Duration::from_secs(60 + 25));
    assert_eq!(pipe.sent(0, "REGISTER"), 3);
}

#[test]
fn no_answer_at_all_is_408_and_tried_again() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
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
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let Some(RegistrationState::Failed { cause, again, .. }) = states(&pipe).last() else {
        panic!("{:?}", states(&pipe));
    };
    assert_eq!(*cause, RegistrationFault::NoAddress);
    assert!(*again > pipe.now);

    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    pipe.input(
        0,
        Input::TransportError(Peer::at(Transport::Udp, registrar())),
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
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "200 OK", "");
    pipe.input(0, Input::Unregister(None));
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
fn an_account_that_was_taken_back_stays_so_until_it_is_wanted_again() {
    let mut config = with_registrar();
    config.accounts.push(Account {
        registrar: Some(Uri::parse("sip:10.0.0.51").expect("uri")),
        ..Account::direct(Uri::parse("sip:second@lab.test").expect("uri"))
    });
    let mut pipe = Pipe::with(vec![config], 5);
    let (first, second) = (AccountId(0), AccountId(1));
    pipe.input(0, Input::Register(Some(first)));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 1);
    answer(&mut pipe, "200 OK", "");
    pipe.input(0, Input::Register(Some(second)));
    pipe.run_ms(50);
    let register = last_register(&pipe);
    assert!(register.starts_with("REGISTER sip:10.0.0.51"));
    answer(&mut pipe, "200 OK", "");
    pipe.input(0, Input::Unregister(Some(first)));
    pipe.run_ms(50);
    assert_eq!(header(&last_register(&pipe), "Expires"), "0");
    assert!(last_register(&pipe).starts_with("REGISTER sip:10.0.0.50"));
    answer(&mut pipe, "200 OK", "");
    // Whatever the network does.
    pipe.forget_events();
    let contacts = Contacts {
        udp: "10.0.0.77:5060".parse().expect("address"),
        tcp: None,
        other: None,
        tls: None,
    };
    pipe.input(
        0,
        Input::LocalAddressChanged {
            account: first,
            contacts,
        },
    );
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 0);
    pipe.input(0, Input::RegisterAnew);
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 1, "the second account only");
    assert!(last_register(&pipe).starts_with("REGISTER sip:10.0.0.51"));
    answer(&mut pipe, "200 OK", "");
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "REGISTER"), 3);
}

#[test]
fn a_binding_that_may_be_left_behind_is_taken_back_though_the_last_refresh_failed() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    answer(&mut pipe, "200 OK", "Expires: 60\r\n");
    pipe.run_ms(58_000);
    let gone = Peer::at(Transport::Udp, registrar());
    pipe.input(0, Input::TransportError(gone));
    pipe.input(0, Input::Unregister(None));
    assert_eq!(header(&last_register(&pipe), "Expires"), "0");
}

#[test]
fn a_register_that_is_in_flight_is_followed_by_the_taking_back() {
    let mut pipe = phone();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    pipe.input(0, Input::Unregister(None));
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
fn a_call_finds_the_account_that_its_contact_names() {
    let mut two = config(1);
    // Whoever is no stranger may call any user.
    two.trusted = vec![Net::address(addr(0).ip())];
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
