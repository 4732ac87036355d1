//! The microphone's echo is taken out by what the ear was given, over real RTP.
mod common;
#[path = "../../voice/tests/common/mod.rs"]
#[allow(dead_code, reason = "its own suite uses all of it")]
mod sound;
use common::{Party, join_by, leg, local, wait};
use sound::{echo, speech};
use std::path::Path;
use trialog_engine::{Codec, Options, VoiceSettings};
use trialog_frame::Level;

/// What a customer that speaks hears of itself, from 2.5 s to 3.5 s, by way of an owner whose microphone picks up its ear.
fn own_echo(dir: &Path, voice: VoiceSettings) -> f32 {
    let said = speech(6.0, 120.0, -22.0, 5);
    let write = |name: &str, samples: &[f32]| {
        let path = dir.join(name);
        common::write_wav(&path, samples);
        Some(path)
    };
    let (voice_file, echo_file) = (
        write("voice.wav", &said),
        // The owner's engine starts a moment after the customer's, and what it hears is 40 ms late.
        write("echo.wav", &echo(&said, 100.0, 10.0)),
    );
    let options = Options {
        voice,
        ..Options::default()
    };
    let mut customer = Party::with_voice(dir, "customer", voice_file, Options::default());
    let mut owner = Party::with_voice(dir, "owner", echo_file, options);
    join_by((&mut customer, 1), (&mut owner, 1), Codec::Pcmu, None);
    customer.engine.set_routing(&[local(0), leg(1, 0)]);
    owner.engine.set_routing(&[local(0), leg(1, 0)]);
    wait(4.0);
    let heard = customer.heard();
    owner.engine.shutdown().expect("the recording is whole");
    Level::rms(&heard.samples[sound::samples(2.5)..sound::samples(3.5)]).0
}

#[test]
fn a_customer_does_not_hear_itself_from_an_owner_without_a_headset() {
    let dir = tempfile::tempdir().expect("a folder");
    let before = own_echo(dir.path(), VoiceSettings::default());
    let with = VoiceSettings {
        echo: true,
        ..VoiceSettings::default()
    };
    let after = own_echo(dir.path(), with);
    println!("the echo at {before:.1} dB, then at {after:.1} dB");
    assert!((-36.0..-28.0).contains(&before), "{before} dB");
    assert!(before - after > 30.0, "{before} dB, then {after} dB");
}
