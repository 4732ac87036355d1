//! Between the bridge's 48 kHz and a codec's 8 or 16 kHz, by polyphase FIR filters of linear phase.
//!
//! A transform-based resampler works on blocks and holds a sound back by a block or two (20 ms and more); these hold it
//! back by half the length of their filter only.
use crate::fir::{dot, low_pass};
use trialog_frame::{FRAME_SAMPLES, SampleTime};

/// What a codec's sampling rate leaves of the spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// 8 kHz: flat to 3.4 kHz.
    Narrow,
    /// 16 kHz: flat to 7 kHz.
    Wide,
}

impl Band {
    /// How often its rate goes into 48 kHz.
    pub const fn factor(self) -> usize {
        match self {
            Self::Narrow => 6,
            Self::Wide => 3,
        }
    }

    /// The band of a rate: 8000 or 16 000, else `None`.
    pub const fn of_rate(rate: u32) -> Option<Self> {
        match rate {
            8_000 => Some(Self::Narrow),
            16_000 => Some(Self::Wide),
            _ => None,
        }
    }

    /// Taps of each of the `factor` phases; multiples of 4 for [`dot`].
    const fn taps_a_phase(self) -> usize {
        match self {
            Self::Narrow => 24,
            Self::Wide => 32,
        }
    }

    const fn taps(self) -> usize {
        self.factor() * self.taps_a_phase()
    }

    /// The filter at 48 kHz. The cut-off lies at (or a hair below) the band's Nyquist frequency, so that the transition
    /// ends as far above it as the pass-band ends below: what folds over lands above the pass-band.
    fn filter(self) -> Vec<f64> {
        let (lower, beta) = match self {
            Self::Narrow => (0.995, 5.8),
            Self::Wide => (1.0, 6.0),
        };
        low_pass(self.taps(), lower * 0.5 / self.factor() as f64, beta)
    }

    /// How late sound leaves either resampler.
    pub const fn delay(self) -> SampleTime {
        SampleTime(self.taps() as u64 / 2)
    }
}

/// The most samples that go through in one piece; longer slices are cut.
const BLOCK: usize = FRAME_SAMPLES;

/// From a codec's rate to 48 kHz.
pub struct Upsampler {
    band: Band,
    /// `factor` phases, each reversed in time: phase p weighs the input for output p of each input sample.
    phases: Vec<f32>,
    /// The last `taps_a_phase − 1` inputs, then the block at work.
    line: Vec<f32>,
}

impl Upsampler {
    /// Starts from silence. Allocates.
    pub fn new(band: Band) -> Self {
        let (factor, length) = (band.factor(), band.taps_a_phase());
        let filter = band.filter();
        let phases = (0..factor)
            .flat_map(|phase| {
                let filter = &filter;
                // Zero stuffing divides the level by the factor.
                (0..length)
                    .rev()
                    .map(move |tap| (filter[tap * factor + phase] * factor as f64) as f32)
            })
            .collect();
        Self {
            band,
            phases,
            line: vec![0.0; length - 1 + BLOCK],
        }
    }

    /// `out` must be [`Band::factor`] times as long as `input`; of unequal slices the shorter one counts.
    pub fn process(&mut self, input: &[f32], out: &mut [f32]) {
        let (factor, length) = (self.band.factor(), self.band.taps_a_phase());
        for (input, out) in input.chunks(BLOCK).zip(out.chunks_mut(BLOCK * factor)) {
            self.line[length - 1..][..input.len()].copy_from_slice(input);
            for (window, out) in self
                .line
                .windows(length)
                .zip(out.chunks_exact_mut(factor))
                .take(input.len())
            {
                for (phase, sample) in self.phases.chunks_exact(length).zip(out) {
                    *sample = dot(phase, window);
                }
            }
            self.line
                .copy_within(input.len()..input.len() + length - 1, 0);
        }
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        self.line.fill(0.0);
    }

    /// How late its output is.
    pub const fn delay(&self) -> SampleTime {
        self.band.delay()
    }
}

/// From 48 kHz to a codec's rate.
pub struct Downsampler {
    band: Band,
    filter: Vec<f32>,
    line: Vec<f32>,
}

impl Downsampler {
    /// Starts from silence. Allocates.
    pub fn new(band: Band) -> Self {
        // Symmetric, so reversing it in time is no change.
        let filter = band.filter().iter().map(|tap| *tap as f32).collect();
        Self {
            band,
            filter,
            line: vec![0.0; band.taps() - 1 + BLOCK],
        }
    }

    /// `input` must be a multiple of [`Band::factor`] long and `out` that much shorter; of unequal slices the shorter one counts.
    pub fn process(&mut self, input: &[f32], out: &mut [f32]) {
        let (factor, length) = (self.band.factor(), self.band.taps());
        for (input, out) in input.chunks(BLOCK).zip(out.chunks_mut(BLOCK / factor)) {
            self.line[length - 1..][..input.len()].copy_from_slice(input);
            // The output falls on the last sample of each group, so it needs no sample that is not there yet.
            for (window, out) in self
                .line
                .windows(length)
                .skip(factor - 1)
                .step_by(factor)
                .zip(out)
            {
                *out = dot(&self.filter, window);
            }
            self.line
                .copy_within(input.len()..input.len() + length - 1, 0);
        }
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        self.line.fill(0.0);
    }

    /// How late its output is.
    pub const fn delay(&self) -> SampleTime {
        self.band.delay()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;
    use trialog_frame::Level;

    /// The filter's gain at a frequency in dB.
    fn response(filter: &[f64], frequency: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, tap) in filter.iter().enumerate() {
            let phase = TAU * frequency * n as f64 / 48e3;
            re += tap * phase.cos();
            im += tap * phase.sin();
        }
        10.0 * (re * re + im * im).log10()
    }

    #[test]
    fn the_pass_band_is_flat_and_the_stop_band_60_db_down() {
        for (band, pass, stop) in [(Band::Narrow, 3400, 4600), (Band::Wide, 7000, 9000)] {
            let filter = band.filter();
            for frequency in (0..=pass).step_by(10) {
                assert!(
                    response(&filter, f64::from(frequency)).abs() < 0.05,
                    "{frequency} Hz"
                );
            }
            for frequency in (stop..=24_000).step_by(10) {
                assert!(
                    response(&filter, f64::from(frequency)) < -60.0,
                    "{frequency} Hz"
                );
            }
        }
        assert!(Band::Narrow.delay().0 <= 72 && Band::Wide.delay().0 <= 48);
    }

    fn sine(frequency: f64, rate: f64, length: usize) -> Vec<f32> {
        (0..length)
            .map(|n| (0.5 * (TAU * frequency * n as f64 / rate).sin()) as f32)
            .collect()
    }

    fn up(band: Band, input: &[f32], block: usize) -> Vec<f32> {
        let (mut filter, mut out) = (Upsampler::new(band), vec![0.0; input.len() * band.factor()]);
        for (input, out) in input
            .chunks(block)
            .zip(out.chunks_mut(block * band.factor()))
        {
            filter.process(input, out);
        }
        out
    }

    fn down(band: Band, input: &[f32], block: usize) -> Vec<f32> {
        let (mut filter, mut out) = (
            Downsampler::new(band),
            vec![0.0; input.len() / band.factor()],
        );
        for (input, out) in input
            .chunks(block * band.factor())
            .zip(out.chunks_mut(block))
        {
            filter.process(input, out);
        }
        out
    }

    #[test]
    fn tones_come_up_without_images_and_down_without_aliases() {
        for (band, rate) in [(Band::Narrow, 8e3), (Band::Wide, 16e3)] {
            for share in [0.054, 0.125, 0.3, 0.42] {
                let frequency = share * rate;
                let tone = sine(frequency, rate, 8_000);
                let raised = up(band, &tone, 160);
                let level =
                    |frequency| Level::sine_amplitude(&raised[4_800..], frequency, 48e3).0 + 6.0206;
                assert!(level(frequency).abs() < 0.05);
                for image in 1..=2 {
                    let image = f64::from(image) * rate;
                    assert!(level(image - frequency) < -60.0 && level(image + frequency) < -60.0);
                }
                let back = down(band, &raised, 80);
                let level = Level::sine_amplitude(&back[800..], frequency, rate).0 + 6.0206;
                assert!(level.abs() < 0.1, "{level}");
                // What can't be represented is gone.
                let above = down(band, &sine(rate - frequency, 48e3, 48_000), 80);
                assert!(Level::peak(&above[800..]).0 < -66.0);
            }
        }
    }

    #[test]
    fn the_cut_into_blocks_can_t_be_heard() {
        let tone = sine(433.0, 8e3, 960);
        let raised = up(Band::Narrow, &tone, 960);
        let lowered = down(Band::Narrow, &raised, 960);
        for block in [1, 7, 80, 160, 481] {
            assert_eq!(up(Band::Narrow, &tone, block), raised);
            assert_eq!(down(Band::Narrow, &raised, block), lowered);
        }
    }

    #[test]
    fn a_click_comes_out_as_late_as_is_said() {
        for band in [Band::Narrow, Band::Wide] {
            let mut click = vec![0.0; 400];
            click[100] = 1.0;
            let raised = up(band, &click, 80);
            let loudest = (0..raised.len())
                .max_by(|a, b| raised[*a].abs().total_cmp(&raised[*b].abs()))
                .unwrap();
            let late = loudest as u64 - 100 * band.factor() as u64;
            assert!(late.abs_diff(band.delay().0) <= 1, "{late}");
        }
    }
}
