//! The ill-formed torture messages of RFC 4475 §3.1.2 to §3.4, written anew from its facts: each is refused, or read as
//! the RFC allows, and never worse.
mod common;
use common::{crlf, read, try_read};
use trialog_sip::*;

/// An OPTIONS that is well-formed but for what a test puts into it.
fn options(replace: &str, with: &str) -> Result<Message, ParseError> {
    let text = "OPTIONS sip:user@example.com SIP/2.0
Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdjuw
To: sip:user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 70
Call-ID: torture.0ha0isndaksdj
CSeq: 8 OPTIONS
Contact: <sip:caller@host4.example.com>
Content-Length: 0

";
    assert!(text.contains(replace), "{replace}");
    try_read(crlf(&text.replace(replace, with)).as_bytes())
}

/// It can't be read, and the sender gets this status.
fn refused(result: Result<Message, ParseError>, status: u16) -> ParseError {
    let error = result.expect_err("it must not be read");
    let refusal = error.refusal().expect("the sender is owed an answer");
    assert_eq!(refusal.status, status, "{error}");
    let octets = refusal.to_bytes();
    read(&octets).check().expect("the refusal is well-formed");
    error
}

/// It can be read, but a check finds this header wrong, and the sender gets 400.
fn faulty(result: Result<Message, ParseError>, header: HeaderName) {
    let message = result.expect("it can be read");
    let fault = message.check().expect_err("it is wrong");
    assert_eq!(fault.header, header, "{fault}");
    if let Message::Request(request) = &message {
        assert_eq!(fault.refusal(request).expect("an answer").status, 400);
    }
}

#[test]
fn s3_1_2_1_badinv01_separators_without_anything_between() {
    faulty(
        options(
            "host4.example.com:5060;branch=z9hG4bKkdjuw",
            "192.0.2.15;;,;,,",
        ),
        HeaderName::Via,
    );
    let message = options(
        "<sip:caller@host4.example.com>",
        "\"Joe\" <sip:joe@example.org>;;;;",
    )
    .unwrap();
    assert!(message.headers().contact().unwrap().is_err());
}

#[test]
fn s3_1_2_2_clerr_the_body_is_shorter_than_announced() {
    let error = refused(options("Content-Length: 0", "Content-Length: 9999"), 400);
    assert_eq!(error.part, "Content-Length");
}

#[test]
fn s3_1_2_3_ncl_a_negative_content_length() {
    let error = refused(options("Content-Length: 0", "Content-Length: -999"), 400);
    assert_eq!(error.part, "Content-Length");
}

#[test]
fn s3_1_2_4_scalar02_numbers_beyond_their_range() {
    faulty(
        options("CSeq: 8 ", "CSeq: 36893488147419103232 "),
        HeaderName::CSeq,
    );
    faulty(
        options("Max-Forwards: 70", "Max-Forwards: 300"),
        HeaderName::MaxForwards,
    );
    let message = options(
        "Contact:",
        "Expires: 10000000000000000000000000000000\nContact:",
    )
    .unwrap();
    let expires = message.headers().typed(&HeaderName::Expires);
    assert_eq!(expires, Some(Ok(Seconds(u32::MAX))));
    assert!(
        options("CSeq: 8 ", "CSeq: 2147483647 ")
            .unwrap()
            .check()
            .is_ok()
    );
}

#[test]
fn s3_1_2_5_scalarlg_numbers_beyond_their_range_in_a_response() {
    let result = options(
        "OPTIONS sip:user@example.com SIP/2.0",
        "SIP/2.0 503 Service Unavailable",
    )
    .map(|mut message| {
        message
            .headers_mut()
            .set(HeaderName::CSeq, "9292394834772304023312 OPTIONS");
        message
            .headers_mut()
            .set(HeaderName::RetryAfter, "949302838503028349304023988");
        message
            .headers_mut()
            .set(HeaderName::Warning, "1812 overture \"In Progress\"");
        message
    });
    let message = result.clone().unwrap();
    assert_eq!(
        message.headers().typed(&HeaderName::RetryAfter),
        Some(Ok(Seconds(u32::MAX)))
    );
    faulty(result, HeaderName::CSeq);
}

#[test]
fn s3_1_2_6_quotbal_a_quote_that_does_not_end() {
    faulty(
        options(
            "To: sip:user@example.com",
            "To: \"Mr. J. User <sip:j.user@example.com>",
        ),
        HeaderName::To,
    );
}

#[test]
fn s3_1_2_7_ltgtruri_brackets_about_the_request_uri() {
    let error = refused(
        options(
            "OPTIONS sip:user@example.com",
            "OPTIONS <sip:user@example.com>",
        ),
        400,
    );
    assert_eq!(error.part, "Request-URI");
}

#[test]
fn s3_1_2_8_lwsruri_spaces_in_the_request_uri() {
    let error = refused(
        options("sip:user@example.com SIP", "sip:user@example.com; lr SIP"),
        400,
    );
    assert_eq!(error.part, "Request-URI");
}

#[test]
fn s3_1_2_9_lwsstart_several_spaces_in_the_start_line() {
    refused(
        options(
            "OPTIONS sip:user@example.com SIP",
            "OPTIONS  sip:user@example.com  SIP",
        ),
        400,
    );
}

#[test]
fn s3_1_2_10_trws_spaces_at_the_end_of_the_start_line() {
    let error = refused(
        options("example.com SIP/2.0\n", "example.com SIP/2.0  \n"),
        400,
    );
    assert_eq!(error.part, "start line");
}

#[test]
fn s3_1_2_11_escruri_headers_in_the_request_uri() {
    let uri = "sip:user@example.com?Route=%3Csip:example.com%3E SIP";
    let error = refused(options("sip:user@example.com SIP", uri), 400);
    assert_eq!(error.part, "Request-URI");
}

#[test]
fn s3_1_2_12_baddate_a_date_in_another_zone_is_kept_unread() {
    let message = options("Contact:", "Date: Fri, 01 Jan 2010 16:00:00 EST\nContact:").unwrap();
    assert!(message.check().is_ok());
    let date = message.headers().get(&HeaderName::Date);
    assert_eq!(date, Some("Fri, 01 Jan 2010 16:00:00 EST"));
}

#[test]
fn s3_1_2_13_regbadct_a_contact_that_needs_brackets() {
    let contact = "sip:user@example.com?Route=%3Csip:sip.example.com%3E";
    let message = options("<sip:caller@host4.example.com>", contact).unwrap();
    assert!(message.headers().contact().unwrap().is_err());
}

#[test]
fn s3_1_2_14_badaspec_spaces_within_the_brackets() {
    faulty(
        options(
            "To: sip:user@example.com",
            "To: \"Watson, Thomas\" < sip:t.watson@example.org >",
        ),
        HeaderName::To,
    );
}

#[test]
fn s3_1_2_15_baddn_a_display_name_without_its_quotes_is_understood() {
    // The RFC lets an element be liberal here, and phones in the field do write so.
    let message = options(
        "From: sip:caller@example.org;tag=33242",
        "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
    )
    .unwrap();
    message.check().unwrap();
    let from = message.headers().from().unwrap().unwrap();
    assert_eq!(from.name().unwrap(), "Bell, Alexander");
}

#[test]
fn s3_1_2_16_badvers_another_version() {
    let error = refused(options("SIP/2.0\n", "SIP/7.0\n"), 505);
    assert_eq!(error.kind, ErrorKind::Version);
}

#[test]
fn s3_1_2_17_mismatch01_the_methods_differ() {
    faulty(
        options("CSeq: 8 OPTIONS", "CSeq: 8 INVITE"),
        HeaderName::CSeq,
    );
}

#[test]
fn s3_1_2_18_mismatch02_unknown_methods_differ() {
    faulty(options("OPTIONS sip", "NEWMETHOD sip"), HeaderName::CSeq);
}

#[test]
fn s3_1_2_19_bigcode_a_status_of_many_digits() {
    for code in ["4294967301", "99", "700", "000", "2 0", "-20", "+200"] {
        let line = format!("SIP/2.0 {code} better not break the receiver");
        let error = options("OPTIONS sip:user@example.com SIP/2.0", &line).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed);
        assert_eq!(error.refusal(), None, "responses are not answered");
    }
}

#[test]
fn s3_2_1_badbranch_a_branch_that_names_no_transaction() {
    let message = options("branch=z9hG4bKkdjuw", "branch=z9hG4bK").unwrap();
    message.check().unwrap();
    assert!(!message.headers().via().unwrap().unwrap().has_cookie());
}

#[test]
fn s3_3_1_insuf_required_headers_are_missing() {
    for (row, header) in [
        (
            "Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdjuw\n",
            HeaderName::Via,
        ),
        ("To: sip:user@example.com\n", HeaderName::To),
        ("From: sip:caller@example.org;tag=33242\n", HeaderName::From),
        ("Call-ID: torture.0ha0isndaksdj\n", HeaderName::CallId),
        ("CSeq: 8 OPTIONS\n", HeaderName::CSeq),
    ] {
        faulty(options(row, ""), header);
    }
    // RFC 2543 had no Max-Forwards.
    assert!(options("Max-Forwards: 70\n", "").unwrap().check().is_ok());
}

#[test]
fn s3_3_2_unkscm_and_novelsc_other_schemes_can_be_read() {
    for uri in [
        "nobodyKnowsThisScheme:totallyopaquecontent",
        "soap.beep://192.0.2.103:3002",
    ] {
        let message = options("sip:user@example.com SIP", &format!("{uri} SIP")).unwrap();
        message.check().unwrap();
        let request = message.as_request().unwrap();
        assert!(
            matches!(request.uri.scheme, Scheme::Other(_)),
            "416 is the user agent's"
        );
        assert_eq!(request.uri.to_string(), uri);
    }
}

#[test]
fn s3_3_4_unksm2_other_schemes_in_headers() {
    let message = options(
        "sip:caller@example.org;tag=33242",
        "<http://www.example.com>;tag=3234233",
    )
    .unwrap();
    message.check().unwrap();
    let message = options("<sip:caller@host4.example.com>", "<name:John_Smith>").unwrap();
    assert!(message.headers().contact().unwrap().is_ok());
}

#[test]
fn s3_3_5_bext01_required_extensions_are_listed() {
    let message = options("Contact:", "Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\nContact:").unwrap();
    assert_eq!(
        message
            .headers()
            .all(&HeaderName::Require)
            .collect::<Vec<_>>(),
        ["nothingSupportsThis", "nothingSupportsThisEither"]
    );
    assert_eq!(message.headers().all(&HeaderName::ProxyRequire).count(), 2);
}

#[test]
fn s3_3_7_regaut01_an_unknown_scheme_of_authorization() {
    let message = options(
        "Contact:",
        "Authorization: NoOneKnowsThisScheme opaque-data=here\nContact:",
    )
    .unwrap();
    message.check().unwrap();
    let credentials = message
        .headers()
        .typed::<digest::Credentials>(&HeaderName::Authorization);
    assert!(credentials.unwrap().is_err());
}

#[test]
fn s3_3_8_multi01_headers_that_must_be_single_are_several() {
    for (row, header) in [
        ("To: sip:other@example.net\n", HeaderName::To),
        ("F: sip:other@example.net;tag=1\n", HeaderName::From),
        ("i: other\n", HeaderName::CallId),
        ("CSeq: 8 OPTIONS\n", HeaderName::CSeq),
        ("Max-Forwards: 5\n", HeaderName::MaxForwards),
    ] {
        faulty(options("Contact:", &format!("{row}Contact:")), header);
    }
}

#[test]
fn s3_3_9_mcl01_two_content_lengths_that_differ() {
    let error = refused(options("Contact:", "Content-Length: 13\nContact:"), 400);
    assert_eq!(error.part, "Content-Length");
    // Twice the same says the same.
    assert!(options("Contact:", "l: 0\nContact:").is_ok());
}

#[test]
fn s3_3_11_zeromf_no_hops_left_is_well_formed() {
    assert!(
        options("Max-Forwards: 70", "Max-Forwards: 0")
            .unwrap()
            .check()
            .is_ok()
    );
}

#[test]
fn s3_3_12_cparam_a_parameter_is_the_headers_or_the_uris() {
    let contact = |text| {
        let message = options("<sip:caller@host4.example.com>", text).unwrap();
        message.headers().contact().unwrap().unwrap()
    };
    assert!(
        contact("sip:+19725552222@gw1.example.net;unknownparam")
            .params
            .has("unknownparam")
    );
    let inner = contact("<sip:+19725552222@gw1.example.net;unknownparam>");
    assert!(inner.uri.params.has("unknownparam") && inner.params.is_empty());
}

#[test]
fn s3_3_14_regescrt_an_escaped_header_in_a_contact() {
    let text = "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>";
    let message = options("<sip:caller@host4.example.com>", text).unwrap();
    let contact = message.headers().contact().unwrap().unwrap();
    assert_eq!(contact.uri.header("route"), Some("<sip:sip.example.com>"));
    assert_eq!(contact.to_string(), text);
}

#[test]
fn s3_4_1_inv2543_a_request_of_the_old_kind() {
    let message = try_read(
        crlf(
            "INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
",
        )
        .as_bytes(),
    )
    .unwrap();
    message.check().unwrap();
    assert_eq!(
        message.body(),
        b"v=0\r\n",
        "without Content-Length, to the datagram's end"
    );
    assert_eq!(message.headers().via().unwrap().unwrap().branch(), None);
    assert_eq!(message.headers().from().unwrap().unwrap().tag(), None);
}

#[test]
fn noise_is_not_sip_and_is_not_answered() {
    for (octets, kind) in [
        (&b"\r\n\r\n"[..], ErrorKind::KeepAlive),
        (b"", ErrorKind::KeepAlive),
        (b"\0", ErrorKind::NotSip),
        (
            b"\0\x01\0\x08\x21\x12\xa4\x42 SIP/2.0\r\n\r\n",
            ErrorKind::NotSip,
        ),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ErrorKind::NotSip),
        (b"OPTIONS\r\n\r\n", ErrorKind::NotSip),
        (b"SIP/2.0", ErrorKind::Malformed),
        (b"SIP/2.0 200 OK", ErrorKind::Malformed),
        (b"SIP/2.0 200 OK\r\n", ErrorKind::Malformed),
        (
            b"OPTIONS sip:a SIP/2.0\r\nVia x\r\n\r\n",
            ErrorKind::Malformed,
        ),
        (
            b"OPTIONS sip:a SIP/2.0\r\n: x\r\n\r\n",
            ErrorKind::Malformed,
        ),
        (
            b"OPTIONS sip:a SIP/2.0\r\nA b: x\r\n\r\n",
            ErrorKind::Malformed,
        ),
        (
            b"OPTIONS sip:a SIP/2.0\r\nA: x\ry\r\n\r\n",
            ErrorKind::Malformed,
        ),
    ] {
        let error = try_read(octets).unwrap_err();
        assert_eq!(error.kind, kind, "{}", String::from_utf8_lossy(octets));
        assert_eq!(error.refusal(), None);
    }
}

#[test]
fn an_error_says_the_line_and_the_header() {
    let error = options("Max-Forwards: 70", "Max-Forwards").unwrap_err();
    assert_eq!(error.line, 5);
    assert_eq!(error.to_string(), "line 5: header: it has no colon");
    let fold = options("To: sip", "To:\n sip").unwrap();
    fold.check().unwrap();
    let error = options(
        "To: sip:user@example.com\nFrom",
        "To:\n sip:user@example.com\nFrom @",
    )
    .unwrap_err();
    assert_eq!(error.line, 5, "lines are counted as they were sent");
}

#[test]
fn an_ack_is_never_refused() {
    assert_eq!(
        options("OPTIONS sip:user@", "ACK <sip:user@")
            .unwrap_err()
            .refusal(),
        None
    );
    let message = options("OPTIONS sip:user@", "ACK sip:user@").unwrap();
    let fault = message.check().unwrap_err();
    assert_eq!(fault.refusal(message.as_request().unwrap()), None);
}

#[test]
fn latin_1_names_are_read_as_what_they_were_meant_to_be() {
    let octets = b"OPTIONS sip:a@b SIP/2.0\r\nf: \"J\xfcrgen\" <sip:j@b>;tag=\xff1\r\nSubject: \xc3\xbc\r\n\r\n";
    let message = read(octets);
    assert_eq!(
        message.headers().from().unwrap().unwrap().name().unwrap(),
        "J\u{fc}rgen"
    );
    assert_eq!(message.headers().get(&HeaderName::Subject), Some("\u{fc}"));
}

#[test]
fn each_limit_is_kept_and_named() {
    let limits = Limits {
        message: 1000,
        head: 500,
        headers: 10,
        line: 100,
    };
    let with = |extra: &str, body: usize| {
        let head = crlf(&format!(
            "OPTIONS sip:a@b SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bK1\nf: <sip:a@b>;tag=1\nt: <sip:a@b>\ni: 1\nCSeq: 1 OPTIONS\n{extra}\n"
        ));
        Message::parse_datagram(format!("{head}{}", "x".repeat(body)).as_bytes(), &limits)
    };
    assert!(with("", 600).is_ok());
    for (result, part) in [
        (with("", 1000), "message"),
        (
            with(&"Subject: 12345678901234567890123456789\n".repeat(20), 0),
            "headers",
        ),
        (with(&"s: 1\n".repeat(6), 0), "headers"),
        (
            with(&format!("Subject: {}\n", "x".repeat(100)), 0),
            "Subject",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind, error.part.as_str()),
            (ErrorKind::TooLarge, part)
        );
        assert_eq!(error.refusal().unwrap().status, 513);
    }
}
