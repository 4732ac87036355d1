//! A phone that is made anew goes on with the dialogs of one that has died.
use crate::support::registrar::{registrar, with_registrar};
use crate::support::{addr, config, header, reply, sdp, target};
use std::time::Duration;
use trialog_call::{AccountId, Act, CallRecord, Input, Outcome, Policy, Stage, Time};
use trialog_sdp::Protection;
use trialog_ua::{
    Endpoint, EndpointInput, EndpointOutput, KeptDialog, Peer, SavedCall, Source, Transport,
};

pub(crate) const NOW: Time = Time(Duration::from_secs(9));

pub(crate) fn phone(own: bool, seed: u8) -> Endpoint {
    secured(own, seed, Protection::Off)
}

pub(crate) fn secured(own: bool, seed: u8, srtp: Protection) -> Endpoint {
    let mut config = if own { with_registrar() } else { config(1) };
    config.srtp = srtp;
    let mut phone = Endpoint::new(Policy::default(), config, [seed; 32]);
    (0..4).for_each(|place| phone.offer_rtp_port(20_000 + 100 * u16::from(seed) + 2 * place));
    phone
}

/// What it sends now, as text, and what it records.
pub(crate) fn sent(phone: &mut Endpoint) -> (Vec<String>, Vec<CallRecord>) {
    let (mut messages, mut records) = (Vec::new(), Vec::new());
    while let Some(output) = phone.poll_output() {
        match output {
            EndpointOutput::Transmit(transmit) => {
                messages.push(String::from_utf8(transmit.bytes).expect("text"));
            }
            EndpointOutput::Record(record) => records.push(record),
            _ => {}
        }
    }
    (messages, records)
}

pub(crate) fn hand(phone: &mut Endpoint, from: std::net::SocketAddr, local: usize, text: &str) {
    let source = Source {
        peer: Peer::at(Transport::Udp, from),
        local: addr(local),
        connection: None,
    };
    let message = text.as_bytes();
    phone.handle(NOW, EndpointInput::Wire { source, message });
}

/// Carries what both say until neither says any more.
pub(crate) fn exchange(phones: &mut [Endpoint; 2]) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let mut rests = true;
        for own in [0, 1] {
            for text in sent(&mut phones[own]).0 {
                rests = false;
                hand(&mut phones[1 - own], addr(own), 1 - own, &text);
                all.push(text);
            }
        }
        if rests {
            return all;
        }
    }
}

/// The phone calls the other one, which answers, and dies.
pub(crate) fn died() -> (Endpoint, Vec<SavedCall>) {
    let (other, saved, _) = died_in([phone(true, 0), phone(false, 1)]);
    (other, saved)
}

/// The same of these two; and its INVITE.
pub(crate) fn died_in(mut phones: [Endpoint; 2]) -> (Endpoint, Vec<SavedCall>, String) {
    let account = AccountId(0);
    let target = target(1);
    let dial = Input::Dial { account, target };
    phones[0].handle(NOW, EndpointInput::Core(dial));
    let invite = exchange(&mut phones).remove(0);
    let call = phones[1].snapshot(NOW).calls[0].id;
    let act = Act::Answer;
    phones[1].handle(NOW, EndpointInput::Core(Input::Act { call, act }));
    exchange(&mut phones);
    let saved = phones[0].saved_calls();
    assert_eq!(saved.len(), 1);
    let [_, other] = phones;
    (other, saved, invite)
}

/// The first key that a message offers, with its suite.
pub(crate) fn key(message: &str) -> &str {
    let mut lines = message.lines();
    lines
        .find(|line| line.starts_with("a=crypto:"))
        .expect("a key")
}

pub(crate) fn cseq(message: &str) -> u32 {
    let number = header(message, "CSeq").split(' ').next();
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[test]
fn the_registrar_is_asked_first_and_the_far_side_when_it_has_answered_or_does_not() {
    for answers in [true, false] {
        let (other, saved) = died();
        let mut again = phone(true, 2);
        assert_eq!(again.take_up(NOW, &saved), []);
        again.handle(NOW, EndpointInput::Register(None));
        let (messages, _) = sent(&mut again);
        let [register] = &messages[..] else {
            panic!("{messages:?}")
        };
        assert!(register.starts_with("REGISTER"), "{register}");
        assert_eq!(again.snapshot(NOW).calls[0].stage, Stage::Connected);
        if answers {
            hand(
                &mut again,
                registrar(),
                0,
                &reply(register, "200 OK", "r", ""),
            );
        } else {
            let later = NOW + Duration::from_secs(2);
            again.handle(later, EndpointInput::Timeout);
        }
        let mut phones = [again, other];
        let messages = exchange(&mut phones);
        let invite = messages.iter().find(|text| text.starts_with("INVITE"));
        let invite = invite.expect("a re-INVITE");
        let dialog = &saved[0].dialogs[0];
        assert_eq!(header(invite, "Call-ID"), dialog.call_id);
        assert!(cseq(invite) > dialog.local_cseq, "{invite}");
        assert!(invite.contains("m=audio 202"), "{invite}");
        let answer = messages.iter().find(|text| text.starts_with("SIP/2.0 200"));
        assert!(answer.is_some(), "{messages:?}");
        let stages = phones.map(|phone| phone.snapshot(NOW).calls[0].stage);
        assert_eq!(stages, [Stage::Connected; 2]);
    }
}

#[test]
fn a_call_that_was_secured_is_secured_again_by_new_keys() {
    let srtp = Protection::Require;
    let (other, saved, invite) = died_in([secured(true, 0, srtp), secured(false, 1, srtp)]);
    let mut again = secured(true, 2, srtp);
    assert_eq!(again.take_up(NOW, &saved), []);
    again.handle(NOW + Duration::from_secs(2), EndpointInput::Timeout);
    let mut phones = [again, other];
    let messages = exchange(&mut phones);
    let reinvite = messages.iter().find(|text| text.starts_with("INVITE"));
    let reinvite = reinvite.expect("a re-INVITE");
    assert!(reinvite.contains(" RTP/SAVP "), "{reinvite}");
    assert_ne!(key(reinvite), key(&invite));
    for phone in phones {
        let call = phone.snapshot(NOW).calls.remove(0);
        assert!(call.legs[0].secured.media, "{call:?}");
    }
}

#[test]
fn a_far_side_that_knows_the_dialog_no_more_has_left() {
    let (_, mut saved) = died();
    saved[0].dialogs[0].capabilities.replaces = false;
    let mut again = Endpoint::new(Policy::default(), config(0), [2; 32]);
    (0..4).for_each(|place| again.offer_rtp_port(20_000 + 2 * place));
    assert_eq!(again.take_up(NOW, &saved), []);
    let (messages, _) = sent(&mut again);
    let [invite] = &messages[..] else {
        panic!("{messages:?}")
    };
    let gone = reply(invite, "481 Call/Transaction Does Not Exist", "x", "");
    hand(&mut again, addr(1), 0, &gone);
    let (_, records) = sent(&mut again);
    let finished = |record: &CallRecord| matches!(record, CallRecord::Finished { .. });
    assert!(records.iter().any(finished), "{records:?}");
}

#[test]
fn a_dialog_that_can_be_none_ends_its_leg_and_no_more() {
    let spoilt: [fn(&mut KeptDialog); 7] = [
        |dialog| dialog.remote_target.clear(),
        |dialog| dialog.local = "<sip:".to_owned(),
        |dialog| dialog.local_tag.clear(),
        |dialog| dialog.call_id.push('\n'),
        |dialog| dialog.local_cseq = u32::MAX,
        |dialog| dialog.route_set = vec!["<sip:p1;lr>".to_owned(); 65],
        |dialog| dialog.session.description.clear(),
    ];
    for spoil in spoilt {
        let (_, mut saved) = died();
        spoil(&mut saved[0].dialogs[0]);
        let mut again = phone(true, 2);
        assert_eq!(again.take_up(NOW, &saved), []);
        let (messages, records) = sent(&mut again);
        assert_eq!(messages, [""; 0]);
        let finished = |record: &CallRecord| matches!(record, CallRecord::Finished { .. });
        assert!(records.iter().any(finished), "{records:?}");
    }
}

/// A peer of this phone, which is no phone: what it would send is written by hand.
fn consulting(phone: &mut Endpoint) -> String {
    let account = AccountId(0);
    let target = target(1);
    let core = |input| EndpointInput::Core(input);
    phone.handle(NOW, core(Input::Dial { account, target }));
    let invite = sent(phone).0.remove(0);
    let contact = "sip:user1@10.0.0.2";
    let allow = "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY\r\nSupported: replaces\r\n";
    let answer = format!("{allow}{}", sdp(contact, "sendrecv"));
    hand(phone, addr(1), 0, &reply(&invite, "200 OK", "c", &answer));
    sent(phone);
    let call = phone.snapshot(NOW).calls[0].id;
    let act = Act::Consult(crate::support::target(2));
    phone.handle(NOW, core(Input::Act { call, act }));
    let hold = sent(phone).0.remove(0);
    let held = reply(&hold, "200 OK", "c", &sdp(contact, "recvonly"));
    hand(phone, addr(1), 0, &held);
    let (mut messages, _) = sent(phone);
    messages.retain(|message| message.starts_with("INVITE"));
    messages.remove(0)
}

#[test]
fn a_consult_that_rang_is_cancelled_by_its_own_branch_and_what_crosses_that_is_ended() {
    for answered in [false, true] {
        let mut first = phone(false, 0);
        let invite = consulting(&mut first);
        hand(
            &mut first,
            addr(2),
            0,
            &reply(&invite, "180 Ringing", "g", ""),
        );
        let saved = first.saved_calls();
        let kept = saved[0].ringing.as_ref().expect("it is kept");
        assert!(!kept.head.contains("m=audio"), "{}", kept.head);

        let mut again = phone(false, 2);
        assert_eq!(again.take_up(NOW, &saved), []);
        let (messages, _) = sent(&mut again);
        let cancel = messages.iter().find(|text| text.starts_with("CANCEL"));
        let cancel = cancel.expect("a CANCEL");
        for name in ["Via", "From", "To", "Call-ID"] {
            assert_eq!(header(cancel, name), header(&invite, name), "{name}");
        }
        assert_eq!(cseq(cancel), cseq(&invite));
        hand(&mut again, addr(2), 0, &reply(cancel, "200 OK", "g", ""));
        let last = if answered {
            reply(
                &invite,
                "200 OK",
                "g",
                &sdp("sip:user2@10.0.0.3", "sendrecv"),
            )
        } else {
            reply(&invite, "487 Request Terminated", "g", "")
        };
        hand(&mut again, addr(2), 0, &last);
        let (messages, _) = sent(&mut again);
        let methods: Vec<&str> = messages
            .iter()
            .filter_map(|text| text.split(' ').next())
            .collect();
        let wanted: &[&str] = if answered { &["ACK", "BYE"] } else { &["ACK"] };
        assert_eq!(methods, wanted);
        assert_eq!(again.snapshot(NOW).calls[0].stage, Stage::Held);
        assert_eq!(again.saved_calls()[0].ringing, None);
    }
}

#[test]
fn a_refer_that_is_not_decided_has_its_subscription_asked_anew_and_its_notify_is_taken() {
    let mut first = phone(false, 0);
    consulting(&mut first);
    let call = first.snapshot(NOW).calls[0].id;
    let end = Input::Act {
        call,
        act: Act::EndConsult,
    };
    first.handle(NOW, EndpointInput::Core(end));
    sent(&mut first);
    let act = Act::Transfer(Some(crate::support::target(3)));
    first.handle(NOW, EndpointInput::Core(Input::Act { call, act }));
    let refer = sent(&mut first).0.remove(0);
    assert!(refer.starts_with("REFER"), "{refer}");
    hand(
        &mut first,
        addr(1),
        0,
        &reply(&refer, "202 Accepted", "c", ""),
    );
    let saved = first.saved_calls();
    assert_eq!(saved[0].dialogs[0].refer, Some((cseq(&refer), true)));

    let mut again = phone(false, 2);
    assert_eq!(again.take_up(NOW, &saved), []);
    let reinvite = sent(&mut again).0.remove(0);
    let session = sdp("sip:user1@10.0.0.2", "recvonly");
    hand(
        &mut again,
        addr(1),
        0,
        &reply(&reinvite, "200 OK", "c", &session),
    );
    sent(&mut again);
    assert_eq!(again.snapshot(NOW).calls[0].stage, Stage::TransferPending);
    let later = NOW + Duration::from_secs(2);
    again.handle(later, EndpointInput::Timeout);
    let (messages, _) = sent(&mut again);
    let subscribe = messages.iter().find(|text| text.starts_with("SUBSCRIBE"));
    let subscribe = subscribe.expect("a SUBSCRIBE");
    assert_eq!(header(subscribe, "Call-ID"), saved[0].dialogs[0].call_id);
    assert!(
        header(subscribe, "Event").starts_with("refer"),
        "{subscribe}"
    );
    assert!(cseq(subscribe) > cseq(&refer));
    hand(&mut again, addr(1), 0, &reply(subscribe, "200 OK", "c", ""));
    let (own, far) = (header(&reinvite, "From"), header(subscribe, "To"));
    let notify = format!(
        "NOTIFY sip:agent@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKn\r\nMax-Forwards: 70\r\n\
         From: {far}\r\nTo: {own}\r\nCall-ID: {}\r\nCSeq: 1 NOTIFY\r\nEvent: refer\r\n\
         Subscription-State: terminated;reason=noresource\r\nContact: <sip:user1@10.0.0.2>\r\n\
         Content-Type: message/sipfrag\r\nContent-Length: 16\r\n\r\nSIP/2.0 200 OK\r\n",
        saved[0].dialogs[0].call_id
    );
    hand(&mut again, addr(1), 0, &notify);
    let (messages, records) = sent(&mut again);
    assert!(messages[0].starts_with("SIP/2.0 200"), "{messages:?}");
    let transferred = |record: &CallRecord| matches!(record, CallRecord::Finished { outcome, .. } if *outcome == Outcome::Transferred);
    assert!(records.iter().any(transferred), "{records:?}");
}
