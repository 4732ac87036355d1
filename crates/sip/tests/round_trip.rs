//! What is built is read again as it was, whatever is in it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
mod common;
use common::read;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use trialog_sip::digest::{Algorithm, Challenge, Credentials, Qop, Secret, answer, verify};
use trialog_sip::*;

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.!%*_+`'~-]{1,12}"
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(Host::V4),
        any::<std::net::Ipv6Addr>().prop_map(Host::V6),
        "[a-z][a-z0-9-]{0,10}(\\.[a-z]{2,5}){0,2}".prop_map(|name| Host::parse(&name).unwrap()),
    ]
}

fn params() -> impl Strategy<Value = Params> {
    let value = prop_oneof![token(), Just("\"a;b\\\",=<>\"".to_owned())];
    vec((token(), of(value)), 0..4).prop_map(|all| {
        let mut params = Params::new();
        for (name, value) in all {
            params.set(&name, value.as_deref());
        }
        params
    })
}

prop_compose! {
    fn uri()(
        sips in any::<bool>(),
        user in "\\PC{0,12}",
        host in host(),
        port in of(any::<u16>()),
        params in vec((token(), of(token())), 0..3),
        headers in vec((token(), "\\PC{0,10}"), 0..3),
    ) -> Uri {
        let mut uri = Uri::sip(&user, host, port);
        assert_eq!(uri.user_unescaped().as_deref().unwrap_or_default(), user);
        uri.scheme = if sips { Scheme::Sips } else { Scheme::Sip };
        for (name, value) in params {
            uri.params.set(&name, value.as_deref());
        }
        uri.headers = headers;
        uri
    }
}

prop_compose! {
    fn name_addr()(uri in uri(), name in "[^\\r\\n]{0,15}", params in params()) -> NameAddr {
        let mut address = NameAddr::new(uri).with_name(&name);
        address.params = params;
        address
    }
}

/// A header's value as a sender may write it: no line ends, no spaces about it.
fn text() -> impl Strategy<Value = String> {
    "[^\\r\\n]{0,40}".prop_map(|text| text.trim_matches([' ', '\t']).to_owned())
}

prop_compose! {
    fn message()(
        method in token(),
        mut uri in uri(),
        response in of((100_u16..700, "[^\\r\\n]{0,20}")),
        rows in vec((token(), text()), 0..20),
        body in vec(any::<u8>(), 0..100),
    ) -> Message {
        uri.headers.clear();
        let mut headers = Headers::new();
        for (name, value) in rows {
            headers.push(HeaderName::new(&name), value);
        }
        headers.remove(&HeaderName::ContentLength);
        match response {
            Some((code, reason)) => {
                let mut response = Response::new(code);
                response.reason = reason.into();
                response.headers = headers;
                response.body = body;
                response.into()
            }
            None => {
                let mut request = Request::new(Method::parse(&method).unwrap(), uri);
                request.headers = headers;
                request.body = body;
                request.into()
            }
        }
    }
}

proptest! {
    #[test]
    fn a_uri_is_read_as_it_was_written(uri in uri()) {
        let again = Uri::parse(&uri.to_string()).unwrap();
        prop_assert_eq!(&again, &uri);
        prop_assert!(again.equivalent(&uri));
    }

    #[test]
    fn an_address_is_read_as_it_was_written(address in name_addr()) {
        let again = NameAddr::parse(&address.to_string()).unwrap();
        prop_assert_eq!(again, address);
    }

    #[test]
    fn addresses_in_a_list_stay_apart(addresses in vec(name_addr(), 1..5)) {
        let row: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let mut headers = Headers::new();
        headers.push(HeaderName::Contact, row.join(", "));
        let again: Vec<NameAddr> = headers.all_typed(&HeaderName::Contact).map(Result::unwrap).collect();
        prop_assert_eq!(again, addresses);
    }

    #[test]
    fn a_via_is_read_as_it_was_written(transport in token(), host in host(), port in of(any::<u16>()), params in params()) {
        let transport = Transport::parse(&transport).unwrap();
        let via = Via { transport, host, port, params };
        prop_assert_eq!(Via::parse(&via.to_string()), Ok(via));
    }

    #[test]
    fn a_replaces_survives_its_way_through_a_uri(call_id in "[!-+\\--:<->@-~]{1,30}", to in token(), from in token(), uri in uri(), early_only in any::<bool>()) {
        let replaces = Replaces { call_id: call_id.into(), to_tag: to.into(), from_tag: from.into(), early_only };
        let mut uri = uri;
        uri.headers = vec![("Replaces".to_owned(), replaces.to_string())];
        let refer_to = NameAddr::new(uri).to_string();
        let again = NameAddr::parse(&refer_to).unwrap();
        prop_assert_eq!(Replaces::parse(again.uri.header("replaces").unwrap()), Ok(replaces));
    }

    #[test]
    fn a_message_is_read_as_it_was_written(message in message()) {
        let octets = message.to_bytes();
        let mut again = read(&octets);
        prop_assert_eq!(again.to_bytes(), octets);
        again.headers_mut().remove(&HeaderName::ContentLength);
        prop_assert_eq!(again, message);
    }

    #[test]
    fn digest_says_yes_to_what_it_made_and_no_to_all_else(
        realm in "[^\\r\\n]{0,20}", nonce in "[^\\r\\n]{1,20}", opaque in of("[^\\r\\n]{0,9}"), user in "[^\\r\\n]{1,9}", password in "\\PC{0,9}",
        cnonce in token(), nc in any::<u32>(), body in vec(any::<u8>(), 0..20), qop in of(prop_oneof![Just(Qop::Auth), Just(Qop::AuthInt)]), userhash in any::<bool>(),
        algorithm in prop_oneof![Just(Algorithm::Md5), Just(Algorithm::Sha256Sess), Just(Algorithm::Sha512_256)],
    ) {
        let mut challenge = Challenge::new(&realm, &nonce, algorithm);
        challenge.opaque = opaque;
        challenge.userhash = userhash;
        challenge.qop = qop.into_iter().collect();
        challenge.qop_given = qop.is_some();
        let challenge = Challenge::parse(&challenge.to_string()).unwrap();
        let secret = Secret::new(password.clone());
        let credentials = answer(&challenge, &user, &secret, &Method::Invite, "sip:a@b", &body, &cnonce, nc).unwrap();
        let again = Credentials::parse(&credentials.to_string()).unwrap();
        prop_assert_eq!(&again, &credentials);
        prop_assert!(verify(&again, &user, &secret, &Method::Invite, &body));
        let other = Secret::new(format!("{password}x"));
        prop_assert!(!verify(&again, &user, &other, &Method::Invite, &body));
        prop_assert!(!verify(&again, &user, &secret, &Method::Bye, &body));
    }
}
