//! What is done with a microphone's sound: how much of an echo and of noise is gone, and what 10 ms of it cost.
//!
//! The echo is of speech-like sound at −22 dB, 40 ms late and 10 dB quieter, with a room's reflections; `voice.echo` is what is gone
//! of it between the second and the third second. The noise is a fan's at −45 dB. The peer's figures for echo and cost are of
//! speech; both are of echo, noise and gain together.
#[path = "../media/voice/tests/common/mod.rs"]
#[allow(dead_code, reason = "the suite of the package uses all of it")]
mod common;

use common::{echo, fan, level, run, samples, speech};
use std::time::Instant;
use trialog_benches::print::{measured, measured_beside, note};
use trialog_voice::{Noise, Settings, processor};

const ECHO: Settings = Settings {
    echo: true,
    noise: Noise::Off,
    gain: false,
};

const ALL: Settings = Settings {
    echo: true,
    noise: Noise::On,
    gain: true,
};

fn main() {
    let ear = speech(12.0, 120.0, -22.0, 5);
    let back = echo(&ear, 40.0, 10.0);
    let out = after(ECHO, &ear, &back);
    let gone =
        |from: f64| f64::from(level(&back, from, from + 1.0) - level(&out, from, from + 1.0));
    measured("voice.echo", gone(2.0), "dB");
    note(&format!(
        "voice.echo: {:.0} dB after 1 s, {:.0} after 10 s; without noise and gain",
        gone(0.5),
        gone(10.0)
    ));

    let noise = fan(6.0, -45.0, 8);
    let quieter = |noise_is| {
        let settings = Settings {
            noise: noise_is,
            ..Settings::default()
        };
        let out = after(settings, &vec![0.0; noise.len()], &noise);
        f64::from(level(&noise, 3.0, 6.0) - level(&out, 3.0, 6.0))
    };
    let strong = quieter(Noise::Strong);
    measured_beside("voice.noise", quieter(Noise::On), "dB", "strong", strong);

    let mut processor = processor(ALL).expect("something is to be done");
    let begun = Instant::now();
    run(&mut *processor, &ear, &back);
    let frames = (samples(12.0) / 480) as f64;
    measured(
        "voice.cost",
        begun.elapsed().as_secs_f64() * 1e6 / frames,
        "µs",
    );
}

fn after(settings: Settings, ear: &[f32], microphone: &[f32]) -> Vec<f32> {
    let mut processor = processor(settings).expect("something is to be done");
    run(&mut *processor, ear, microphone)
}
