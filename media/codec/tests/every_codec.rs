//! What holds for every codec behind the traits.
use trialog_codec::{Codec, LARGEST_PAYLOAD, LONGEST_PACKET, Options, decoder, encoder};
use trialog_frame::Level;

const ALL: [Codec; 4] = [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu];

/// A second of tone through both ways in 20 ms packets.
fn through(codec: Codec, frequency: f64, amplitude: f64) -> Vec<f32> {
    let (mut encoder, mut decoder) = (
        encoder(codec, &Options::default()).expect("valid options"),
        decoder(codec).expect("memory"),
    );
    assert_eq!(
        (encoder.rate(), encoder.samples()),
        (codec.rate(), codec.samples())
    );
    let rate = f64::from(codec.rate());
    let tone: Vec<f32> = (0..codec.rate())
        .map(|n| {
            (amplitude * (core::f64::consts::TAU * frequency * f64::from(n) / rate).sin()) as f32
        })
        .collect();
    let (mut payload, mut pcm, mut back) =
        ([0; LARGEST_PAYLOAD], [0.0; LONGEST_PACKET], Vec::new());
    for packet in tone.chunks(encoder.samples()) {
        let octets = encoder.encode(packet, &mut payload);
        assert!(octets > 2);
        let samples = decoder.decode(&payload[..octets], &mut pcm);
        assert_eq!(samples, packet.len());
        back.extend_from_slice(&pcm[..samples]);
    }
    back
}

#[test]
fn a_pilot_at_minus_30_db_keeps_its_level() {
    for codec in ALL {
        for frequency in [433.0, 997.0, 1511.0] {
            let back = through(codec, frequency, 0.031_622_8);
            let settled = &back[back.len() / 4..];
            let level = Level::sine_amplitude(settled, frequency, f64::from(codec.rate())).0;
            // Opus codes a spectrum, not a wave form.
            let within = if codec == Codec::Opus { 0.5 } else { 0.1 };
            assert!(
                (level + 30.0).abs() < within,
                "{codec:?} {frequency} Hz: {level} dB"
            );
        }
    }
}

#[test]
fn rubbish_makes_no_panic_and_no_sound_beyond_full_scale() {
    let mut state = 1u32;
    for codec in ALL {
        let mut decoder = decoder(codec).unwrap();
        let mut pcm = [0.0; LONGEST_PACKET];
        for length in (0..400).cycle().take(4000) {
            let payload: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            let samples = decoder.decode(&payload, &mut pcm);
            assert!(pcm[..samples].iter().all(|sample| sample.abs() < 8.0));
            decoder.recover_from_next(&payload, &mut pcm[..codec.samples()]);
        }
        assert_eq!(decoder.decode(&[], &mut pcm), 0);
    }
}

#[test]
fn only_opus_conceals_and_recovers_by_itself() {
    for codec in [Codec::G722, Codec::Pcma, Codec::Pcmu] {
        let mut decoder = decoder(codec).unwrap();
        let mut pcm = [9.0; 320];
        assert!(!decoder.conceal(&mut pcm) && !decoder.recover_from_next(&[0; 160], &mut pcm));
        assert!(pcm.iter().all(|sample| *sample == 9.0));
    }
}

/// Something that Opus takes for voice: a buzz of 120 Hz with a formant and a slow rhythm.
fn voice(n: usize) -> f32 {
    let t = n as f64 / 48e3;
    let turn = core::f64::consts::TAU;
    let buzz: f64 = (1..25)
        .map(|k| (turn * 120.0 * f64::from(k) * t).sin() / (1.0 + (f64::from(k) - 5.0).powi(2)))
        .sum();
    (0.2 * buzz * (0.6 + 0.4 * (turn * 3.0 * t).sin())) as f32
}

#[test]
fn opus_fills_a_lost_packet_from_the_next_one_or_by_guessing() {
    let options = Options {
        opus_loss_percent: 20,
        ..Options::default()
    };
    let mut encoder = encoder(Codec::Opus, &options).unwrap();
    let packets: Vec<Vec<u8>> = (0..100)
        .map(|packet| {
            let pcm: Vec<f32> = (0..960).map(|n| voice(packet * 960 + n)).collect();
            let mut payload = [0; LARGEST_PAYLOAD];
            let octets = encoder.encode(&pcm, &mut payload);
            payload[..octets].to_vec()
        })
        .collect();
    // What comes out with all packets, with each tenth recovered, with each tenth concealed, and with silence for it.
    let run = |how: u8| {
        let mut decoder = decoder(Codec::Opus).unwrap();
        let (mut out, mut recovered) = (Vec::new(), 0);
        for (index, packet) in packets.iter().enumerate() {
            let mut pcm = [0.0; 960];
            if how == 0 || index % 10 != 5 {
                assert_eq!(decoder.decode(packet, &mut pcm), 960);
            } else if how == 1 && decoder.recover_from_next(&packets[index + 1], &mut pcm) {
                recovered += 1;
            } else {
                assert!(decoder.conceal(&mut pcm));
            }
            out.extend_from_slice(&pcm);
        }
        (out, recovered)
    };
    let (whole, (fec, recovered), (plc, _)) = (run(0).0, run(1), run(2));
    assert!(
        recovered >= 8,
        "only {recovered} of 10 packets carried a copy"
    );
    let distance = |other: &[f32]| {
        whole
            .iter()
            .zip(other)
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum::<f64>()
    };
    let power = whole.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>();
    assert!(distance(&fec) < distance(&plc));
    assert!(distance(&plc) < 0.3 * power);
}

#[test]
fn packets_of_speech_carry_copies_at_the_default_options() {
    let mut encoder = encoder(Codec::Opus, &Options::default()).unwrap();
    let decoder = decoder(Codec::Opus).unwrap();
    let copies = (0..100).filter(|packet| {
        let pcm: Vec<f32> = (0..960).map(|n| voice(packet * 960 + n)).collect();
        let mut payload = [0; LARGEST_PAYLOAD];
        let octets = encoder.encode(&pcm, &mut payload);
        decoder.has_copy_of_previous(&payload[..octets])
    });
    let copies = copies.count();
    // The voice is quiet for a third of the time: nothing is worth a copy then.
    assert!(copies > 50, "{copies} of 100 packets carry a copy");
}

#[test]
fn options_of_opus_are_obeyed() {
    let size = |options: Options| {
        let mut encoder = encoder(Codec::Opus, &options).unwrap();
        let mut payload = [0; LARGEST_PAYLOAD];
        (0..50)
            .map(|packet| {
                let pcm: Vec<f32> = (0..960).map(|n| voice(packet * 960 + n)).collect();
                encoder.encode(&pcm, &mut payload)
            })
            .sum::<usize>() as f64
            * 8.0
    };
    let normal = size(Options::default());
    assert!((24e3..40e3).contains(&normal), "{normal} bit/s");
    assert!(
        size(Options {
            opus_bitrate: 16_000,
            ..Options::default()
        }) < 0.7 * normal
    );
    // Silence without DTX is still sent; with it, most packets are too short to be.
    let silent = |opus_dtx| {
        let mut encoder = encoder(
            Codec::Opus,
            &Options {
                opus_dtx,
                ..Options::default()
            },
        )
        .unwrap();
        let mut payload = [0; LARGEST_PAYLOAD];
        (0..100)
            .filter(|_| encoder.encode(&[0.0; 960], &mut payload) <= 2)
            .count()
    };
    assert_eq!(silent(false), 0);
    assert!(silent(true) > 50);
}

#[test]
fn an_encoder_refuses_what_does_not_fit() {
    for codec in ALL {
        let mut encoder = encoder(codec, &Options::default()).unwrap();
        assert_eq!(encoder.encode(&vec![0.1; codec.samples()], &mut []), 0);
    }
    assert_eq!(
        encoder(Codec::Opus, &Options::default())
            .unwrap()
            .encode(&[0.0; 77], &mut [0; 1275]),
        0
    );
    assert!(
        encoder(
            Codec::Opus,
            &Options {
                opus_complexity: 11,
                ..Options::default()
            }
        )
        .is_err()
    );
}

/// Band of an Opus packet by its first octet (RFC 6716 §3.1, table 2): 0 narrow to 4 full.
fn band(toc: u8) -> u8 {
    match toc >> 3 {
        config @ 0..12 => config / 4,
        config @ 12..16 => (config - 12) / 2 + 3,
        config => [0, 2, 3, 4][usize::from(config - 16) / 4],
    }
}

#[test]
fn opus_keeps_to_what_the_receiver_can_play_and_take() {
    // Noise, so that every band has something to send.
    let mut seed = 1u32;
    let noise: Vec<f32> = (0..48_000)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 0.6 - 0.3
        })
        .collect();
    let sent = |options: Options| {
        let mut encoder = encoder(Codec::Opus, &options).unwrap();
        let packets = noise.chunks_exact(960).map(|pcm| {
            let mut out = [0; LARGEST_PAYLOAD];
            let length = encoder.encode(pcm, &mut out);
            (band(out[0]), length)
        });
        packets.collect::<Vec<_>>()
    };
    let widest = |rate| {
        let packets = sent(Options {
            opus_playback_rate: rate,
            opus_bitrate: 64_000,
            ..Options::default()
        });
        packets.iter().map(|(band, _)| *band).max()
    };
    let rates = [8_000, 12_000, 16_000, 24_000, 48_000];
    assert_eq!(rates.map(widest), [0, 1, 2, 3, 4].map(Some));
    let constant = sent(Options {
        opus_constant_bitrate: true,
        opus_bitrate: 24_000,
        ..Options::default()
    });
    assert!(
        constant.iter().all(|(_, length)| *length == 60),
        "{constant:?}"
    );
}
