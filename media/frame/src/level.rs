//! Levels in decibels of full scale.
use core::fmt;

/// A level in dB, 0 being an amplitude of 1.0. By this measure a full-scale sine has a peak of 0 dB and an RMS of
/// −3.01 dB; a tone "at −30 dBFS" is [`Level::sine_amplitude`] of −30: its peak, so its RMS reads −33.01.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Level(pub f32);

impl Level {
    /// What silence measures: lower than any sound of 24 bits.
    pub const FLOOR: Self = Self(-200.0);

    /// The level of a linear amplitude; [`Level::FLOOR`] for zero and for anything that is no number.
    pub fn of_amplitude(amplitude: f32) -> Self {
        if amplitude.abs() > 1e-10 {
            Self(20.0 * amplitude.abs().log10())
        } else {
            Self::FLOOR
        }
    }

    /// The linear amplitude of this level, ≥ 0.
    pub fn amplitude(self) -> f32 {
        10f32.powf(self.0 / 20.0)
    }

    /// The RMS of samples, linear 1.0 being 0 dB; [`Level::FLOOR`] for no samples.
    pub fn rms(samples: &[f32]) -> Self {
        if samples.is_empty() {
            return Self::FLOOR;
        }
        let energy: f64 = samples
            .iter()
            .map(|sample| f64::from(*sample) * f64::from(*sample))
            .sum();
        Self::of_amplitude((energy / samples.len() as f64).sqrt() as f32)
    }

    /// The largest absolute sample.
    pub fn peak(samples: &[f32]) -> Self {
        Self::of_amplitude(
            samples
                .iter()
                .fold(0.0, |peak: f32, sample| peak.max(sample.abs())),
        )
    }

    /// The amplitude of one sine in `samples`, found by correlation with it (so other sounds do not count, the less
    /// the longer the slice): `frequency` in Hz, `rate` in samples a second.
    pub fn sine_amplitude(samples: &[f32], frequency: f64, rate: f64) -> Self {
        if samples.is_empty() {
            return Self::FLOOR;
        }
        // A Hann window keeps strong neighbours out; its mean of ½ is divided out again.
        let (mut re, mut im) = (0.0, 0.0);
        let turn = core::f64::consts::TAU;
        for (index, sample) in samples.iter().enumerate() {
            let window = 0.5 - 0.5 * (turn * (index as f64 + 0.5) / samples.len() as f64).cos();
            let phase = turn * frequency * index as f64 / rate;
            re += f64::from(*sample) * window * phase.cos();
            im += f64::from(*sample) * window * phase.sin();
        }
        Self::of_amplitude((4.0 * (re * re + im * im).sqrt() / samples.len() as f64) as f32)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.1} dB", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(frequency: f64, amplitude: f64) -> Vec<f32> {
        (0..48_000)
            .map(|n| {
                (amplitude * (core::f64::consts::TAU * frequency * f64::from(n) / 48e3).sin())
                    as f32
            })
            .collect()
    }

    #[test]
    fn level_and_amplitude_are_inverse() {
        for db in [-90.0, -30.0, -6.0206, 0.0, 6.0] {
            assert!((Level::of_amplitude(Level(db).amplitude()).0 - db).abs() < 1e-3);
        }
        assert_eq!(Level::of_amplitude(0.0), Level::FLOOR);
        assert_eq!(Level::of_amplitude(f32::NAN), Level::FLOOR);
    }

    #[test]
    fn a_sine_of_minus_30_measures_minus_30_beside_a_louder_one() {
        let mixed: Vec<f32> = sine(433.0, 0.031_622_8)
            .iter()
            .zip(sine(997.0, 0.5))
            .map(|(a, b)| a + b)
            .collect();
        assert!((Level::sine_amplitude(&mixed, 433.0, 48e3).0 + 30.0).abs() < 0.01);
        assert!((Level::rms(&sine(433.0, 1.0)).0 + 3.0103).abs() < 0.01);
        assert!((Level::peak(&sine(433.0, 1.0)).0).abs() < 0.01);
    }
}
