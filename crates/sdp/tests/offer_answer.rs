//! Offer and answer (RFC 3264), for one exchange.
mod common;
use common::{local, with};
use trialog_sdp::{
    Codec, Direction, LocalMedia, NegotiationError, OpusFormat, Session, TelephoneEvent,
    accept_answer, answer, offer,
};

const ALL: &[Codec] = &Codec::ALL;

#[test]
fn an_offer_says_all_that_we_have() {
    let text = offer(&local(ALL)).to_string().replace("\r\n", "\n");
    assert_eq!(
        text,
        "v=0
o=- 1 1 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 10000 RTP/AVP 96 9 8 0 101 102
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1
a=rtpmap:9 G722/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtpmap:102 telephone-event/48000
a=fmtp:102 0-15
a=ptime:20
a=sendrecv
"
    );
}

#[test]
fn an_offer_over_ipv6_says_so() {
    let local = LocalMedia::new("[2001:db8::1]:4000".parse().unwrap(), vec![Codec::Pcmu]);
    let text = offer(&local).to_string();
    assert!(
        text.contains("o=- 1 1 IN IP6 2001:db8::1\r\n")
            && text.contains("c=IN IP6 2001:db8::1\r\n")
    );
    let far = offer(&local);
    let here = LocalMedia::new("[2001:db8::2]:4000".parse().unwrap(), vec![Codec::Pcmu]);
    let (_, negotiated) = answer(&far, &here).unwrap();
    assert_eq!(negotiated.remote, local.address);
}

#[test]
fn an_address_of_the_other_kind_is_none_but_a_line_with_ours_will_do() {
    let six = "m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::9\n";
    let four = "m=audio 5000 RTP/AVP 0\n";
    let refused = answer(&with(six), &local(ALL)).map(|_| ());
    assert_eq!(refused, Err(NegotiationError::NoAddress));
    let (answered, negotiated) = answer(&with(&format!("{six}{four}")), &local(ALL)).unwrap();
    assert_eq!(negotiated.remote, "192.0.2.9:5000".parse().unwrap());
    assert_eq!(answered.media[0].port, 0);
}

#[test]
fn the_answer_takes_the_offerers_first_codec_that_we_have() {
    let far = with("m=audio 4000 RTP/AVP 18 0 111 8\na=rtpmap:111 opus/48000/2\n");
    let (answered, negotiated) = answer(&far, &local(ALL)).unwrap();
    assert_eq!(negotiated.codec, Codec::Pcmu);
    assert_eq!(answered.media[0].formats, ["0"]);
    let (answered, negotiated) = answer(&far, &local(&[Codec::Pcma, Codec::Opus])).unwrap();
    assert_eq!(negotiated.codec, Codec::Opus);
    assert_eq!(
        answered.media[0].formats,
        ["111"],
        "with the offer's number"
    );
    assert_eq!(negotiated.send_payload, 111);
    assert_eq!(negotiated.receive_payloads, [(111, Codec::Opus)]);
    assert_eq!(negotiated.remote.to_string(), "192.0.2.9:4000");
    assert_eq!(negotiated.remote_rtcp.to_string(), "192.0.2.9:4001");
}

#[test]
fn both_sides_come_to_the_same() {
    for codec in ALL {
        let far = local(&[*codec]);
        let ours = LocalMedia {
            address: "198.51.100.1:5000".parse().unwrap(),
            ..local(ALL)
        };
        let offered = offer(&ours);
        let (answered, theirs) = answer(&offered, &far).unwrap();
        let mine = accept_answer(&offered, &answered, &ours).unwrap();
        assert_eq!((mine.codec, theirs.codec), (*codec, *codec));
        assert!(
            mine.receive_payloads
                .contains(&(theirs.send_payload, *codec))
        );
        assert!(
            theirs
                .receive_payloads
                .contains(&(mine.send_payload, *codec))
        );
        let (mine_event, theirs_event) = (
            mine.telephone_event.unwrap(),
            theirs.telephone_event.unwrap(),
        );
        assert_eq!(mine_event.send, theirs_event.receive);
        assert_eq!(mine_event.receive, theirs_event.send);
        assert_eq!(mine_event.clock_rate, codec.clock_rate());
        assert_eq!((mine.remote, theirs.remote), (far.address, ours.address));
        assert_eq!(mine.opus.in_band_fec, *codec == Codec::Opus);
    }
}

#[test]
fn the_answers_direction_is_what_both_want() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (offered, wanted, answered) in [
        (SendRecv, SendRecv, SendRecv),
        (SendRecv, SendOnly, SendOnly),
        (SendRecv, RecvOnly, RecvOnly),
        (SendRecv, Inactive, Inactive),
        (SendOnly, SendRecv, RecvOnly),
        (SendOnly, SendOnly, Inactive),
        (SendOnly, RecvOnly, RecvOnly),
        (SendOnly, Inactive, Inactive),
        (RecvOnly, SendRecv, SendOnly),
        (RecvOnly, SendOnly, SendOnly),
        (RecvOnly, RecvOnly, Inactive),
        (RecvOnly, Inactive, Inactive),
        (Inactive, SendRecv, Inactive),
        (Inactive, Inactive, Inactive),
    ] {
        let far = with(&format!("m=audio 4000 RTP/AVP 0\na={offered}\n"));
        let ours = LocalMedia {
            direction: wanted,
            ..local(ALL)
        };
        let (answer, negotiated) = answer(&far, &ours).unwrap();
        assert_eq!(negotiated.direction, answered, "{offered} {wanted}");
        assert_eq!(answer.direction_of(&answer.media[0]), answered);
        assert_eq!(negotiated.far_direction, offered);
        // The offerer comes to the same from the other side.
        let theirs = accept_answer(&far, &answer, &local(ALL)).unwrap();
        assert_eq!(theirs.direction, answered.reversed().and(offered));
    }
}

#[test]
fn held_three_ways_and_taken_off_again() {
    for (lines, answered) in [
        ("m=audio 4000 RTP/AVP 0\na=sendonly\n", "recvonly"),
        ("m=audio 4000 RTP/AVP 0\na=inactive\n", "inactive"),
        ("m=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0\n", "recvonly"),
    ] {
        let (answer, negotiated) = answer(&with(lines), &local(ALL)).unwrap();
        assert!(
            negotiated.far_holds() && !negotiated.direction.sends(),
            "{lines}"
        );
        assert!(answer.media[0].attribute(answered).is_some(), "{lines}");
        assert_eq!(answer.media[0].port, 10_000, "held is not refused");
    }
    let (_, negotiated) = answer(&with("m=audio 4000 RTP/AVP 0\n"), &local(ALL)).unwrap();
    assert!(!negotiated.far_holds());
}

#[test]
fn other_lines_are_refused_at_their_place() {
    let far = with(
        "m=video 5000 RTP/AVP 31\na=rtpmap:31 H261/90000\nm=audio 0 RTP/AVP 0\nm=audio 5002 RTP/SAVP 0\nm=audio 4000 RTP/AVP 8 0\n\
         m=audio 4002 RTP/AVP 0\nm=application 9 UDP/BFCP *\n",
    );
    let (answered, negotiated) = answer(&far, &local(ALL)).unwrap();
    let lines: Vec<_> = answered
        .to_string()
        .lines()
        .filter(|line| line.starts_with("m="))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 31",
            "m=audio 0 RTP/AVP 0",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 10000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0",
            "m=application 0 UDP/BFCP *",
        ]
    );
    assert_eq!(negotiated.remote.port(), 4000);
}

#[test]
fn an_audio_line_that_has_no_codec_of_ours_yields_to_one_that_has() {
    let far = with("m=audio 4000 RTP/AVP 18\nm=audio 4002 RTP/AVP 0\n");
    let (answered, negotiated) = answer(&far, &local(ALL)).unwrap();
    assert_eq!(negotiated.remote.port(), 4002);
    assert_eq!(answered.media[0].port, 0);
}

#[test]
fn what_can_not_be_agreed_says_why() {
    let refused = |lines: &str| answer(&with(lines), &local(&[Codec::Opus])).unwrap_err();
    assert_eq!(refused(""), NegotiationError::NoAudio);
    assert_eq!(
        refused("m=video 4000 RTP/AVP 31\n"),
        NegotiationError::NoAudio
    );
    assert_eq!(refused("m=audio 0 RTP/AVP 0\n"), NegotiationError::NoAudio);
    assert_eq!(
        refused("m=audio 4000 RTP/SAVP 0\n"),
        NegotiationError::Protected
    );
    assert_eq!(
        refused("m=audio 4000 RTP/AVP 0\n"),
        NegotiationError::NoCommonCodec
    );
    let far = with("m=audio 4000 RTP/AVP 0\nc=IN IP4 host.example.com\n");
    assert_eq!(
        answer(&far, &local(ALL)).unwrap_err(),
        NegotiationError::NoAddress
    );
}

#[test]
fn an_answer_that_does_not_fit_says_why() {
    let ours = local(&[Codec::Pcmu]);
    let offered = offer(&ours);
    let accept = |lines: &str| accept_answer(&offered, &with(lines), &ours).map(|n| n.codec);
    assert_eq!(accept("m=audio 4000 RTP/AVP 0\n"), Ok(Codec::Pcmu));
    assert_eq!(
        accept("m=audio 0 RTP/AVP 0\n"),
        Err(NegotiationError::Rejected)
    );
    assert_eq!(accept(""), Err(NegotiationError::Mismatch));
    assert_eq!(
        accept("m=video 4000 RTP/AVP 31\n"),
        Err(NegotiationError::Mismatch)
    );
    assert_eq!(
        accept("m=audio 4000 RTP/SAVP 0\n"),
        Err(NegotiationError::Mismatch)
    );
    assert_eq!(
        accept("m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\n"),
        Err(NegotiationError::Mismatch)
    );
    // A line that was never offered is no reason to end a call.
    assert!(accept("m=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\n").is_ok());
    assert_eq!(
        accept("m=audio 4000 RTP/AVP 8\n"),
        Err(NegotiationError::NoCommonCodec)
    );
}

#[test]
fn an_answer_with_numbers_of_its_own_is_sent_by_those_and_received_by_ours() {
    let ours = local(&[Codec::Opus, Codec::Pcma]);
    let offered = offer(&ours);
    let answered = with(
        "m=audio 4000 RTP/AVP 120 8 110\na=rtpmap:120 opus/48000/2\na=fmtp:120 usedtx=1;stereo=1\na=rtpmap:110 telephone-event/48000\n",
    );
    let negotiated = accept_answer(&offered, &answered, &ours).unwrap();
    assert_eq!(negotiated.send_payload, 120);
    assert_eq!(
        negotiated.receive_payloads,
        [(96, Codec::Opus), (8, Codec::Pcma), (120, Codec::Opus)]
    );
    assert_eq!(
        negotiated.telephone_event,
        Some(TelephoneEvent {
            send: 110,
            receive: 102,
            clock_rate: 48_000
        })
    );
    let wishes = OpusFormat {
        dtx: true,
        stereo: true,
        ..OpusFormat::default()
    };
    assert_eq!(negotiated.opus, wishes);
}

#[test]
fn digits_go_by_the_codecs_clock_where_there_is_a_choice() {
    let event = |lines: &str, codecs: &[Codec]| {
        let (_, negotiated) = answer(&with(lines), &local(codecs)).unwrap();
        negotiated
            .telephone_event
            .map(|event| (event.send, event.clock_rate))
    };
    let both = "m=audio 4000 RTP/AVP 96 8 100 101\na=rtpmap:96 opus/48000/2\na=rtpmap:100 telephone-event/8000\na=rtpmap:101 telephone-event/48000\n";
    assert_eq!(event(both, ALL), Some((101, 48_000)));
    assert_eq!(event(both, &[Codec::Pcma]), Some((100, 8_000)));
    let one = "m=audio 4000 RTP/AVP 96 100\na=rtpmap:96 opus/48000/2\na=rtpmap:100 telephone-event/8000\n";
    assert_eq!(event(one, ALL), Some((100, 8_000)), "better than none");
    assert_eq!(event("m=audio 4000 RTP/AVP 0\n", ALL), None);
    let silent = LocalMedia {
        telephone_event: false,
        ..local(ALL)
    };
    assert_eq!(
        answer(&with(both), &silent).unwrap().1.telephone_event,
        None
    );
}

#[test]
fn packet_time_is_the_receivers_wish() {
    let ptime = |lines: &str| {
        let far = with(&format!("m=audio 4000 RTP/AVP 0\n{lines}"));
        answer(&far, &local(ALL)).unwrap().1.ptime_ms
    };
    assert_eq!(ptime(""), 20);
    assert_eq!(ptime("a=ptime:30\n"), 30);
    assert_eq!(ptime("a=ptime:20.0\n"), 20);
    assert_eq!(ptime("a=ptime:0\n"), 20);
    assert_eq!(ptime("a=ptime:5000\n"), 20);
    assert_eq!(ptime("a=ptime:60\na=maxptime:40\n"), 40);
    assert_eq!(ptime("a=maxptime:1\n"), 10);
}

#[test]
fn the_answer_says_nothing_of_rtcp_mux() {
    let far = with("m=audio 4000 RTP/AVP 0\na=rtcp-mux\na=rtcp:4000\n");
    let (answered, negotiated) = answer(&far, &local(ALL)).unwrap();
    assert_eq!(answered.media[0].attribute("rtcp-mux"), None);
    assert_eq!(
        negotiated.remote_rtcp.port(),
        4000,
        "the far side's word counts"
    );
}

#[test]
fn an_avpf_offer_is_answered_in_kind() {
    let far = with("m=audio 4000 RTP/AVPF 0\na=rtcp-fb:* nack\n");
    let (answered, _) = answer(&far, &local(ALL)).unwrap();
    assert_eq!(answered.media[0].protocol, "RTP/AVPF");
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut called = Session::new(1, local(ALL));
    let offered = called.offer();
    assert!(called.is_offering());
    let mut caller = Session::new(2, local(&[Codec::Pcma]));
    let (answered, theirs) = caller.answer(&offered).unwrap();
    let ours = called.accept_answer(&answered).unwrap();
    assert_eq!((ours.codec, theirs.codec), (Codec::Pcma, Codec::Pcma));
    assert_eq!(
        called.accept_answer(&answered),
        Err(NegotiationError::NoOffer)
    );
}

#[test]
fn g722_is_taken_as_devices_write_it() {
    let both = &[Codec::Pcma, Codec::G722];
    for (line, number) in [
        ("m=audio 4000 RTP/AVP 9\n", 9),
        ("m=audio 4000 RTP/AVP 9 8\na=rtpmap:9 G722/16000\n", 9),
        ("m=audio 4000 RTP/AVP 109\na=rtpmap:109 g722/8000/1\n", 109),
    ] {
        let (answered, negotiated) = answer(&with(line), &local(both)).unwrap();
        assert_eq!(
            (negotiated.codec, negotiated.send_payload),
            (Codec::G722, number)
        );
        // RFC 3551 §4.5.2: its clock is 8000 all the same.
        assert!(
            answered
                .to_string()
                .contains(&format!("a=rtpmap:{number} G722/8000\r\n"))
        );
    }
    // With a number of its own the clock may be meant.
    let odd = "m=audio 4000 RTP/AVP 109\na=rtpmap:109 G722/16000\n";
    let refused = answer(&with(odd), &local(both)).map(|_| ());
    assert_eq!(refused, Err(NegotiationError::NoCommonCodec));
}

#[test]
fn of_several_telephone_events_the_one_of_the_codecs_clock_is_taken() {
    let event = |formats: &str, maps: &str| {
        let line = format!("m=audio 4000 RTP/AVP {formats}\n{maps}a=rtpmap:96 opus/48000/2\n");
        let (_, negotiated) = answer(&with(&line), &local(ALL)).unwrap();
        let event = negotiated.telephone_event.unwrap();
        (event.send, event.clock_rate)
    };
    let twice = "a=rtpmap:101 telephone-event/16000\na=rtpmap:101 telephone-event/8000\n";
    assert_eq!(event("8 101 101 0", twice), (101, 8000));
    assert_eq!(event("8 101", twice), (101, 8000));
    let two = "a=rtpmap:97 telephone-event/48000\na=rtpmap:101 telephone-event/8000\n";
    assert_eq!(event("8 96 97 101", two), (101, 8000));
    assert_eq!(event("96 8 97 101", two), (97, 48_000));
    assert_eq!(
        event("96 101", "a=rtpmap:101 telephone-event/8000\n"),
        (101, 8000)
    );
}

#[test]
fn comfort_noise_is_offered_where_pauses_need_not_be_sent_and_answered_where_it_is_offered() {
    let pausing = |codecs| LocalMedia {
        pauses: true,
        ..local(codecs)
    };
    let text = offer(&pausing(ALL)).to_string();
    assert!(
        text.contains("m=audio 10000 RTP/AVP 96 9 8 0 101 102 13\r\n"),
        "{text}"
    );
    assert!(text.contains("a=rtpmap:13 CN/8000\r\n"), "{text}");
    assert!(
        text.contains("a=fmtp:96 useinbandfec=1;usedtx=1\r\n"),
        "{text}"
    );
    // Only beside a codec of its clock.
    assert!(
        !offer(&pausing(&[Codec::Opus]))
            .to_string()
            .contains("CN/8000")
    );

    for (codecs, agreed) in [(&[Codec::Pcmu][..], true), (&[Codec::Opus], false)] {
        let ours = offer(&pausing(ALL));
        let (theirs, answered) = answer(&ours, &local(codecs)).unwrap();
        let accepted = accept_answer(&ours, &theirs, &pausing(ALL)).unwrap();
        assert_eq!(
            (answered.comfort_noise, accepted.comfort_noise),
            (agreed, agreed)
        );
        assert_eq!(theirs.to_string().contains("CN/8000"), agreed);
    }
    // Not offered, not agreed; by its number alone it is known; under another meaning it is not.
    for (line, agreed) in [
        ("m=audio 4000 RTP/AVP 0\n", false),
        ("m=audio 4000 RTP/AVP 0 13\n", true),
        ("m=audio 4000 RTP/AVP 0 13\na=rtpmap:13 VDVI/8000\n", false),
    ] {
        let (_, negotiated) = answer(&with(line), &local(ALL)).unwrap();
        assert_eq!(negotiated.comfort_noise, agreed, "{line}");
    }
}
