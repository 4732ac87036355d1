//! Signalling by TLS: how it is asked for, and what is said in Via and Contact.
use crate::support::registrar::{answer, last_register, registrar, states, with_registrar};
use crate::support::{Pipe, header};
use trialog_call::{AccountId, Action, LegId, NotSecured, Target, WireEvent};
use trialog_sip::Uri;
use trialog_ua::{Config, Input, Peer, RegistrationFault, RegistrationState, TlsFault, Transport};

fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("a URI")
}

/// With an account at a registrar by TLS, whose name is `pbx.test`.
fn phone(registrar_uri: &str, listens: bool) -> Pipe {
    let mut config: Config = with_registrar();
    config.accounts[0].registrar = Some(uri(registrar_uri));
    config.accounts[0].transport = Transport::Tls;
    config.contacts.tls = listens.then(|| "10.0.0.1:5061".parse().expect("an address"));
    let mut pipe = Pipe::with(vec![config], 5);
    let there = Peer::named("pbx.test", Transport::Tls, registrar());
    pipe.names.insert("pbx.test".to_owned(), vec![there]);
    pipe.input(0, Input::Register(None));
    pipe.run_ms(50);
    pipe
}

#[test]
fn an_account_registers_by_tls_with_a_contact_that_is_reached_by_it() {
    for (registrar_uri, contact) in [
        (
            "sip:pbx.test;transport=tls",
            "<sip:agent@10.0.0.1:5061;transport=tls>;expires=600",
        ),
        ("sips:pbx.test", "<sips:agent@10.0.0.1:5061>;expires=600"),
    ] {
        let pipe = phone(registrar_uri, true);
        let register = last_register(&pipe);
        let via = header(&register, "Via");
        assert!(via.starts_with("SIP/2.0/TLS 10.0.0.1:5061;"), "{via}");
        assert_eq!(header(&register, "Contact"), contact);
        let named = pipe.seen.last().and_then(|seen| seen.name.clone());
        assert_eq!(named.as_deref(), Some("pbx.test"), "the certificate's name");
    }
}

/// RFC 5626 does it by `ob`; most registrars find the stream by the address that they see.
#[test]
fn without_a_port_for_tls_it_is_reached_by_the_stream_that_it_opened() {
    let mut pipe = phone("sip:pbx.test;transport=tls", false);
    let register = last_register(&pipe);
    let own = header(&register, "Via").to_owned();
    let seen = own.replace(";rport", ";rport=40123;received=10.0.0.1");
    let answered = crate::support::reply(&register, "200 OK", "r", "Expires: 600\r\n");
    let answered = answered.replace(&own, &seen);
    pipe.inject(registrar(), 0, &answered);
    pipe.run_ms(50);
    let register = last_register(&pipe);
    let contact = header(&register, "Contact");
    let wanted = "<sip:agent@10.0.0.1:40123;transport=tls>;expires=600";
    assert!(contact.starts_with(wanted), "{contact}");
}

#[test]
fn a_certificate_that_is_not_to_be_believed_is_told_with_the_registration_and_tried_again() {
    let mut pipe = phone("sip:pbx.test;transport=tls", true);
    let there = Peer::named("pbx.test", Transport::Tls, registrar());
    let fault = TlsFault::OtherName(vec!["mail.test".to_owned()]);
    pipe.input(0, Input::NotSecured(there, fault.clone()));
    let last = states(&pipe).last().copied().cloned();
    let Some(RegistrationState::Failed { cause, status, .. }) = last else {
        panic!("{last:?}");
    };
    assert_eq!((cause, status), (RegistrationFault::NotSecured(fault), 503));
    pipe.run_ms(5_000);
    assert_eq!(pipe.sent(0, "REGISTER"), 2);
    answer(&mut pipe, "200 OK", "Expires: 600\r\n");
    assert!(matches!(
        states(&pipe).last(),
        Some(RegistrationState::Registered { .. })
    ));
}

/// RFC 3261 §26.2.2: nothing of such a call goes by another transport.
#[test]
fn a_sips_address_is_called_by_tls_alone_with_a_sips_contact() {
    for (target, contact) in [
        ("sips:bob@10.0.0.9", "<sips:agent@10.0.0.1:5061>"),
        (
            "sip:bob@10.0.0.9;transport=tls",
            "<sip:agent@10.0.0.1:5061;transport=tls>",
        ),
    ] {
        let mut pipe = phone("sip:pbx.test;transport=tls", true);
        answer(&mut pipe, "200 OK", "Expires: 600\r\n");
        let invite = Action::Invite {
            leg: LegId::Placed(1),
            account: AccountId(0),
            target: Target(target.to_owned()),
            as_guest: false,
            referral: None,
        };
        pipe.act(0, invite);
        pipe.run_ms(50);
        let sent = pipe.seen.last().expect("an INVITE");
        assert!(sent.text.starts_with("INVITE "), "{}", sent.text);
        assert_eq!(sent.to, "10.0.0.9:5061".parse().expect("an address"));
        assert!(header(&sent.text, "Via").starts_with("SIP/2.0/TLS "));
        assert_eq!(header(&sent.text, "Contact"), contact);
    }
}

/// RFC 5922 §7.3: such a connection is not used; the call's end has more than the 503 of RFC 3261 §8.1.3.1.
#[test]
fn a_call_that_fails_for_a_certificate_has_the_reason_in_words() {
    let mut pipe = phone("sip:pbx.test;transport=tls", true);
    answer(&mut pipe, "200 OK", "Expires: 600\r\n");
    let invite = Action::Invite {
        leg: LegId::Placed(1),
        account: AccountId(0),
        target: Target("sip:bob@10.0.0.9:5061;transport=tls".to_owned()),
        as_guest: false,
        referral: None,
    };
    pipe.act(0, invite);
    pipe.run_ms(50);
    let there = "10.0.0.9:5061".parse().expect("an address");
    let long = "x".repeat(500);
    let fault = TlsFault::OtherName(vec!["mail.test".to_owned(), long]);
    pipe.input(0, Input::NotSecured(Peer::at(Transport::Tls, there), fault));
    let told = pipe.events(0, LegId::Placed(1));
    let [
        ..,
        WireEvent::Reason(reason),
        WireEvent::Refused { status: 503 },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!((reason.protocol.as_str(), reason.cause), ("TLS", None));
    assert_eq!(reason.not_secured, Some(NotSecured::OtherName));
    let names = reason.text.as_deref().expect("there are names");
    assert!(names.starts_with("mail.test, xxx"), "{names}");
    assert_eq!(names.chars().count(), 100);
}
