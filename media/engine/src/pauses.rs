//! Which packets of a pause need not be sent: of G.711 and G.722 all but a description of its noise now and then (RFC 3389); of
//! Opus those that its encoder says are none.
use trialog_codec::Codec;
use trialog_frame::Level;

/// What is louder is sent, whatever it is, in dB.
const LOUD: f32 = -45.0;

/// What is quieter is no word, in dB.
const LEAST: f32 = -70.0;

/// A word is so much louder than the quietest packet of late, in dB.
const ABOVE: f32 = 6.0;

/// The quietest packet of late is taken to be so much louder after each ms, in dB: 3 dB a second.
const RISES: f32 = 0.003;

/// For so long after a word all is sent, in ms: its end is quiet.
const HANGOVER: u32 = 240;

/// A pause is described anew after so many ms; and at the earliest after so many where it has another level, by so many dB.
const AGAIN: u32 = 400;
const CHANGED: u32 = 100;
const OTHER: f32 = 3.0;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is sent.
    Sound,
    /// Its noise is described in its place.
    Noise,
    /// Nothing is sent.
    Nothing,
}

/// The pauses of one stream.
pub(crate) struct Pauses {
    codec: Codec,
    /// The length of a packet, in ms.
    packet: u32,
    least: f32,
    /// Since the last word, in ms.
    quiet: u32,
    /// What was described last, in dB, and how long ago.
    described: Option<(f32, u32)>,
    /// Opus has told that it pauses.
    told: bool,
}

impl Pauses {
    /// Of packets of `packet` ms.
    pub(crate) fn new(codec: Codec, packet: u32) -> Self {
        Self {
            codec,
            packet,
            least: 0.0,
            quiet: 0,
            described: None,
            told: false,
        }
    }

    /// What becomes of the packet with this sound, before it is encoded.
    pub(crate) fn of_sound(&mut self, pcm: &[f32]) -> Sent {
        if self.codec == Codec::Opus {
            return Sent::Sound;
        }
        let level = Level::rms(pcm).0;
        self.least = level.min(self.least + RISES * self.packet as f32);
        let is_word = level > LOUD || (level > LEAST && level > self.least + ABOVE);
        self.quiet = if is_word { 0 } else { self.quiet + self.packet };
        if self.quiet <= HANGOVER {
            self.described = None;
            return Sent::Sound;
        }
        let due = self.described.is_none_or(|(before, ago)| {
            let ago = ago + self.packet;
            ago >= AGAIN || (ago >= CHANGED && (before - level).abs() > OTHER)
        });
        if due {
            self.described = Some((level, 0));
            return Sent::Noise;
        }
        if let Some((_, ago)) = &mut self.described {
            *ago += self.packet;
        }
        Sent::Nothing
    }

    /// Whether what Opus has made of a packet is sent: of those that say that it pauses (up to 2 octets) the first alone.
    pub(crate) fn sends_opus(&mut self, size: usize) -> bool {
        if self.codec != Codec::Opus {
            return true;
        }
        let pauses = size <= 2;
        let told = std::mem::replace(&mut self.told, pauses);
        !(pauses && told)
    }

    /// Whether a description has the noise's colour: G.722's noise has no clock of 8 kHz, and its level alone is stated.
    pub(crate) fn with_colour(&self) -> bool {
        matches!(self.codec, Codec::Pcma | Codec::Pcmu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pauses: &mut Pauses, packets: usize, level: f32) -> [usize; 3] {
        let mut count = [0; 3];
        for _ in 0..packets {
            let amplitude = Level(level).amplitude();
            let pcm: Vec<f32> = (0..160)
                .map(|n| if n % 2 == 0 { amplitude } else { -amplitude })
                .collect();
            count[pauses.of_sound(&pcm) as usize] += 1;
        }
        count
    }

    #[test]
    fn a_pause_is_described_each_400_ms_and_its_noise_is_not_sent() {
        let mut pauses = Pauses::new(Codec::Pcmu, 20);
        assert_eq!(sent(&mut pauses, 50, -25.0), [50, 0, 0], "speech");
        assert_eq!(sent(&mut pauses, 12, -60.0), [12, 0, 0], "240 ms after it");
        assert_eq!(sent(&mut pauses, 100, -60.0), [0, 5, 95]);
        assert_eq!(sent(&mut pauses, 8, -60.0), [0, 1, 7]);
        assert_eq!(sent(&mut pauses, 10, -64.0), [0, 1, 9], "another level");
        assert_eq!(sent(&mut pauses, 50, -40.0), [50, 0, 0], "a quiet word");
        assert_eq!(
            sent(&mut pauses, 212, -200.0)[0],
            12,
            "a stopped microphone"
        );
    }

    #[test]
    fn a_quiet_word_over_a_quieter_room_is_sent() {
        let mut pauses = Pauses::new(Codec::G722, 20);
        sent(&mut pauses, 100, -66.0);
        assert_eq!(sent(&mut pauses, 10, -52.0), [10, 0, 0]);
    }

    #[test]
    fn of_what_opus_leaves_out_the_first_is_sent() {
        let mut pauses = Pauses::new(Codec::Opus, 20);
        let sizes = [60, 2, 1, 1, 40, 1, 1, 60];
        let sent = sizes.map(|size| pauses.sends_opus(size));
        assert_eq!(sent, [true, true, false, false, true, true, false, true]);
    }
}
