//! Others' phones by the dialog package (RFC 4235): lamps, and the pickup of a call that rings there (RFC 3891).
use crate::support::{Pipe, config, header, reply};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::AccountId;
use trialog_sip::Uri;
use trialog_ua::{Input, LampOf, LampState};

fn bob() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

/// A phone that has asked for Bob's lamp, whose subscription was taken.
fn watching() -> Pipe {
    let mut config = config(0);
    config.lamps = vec![LampOf {
        account: AccountId(0),
        of: Uri::parse("sip:bob@10.0.0.50").expect("uri"),
    }];
    let mut pipe = Pipe::with(vec![config], 5);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    take(&mut pipe);
    pipe
}

fn take(pipe: &mut Pipe) {
    let subscribe = pipe.last(0, "SUBSCRIBE").to_owned();
    assert_eq!(header(&subscribe, "Event"), "dialog");
    assert_eq!(header(&subscribe, "Accept"), "application/dialog-info+xml");
    let more = "Expires: 600\r\nContact: <sip:bob@10.0.0.50>\r\n";
    pipe.inject(bob(), 0, &reply(&subscribe, "200 OK", "b", more));
    pipe.run_ms(50);
}

/// A NOTIFY with this version, state and dialogs.
fn notify(pipe: &mut Pipe, version: u32, state: &str, dialogs: &str) {
    let body = format!(
        "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
         state=\"{state}\" entity=\"sip:bob@10.0.0.50\">{dialogs}</dialog-info>"
    );
    send(pipe, 10 + version, "active;expires=600", &body);
}

fn send(pipe: &mut Pipe, number: u32, state: &str, body: &str) {
    let subscribe = pipe.last(0, "SUBSCRIBE").to_owned();
    let text = format!(
        "NOTIFY sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.50;branch=z9hG4bKn{number}{}\r\n\
         From: <sip:bob@10.0.0.50>;tag=b\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} NOTIFY\r\n\
         Contact: <sip:bob@10.0.0.50>\r\nMax-Forwards: 70\r\nEvent: dialog\r\nSubscription-State: {state}\r\n\
         Content-Type: application/dialog-info+xml\r\nContent-Length: {}\r\n\r\n{body}",
        header(&subscribe, "Call-ID"),
        header(&subscribe, "From"),
        header(&subscribe, "Call-ID"),
        body.len()
    );
    pipe.inject(bob(), 0, &text);
    pipe.run_ms(50);
    assert!(pipe.raw.iter().any(|(_, _, text)| {
        text.starts_with("SIP/2.0 200") && header(text, "CSeq") == format!("{number} NOTIFY")
    }));
}

const RINGING: &str = "<dialog id=\"1\" call-id=\"c@10.0.0.7\" local-tag=\"bobs\" remote-tag=\"annas\" \
    direction=\"recipient\"><state>early</state><remote><identity>sip:anna@10.0.0.7</identity>\
    <target uri=\"sip:anna@10.0.0.7\"/></remote></dialog>";

fn states(pipe: &Pipe) -> Vec<LampState> {
    pipe.ends[0].lamps.iter().map(|(_, state)| *state).collect()
}

#[test]
fn rfc_4235_a_lamp_follows_the_dialogs_of_its_phone() {
    let mut pipe = watching();
    notify(&mut pipe, 0, "full", "");
    notify(&mut pipe, 1, "partial", RINGING);
    let up = RINGING.replace("early", "confirmed");
    notify(&mut pipe, 2, "partial", &up);
    notify(&mut pipe, 2, "partial", RINGING);
    let over = RINGING.replace("early", "terminated");
    notify(&mut pipe, 3, "partial", &over);
    let calls = RINGING.replace("recipient", "initiator");
    notify(&mut pipe, 4, "partial", &calls);
    use LampState::{Busy, Idle, Ringing, Unknown};
    assert_eq!(states(&pipe), [Idle, Ringing, Busy, Idle, Busy]);
    send(&mut pipe, 40, "terminated;reason=giveup", "");
    assert_eq!(states(&pipe).last(), Some(&Unknown));
}

#[test]
fn rfc_4235_a_notify_that_was_lost_is_made_good_by_a_refresh() {
    let mut pipe = watching();
    notify(&mut pipe, 0, "full", "");
    let sent = pipe.requests(0, "SUBSCRIBE");
    notify(&mut pipe, 2, "partial", RINGING);
    assert_eq!(pipe.requests(0, "SUBSCRIBE"), sent + 1);
    assert_eq!(states(&pipe), [LampState::Idle], "it builds on nothing");
    take(&mut pipe);
    notify(&mut pipe, 3, "full", RINGING);
    assert_eq!(states(&pipe), [LampState::Idle, LampState::Ringing]);
}

#[test]
fn rfc_4235_what_can_not_be_read_changes_nothing() {
    let mut pipe = watching();
    notify(&mut pipe, 0, "full", "");
    for (number, body) in [(50, "<presence/>"), (51, "<dialog-info"), (52, "")] {
        send(&mut pipe, number, "active;expires=600", body);
    }
    assert_eq!(states(&pipe), [LampState::Idle]);
}

#[test]
fn rfc_3891_a_ringing_call_is_picked_up_at_its_caller_with_replaces() {
    let mut pipe = watching();
    assert_eq!(pipe.ends[0].agent.pickup(0), None);
    notify(&mut pipe, 0, "full", RINGING);
    let (account, target) = pipe.ends[0].agent.pickup(0).expect("it rings");
    assert_eq!(account, AccountId(0));
    pipe.dial(0, target);
    pipe.run_ms(50);
    let invite = pipe.last(0, "INVITE");
    assert!(
        invite.starts_with("INVITE sip:anna@10.0.0.7 SIP"),
        "{invite}"
    );
    assert_eq!(
        header(invite, "Replaces"),
        "c@10.0.0.7;to-tag=annas;from-tag=bobs;early-only"
    );
    let over = RINGING.replace("early", "terminated");
    notify(&mut pipe, 1, "partial", &over);
    assert_eq!(pipe.ends[0].agent.pickup(0), None);
    assert_eq!(pipe.ends[0].agent.pickup(7), None, "there is no such lamp");
}

#[test]
fn rfc_6665_a_new_subscription_counts_anew_and_the_lamp_stays_as_it_was_until_it_tells() {
    let mut pipe = watching();
    notify(&mut pipe, 9, "full", RINGING);
    pipe.run(Duration::from_secs(460));
    let refresh = pipe.last(0, "SUBSCRIBE").to_owned();
    pipe.inject(bob(), 0, &reply(&refresh, "481 Gone", "", ""));
    pipe.run_ms(50);
    take(&mut pipe);
    assert_eq!(states(&pipe), [LampState::Ringing]);
    notify(&mut pipe, 0, "full", "");
    assert_eq!(states(&pipe), [LampState::Ringing, LampState::Idle]);
}
