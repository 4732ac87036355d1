//! A name with more addresses than one, of which some do not answer.
use crate::support::{Pipe, addr, config, header, reply, sdp};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{LegId, Target, WireEvent};
use trialog_sip::Uri;
use trialog_ua::{Input, Peer, RegistrationState, Transport};

/// A server that the test speaks for.
fn server(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, last], 5060))
}

/// A phone whose registrar's name has three addresses.
fn with_three() -> Pipe {
    let mut own = config(0);
    own.accounts[0].registrar = Some(Uri::parse("sip:pbx.test").expect("uri"));
    let mut pipe = Pipe::with(vec![own], 3);
    let peers = [50, 51, 52].map(|last| Peer::named("pbx.test", Transport::Udp, server(last)));
    pipe.names.insert("pbx.test".to_owned(), peers.to_vec());
    pipe
}

fn dial(pipe: &mut Pipe) -> LegId {
    pipe.dial(0, Target("sip:bob@pbx.test".to_owned()))
}

/// When and where each request of this method was first sent, in seconds from now on.
fn tries(pipe: &Pipe, method: &str, from: usize) -> Vec<(u64, SocketAddr)> {
    let mut tries = Vec::new();
    let mut branches = Vec::new();
    let started = pipe.seen[from].at;
    for seen in &pipe.seen[from..] {
        let branch = header(&seen.text, "Via").to_owned();
        if seen.from == addr(0) && seen.text.starts_with(method) && !branches.contains(&branch) {
            branches.push(branch);
            tries.push(((seen.at.0 - started.0).as_secs(), seen.to));
        }
    }
    tries
}

/// The last message with this start that this server got.
fn got(pipe: &Pipe, start: &str, by: SocketAddr) -> String {
    let raw = pipe.raw.iter().rev();
    let mut of = raw.filter(|(_, to, text)| *to == by && text.starts_with(start));
    of.next().map(|(_, _, text)| text.clone()).expect(start)
}

fn answer(pipe: &mut Pipe, method: &str, by: SocketAddr, status: &str, more: &str) {
    let request = got(pipe, method, by);
    pipe.inject(by, 0, &reply(&request, status, "t", more));
    pipe.run_ms(50);
}

#[test]
fn an_invite_goes_to_the_next_address_after_4_s_without_any_answer() {
    let mut pipe = with_three();
    let leg = dial(&mut pipe);
    pipe.run_ms(4_100);
    let silent_then = [(0, server(50)), (4, server(51))];
    assert_eq!(tries(&pipe, "INVITE", 0), silent_then);
    answer(&mut pipe, "INVITE", server(51), "100 Trying", "");
    pipe.run(Duration::from_secs(60));
    assert_eq!(
        tries(&pipe, "INVITE", 0),
        silent_then,
        "with a provisional answer it waits"
    );
    answer(&mut pipe, "INVITE", server(51), "486 Busy Here", "");
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 486 }]);
    pipe.assert_idle();
}

#[test]
fn a_register_goes_on_after_4_s_without_a_final_answer() {
    let mut pipe = with_three();
    pipe.input(0, Input::Register(None));
    pipe.run_ms(100);
    answer(&mut pipe, "REGISTER", server(50), "100 Trying", "");
    pipe.run_ms(4_100);
    let tried = [(0, server(50)), (4, server(51))];
    assert_eq!(tries(&pipe, "REGISTER", 0), tried);
    answer(
        &mut pipe,
        "REGISTER",
        server(51),
        "200 OK",
        "Expires: 600\r\n",
    );
    assert!(matches!(
        pipe.ends[0].registrations.last(),
        Some(RegistrationState::Registered { .. })
    ));
    // What the first had kept for itself changes nothing any more.
    let late = got(&pipe, "REGISTER", server(50));
    pipe.inject(server(50), 0, &reply(&late, "403 Forbidden", "t", ""));
    pipe.run_ms(50);
    assert!(matches!(
        pipe.ends[0].registrations.last(),
        Some(RegistrationState::Registered { .. })
    ));
}

#[test]
fn the_address_that_answered_last_is_tried_first_and_a_silent_one_last_for_a_minute() {
    let mut pipe = with_three();
    dial(&mut pipe);
    pipe.run_ms(4_100);
    answer(&mut pipe, "INVITE", server(51), "486 Busy Here", "");
    let from = pipe.seen.len();
    dial(&mut pipe);
    pipe.run_ms(100);
    assert_eq!(tries(&pipe, "INVITE", from), [(0, server(51))]);
    answer(&mut pipe, "INVITE", server(51), "486 Busy Here", "");
    // The good one falls silent: the one that was silent before is tried after all others.
    let from = pipe.seen.len();
    dial(&mut pipe);
    pipe.run_ms(8_100);
    assert_eq!(
        tries(&pipe, "INVITE", from),
        [(0, server(51)), (4, server(52)), (8, server(50))]
    );
    answer(&mut pipe, "INVITE", server(50), "486 Busy Here", "");
    pipe.run(Duration::from_secs(61));
    let from = pipe.seen.len();
    dial(&mut pipe);
    pipe.run_ms(8_100);
    assert_eq!(
        tries(&pipe, "INVITE", from),
        [(0, server(50)), (4, server(51)), (8, server(52))],
        "after a minute the order is the name's again, but for the good one"
    );
    answer(&mut pipe, "INVITE", server(52), "486 Busy Here", "");
    pipe.assert_idle();
}

#[test]
fn the_last_address_is_given_all_the_time_that_a_request_has() {
    let mut pipe = with_three();
    let leg = dial(&mut pipe);
    pipe.run_ms(39_000);
    assert_eq!(pipe.events(0, leg), []);
    pipe.run_ms(1_500);
    assert_eq!(pipe.events(0, leg), [WireEvent::Refused { status: 408 }]);
    pipe.assert_idle();
}

#[test]
fn an_address_that_rings_late_is_cancelled_and_one_that_answers_late_is_hung_up() {
    for late in ["180 Ringing", "200 OK"] {
        let mut pipe = with_three();
        let leg = dial(&mut pipe);
        pipe.run_ms(4_100);
        answer(&mut pipe, "INVITE", server(51), "100 Trying", "");
        let (rings, answers) = (late.starts_with('1'), late.starts_with('2'));
        let body = if answers {
            sdp("sip:bob@10.0.0.50", "sendrecv")
        } else {
            String::new()
        };
        for _ in 0..2 {
            answer(&mut pipe, "INVITE", server(50), late, &body);
        }
        let count = |pipe: &Pipe, start: &str| {
            let of = pipe.raw.iter();
            of.filter(|(_, to, text)| *to == server(50) && text.starts_with(start))
                .count()
        };
        assert_eq!(count(&pipe, "ACK"), if answers { 2 } else { 0 });
        if rings {
            assert_eq!(count(&pipe, "CANCEL"), 1);
            let invite = got(&pipe, "INVITE", server(50));
            let cancel = got(&pipe, "CANCEL", server(50));
            assert_eq!(header(&cancel, "Via"), header(&invite, "Via"));
            answer(&mut pipe, "CANCEL", server(50), "200 OK", "");
            answer(
                &mut pipe,
                "INVITE",
                server(50),
                "487 Request Terminated",
                "",
            );
        } else {
            assert_eq!(count(&pipe, "BYE"), 1);
            answer(&mut pipe, "BYE", server(50), "200 OK", "");
        }
        assert_eq!(pipe.events(0, leg), [], "the call is at the second one");
        let body = sdp("sip:bob@10.0.0.51", "sendrecv");
        answer(&mut pipe, "INVITE", server(51), "200 OK", &body);
        assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Answered(_))));
        pipe.bye(0, leg);
        pipe.run_ms(50);
        answer(&mut pipe, "BYE", server(51), "200 OK", "");
        pipe.assert_idle();
    }
}

#[test]
fn a_call_that_was_given_up_goes_to_no_other_address() {
    let mut pipe = with_three();
    let leg = dial(&mut pipe);
    pipe.run_ms(1_000);
    pipe.act(0, trialog_call::Action::Cancel(leg));
    pipe.run(Duration::from_secs(60));
    assert_eq!(tries(&pipe, "INVITE", 0), [(0, server(50))]);
    assert_eq!(pipe.events(0, leg), [WireEvent::Gone]);
    pipe.assert_idle();
}
