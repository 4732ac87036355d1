use super::*;
use crate::{HeaderName, Headers, Method};

/// The examples of the RFCs are HTTP's: method GET.
fn get() -> Method {
    Method::parse("GET").unwrap()
}

const RFC_7616: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=ALGORITHM, \
    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

fn rfc_7616(algorithm: &str) -> Credentials {
    let challenge = Challenge::parse(&RFC_7616.replace("ALGORITHM", algorithm)).unwrap();
    assert_eq!(challenge.qop, [Qop::Auth, Qop::AuthInt]);
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let password = Secret::from("Circle of Life");
    answer(
        &challenge,
        "Mufasa",
        &password,
        &get(),
        "/dir/index.html",
        b"",
        cnonce,
        1,
    )
    .unwrap()
}

#[test]
fn the_example_of_rfc_2617_comes_out() {
    let challenge = Challenge::parse(
        "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    )
    .unwrap();
    let password = Secret::from("Circle Of Life");
    let c = answer(
        &challenge,
        "Mufasa",
        &password,
        &get(),
        "/dir/index.html",
        b"",
        "0a4f113b",
        1,
    );
    assert_eq!(c.unwrap().response, "6629fae49393a05397450978507c4ef1");
}

#[test]
fn the_examples_of_rfc_7616_come_out() {
    assert_eq!(rfc_7616("MD5").response, "8ca523f5e9506fed4657c9700eebdbec");
    assert_eq!(
        rfc_7616("SHA-256").response,
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
}

#[test]
fn the_example_with_sha_512_256_and_a_hashed_user_comes_out() {
    // RFC 7616 §3.9.2 with the values of its erratum 4897: the printed ones were made with plain SHA-512, cut.
    let challenge = Challenge::parse(
        "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
    )
    .unwrap();
    let password = Secret::from("Secret, or not?");
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let user = "J\u{e4}s\u{f8}n Doe";
    let c = answer(
        &challenge,
        user,
        &password,
        &get(),
        "/doe.json",
        b"",
        cnonce,
        1,
    )
    .unwrap();
    assert_eq!(
        c.username,
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    );
    assert_eq!(
        c.response,
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    );
    assert!(verify(&c, user, &password, &get(), b""));
}

#[test]
fn every_algorithm_and_qop_answers_what_it_verifies() {
    let password = Secret::from("pass:word");
    for algorithm in [
        "MD5",
        "MD5-sess",
        "SHA-256",
        "sha-256-SESS",
        "SHA-512-256",
        "SHA-512-256-sess",
    ] {
        for qop in [
            "",
            ", qop=auth",
            ", qop=\"auth-int\"",
            ", qop=\"auth-int,auth\"",
        ] {
            let text =
                format!("Digest realm=\"a \\\"b\", nonce=\"n,1\", algorithm={algorithm}{qop}");
            let challenge = Challenge::parse(&text).unwrap();
            assert_eq!(
                Challenge::parse(&challenge.to_string()),
                Ok(challenge.clone())
            );
            let c = answer(
                &challenge,
                "al\"ice",
                &password,
                &Method::Invite,
                "sip:a@b",
                b"body",
                "cn",
                0x1ab,
            )
            .unwrap();
            let c = Credentials::parse(&c.to_string()).unwrap();
            let ok = |c: &Credentials, user, password: &str, method, body| {
                verify(c, user, &Secret::from(password), &method, body)
            };
            assert!(
                ok(&c, "al\"ice", "pass:word", Method::Invite, b"body"),
                "{text}"
            );
            assert!(!ok(&c, "al\"ice", "password", Method::Invite, b"body"));
            assert!(!ok(&c, "alice", "pass:word", Method::Invite, b"body"));
            assert!(!ok(&c, "al\"ice", "pass:word", Method::Bye, b"body"));
            let covers_body = c.qop == Some(Qop::AuthInt);
            assert_eq!(
                ok(&c, "al\"ice", "pass:word", Method::Invite, b"other"),
                !covers_body
            );
            if c.qop.is_some() {
                assert!(c.to_string().contains("nc=000001ab"), "nc is hexadecimal");
                let mut later = c.clone();
                later.nc = Some(0x1ac);
                assert!(!ok(&later, "al\"ice", "pass:word", Method::Invite, b"body"));
            }
        }
    }
}

#[test]
fn the_first_challenge_that_can_be_answered_is_chosen() {
    let mut headers = Headers::new();
    let name = HeaderName::WwwAuthenticate;
    assert_eq!(choose(&headers, &name, true), None);
    for row in [
        "Basic realm=\"x\"",
        "Digest realm=\"x\", nonce=\"1\", algorithm=AKAv1-MD5",
        "Digest realm=\"x\", nonce=\"2\", qop=\"other\"",
        "Digest realm=\"x\", nonce=\"3\", algorithm=SHA-256, qop=\"auth\"",
        "Digest realm=\"x\", nonce=\"4\", algorithm=MD5, qop=\"auth\"",
    ] {
        headers.push(name.clone(), row);
    }
    assert_eq!(choose(&headers, &name, true).unwrap().nonce, "3");
}

#[test]
fn a_nonce_that_is_missing_is_empty() {
    let challenge = Challenge::parse("digest realm=\"test\",stale=true").unwrap();
    assert_eq!(
        (challenge.realm.as_str(), challenge.nonce.as_str()),
        ("test", "")
    );
}

#[test]
fn ill_formed_challenges_and_credentials_are_errors() {
    for bad in [
        "",
        "Digest",
        "Digest nonce=\"a\"",
        "Digest realm=\"a\", nonce=\"b",
        "Digest realm=\"a\", nonce",
        "Digest realm=\"a\", realm=\"b\", nonce=\"c\"",
        "Basic abc",
    ] {
        assert!(Challenge::parse(bad).is_err(), "{bad}");
    }
    let whole = "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"d\", response=\"e\"";
    assert!(Credentials::parse(whole).is_ok());
    for bad in [", nc=1", ", nc=+0000001", ", qop=none", ", uri=\"x\""] {
        assert!(
            Credentials::parse(&format!("{whole}{bad}")).is_err(),
            "{bad}"
        );
    }
    assert!(Credentials::parse(&whole.replace("response", "answer")).is_err());
}
