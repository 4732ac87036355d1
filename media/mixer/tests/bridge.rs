//! What the bridge promises, measured at its ports.
use trialog_frame::{FRAME_SAMPLES, Frame, Level, RATE};
use trialog_mixer::{MAX_PORTS, Mixer, Port, PortRouting, PortTone};

/// A sine without end, frame by frame.
struct Sine {
    frequency: f64,
    amplitude: f32,
    sample: u64,
}

impl Sine {
    fn new(frequency: f64, amplitude: f32) -> Self {
        Self {
            frequency,
            amplitude,
            sample: 0,
        }
    }

    fn next(&mut self) -> Frame {
        let start = self.sample;
        self.sample += FRAME_SAMPLES as u64;
        Frame(core::array::from_fn(|n| {
            let turns = self.frequency * (start + n as u64) as f64 / f64::from(RATE);
            self.amplitude * (core::f64::consts::TAU * turns).sin() as f32
        }))
    }
}

const PILOTS: [f64; 3] = [433.0, 997.0, 1511.0];

fn routing(ports: &[Port]) -> PortRouting {
    let mut routing = PortRouting::new();
    for (index, port) in ports.iter().enumerate() {
        routing.set(index, *port);
    }
    routing
}

/// Runs `ticks` with the given routing and appends to what each port has heard.
fn run(
    mixer: &mut Mixer,
    routing: &PortRouting,
    sines: &mut [Sine],
    tones: &[Frame],
    ticks: usize,
    heard: &mut [Vec<f32>],
) {
    for _ in 0..ticks {
        let sources: Vec<Frame> = sines.iter_mut().map(Sine::next).collect();
        let mut listeners = vec![Frame([9.0; FRAME_SAMPLES]); heard.len()];
        mixer.mix(routing, &sources, tones, &mut listeners);
        for (heard, listener) in heard.iter_mut().zip(&listeners) {
            heard.extend_from_slice(&listener[..]);
        }
    }
}

fn pilots(amplitude: f32) -> Vec<Sine> {
    PILOTS
        .iter()
        .map(|frequency| Sine::new(*frequency, amplitude))
        .collect()
}

#[test]
fn r3_all_three_hear_each_other_at_the_right_level_and_nobody_himself() {
    let mut heard = vec![Vec::new(); 3];
    run(
        &mut Mixer::new(),
        &routing(&[Port::talking(7); 3]),
        &mut pilots(0.25),
        &[],
        101,
        &mut heard,
    );
    for (ear, heard) in heard.iter().enumerate() {
        for (voice, pilot) in PILOTS.iter().enumerate() {
            let level = Level::sine_amplitude(&heard[FRAME_SAMPLES..], *pilot, f64::from(RATE)).0;
            if ear == voice {
                assert!(level <= -110.0, "own voice at {level} dB");
            } else {
                assert!(
                    (level - Level::of_amplitude(0.25).0).abs() < 0.001,
                    "{level} dB"
                );
            }
        }
    }
}

#[test]
fn own_voice_stays_out_of_own_ear_among_254_loud_ones() {
    let mut mixer = Mixer::new();
    let everyone = routing(&[Port::talking(0); 254]);
    let mut sines: Vec<Sine> = (0..254)
        .map(|n| Sine::new(200.0 + 37.0 * f64::from(n), 0.003))
        .collect();
    let mut heard = vec![Vec::new(); 254];
    run(&mut mixer, &everyone, &mut sines, &[], 101, &mut heard);
    for ear in [0, 100, 253] {
        let own = 200.0 + 37.0 * ear as f64;
        let level = Level::sine_amplitude(&heard[ear][FRAME_SAMPLES..], own, f64::from(RATE)).0;
        assert!(
            level - Level::of_amplitude(0.003).0 <= -60.0 && level <= -90.0,
            "own voice at {level} dB"
        );
    }
}

#[test]
fn two_speakers_pass_to_the_bit_and_five_to_a_hundredth_of_a_db() {
    let mut mixer = Mixer::new();
    let two = routing(&[Port::talking(0); 2]);
    let mut sines = pilots(0.9);
    for _ in 0..3 {
        let sources = [sines[0].next(), sines[1].next()];
        let mut listeners = [Frame::SILENCE; 2];
        mixer.mix(&two, &sources, &[], &mut listeners);
        if mixer.work() > 8 {
            assert_eq!(listeners, [sources[1], sources[0]]);
        }
    }
    let mut mixer = Mixer::new();
    let five = routing(&[Port::talking(0); 5]);
    for _ in 0..5 {
        let sources: Vec<Frame> = (0..5)
            .map(|n| Sine::new(300.0 + 100.0 * f64::from(n), 0.17).next())
            .collect();
        let mut listeners = [Frame::SILENCE; 5];
        mixer.mix(&five, &sources, &[], &mut listeners);
        mixer.mix(&five, &sources, &[], &mut listeners);
        for (ear, heard) in listeners.iter().enumerate() {
            let others = |n: usize| {
                (0..5)
                    .filter(|other| *other != ear)
                    .map(|other| sources[other][n])
                    .sum::<f32>()
            };
            let worst = (0..FRAME_SAMPLES)
                .map(|n| (heard[n] - others(n)).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-6, "{worst}");
        }
    }
}

#[test]
fn groups_never_hear_each_other() {
    let mut heard = vec![Vec::new(); 3];
    let apart = routing(&[Port::talking(1), Port::talking(2), Port::talking(1)]);
    run(
        &mut Mixer::new(),
        &apart,
        &mut pilots(0.25),
        &[],
        51,
        &mut heard,
    );
    assert!(heard[1].iter().all(|sample| *sample == 0.0));
    let level = |ear: usize, pilot| Level::sine_amplitude(&heard[ear], pilot, f64::from(RATE)).0;
    assert!(level(0, 1511.0) > -13.0 && level(0, 997.0) < -80.0);
    assert!(level(2, 433.0) > -13.0 && level(2, 997.0) < -80.0);
}

#[test]
fn a_far_held_party_who_does_not_speak_is_cut_from_the_mix_but_hears() {
    let mut heard = vec![Vec::new(); 3];
    let mut ports = [Port::talking(1); 3];
    ports[1].speaks = false;
    run(
        &mut Mixer::new(),
        &routing(&ports),
        &mut pilots(0.25),
        &[],
        51,
        &mut heard,
    );
    let level = |ear: usize, pilot| Level::sine_amplitude(&heard[ear], pilot, f64::from(RATE)).0;
    assert!(level(0, 997.0) < -80.0 && level(2, 997.0) < -80.0);
    assert!(level(1, 433.0) > -13.0 && level(1, 1511.0) > -13.0);
}

#[test]
fn a_tone_replaces_what_the_port_hears_or_lies_over_it() {
    let tones = [Frame::SILENCE, Sine::new(500.0, 0.1).next()];
    for over in [false, true] {
        let mut ports = [Port::talking(1); 3];
        ports[0].tone = Some(PortTone { source: 1, over });
        let mut mixer = Mixer::new();
        let mut heard = vec![Vec::new(); 3];
        run(
            &mut mixer,
            &routing(&ports),
            &mut pilots(0.25),
            &tones,
            50,
            &mut heard,
        );
        let level = |ear: usize, pilot| {
            Level::sine_amplitude(&heard[ear][FRAME_SAMPLES..], pilot, f64::from(RATE)).0
        };
        // 500 Hz fits into a frame without remainder, so its repetition is a steady tone.
        assert!((level(0, 500.0) + 20.0).abs() < 0.05);
        assert_eq!(level(0, 997.0) > -13.0, over);
        assert!(level(1, 500.0) < -80.0 && level(1, 433.0) > -13.0);
    }
}

/// The largest change from one sample to the next.
fn steepest(samples: &[f32]) -> f32 {
    samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

#[test]
fn every_change_of_routing_fades_within_5_ms_and_never_steps() {
    let talking = Port::talking(1);
    let silent = Port {
        speaks: false,
        ..talking
    };
    let music = Port {
        hears: false,
        speaks: false,
        tone: Some(PortTone {
            source: 0,
            over: false,
        }),
        ..talking
    };
    let states = [
        talking,
        silent,
        Port::talking(2),
        music,
        Port::default(),
        Port::tone_only(0),
    ];
    // Constant sound shows a ramp as it is: 0.25 over 240 samples.
    let sources = [Frame([0.25; FRAME_SAMPLES]); 3];
    let tones = [Frame([-0.25; FRAME_SAMPLES])];
    for first in states {
        for second in states {
            let mut mixer = Mixer::new();
            let mut heard = vec![Vec::new(); 3];
            for state in [first, first, second, second, first, second] {
                let mut listeners = [Frame::SILENCE; 3];
                mixer.mix(
                    &routing(&[talking, state, talking]),
                    &sources,
                    &tones,
                    &mut listeners,
                );
                for (ear, heard) in heard.iter_mut().enumerate() {
                    heard.extend_from_slice(&listeners[ear][..]);
                    // The second half of a tick is what the routing says.
                    assert!(steepest(&listeners[ear][240..]) < 1e-6);
                }
            }
            for heard in &heard {
                assert!(
                    steepest(heard) < 1.01 * 0.75 / 240.0,
                    "{first:?} → {second:?}: {}",
                    steepest(heard)
                );
            }
        }
    }
}

#[test]
fn who_stays_hears_no_gap_and_no_change_when_a_third_comes_or_goes() {
    let mut mixer = Mixer::new();
    let mut sines = pilots(0.2);
    sines[2].amplitude = 0.0;
    let two = routing(&[Port::talking(1), Port::talking(1), Port::default()]);
    let three = routing(&[Port::talking(1); 3]);
    let mut expected = Sine::new(PILOTS[1], 0.2);
    for tick in 0..40 {
        let sources: Vec<Frame> = sines.iter_mut().map(Sine::next).collect();
        let mut listeners = [Frame::SILENCE; 3];
        mixer.mix(
            if tick / 7 % 2 == 0 { &two } else { &three },
            &sources,
            &[],
            &mut listeners,
        );
        let expected = expected.next();
        if tick > 0 {
            let worst = (0..FRAME_SAMPLES)
                .map(|n| (listeners[0][n] - expected[n]).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-6, "tick {tick}: {worst}");
        }
    }
}

#[test]
fn shouting_of_255_stays_bounded_and_one_broken_source_silences_nobody() {
    let mut mixer = Mixer::new();
    let everyone = routing(&[Port::talking(0); MAX_PORTS]);
    let mut sources = vec![
        Frame(core::array::from_fn(|n| if n / 24 % 2 == 0 {
            1.0
        } else {
            -1.0
        }));
        MAX_PORTS
    ];
    let mut listeners = vec![Frame::SILENCE; MAX_PORTS];
    for _ in 0..10 {
        mixer.mix(&everyone, &sources, &[], &mut listeners);
        for listener in &listeners {
            assert!(listener.peak() < 1.0 && listener.peak() > 0.5);
        }
    }
    for broken in [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        -1e30,
        100.0,
    ] {
        for (index, source) in sources.iter_mut().enumerate() {
            *source = Sine::new(500.0, if index < 2 { 0.1 } else { 0.0 }).next();
        }
        sources[9][100] = broken;
        sources[10] = Frame([broken; FRAME_SAMPLES]);
        let mut fresh = Mixer::new();
        for _ in 0..3 {
            fresh.mix(
                &everyone,
                &sources,
                &[Frame([broken; FRAME_SAMPLES])],
                &mut listeners,
            );
        }
        for listener in &listeners {
            assert!(listener.iter().all(|sample| sample.abs() < 1.0), "{broken}");
        }
        // Later, mended, all is as before.
        sources[9] = Frame::SILENCE;
        sources[10] = Frame::SILENCE;
        for _ in 0..200 {
            fresh.mix(&everyone, &sources, &[], &mut listeners);
        }
        assert!((listeners[0].peak() - 0.1).abs() < 1e-6);
    }
}

#[test]
fn a_broken_source_of_two_or_three_is_silent_and_the_others_go_on() {
    for ports in [2, 3] {
        let mut mixer = Mixer::new();
        let all = routing(&vec![Port::talking(0); ports]);
        let mut sources = vec![Sine::new(500.0, 0.1).next(); ports];
        sources[0] = Frame([f32::NAN; FRAME_SAMPLES]);
        let mut listeners = vec![Frame::SILENCE; ports];
        mixer.mix(&all, &sources, &[], &mut listeners);
        mixer.mix(&all, &sources, &[], &mut listeners);
        assert!((listeners[0].peak() - 0.1 * (ports as f32 - 1.0)).abs() < 1e-5);
        assert!((listeners[1].peak() - 0.1 * (ports as f32 - 2.0)).abs() < 1e-5);
    }
}

#[test]
fn work_grows_with_the_ports_and_not_with_their_square() {
    let work = |ports: usize| {
        let mut mixer = Mixer::new();
        let all = routing(&vec![Port::talking(0); ports]);
        let (sources, mut listeners) = (vec![Frame::SILENCE; ports], vec![Frame::SILENCE; ports]);
        mixer.mix(&all, &sources, &[], &mut listeners);
        let before = mixer.work();
        mixer.mix(&all, &sources, &[], &mut listeners);
        mixer.work() - before
    };
    for ports in [3, 16, 64, 254, 256] {
        assert_eq!(work(ports), 2 * ports as u64);
    }
}

#[test]
fn frames_that_are_missing_or_too_many_are_silence() {
    let mut mixer = Mixer::new();
    let all = routing(&[
        Port::talking(0),
        Port::talking(0),
        Port {
            tone: Some(PortTone {
                source: 9,
                over: false,
            }),
            ..Port::talking(0)
        },
    ]);
    let mut listeners = vec![Frame([1.0; FRAME_SAMPLES]); 300];
    for _ in 0..2 {
        mixer.mix(&all, &[Frame([0.5; FRAME_SAMPLES])], &[], &mut listeners);
    }
    assert_eq!(listeners[1], Frame([0.5; FRAME_SAMPLES]));
    for silent in [0, 2, 3, 255, 256, 299] {
        assert!(listeners[silent].is_silent(), "{silent}");
    }
    mixer.mix(&PortRouting::new(), &[], &[], &mut []);
}
