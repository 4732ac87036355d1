//! A stopped microphone, on the wire: what leaves is digital silence, whatever is said into it.
mod common;
#[path = "../../voice/tests/common/mod.rs"]
#[allow(dead_code, reason = "its own suite uses all of it")]
mod sound;
use common::{Foreign, Party, leg, local, session};
use std::time::{Duration, Instant};
use trialog_engine::{Codec, EngineEvent, Options, PortSpec};
use trialog_frame::Level;

/// What of the microphone is on the wire, from packet to packet, for so long.
fn sent(foreign: &Foreign, codec: Codec, seconds: f64) -> Vec<(Vec<u8>, f32)> {
    let mut decoder = trialog_codec::decoder(codec).expect("there is one");
    let mut pcm = vec![0.0; trialog_codec::LONGEST_PACKET];
    let (mut all, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < Duration::from_secs_f64(seconds) {
        let Some((_, payload)) = foreign.receive() else {
            continue;
        };
        let length = decoder.decode(&payload, &mut pcm);
        all.push((payload, Level::peak(&pcm[..length]).0));
    }
    all
}

#[test]
fn nothing_of_what_is_said_into_a_stopped_microphone_leaves_by_any_codec() {
    let dir = tempfile::tempdir().expect("a folder");
    let voice = dir.path().join("voice.wav");
    common::write_wav(&voice, &sound::speech(3.0, 160.0, -20.0, 7));
    let stopped = PortSpec {
        speaks: false,
        ..local(0)
    };
    for (codec, silence) in [
        (Codec::Pcmu, Some(0xFF)),
        (Codec::Pcma, Some(0xD5)),
        (Codec::G722, None),
        (Codec::Opus, None),
    ] {
        let mut party =
            Party::with_voice(dir.path(), "agent", Some(voice.clone()), Options::default());
        let foreign = Foreign::new();
        let socket = party.bind();
        party
            .engine
            .open_leg(1, socket, session(foreign.address(), codec))
            .expect("opened");
        party.engine.set_routing(&[local(0), leg(1, 0)]);
        let spoken = sent(&foreign, codec, 0.7);
        let loudest = spoken.iter().map(|(_, peak)| *peak).fold(-200.0, f32::max);
        assert!(loudest > -20.0, "{codec:?}: it is heard at {loudest} dB");

        party.engine.set_routing(&[stopped, leg(1, 0)]);
        let after = sent(&foreign, codec, 1.6);
        // Within 60 ms what was on its way has left, and the mixer has faded out.
        let after = &after[3..];
        assert!(after.len() > 50, "{codec:?}: {} packets", after.len());
        if let Some(silence) = silence {
            let all_silent = |payload: &[u8]| payload.iter().all(|octet| *octet == silence);
            let loud = after.iter().position(|(payload, _)| !all_silent(payload));
            assert_eq!(loud, None, "{codec:?}: a packet that is no silence");
        }
        // A-law has no zero: its least is 8 of 32,768. G.722 never rests.
        let least = if codec == Codec::G722 { -55.0 } else { -70.0 };
        let (_, rest) = after.split_at(5);
        let loudest = rest.iter().map(|(_, peak)| *peak).fold(-200.0, f32::max);
        println!("{codec:?}: stopped, at most {loudest:.0} dB");
        assert!(
            loudest < least,
            "{codec:?}: {loudest} dB of a stopped microphone"
        );
        let told: Vec<_> = party.events.try_iter().collect();
        assert!(told.contains(&EngineEvent::Unheard), "{codec:?}: {told:?}");
        party.engine.shutdown().expect("the recording is whole");
    }
}
