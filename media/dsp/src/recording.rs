//! A whole recording from one sampling rate to another, by a windowed sinc: it looks ahead and takes its time, so it is for files,
//! not for calls.
use crate::fir::kaiser;
use core::f64::consts::PI;

/// Zero crossings of the sinc on each side of its middle.
const CROSSINGS: usize = 48;

/// Points of the kernel between two crossings; between the points it is a straight line, which is exact to −110 dB.
const POINTS: usize = 512;

/// With these, what is above the lower of the two Nyquist frequencies is more than 90 dB down, and up to 0.88 of it all is flat.
const CUTOFF: f64 = 0.94;
const BETA: f64 = 8.5;

/// `input`: mono, at the rate `from`, in Hz. Returns it at the rate `to`, in Hz, as long in time (rounded down) and without delay;
/// what is before its begin and after its end counts as silence. Allocates. A rate of 0 counts as 1.
pub fn resample(input: &[f32], from: u32, to: u32) -> Vec<f32> {
    let (from, to) = (from.max(1), to.max(1));
    if from == to {
        return input.to_vec();
    }
    let kernel = kernel();
    let step = f64::from(from) / f64::from(to);
    // Going down, the cut-off goes down with the rate.
    let scale = CUTOFF * step.recip().min(1.0);
    let reach = CROSSINGS as f64 / scale;
    let length = (input.len() as u64 * u64::from(to) / u64::from(from)) as usize;
    let sample = |n: usize| {
        let centre = n as f64 * step;
        let first = ((centre - reach).ceil().max(0.0) as usize).min(input.len());
        let end = ((centre + reach).floor() as usize + 1).clamp(first, input.len());
        let near = input[first..end].iter().enumerate();
        let sum: f64 = near
            .map(|(index, sample)| {
                let distance = ((first + index) as f64 - centre).abs() * scale;
                f64::from(*sample) * at(&kernel, distance)
            })
            .sum();
        (sum * scale) as f32
    };
    (0..length).map(sample).collect()
}

/// One half of the kernel, from its middle outwards, and a zero after its end.
fn kernel() -> Vec<f64> {
    let last = CROSSINGS * POINTS;
    let point = |n: usize| {
        let x = PI * n as f64 / POINTS as f64;
        let sinc = if n == 0 { 1.0 } else { x.sin() / x };
        sinc * kaiser(BETA, n as f64 / last as f64)
    };
    (0..=last).map(point).chain([0.0, 0.0]).collect()
}

/// The kernel at a distance from its middle, in crossings.
fn at(kernel: &[f64], distance: f64) -> f64 {
    let point = distance * POINTS as f64;
    let (index, share) = (point as usize, point.fract());
    match kernel.get(index..index + 2) {
        Some(pair) => pair[0] + (pair[1] - pair[0]) * share,
        None => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;
    use trialog_frame::Level;

    fn tone(frequency: f64, rate: u32, length: usize) -> Vec<f32> {
        (0..length)
            .map(|n| (0.5 * (TAU * frequency * n as f64 / f64::from(rate)).sin()) as f32)
            .collect()
    }

    /// What is left of a tone of 0.2 s when the same tone, made at the new rate, is taken from it; in dB of the tone.
    fn error(frequency: f64, from: u32, to: u32) -> f32 {
        let got = resample(&tone(frequency, from, from as usize / 5), from, to);
        assert_eq!(got.len(), to as usize / 5);
        let wanted = tone(frequency, to, got.len());
        // Where the kernel reaches beyond neither end.
        let edge = got.len() / 10;
        let error: Vec<f32> = got
            .iter()
            .zip(&wanted)
            .map(|(got, want)| got - want)
            .collect();
        Level::rms(&error[edge..got.len() - edge]).0 - Level::rms(&wanted).0
    }

    #[test]
    fn a_tone_of_any_rate_is_the_same_tone_at_48_khz() {
        for from in [
            8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 96_000, 192_000,
        ] {
            let nyquist = f64::from(from.min(48_000)) / 2.0;
            for share in [0.01, 0.37, 0.88] {
                let error = error(share * nyquist, from, 48_000);
                assert!(error < -90.0, "{from} Hz, {share} of its band: {error} dB");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_can_not_hold_is_gone() {
        for (from, to, frequency) in [(96_000, 48_000, 24_100.0), (48_000, 8_000, 4_050.0)] {
            for frequency in [frequency, 1.2 * frequency, 1.9 * frequency] {
                let got = resample(&tone(frequency, from, from as usize / 2), from, to);
                let edge = got.len() / 10;
                let level = Level::peak(&got[edge..got.len() - edge]).0;
                assert!(level < -90.0, "{frequency} Hz to {to}: {level} dB");
            }
        }
    }

    #[test]
    fn nothing_and_little_are_no_trouble() {
        assert_eq!(resample(&[], 44_100, 48_000), []);
        assert_eq!(resample(&[0.5; 3], 48_000, 48_000), [0.5; 3]);
        assert_eq!(resample(&[0.5; 3], 0, 2).len(), 6);
        assert_eq!(resample(&[0.5; 3], u32::MAX, 48_000).len(), 0);
    }
}
