//! The audio thread uses no heap, over a whole conference; and one allocation put there is found.
mod common;
use common::{AGENT_1, AGENT_2, CUSTOMER, Party, held, join_by, keys, leg, local, session, wait};
use trialog_engine::{Codec, Noise, Options, SessionParams, Speech, Suite, VoiceSettings};

#[global_allocator]
static HEAP: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

#[test]
fn a_whole_conference_uses_no_heap_on_the_audio_thread() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut customer = Party::with_pilot(dir.path(), "customer", CUSTOMER);
    let voice = dir.path().join("agent-1-voice.wav");
    common::write_wav(&voice, &common::tone(AGENT_1, -30.0, 48_000));
    // What works on the owner's microphone uses the heap, on a thread of its own.
    let all = VoiceSettings {
        echo: true,
        noise: Noise::Strong,
        gain: true,
    };
    let options = Options {
        voice: all,
        ..Options::default()
    };
    let mut owner = Party::with_voice(dir.path(), "agent-1", Some(voice), options);
    let mut guest = Party::with_pilot(dir.path(), "agent-2", AGENT_2);
    let word = dir.path().join("word.wav");
    common::write_wav(&word, &common::tone(311.0, -20.0, 20_000));
    for (codec, suite) in [
        (Codec::Pcmu, None),
        (Codec::G722, Some(Suite::AesGcm256)),
        (Codec::Opus, Some(Suite::AesCm32)),
        (Codec::Pcma, Some(Suite::AesGcm128)),
        (Codec::Pcmu, Some(Suite::AesCm80)),
    ] {
        let srtp = suite.map(|suite| keys(suite, (1, 2)));
        join_by((&mut customer, 1), (&mut owner, 1), codec, srtp.as_ref());
        customer.engine.set_routing(&[local(0), leg(1, 0)]);
        owner.engine.set_routing(&[local(0), leg(1, 0)]);
        wait(0.2);
        join_by((&mut guest, 1), (&mut owner, 2), codec, srtp.as_ref());
        guest.engine.set_routing(&[local(0), leg(1, 0)]);
        owner.engine.set_routing(&[local(0), leg(2, 0), held(1)]);
        wait(0.2);
        owner.engine.set_routing(&[local(0), leg(1, 0), leg(2, 0)]);
        owner.engine.levels();
        let word = Speech::read(&word).expect("a WAV file");
        owner.engine.say(word).expect("a file end");
        owner.engine.send_dtmf(1, b'5').expect("agreed");
        owner.engine.send_tones(1, b'6').expect("it sends");
        // Another codec in the middle: the way in is lost there until the far side follows, which is not the point here.
        let other = SessionParams {
            srtp: suite.map(|suite| keys(suite, (3, 4))),
            ..session("127.0.0.1:9".parse().expect("an address"), Codec::G722)
        };
        owner.engine.change_leg(2, other).expect("open");
        wait(0.3);
        owner.engine.set_routing(&[local(0), leg(1, 0)]);
        owner.engine.close_leg(2);
        guest.engine.close_leg(1);
        wait(0.1);
    }
    for party in [customer, owner, guest] {
        let stats = party.engine.stats();
        assert!(stats.ticks > 250, "{stats:?}");
        assert_eq!(party.engine.heap_uses(), 0, "{stats:?}");
        party.engine.shutdown().expect("the recording is whole");
    }
}

#[test]
fn an_allocation_on_the_audio_thread_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut party = Party::with_pilot(dir.path(), "customer", CUSTOMER);
    wait(0.1);
    assert_eq!(party.engine.heap_uses(), 0);
    party
        .engine
        .on_each_tick(|| drop(std::hint::black_box(Box::new(1))));
    wait(0.1);
    assert!(
        party.engine.heap_uses() >= 2,
        "one box made and freed at each tick"
    );
}
