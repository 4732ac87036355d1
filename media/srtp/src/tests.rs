//! Against packets that others have published, and against what an attacker may send.
use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("hex");
        u8::from_str_radix(text, 16).expect("hex")
    };
    digits.chunks(2).map(pair).collect()
}

/// A packet of 16 octets, and a report, by which libsrtp checks itself; the key is that of RFC 3711 §B.3.
const RTP: &str = "800f1234decafbadcafebabe abababababababababababababababab";
const RTCP: &str = "81c8000bcafebabe abababababababababababababababab";
const COUNTER_KEY: &str = "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6";
const GCM_KEY: &str = "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab";

fn key(suite: Suite, hex: &str) -> MasterKey {
    MasterKey::new(suite, &bytes(hex)).expect("of the right length")
}

fn protected(protector: &mut Protector, packet: &[u8]) -> Vec<u8> {
    let mut out = vec![0; packet.len() + MOST_ADDED];
    let length = protector.protect(packet, &mut out);
    assert!(length > packet.len());
    out.truncate(length);
    out
}

fn unprotected(unprotector: &mut Unprotector, packet: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; packet.len()];
    let length = unprotector.unprotect(packet, &mut out);
    out.truncate(length);
    (length > 0).then_some(out)
}

#[test]
fn packets_are_protected_as_others_do() {
    for (suite, master, rtp, rtcp) in [
        (
            Suite::AesCm80,
            COUNTER_KEY,
            "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb",
            "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798",
        ),
        (
            Suite::AesGcm128,
            GCM_KEY,
            "800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392",
            "81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025 c52c6fbea2b3b446ea31123ba88ce61e 80000001",
        ),
    ] {
        let master = key(suite, master);
        let out = protected(&mut Protector::new(&master).expect("a key"), &bytes(RTP));
        assert_eq!(out, bytes(rtp), "{suite:?}");
        let mut back = Unprotector::new(&master).expect("a key");
        assert_eq!(unprotected(&mut back, &out), Some(bytes(RTP)));
        let mut report = bytes(RTCP);
        assert!(
            RtcpProtector::new(&master)
                .expect("a key")
                .protect(&mut report)
        );
        assert_eq!(report, bytes(rtcp), "{suite:?}");
        let mut back = RtcpUnprotector::new(&master).expect("a key");
        let mut again = report.clone();
        assert_eq!(back.unprotect(&mut report), Some(&bytes(RTCP)[..]));
        assert_eq!(back.unprotect(&mut again), None, "a replay");
    }
}

/// One key of each suite.
fn all() -> impl Iterator<Item = MasterKey> {
    let suites = [
        Suite::AesCm80,
        Suite::AesCm32,
        Suite::AesGcm128,
        Suite::AesGcm256,
    ];
    suites.into_iter().filter_map(|suite| {
        let octets: Vec<u8> = (0..)
            .take(suite.key_length() + suite.salt_length())
            .collect();
        MasterKey::new(suite, &octets)
    })
}

/// RFC 3550 §5.1, without extension and sources: version 2, payload type 8, time stamp 7.
fn packet(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80, 8];
    out.extend(sequence.to_be_bytes());
    out.extend(7u32.to_be_bytes());
    out.extend(ssrc.to_be_bytes());
    out.extend(payload);
    out
}

#[test]
fn what_was_changed_on_the_way_is_nothing_and_what_comes_twice_comes_once() {
    for master in all() {
        let mut out = Protector::new(&master).expect("a key");
        let mut back = Unprotector::new(&master).expect("a key");
        let plain = packet(1, 100, &[7; 160]);
        let good = protected(&mut out, &plain);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(unprotected(&mut back, &bad), None, "{at}");
            assert_eq!(unprotected(&mut back, &good[..at]), None, "{at}");
        }
        assert_eq!(unprotected(&mut back, &plain), None);
        assert_eq!(unprotected(&mut back, &good), Some(plain));
        assert_eq!(unprotected(&mut back, &good), None);
    }
}

#[test]
fn a_call_that_lasts_longer_than_its_sequence_numbers_goes_on_with_losses_and_disorder() {
    for master in all() {
        let mut out = Protector::new(&master).expect("a key");
        let mut back = Unprotector::new(&master).expect("a key");
        let mut kept: Option<(Vec<u8>, Vec<u8>)> = None;
        for number in 0..150_000_u32 {
            let sequence = (30_000 + number) as u16;
            let plain = packet(1, sequence, b"sound");
            let sent = protected(&mut out, &plain);
            match number % 7 {
                3 => {}
                5 => kept = Some((plain, sent)),
                _ => assert_eq!(unprotected(&mut back, &sent), Some(plain), "{number}"),
            }
            if number % 7 == 6
                && let Some((plain, sent)) = kept.take()
            {
                assert_eq!(unprotected(&mut back, &sent), Some(plain), "{number}");
            }
        }
    }
}

#[test]
fn a_new_key_goes_on_with_the_numbers_or_begins_anew() {
    for master in all() {
        let mut out = Protector::new(&master).expect("a key");
        let mut back = Unprotector::new(&master).expect("a key");
        for number in 0..70_000_u32 {
            let sent = protected(&mut out, &packet(1, number as u16, b"sound"));
            assert!(unprotected(&mut back, &sent).is_some());
        }
        let octets = vec![9; master.suite.key_length() + master.suite.salt_length()];
        let other = MasterKey::new(master.suite, &octets).expect("of the right length");
        for follows in [true, false] {
            let mut new_out = Protector::new(&other).expect("a key");
            let mut new_back = Unprotector::new(&other).expect("a key");
            if follows {
                new_out.follow(&out);
            }
            new_back.follow(&back);
            for sequence in 4_464..4_500 {
                let plain = packet(1, sequence, b"sound");
                let sent = protected(&mut new_out, &plain);
                assert_eq!(unprotected(&mut back, &sent), None, "of another key");
                assert_eq!(unprotected(&mut new_back, &sent), Some(plain));
            }
        }
    }
}

#[test]
fn contributing_sources_and_an_extension_stay_readable() {
    for master in all() {
        let mut plain = packet(1, 1, b"sound");
        plain[0] |= 0x12;
        let more = [0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 1, 9, 9, 9, 9];
        plain.splice(12..12, more);
        let sent = protected(&mut Protector::new(&master).expect("a key"), &plain);
        assert_eq!(sent[..28], plain[..28]);
        assert_ne!(sent[28..33], plain[28..33]);
        let mut back = Unprotector::new(&master).expect("a key");
        assert_eq!(unprotected(&mut back, &sent), Some(plain));
    }
}

#[test]
fn foreign_bytes_do_no_harm() {
    for master in all() {
        let mut back = Unprotector::new(&master).expect("a key");
        let mut reports = RtcpUnprotector::new(&master).expect("a key");
        for length in 0..80 {
            for octet in [0x00, 0x80, 0x9f, 0xff] {
                let mut packet = vec![octet; length];
                assert_eq!(unprotected(&mut back, &packet), None);
                assert_eq!(reports.unprotect(&mut packet), None);
            }
        }
    }
}

#[test]
fn a_key_is_shown_nowhere_and_has_its_length() {
    let master = key(Suite::AesCm80, COUNTER_KEY);
    assert_eq!(format!("{master:?}"), "MasterKey { suite: AesCm80, .. }");
    assert!(MasterKey::new(Suite::AesGcm128, &bytes(COUNTER_KEY)).is_none());
}
