//! ITU-T G.711: eight bits a sample, in the two laws.
//!
//! The two laws are written as the standard's segments, on 16-bit samples left-justified in the standard's 14 (µ) and
//! 13 (A) bits, and are exact for every value.
use crate::{Decoder, Encoder, to_i16};

/// G.711 §3, table 2: 14-bit magnitudes are shifted by 33 so that each segment starts at a power of two.
const MU_BIAS: i32 = 33 << 2;
const MU_CLIP: i32 = 8158 << 2;

/// One 16-bit sample in µ-law.
pub const fn mu_law_encode(sample: i16) -> u8 {
    // A negative value is taken as its one's complement, as in the ITU's reference software (G.191).
    let value = sample as i32;
    let magnitude = if value < 0 { !value } else { value };
    let magnitude = if magnitude > MU_CLIP {
        MU_CLIP
    } else {
        magnitude
    } + MU_BIAS;
    // The segment is the position of the highest bit, from 7 (segment 0) to 14 (segment 7).
    let segment = 24 - (magnitude as u32).leading_zeros();
    let step = (magnitude >> (segment + 3)) & 0x0F;
    let sign = if sample < 0 { 0x80 } else { 0 };
    // All bits are sent inverted.
    !(sign | (segment as u8) << 4 | step as u8)
}

/// One µ-law octet as a 16-bit sample.
pub const fn mu_law_decode(octet: u8) -> i16 {
    let octet = !octet;
    let segment = (octet >> 4) & 7;
    let magnitude = ((((octet & 0x0F) as i32) << 3) + MU_BIAS) << segment;
    (if octet & 0x80 != 0 {
        MU_BIAS - magnitude
    } else {
        magnitude - MU_BIAS
    }) as i16
}

/// One 16-bit sample in A-law.
pub const fn a_law_encode(sample: i16) -> u8 {
    // 13 bits; a negative value is taken as its one's complement, so that −1 lies as far from zero as 0.
    let value = sample as i32 >> 3;
    let (sign, magnitude) = if value < 0 {
        (0, !value)
    } else {
        (0x80, value)
    };
    let segment = 27 - (magnitude as u32 | 0x1F).leading_zeros();
    let step = if segment == 0 {
        magnitude >> 1
    } else {
        magnitude >> segment
    } & 0x0F;
    // Even bits are sent inverted.
    (sign | (segment as u8) << 4 | step as u8) ^ 0x55
}

/// One A-law octet as a 16-bit sample.
pub const fn a_law_decode(octet: u8) -> i16 {
    let octet = octet ^ 0x55;
    let segment = (octet >> 4) & 7;
    let step = ((octet & 0x0F) as i32) << 4;
    let magnitude = if segment == 0 {
        step + 8
    } else {
        (step + 0x108) << (segment - 1)
    };
    (if octet & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }) as i16
}

/// Either law, both ways. It has no state.
#[derive(Clone, Copy)]
pub struct G711 {
    encode: fn(i16) -> u8,
    decode: &'static [f32; 256],
}

/// What each octet means, as a float: 2 kB that are cheaper to read than the segments are to compute.
const fn table(law: bool) -> [f32; 256] {
    let mut table = [0.0; 256];
    let mut octet = 0;
    while octet < 256 {
        let sample = if law {
            mu_law_decode(octet as u8)
        } else {
            a_law_decode(octet as u8)
        };
        table[octet] = sample as f32 / 32_768.0;
        octet += 1;
    }
    table
}

static MU_TABLE: [f32; 256] = table(true);
static A_TABLE: [f32; 256] = table(false);

impl G711 {
    /// µ-law, PCMU.
    pub const MU_LAW: Self = Self {
        encode: mu_law_encode,
        decode: &MU_TABLE,
    };
    /// A-law, PCMA.
    pub const A_LAW: Self = Self {
        encode: a_law_encode,
        decode: &A_TABLE,
    };
}

impl Encoder for G711 {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> usize {
        if out.len() < pcm.len() {
            return 0;
        }
        for (octet, sample) in out.iter_mut().zip(pcm) {
            *octet = (self.encode)(to_i16(*sample));
        }
        pcm.len()
    }

    fn rate(&self) -> u32 {
        8_000
    }
}

impl Decoder for G711 {
    fn decode(&mut self, payload: &[u8], pcm: &mut [f32]) -> usize {
        for (sample, octet) in pcm.iter_mut().zip(payload) {
            *sample = self.decode[usize::from(*octet)];
        }
        payload.len().min(pcm.len())
    }

    fn conceal(&mut self, _pcm: &mut [f32]) -> bool {
        false
    }

    fn recover_from_next(&mut self, _next: &[u8], _pcm: &mut [f32]) -> bool {
        false
    }

    fn rate(&self) -> u32 {
        8_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_decodes_as_the_standard_s_table_says() {
        for octet in 0..=255u8 {
            assert_eq!(
                mu_law_decode(octet),
                ezk_g711::mulaw::decode(octet),
                "µ-law {octet:#04x}"
            );
            assert_eq!(
                a_law_decode(octet),
                ezk_g711::alaw::decode(octet),
                "A-law {octet:#04x}"
            );
        }
    }

    #[test]
    fn every_sample_encodes_as_the_standard_s_table_says() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(
                mu_law_encode(sample),
                ezk_g711::mulaw::encode(sample),
                "µ-law {sample}"
            );
            assert_eq!(
                a_law_encode(sample),
                ezk_g711::alaw::encode(sample),
                "A-law {sample}"
            );
        }
    }

    #[test]
    fn an_octet_survives_the_way_there_and_back() {
        for octet in 0..=255u8 {
            // µ-law has two zeros; the negative one comes back as the positive.
            let back = mu_law_encode(mu_law_decode(octet));
            assert!(back == octet || (octet == 0x7F && back == 0xFF));
            assert_eq!(a_law_encode(a_law_decode(octet)), octet);
        }
    }

    #[test]
    fn full_scale_is_never_turned_over() {
        let mut out = [0; 4];
        let mut codec = G711::MU_LAW;
        codec.encode(&[1.5, -1.5, f32::NAN, f32::INFINITY], &mut out);
        let mut pcm = [0.0; 4];
        codec.decode(&out, &mut pcm);
        assert!(pcm[0] > 0.97 && pcm[1] < -0.97 && pcm[2].abs() < 1e-3 && pcm[3] > 0.97);
    }
}
