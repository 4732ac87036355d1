//! Streams are cut right, however they come.
mod common;
use common::{crlf, read};
use trialog_sip::{ErrorKind, Frame, HeaderName, Limits, Message, ParseError, StreamFramer};

fn message(call: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = crlf(&format!(
        "INVITE sip:b@example.com SIP/2.0\nVia: SIP/2.0/TCP h;branch=z9hG4bK{call}\nSubject: content-length: 99\n\
         CONTENT-LENGTH :\n  {length}\nCall-ID: {call}\n\n"
    ));
    format!("{head}{body}").into_bytes()
}

fn drain(framer: &mut StreamFramer) -> Vec<Result<Frame, ParseError>> {
    let mut frames = Vec::new();
    while let Some(frame) = framer.next() {
        let failed = frame.is_err();
        frames.push(frame);
        if failed {
            break;
        }
    }
    frames
}

fn cut(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut framer = StreamFramer::new(Limits::default());
    let mut frames = Vec::new();
    for piece in pieces {
        framer.feed(piece);
        frames.extend(drain(&mut framer).into_iter().map(Result::unwrap));
    }
    frames
}

fn stream() -> (Vec<u8>, Vec<Frame>) {
    let (one, two, three) = (
        message("1", "v=0\n\n\r\n\r\nINVITE sip:x SIP/2.0"),
        message("2", ""),
        message("3", "\r\n\r\n"),
    );
    let octets = [
        &one[..],
        b"\r\n\r\n",
        &two[..],
        b"\r\n",
        &three[..],
        b"\r\n\r\n",
    ]
    .concat();
    let frames = vec![
        Frame::Message(one),
        Frame::Ping,
        Frame::Message(two),
        Frame::Pong,
        Frame::Message(three),
        Frame::Ping,
    ];
    (octets, frames)
}

#[test]
fn a_stream_cut_at_any_octet_gives_the_same_frames() {
    let (octets, frames) = stream();
    assert_eq!(cut(&[&octets]), frames);
    for at in 0..=octets.len() {
        let (one, two) = octets.split_at(at);
        assert_eq!(cut(&[one, two]), frames, "cut at {at}");
    }
}

#[test]
fn a_stream_that_comes_octet_by_octet_gives_the_same_frames() {
    let (octets, frames) = stream();
    let pieces: Vec<&[u8]> = octets.chunks(1).collect();
    assert_eq!(cut(&pieces), frames);
    for size in 2..40 {
        let pieces: Vec<&[u8]> = octets.chunks(size).collect();
        assert_eq!(cut(&pieces), frames, "pieces of {size}");
    }
}

#[test]
fn a_frame_is_a_whole_message() {
    let (_, frames) = stream();
    for frame in frames {
        if let Frame::Message(octets) = frame {
            let message = read(&octets);
            assert!(message.headers().contains(&HeaderName::CallId));
        }
    }
}

#[test]
fn a_stream_without_content_length_is_at_its_end() {
    let mut framer = StreamFramer::new(Limits::default());
    framer.feed(b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\nmore");
    let error = framer.next().unwrap().unwrap_err();
    assert_eq!(error.part, "Content-Length");
    framer.feed(&message("1", ""));
    assert!(framer.next().unwrap().is_err(), "an error is final");
}

#[test]
fn content_lengths_that_can_not_be_are_errors() {
    for lengths in [
        "l: x",
        "l: -1",
        "l: 1\r\nl: 2",
        "l: 99999999999999999999999",
        "l: 70000",
        "l:",
        "l: 18446744073709551615",
    ] {
        let mut framer = StreamFramer::new(Limits::default());
        framer.feed(format!("OPTIONS sip:a SIP/2.0\r\n{lengths}\r\n\r\n").as_bytes());
        let error = framer.next().unwrap().unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Malformed | ErrorKind::TooLarge),
            "{lengths}"
        );
    }
}

#[test]
fn a_head_without_end_is_cut_off_at_the_limit() {
    let mut framer = StreamFramer::new(Limits::default());
    let mut fed = 0;
    while framer.next().is_none() {
        framer.feed(&[b'x'; 1024]);
        fed += 1024;
    }
    assert!(fed <= Limits::default().head + 1024);
    assert_eq!(
        framer.next().unwrap().unwrap_err().kind,
        ErrorKind::TooLarge
    );
}

#[test]
fn bare_line_feeds_are_cut_as_the_parser_reads_them() {
    let octets = b"OPTIONS sip:a SIP/2.0\nl: 3\n\nabcOPTIONS sip:a SIP/2.0\nl: 0\n\r\n";
    let frames = cut(&[octets]);
    assert_eq!(frames.len(), 2);
    for frame in frames {
        let Frame::Message(octets) = frame else {
            panic!("{frame:?}")
        };
        let message = Message::parse_datagram(&octets, &Limits::default()).unwrap();
        assert_eq!(
            message.to_bytes().len(),
            octets.len() + "Content-Length: ".len() - "l: ".len()
                + octets.iter().filter(|c| **c == b'\n').count()
                - usize::from(octets.contains(&b'\r'))
        );
    }
}

#[test]
fn a_request_without_content_length_is_owed_an_answer() {
    let head = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\n\
                To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let mut framer = StreamFramer::new(Limits::default());
    framer.feed(head.as_bytes());
    let error = framer.next().expect("an end").expect_err("it can't be cut");
    let refusal = error.refusal().expect("its sender can be found").to_bytes();
    assert!(refusal.starts_with(b"SIP/2.0 400 Bad Request: Content-Length: it is missing"));
    let mut framer = StreamFramer::new(Limits::default());
    framer.feed(b"garbage\r\n\r\n");
    let error = framer.next().expect("an end").expect_err("it can't be cut");
    assert_eq!(error.refusal(), None);
}

#[test]
fn the_beginning_of_a_message_is_no_keep_alive() {
    let mut framer = StreamFramer::new(Limits::default());
    for (octets, within) in [("\r\n", false), ("\r\nOPT", true)] {
        framer.feed(octets.as_bytes());
        while framer.next().is_some() {}
        assert_eq!(framer.is_within_message(), within, "{octets:?}");
    }
}
