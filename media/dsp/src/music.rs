//! What a held party hears.
//!
//! Our own music is a melody over soft chords, calm and with rests, of 24 bars that last 86 s. All of it lies between 300 and 2,500 Hz:
//! a telephone carries no more. It is made as it is played, from nothing but its place in time, and at 8 kHz; then raised to 48
//! kHz. Notes and partials near the [`KEPT_FREE`] frequencies are left out, and none begins abruptly, so that a measurement can tell a
//! voice's pilot tone from the music.
use crate::{
    Band, Upsampler,
    sine::{Sine, swell},
};
use trialog_frame::Frame;

/// Frequencies in Hz that have no energy of ours within [`MARGIN`].
const KEPT_FREE: [f64; 3] = [433.0, 997.0, 1511.0];

/// In Hz, to either side.
const MARGIN: f64 = 40.0;

/// The highest partial, in Hz.
const HIGHEST: f64 = 2_500.0;

const RATE: f64 = 8_000.0;

/// 10 ms at [`RATE`].
const STEP: usize = 80;

/// How long a bar lasts and an eighth of it, in seconds.
const BAR: f64 = 3.6;
const EIGHTH: f64 = BAR / 8.0;

/// How long a chord takes to come, and after its bar to go.
const CHORD_SWELL: f64 = 0.9;

/// A note of the melody: how long it takes to come, in how long it becomes quieter by e, and how long it lasts at most, in seconds.
const ATTACK: f64 = 0.05;
const DECAY: f64 = 0.9;
const LONGEST: f64 = 2.8;

/// Each note of the melody comes back once, so much later and quieter: a room.
const AGAIN: f64 = 3.0 * EIGHTH / 2.0;
const AGAIN_LEVEL: f64 = 0.3;

/// The partials of a chord's notes above the ground, and the melody's.
const PAD: [f64; 3] = [1.0, 0.3, 0.12];
const MELODY: [f64; 3] = [1.0, 0.3, 0.08];

/// What makes the whole about −20 dB.
const PAD_LEVEL: f64 = 0.05;
const MELODY_LEVEL: f64 = 0.115;

/// The notes that there are, as semitones above A4 = 440 Hz. A4 and B5 lie too near to a pilot.
const E4: i32 = -5;
const F4: i32 = -4;
const G4: i32 = -2;
const B4: i32 = 2;
const C5: i32 = 3;
const D5: i32 = 5;
const E5: i32 = 7;
const F5: i32 = 8;
const G5: i32 = 10;
const A5: i32 = 12;
const C6: i32 = 15;
const D6: i32 = 17;
const E6: i32 = 19;
const F6: i32 = 20;

/// Three or four notes that stand.
type Chord = &'static [i32];

const C: Chord = &[E4, G4, C5, E5];
const AM: Chord = &[E4, C5, E5, A5];
const F: Chord = &[F4, C5, F5, A5];
const G: Chord = &[G4, B4, D5, G5];
const EM: Chord = &[E4, G4, B4, E5];
const DM: Chord = &[F4, D5, F5, A5];

/// A bar: its chord, and the notes of the melody with the eighths at which they begin.
struct Bar(Chord, &'static [(u8, i32)]);

/// Round without end.
const BARS: [Bar; 24] = [
    Bar(C, &[(0, E5), (2, G5), (3, A5), (4, G5)]),
    Bar(AM, &[(0, E5), (3, D5), (4, C5)]),
    Bar(F, &[(0, A5), (2, C6), (4, A5), (6, G5)]),
    Bar(G, &[(0, D5)]),
    Bar(EM, &[(0, G5), (2, E5), (4, G5), (6, C6)]),
    Bar(AM, &[(0, C6), (2, A5), (4, E5)]),
    Bar(DM, &[(0, F5), (2, A5), (3, D6), (4, C6)]),
    Bar(G, &[(0, G5)]),
    Bar(F, &[(0, C6), (3, A5), (4, F5), (6, A5)]),
    Bar(C, &[(0, G5), (4, E5)]),
    Bar(DM, &[(0, F5), (2, D5), (4, F5), (6, A5)]),
    Bar(EM, &[(0, G5)]),
    Bar(F, &[(0, A5), (2, C6), (4, F6), (6, E6)]),
    Bar(C, &[(0, E6), (3, D6), (4, C6)]),
    Bar(DM, &[(0, D6), (2, C6), (4, A5)]),
    Bar(G, &[(2, G5)]),
    Bar(C, &[(0, E5), (2, G5), (4, C6), (5, D6), (6, E6)]),
    Bar(AM, &[(0, C6), (4, A5)]),
    Bar(F, &[(0, A5), (2, G5), (4, F5)]),
    Bar(G, &[(0, D5), (2, G5)]),
    Bar(C, &[(0, E5)]),
    Bar(F, &[(4, C6), (6, A5)]),
    Bar(C, &[(0, G5)]),
    Bar(G, &[]),
];

/// Hold music that never ends: our own, or samples from a file.
pub struct HoldMusic(Source);

enum Source {
    Own { step: u64, raise: Box<Upsampler> },
    Samples { samples: Vec<f32>, at: usize },
}

impl HoldMusic {
    /// Synthesised, so that no rights of others are in it. Allocates.
    #[expect(
        clippy::new_without_default,
        reason = "creation allocates: let it be seen"
    )]
    pub fn new() -> Self {
        Self(Source::Own {
            step: 0,
            raise: Box::new(Upsampler::new(Band::Narrow)),
        })
    }

    /// A recording at 48 kHz, mono, played over and over. Empty: silence.
    pub fn from_samples(samples: Vec<f32>) -> Self {
        Self(Source::Samples { samples, at: 0 })
    }

    /// The next 10 ms. Overwrites `frame`.
    pub fn fill(&mut self, frame: &mut Frame) {
        match &mut self.0 {
            Source::Own { step, raise } => {
                let mut sound = [0.0; STEP];
                play(*step, &mut sound);
                raise.process(&sound, &mut frame.0);
                *step += 1;
            }
            Source::Samples { samples, at } => {
                for sample in frame.iter_mut() {
                    *sample = samples.get(*at).copied().unwrap_or(0.0);
                    *at = if *at + 1 >= samples.len() { 0 } else { *at + 1 };
                }
            }
        }
    }
}

/// Adds the 10 ms from `step` · 10 ms on.
fn play(step: u64, out: &mut [f32]) {
    let now = step as f64 / 100.0;
    let current = (now / BAR).floor();
    // What began in the bar before still dies away; before the first one is the last.
    for bar in [current - 1.0, current] {
        let Bar(chord, melody) = &BARS[(bar as i64).rem_euclid(BARS.len() as i64) as usize];
        let age = now - bar * BAR;
        let envelope = |age: f64| {
            PAD_LEVEL * swell(age / CHORD_SWELL) * swell((BAR + CHORD_SWELL - age) / CHORD_SWELL)
        };
        for note in *chord {
            sound(*note, age, &PAD, envelope, out);
        }
        for (eighth, note) in *melody {
            let age = age - f64::from(*eighth) * EIGHTH;
            let struck = |age: f64| {
                let dies = (-age.max(0.0) / DECAY).exp();
                MELODY_LEVEL * swell(age / ATTACK) * dies * swell(LONGEST - age)
            };
            sound(*note, age, &MELODY, struck, out);
            let again = |age: f64| AGAIN_LEVEL * struck(age);
            sound(*note, age - AGAIN, &MELODY, again, out);
        }
    }
}

/// Adds one note, `age` seconds after its begin, with its partials.
fn sound(note: i32, age: f64, partials: &[f64], envelope: impl Fn(f64) -> f64, out: &mut [f32]) {
    let amplitudes = [age, age + out.len() as f64 / RATE].map(envelope);
    if amplitudes == [0.0; 2] {
        return;
    }
    let ground = 440.0 * 2f64.powf(f64::from(note) / 12.0);
    for (number, share) in (1..).zip(partials) {
        let frequency = ground * f64::from(number);
        if frequency < HIGHEST
            && KEPT_FREE
                .iter()
                .all(|free| (frequency - free).abs() > MARGIN)
        {
            let amplitudes = amplitudes.map(|amplitude| (amplitude * share) as f32);
            Sine {
                frequency,
                rate: RATE,
                age,
                amplitudes,
            }
            .add_to(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Downsampler;
    use trialog_frame::Level;

    /// Once round, and a little.
    fn round() -> Vec<f32> {
        let mut music = HoldMusic::new();
        let mut frame = Frame::SILENCE;
        (0..9_000)
            .flat_map(|_| {
                music.fill(&mut frame);
                frame.0
            })
            .collect()
    }

    #[test]
    fn it_never_pauses_and_is_about_minus_20_db() {
        let samples = round();
        let level = Level::rms(&samples).0;
        assert!((level + 20.0).abs() < 1.0, "{level}");
        assert!(Level::peak(&samples).0 < -6.0);
        // From the first filter delay on, 5 ms at a time, at every millisecond.
        let quietest = samples[480..]
            .windows(240)
            .step_by(48)
            .map(|part| Level::peak(part).0)
            .fold(0.0, f32::min);
        assert!(quietest > -50.0, "{quietest}");
        let quietest = samples[480..]
            .chunks(4_800)
            .map(|part| Level::rms(part).0)
            .fold(0.0, f32::min);
        assert!(quietest > -26.0, "{quietest}");
    }

    #[test]
    fn it_keeps_the_pilots_frequencies_free_at_48_khz_and_at_8() {
        let samples = round();
        let mut narrow = vec![0.0; samples.len() / 6];
        Downsampler::new(Band::Narrow).process(&samples, &mut narrow);
        for (samples, rate) in [(&samples[..], 48e3), (&narrow[..], 8e3)] {
            for pilot in KEPT_FREE {
                for frequency in (-10..=10)
                    .step_by(10)
                    .map(|offset| pilot + f64::from(offset))
                {
                    // In half seconds, as one would look for a pilot that comes and goes.
                    for part in samples[rate as usize / 10..].chunks_exact(rate as usize / 2) {
                        let level = Level::sine_amplitude(part, frequency, rate).0;
                        assert!(level < -70.0, "{level} dB at {frequency} Hz");
                    }
                }
            }
        }
    }

    #[test]
    fn a_telephone_carries_all_of_it_and_it_does_not_come_again_within_a_minute() {
        let samples = round();
        let mut narrow = vec![0.0; samples.len() / 6];
        Downsampler::new(Band::Narrow).process(&samples, &mut narrow);
        // Each fourth second, hertz by hertz: the window of the measure is 1.5 Hz wide.
        let (mut low, mut all) = (0.0, 0.0);
        for second in narrow.chunks_exact(8_000).step_by(4) {
            for hz in 20..300 {
                let amplitude = Level::sine_amplitude(second, f64::from(hz), 8e3).amplitude();
                low += amplitude * amplitude / 2.0 / 1.5;
            }
            all += Level::rms(second).amplitude().powi(2);
        }
        assert!(
            low / all < 0.01,
            "{} of the energy lies below 300 Hz",
            low / all
        );
        // Loudness each 100 ms, a minute and less apart.
        let loud: Vec<f32> = samples.chunks(4_800).map(|p| Level::rms(p).0).collect();
        let (first, second) = (&loud[..250], &loud[250..]);
        for lag in 0..350 {
            let off: f32 = first
                .iter()
                .zip(&second[lag..])
                .map(|(a, b)| (a - b).abs())
                .sum();
            assert!(
                off / 250.0 > 0.2,
                "the same after {} s",
                25.0 + lag as f32 / 10.0
            );
        }
    }

    #[test]
    fn it_does_not_click() {
        let samples = round();
        let bend = samples[480..]
            .windows(3)
            .map(|s| (s[2] - 2.0 * s[1] + s[0]).abs())
            .fold(0.0, f32::max);
        // The second difference of a full chord's highest partials; a click would be far above.
        assert!(bend < 0.012, "{bend}");
    }

    #[test]
    fn a_recording_is_played_round_and_round() {
        let mut music = HoldMusic::from_samples(vec![0.1, 0.2, 0.3]);
        let mut frame = Frame::SILENCE;
        music.fill(&mut frame);
        assert_eq!(frame[..4], [0.1, 0.2, 0.3, 0.1]);
        music = HoldMusic::from_samples(Vec::new());
        music.fill(&mut frame);
        assert!(frame.is_silent());
    }
}
