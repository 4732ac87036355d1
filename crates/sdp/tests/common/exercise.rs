//! What the fuzzer and the mutation test do with a body: everything that a phone does with an offer and an answer. It
//! panics only if something in the package is wrong.
use trialog_sdp::{Codec, Description, Direction, LocalMedia, Session};

/// Reads a body, and holds what must hold of whatever was read.
pub(crate) fn exercise(body: &[u8]) {
    let description = match Description::parse(body) {
        Ok(description) => description,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let written = description.to_string();
    if let Ok(again) = Description::parse(written.as_bytes()) {
        assert_eq!(again.to_string(), written);
    } else {
        // Latin-1 grows when it is written.
        assert!(written.len() > body.len());
    }
    as_offer(&description);
    as_answer(&description);
}

fn local() -> LocalMedia {
    LocalMedia::new(([192, 0, 2, 1], 10_000).into(), Codec::ALL.to_vec())
}

fn as_offer(offer: &Description) {
    let mut session = Session::new(1, local());
    let Ok((answer, negotiated)) = session.answer(offer) else {
        return;
    };
    assert_eq!(answer.media.len(), offer.media.len());
    assert_eq!(
        answer.media.iter().filter(|media| media.port != 0).count(),
        1
    );
    assert!(!negotiated.direction.sends() || negotiated.far_direction.receives());
    // Our re-offer keeps the lines, and the far side could answer it.
    session.set_direction(Direction::SendOnly);
    let again = session.offer();
    assert_eq!(again.media.len(), offer.media.len());
    let mut far = Session::new(2, local());
    let (answer, _) = far.answer(&again).expect("we can answer ourselves");
    let ours = session.accept_answer(&answer).expect("and take the answer");
    // The numbers that the far side gave keep their meaning.
    let number = negotiated.send_payload;
    if let Some((_, codec)) = ours.receive_payloads.iter().find(|(own, _)| *own == number) {
        assert_eq!(*codec, negotiated.codec);
    }
}

fn as_answer(answer: &Description) {
    let mut session = Session::new(1, local());
    let offer = session.offer();
    if let Ok(negotiated) = session.accept_answer(answer) {
        let offered = offer.media[0].payload_formats();
        assert!(
            offered
                .into_iter()
                .any(|format| format.codec() == Some(negotiated.codec))
        );
        assert!(!negotiated.receive_payloads.is_empty());
    }
}
