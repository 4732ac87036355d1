//! The tones that a telephone network makes, as each country's callers know them (ITU-T E.180, its supplement 2), and those of the
//! phone itself.
use crate::sine::{Sine, swell};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// Which tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallTone {
    /// The called party rings: the country's.
    RingBack,
    /// The called party is busy: the country's.
    Busy,
    /// A call failed, on its way or because there is no such party: the country's.
    Congestion,
    /// We are called: a bell of two tones, twice 400 ms, then 2 s of nothing.
    Ringing,
    /// A second call waits: the country's, quietly.
    Waiting,
    /// A call was answered without our doing: 200 ms of 1,000 Hz, once.
    Answered,
}

/// Whose network's tones are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Country {
    /// Germany.
    #[default]
    De,
    /// Austria.
    At,
    /// Switzerland.
    Ch,
    /// Belgium.
    Be,
    /// Spain.
    Es,
    /// France.
    Fr,
    /// Italy.
    It,
    /// The Netherlands.
    Nl,
    /// Poland.
    Pl,
    /// The United Kingdom.
    Uk,
    /// The United States and Canada.
    Us,
}

impl Country {
    /// All, with their names in a configuration.
    pub const ALL: [(&'static str, Self); 11] = [
        ("de", Self::De),
        ("at", Self::At),
        ("ch", Self::Ch),
        ("be", Self::Be),
        ("es", Self::Es),
        ("fr", Self::Fr),
        ("it", Self::It),
        ("nl", Self::Nl),
        ("pl", Self::Pl),
        ("uk", Self::Uk),
        ("us", Self::Us),
    ];
}

/// A tone: what sounds, and when.
#[derive(Clone, Copy)]
struct Pattern {
    /// In Hz, at once.
    frequencies: &'static [f64],
    /// Lengths of sound and of silence by turns, in frames of 10 ms, over and over. E.180 allows a tenth more or less, so 375 ms
    /// may be 380.
    cadence: &'static [u64],
    /// Of each frequency.
    amplitude: f32,
}

const fn pattern(frequencies: &'static [f64], cadence: &'static [u64]) -> Pattern {
    Pattern {
        frequencies,
        cadence,
        amplitude: 0.1 / frequencies.len() as f32,
    }
}

impl CallTone {
    const fn pattern(self, country: Country) -> Pattern {
        match self {
            Self::RingBack => ring_back(country),
            Self::Busy => busy(country),
            Self::Congestion => congestion(country),
            Self::Ringing => Pattern {
                frequencies: &[587.33, 880.0, 1174.66],
                cadence: &[40, 20, 40, 200],
                amplitude: 0.07,
            },
            Self::Waiting => {
                // It sounds into a call.
                let pattern = waiting(country);
                Pattern {
                    amplitude: pattern.amplitude / 2.0,
                    ..pattern
                }
            }
            // Once: the pause is longer than any phone runs.
            Self::Answered => pattern(&[1_000.0], &[20, u64::MAX - 20]),
        }
    }
}

const fn ring_back(country: Country) -> Pattern {
    match country {
        Country::At => pattern(&[420.0], &[100, 500]),
        Country::Be => pattern(&[425.0], &[100, 300]),
        Country::Es => pattern(&[425.0], &[150, 300]),
        Country::Fr => pattern(&[440.0], &[150, 350]),
        Country::Uk => pattern(&[400.0, 450.0], &[40, 20, 40, 200]),
        Country::Us => pattern(&[440.0, 480.0], &[200, 400]),
        Country::De | Country::Ch | Country::It | Country::Nl | Country::Pl => {
            pattern(&[425.0], &[100, 400])
        }
    }
}

const fn busy(country: Country) -> Pattern {
    match country {
        Country::De => pattern(&[425.0], &[48, 48]),
        Country::At => pattern(&[420.0], &[40, 40]),
        Country::Es => pattern(&[425.0], &[20, 20]),
        Country::Fr => pattern(&[440.0], &[50, 50]),
        Country::Uk => pattern(&[400.0], &[38, 37]),
        Country::Us => pattern(&[480.0, 620.0], &[50, 50]),
        Country::Ch | Country::Be | Country::It | Country::Nl | Country::Pl => {
            pattern(&[425.0], &[50, 50])
        }
    }
}

const fn congestion(country: Country) -> Pattern {
    match country {
        Country::De => pattern(&[425.0], &[24, 24]),
        Country::At => pattern(&[420.0], &[20, 20]),
        Country::Be => pattern(&[425.0], &[17, 17]),
        Country::Es => pattern(&[425.0], &[20, 20, 20, 20, 20, 60]),
        Country::Fr => pattern(&[440.0], &[25, 25]),
        Country::Nl => pattern(&[425.0], &[25, 25]),
        Country::Uk => pattern(&[400.0], &[40, 35, 23, 53]),
        Country::Us => pattern(&[480.0, 620.0], &[25, 25]),
        Country::Ch | Country::It => pattern(&[425.0], &[20, 20]),
        Country::Pl => pattern(&[425.0], &[50, 50]),
    }
}

const fn waiting(country: Country) -> Pattern {
    match country {
        Country::De => pattern(&[425.0], &[20, 20, 20, 500]),
        Country::At => pattern(&[420.0], &[4, 196]),
        Country::Ch => pattern(&[425.0], &[20, 20, 20, 400]),
        Country::Be => pattern(&[1_400.0], &[18, 17, 18, 350]),
        Country::Es => pattern(&[425.0], &[18, 17, 18, 350]),
        Country::Fr => pattern(&[440.0], &[30, 1_000]),
        Country::It => pattern(&[425.0], &[40, 10, 25, 10, 15, 1_400]),
        Country::Nl => pattern(&[425.0], &[50, 950]),
        Country::Pl => pattern(&[425.0], &[15, 15, 15, 400]),
        Country::Uk => pattern(&[400.0], &[10, 400]),
        Country::Us => pattern(&[440.0], &[30, 1_000]),
    }
}

/// One running tone, from its beginning. Bursts begin and end softly, within 5 ms.
pub struct ToneGenerator {
    pattern: Pattern,
    /// Which part of the cadence, and how far into it.
    part: usize,
    frame: u64,
}

impl ToneGenerator {
    /// At the start of its first burst.
    pub fn new(tone: CallTone, country: Country) -> Self {
        Self {
            pattern: tone.pattern(country),
            part: 0,
            frame: 0,
        }
    }

    /// Back to the start of the first burst.
    pub fn restart(&mut self) {
        (self.part, self.frame) = (0, 0);
    }

    /// The next 10 ms. Overwrites `frame`.
    pub fn fill(&mut self, frame: &mut Frame) {
        *frame = Frame::SILENCE;
        let (at, length) = (self.frame, self.pattern.cadence[self.part]);
        let sounds = self.part.is_multiple_of(2);
        self.frame += 1;
        if self.frame >= length {
            (self.part, self.frame) = ((self.part + 1) % self.pattern.cadence.len(), 0);
        }
        if sounds {
            self.sound(at, at + 1 == length, frame);
        }
    }

    /// Frame number `at` of a burst.
    fn sound(&self, at: u64, is_last: bool, frame: &mut Frame) {
        for frequency in self.pattern.frequencies {
            Sine {
                frequency: *frequency,
                rate: 48e3,
                age: at as f64 / 100.0,
                amplitudes: [self.pattern.amplitude; 2],
            }
            .add_to(&mut frame.0);
        }
        const EDGE: usize = FRAME_SAMPLES / 2;
        let gain = |n: usize| swell((n as f64 + 0.5) / EDGE as f64) as f32;
        if at == 0 {
            (0..EDGE).for_each(|n| frame[n] *= gain(n));
        }
        if is_last {
            (0..EDGE).for_each(|n| frame[FRAME_SAMPLES - 1 - n] *= gain(n));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_frame::Level;

    const TONES: [CallTone; 6] = [
        CallTone::RingBack,
        CallTone::Busy,
        CallTone::Congestion,
        CallTone::Ringing,
        CallTone::Waiting,
        CallTone::Answered,
    ];

    fn heard(tone: CallTone, country: Country, seconds: usize) -> Vec<f32> {
        let mut generator = ToneGenerator::new(tone, country);
        let mut frame = Frame::SILENCE;
        (0..seconds * 100)
            .flat_map(|_| {
                generator.fill(&mut frame);
                frame.0
            })
            .collect()
    }

    /// The lengths in ms of sound and of silence, alternating.
    fn cadence(samples: &[f32]) -> Vec<usize> {
        let loud: Vec<bool> = samples
            .chunks(480)
            .map(|frame| Level::rms(frame).0 > -60.0)
            .collect();
        loud.chunk_by(|a, b| a == b)
            .map(|run| run.len() * 10)
            .collect()
    }

    #[test]
    fn ring_back_and_busy_have_the_german_cadence_at_425_hz() {
        let ring_back = heard(CallTone::RingBack, Country::De, 10);
        assert_eq!(cadence(&ring_back), [1000, 4000, 1000, 4000]);
        let busy = heard(CallTone::Busy, Country::De, 2);
        assert_eq!(cadence(&busy)[..4], [480, 480, 480, 480]);
        let level = |frequency| Level::sine_amplitude(&ring_back[4_800..43_200], frequency, 48e3).0;
        assert!((level(425.0) + 20.0).abs() < 0.05);
        assert!(level(400.0) < -80.0);
    }

    #[test]
    fn each_country_has_its_own() {
        let two = heard(CallTone::RingBack, Country::Us, 6);
        assert_eq!(cadence(&two), [2000, 4000]);
        for (frequency, there) in [(440.0, true), (480.0, true), (425.0, false)] {
            let level = Level::sine_amplitude(&two[4_800..91_200], frequency, 48e3).0;
            assert_eq!((level + 26.0).abs() < 0.1, there, "{frequency} Hz: {level}");
        }
        let double = heard(CallTone::RingBack, Country::Uk, 6);
        assert_eq!(cadence(&double), [400, 200, 400, 2000, 400, 200, 400, 2000]);
        let busy = heard(CallTone::Busy, Country::Uk, 3);
        assert_eq!(cadence(&busy)[..4], [380, 370, 380, 370]);
        let congestion = heard(CallTone::Congestion, Country::De, 2);
        assert_eq!(cadence(&congestion)[..4], [240, 240, 240, 240]);
        let congestion = heard(CallTone::Congestion, Country::Uk, 3);
        assert_eq!(cadence(&congestion)[..4], [400, 350, 230, 530]);
        let waiting = heard(CallTone::Waiting, Country::It, 15);
        assert_eq!(cadence(&waiting)[..5], [400, 100, 250, 100, 150]);
    }

    #[test]
    fn the_phone_s_own_tones_pause() {
        let own = |tone, seconds| cadence(&heard(tone, Country::De, seconds));
        assert_eq!(own(CallTone::Ringing, 3), [400, 200, 400, 2000]);
        assert_eq!(own(CallTone::Waiting, 6)[..4], [200, 200, 200, 5000]);
        assert_eq!(own(CallTone::Answered, 5), [200, 4800]);
    }

    #[test]
    fn no_tone_clicks() {
        for (tone, (_, country)) in TONES
            .iter()
            .flat_map(|tone| Country::ALL.map(|country| (*tone, country)))
        {
            let steepest = heard(tone, country, 8)
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max);
            let Pattern {
                frequencies,
                amplitude,
                ..
            } = tone.pattern(country);
            let natural: f64 = frequencies
                .iter()
                .map(|f| core::f64::consts::TAU * f / 48e3)
                .sum();
            assert!(
                steepest < 1.05 * amplitude * natural as f32,
                "{tone:?}, {country:?}: {steepest}"
            );
        }
    }
}
