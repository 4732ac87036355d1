//! ITU-T G.722 at 64 kbit/s.
use crate::{Decoder, Encoder};

/// PCM at 16 kHz to octets.
pub struct G722Encoder {}

impl G722Encoder {
    /// In the standard's initial state.
    #[expect(clippy::new_without_default, reason = "begun")]
    pub fn new() -> Self {
        Self {}
    }
}

impl Encoder for G722Encoder {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> usize {
        let octets = pcm.len() / 2;
        if out.len() < octets {
            return 0;
        }
        out[..octets].fill(0xFA);
        octets
    }

    fn rate(&self) -> u32 {
        16_000
    }
}

/// Octets to PCM at 16 kHz.
pub struct G722Decoder {}

impl G722Decoder {
    /// In the standard's initial state.
    #[expect(clippy::new_without_default, reason = "begun")]
    pub fn new() -> Self {
        Self {}
    }
}

impl Decoder for G722Decoder {
    fn decode(&mut self, payload: &[u8], pcm: &mut [f32]) -> usize {
        let samples = (payload.len() * 2).min(pcm.len());
        pcm[..samples].fill(0.0);
        samples
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
