//! Who the parties are, as the registrar states it: when a call comes in, when one of ours is answered, and within a call. The
//! test plays registrar and stranger in plain text.
use crate::support::{Pipe, config, header, reply, sdp};
use std::net::SocketAddr;
use std::sync::Arc;
use trialog_call::{Action, CallOrigin, LegId, PartyIdentity, ReferTo, Target, WireEvent};
use trialog_sip::Uri;

const ERIKA: &str = "P-Asserted-Identity: \"Erika\" <sip:+4930123456@pbx.example>\r\n";
const OTTO: &str = "P-Asserted-Identity: \"Otto\" <sip:4711@pbx.example>\r\n";

fn registrar() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn stranger() -> SocketAddr {
    "10.0.0.8:5060".parse().expect("address")
}

/// A phone whose account registers at 10.0.0.9.
fn registered() -> Pipe {
    let mut config = config(0);
    config.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
    Pipe::with(vec![config], 1)
}

/// A request of the far side's own; `to`: with our tag, in a dialog.
fn request(method: &str, from: &str, to: &str, number: u32, more: &str) -> String {
    let (more, body) = more.split_once("\r\n\r\n").unwrap_or((more.trim_end(), ""));
    format!(
        "{method} sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{method}{number}\r\n\
         From: {from};tag=f\r\nTo: {to}\r\nCall-ID: c1\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n\
         {more}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An INVITE with these headers comes from there: who calls, and how the call came here.
fn invited(
    pipe: &mut Pipe,
    by: SocketAddr,
    from: &str,
    headers: &str,
) -> (LegId, Arc<PartyIdentity>, Arc<CallOrigin>) {
    let more = format!("{headers}{}", sdp("sip:far@10.0.0.9", "sendrecv"));
    let to = "\"Hotline\" <sip:800@pbx.example>";
    pipe.inject(by, 0, &request("INVITE", from, to, 1, &more));
    pipe.run_ms(50);
    let (leg, incoming) = pipe.incoming(0);
    (leg, incoming.from, incoming.origin)
}

/// The same call, up; with the To that it has for the far side.
fn up(pipe: &mut Pipe, from: &str, headers: &str) -> (LegId, String) {
    let (leg, ..) = invited(pipe, registrar(), from, headers);
    pipe.act(0, Action::Answer(leg));
    pipe.run_ms(50);
    let to = header(pipe.last(0, "SIP/2.0 200"), "To").to_owned();
    pipe.inject(registrar(), 0, &request("ACK", from, &to, 1, ""));
    pipe.run_ms(50);
    pipe.forget_events();
    (leg, to)
}

fn identities(pipe: &Pipe, leg: LegId) -> Vec<Arc<PartyIdentity>> {
    let events = pipe.events(0, leg).into_iter();
    let identity = |event| match event {
        WireEvent::Identity(party) => Some(party),
        _ => None,
    };
    events.filter_map(identity).collect()
}

fn shown(pipe: &Pipe, leg: LegId) -> Vec<String> {
    let parties = identities(pipe, leg).into_iter();
    parties
        .map(|party| party.shown().unwrap_or("-").to_owned())
        .collect()
}

#[test]
fn the_registrars_word_about_a_caller_counts_and_a_strangers_does_not() {
    let anonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    let (_, from, _) = invited(&mut registered(), registrar(), anonymous, ERIKA);
    assert_eq!(from.name.as_deref(), Some("Erika"));
    assert_eq!(from.number.as_deref(), Some("+4930123456"));
    assert!(from.asserted);
    let (_, from, _) = invited(&mut Pipe::of(1), stranger(), anonymous, ERIKA);
    assert_eq!(*from, PartyIdentity::anonymous(false));
}

#[test]
fn a_call_tells_who_was_called_who_diverted_it_and_who_sent_the_caller() {
    let headers = "Diversion: \"Sales\" <sip:810@pbx.example>;reason=no-answer\r\n\
                   Referred-By: \"Bob\" <sip:202@pbx.example>\r\n";
    let (_, _, origin) = invited(
        &mut registered(),
        registrar(),
        "<sip:1@pbx.example>",
        headers,
    );
    let called = origin.called.as_ref().expect("it has a To");
    assert_eq!(
        (called.name.as_deref(), called.number.as_deref()),
        (Some("Hotline"), Some("800"))
    );
    assert_eq!(origin.diverted_from[0].name.as_deref(), Some("Sales"));
    let by = origin.referred_by.as_ref().expect("it was sent");
    assert_eq!(by.number.as_deref(), Some("202"));
    let (_, _, origin) = invited(&mut Pipe::of(1), stranger(), "<sip:1@x.example>", headers);
    assert!(origin.diverted_from.is_empty() && origin.referred_by.is_none());
}

#[test]
fn an_update_or_a_reinvite_of_the_registrar_states_another_party() {
    let mut pipe = registered();
    let from = "<sip:queue@pbx.example>";
    let (leg, to) = up(&mut pipe, from, ERIKA);
    let refresh = format!("Contact: <sip:far@10.0.0.9>\r\n{ERIKA}");
    pipe.inject(registrar(), 0, &request("UPDATE", from, &to, 2, &refresh));
    pipe.run_ms(50);
    assert_eq!(shown(&pipe, leg), [""; 0], "the same as before");
    pipe.inject(registrar(), 0, &request("UPDATE", from, &to, 3, OTTO));
    pipe.run_ms(50);
    assert_eq!(pipe.sent(0, "SIP/2.0 200"), 2);
    let rpid = "Remote-Party-ID: \"Ida\" <sip:12@pbx.example>;party=called;screen=yes\r\n";
    let more = format!("{rpid}{}", sdp("sip:far@10.0.0.9", "sendrecv"));
    pipe.inject(registrar(), 0, &request("INVITE", from, &to, 4, &more));
    pipe.run_ms(50);
    pipe.inject(registrar(), 0, &request("ACK", from, &to, 4, ""));
    // Another may know the dialog, but has no say in who is in it.
    pipe.inject(stranger(), 0, &request("UPDATE", from, &to, 5, ERIKA));
    pipe.run_ms(50);
    assert_eq!(shown(&pipe, leg), ["Otto", "Ida"]);
    pipe.bye(0, leg);
    pipe.run_ms(50);
}

#[test]
fn a_party_that_hides_takes_the_others_place_as_anonymous_and_a_caller_that_hid_stays_as_it_was() {
    let mut pipe = registered();
    let from = "\"Queue\" <sip:800@pbx.example>";
    let hidden = format!("{ERIKA}Privacy: id\r\n");
    let (leg, to) = up(&mut pipe, from, &hidden);
    pipe.inject(registrar(), 0, &request("UPDATE", from, &to, 2, &hidden));
    pipe.run_ms(50);
    assert!(identities(&pipe, leg).is_empty());
    let other = format!("{OTTO}Privacy: id\r\n");
    pipe.inject(registrar(), 0, &request("UPDATE", from, &to, 3, &other));
    pipe.run_ms(50);
    assert_eq!(
        identities(&pipe, leg),
        [Arc::new(PartyIdentity::anonymous(true))]
    );
}

#[test]
fn a_refer_names_the_party_that_is_to_be_called_unless_it_hides() {
    let from = "\"Carol\" <sip:+4930123456@pbx.example>";
    let anonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    for (from, headers, name) in [
        (from, "", "\"Carol\" "),
        (from, ERIKA, "\"Erika\" "),
        (from, "Privacy: none\r\n", "\"Carol\" "),
        (from, "Privacy: id\r\n", ""),
        (from, "Privacy: header;user\r\n", ""),
        (
            from,
            "Remote-Party-ID: \"Erika\" <sip:1@pbx.example>;privacy=full\r\n",
            "",
        ),
        (anonymous, "", ""),
    ] {
        let mut pipe = registered();
        let (customer, _) = up(&mut pipe, from, headers);
        let (guest, other) = (LegId::Placed(1), "sip:gus@10.0.0.8");
        assert_eq!(pipe.dial(0, Target(other.to_owned())), guest);
        pipe.run_ms(50);
        let invite = pipe.last(0, "INVITE").to_owned();
        let answer = sdp(other, "sendrecv");
        pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "t", &answer));
        pipe.run_ms(50);
        let to = ReferTo::Leg(customer);
        pipe.act(0, Action::Refer { leg: guest, to });
        pipe.run_ms(50);
        let refer_to = header(pipe.last(0, "REFER"), "Refer-To");
        let expected = format!("{name}<sip:far@10.0.0.9?Replaces=c1");
        assert!(
            refer_to.starts_with(&expected),
            "{from} {headers}: {refer_to}"
        );
    }
}

#[test]
fn who_answers_a_call_of_ours_is_told_from_ringing_on() {
    let mut pipe = registered();
    let leg = pipe.dial(0, Target("800".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let one = format!("Contact: <sip:one@10.0.0.9>\r\n{ERIKA}");
    pipe.inject(registrar(), 0, &reply(&invite, "180 Ringing", "t", &one));
    pipe.run_ms(50);
    let early = request(
        "UPDATE",
        "<sip:800@10.0.0.1>",
        header(&invite, "From"),
        1,
        OTTO,
    );
    let early = early
        .replace(
            "Call-ID: c1",
            &format!("Call-ID: {}", header(&invite, "Call-ID")),
        )
        .replace(";tag=f", ";tag=t");
    pipe.inject(registrar(), 0, &early);
    pipe.run_ms(50);
    let answer = format!("{OTTO}{}", sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(registrar(), 0, &reply(&invite, "200 OK", "t", &answer));
    pipe.run_ms(50);
    assert_eq!(shown(&pipe, leg), ["Erika", "Otto"]);
    pipe.bye(0, leg);
    pipe.run_ms(50);
}

#[test]
fn a_stranger_that_answers_states_nothing() {
    let mut pipe = Pipe::of(1);
    let leg = pipe.dial(0, Target("sip:one@10.0.0.8".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let answer = format!("{ERIKA}{}", sdp("sip:one@10.0.0.8", "sendrecv"));
    pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "t", &answer));
    pipe.run_ms(50);
    assert!(identities(&pipe, leg).is_empty());
}

#[test]
fn a_private_call_tells_its_server_alone_whose_it_is() {
    let mut config = config(0);
    config.accounts[0].privacy = true;
    config.accounts[0].display = Some("Anna".to_owned());
    config.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
    let mut pipe = Pipe::with(vec![config], 1);
    pipe.dial(0, Target("800".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    assert!(header(&invite, "From").starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>"));
    assert_eq!(header(&invite, "Privacy"), "id");
    assert_eq!(
        header(&invite, "P-Preferred-Identity"),
        "\"Anna\" <sip:user0@10.0.0.1>"
    );
    assert_eq!(header(&invite, "Contact"), "<sip:10.0.0.1:5060>");
    pipe.inject(registrar(), 0, &reply(&invite, "486 Busy Here", "t", ""));
    // Another server is told nothing.
    let leg = pipe.dial(0, Target("sip:900@10.0.0.8".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    assert!(invite.starts_with("INVITE sip:900@10.0.0.8"));
    assert_eq!(header(&invite, "Privacy"), "id");
    assert!(
        !invite.contains("user0") && !invite.contains("Anna"),
        "{invite}"
    );
    let answer = sdp("sip:900@10.0.0.8", "sendrecv");
    pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "t2", &answer));
    pipe.run_ms(50);
    pipe.bye(0, leg);
    pipe.run_ms(50);
    let bye = pipe.last(0, "BYE");
    assert_eq!(header(bye, "Privacy"), "id");
    assert!(!bye.contains("user0"), "{bye}");
}

/// What is sent to a guest's server where its leg is to be told of the caller with these headers.
fn told_to_the_guest(takes_our_word: bool, customer: &str, guest: &str) -> Option<String> {
    let mut config = config(0);
    config.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
    config.accounts[0].states_parties = takes_our_word;
    let mut pipe = Pipe::with(vec![config], 1);
    let (party, _) = up(&mut pipe, "<sip:trunk@pbx.example>", customer);
    let leg = pipe.dial(0, Target("sip:gus@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE").to_owned();
    let answer = format!("{guest}{}", sdp("sip:gus@10.0.0.9", "sendrecv"));
    pipe.inject(registrar(), 0, &reply(&invite, "200 OK", "g", &answer));
    pipe.run_ms(50);
    pipe.raw.clear();
    pipe.act(0, Action::StateParty { leg, party });
    pipe.run_ms(50);
    let sent = pipe.raw.iter().map(|raw| raw.2.clone());
    sent.into_iter().find(|text| text.starts_with("UPDATE"))
}

#[test]
fn a_server_that_takes_our_word_is_told_whom_a_guest_talks_to_and_no_other_is() {
    let allows = "Allow: INVITE, ACK, BYE, UPDATE\r\n";
    let update = told_to_the_guest(true, ERIKA, allows).expect("it is told");
    assert_eq!(
        header(&update, "P-Asserted-Identity"),
        "\"Erika\" <sip:+4930123456@pbx.example>"
    );
    assert_eq!(header(&update, "Content-Length"), "0");
    assert_eq!(told_to_the_guest(false, ERIKA, allows), None);
    let no_update = "Allow: INVITE, ACK, BYE\r\n";
    assert_eq!(told_to_the_guest(true, ERIKA, no_update), None);
    let hidden = format!("{ERIKA}Privacy: id\r\n");
    assert_eq!(told_to_the_guest(true, &hidden, allows), None);
}
