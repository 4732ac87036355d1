//! A phone that is made anew goes on with a call whose far side knows its dialog no more, or is not where it was.
use crate::support::{addr, config, header, reply, sdp};
use crate::taking_up::{NOW, cseq, died, died_in, hand, key, secured, sent};
use std::time::Duration;
use trialog_call::{CallRecord, Notice, Policy, Stage};
use trialog_sdp::Protection;
use trialog_ua::{Endpoint, EndpointInput, EndpointOutput, Peer, SavedCall, Source, Transport};

/// A phone without a registrar, which takes up these calls; and its re-INVITE.
fn again(saved: &[SavedCall]) -> (Endpoint, String) {
    let mut again = Endpoint::new(Policy::default(), config(0), [2; 32]);
    (0..4).for_each(|place| again.offer_rtp_port(20_200 + 2 * place));
    assert_eq!(again.take_up(NOW, saved), []);
    let invite = only(&mut again);
    (again, invite)
}

/// The one message that it sends now.
fn only(phone: &mut Endpoint) -> String {
    let (mut messages, _) = sent(phone);
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

/// It is answered so by the far side, and acknowledges that; what it sends then.
fn after(phone: &mut Endpoint, invite: &str, status: &str) -> Vec<String> {
    hand(phone, addr(1), 0, &reply(invite, status, "x", ""));
    let (mut messages, _) = sent(phone);
    messages.retain(|message| !message.starts_with("ACK"));
    messages
}

fn is_over(phone: &mut Endpoint) -> bool {
    let (_, records) = sent(phone);
    let finished = |record: &CallRecord| matches!(record, CallRecord::Finished { .. });
    records.iter().any(finished) || phone.snapshot(NOW).calls.is_empty()
}

/// The kept call's name for the dialog, as RFC 3891 §3 has it for its far side.
fn named(saved: &[SavedCall]) -> String {
    let dialog = &saved[0].dialogs[0];
    format!(
        "{};to-tag={};from-tag={}",
        dialog.call_id, dialog.remote_tag, dialog.local_tag
    )
}

#[test]
fn a_dialog_that_is_gone_is_replaced_once_and_the_same_call_goes_on_in_the_new_one() {
    for status in [
        "481 Call/Transaction Does Not Exist",
        "404 Not Found",
        "410 Gone",
    ] {
        let (_, saved) = died();
        let (mut again, reinvite) = again(&saved);
        let messages = after(&mut again, &reinvite, status);
        let [invite] = &messages[..] else {
            panic!("{messages:?}")
        };
        assert!(invite.starts_with("INVITE "), "{invite}");
        assert_eq!(header(invite, "Replaces"), named(&saved));
        assert_eq!(header(invite, "Require"), "replaces");
        assert_ne!(header(invite, "Call-ID"), header(&reinvite, "Call-ID"));
        assert!(invite.contains("m=audio 202"), "{invite}");
        // A crash in this moment loses nothing either.
        let kept = again.saved_calls();
        assert_eq!(named(&kept), named(&saved));
        assert!(kept[0].dialogs[0].local_cseq >= cseq(&reinvite));
        let call = again.snapshot(NOW).calls.remove(0);
        assert_eq!(call.id, saved[0].call.id);

        let taken = reply(invite, "200 OK", "new", &sdp("sip:p1@10.0.0.2", "sendrecv"));
        hand(&mut again, addr(1), 0, &taken);
        let (messages, records) = sent(&mut again);
        assert!(
            messages[0].starts_with("ACK sip:p1@10.0.0.2 "),
            "{messages:?}"
        );
        assert_eq!(records, [], "it is no new call");
        assert_eq!(again.snapshot(NOW).calls[0].stage, Stage::Connected);
        let goes_on = again.saved_calls();
        assert_eq!(goes_on[0].call.id, saved[0].call.id);
        assert_ne!(goes_on[0].dialogs[0].call_id, saved[0].dialogs[0].call_id);
    }
}

#[test]
fn a_far_side_that_does_not_take_the_replacing_invite_has_left() {
    for status in [
        "481 Call/Transaction Does Not Exist",
        "603 Decline",
        "302 Moved Temporarily",
    ] {
        let (_, saved) = died();
        let (mut again, reinvite) = again(&saved);
        let gone = after(&mut again, &reinvite, "481 Call/Transaction Does Not Exist");
        let after = after(&mut again, &gone[0], status);
        assert_eq!(after, [""; 0], "one INVITE, and no BYE where no dialog is");
        assert!(is_over(&mut again), "{status}");
        assert!(again.saved_calls().is_empty());
    }
}

#[test]
fn a_far_side_that_knows_no_replaces_has_left_and_is_not_called() {
    let (_, mut saved) = died();
    saved[0].dialogs[0].capabilities.replaces = false;
    let (mut again, reinvite) = again(&saved);
    let messages = after(&mut again, &reinvite, "404 Not Found");
    assert!(
        messages.iter().all(|message| message.starts_with("BYE")),
        "{messages:?}"
    );
    assert!(is_over(&mut again));
}

#[test]
fn a_far_side_that_can_not_be_reached_is_tried_for_seconds_and_then_asked_for_at_its_address() {
    let (_, mut saved) = died();
    let dialog = &mut saved[0].dialogs[0];
    // It had called by a connection that is gone, whose port was none that it listens at.
    dialog.remote_target = format!("sip:p1@{}:49152;transport=tcp", addr(1).ip());
    dialog.remote = format!("<sip:p1@{}>", addr(1));
    let (mut again, reinvite) = again(&saved);
    assert!(reinvite.starts_with("INVITE sip:p1@"), "{reinvite}");
    let nowhere = Peer::at(Transport::Tcp, (addr(1).ip(), 49152).into());
    let mut now = NOW;
    let mut tries = 1;
    let invite = loop {
        again.handle(now, EndpointInput::TransportError(nowhere.clone()));
        let waiting = sent(&mut again).0;
        if let [invite] = &waiting[..] {
            break invite.clone();
        }
        assert_eq!(waiting, [""; 0]);
        now = now + Duration::from_secs(1);
        again.handle(now, EndpointInput::Timeout);
        assert!(only(&mut again).starts_with("INVITE"));
        tries += 1;
        assert!(tries < 10, "it is tried for ever");
    };
    assert!(tries > 2, "{tries}");
    assert!(
        invite.starts_with(&format!("INVITE sip:p1@{} ", addr(1))),
        "{invite}"
    );
    assert_eq!(header(&invite, "Replaces"), named(&saved));
}

#[test]
fn the_party_that_is_lost_is_named() {
    let (_, saved) = died();
    let (mut again, reinvite) = again(&saved);
    let gone = after(&mut again, &reinvite, "481 Call/Transaction Does Not Exist");
    hand(&mut again, addr(1), 0, &reply(&gone[0], "481 No", "x", ""));
    let mut told = false;
    while let Some(output) = again.poll_output() {
        let left = |notice: &Notice| matches!(notice, Notice::CustomerLeft { .. });
        told |= matches!(&output, EndpointOutput::Notice(notice) if left(notice));
    }
    assert!(told);
}

#[test]
fn by_tcp_and_tls_a_connection_is_opened_anew_to_where_the_far_side_is_and_the_keys_are_new() {
    for (transport, by) in [("tcp", Transport::Tcp), ("tls", Transport::Tls)] {
        let srtp = Protection::Require;
        let (_, mut saved, first) = died_in([secured(true, 0, srtp), secured(false, 1, srtp)]);
        saved[0].dialogs[0].remote_target = format!("sip:user1@{};transport={transport}", addr(1));
        let mut again = secured(false, 2, srtp);
        assert_eq!(again.take_up(NOW, &saved), []);
        let mut to = Vec::new();
        while let Some(output) = again.poll_output() {
            if let EndpointOutput::Transmit(transmit) = output {
                let text = String::from_utf8(transmit.bytes).expect("text");
                assert_eq!(transmit.connection, None, "no connection of the first life");
                to.push((transmit.peer, text));
            }
        }
        let [(peer, reinvite)] = &to[..] else {
            panic!("{to:?}")
        };
        assert_eq!((peer.transport, peer.address), (by, addr(1)));
        let contact = header(reinvite, "Contact");
        assert!(
            contact.contains(&format!("transport={transport}")),
            "{contact}"
        );
        assert!(reinvite.contains(" RTP/SAVP "), "{reinvite}");
        assert_ne!(key(reinvite), key(&first));

        // What was protected is not taken up in the clear.
        let plain = reply(
            reinvite,
            "200 OK",
            "x",
            &sdp("sip:user1@10.0.0.2", "sendrecv"),
        );
        let source = Source {
            peer: Peer::at(by, addr(1)),
            local: addr(0),
            connection: None,
        };
        let message = plain.as_bytes();
        again.handle(NOW, EndpointInput::Wire { source, message });
        while let Some(output) = again.poll_output() {
            let is_heard = matches!(
                &output,
                EndpointOutput::Media {
                    session: Some(_),
                    ..
                }
            );
            assert!(!is_heard, "{output:?}");
        }
    }
}
