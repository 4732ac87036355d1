//! Encoders and decoders between PCM at a codec's own rate and RTP payloads, behind one pair of traits.
//!
//! Payloads come from the jitter buffer, PCM from the bridge by way of `dsp`'s resamplers; nothing here resamples,
//! packs RTP or reads a clock. After creation nothing allocates, so all of it may run on an audio thread.

mod g711;
mod g722;
mod opus;
mod telephone_event;

pub use g711::{G711, a_law_decode, a_law_encode, mu_law_decode, mu_law_encode};
pub use g722::{G722Decoder, G722Encoder};
pub use opus::{OpusDecoder, OpusEncoder};
pub use telephone_event::{TelephoneEvent, digit_of_event, event_of_digit};

/// The longest packet that a decoder may be asked for: 120 ms at 48 kHz (RFC 6716 §2.1.4). Give [`Decoder::decode`]
/// this many samples of room at 48 kHz, a third of it at 16 kHz, a sixth at 8 kHz.
pub const LONGEST_PACKET: usize = 5760;

/// The largest payload that an encoder here writes.
pub const LARGEST_PAYLOAD: usize = 1275;

/// What we can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// RFC 6716, used in mono at 48 kHz.
    Opus,
    /// ITU-T G.722 at 64 kbit/s.
    G722,
    /// ITU-T G.711, A-law.
    Pcma,
    /// ITU-T G.711, µ-law.
    Pcmu,
}

impl Codec {
    /// Samples a second of the PCM that goes in and comes out.
    pub const fn rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::G722 => 16_000,
            Self::Pcma | Self::Pcmu => 8_000,
        }
    }

    /// Ticks a second of the RTP time stamp. G.722's is 8000 though it samples at 16 kHz (RFC 3551 §4.5.2).
    pub const fn rtp_clock(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::G722 | Self::Pcma | Self::Pcmu => 8_000,
        }
    }

    /// Samples of a 20 ms packet at [`Codec::rate`].
    pub const fn samples(self) -> usize {
        self.rate() as usize / 50
    }
}

/// How to encode. Only Opus has choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// 0 (least CPU) to 10.
    pub opus_complexity: u8,
    /// Bits a second, 6000 to 510 000.
    pub opus_bitrate: u32,
    /// Whether packets carry a coarse copy of the one before.
    pub opus_fec: bool,
    /// The loss to be prepared for, in percent; without any, FEC carries nothing.
    pub opus_loss_percent: u8,
    /// Whether silence is not sent (payloads of ≤ 2 bytes are then not to be sent).
    pub opus_dtx: bool,
    /// Whether every packet has the same size (RFC 7587 §6.1, `cbr`).
    pub opus_constant_bitrate: bool,
    /// The highest rate, in Hz, that the receiver can play: no wider band is sent (RFC 7587 §6.1, `maxplaybackrate`).
    pub opus_playback_rate: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            opus_complexity: 5,
            opus_bitrate: 40_000,
            opus_fec: true,
            opus_loss_percent: 6,
            opus_dtx: false,
            opus_constant_bitrate: false,
            opus_playback_rate: 48_000,
        }
    }
}

/// PCM in, payload out.
pub trait Encoder: Send {
    /// Encodes one packet: `pcm` at [`Encoder::rate`], −1.0..=1.0 (louder is clipped), usually [`Encoder::samples`] long;
    /// G.711 takes any length, G.722 any even one, Opus 2.5, 5, 10, 20, 40 or 60 ms. `out` needs [`LARGEST_PAYLOAD`]
    /// bytes, or fewer where fewer surely suffice. Returns the bytes written, 0 where that was impossible.
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> usize;

    /// Samples a second of `pcm`.
    fn rate(&self) -> u32;

    /// Samples of a 20 ms packet.
    fn samples(&self) -> usize {
        self.rate() as usize / 50
    }

    /// Tells the loss that the far side reports, in percent, so that redundancy can follow. Without effect where there
    /// is none.
    fn expect_loss(&mut self, _percent: u8) {}
}

/// Payload in, PCM out.
pub trait Decoder: Send {
    /// Decodes one payload into `pcm` and returns the samples written: as many as the packet holds, whatever its
    /// length, but never more than fit. 0 for a payload that is no such thing: conceal instead.
    fn decode(&mut self, payload: &[u8], pcm: &mut [f32]) -> usize;

    /// Fills `pcm` (as long as the lost packet) from the codec's own memory. False where the codec has no concealment
    /// of its own (G.711, G.722): `pcm` is untouched and `dsp::Concealer` is the one to ask.
    fn conceal(&mut self, pcm: &mut [f32]) -> bool;

    /// Fills `pcm` (as long as the lost packet) with the coarse copy that the packet after the lost one may carry.
    /// False where it carries none; decode `next` itself afterwards as usual in either case.
    fn recover_from_next(&mut self, next: &[u8], pcm: &mut [f32]) -> bool;

    /// Whether a packet carries a coarse copy of the one before it, without decoding it.
    fn has_copy_of_previous(&self, _payload: &[u8]) -> bool {
        false
    }

    /// Samples a second of `pcm`.
    fn rate(&self) -> u32;
}

/// Why an encoder or decoder could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// libopus had no memory or refused an option (each [`Options`] field says its range).
    Opus(String),
}

impl core::fmt::Display for CodecError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Opus(reason) => write!(out, "Opus can't be set up: {reason}"),
        }
    }
}

impl core::error::Error for CodecError {}

/// Makes an encoder. Allocates; do it on the control side.
pub fn encoder(codec: Codec, options: &Options) -> Result<Box<dyn Encoder>, CodecError> {
    Ok(match codec {
        Codec::Opus => Box::new(OpusEncoder::new(options)?),
        Codec::G722 => Box::new(G722Encoder::new()),
        Codec::Pcma => Box::new(G711::A_LAW),
        Codec::Pcmu => Box::new(G711::MU_LAW),
    })
}

/// Makes a decoder. Allocates; do it on the control side.
pub fn decoder(codec: Codec) -> Result<Box<dyn Decoder>, CodecError> {
    Ok(match codec {
        Codec::Opus => Box::new(OpusDecoder::new()?),
        Codec::G722 => Box::new(G722Decoder::new()),
        Codec::Pcma => Box::new(G711::A_LAW),
        Codec::Pcmu => Box::new(G711::MU_LAW),
    })
}

/// A sample of −1.0..=1.0 as 16 bits, clipped; NaN is 0.
fn to_i16(sample: f32) -> i16 {
    let scaled = sample * 32_768.0;
    // A cast of a float drops the fraction, saturates, and takes NaN to 0.
    (scaled + 0.5f32.copysign(scaled)) as i16
}

/// 16 bits as −1.0..1.0.
fn to_f32(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}
