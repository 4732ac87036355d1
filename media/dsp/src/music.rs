//! What a held party hears.
//!
//! Our own music is a pad of four slow chords with a note swelling over it each second. It is made as it is played, from
//! nothing but its place in time, and at 8 kHz, since it has nothing above 3 kHz; then raised to 48 kHz.
//! Each partial stands still or swells slowly, so its spectrum is lines; lines near the [`KEPT_FREE`] frequencies are
//! left out, so that a measurement can tell a voice's pilot tone from the music.
use crate::{
    Band, Upsampler,
    sine::{Sine, swell},
};
use trialog_frame::Frame;

/// Frequencies in Hz that have no energy of ours within [`MARGIN`].
const KEPT_FREE: [f64; 3] = [433.0, 997.0, 1511.0];

/// In Hz, to either side.
const MARGIN: f64 = 80.0;

/// The highest partial, in Hz.
const HIGHEST: f64 = 3_000.0;

const RATE: f64 = 8_000.0;

/// 10 ms at [`RATE`].
const STEP: usize = 80;

/// How long a chord lasts and how long a note, in seconds. One flows into the next.
const BAR: f64 = 4.0;
const BEAT: f64 = 1.0;

/// The pad's partials above the ground, and the melody's, which is purer.
const PAD: [f64; 4] = [1.0, 0.4, 0.2, 0.1];
const MELODY: [f64; 3] = [1.0, 0.15, 0.05];

/// What makes the whole about −20 dB.
const PAD_LEVEL: f64 = 0.061;
const MELODY_LEVEL: f64 = 0.045;

/// Four notes that stand and four that swell one after the other, as semitones above A4 = 440 Hz.
struct Chord {
    pad: [i32; 4],
    melody: [i32; 4],
}

/// C major seventh, A minor seventh, F major seventh, G with a sixth: round without end.
const CHORDS: [Chord; 4] = [
    Chord {
        pad: [-21, -14, -10, -5],
        melody: [7, 10, 3, 10],
    },
    Chord {
        pad: [-24, -17, -14, -9],
        melody: [3, 7, 12, 7],
    },
    Chord {
        pad: [-28, -12, -9, -5],
        melody: [8, 3, 12, 8],
    },
    Chord {
        pad: [-26, -14, -10, -7],
        melody: [5, 10, 7, 5],
    },
];

/// Hold music that never ends: our own, or samples that somebody chose.
pub struct HoldMusic(Source);

enum Source {
    Own { step: u64, raise: Box<Upsampler> },
    Samples { samples: Vec<f32>, at: usize },
}

impl HoldMusic {
    /// Our own: synthesised, so nobody else's. Allocates.
    #[expect(
        clippy::new_without_default,
        reason = "creation allocates: let it be seen"
    )]
    pub fn new() -> Self {
        // Not from the very start, where all swells from silence.
        Self(Source::Own {
            step: 200,
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
    let bar = (now / BAR).floor();
    // What began before still dies away.
    for bar in [bar - 1.0, bar] {
        let chord = &CHORDS[(bar.max(0.0) as usize) % CHORDS.len()];
        let age = now - bar * BAR;
        let envelope = |age: f64| PAD_LEVEL * swell(age / 1.2) * swell((BAR + 1.2 - age) / 1.2);
        for note in chord.pad {
            sound(note, age, &PAD, envelope, out);
        }
        for (beat, note) in (0..).zip(chord.melody) {
            let age = age - f64::from(beat) * BEAT;
            let envelope =
                |age: f64| MELODY_LEVEL * swell(age / 0.3) * swell((1.6 * BEAT - age) / 1.2);
            sound(note, age, &MELODY, envelope, out);
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
        (0..1_800)
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
                for frequency in (-25..=25)
                    .step_by(5)
                    .map(|offset| pilot + f64::from(offset))
                {
                    // In half seconds, as one would look for a pilot that comes and goes.
                    for part in samples[rate as usize / 10..].chunks_exact(rate as usize / 2) {
                        let level = Level::sine_amplitude(part, frequency, rate).0;
                        assert!(level < -75.0, "{level} dB at {frequency} Hz");
                    }
                }
            }
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
        assert!(bend < 0.01, "{bend}");
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
