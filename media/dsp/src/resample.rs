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

    /// The filter at 48 kHz. The cut-off lies at the band's Nyquist frequency, so that the transition ends as far above
    /// it as the pass-band ends below: what folds over lands above the pass-band.
    fn filter(self) -> Vec<f64> {
        low_pass(self.taps(), 0.5 / self.factor() as f64, 5.65)
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
