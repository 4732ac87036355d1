//! Two clocks that disagree by a few parts in a million, made to agree by resampling at nearly 1.
use crate::fir::{dot, low_pass};
use trialog_frame::{FRAME_SAMPLES, SampleTime};

/// Taps of the interpolation; half of them is its delay, and one.
const TAPS: usize = 16;

/// Places between two samples for which the filter is computed; between those it is interpolated in a straight line.
const PHASES: usize = 128;

/// The furthest from 1 that the ratio may be, in parts in a million.
const MOST_PPM: f32 = 1000.0;

/// The most that is made in one piece.
const BLOCK: usize = FRAME_SAMPLES;

/// One sample in the counting of [`DriftResampler::at`].
const ONE: u64 = 1 << 32;

/// Resamples 48 kHz by a ratio near 1 that may change at any time, without a click and without losing count.
pub struct DriftResampler {
    /// `PHASES + 1` filters of `TAPS`, the last being the first one sample later.
    filters: Vec<f32>,
    /// The last `TAPS` inputs, then those at work.
    line: Vec<f32>,
    /// How far the next output lies behind the input that was used last, in 2⁻³² samples, below [`ONE`].
    at: u64,
    /// From one output to the next, likewise.
    step: u64,
}

impl DriftResampler {
    /// At ratio 1, from silence. Allocates.
    #[expect(
        clippy::new_without_default,
        reason = "creation allocates: let it be seen"
    )]
    pub fn new() -> Self {
        // One long filter whose every PHASES-th tap belongs to one phase. As its cut-off is the Nyquist frequency, phase 0 is
        // one tap of 1: while the ratio is 1, nothing is changed.
        let long = low_pass(TAPS * PHASES + 1, 0.5 / PHASES as f64, 7.0);
        let filters = (0..=PHASES)
            .flat_map(|phase| {
                let long = &long;
                let taps =
                    move |tap: usize| long[(TAPS - 1 - tap) * PHASES + phase] * PHASES as f64;
                let sum: f64 = (0..TAPS).map(taps).sum();
                (0..TAPS).map(move |tap| (taps(tap) / sum) as f32)
            })
            .collect();
        let most = BLOCK + (BLOCK as f32 * MOST_PPM * 1e-6) as usize + 2;
        Self {
            filters,
            line: vec![0.0; TAPS + most],
            at: 0,
            step: ONE,
        }
    }

    /// From now on takes `ppm` parts in a million more input than it gives output (negative: less), within ±1000.
    pub fn set_ppm(&mut self, ppm: f32) {
        // A number that is none is no wish.
        let ppm = if ppm.is_finite() {
            ppm.clamp(-MOST_PPM, MOST_PPM)
        } else {
            0.0
        };
        self.step = (ONE as f64 * (1.0 + f64::from(ppm) * 1e-6)) as u64;
    }

    /// Exactly how many input samples [`DriftResampler::process`] will take for `outputs` samples of output.
    pub fn needed(&self, outputs: usize) -> usize {
        ((self.at + self.step * outputs as u64) / ONE) as usize
    }

    /// Fills `out` from `input`, which must hold [`DriftResampler::needed`]`(out.len())` samples or more, and returns how many were
    /// used. What is missing of `input` is taken for silence.
    pub fn process(&mut self, input: &[f32], out: &mut [f32]) -> usize {
        let mut used = 0;
        for out in out.chunks_mut(BLOCK) {
            let needed = self.needed(out.len());
            let input = &input[used.min(input.len())..];
            let there = needed.min(input.len());
            self.line[TAPS..TAPS + there].copy_from_slice(&input[..there]);
            self.line[TAPS + there..TAPS + needed].fill(0.0);
            // Most clocks agree most of the time: then this is a delay.
            let plain = self.at == 0 && self.step == ONE;
            if plain {
                out.copy_from_slice(&self.line[TAPS / 2 - 1..][..out.len()]);
                self.at = out.len() as u64 * ONE;
            }
            for sample in out.iter_mut().take(if plain { 0 } else { BLOCK }) {
                let window = &self.line[(self.at / ONE) as usize..][..TAPS];
                let fraction = (self.at % ONE) as f32 * (PHASES as f32 / ONE as f32);
                let phase = (fraction as usize).min(PHASES - 1);
                let pair = &self.filters[phase * TAPS..(phase + 2) * TAPS];
                let (first, second) = (dot(&pair[..TAPS], window), dot(&pair[TAPS..], window));
                *sample = first + (second - first) * (fraction - phase as f32);
                self.at += self.step;
            }
            self.at -= needed as u64 * ONE;
            self.line.copy_within(needed..needed + TAPS, 0);
            used += there;
        }
        used
    }

    /// How late its output is.
    pub const fn delay(&self) -> SampleTime {
        SampleTime(TAPS as u64 / 2 + 1)
    }
}

/// Finds the ratio that keeps a buffer between two clocks at its target.
///
/// It looks at the fill through an average of about a second, because packets and callbacks come in lumps, and settles
/// within about a minute, so slowly that no ear hears the pitch move.
pub struct DriftControl {
    target: f32,
    average: Option<f32>,
    /// The part of the answer that has proved right: the clocks' difference in parts in a million.
    learned: f32,
}

/// Parts in a million for each sample too many, and what of it is learned a second. With 0.048 samples a second for
/// each part in a million, this settles without swinging over.
const PROMPT: f32 = 2.0;
const LEARNED: f32 = 0.03;

impl DriftControl {
    /// The most that is answered, in parts in a million.
    pub const MOST_PPM: f32 = 500.0;

    /// `target`: the fill to be kept, in samples at 48 kHz.
    pub fn new(target: f32) -> Self {
        Self {
            target,
            average: None,
            learned: 0.0,
        }
    }

    /// Another fill to be kept.
    pub fn set_target(&mut self, target: f32) {
        self.target = target;
    }

    /// Tells the fill before a 10 ms frame is taken and returns the parts in a million for [`DriftResampler::set_ppm`].
    pub fn update(&mut self, fill: f32) -> f32 {
        if !fill.is_finite() {
            return self.learned;
        }
        let average = match self.average {
            Some(average) => average + (fill - average) * 0.01,
            None => fill,
        };
        self.average = Some(average);
        let excess = average - self.target;
        let answer = self.learned + PROMPT * excess;
        // While the answer is bounded, nothing can be learned from what is missing.
        if answer.abs() < Self::MOST_PPM {
            self.learned += LEARNED * 0.01 * excess;
        }
        answer.clamp(-Self::MOST_PPM, Self::MOST_PPM)
    }

    /// Forgets the fill but not the clocks' difference, as when the buffer was emptied or filled by force.
    pub fn restart(&mut self) {
        self.average = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;

    fn tone(frequency: f64, rate: f64, n: usize) -> f32 {
        (0.5 * (TAU * frequency * n as f64 / rate).sin()) as f32
    }

    #[test]
    fn at_ratio_1_it_is_a_delay_to_the_bit() {
        let mut resampler = DriftResampler::new();
        let input: Vec<f32> = (0..960).map(|n| tone(433.0, 48e3, n)).collect();
        let mut out = vec![0.0; 960];
        assert_eq!(resampler.process(&input, &mut out), 960);
        let late = resampler.delay().0 as usize;
        for n in late..960 {
            assert_eq!(out[n], input[n - late]);
        }
    }

    #[test]
    fn tones_stay_clean_at_any_ratio() {
        for ppm in [-500.0, -37.0, 200.0, 500.0] {
            for (frequency, least) in [
                (433.0, 75.0),
                (3_000.0, 75.0),
                (8_000.0, 60.0),
                (12_000.0, 45.0),
            ] {
                let mut resampler = DriftResampler::new();
                resampler.set_ppm(ppm);
                let ratio = resampler.step as f64 / ONE as f64;
                let (mut used, mut made, mut signal, mut noise) = (0, 0, 0.0, 0.0);
                for _ in 0..200 {
                    let needed = resampler.needed(480);
                    let input: Vec<f32> = (used..used + needed)
                        .map(|n| tone(frequency, 48e3, n))
                        .collect();
                    let mut out = [0.0; 480];
                    assert_eq!(resampler.process(&input, &mut out), needed);
                    for (n, sample) in out.iter().enumerate() {
                        let at = (made + n) as f64 * ratio - resampler.delay().0 as f64;
                        let expected = 0.5 * (TAU * frequency * at / 48e3).sin();
                        if made > 480 {
                            signal += expected * expected;
                            noise += (f64::from(*sample) - expected).powi(2);
                        }
                    }
                    used += needed;
                    made += 480;
                }
                let snr = 10.0 * (signal / noise).log10();
                assert!(snr > least, "{frequency} Hz at {ppm} ppm: {snr:.1} dB");
                assert!((used as f64 / made as f64 - ratio).abs() < 2.0 / made as f64);
            }
        }
    }

    #[test]
    fn a_change_of_ratio_does_not_click() {
        let mut resampler = DriftResampler::new();
        let (mut used, mut last, mut steepest) = (0, 0.0, 0.0f32);
        for frame in 0..100 {
            resampler.set_ppm(if frame % 2 == 0 { 500.0 } else { -500.0 });
            let needed = resampler.needed(480);
            let input: Vec<f32> = (used..used + needed)
                .map(|n| tone(433.0, 48e3, n))
                .collect();
            let mut out = [0.0; 480];
            resampler.process(&input, &mut out);
            for sample in out {
                steepest = steepest.max((sample - last).abs());
                last = sample;
            }
            used += needed;
        }
        assert!(steepest < 1.01 * 0.5 * (TAU * 433.0 / 48e3) as f32);
    }

    #[test]
    fn too_little_input_is_silence_and_loses_no_count() {
        let mut resampler = DriftResampler::new();
        resampler.set_ppm(f32::NAN);
        let mut out = [1.0; 1_000];
        assert_eq!(resampler.process(&[0.5; 100], &mut out), 100);
        assert!(out[300..].iter().all(|sample| *sample == 0.0));
        assert_eq!(resampler.needed(480), 480);
    }

    #[test]
    fn hours_of_drift_neither_fill_nor_empty_the_buffer() {
        for drift in [-300.0f64, 50.0, 300.0] {
            let (mut control, mut resampler) = (DriftControl::new(960.0), DriftResampler::new());
            let (mut fill, mut owed) = (960.0f64, 0.0);
            let (mut mean, mut off, mut low, mut high) = (960.0, 0.0f64, f32::MAX, f32::MIN);
            let mut state = 1u32;
            for frame in 0..360_000 {
                // Packets of 20 ms, seen up to 5 ms early or late.
                owed += 480.0 * (1.0 + drift * 1e-6);
                if frame % 2 == 0 {
                    fill += owed;
                    owed = 0.0;
                }
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 16) / 65_536.0 * 480.0 - 240.0;
                let ppm = control.update((fill + noise) as f32);
                resampler.set_ppm(ppm);
                mean += (fill - mean) * 0.01;
                fill -= 480.0 * (1.0 + f64::from(ppm) * 1e-6);
                // After two minutes it knows.
                if frame > 12_000 {
                    off = off.max((mean - 960.0).abs());
                    low = low.min(ppm);
                    high = high.max(ppm);
                }
            }
            assert!(
                off < 48.0,
                "{drift} ppm: the fill is off by {off:.0} samples"
            );
            assert!(
                high - low < 200.0,
                "{drift} ppm: it answers {low}..{high} ppm"
            );
        }
    }
}
