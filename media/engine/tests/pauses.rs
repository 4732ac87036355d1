//! Pauses that are not sent, over real RTP: what leaves, and what the other ear hears meanwhile.
mod common;
#[path = "../../voice/tests/common/mod.rs"]
#[allow(dead_code, reason = "its own suite uses all of it")]
mod sound;
use common::{Foreign, Party, leg, local, session, wait};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trialog_engine::{Codec, Options, OpusLimits, SessionParams};
use trialog_frame::Level;

/// The level of the room that the speaker is in.
const ROOM: f32 = -58.0;

/// A second of speech in a room with a fan, and two of the fan.
fn spoken(dir: &Path) -> PathBuf {
    let mut all = sound::speech(1.0, 160.0, -22.0, 7);
    all.resize(sound::samples(3.0), 0.0);
    let all = sound::add(&all, &sound::fan(3.0, ROOM, 3));
    let path = dir.join("spoken.wav");
    common::write_wav(&path, &all);
    path
}

fn pausing() -> Options {
    Options {
        dtx: true,
        ..Options::default()
    }
}

#[test]
fn a_pause_leaves_as_comfort_noise_now_and_then_and_the_next_word_is_marked() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut party = Party::with_voice(dir.path(), "agent", Some(spoken(dir.path())), pausing());
    let foreign = Foreign::new();
    let socket = party.bind();
    let agreed = SessionParams {
        comfort_noise: true,
        ..session(foreign.address(), Codec::Pcmu)
    };
    party.engine.open_leg(1, socket, agreed).expect("opened");
    party.engine.set_routing(&[local(0), leg(1, 0)]);
    let (mut all, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < Duration::from_secs(7) {
        all.extend(foreign.receive());
    }
    party.engine.shutdown().expect("the recording is whole");
    let noise: Vec<_> = all.iter().filter(|(h, _)| h.payload_type == 13).collect();
    println!("{} packets, {} of noise", all.len(), noise.len());
    // Two pauses of 2 s less what is sent of each after the last word.
    assert!(all.len() < 350 - 130, "{} packets", all.len());
    assert!((7..=16).contains(&noise.len()), "{}", noise.len());
    for (_, payload) in &noise {
        assert_eq!(payload.len(), 11, "level and ten coefficients");
        let off = f32::from(payload[0]) + ROOM;
        assert!(off.abs() < 5.0, "stated as -{} dB", payload[0]);
    }
    for pair in all.windows(2) {
        let ([(before, _), (header, _)], first) = ([&pair[0], &pair[1]], 160);
        assert_eq!(header.sequence, before.sequence.wrapping_add(1));
        let step = header.timestamp.wrapping_sub(before.timestamp);
        assert!(step >= first && step.is_multiple_of(first), "{step}");
        let after_noise = before.payload_type == 13 && header.payload_type == 0;
        assert_eq!(header.marker, after_noise, "{header:?}");
    }
}

#[test]
fn the_ear_hears_the_far_sides_room_in_the_pauses_that_are_not_sent() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let dir = tempfile::tempdir().expect("a folder");
        let spoken = spoken(dir.path());
        let mut speaker = Party::with_voice(dir.path(), "speaker", Some(spoken), pausing());
        let mut listener = Party::with_voice(dir.path(), "listener", None, Options::default());
        let (theirs, ours) = (speaker.bind(), listener.bind());
        let agreed = |remote| SessionParams {
            comfort_noise: codec != Codec::Opus,
            opus: OpusLimits {
                dtx: true,
                ..OpusLimits::default()
            },
            ..session(remote, codec)
        };
        let (at_theirs, at_ours) = (theirs.local_addr(), ours.local_addr());
        let opened = speaker.engine.open_leg(1, theirs, agreed(at_ours));
        opened.expect("opened");
        let opened = listener.engine.open_leg(1, ours, agreed(at_theirs));
        opened.expect("opened");
        speaker.engine.set_routing(&[local(0), leg(1, 0)]);
        listener.engine.set_routing(&[local(0), leg(1, 0)]);
        wait(5.6);
        let sent = speaker.engine.stats().legs[0].sent;
        let heard = listener.heard();
        speaker.engine.shutdown().expect("the recording is whole");
        // From when it is heard on, by 10 ms.
        let levels: Vec<f32> = heard.samples[sound::samples(0.7)..]
            .chunks_exact(480)
            .map(|part| Level::rms(part).0)
            .collect();
        let silent = levels.iter().filter(|level| **level < -75.0).count();
        let mut sorted = levels.clone();
        sorted.sort_by(f32::total_cmp);
        // More than half is pause.
        let room = sorted[sorted.len() / 4];
        println!("{codec:?}: {sent} packets, the room at {room:.1} dB, {silent} frames silent");
        assert!(sent < 230, "{codec:?}: {sent} packets");
        assert_eq!(silent, 0, "{codec:?}");
        assert!((room - ROOM).abs() < 5.0, "{codec:?}: {room} dB");
    }
}
