//! Many exchanges in one dialog (RFC 3264 §8).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
mod common;
use common::{local, with};
use trialog_sdp::{
    Codec, Description, Direction, KeptSession, LocalMedia, NegotiationError, Session,
};

const ALL: &[Codec] = &Codec::ALL;

fn version(description: &Description) -> u64 {
    description.origin.version.parse().unwrap()
}

fn connected() -> (Session, Session) {
    let (mut one, mut two) = (Session::new(1, local(ALL)), Session::new(2, local(ALL)));
    let offer = one.offer();
    let (answer, _) = two.answer(&offer).unwrap();
    one.accept_answer(&answer).unwrap();
    (one, two)
}

fn reoffer(from: &mut Session, to: &mut Session) -> Description {
    let offer = from.offer();
    let (answer, _) = to.answer(&offer).unwrap();
    from.accept_answer(&answer).unwrap();
    offer
}

#[test]
fn the_version_counts_changes_and_nothing_else() {
    let (mut one, mut two) = connected();
    let again = reoffer(&mut one, &mut two);
    assert_eq!(version(&again), 1, "nothing changed");
    one.set_direction(Direction::SendOnly);
    assert_eq!(version(&reoffer(&mut one, &mut two)), 2);
    one.set_direction(Direction::SendRecv);
    assert_eq!(version(&reoffer(&mut one, &mut two)), 3);
    one.set_address("192.0.2.1:10002".parse().unwrap());
    assert_eq!(version(&reoffer(&mut one, &mut two)), 4);
    // Whoever answered counts for himself. His answer has one codec, his offer all.
    let from_two = reoffer(&mut two, &mut one);
    assert_eq!(from_two.origin.session_id, "2");
    assert_eq!(version(&reoffer(&mut two, &mut one)), version(&from_two));
}

#[test]
fn rfc_3264_a_codec_that_is_locked_is_offered_alone_until_the_far_side_makes_an_offer() {
    let (mut one, mut two) = (Session::new(1, local(ALL)), Session::new(2, local(ALL)));
    let mut answer = one.offer();
    assert!(one.accept_answer(&answer).unwrap().has_choice());
    one.lock_codec();
    let narrowed = one.offer();
    let codecs = narrowed.media[0].payload_formats();
    let codecs: Vec<_> = codecs.filter_map(|format| format.codec()).collect();
    assert_eq!(codecs, [Codec::Opus]);
    (answer, _) = two.answer(&narrowed).unwrap();
    assert!(!one.accept_answer(&answer).unwrap().has_choice());
    assert_eq!(one.offer().media[0].formats, narrowed.media[0].formats);
    two.answer(&one.offer()).unwrap();
    one.answer(&two.offer()).unwrap();
    assert_ne!(one.offer().media[0].formats, narrowed.media[0].formats);
}

#[test]
fn holding_and_resuming_change_the_direction_on_both_sides() {
    let (mut one, mut two) = connected();
    one.set_direction(Direction::SendOnly);
    reoffer(&mut one, &mut two);
    assert_eq!(one.negotiated().unwrap().direction, Direction::SendOnly);
    assert_eq!(two.negotiated().unwrap().direction, Direction::RecvOnly);
    assert!(two.negotiated().unwrap().far_holds());
    assert!(!one.negotiated().unwrap().far_holds());
    // Both hold: neither sends.
    two.set_direction(Direction::SendOnly);
    reoffer(&mut two, &mut one);
    assert_eq!(two.negotiated().unwrap().direction, Direction::Inactive);
    one.set_direction(Direction::SendRecv);
    two.set_direction(Direction::SendRecv);
    reoffer(&mut one, &mut two);
    assert_eq!(two.negotiated().unwrap().direction, Direction::SendRecv);
}

#[test]
fn a_refused_offer_changes_nothing_but_the_next_version() {
    let (mut one, mut two) = connected();
    let before = one.negotiated().cloned();
    one.set_direction(Direction::SendOnly);
    let refused = one.offer();
    one.drop_offer();
    assert_eq!(one.negotiated().cloned(), before);
    one.set_direction(Direction::SendRecv);
    let next = reoffer(&mut one, &mut two);
    assert!(version(&next) > version(&refused));
    assert_eq!(next.media, one.clone().offer().media);
}

#[test]
fn an_offer_that_can_not_be_answered_changes_nothing() {
    let (mut one, _) = connected();
    let before = one.clone();
    let error = one.answer(&with("m=audio 0 RTP/AVP 0\n")).unwrap_err();
    assert_eq!(error, NegotiationError::NoAudio);
    assert_eq!(one, before);
}

#[test]
fn numbers_keep_their_meaning_when_the_other_side_offers() {
    // The far side gave opus 111 and digits 126; 96 and 101 are something else there.
    let mut one = Session::new(1, local(&[Codec::Opus, Codec::Pcma]));
    one.answer(&with(
        "m=audio 4000 RTP/AVP 111 96 101 126\na=rtpmap:111 opus/48000/2\na=rtpmap:96 speex/16000\na=rtpmap:101 speex/8000\n\
         a=rtpmap:126 telephone-event/8000\n",
    ))
    .unwrap();
    let offer = one.offer();
    assert_eq!(offer.media[0].formats[..3], ["111", "8", "126"]);
    let fourth = &offer.media[0].formats[3];
    assert!(
        !["96", "101", "111", "126"].contains(&fourth.as_str()),
        "{fourth}"
    );
    let maps = offer.media[0].payload_formats();
    assert!(
        maps.into_iter()
            .any(|format| format.payload == 111 && format.codec() == Some(Codec::Opus))
    );
}

#[test]
fn media_lines_keep_their_count_and_place() {
    let mut one = Session::new(1, local(ALL));
    let (answer, _) = one
        .answer(&with(
            "m=video 5000 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\nm=image 6000 udptl t38\n",
        ))
        .unwrap();
    let offer = one.offer();
    let kinds = |d: &Description| {
        d.media
            .iter()
            .map(|m| (m.kind.clone(), m.port))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&offer), kinds(&answer));
    assert_eq!(offer.media[0].port, 0);
    assert_eq!(offer.media[1].port, 10_000);
    // A line more than before stays too.
    one.drop_offer();
    one.answer(&with("m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\nm=image 0 udptl t38\nm=text 7000 RTP/AVP 98\n"))
        .unwrap();
    assert_eq!(one.offer().media.len(), 4);
}

#[test]
fn crossed_offers_leave_the_last_agreement_in_force() {
    let (mut one, mut two) = connected();
    one.set_direction(Direction::SendOnly);
    let _lost = one.offer();
    // 491 on both sides; later the other one is first.
    one.drop_offer();
    let offer = two.offer();
    let (answer, negotiated) = one.answer(&offer).unwrap();
    assert_eq!(negotiated.direction, Direction::SendOnly);
    assert_eq!(
        two.accept_answer(&answer).unwrap().direction,
        Direction::RecvOnly
    );
}

#[test]
fn a_later_offer_has_the_agreed_codec_first_and_the_others_after_it() {
    let mut session = Session::new(1, local(ALL));
    session.offer();
    session
        .accept_answer(&with(
            "m=audio 4000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n",
        ))
        .unwrap();
    session.set_direction(Direction::SendOnly);
    let line = session.offer().media.remove(0);
    assert_eq!(line.formats, ["8", "96", "9", "0", "101", "102"]);
    // A codec that came with the far side's own number keeps it.
    let mut session = Session::new(1, local(ALL));
    session
        .answer(&with(
            "m=audio 4000 RTP/AVP 107\na=rtpmap:107 opus/48000/2\n",
        ))
        .unwrap();
    let line = session.offer().media.remove(0);
    assert_eq!(line.formats[..2], ["107", "9"]);
}

#[test]
fn a_session_goes_on_in_the_next_run_with_its_number_its_codec_and_its_lines() {
    let (mut one, mut two) = connected();
    one.set_direction(Direction::SendOnly);
    let held = reoffer(&mut one, &mut two);
    // An offer that was refused has used its version all the same.
    one.set_direction(Direction::SendRecv);
    let refused = one.offer();
    one.drop_offer();
    one.set_direction(Direction::SendOnly);
    let kept = one.kept().unwrap();
    assert_eq!(kept.codec, Codec::Opus);
    let elsewhere = |codecs: &[Codec]| LocalMedia {
        address: "192.0.2.9:30000".parse().unwrap(),
        ..local(codecs)
    };
    let all = || elsewhere(&[Codec::Pcma, Codec::Opus]);
    let mut again = Session::resumed(&kept, all()).unwrap();
    let offer = reoffer(&mut again, &mut two);
    assert_eq!(offer.origin.session_id, held.origin.session_id);
    assert_eq!(version(&offer), version(&refused) + 1);
    let line = &offer.media[0];
    assert_eq!(line.port, 30_000);
    let first = line.payload_formats().next().unwrap();
    let was = held.media[0].payload_formats().next().unwrap();
    assert_eq!((first.payload, first.encoding), (was.payload, was.encoding));
    assert_eq!(again.negotiated().unwrap().direction, Direction::SendOnly);

    let without = elsewhere(&[Codec::Pcma]);
    assert_eq!(Session::resumed(&kept, without), None, "its codec is gone");
    let torn = KeptSession {
        description: kept.description[..20].to_owned(),
        ..kept
    };
    assert_eq!(Session::resumed(&torn, all()), None);
}
