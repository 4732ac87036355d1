//! REFER outside of a dialog: whose is taken for one in the call that Target-Dialog (RFC 4538) names, whose for one by itself, and
//! how far it is believed.
use crate::support::{Pipe, config, header, reply, sdp};
use std::net::SocketAddr;
use trialog_call::{Action, CallRequest, Grade, LegId, Referral, WireEvent};
use trialog_sip::Uri;
use trialog_ua::Accept;

fn registrar() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn stranger() -> SocketAddr {
    "10.0.0.8:5060".parse().expect("address")
}

/// A customer's call has come by the phone's registrar and is up; with the tag that the phone has in it.
fn call() -> (Pipe, LegId, String) {
    let mut config = config(0);
    config.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
    config.accept = Some(Accept::Anyone);
    let mut pipe = Pipe::with(vec![config], 1);
    let request = |method: &str, to: &str, more: &str| {
        let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more.trim_end(), ""));
        format!(
            "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method}\r\n\
             From: <sip:carol@pbx.example>;tag=theirs\r\nTo: {to}\r\nCall-ID: c1\r\nCSeq: 1 {method}\r\n\
             Max-Forwards: 70\r\n{more}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let offer = sdp("sip:carol@10.0.0.9", "sendrecv");
    let invite = request("INVITE", "<sip:user0@10.0.0.1>", &offer);
    pipe.inject(registrar(), 0, &invite);
    pipe.run_ms(50);
    let (leg, incoming) = pipe.incoming(0);
    assert_eq!(incoming.grade, Grade::Registrar);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let to = header(pipe.last(0, "SIP/2.0 200"), "To").to_owned();
    pipe.inject(registrar(), 0, &request("ACK", &to, ""));
    pipe.run_ms(50);
    pipe.forget_events();
    let tag = to.split("tag=").nth(1).expect("tag").to_owned();
    (pipe, leg, tag)
}

/// A REFER of the same server or of another, with this header.
fn refer(more: &str) -> String {
    format!(
        "REFER sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKr;rport\r\n\
         From: <sip:bob@pbx.example>;tag=r\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: r\r\nCSeq: 1 REFER\r\n\
         Contact: <sip:bob@10.0.0.9>\r\nMax-Forwards: 70\r\nRefer-To: \"Gus\" <sip:gus@10.0.0.9>\r\n\
         {more}Content-Length: 0\r\n\r\n"
    )
}

fn referral(pipe: &Pipe, leg: LegId) -> Option<Referral> {
    let events = pipe.events(0, leg).into_iter();
    let referral = |event| match event {
        WireEvent::Referred(referral) => Some(referral),
        _ => None,
    };
    events.filter_map(referral).next()
}

#[test]
fn a_refer_that_names_a_call_is_one_in_that_call_and_believed_as_its_own_sender() {
    for (sender, grade) in [
        (registrar(), Grade::Registrar),
        (stranger(), Grade::Stranger),
    ] {
        let (mut pipe, leg, ours) = call();
        let names =
            format!("Require: tdialog\r\nTarget-Dialog: c1;local-tag=theirs;remote-tag={ours}\r\n");
        pipe.inject(sender, 0, &refer(&names));
        pipe.run_ms(50);
        let referral = referral(&pipe, leg).expect("the core is asked");
        assert_eq!(referral.grade, grade);
        assert_eq!(referral.party.name.as_deref(), Some("Gus"));
        pipe.act(0, Action::AcceptReferral(leg));
        pipe.run_ms(50);
        // Its own dialog, not the call's, tells how it went.
        let told = pipe
            .raw
            .iter()
            .rev()
            .find(|raw| raw.2.starts_with("NOTIFY"));
        let notify = told.expect("it came").2.clone();
        assert_eq!(header(&notify, "Call-ID"), "r");
        pipe.inject(sender, 0, &reply(&notify, "200 OK", "", ""));
        pipe.run_ms(50);
        let status = 603;
        pipe.act(0, Action::ReferralResult { leg, status });
        pipe.run_ms(50);
        let told = pipe
            .raw
            .iter()
            .rev()
            .find(|raw| raw.2.starts_with("NOTIFY"));
        assert!(told.expect("it came").2.contains("SIP/2.0 603"));
    }
}

#[test]
fn a_refer_that_names_no_call_of_ours_is_forbidden_to_all() {
    for sender in [registrar(), stranger()] {
        let (mut pipe, leg, ours) = call();
        for names in [
            "Target-Dialog: c1;local-tag=theirs;remote-tag=guessed\r\n".to_owned(),
            format!("Target-Dialog: c2;local-tag=theirs;remote-tag={ours}\r\n"),
        ] {
            pipe.raw.clear();
            pipe.inject(sender, 0, &refer(&names));
            pipe.run_ms(50);
            let answer = &pipe.raw.last().expect("an answer").2;
            assert!(answer.starts_with("SIP/2.0 403"), "{answer}");
            assert_eq!(referral(&pipe, leg), None);
            // Each in a transaction of its own.
            pipe.run(std::time::Duration::from_secs(40));
        }
    }
}

/// What the phone has sent since the last look.
fn said(pipe: &mut Pipe) -> Vec<String> {
    let raw = std::mem::take(&mut pipe.raw).into_iter();
    let ours = raw.filter(|(from, _, _)| *from != registrar() && *from != stranger());
    ours.map(|(_, _, text)| text).collect()
}

/// The core has the question of the REFER without a call.
fn asked() -> (Pipe, LegId, CallRequest) {
    let (mut pipe, _, _) = call();
    pipe.raw.clear();
    let by = "P-Asserted-Identity: \"Bob\" <sip:bob@pbx.example>\r\nReferred-By: <sip:bob@pbx.example>\r\n";
    pipe.inject(registrar(), 0, &refer(by));
    pipe.run_ms(50);
    let leg = LegId::Received(2);
    let events = pipe.events(0, leg);
    let [WireEvent::CallAsked(request)] = &events[..] else {
        panic!("{events:?}");
    };
    let request = request.clone();
    assert!(said(&mut pipe).is_empty(), "the core has not decided");
    (pipe, leg, request)
}

fn answers_notify(pipe: &mut Pipe) -> String {
    let notify = said(pipe)
        .into_iter()
        .rfind(|text| text.starts_with("NOTIFY"));
    let notify = notify.expect("a NOTIFY");
    pipe.inject(registrar(), 0, &reply(&notify, "200 OK", "", ""));
    pipe.run_ms(50);
    said(pipe);
    notify
}

#[test]
fn a_refer_without_a_call_asks_the_core_and_tells_who_asks() {
    let (mut pipe, leg, request) = asked();
    assert_eq!(request.referral.grade, Grade::Registrar);
    assert_eq!(request.by.name.as_deref(), Some("Bob"));
    assert!(request.by.asserted);
    assert_eq!(request.referral.party.name.as_deref(), Some("Gus"));
    pipe.act(0, Action::AcceptReferral(leg));
    pipe.run_ms(50);
    let notify = answers_notify(&mut pipe);
    assert!(notify.contains("SIP/2.0 100") && header(&notify, "Call-ID") == "r");
    let status = 603;
    pipe.act(0, Action::ReferralResult { leg, status });
    pipe.run_ms(50);
    let notify = answers_notify(&mut pipe);
    assert!(
        notify.contains("SIP/2.0 603") && notify.contains("terminated"),
        "{notify}"
    );
}

#[test]
fn the_call_that_follows_is_reported_by_itself_and_carries_who_asked() {
    for (answer, told) in [("486 Busy Here", "SIP/2.0 486"), ("200 OK", "SIP/2.0 200")] {
        let (mut pipe, leg, request) = asked();
        pipe.act(0, Action::AcceptReferral(leg));
        pipe.run_ms(50);
        answers_notify(&mut pipe);
        let called = LegId::Placed(7);
        pipe.act(
            0,
            Action::Invite {
                leg: called,
                account: request.account,
                target: request.referral.to,
                as_guest: false,
                referral: Some(leg),
            },
        );
        pipe.run_ms(50);
        let raw = std::mem::take(&mut pipe.raw);
        let invite = raw.iter().rfind(|raw| raw.2.starts_with("INVITE"));
        let (_, to, invite) = invite.expect("an INVITE").clone();
        assert_eq!(header(&invite, "Referred-By"), "<sip:bob@pbx.example>");
        let body = sdp("sip:gus@10.0.0.9", "sendrecv");
        let body = if answer.starts_with('2') { &*body } else { "" };
        pipe.inject(to, 0, &reply(&invite, answer, "g", body));
        pipe.run_ms(50);
        let notify = answers_notify(&mut pipe);
        assert!(
            notify.contains(told) && notify.contains("terminated"),
            "{notify}"
        );
    }
}

#[test]
fn a_strangers_refer_without_a_call_is_forbidden_and_a_core_may_refuse_any() {
    let (mut pipe, _, _) = call();
    pipe.raw.clear();
    pipe.inject(stranger(), 0, &refer(""));
    pipe.run_ms(50);
    assert!(
        pipe.raw
            .last()
            .expect("an answer")
            .2
            .starts_with("SIP/2.0 403")
    );
    let (mut pipe, leg, _) = asked();
    let status = 486;
    pipe.act(0, Action::RefuseReferral { leg, status });
    pipe.run_ms(50);
    let answers = said(&mut pipe);
    assert!(
        answers[0].starts_with("SIP/2.0 486") && answers.len() == 1,
        "{answers:?}"
    );
}

#[test]
fn rfc_4488_a_refer_that_wants_no_subscription_is_followed_and_nothing_is_told() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = crate::strangers::placed_and_answered(&mut pipe);
    let stranger = crate::strangers::stranger();
    let refer = |number: u32, more: &str| {
        format!(
            "REFER sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKr{number}\r\n\
             From: <sip:team@10.0.0.9>;tag=s\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} REFER\r\n\
             Contact: <sip:one@10.0.0.9>\r\nRefer-To: <sip:bob@10.0.0.8>\r\n{more}\r\n",
            header(&invite, "From"),
            header(&invite, "Call-ID"),
        )
    };
    let silent = "Refer-Sub: false\r\nRequire: norefersub\r\n";
    pipe.inject(stranger, 0, &refer(7, silent));
    pipe.run_ms(50);
    pipe.act(0, Action::AcceptReferral(leg));
    pipe.run_ms(50);
    let accepted = pipe.last(0, "SIP/2.0 202").to_owned();
    assert_eq!(header(&accepted, "Refer-Sub"), "false");
    pipe.act(0, Action::ReferralResult { leg, status: 200 });
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "NOTIFY"), 0);
    // The next one is told of as ever.
    pipe.inject(stranger, 0, &refer(8, "Refer-Sub: true\r\n"));
    pipe.run_ms(50);
    pipe.act(0, Action::AcceptReferral(leg));
    pipe.run_ms(50);
    assert_eq!(header(pipe.last(0, "SIP/2.0 202"), "Refer-Sub"), "");
    assert!(pipe.sent(0, "NOTIFY") > 0);
    pipe.bye(0, leg);
    pipe.assert_idle();
}
