//! Messages as scripts and test tools send them, out of a text file: what is lost on the way there is only what can be told.
mod common;
use common::{crlf, read, try_read};
use trialog_sip::HeaderName;

const HEAD: &str = "MESSAGE sip:desk@example.net SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKhand
From: <sip:script@example.net>;tag=1
To: <sip:desk@example.net>
Call-ID: by-hand
CSeq: 1 MESSAGE
Content-Type: text/plain
";

/// The status of the answer to a message that can't be read.
fn refused(octets: &[u8]) -> u16 {
    let error = try_read(octets).expect_err("it must not be read");
    error.refusal().expect("an answer").status.into()
}

#[test]
fn a_datagram_that_states_no_body_needs_no_empty_line() {
    for length in [
        "Content-Length: 0\n",
        "l:0\n",
        "Content-Length: 0\nX-Last: 1\n",
    ] {
        for text in [format!("{HEAD}{length}"), crlf(&format!("{HEAD}{length}"))] {
            let message = read(text.as_bytes());
            assert_eq!(message.check(), Ok(()));
            assert!(message.body().is_empty(), "{text}");
            assert_eq!(message.headers().get(&HeaderName::ContentLength), Some("0"));
        }
    }
    // It may have been cut off.
    for rest in ["", "Content-Length: 5\n", "Content-Length: 0", "X-Cut"] {
        assert_eq!(refused(format!("{HEAD}{rest}").as_bytes()), 400, "{rest}");
    }
}

#[test]
fn a_length_that_counts_crlf_is_understood_where_no_line_has_one() {
    let body = "one\ntwo\nthree\n";
    let (lf, with_cr) = (body.len(), crlf(body).len());
    let text = |length| format!("{HEAD}Content-Length: {length}\n\n{body}");
    for length in [lf, with_cr] {
        let message = read(text(length).as_bytes());
        assert_eq!(message.body(), body.as_bytes());
    }
    // RFC 4475 §3.1.2.2: any other length beyond the datagram's end is a fault.
    for length in [lf + 1, with_cr - 1, with_cr + 1] {
        assert_eq!(refused(text(length).as_bytes()), 400);
    }
    let head = crlf(&format!("{HEAD}Content-Length: {with_cr}\n\n"));
    assert_eq!(
        refused(format!("{head}{body}").as_bytes()),
        400,
        "CRLF in the head"
    );
}
