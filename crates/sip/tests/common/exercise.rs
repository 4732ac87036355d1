//! What the fuzzers and the mutation test do with octets: everything that a phone does with a datagram, and more. It
//! panics only if something in the package is wrong.
use trialog_sip::digest::{Challenge, Credentials};
use trialog_sip::*;

/// Reads octets in every way, and holds what must hold of whatever was read.
pub(crate) fn exercise(octets: &[u8]) {
    datagram(octets);
    stream(octets);
    let _ = sipfrag::status(octets);
    let _ = MessageSummary::read(octets);
    let _ = DialogInfo::read(octets);
    values(octets);
    digests(octets);
}

/// A header's value has no line ends.
fn as_value(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).replace(['\r', '\n'], " ")
}

/// A message, and each of its headers' values.
pub(crate) fn datagram(octets: &[u8]) {
    let limits = Limits::default();
    match Message::parse_datagram(octets, &limits) {
        Ok(message) => {
            if let (Err(fault), Some(request)) = (message.check(), message.as_request()) {
                let refusal = fault.refusal(request).map(|refusal| refusal.to_bytes());
                let again = refusal.map(|octets| Message::parse_datagram(&octets, &limits));
                assert!(
                    !matches!(again, Some(Err(_))),
                    "a refusal that can't be read"
                );
            }
            headers(message.headers());
            let written = message.to_bytes();
            if written.len() <= limits.message {
                written_again(&written, &message);
            }
        }
        Err(error) => {
            let _ = error.to_string();
            if let Some(refusal) = error.refusal() {
                Message::parse_datagram(&refusal.to_bytes(), &limits)
                    .expect("a refusal can be read");
            }
        }
    }
}

/// What was read and is written is read as the same.
fn written_again(written: &[u8], message: &Message) {
    let again = match Message::parse_datagram(written, &Limits::default()) {
        Ok(again) => again,
        // Writing makes names and URIs longer than they were.
        Err(error) if error.kind == ErrorKind::TooLarge => return,
        Err(error) => panic!("what was written can't be read: {error}"),
    };
    assert_eq!(again.body(), message.body());
    let kept = |message: &Message| {
        let rows = message.headers().rows();
        let rows = rows.filter(|(name, _)| *name != HeaderName::ContentLength);
        rows.map(|(n, v)| (n, v.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(kept(&again), kept(message));
    assert_eq!(again.to_bytes(), written);
}

fn headers(headers: &Headers) {
    for (name, row) in headers.rows() {
        for value in headers.all(&name) {
            assert!(row.len() >= value.len() || headers.rows_of(&name).count() > 1);
        }
        values(row.as_bytes());
        digests(row.as_bytes());
    }
    let mut taken = headers.clone();
    let vias = headers.all(&HeaderName::Via).count();
    for _ in 0..vias {
        assert!(taken.remove_first(&HeaderName::Via), "it has as many");
    }
    assert!(!taken.remove_first(&HeaderName::Via));
    if let (Some(Ok(of)), body) = (
        headers.typed::<MediaType>(&HeaderName::ContentType),
        b"--x\r\n\r\n",
    ) {
        let _ = multipart::find(&of, body, "application", "sdp");
    }
    let _ = digest::choose(headers, &HeaderName::WwwAuthenticate, true);
}

/// Whatever can be read of a header's value can be written, and what was written is read as the same.
pub(crate) fn values(octets: &[u8]) {
    let text = &as_value(octets);
    macro_rules! again {
        ($($type:ty)*) => {$(
            if let Ok(value) = <$type>::parse(text) {
                let written = value.to_string();
                match <$type>::parse(&written) {
                    Ok(again) => assert_eq!(again, value, "{written:?}"),
                    Err(error) => panic!("{written:?}: {error}"),
                }
            }
        )*};
    }
    again! {
        CSeq RAck Replaces TargetDialog Event SubscriptionState MediaType Seconds Reason SessionExpires Via
        NameAddr Uri Method
    }
    if let Ok(uri) = Uri::parse(text) {
        assert!(uri.equivalent(&uri));
        let _ = (uri.bare(), uri.user_unescaped(), uri.port_or_default());
    }
    if let Ok(address) = NameAddr::parse(text) {
        let _ = (address.name(), address.tag());
    }
}

/// A stream gives the same frames whether it comes at once, in two pieces or octet by octet.
pub(crate) fn stream(octets: &[u8]) {
    let cut = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut framer = StreamFramer::new(Limits::default());
        let mut frames = Vec::new();
        for piece in pieces {
            framer.feed(piece);
            while let Some(frame) = framer.next() {
                let failed = frame.is_err();
                frames.push(frame.ok());
                if failed {
                    return frames;
                }
            }
        }
        frames
    };
    let (one, two) = octets.split_at(octets.len() / 2);
    let whole = cut(&mut [octets].into_iter());
    assert_eq!(whole, cut(&mut [one, two].into_iter()));
    assert_eq!(whole, cut(&mut octets.chunks(1)));
}

/// What we can't answer, or can't check, is not kept whole; all else is. What can be answered is answered rightly.
pub(crate) fn digests(octets: &[u8]) {
    let text = &as_value(octets);
    if let Ok(challenge) = Challenge::parse(text)
        && challenge.is_answerable()
    {
        answered(&challenge);
        if challenge.qop_given != challenge.qop.is_empty() {
            assert_eq!(Challenge::parse(&challenge.to_string()), Ok(challenge));
        }
    }
    if let Ok(credentials) = Credentials::parse(text)
        && credentials.algorithm.is_some()
    {
        assert_eq!(
            Credentials::parse(&credentials.to_string()),
            Ok(credentials)
        );
    }
}

/// Our answer to a challenge can be read by the server, and its check holds.
fn answered(challenge: &Challenge) {
    let password = digest::Secret::new("zanzibar");
    let method = Method::Register;
    let answer = digest::answer(
        challenge,
        "bob",
        &password,
        &method,
        "sip:example.com",
        b"",
        "0a4f113b",
        1,
    );
    let credentials = answer.expect("it can be answered");
    let read = Credentials::parse(&credentials.to_string()).expect("our answer can be read");
    assert!(digest::verify(&read, "bob", &password, &method, b""));
}
