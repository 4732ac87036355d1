//! Silence as payload: made once a packet time for all legs that have the same codec and packet length.
use trialog_codec::{Codec, Encoder, LARGEST_PAYLOAD, Options};

/// Each silence that is in use.
#[derive(Default)]
pub(super) struct Silences {
    turn: u64,
    made: Vec<Silence>,
}

struct Silence {
    codec: Codec,
    /// Turns in a packet.
    turns: u32,
    encoder: Box<dyn Encoder>,
    pcm: Vec<f32>,
    payload: Vec<u8>,
    /// The turn in which the payload was made.
    at: u64,
}

impl Silences {
    /// The next 10 ms.
    pub(super) fn turn(&mut self) {
        self.turn += 1;
    }

    /// A payload of silence, `turns` times 10 ms long; nothing where the codec can't be set up.
    pub(super) fn payload(&mut self, codec: Codec, turns: u32) -> &[u8] {
        let found = self
            .made
            .iter()
            .position(|made| (made.codec, made.turns) == (codec, turns));
        let index = match found {
            Some(index) => index,
            None => {
                let Some(silence) = Silence::new(codec, turns) else {
                    return &[];
                };
                self.made.push(silence);
                self.made.len() - 1
            }
        };
        let silence = &mut self.made[index];
        // All legs whose packets begin in one turn share a payload; each turn is a stream of its own to no decoder, since
        // silence after silence sounds alike wherever a leg comes in.
        if silence.at != self.turn {
            silence.at = self.turn;
            silence.payload.resize(LARGEST_PAYLOAD, 0);
            let length = silence.encoder.encode(&silence.pcm, &mut silence.payload);
            silence.payload.truncate(length);
        }
        &silence.payload
    }
}

impl Silence {
    fn new(codec: Codec, turns: u32) -> Option<Self> {
        let encoder = trialog_codec::encoder(codec, &Options::default()).ok()?;
        let samples = encoder.rate() as usize / 100 * turns as usize;
        Some(Self {
            codec,
            turns,
            encoder,
            pcm: vec![0.0; samples],
            payload: Vec::with_capacity(LARGEST_PAYLOAD),
            at: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_codec_makes_of_it_is_silence_again() {
        let mut silences = Silences::default();
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
            let mut decoder = trialog_codec::decoder(codec).expect("it needs nothing");
            for _ in 0..10 {
                silences.turn();
                let payload = silences.payload(codec, 2);
                let mut pcm = vec![0.0; 960];
                let length = decoder.decode(payload, &mut pcm);
                assert_eq!(length, decoder.rate() as usize / 50, "{codec:?}");
                let loudest = pcm
                    .iter()
                    .fold(0.0f32, |most, sample| most.max(sample.abs()));
                // The least step of A-law is 8 of 32,768.
                assert!(loudest < 0.001, "{codec:?}: {loudest}");
            }
        }
    }
}
