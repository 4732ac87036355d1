//! A call of ours is sent elsewhere: which of the targets the core is asked about, and what its answer does.
use crate::support::{Pipe, config, header, reply, target};
use std::net::SocketAddr;
use trialog_call::{Action, LegId, Redirection, Target, WireEvent};
use trialog_sip::Uri;

fn server() -> SocketAddr {
    "10.0.0.9:5060".parse().expect("address")
}

fn uri(text: &str) -> Target {
    Target(text.to_owned())
}

/// Our call, redirected with these Contacts.
fn redirected(pipe: &mut Pipe, contacts: &str) -> LegId {
    let leg = pipe.dial(0, uri("sip:team@10.0.0.9"));
    pipe.run_ms(50);
    redirect(pipe, "302 Moved Temporarily", contacts);
    leg
}

/// The last INVITE gets this answer.
fn redirect(pipe: &mut Pipe, status: &str, contacts: &str) {
    let invite = pipe.last(0, "INVITE").to_owned();
    let contacts = format!("Contact: {contacts}\r\n");
    pipe.inject(server(), 0, &reply(&invite, status, "t", &contacts));
    pipe.run_ms(50);
}

/// Where the core was asked to go so far.
fn asked(pipe: &Pipe, leg: LegId) -> Vec<(String, bool)> {
    let events = pipe.events(0, leg).into_iter();
    events
        .filter_map(|event| match event {
            WireEvent::Redirected(Redirection { to, same_domain }) => Some((to.0, same_domain)),
            _ => None,
        })
        .collect()
}

fn refused(pipe: &Pipe, leg: LegId) -> Option<u16> {
    let mut events = pipe.events(0, leg).into_iter();
    events.find_map(|event| match event {
        WireEvent::Refused { status } => Some(status),
        _ => None,
    })
}

#[test]
fn a_redirection_is_followed_by_the_cores_word_only() {
    let mut pipe = Pipe::of(3);
    let placed = pipe.dial(0, target(1));
    pipe.run_ms(50);
    let (received, _) = pipe.incoming(1);
    pipe.act(
        1,
        Action::Redirect {
            leg: received,
            target: target(2),
        },
    );
    pipe.run_ms(100);
    assert_eq!(asked(&pipe, placed), [(target(2).0, false)]);
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    pipe.act(0, Action::FollowRedirection(placed));
    pipe.run_ms(100);
    let (moved, _) = pipe.incoming(2);
    pipe.act(2, Action::Answer(moved));
    pipe.run_ms(100);
    assert!(pipe.has(0, placed, |event| matches!(event, WireEvent::Answered(_))));
    assert_eq!(refused(&pipe, placed), None);
    pipe.bye(0, placed);
    pipe.assert_idle();
}

#[test]
fn a_redirection_that_the_core_does_not_follow_is_a_refusal() {
    let mut pipe = Pipe::of(1);
    let leg = redirected(&mut pipe, "<sip:0900123456@10.0.0.9>");
    assert_eq!(
        asked(&pipe, leg),
        [("sip:0900123456@10.0.0.9".to_owned(), true)]
    );
    pipe.act(0, Action::RefuseRedirection(leg));
    assert_eq!(refused(&pipe, leg), Some(302));
    assert_eq!(pipe.sent(0, "INVITE"), 1);
    pipe.run_out();
    pipe.assert_idle();
}

#[test]
fn the_targets_come_by_their_weight_and_what_is_no_sip_uri_not_at_all() {
    let mut pipe = Pipe::of(1);
    let contacts = "<tel:+49900123456>, <sips:a@10.0.0.9>, <mailto:a@10.0.0.9>, <sip:low@10.0.0.9>;q=0.1, \
                    <sip:first@10.0.0.8?Route=%3Csip:10.0.0.7%3E>;q=0.9";
    let leg = redirected(&mut pipe, contacts);
    pipe.act(0, Action::RefuseRedirection(leg));
    pipe.act(0, Action::RefuseRedirection(leg));
    let wanted = [
        ("sips:a@10.0.0.9".to_owned(), true),
        ("sip:first@10.0.0.8".to_owned(), false),
        ("sip:low@10.0.0.9".to_owned(), true),
    ];
    assert_eq!(asked(&pipe, leg), wanted);
    pipe.act(0, Action::RefuseRedirection(leg));
    assert_eq!(
        (asked(&pipe, leg).len(), refused(&pipe, leg)),
        (3, Some(302))
    );
    // With nothing that can be called there is nothing to ask about.
    let leg = redirected(&mut pipe, "<tel:+49900123456>");
    assert_eq!(
        (asked(&pipe, leg).len(), refused(&pipe, leg)),
        (0, Some(302))
    );
    pipe.run_out();
    pipe.assert_idle();
}

#[test]
fn a_target_that_refuses_gives_way_to_the_next_and_a_6xx_to_none() {
    for (status, wanted) in [("486 Busy Here", 2), ("603 Decline", 1)] {
        let mut pipe = Pipe::of(1);
        let leg = redirected(&mut pipe, "<sip:a@10.0.0.9>, <sip:b@10.0.0.9>");
        pipe.act(0, Action::FollowRedirection(leg));
        pipe.run_ms(50);
        let invite = pipe.last(0, "INVITE").to_owned();
        assert!(invite.starts_with("INVITE sip:a@10.0.0.9 SIP/2.0"));
        assert_eq!(header(&invite, "To"), "<sip:team@10.0.0.9>");
        pipe.inject(server(), 0, &reply(&invite, status, "t", ""));
        pipe.run_ms(50);
        assert_eq!(asked(&pipe, leg).len(), wanted, "{status}");
        assert_eq!(refused(&pipe, leg).is_some(), wanted == 1);
    }
}

#[test]
fn a_redirection_never_leads_where_the_call_was_and_the_sixth_nowhere() {
    let mut pipe = Pipe::of(1);
    let leg = redirected(&mut pipe, "<sip:team@10.0.0.9>, <sip:a@10.0.0.9>");
    assert_eq!(asked(&pipe, leg), [("sip:a@10.0.0.9".to_owned(), true)]);
    pipe.act(0, Action::FollowRedirection(leg));
    pipe.run_ms(50);
    redirect(
        &mut pipe,
        "302 Moved Temporarily",
        "<sip:A@10.0.0.9>, <sip:team@10.0.0.9>, <sip:a@10.0.0.9>",
    );
    // RFC 3261 §19.1.4: a user's case counts.
    assert_eq!(
        asked(&pipe, leg).last(),
        Some(&("sip:A@10.0.0.9".to_owned(), true))
    );
    for number in 3..=5 {
        pipe.act(0, Action::FollowRedirection(leg));
        pipe.run_ms(50);
        redirect(
            &mut pipe,
            "300 Multiple Choices",
            &format!("<sip:{number}@10.0.0.9>"),
        );
        assert_eq!(asked(&pipe, leg).len(), number);
    }
    pipe.act(0, Action::FollowRedirection(leg));
    pipe.run_ms(50);
    redirect(&mut pipe, "302 Moved Temporarily", "<sip:6@10.0.0.9>");
    assert_eq!(
        (asked(&pipe, leg).len(), refused(&pipe, leg)),
        (5, Some(302))
    );
    pipe.run_out();
    pipe.assert_idle();
}

#[test]
fn a_proxy_and_another_service_are_no_targets() {
    for status in ["305 Use Proxy", "380 Alternative Service"] {
        let mut pipe = Pipe::of(1);
        let leg = pipe.dial(0, uri("sip:team@10.0.0.9"));
        pipe.run_ms(50);
        redirect(&mut pipe, status, "<sip:a@10.0.0.9>");
        assert!(
            asked(&pipe, leg).is_empty() && refused(&pipe, leg).is_some(),
            "{status}"
        );
    }
}

#[test]
fn the_accounts_own_hosts_are_one_domain() {
    let mut own = config(0);
    own.accounts[0].aor = Uri::parse("sip:anna@example.com").expect("uri");
    own.accounts[0].registrar = Some(Uri::parse("sip:10.0.0.9").expect("uri"));
    let mut pipe = Pipe::with(vec![own], 1);
    let leg = pipe.dial(0, uri("300"));
    pipe.run_ms(50);
    redirect(
        &mut pipe,
        "302 Moved Temporarily",
        "<sip:1@10.0.0.9>;q=0.9, <sip:2@example.com>;q=0.8, <sip:3@10.0.0.8>;q=0.7",
    );
    pipe.act(0, Action::RefuseRedirection(leg));
    pipe.act(0, Action::RefuseRedirection(leg));
    let same: Vec<_> = asked(&pipe, leg)
        .into_iter()
        .map(|(_, same)| same)
        .collect();
    assert_eq!(same, [true, true, false]);
}

#[test]
fn a_call_that_is_cancelled_while_the_core_decides_is_gone() {
    let mut pipe = Pipe::of(1);
    let leg = redirected(&mut pipe, "<sip:a@10.0.0.9>");
    pipe.act(0, Action::Cancel(leg));
    assert!(pipe.has(0, leg, |event| *event == WireEvent::Gone));
    // What the core says before it knows.
    pipe.act(0, Action::FollowRedirection(leg));
    pipe.act(0, Action::RefuseRedirection(leg));
    assert_eq!((pipe.sent(0, "INVITE"), refused(&pipe, leg)), (1, None));
    pipe.run_out();
    pipe.assert_idle();
}
