//! Whose requests come in: by policy, by what they name, and what the others leave behind.
use crate::support::{Pipe, config, header, reply, sdp};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{Action, LegId, WireEvent};
use trialog_sdp::Direction;
use trialog_sip::Uri;
use trialog_ua::{Accept, Account, Config, Counts, Input, Net, Strangers};

const REGISTRAR: u8 = 50;
const LISTED: u8 = 8;
const STRANGER: u8 = 9;

fn address(last: u8) -> SocketAddr {
    ([10, 0, 0, last], 5060).into()
}

fn phone(accept: Option<Accept>, more: impl FnOnce(&mut Config)) -> Pipe {
    let mut phone = config(0);
    phone.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    phone.accept = accept;
    phone.trusted = vec![Net::address(address(LISTED).ip())];
    more(&mut phone);
    Pipe::with(vec![phone], 5)
}

fn request(method: &str, call: &str, uri: &str, more: &str) -> String {
    let more = match more.contains("\r\n\r\n") {
        true => more.to_owned(),
        false => format!("{more}Content-Length: 0\r\n\r\n"),
    };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method}{call};rport\r\n\
         From: <sip:x@x.example>;tag=o\r\nTo: <sip:agent@lab.test>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n\
         Max-Forwards: 70\r\n{more}"
    )
}

fn invite(call: &str, uri: &str, more: &str) -> String {
    let body = sdp("sip:x@10.0.0.9", "sendrecv");
    request("INVITE", call, uri, &format!("{more}{body}"))
}

/// The final status of the answer to this text; 0: it came in, and has none yet.
fn status(pipe: &mut Pipe, from: u8, text: &str) -> u16 {
    let before = pipe.raw.len();
    pipe.inject(address(from), 0, text);
    pipe.run_ms(50);
    let is_answer = |answer: &str| {
        ["Call-ID", "CSeq"]
            .iter()
            .all(|name| header(answer, name) == header(text, name))
    };
    let mut answers = pipe.raw[before..].iter().map(|(_, _, text)| text.as_str());
    let answer = answers.find(|answer| is_answer(answer) && !answer.starts_with("SIP/2.0 1"));
    let code = answer.and_then(|answer| answer.get(8..11)?.parse().ok());
    code.unwrap_or(0)
}

const OURS: &str = "sip:agent@10.0.0.1";

#[test]
fn policy_says_whose_calls_come_in_and_the_rest_gets_403_and_rings_nowhere() {
    let cases = [
        (Some(Accept::Registrar), [0, 403, 403]),
        (Some(Accept::Trusted), [0, 0, 403]),
        (Some(Accept::Anyone), [0, 0, 0]),
        // An account registers, and an address is listed.
        (None, [0, 0, 403]),
    ];
    for (accept, expected) in cases {
        let mut pipe = phone(accept, |_| {});
        let senders = [REGISTRAR, LISTED, STRANGER];
        let seen =
            senders.map(|from| status(&mut pipe, from, &invite(&format!("c{from}"), OURS, "")));
        assert_eq!(seen, expected, "{accept:?}");
        let let_in = expected.iter().filter(|status| **status == 0).count();
        assert_eq!(pipe.ends[0].events.len(), let_in);
        assert_eq!(pipe.ends[0].agent.counts().legs, let_in);
    }
}

#[test]
fn without_a_word_of_policy_the_accounts_say_it() {
    for (registers, listed, status_of_a_stranger) in [
        (true, false, 403),
        (true, true, 403),
        (false, true, 0),
        (false, false, 0),
    ] {
        let mut pipe = phone(None, |phone| {
            if !registers {
                phone.accounts[0].registrar = None;
            }
            if !listed {
                phone.trusted.clear();
            }
        });
        let seen = status(&mut pipe, STRANGER, &invite("c", OURS, ""));
        assert_eq!(seen, status_of_a_stranger, "{registers} {listed}");
    }
}

#[test]
fn what_is_turned_away_is_told_once_a_minute_and_leaves_nothing_behind() {
    let mut pipe = phone(Some(Accept::Registrar), |_| {});
    let quiet = pipe.ends[0].agent.counts();
    for number in 0..500 {
        let call = format!("c{number}");
        assert_eq!(status(&mut pipe, STRANGER, &invite(&call, OURS, "")), 403);
        // Its ACK and its CANCEL find nothing.
        pipe.inject(address(STRANGER), 0, &request("ACK", &call, OURS, ""));
        assert_eq!(
            status(&mut pipe, STRANGER, &request("CANCEL", &call, OURS, "")),
            481
        );
    }
    let from = address(STRANGER).ip();
    assert_eq!(pipe.ends[0].turned_away, [(from, 1)], "50 s are over");
    pipe.run(Duration::from_secs(30));
    status(&mut pipe, STRANGER, &invite("last", OURS, ""));
    assert_eq!(pipe.ends[0].turned_away, [(from, 1), (from, 500)]);
    assert_eq!(pipe.ends[0].agent.counts(), quiet);
    assert!(pipe.ends[0].events.is_empty());
}

#[test]
fn an_answer_without_a_transaction_is_the_same_each_time() {
    let mut pipe = phone(Some(Accept::Registrar), |_| {});
    let mut tags = Vec::new();
    for text in [
        &invite("a", OURS, ""),
        &invite("a", OURS, ""),
        &invite("b", OURS, ""),
    ] {
        status(&mut pipe, STRANGER, text);
        tags.push(header(pipe.last(0, "SIP/2.0 403"), "To").to_owned());
    }
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[0], tags[2]);
}

#[test]
fn strangers_requests_that_open_no_dialog_are_answered_and_leave_nothing_behind() {
    let mut pipe = phone(Some(Accept::Anyone), |_| {});
    for (method, more, expected) in [
        ("OPTIONS", "", 200),
        (
            "SUBSCRIBE",
            "Event: presence\r\nContact: <sip:x@10.0.0.9>\r\n",
            489,
        ),
        (
            "REFER",
            "Refer-To: <sip:y@10.0.0.9>\r\nContact: <sip:x@10.0.0.9>\r\n",
            403,
        ),
        ("NOTIFY", "Event: refer\r\n", 481),
        ("MESSAGE", "", 403),
        ("PUBLISH", "", 405),
        ("FOO", "", 501),
        ("OPTIONS", "Require: magic\r\n", 420),
        ("BYE", "", 481),
    ] {
        for number in 0..3 {
            let text = request(method, &format!("c{number}"), OURS, more);
            assert_eq!(
                status(&mut pipe, STRANGER, &text),
                expected,
                "{method} {more}"
            );
            assert_eq!(pipe.ends[0].agent.counts(), Counts::default(), "{method}");
        }
    }
    // A server asks every few seconds whether we are there.
    let text = request("OPTIONS", "server", OURS, "");
    assert_eq!(status(&mut pipe, REGISTRAR, &text), 200);
    assert_eq!(pipe.ends[0].agent.counts(), Counts::default());
    let options = pipe.last(0, "SIP/2.0 200");
    for name in ["Allow", "Accept", "Supported", "Allow-Events", "Server"] {
        assert!(!header(options, name).is_empty(), "{name}");
    }
    assert!(header(pipe.last(0, "SIP/2.0 489"), "Allow-Events").contains("refer"));
}

#[test]
fn the_servers_notify_of_a_mailbox_is_taken_unasked_and_no_other() {
    let mailbox = "Event: message-summary\r\nSubscription-State: active\r\n\
                   Content-Type: application/simple-message-summary\r\n";
    for (more, to_the_server) in [
        (mailbox, 200),
        (&mailbox.replace("message", "Message"), 200),
        ("Event: message-summary\r\n", 200),
        ("Event: refer\r\nSubscription-State: active\r\n", 481),
        ("Event: check-sync\r\n", 489),
        ("", 400),
    ] {
        let mut pipe = phone(Some(Accept::Anyone), |_| {});
        let text = request("NOTIFY", "n", OURS, more);
        assert_eq!(status(&mut pipe, STRANGER, &text), 481, "{more}");
        assert_eq!(status(&mut pipe, REGISTRAR, &text), to_the_server, "{more}");
        if to_the_server == 489 {
            let refusal = pipe.last(0, "SIP/2.0 489");
            assert_eq!(header(refusal, "Allow-Events"), "refer, conference");
        }
        assert!(pipe.ends[0].events.is_empty());
        pipe.run(Duration::from_secs(40));
        assert_eq!(pipe.ends[0].agent.counts(), Counts::default());
    }
}

#[test]
fn a_stranger_calls_a_user_that_we_are_and_a_server_whom_it_wants() {
    let calls = [
        ("sip:agent@10.0.0.1", 0, 0),
        ("sip:%61gent@10.0.0.1;transport=udp", 0, 0),
        ("sip:10.0.0.1", 0, 0),
        ("sip:nobody@10.0.0.1", 404, 0),
        ("sip:Agent@10.0.0.1", 404, 0),
        ("tel:+4930123", 404, 0),
    ];
    for (uri, to_a_stranger, to_the_server) in calls {
        for (from, expected) in [(STRANGER, to_a_stranger), (REGISTRAR, to_the_server)] {
            let mut pipe = phone(Some(Accept::Anyone), |_| {});
            assert_eq!(
                status(&mut pipe, from, &invite("c", uri, "")),
                expected,
                "{uri} {from}"
            );
        }
    }
    // A phone without an account is called by any.
    for any_user in [false, true] {
        let mut direct = config(0);
        direct.any_user = any_user;
        let mut pipe = Pipe::with(vec![direct], 5);
        let expected = if any_user { 0 } else { 404 };
        assert_eq!(
            status(&mut pipe, STRANGER, &invite("c", "sip:any@10.0.0.1", "")),
            expected
        );
    }
}

/// A call that came by the registrar and is up: its leg, and our tag.
fn up(pipe: &mut Pipe) -> (LegId, String) {
    pipe.inject(address(REGISTRAR), 0, &invite("up", OURS, ""));
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let ok = pipe.last(0, "SIP/2.0 200").to_owned();
    let to = header(&ok, "To").to_owned();
    let tag = to.rsplit_once("tag=").expect("a tag").1.to_owned();
    let ack =
        request("ACK", "up", OURS, "").replace("To: <sip:agent@lab.test>", &format!("To: {to}"));
    pipe.inject(address(REGISTRAR), 0, &ack);
    pipe.run_ms(50);
    (leg, tag)
}

#[test]
fn what_names_a_dialog_of_ours_comes_in_from_anywhere() {
    let mut pipe = phone(Some(Accept::Registrar), |_| {});
    let (leg, tag) = up(&mut pipe);
    let wrong = "Replaces: up;to-tag=guessed;from-tag=o\r\n";
    assert_eq!(status(&mut pipe, STRANGER, &invite("w", OURS, wrong)), 403);
    let right = format!("Replaces: up;to-tag={tag};from-tag=o\r\n");
    assert_eq!(status(&mut pipe, STRANGER, &invite("r", OURS, &right)), 0);
    let (new, incoming) = pipe.incoming(0);
    assert_eq!(incoming.replaces, Some(leg));
    pipe.act(
        0,
        Action::Reject {
            leg: new,
            status: 603,
        },
    );
    pipe.run_ms(50);
    let refer = |tag: &str| {
        let more = format!(
            "Contact: <sip:x@10.0.0.9>\r\nRefer-To: <sip:y@10.0.0.9>\r\n\
             Target-Dialog: up;local-tag=o;remote-tag={tag}\r\n"
        );
        request("REFER", tag, OURS, &more)
    };
    assert_eq!(status(&mut pipe, STRANGER, &refer("guessed")), 403);
    assert_eq!(status(&mut pipe, STRANGER, &refer(&tag)), 0);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Referred(_))));
    // In the dialog itself: the far side has moved.
    let bye = request("BYE", "up", OURS, "")
        .replace(
            "To: <sip:agent@lab.test>",
            &format!("To: <sip:agent@lab.test>;tag={tag}"),
        )
        .replace("CSeq: 1", "CSeq: 2");
    pipe.inject(address(STRANGER), 0, &bye);
    pipe.run_ms(50);
    assert!(pipe.has(0, leg, |event| matches!(event, WireEvent::Ended(_))));
}

#[test]
fn a_registered_phone_is_called_by_its_registrar_in_the_midst_of_a_flood() {
    let mut pipe = phone(None, |phone| phone.trusted.clear());
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    let register = pipe.last(0, "REGISTER").to_owned();
    pipe.inject(address(REGISTRAR), 0, &reply(&register, "200 OK", "r", ""));
    pipe.run_ms(50);
    for number in 0..100 {
        let text = invite(
            &format!("c{number}"),
            "sip:100@10.0.0.1",
            "Expires: 4000000000\r\n",
        );
        assert_eq!(status(&mut pipe, STRANGER, &text), 403);
    }
    assert_eq!(
        status(&mut pipe, REGISTRAR, &invite("customer", OURS, "")),
        0
    );
    assert_eq!(pipe.ends[0].events.len(), 1);
}

fn limited(strangers: Strangers) -> Pipe {
    phone(Some(Accept::Anyone), |phone| phone.strangers = strangers)
}

#[test]
fn strangers_have_their_share_of_calls_each_and_all_and_no_more() {
    let mut pipe = limited(Strangers { all: 4, each: 2 });
    let mut seen = Vec::new();
    for from in [20, 21, 22] {
        for number in 0..3 {
            let text = invite(&format!("c{from}-{number}"), OURS, "");
            seen.push(status(&mut pipe, from, &text));
        }
    }
    assert_eq!(seen, [0, 0, 486, 0, 0, 486, 486, 486, 486]);
    for (from, call) in [(REGISTRAR, "r"), (LISTED, "l")] {
        assert_eq!(status(&mut pipe, from, &invite(call, OURS, "")), 0);
    }
    // The first is over: one more of that address comes in.
    let (leg, _) = pipe.ends[0].events[0].clone();
    pipe.act(0, Action::Reject { leg, status: 480 });
    pipe.run_ms(50);
    assert_eq!(status(&mut pipe, 21, &invite("again", OURS, "")), 486);
    assert_eq!(status(&mut pipe, 20, &invite("again", OURS, "")), 0);
}

#[test]
fn a_strangers_refused_calls_leave_no_more_transactions_than_its_share() {
    let mut pipe = limited(Strangers { all: 2, each: 1 });
    let mut unavailable = 0;
    for number in 0..200 {
        let answered = status(&mut pipe, 20, &invite(&format!("c{number}"), OURS, ""));
        if answered == 0 {
            let (leg, _) = pipe.incoming(0);
            pipe.act(0, Action::Reject { leg, status: 480 });
        } else {
            assert_eq!(answered, 503);
            unavailable += 1;
        }
    }
    assert_eq!(
        unavailable,
        200 - 32,
        "10 s: no ACK has come, and timer H has not fired"
    );
    assert_eq!(pipe.ends[0].agent.counts().transactions, 32);
    assert_eq!(status(&mut pipe, 21, &invite("other", OURS, "")), 0);
    assert_eq!(status(&mut pipe, REGISTRAR, &invite("r", OURS, "")), 0);
    pipe.run(Duration::from_secs(33));
    assert_eq!(status(&mut pipe, 20, &invite("later", OURS, "")), 0);
}

#[test]
fn a_share_is_half_where_others_are_known_and_a_quarter_of_it_for_each() {
    for (calls, known, all, each) in [
        (32, true, 16, 4),
        (32, false, 32, 8),
        (2, true, 1, 1),
        (1, true, 0, 0),
        (1, false, 1, 1),
    ] {
        assert_eq!(Strangers::among(calls, known), Strangers { all, each });
    }
}

#[test]
fn a_call_rings_three_minutes_at_most_and_a_strangers_one() {
    for (from, expires, seconds) in [
        (REGISTRAR, "", 180),
        (REGISTRAR, "Expires: 4000000000\r\n", 180),
        (REGISTRAR, "Expires: 20\r\n", 20),
        (STRANGER, "", 60),
        (STRANGER, "Expires: 4000000000\r\n", 60),
    ] {
        let mut pipe = phone(Some(Accept::Anyone), |_| {});
        pipe.inject(address(from), 0, &invite("c", OURS, expires));
        pipe.run_ms(50);
        let (leg, _) = pipe.incoming(0);
        pipe.act(0, Action::Ring(leg));
        pipe.run(Duration::from_secs(seconds - 1));
        assert_eq!(pipe.sent(0, "SIP/2.0 487"), 0, "{from} {expires}");
        pipe.run(Duration::from_secs(2));
        assert!(pipe.sent(0, "SIP/2.0 487") > 0, "{from} {expires}");
    }
}

/// An INVITE with sound for this host, answered: whether it is heard and spoken to before the ACK and after it.
fn sound(from: u8, host: u8, more: &str, word: &str) -> [(bool, bool); 2] {
    let mut pipe = phone(Some(Accept::Anyone), |_| {});
    let text =
        invite("c", OURS, "").replace("c=IN IP4 10.0.0.9", &format!("c=IN IP4 10.0.0.{host}"));
    let text = text.replace("a=sendrecv\r\n", &format!("a=sendrecv\r\n{more}"));
    pipe.inject(address(from), 0, &text);
    pipe.run_ms(50);
    let (leg, _) = pipe.incoming(0);
    pipe.act(0, Action::Answer(leg));
    pipe.run(Duration::from_secs(5));
    let before = heard_and_spoken_to(&pipe, leg);
    let to = header(pipe.last(0, "SIP/2.0 200"), "To").to_owned();
    let text =
        request(word, "c", OURS, "").replace("To: <sip:agent@lab.test>", &format!("To: {to}"));
    // An ACK has its INVITE's number.
    let number = if word == "ACK" { "CSeq: 1" } else { "CSeq: 2" };
    pipe.inject(address(from), 0, &text.replace("CSeq: 1", number));
    pipe.run_ms(50);
    let after = heard_and_spoken_to(&pipe, leg);
    pipe.bye(0, leg);
    pipe.run_out();
    [before, after]
}

fn heard_and_spoken_to(pipe: &Pipe, leg: LegId) -> (bool, bool) {
    let media = pipe.ends[0].media.get(&leg);
    let direction = media.map(|media| media.direction);
    let spoken_to = direction.is_some_and(Direction::sends);
    // A report every few seconds is RTP's as well.
    let reported_to = media.is_some_and(|media| !media.remote_rtcp.ip().is_unspecified());
    assert_eq!(spoken_to, reported_to);
    (direction.is_some_and(Direction::receives), spoken_to)
}

#[test]
fn no_sound_goes_to_a_third_party_before_its_caller_is_heard_of_again() {
    let both = (true, true);
    let (nothing, ear_alone) = ((false, false), (true, false));
    assert_eq!(sound(STRANGER, STRANGER, "", "ACK"), [both, both]);
    for word in ["ACK", "OPTIONS", "INFO"] {
        assert_eq!(sound(STRANGER, 77, "", word), [nothing, both], "{word}");
    }
    let rtcp = "a=rtcp:4001 IN IP4 10.0.0.77\r\n";
    assert_eq!(sound(STRANGER, STRANGER, rtcp, "ACK"), [nothing, both]);
    // A server has the sound of others elsewhere: they are heard from the 200 on, and spoken to from the ACK on.
    for server in [REGISTRAR, LISTED] {
        assert_eq!(sound(server, server, "", "ACK"), [both, both]);
        assert_eq!(sound(server, 77, "", "ACK"), [ear_alone, both]);
    }
}
