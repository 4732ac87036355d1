//! The example bridge, among three foreign phones on loopback.
mod common;
#[path = "../examples/bridge.rs"]
#[allow(dead_code, unreachable_pub, reason = "its `main` is for the shell")]
mod example;

use common::Foreign;
use trialog_engine::{AudioEnd, Engine, Options};
use trialog_frame::Level;

/// What came by RTP, as samples at 8 kHz.
fn heard(far: &Foreign) -> Vec<f32> {
    let packets = std::iter::from_fn(|| far.receive()).take(50);
    let octets = packets.flat_map(|(_, payload)| payload);
    octets
        .map(|octet| f32::from(trialog_codec::mu_law_decode(octet)) / 32_768.0)
        .collect()
}

#[test]
fn each_far_end_of_the_example_hears_the_others_and_not_itself() {
    const TONES: [f64; 3] = [433.0, 997.0, 1511.0];
    let (mut engine, _events) =
        Engine::start(AudioEnd::None, Options::default()).expect("no hardware needed");
    let far = [(); 3].map(|()| Foreign::new());
    let addresses: Vec<_> = far.iter().map(Foreign::address).collect();
    let ours = example::bridge(&mut engine, &addresses).expect("three legs");
    let speakers: Vec<_> = far
        .into_iter()
        .zip(TONES)
        .zip(ours)
        .map(|((mut far, tone), ours)| {
            std::thread::spawn(move || {
                far.talk(ours, tone, 100, |_, _| true);
                far
            })
        })
        .collect();
    for (own, speaker) in speakers.into_iter().enumerate() {
        let heard = heard(&speaker.join().expect("it spoke"));
        // The second half second: each leg's delay has passed.
        let heard = &heard[4_000..8_000];
        for (other, tone) in TONES.into_iter().enumerate() {
            let level = Level::sine_amplitude(heard, tone, 8e3).0;
            assert_eq!(
                level > -35.0,
                own != other,
                "{own} hears {other} at {level}"
            );
        }
    }
}
