//! What a far side hears of a microphone in a room with a loudspeaker and a fan.
mod common;
use common::{add, echo, fan, level, noise, run, samples, speech};
use trialog_frame::Level;
use trialog_voice::{Noise, Settings, processor};

const ECHO: Settings = Settings {
    echo: true,
    noise: Noise::Off,
    gain: false,
};

fn after(settings: Settings, ear: &[f32], microphone: &[f32]) -> Vec<f32> {
    let mut processor = processor(settings).expect("something is to be done");
    run(&mut *processor, ear, microphone)
}

/// How alike two sounds are, 0 to 1.
fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}

/// By how many samples `after` is later than `before`, of which one second is compared.
fn lag(before: &[f32], after: &[f32]) -> usize {
    let (from, to) = (samples(0.5), samples(1.5));
    let alike = |lag: &usize| likeness(&before[from..to], &after[from + lag..to + lag]);
    (0..2_000)
        .max_by(|one, other| alike(one).total_cmp(&alike(other)))
        .expect("there are lags")
}

#[test]
fn where_nothing_is_to_be_done_there_is_no_processor() {
    assert!(processor(Settings::default()).is_none());
}

#[test]
fn the_echo_of_speech_is_40_db_lower_within_three_seconds_however_far_the_loudspeaker() {
    let ear = speech(4.0, 120.0, -22.0, 5);
    for delay in [5.0, 40.0, 200.0] {
        let back = echo(&ear, delay, 10.0);
        let out = after(ECHO, &ear, &back);
        let gone = level(&back, 2.0, 3.0) - level(&out, 2.0, 3.0);
        println!("{delay} ms: {gone:.1} dB");
        assert!(gone >= 40.0, "after {delay} ms the echo is {gone} dB lower");
    }
}

#[test]
fn a_voice_that_speaks_at_the_same_time_is_kept() {
    let (ear, near) = (speech(8.0, 120.0, -22.0, 5), speech(8.0, 210.0, -26.0, 9));
    let alone = after(ECHO, &vec![0.0; ear.len()], &near);
    let both = after(ECHO, &ear, &add(&echo(&ear, 40.0, 10.0), &near));
    let (expected, kept) = (level(&alone, 5.0, 8.0), level(&both, 5.0, 8.0));
    let alike = likeness(&alone[samples(5.0)..], &both[samples(5.0)..]);
    println!("{expected:.1} dB alone, {kept:.1} dB with the other, alike by {alike:.2}");
    assert!((expected - kept).abs() < 2.0, "{expected} dB became {kept}");
    assert!(alike > 0.8, "alike by {alike} only");
}

#[test]
fn noise_becomes_quieter_and_a_voice_does_not() {
    let voice = speech(6.0, 210.0, -26.0, 9);
    for (how, quieter) in [(Noise::On, 15.0), (Noise::Strong, 30.0)] {
        let settings = Settings {
            noise: how,
            ..Settings::default()
        };
        let noise = fan(6.0, -45.0, 8);
        let out = after(settings, &vec![0.0; noise.len()], &noise);
        let less = level(&noise, 3.0, 6.0) - level(&out, 3.0, 6.0);
        let out = after(settings, &vec![0.0; voice.len()], &add(&noise, &voice));
        let kept = level(&out, 3.0, 6.0) - level(&voice, 3.0, 6.0);
        println!("{how:?}: the noise {less:.1} dB lower, the voice {kept:.1} dB");
        assert!(less > quieter, "{how:?}: {less} dB only");
        assert!(
            kept.abs() < 3.0,
            "{how:?}: the voice is changed by {kept} dB"
        );
    }
}

#[test]
fn a_quiet_voice_becomes_louder_by_and_by_and_none_passes_full_scale() {
    let settings = Settings {
        gain: true,
        ..Settings::default()
    };
    let mut raised = [0.0; 2];
    for (raised, spoken) in raised.iter_mut().zip([-45.0, -12.0]) {
        let voice = speech(12.0, 160.0, spoken, 4);
        let out = after(settings, &vec![0.0; voice.len()], &voice);
        *raised = level(&out, 9.0, 12.0) - level(&voice, 9.0, 12.0);
        let peak = Level::peak(&out).0;
        println!("{spoken} dB: raised by {raised:.1} dB, peak at {peak:.1} dB");
        assert!(peak <= 0.0, "{peak} dB");
    }
    assert!(raised[0] > 10.0, "the quiet one by {} dB", raised[0]);
    assert!(raised[1] < 3.0, "the loud one by {} dB", raised[1]);
}

#[test]
fn the_output_is_as_late_as_is_said() {
    for (echo, noise_is, gain) in [
        (true, Noise::Off, false),
        (false, Noise::On, false),
        (true, Noise::On, true),
        (false, Noise::Strong, false),
        (true, Noise::Strong, true),
    ] {
        let settings = Settings {
            echo,
            noise: noise_is,
            gain,
        };
        let sound = noise(2.0, -30.0, 3);
        let mut processor = processor(settings).expect("something is to be done");
        let out = run(&mut *processor, &vec![0.0; sound.len()], &sound);
        let (late, said) = (lag(&sound, &out), processor.delay().0 as usize);
        assert!(
            late.abs_diff(said) < 48,
            "{settings:?}: {late}, said {said}"
        );
    }
}
