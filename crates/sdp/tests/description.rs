//! Reading and writing descriptions (RFC 8866 §5, §6).
mod common;
use common::{read, with};
use trialog_sdp::{Address, Codec, Description, Direction, Line};

/// RFC 8866 §5's example, with a line of each letter.
const WHOLE: &str = "v=0\r\no=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=Call to John Smith\r\ni=SDP Offer #1\r\n\
    u=http://www.jdoe.example.com/home.html\r\ne=Jane Doe <jane@jdoe.example.com>\r\np=+1 617 555-6011\r\nc=IN IP4 198.51.100.1\r\n\
    b=X-YZ:128\r\nt=0 0\r\nr=604800 3600 0 90000\r\nz=2882844526 -1h 2898848070 0\r\nk=prompt\r\na=recvonly\r\n\
    m=audio 49170 RTP/AVP 0\r\nm=audio 49180/2 RTP/AVP 0\r\ni=spare\r\nc=IN IP6 2001:db8::2\r\nb=AS:64\r\nk=prompt\r\na=rtcp-mux\r\n\
    m=video 51372 RTP/AVP 99\r\na=rtpmap:99 h263-1998/90000\r\n";

#[test]
fn a_line_of_every_letter_is_read_and_written_as_it_was() {
    let description = read(WHOLE);
    assert_eq!(description.to_string(), WHOLE);
    assert_eq!(description.origin.version, "3724394405");
    assert_eq!(description.lines[0], Line('i', "SDP Offer #1".to_owned()));
    assert_eq!(description.media.len(), 3);
    assert_eq!(description.media[1].port_count, Some(2));
    let second = description.address_of(&description.media[1]).unwrap();
    assert_eq!(*second, Address::Ip("2001:db8::2".parse().unwrap()));
    assert_eq!(
        description.direction_of(&description.media[0]),
        Direction::RecvOnly
    );
}

#[test]
fn bare_line_feeds_missing_lines_and_unknown_letters_are_understood() {
    let description =
        read("v=0\no=- 0 0 IN IP4 192.0.2.1\nq=what\n\nm=audio 4000 RTP/AVP 0\ny=why\n\n");
    assert_eq!(description.media.len(), 1);
    assert_eq!(description.name, "");
    let description = read("v=0 \r\no=- abc 1.5 IN IP4 host.example.com\r\ns=\r\n");
    assert_eq!(description.origin.session_id, "abc");
    assert_eq!(description.origin.address.ip(), None);
}

#[test]
fn latin_1_is_read_as_what_it_was_meant_to_be() {
    let body = b"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=J\xfcrgen\r\n";
    assert_eq!(Description::parse(body).unwrap().name, "J\u{fc}rgen");
}

#[test]
fn an_error_says_the_line_and_the_reason() {
    for (text, line) in [
        ("", 0),
        ("\r\n\r\n", 0),
        ("v=0\r\ns=-\r\n", 0),
        ("o=- 0 0 IN IP4 192.0.2.1\r\n", 1),
        ("v=1\r\n", 1),
        ("v=0\r\no=- 0 IN IP4 192.0.2.1\r\n", 2),
        ("v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\nno\r\n", 3),
        ("v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\nc=IN IP4\r\n", 3),
        ("v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\nm=audio\r\n", 3),
        (
            "v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\nm=audio 70000 RTP/AVP 0\r\n",
            3,
        ),
        (
            "v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\nm=audio -1 RTP/AVP 0\r\n",
            3,
        ),
        ("v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=a\rb\r\n", 3),
        ("v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\nv=0\r\n", 3),
        (
            "v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\no=- 0 0 IN IP4 192.0.2.1\r\n",
            3,
        ),
    ] {
        let error = Description::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
}

#[test]
fn each_limit_is_kept() {
    let head = "v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\n";
    let wrong = |text: &str| Description::parse(text.as_bytes()).unwrap_err();
    assert_eq!(
        wrong(&format!("{head}s={}\r\n", "x".repeat(70_000))).line,
        0
    );
    assert_eq!(
        wrong(&format!("{head}{}", "a=x\r\n".repeat(2_000))).line,
        2_001
    );
    assert_eq!(
        wrong(&format!("{head}{}", "m=a 0 b 0\r\n".repeat(65))).line,
        67
    );
    assert_eq!(
        wrong(&format!("{head}m=a 0 b{}\r\n", " 0".repeat(257))).line,
        3
    );
}

#[test]
fn formats_are_read_with_their_maps_and_without() {
    let description = with(
        "m=audio 4000 RTP/AVP 0 8 9 3 96 97 98 99 200 x\n\
         a=rtpmap:96 OPUS/48000/2\na=fmtp:96 useinbandfec=1; maxaveragebitrate=1000 ;stereo=0;usedtx=1;cbr=1;maxplaybackrate=99999;x\n\
         a=rtpmap:97 opus/8000\na=rtpmap:98 telephone-event/8000\na=rtpmap:99 g722/16000\na=rtpmap:8 PCMU/8000/1\n",
    );
    let formats: Vec<_> = description.media[0].payload_formats().collect();
    let codecs: Vec<_> = formats.iter().map(|f| (f.payload, f.codec())).collect();
    assert_eq!(
        codecs,
        [
            (0, Some(Codec::Pcmu)),
            // rtpmap has the last word, even on static numbers.
            (8, Some(Codec::Pcmu)),
            (9, Some(Codec::G722)),
            (96, Some(Codec::Opus)),
            (97, None),
            (98, None),
            (99, None),
        ]
    );
    let opus = formats[3].opus();
    assert_eq!(opus.max_average_bitrate, Some(6_000));
    assert_eq!(opus.max_playback_rate, Some(48_000));
    assert!(opus.in_band_fec && opus.dtx && opus.constant_bit_rate && !opus.stereo);
    assert!(formats[5].is_telephone_event());
}

#[test]
fn directions_are_the_lines_own_else_the_sessions() {
    let of = |text: &str| {
        let description = with(text);
        description.direction_of(&description.media[0])
    };
    let media = "m=audio 4000 RTP/AVP 0\n";
    assert_eq!(of(media), Direction::SendRecv);
    assert_eq!(of(&format!("a=inactive\n{media}")), Direction::Inactive);
    assert_eq!(
        of(&format!("a=inactive\n{media}a=sendonly\n")),
        Direction::SendOnly
    );
    // The three ways to hold.
    assert_eq!(
        of(&format!("{media}c=IN IP4 0.0.0.0\n")),
        Direction::SendOnly
    );
    assert_eq!(of(&format!("{media}c=IN IP6 ::\n")), Direction::SendOnly);
    assert_eq!(
        of(&format!("{media}c=IN IP6 hold.INVALID\n")),
        Direction::SendOnly
    );
    assert_eq!(
        of(&format!("{media}c=IN IP4 0.0.0.0\na=recvonly\n")),
        Direction::Inactive
    );
}

#[test]
fn rtcp_goes_one_above_unless_it_is_said_otherwise() {
    let rtcp = |lines: &str| {
        let description = with(&format!("m=audio 4000 RTP/AVP 0\n{lines}"));
        description.media[0]
            .rtcp("192.0.2.9:4000".parse().unwrap())
            .to_string()
    };
    assert_eq!(rtcp(""), "192.0.2.9:4001");
    assert_eq!(rtcp("a=rtcp:53020\n"), "192.0.2.9:53020");
    assert_eq!(
        rtcp("a=rtcp:53020 IN IP6 2001:db8::2\n"),
        "[2001:db8::2]:53020"
    );
    assert_eq!(rtcp("a=rtcp:x\n"), "192.0.2.9:4001");
    let media = &with("m=audio 65535 RTP/AVP 0\n").media[0];
    assert_eq!(media.rtcp("192.0.2.9:65535".parse().unwrap()).port(), 65535);
}
