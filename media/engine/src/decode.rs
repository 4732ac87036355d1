//! From a payload to sound at 48 kHz: decoder, concealment, time scale, resampler, and the store that the tick takes from.
use trialog_codec::{Codec, CodecError, Decoder, LONGEST_PACKET};
use trialog_dsp::{Band, Change as Scale, ComfortNoise, Concealer, TimeScale, Upsampler};
use trialog_frame::RATE;
use trialog_rtp::Adjust;

/// −60 dB: what is below it all over a packet may be left out unheard.
const SILENT: f32 = 0.001;

/// From payload to 48 kHz, for one payload type.
pub(crate) struct DecodeChain {
    pub(crate) payload_type: u8,
    pub(crate) codec: Codec,
    pub(crate) decoder: Box<dyn Decoder>,
    pub(crate) concealer: Option<Concealer>,
    /// Played where the far side sends nothing and has said so.
    pub(crate) noise: ComfortNoise,
    up: Option<Upsampler>,
    scale: TimeScale,
}

impl DecodeChain {
    /// Allocates.
    pub(crate) fn new(payload_type: u8, codec: Codec) -> Result<Self, CodecError> {
        let own = matches!(codec, Codec::Opus);
        Ok(Self {
            payload_type,
            codec,
            decoder: trialog_codec::decoder(codec)?,
            concealer: (!own).then(|| Concealer::new(codec.rate())),
            noise: ComfortNoise::new(codec.rate()),
            up: Band::of_rate(codec.rate()).map(Upsampler::new),
            scale: TimeScale::new(codec.rate()),
        })
    }

    /// Makes up what may have been in `pcm`.
    pub(crate) fn conceal(&mut self, pcm: &mut [f32]) {
        if !self.decoder.conceal(pcm) {
            match &mut self.concealer {
                Some(concealer) => concealer.lost(pcm),
                None => pcm.fill(0.0),
            }
        }
    }

    /// Fills `pcm` with comfort noise. Where it `begins`, what was heard before fades into it.
    pub(crate) fn comfort(&mut self, begins: bool, pcm: &mut [f32]) {
        if begins {
            self.conceal(pcm);
        }
        let length = pcm.len() as f32;
        for (n, sample) in pcm.iter_mut().enumerate() {
            let noise = self.noise.next();
            let share = if begins { n as f32 / length } else { 1.0 };
            *sample += share * (noise - *sample);
        }
    }

    /// From the codec's rate into the store, with the length adjusted; `scaled` is scratch.
    pub(crate) fn finish(
        &mut self,
        pcm: &[f32],
        adjust: Adjust,
        scaled: &mut [f32],
        store: &mut Store,
    ) {
        let change = match adjust {
            Adjust::Keep | Adjust::Skip => Scale::Keep,
            Adjust::Shorten => Scale::Shorten,
            Adjust::Lengthen => Scale::Lengthen,
        };
        let length = self.scale.process(pcm, change, scaled);
        let frame = self.codec.rate() as usize / 100;
        let silent = adjust == Adjust::Skip
            && length > frame
            && scaled[..length].iter().all(|sample| sample.abs() < SILENT);
        let length = if silent { length - frame } else { length };
        let scaled = &scaled[..length];
        match &mut self.up {
            Some(up) => up.process(
                scaled,
                store.room(length * (RATE / self.codec.rate()) as usize),
            ),
            None => {
                let room = store.room(length);
                let fits = room.len();
                room.copy_from_slice(&scaled[..fits]);
            }
        }
    }

    /// Samples at 48 kHz in samples of the codec, for concealment: Opus makes multiples of 2.5 ms only.
    pub(crate) fn at_rate(&self, samples: usize) -> usize {
        match self.codec {
            Codec::Opus => samples.next_multiple_of(120),
            _ => samples
                .div_ceil((RATE / self.codec.rate()) as usize)
                .next_multiple_of(2),
        }
    }
}

/// Decoded sound that waits for its tick.
pub(crate) struct Store {
    samples: Vec<f32>,
    pub(crate) filled: usize,
}

impl Store {
    /// Empty. Allocates.
    pub(crate) fn new() -> Self {
        Self {
            samples: vec![0.0; 4 * LONGEST_PACKET],
            filled: 0,
        }
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> &[f32] {
        &self.samples[..self.filled]
    }

    /// Room for `length` more samples.
    pub(crate) fn room(&mut self, length: usize) -> &mut [f32] {
        let length = length.min(self.samples.len() - self.filled);
        let room = &mut self.samples[self.filled..self.filled + length];
        self.filled += length;
        room
    }

    /// The first `used` samples have been taken.
    pub(crate) fn take(&mut self, used: usize) {
        let used = used.min(self.filled);
        self.samples.copy_within(used..self.filled, 0);
        self.filled -= used;
    }
}
