//! Opus (RFC 6716) in mono at 48 kHz, by libopus.
use crate::{CodecError, Decoder, Encoder, Options};
use opus::{Application, Bandwidth, Bitrate, Channels};

/// The encoder: speech, in-band FEC, and DTX only where asked for.
pub struct OpusEncoder {
    inner: opus::Encoder,
}

impl OpusEncoder {
    /// Allocates libopus's state; see [`Options`] for the ranges.
    pub fn new(options: &Options) -> Result<Self, CodecError> {
        let mut inner = opus::Encoder::new(48_000, Channels::Mono, Application::Voip)?;
        inner.set_complexity(i32::from(options.opus_complexity))?;
        inner.set_bitrate(Bitrate::Bits(options.opus_bitrate as i32))?;
        inner.set_inband_fec(options.opus_fec)?;
        inner.set_packet_loss_perc(i32::from(options.opus_loss_percent.min(100)))?;
        inner.set_dtx(options.opus_dtx)?;
        inner.set_vbr(!options.opus_constant_bitrate)?;
        inner.set_max_bandwidth(bandwidth(options.opus_playback_rate))?;
        Ok(Self { inner })
    }
}

impl Encoder for OpusEncoder {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> usize {
        self.inner.encode_float(pcm, out).unwrap_or(0)
    }

    fn rate(&self) -> u32 {
        48_000
    }

    fn expect_loss(&mut self, percent: u8) {
        // The only refusal is of values above 100.
        let _ = self.inner.set_packet_loss_perc(i32::from(percent.min(100)));
    }
}

/// The decoder, with libopus's own concealment.
pub struct OpusDecoder {
    inner: opus::Decoder,
}

impl OpusDecoder {
    /// Allocates libopus's state.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            inner: opus::Decoder::new(48_000, Channels::Mono)?,
        })
    }
}

impl Decoder for OpusDecoder {
    fn decode(&mut self, payload: &[u8], pcm: &mut [f32]) -> usize {
        // An empty payload would ask libopus to conceal the whole of `pcm`.
        if payload.is_empty() {
            return 0;
        }
        let samples = self.inner.decode_float(payload, pcm, false).unwrap_or(0);
        contain(&mut pcm[..samples]);
        samples
    }

    fn conceal(&mut self, pcm: &mut [f32]) -> bool {
        let concealed = self.inner.decode_float(&[], pcm, false).is_ok();
        contain(pcm);
        concealed
    }

    fn recover_from_next(&mut self, next: &[u8], pcm: &mut [f32]) -> bool {
        let recovered =
            self.has_copy_of_previous(next) && self.inner.decode_float(next, pcm, true).is_ok();
        contain(pcm);
        recovered
    }

    fn has_copy_of_previous(&self, payload: &[u8]) -> bool {
        carries_copy_of_previous(payload)
    }

    fn rate(&self) -> u32 {
        48_000
    }
}

/// The widest band that fits a rate of playback in Hz (RFC 6716 §2, table 1). Between two of them it is the narrower one.
fn bandwidth(playback_rate: u32) -> Bandwidth {
    match playback_rate {
        ..12_000 => Bandwidth::Narrowband,
        12_000..16_000 => Bandwidth::Mediumband,
        16_000..24_000 => Bandwidth::Wideband,
        24_000..48_000 => Bandwidth::Superwideband,
        48_000.. => Bandwidth::Fullband,
    }
}

/// A payload of rubbish can decode to samples of any size. What an encoder sends hardly passes 1.
fn contain(pcm: &mut [f32]) {
    for sample in pcm {
        // Not so for NaN either.
        let possible = sample.abs() <= 2.0;
        *sample = if possible { *sample } else { 0.0 };
    }
}

/// Whether a packet's first frame has LBRR data. The flag is one uniform bit after the VAD flags, so it can be read
/// without decoding (RFC 6716 §4.2.3, §4.2.4); CELT has none. Only for packets of one mono frame, which is what everyone sends.
fn carries_copy_of_previous(payload: &[u8]) -> bool {
    let [toc, first, ..] = payload else {
        return false;
    };
    // §3.1: configurations 16 and up are CELT only; bit 2 is stereo; the low bits are the frame count code.
    if *toc & 0x80 != 0 || *toc & 0x07 != 0 {
        return false;
    }
    // SILK frames of an Opus frame, each with a VAD flag: 10 and 20 ms have one, 40 ms two, 60 ms three; hybrid has one.
    let silk_frames = match *toc >> 3 {
        config @ 0..=11 => [1, 1, 2, 3][usize::from(config & 3)],
        _ => 1,
    };
    first >> (7 - silk_frames) & 1 != 0
}

impl From<opus::Error> for CodecError {
    fn from(error: opus::Error) -> Self {
        Self::Opus(error.to_string())
    }
}
