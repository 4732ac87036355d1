//! ITU-T G.722 at 64 kbit/s: 16 kHz PCM in two bands, each by ADPCM, the lower with six bits and the upper with two.
//!
//! The numbers and the order of roundings are the Recommendation's, so encoder and decoder agree with every other one to
//! the bit. Names in capitals in the comments are its blocks.
use crate::{Decoder, Encoder, to_f32, to_i16};

mod band;
mod tables;

use band::{Band, saturate};
use tables::{Q6, QM2, QM6, QMF};

/// PCM at 16 kHz to octets.
#[derive(Clone)]
pub struct G722Encoder {
    low: Band,
    high: Band,
    filter: Filter,
}

impl G722Encoder {
    /// In the standard's initial state.
    pub const fn new() -> Self {
        Self {
            low: Band::LOW,
            high: Band::HIGH,
            filter: Filter::EMPTY,
        }
    }

    /// Two samples into one octet.
    fn octet(&mut self, samples: [i16; 2]) -> u8 {
        // Transmit QMF (§3.1): the sum of the two half filters is the lower band, the difference the upper one.
        let [odd, even] = self.filter.run(samples.map(i32::from));
        let low = quantize_low(
            saturate(((even + odd) >> 14) - self.low.prediction()),
            self.low.scale(),
        );
        self.low.adapt_low(low >> 2);
        let high = quantize_high(
            saturate(((even - odd) >> 14) - self.high.prediction()),
            self.high.scale(),
        );
        self.high.adapt_high(high);
        (high << 6 | low) as u8
    }
}

impl Default for G722Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder for G722Encoder {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> usize {
        let octets = pcm.len() / 2;
        if out.len() < octets {
            return 0;
        }
        for (octet, pair) in out.iter_mut().zip(pcm.chunks_exact(2)) {
            *octet = self.octet([to_i16(pair[0]), to_i16(pair[1])]);
        }
        octets
    }

    fn rate(&self) -> u32 {
        16_000
    }
}

/// QUANTL: the six-bit code of the lower band's prediction error.
fn quantize_low(error: i32, scale: i32) -> usize {
    // Magnitudes by one's complement, as throughout the Recommendation.
    let magnitude = if error < 0 { !error } else { error };
    let level = Q6.partition_point(|edge| magnitude >= (edge * scale) >> 12);
    match (error < 0, level) {
        // Codes 0–3 don't exist, so that no octet is 0 and remote synchronisation by eight zeros stays possible.
        (true, 0) => 63,
        (true, 1) => 62,
        (true, _) => 33 - level,
        (false, _) => 61 - level,
    }
}

/// QUANTH: the two-bit code of the upper band's prediction error.
fn quantize_high(error: i32, scale: i32) -> usize {
    let magnitude = if error < 0 { !error } else { error };
    let outer = magnitude >= (564 * scale) >> 12;
    match (error < 0, outer) {
        (true, false) => 1,
        (true, true) => 0,
        (false, false) => 3,
        (false, true) => 2,
    }
}

/// Octets to PCM at 16 kHz.
#[derive(Clone)]
pub struct G722Decoder {
    low: Band,
    high: Band,
    filter: Filter,
}

impl G722Decoder {
    /// In the standard's initial state.
    pub const fn new() -> Self {
        Self {
            low: Band::LOW,
            high: Band::HIGH,
            filter: Filter::EMPTY,
        }
    }

    /// One octet into two samples.
    fn samples(&mut self, octet: u8) -> [i16; 2] {
        let (low, high) = (usize::from(octet & 0x3F), usize::from(octet >> 6));
        // LIMIT after reconstruction with all six bits; the predictor goes by the upper four (ADAPT), so that a network may steal
        // the lower two for data.
        let bound = |sample: i32| sample.clamp(-16_384, 16_383);
        let low_sample = bound(self.low.prediction() + ((self.low.scale() * QM6[low]) >> 15));
        self.low.adapt_low(low >> 2);
        let high_sample = bound(self.high.prediction() + ((self.high.scale() * QM2[high]) >> 15));
        self.high.adapt_high(high);
        // Receive QMF (§4.4).
        let [first, second] = self
            .filter
            .run([low_sample + high_sample, low_sample - high_sample]);
        [saturate(second >> 11) as i16, saturate(first >> 11) as i16]
    }
}

impl Default for G722Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for G722Decoder {
    fn decode(&mut self, payload: &[u8], pcm: &mut [f32]) -> usize {
        let mut written = 0;
        for (octet, pair) in payload.iter().zip(pcm.chunks_exact_mut(2)) {
            let samples = self.samples(*octet);
            pair[0] = to_f32(samples[0]);
            pair[1] = to_f32(samples[1]);
            written += 2;
        }
        written
    }

    fn conceal(&mut self, _pcm: &mut [f32]) -> bool {
        false
    }

    fn recover_from_next(&mut self, _next: &[u8], _pcm: &mut [f32]) -> bool {
        false
    }

    fn rate(&self) -> u32 {
        16_000
    }
}

/// The quadrature mirror filter's line: pairs of samples, the latest last.
#[derive(Clone)]
struct Filter {
    pairs: [[i32; 2]; QMF.len()],
}

impl Filter {
    const EMPTY: Self = Self {
        pairs: [[0; 2]; QMF.len()],
    };

    /// Takes in a pair and gives the two half filters' sums: over the pairs' firsts, and (in reverse) over their seconds.
    fn run(&mut self, pair: [i32; 2]) -> [i32; 2] {
        self.pairs.copy_within(1.., 0);
        self.pairs[QMF.len() - 1] = pair;
        let mut sums = [0; 2];
        for (index, pair) in self.pairs.iter().enumerate() {
            sums[0] += pair[0] * QMF[index];
            sums[1] += pair[1] * QMF[QMF.len() - 1 - index];
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ezk_g722::libg722::{
        Bitrate, decoder::Decoder as OracleDecoder, encoder::Encoder as OracleEncoder,
    };

    /// The oracle starts with both scales at 0 where the Recommendation's RESET says 32 and 8; each is set anew by the first
    /// octet.
    fn as_the_oracle_starts() -> (G722Encoder, G722Decoder) {
        let (mut encoder, mut decoder) = (G722Encoder::new(), G722Decoder::new());
        for band in [
            &mut encoder.low,
            &mut encoder.high,
            &mut decoder.low,
            &mut decoder.high,
        ] {
            band.scale = 0;
        }
        (encoder, decoder)
    }

    /// Noise, sweeps, steps, silence and full scale, one after the other.
    fn signals() -> Vec<i16> {
        let mut state = 7u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16
        };
        let mut samples = Vec::new();
        samples.extend((0..16_000).map(|_| noise()));
        samples.extend((0..16_000).map(|_| noise() / 64));
        samples.extend((0..32_000).map(|n| {
            let t = f64::from(n) / 16e3;
            (12_000.0 * (core::f64::consts::TAU * (100.0 + 1900.0 * t) * t).sin()) as i16
        }));
        samples.extend((0..8_000).map(|n| if n / 50 % 2 == 0 { i16::MAX } else { i16::MIN }));
        samples.extend([0; 8_000]);
        samples.extend((0..8_000).map(|n| if n % 1000 == 0 { 20_000 } else { 1 }));
        samples
    }

    #[test]
    fn the_encoder_is_bit_exact() {
        let samples = signals();
        let oracle = OracleEncoder::new(Bitrate::Mode1_64000, false, false).encode(&samples);
        let mut ours = vec![0; samples.len() / 2];
        let pcm: Vec<f32> = samples.iter().map(|sample| to_f32(*sample)).collect();
        assert_eq!(as_the_oracle_starts().0.encode(&pcm, &mut ours), ours.len());
        let same = ours.iter().zip(&oracle).take_while(|(a, b)| a == b).count();
        assert_eq!(same, oracle.len(), "first difference at octet {same}");
    }

    #[test]
    fn the_decoder_is_bit_exact_for_any_octets() {
        let mut octets = OracleEncoder::new(Bitrate::Mode1_64000, false, false).encode(&signals());
        // Also what no encoder sends.
        octets.extend((0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
        octets.extend((0..=255).flat_map(|octet| [octet; 50]));
        let oracle = OracleDecoder::new(Bitrate::Mode1_64000, false, false).decode(&octets);
        let mut ours = vec![0.0; octets.len() * 2];
        assert_eq!(
            as_the_oracle_starts().1.decode(&octets, &mut ours),
            ours.len()
        );
        let same = ours
            .iter()
            .zip(&oracle)
            .take_while(|(a, b)| **a == to_f32(**b))
            .count();
        assert_eq!(same, oracle.len(), "first difference at sample {same}");
    }

    /// Signal to noise in dB of a tone that goes through both.
    fn snr(frequency: f64, amplitude: f64) -> f64 {
        let tone =
            |n: usize| amplitude * (core::f64::consts::TAU * frequency * n as f64 / 16e3).sin();
        let pcm: Vec<f32> = (0..32_000).map(|n| tone(n) as f32).collect();
        let (mut octets, mut back) = (vec![0; 16_000], vec![0.0; 32_000]);
        G722Encoder::new().encode(&pcm, &mut octets);
        G722Decoder::new().decode(&octets, &mut back);
        // The two filters hold the sound back by 22 samples.
        let (signal, noise) = (4_000..31_000).fold((0.0, 0.0), |(signal, noise), n| {
            let expected = tone(n - 22);
            (
                signal + expected * expected,
                noise + (f64::from(back[n]) - expected).powi(2),
            )
        });
        10.0 * (signal / noise).log10()
    }

    #[test]
    fn a_tone_passes_cleanly_in_both_bands() {
        assert!(snr(433.0, 0.25) > 35.0, "{}", snr(433.0, 0.25));
        assert!(snr(1511.0, 0.031_62) > 35.0, "{}", snr(1511.0, 0.031_62));
        assert!(snr(5500.0, 0.25) > 10.0, "{}", snr(5500.0, 0.25));
    }

    #[test]
    fn an_odd_sample_is_left_and_a_short_buffer_is_refused() {
        let mut encoder = G722Encoder::new();
        assert_eq!(encoder.encode(&[0.0; 5], &mut [0; 2]), 2);
        assert_eq!(encoder.encode(&[0.0; 6], &mut [0; 2]), 0);
        assert_eq!(G722Decoder::new().decode(&[0; 5], &mut [0.0; 7]), 6);
    }
}
