//! What does each step of a leg's chain cost for 10 ms of sound, and how late does it make it?
//!
//! Prints µs for a 10 ms frame, the median of many short runs; codecs are shown for half a 20 ms packet.
use std::{hint::black_box, time::Instant};
use trialog_codec::{Codec, LARGEST_PAYLOAD, LONGEST_PACKET, Options, decoder, encoder};
use trialog_dsp::{
    Band, CallTone, Change, Concealer, Country, Downsampler, DriftResampler, HoldMusic, TimeScale,
    ToneGenerator, Upsampler,
};
use trialog_frame::Frame;

fn main() {
    let mut frame = Frame::SILENCE;
    let mut music = HoldMusic::new();
    for (name, band) in [("8", Band::Narrow), ("16", Band::Wide)] {
        let (mut up, mut down) = (Upsampler::new(band), Downsampler::new(band));
        let mut small = vec![0.1; 480 / band.factor()];
        let late = band.delay().as_seconds() * 1e3;
        show(&format!("up.{name}"), 1.0, || {
            up.process(black_box(&small), &mut frame.0)
        });
        show(&format!("down.{name}"), 1.0, || {
            down.process(black_box(&frame), &mut small)
        });
        println!("delay.{name:<14} {late:8.2} ms each way");
    }
    let mut drift = DriftResampler::new();
    drift.set_ppm(100.0);
    let input = [0.1; 490];
    show("drift", 1.0, || {
        _ = drift.process(black_box(&input), &mut frame.0)
    });
    println!(
        "delay.drift          {:8.2} ms",
        drift.delay().as_seconds() * 1e3
    );
    show("music", 1.0, || music.fill(black_box(&mut frame)));
    let mut tone = ToneGenerator::new(CallTone::Busy, Country::default());
    show("tone.busy", 1.0, || tone.fill(black_box(&mut frame)));

    let mut voice = vec![0.0; 48_000];
    for (index, chunk) in voice.chunks_exact_mut(480).enumerate() {
        music.fill(&mut frame);
        chunk.copy_from_slice(&frame[..]);
        chunk
            .iter_mut()
            .for_each(|sample| *sample *= 0.5 + (index as f32 * 0.3).sin() * 0.5);
    }
    for rate in [8_000usize, 16_000] {
        let mut concealer = Concealer::new(rate as u32);
        let mut pcm = voice[..rate / 50].to_vec();
        show(&format!("received.{rate}"), 0.5, || {
            concealer.received(black_box(&mut pcm))
        });
        let (packet, mut index) = (pcm.len(), 0);
        // One lost for one received, so that each search is counted.
        show(&format!("lost.{rate}"), 0.5, || {
            index = (index + 1) % 40;
            pcm.copy_from_slice(&voice[index * packet..][..packet]);
            concealer.received(black_box(&mut pcm));
            concealer.lost(black_box(&mut pcm));
        });
    }
    for rate in [8_000usize, 48_000] {
        let (mut scale, packet) = (TimeScale::new(rate as u32), rate / 50);
        let mut out = vec![0.0; packet * 2];
        for change in [Change::Keep, Change::Shorten, Change::Lengthen] {
            let name = format!("{change:?}.{rate}").to_lowercase();
            show(&name, 0.5, || {
                _ = scale.process(black_box(&voice[..packet]), change, &mut out)
            });
        }
    }
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        let (mut encoder, mut decoder) = made(codec);
        let (mut payload, mut pcm) = ([0; LARGEST_PAYLOAD], [0.0; LONGEST_PACKET]);
        let (samples, mut index, mut octets) = (codec.samples(), 0, 0);
        show(&format!("encode.{codec:?}").to_lowercase(), 0.5, || {
            index = (index + 1) % (48_000 / samples);
            octets = encoder.encode(
                black_box(&voice[index * samples..][..samples]),
                &mut payload,
            );
        });
        let decode = || _ = decoder.decode(black_box(&payload[..octets]), &mut pcm);
        show(&format!("decode.{codec:?}").to_lowercase(), 0.5, decode);
    }
}

type Made = (
    Box<dyn trialog_codec::Encoder>,
    Box<dyn trialog_codec::Decoder>,
);

fn made(codec: Codec) -> Made {
    let encoder = encoder(codec, &Options::default()).expect("the default options are valid");
    (encoder, decoder(codec).expect("libopus has memory for one"))
}

/// Runs it often and prints the median, times `share`.
fn show(name: &str, share: f64, mut work: impl FnMut()) {
    let mut runs: Vec<f64> = (0..25)
        .map(|_| {
            let start = Instant::now();
            (0..200).for_each(|_| work());
            start.elapsed().as_secs_f64() * 1e6 / 200.0 * share
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    println!("{name:<20} {:8.2} µs a 10 ms frame", runs[runs.len() / 2]);
}
