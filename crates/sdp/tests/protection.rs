//! SRTP's keys in offer and answer (RFC 4568).
use trialog_sdp::{
    Codec, Description, Direction, Key, LocalMedia, NegotiationError, Protection, Security,
    Session, Suite,
};

/// One side, whose keys are all of this number.
fn side(number: u8, protection: Protection) -> Session {
    let key = |suite| Some((suite, Key::new(suite, &[number; Key::LONGEST])?));
    let address = ([192, 0, 2, number], 10_000).into();
    let local = LocalMedia {
        security: Security {
            protection,
            offers: true,
            keys: Suite::ALL.into_iter().filter_map(key).collect(),
        },
        ..LocalMedia::new(address, vec![Codec::Pcmu])
    };
    Session::new(u64::from(number), local)
}

fn sent(description: &Description) -> Description {
    Description::parse(description.to_string().as_bytes()).expect("our own")
}

/// Without the lines of keys.
fn stripped(description: &Description) -> Description {
    let mut stripped = description.clone();
    for media in &mut stripped.media {
        media
            .attributes
            .retain(|attribute| attribute.name != "crypto");
    }
    stripped
}

fn crypto(description: &Description) -> Vec<String> {
    let attributes = description.media[0].attributes.iter();
    let keys = attributes.filter(|attribute| attribute.name == "crypto");
    keys.filter_map(|attribute| attribute.value.clone())
        .collect()
}

#[test]
fn each_way_has_the_key_of_its_sender_and_the_first_suite_that_both_have() {
    for (caller, called, profile) in [
        (Protection::Offer, Protection::Offer, "RTP/AVP"),
        (Protection::Offer, Protection::Require, "RTP/AVP"),
        (Protection::Require, Protection::Offer, "RTP/SAVP"),
    ] {
        let (mut one, mut other) = (side(1, caller), side(2, called));
        let offer = sent(&one.offer());
        assert_eq!(offer.media[0].protocol, profile);
        assert_eq!(crypto(&offer).len(), 4);
        let (answer, theirs) = other.answer(&offer).expect("agreed");
        assert_eq!(answer.media[0].protocol, profile);
        let lines = crypto(&answer);
        assert!(
            lines.len() == 1 && lines[0].starts_with("1 AEAD_AES_256_GCM inline:"),
            "{lines:?}"
        );
        let ours = one.accept_answer(&sent(&answer)).expect("agreed");
        let (ours, theirs) = (ours.srtp.expect("keys"), theirs.srtp.expect("keys"));
        assert_eq!(ours.suite, Suite::AesGcm256);
        assert_eq!((&ours.ours, &ours.theirs), (&theirs.theirs, &theirs.ours));
        assert_ne!(ours.ours, ours.theirs);
    }
}

#[test]
fn a_foreign_side_gets_the_suite_that_it_has_by_its_own_tag() {
    let mut session = side(1, Protection::Offer);
    let mut offer = stripped(&side(2, Protection::Require).offer());
    let foreign = "7 AES_CM_128_HMAC_SHA1_32 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31";
    let unknown = "3 AES_256_CM_HMAC_SHA1_80 inline:AAAA";
    for line in [unknown, foreign] {
        let attribute = trialog_sdp::Attribute::new("crypto", line);
        offer.media[0].attributes.push(attribute);
    }
    let (answer, agreed) = session.answer(&offer).expect("agreed");
    let lines = crypto(&answer);
    assert!(lines[0].starts_with("7 AES_CM_128_HMAC_SHA1_32 inline:"));
    assert_eq!(agreed.srtp.expect("keys").suite, Suite::AesCm32);
    offer.media[0].attributes.pop();
    assert_eq!(session.answer(&offer), Err(NegotiationError::NoCommonSuite));
}

#[test]
fn what_is_required_is_not_given_up_and_what_is_off_is_not_begun() {
    let refused = |protection, offer: &Description| side(2, protection).answer(offer).map(drop);
    let plain = side(1, Protection::Off).offer();
    assert!(crypto(&plain).is_empty());
    assert_eq!(
        refused(Protection::Require, &plain),
        Err(NegotiationError::NotProtected)
    );
    assert_eq!(refused(Protection::Offer, &plain), Ok(()));
    let only = side(1, Protection::Require).offer();
    assert_eq!(
        refused(Protection::Off, &only),
        Err(NegotiationError::Protected)
    );
    // Somebody on the way takes the keys out of the offer, or out of the answer.
    assert_eq!(
        refused(Protection::Require, &stripped(&only)),
        Err(NegotiationError::NoCommonSuite)
    );
    for (caller, outcome) in [
        (Protection::Require, Err(NegotiationError::NotProtected)),
        (Protection::Offer, Ok(None)),
    ] {
        let mut one = side(1, caller);
        let offer = one.offer();
        let (answer, _) = side(2, Protection::Offer).answer(&offer).expect("agreed");
        let answer = stripped(&answer);
        assert_eq!(
            one.accept_answer(&answer).map(|agreed| agreed.srtp),
            outcome
        );
    }
}

/// RFC 4568 §7.1.4.
#[test]
fn a_later_offer_has_the_same_keys_with_the_agreed_suite_first_by_whatever_way_it_goes() {
    let (mut one, mut other) = (side(1, Protection::Offer), side(2, Protection::Offer));
    let mut offer = sent(&one.offer());
    offer.media[0].attributes.retain(|attribute| {
        let value = attribute.value.as_deref().unwrap_or_default();
        attribute.name != "crypto" || value.contains("_SHA1_80")
    });
    let (answer, _) = other.answer(&offer).expect("agreed");
    let before = one.accept_answer(&answer).expect("agreed").srtp;
    assert_eq!(before.as_ref().expect("keys").suite, Suite::AesCm80);
    one.set_offers_keys(false);
    one.set_direction(Direction::SendOnly);
    let held = sent(&one.offer());
    assert!(crypto(&held)[0].starts_with("1 AES_CM_128_HMAC_SHA1_80 "));
    let (answer, _) = other.answer(&held).expect("agreed");
    let after = one.accept_answer(&answer).expect("agreed").srtp;
    assert_eq!(after, before);
    // The called side holds.
    other.set_direction(Direction::SendOnly);
    let held = sent(&other.offer());
    let (answer, agreed) = one.answer(&held).expect("agreed");
    assert_eq!(agreed.srtp, before);
    assert!(other.accept_answer(&answer).expect("agreed").srtp.is_some());
}

#[test]
fn where_keys_may_not_be_offered_the_offer_has_none_and_what_comes_is_answered() {
    let mut session = side(1, Protection::Offer);
    session.set_offers_keys(false);
    let offer = session.offer();
    assert!(crypto(&offer).is_empty() && offer.media[0].protocol == "RTP/AVP");
    assert_eq!(session.offered_payloads(), [(0, Codec::Pcmu)]);
    session.drop_offer();
    let only = side(2, Protection::Require).offer();
    assert!(session.answer(&only).expect("agreed").1.srtp.is_some());
    // Before the answer has come, what is protected can't be told from what is not.
    session.offer();
    assert!(session.offered_payloads().is_empty());
}

#[test]
fn a_key_is_shown_nowhere() {
    let mut session = side(1, Protection::Require);
    let offer = session.offer();
    let text = crypto(&offer)[0].clone();
    let (_, key) = text.split_once("inline:").expect("a key");
    let shown = format!("{session:?} {offer:?}");
    assert!(
        shown.contains("Key(…)") && !shown.contains("1, 1, 1"),
        "{shown}"
    );
    assert!(!shown.contains(key), "{shown}");
}

#[test]
fn no_key_is_kept_and_the_suite_is() {
    let (mut one, mut two) = (side(1, Protection::Require), side(2, Protection::Require));
    let mut exchange = |one: &mut Session| {
        let offer = sent(&one.offer());
        let (answer, _) = two.answer(&offer).expect("an answer");
        one.accept_answer(&sent(&answer)).expect("agreed")
    };
    exchange(&mut one);
    let kept = one.kept().expect("it was agreed");
    assert!(kept.suite.is_some());
    assert!(!format!("{kept:?}").contains("inline"), "{kept:?}");
    let local = side(3, Protection::Require).local().clone();
    let mut again = Session::resumed(&kept, local).expect("ours");
    let agreed = exchange(&mut again).srtp.expect("protected");
    assert_eq!(Some(agreed.suite), kept.suite);
    assert_eq!(agreed.ours.octets()[0], 3, "new keys");
}

/// Some phones offer the same sound twice, for called ones that know one profile alone.
#[test]
fn of_a_plain_and_a_protected_line_the_protected_one_is_taken_where_it_can_be() {
    let plain = stripped(&side(1, Protection::Offer).offer())
        .media
        .remove(0);
    let protected = side(1, Protection::Require).offer().media.remove(0);
    for (lines, protection, taken) in [
        ([&plain, &protected], Protection::Offer, 1),
        ([&protected, &plain], Protection::Offer, 0),
        ([&plain, &protected], Protection::Require, 1),
        ([&plain, &protected], Protection::Off, 0),
        ([&protected, &plain], Protection::Off, 1),
        ([&plain, &plain], Protection::Offer, 0),
        ([&protected, &protected], Protection::Offer, 0),
    ] {
        let mut offer = side(1, Protection::Off).offer();
        offer.media = lines.into_iter().cloned().collect();
        let (answer, negotiated) = side(2, protection).answer(&sent(&offer)).expect("agreed");
        let ports: Vec<bool> = answer.media.iter().map(|line| line.port != 0).collect();
        assert_eq!(ports, [taken == 0, taken == 1], "{protection:?} {taken}");
        assert_eq!(negotiated.srtp.is_some(), lines[taken].is_protected());
        let profiles = answer.media.iter().map(|line| &line.protocol);
        assert!(profiles.eq(offer.media.iter().map(|line| &line.protocol)));
    }
}
