//! The tones that a telephone network makes (ITU-T E.180 as in Germany: 425 Hz), and those of the phone itself.
use crate::sine::{Sine, swell};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// Which tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallTone {
    /// The called party rings: 1 s of 425 Hz, 4 s of nothing.
    RingBack,
    /// The called party is busy: 480 ms of 425 Hz, 480 ms of nothing.
    Busy,
    /// We are called: a bell of two tones, twice 400 ms, then 2 s of nothing.
    Ringing,
    /// A second call waits: twice 200 ms of 425 Hz, quietly, then 5 s of nothing.
    Waiting,
}

impl CallTone {
    /// From when to when it sounds within a period, and the period, in frames of 10 ms.
    const fn cadence(self) -> (&'static [(u64, u64)], u64) {
        match self {
            Self::RingBack => (&[(0, 100)], 500),
            Self::Busy => (&[(0, 48)], 96),
            Self::Ringing => (&[(0, 40), (60, 100)], 300),
            Self::Waiting => (&[(0, 20), (40, 60)], 560),
        }
    }

    /// Frequencies in Hz, and the amplitude of each.
    const fn voices(self) -> (&'static [f64], f32) {
        match self {
            Self::RingBack | Self::Busy => (&[425.0], 0.1),
            Self::Ringing => (&[587.33, 880.0, 1174.66], 0.07),
            Self::Waiting => (&[425.0], 0.05),
        }
    }
}

/// One running tone, from its beginning. Bursts begin and end softly, within 5 ms.
pub struct ToneGenerator {
    tone: CallTone,
    frame: u64,
}

impl ToneGenerator {
    /// At the start of its first burst.
    pub fn new(tone: CallTone) -> Self {
        Self { tone, frame: 0 }
    }

    /// Back to the start of the first burst.
    pub fn restart(&mut self) {
        self.frame = 0;
    }

    /// The next 10 ms. Overwrites `frame`.
    pub fn fill(&mut self, frame: &mut Frame) {
        *frame = Frame::SILENCE;
        let (bursts, period) = self.tone.cadence();
        let at = self.frame % period;
        self.frame = (at + 1) % period;
        let Some((start, end)) = bursts
            .iter()
            .find(|(start, end)| (*start..*end).contains(&at))
        else {
            return;
        };
        let (frequencies, amplitude) = self.tone.voices();
        for frequency in frequencies {
            let age = (at - start) as f64 / 100.0;
            Sine {
                frequency: *frequency,
                rate: 48e3,
                age,
                amplitudes: [amplitude; 2],
            }
            .add_to(&mut frame.0);
        }
        const EDGE: usize = FRAME_SAMPLES / 2;
        let gain = |n: usize| swell((n as f64 + 0.5) / EDGE as f64) as f32;
        if at == *start {
            (0..EDGE).for_each(|n| frame[n] *= gain(n));
        }
        if at + 1 == *end {
            (0..EDGE).for_each(|n| frame[FRAME_SAMPLES - 1 - n] *= gain(n));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_frame::Level;

    fn seconds(tone: CallTone, seconds: usize) -> Vec<f32> {
        let mut generator = ToneGenerator::new(tone);
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
        let ring_back = seconds(CallTone::RingBack, 10);
        assert_eq!(cadence(&ring_back), [1000, 4000, 1000, 4000]);
        assert_eq!(
            cadence(&seconds(CallTone::Busy, 2))[..4],
            [480, 480, 480, 480]
        );
        assert!(
            (Level::sine_amplitude(&ring_back[4_800..43_200], 425.0, 48e3).0 + 20.0).abs() < 0.05
        );
        assert!(Level::sine_amplitude(&ring_back[4_800..43_200], 400.0, 48e3).0 < -80.0);
    }

    #[test]
    fn the_phone_s_own_tones_pause() {
        assert_eq!(
            cadence(&seconds(CallTone::Ringing, 3)),
            [400, 200, 400, 2000]
        );
        assert_eq!(
            cadence(&seconds(CallTone::Waiting, 5))[..4],
            [200, 200, 200, 4400]
        );
    }

    #[test]
    fn no_tone_clicks() {
        for tone in [
            CallTone::RingBack,
            CallTone::Busy,
            CallTone::Ringing,
            CallTone::Waiting,
        ] {
            let samples = seconds(tone, 12);
            let steepest = samples
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max);
            let (frequencies, amplitude) = tone.voices();
            let natural: f64 = frequencies
                .iter()
                .map(|f| core::f64::consts::TAU * f / 48e3)
                .sum();
            assert!(
                steepest < 1.05 * amplitude * natural as f32,
                "{tone:?}: {steepest}"
            );
        }
    }
}
