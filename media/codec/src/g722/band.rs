//! One band's adaptation: the quantizer's scale and the predictor of two poles and six zeros. Encoder and decoder run the
//! same one from the same codes, which is why they stay together.
use super::tables::{ILB, MOVE_HIGH, MOVE_LOW, QM2, QM4};

/// To the range of 16 bits.
pub(super) fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// A product in the Recommendation's Q15.
fn q15(a: i32, b: i32) -> i32 {
    (a * b) >> 15
}

#[derive(Clone)]
pub(super) struct Band {
    /// The logarithm of the scale, NB.
    log_scale: i32,
    /// The scale, DET.
    pub(super) scale: i32,
    /// The prediction, S, and the zeros' part in it, SZ.
    prediction: i32,
    zeros_part: i32,
    /// The latest first: quantized differences, reconstructed samples, partial reconstructions.
    differences: [i32; 6],
    samples: [i32; 2],
    partials: [i32; 2],
    poles: [i32; 2],
    zeros: [i32; 6],
}

impl Band {
    const fn new(scale: i32) -> Self {
        Self {
            log_scale: 0,
            scale,
            prediction: 0,
            zeros_part: 0,
            differences: [0; 6],
            samples: [0; 2],
            partials: [0; 2],
            poles: [0; 2],
            zeros: [0; 6],
        }
    }

    /// In the state of the Recommendation's RESET.
    pub(super) const LOW: Self = Self::new(32);
    pub(super) const HIGH: Self = Self::new(8);

    pub(super) fn prediction(&self) -> i32 {
        self.prediction
    }

    pub(super) fn scale(&self) -> i32 {
        self.scale
    }

    /// Learns from the upper four bits of a code of the lower band.
    pub(super) fn adapt_low(&mut self, code: usize) {
        let difference = q15(self.scale, QM4[code]);
        // LOGSCL and SCALEL.
        self.rescale(MOVE_LOW[code], 18_432, 8);
        self.predict(difference);
    }

    /// Learns from a code of the upper band.
    pub(super) fn adapt_high(&mut self, code: usize) {
        let difference = q15(self.scale, QM2[code]);
        // LOGSCH and SCALEH.
        self.rescale(MOVE_HIGH[code], 22_528, 10);
        self.predict(difference);
    }

    fn rescale(&mut self, by: i32, most: i32, shift: i32) {
        self.log_scale = (((self.log_scale * 127) >> 7) + by).clamp(0, most);
        let mantissa = ILB[(self.log_scale >> 6) as usize & 31];
        let shift = shift - (self.log_scale >> 11);
        self.scale = if shift < 0 {
            mantissa << -shift
        } else {
            mantissa >> shift
        } << 2;
    }

    /// Takes in a quantized difference and makes the next prediction.
    fn predict(&mut self, difference: i32) {
        // RECONS and PARREC.
        let sample = saturate(self.prediction + difference);
        let partial = saturate(self.zeros_part + difference);
        let like = |a: i32, b: i32| (a < 0) == (b < 0);

        // UPPOL2, then UPPOL1, which needs its result.
        let pull = saturate(self.poles[0] << 2);
        let pull = if like(partial, self.partials[0]) {
            (-pull).min(32_767)
        } else {
            pull
        };
        let push = if like(partial, self.partials[1]) {
            128
        } else {
            -128
        };
        let second = ((pull >> 7) + push + q15(self.poles[1], 32_512)).clamp(-12_288, 12_288);
        let push = if like(partial, self.partials[0]) {
            192
        } else {
            -192
        };
        let bound = saturate(15_360 - second);
        self.poles = [
            saturate(push + q15(self.poles[0], 32_640)).clamp(-bound, bound),
            second,
        ];

        // UPZERO.
        for (zero, old) in self.zeros.iter_mut().zip(&self.differences) {
            let push = match difference {
                0 => 0,
                _ if like(difference, *old) => 128,
                _ => -128,
            };
            *zero = saturate(push + q15(*zero, 32_640));
        }

        // DELAYA.
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.samples = [sample, self.samples[0]];
        self.partials = [partial, self.partials[0]];

        // FILTEP, FILTEZ and PREDIC.
        let part = |(weight, value): (&i32, &i32)| q15(*weight, saturate(value + value));
        let poles_part = saturate(self.poles.iter().zip(&self.samples).map(part).sum());
        self.zeros_part = saturate(self.zeros.iter().zip(&self.differences).map(part).sum());
        self.prediction = saturate(poles_part + self.zeros_part);
    }
}
