//! Fills the gap of a lost packet from the sound before it, for codecs that can't themselves (G.711, G.722).
//!
//! In the spirit of G.711 Appendix I: the last pitch periods are repeated, with their ends overlapped so that they join,
//! more of them the longer the gap lasts so that it does not buzz, and fade; the first milliseconds after the gap blend
//! with what the repetition would have gone on to. Unlike there, nothing is held back: instead of overlapping what was
//! already played, the difference to it is faded out of the repetition.
use crate::pitch::LatestLag;

/// The pitch periods that are looked for, in samples at 8 kHz: 66 to 400 Hz. The period of a higher tone is found as a
/// multiple.
const SHORTEST: usize = 20;
const LONGEST: usize = 120;

/// How much of the past is compared, in samples at 8 kHz.
const COMPARED: usize = 100;

/// How clear the pitch of a steady tone is.
const STEADY: f32 = 0.99;

/// One stream's concealment.
pub struct Concealer {
    /// Samples per sample at 8 kHz.
    scale: usize,
    /// What was heard last, the latest at the end; in a gap that is what filled it.
    past: Vec<f32>,
    /// What was heard last before the gap.
    before: Vec<f32>,
    likeness: LatestLag,
    gap: Option<Gap>,
}

/// A gap that is being filled.
#[derive(Clone, Copy)]
struct Gap {
    /// Samples since its begin.
    at: usize,
    /// Of the sound before it, in samples.
    period: usize,
    /// How alike the last periods were.
    voiced: f32,
}

impl Concealer {
    /// For PCM at `rate`: 8000 or 16 000. Allocates.
    pub fn new(rate: u32) -> Self {
        let scale = (rate as usize / 8_000).max(1);
        // Three of the longest periods and the quarter that is overlapped, or what a comparison takes.
        let past = (LONGEST * 13 / 4).max(LONGEST + COMPARED) * scale;
        Self {
            scale,
            past: vec![0.0; past],
            before: vec![0.0; past],
            likeness: LatestLag::new(COMPARED * scale),
            gap: None,
        }
    }

    /// A packet has come: remembers its sound and, after a gap, blends the repetition into its first milliseconds (`pcm` is
    /// changed then).
    pub fn received(&mut self, pcm: &mut [f32]) {
        if let Some(gap) = self.gap.take() {
            // The longer the gap, the less the two have in common, and the longer the blend: 3 ms and 4 more a packet.
            let milli = 8 * self.scale;
            let length = (3 * milli + gap.at / 5).min(10 * milli).min(pcm.len());
            for (n, sample) in pcm[..length].iter_mut().enumerate() {
                let in_gain = (n + 1) as f32 / (length + 1) as f32;
                *sample = *sample * in_gain + self.repetition(gap, gap.at + n) * (1.0 - in_gain);
            }
        }
        self.remember(pcm);
    }

    /// A packet is missing: writes what may have been in it. After 60 ms without a packet at the latest that is silence.
    pub fn lost(&mut self, pcm: &mut [f32]) {
        let mut gap = match self.gap {
            Some(gap) => gap,
            None => self.begin(),
        };
        for (n, sample) in pcm.iter_mut().enumerate() {
            *sample = self.repetition(gap, gap.at + n);
        }
        gap.at = gap.at.saturating_add(pcm.len());
        self.gap = Some(gap);
        self.remember(pcm);
    }

    /// Forgets what it heard, as at the begin of a new stream.
    pub fn reset(&mut self) {
        self.past.fill(0.0);
        self.gap = None;
    }

    fn begin(&mut self) -> Gap {
        self.before.copy_from_slice(&self.past);
        let lags = SHORTEST * self.scale..=LONGEST * self.scale;
        let found = self.likeness.find(&self.past, lags, self.scale);
        let voiced = found.correlation.clamp(0.0, 1.0);
        // What has no pitch would get one by being repeated: then the longest piece that there is.
        let period = if voiced < 0.4 {
            LONGEST * self.scale
        } else {
            found.lag
        };
        Gap {
            at: 0,
            period,
            voiced,
        }
    }

    /// The sample `n` after the begin of the gap.
    fn repetition(&self, gap: Gap, n: usize) -> f32 {
        let gain = self.gain(gap, n);
        if gain <= 0.0 {
            return 0.0;
        }
        let end = self.before.len();
        let quarter = gap.period / 4;
        // After each 20 ms one period more is repeated, up to three.
        let stage = 160 * self.scale;
        let periods = (n / stage + 1).min(3);
        let mut sample = self.looped(gap.period, periods, n);
        let since = n - (periods - 1) * stage;
        if periods > 1 && since < quarter {
            let share = since as f32 / quarter as f32;
            sample = sample * share + self.looped(gap.period, periods - 1, n) * (1.0 - share);
        }
        // At the begin: the difference between what was played and the period before, mirrored, so that the wave goes on
        // where it was.
        if n < quarter {
            let share = 1.0 - (n + 1) as f32 / (quarter + 1) as f32;
            sample += share * (self.before[end - 1 - n] - self.before[end - 1 - n - gap.period]);
        }
        sample * gain
    }

    /// The sample `n` of the last `periods` periods repeated, each round ending as what came before its begin.
    fn looped(&self, period: usize, periods: usize, n: usize) -> f32 {
        let (end, length, quarter) = (self.before.len(), period * periods, period / 4);
        let at = n % length;
        let sample = self.before[end - length + at];
        let left = length - at;
        if left > quarter {
            return sample;
        }
        let share = (quarter - left + 1) as f32 / (quarter + 1) as f32;
        sample * (1.0 - share) + self.before[end - length - left] * share
    }

    /// Full at the begin and nothing after 30 ms. Speech changes, so it fades early, the more so the less clear its pitch is: what is
    /// made up wrong disturbs more than what is missing. A steady tone stays at its level for a packet, and is gone after 60 ms.
    fn gain(&self, gap: Gap, n: usize) -> f32 {
        let millis = n as f32 / (8 * self.scale) as f32;
        let firm = 1.0 - 0.03 * (1.0 - gap.voiced) * millis;
        let (full, fading) = if gap.voiced > STEADY {
            (20.0, 40.0)
        } else {
            (5.0, 25.0)
        };
        let fade = if millis < full {
            1.0
        } else {
            1.0 - (millis - full) / fading
        };
        firm.max(0.0) * fade.max(0.0)
    }

    fn remember(&mut self, pcm: &[f32]) {
        let length = self.past.len();
        let new = &pcm[pcm.len().saturating_sub(length)..];
        self.past.copy_within(new.len().., 0);
        self.past[length - new.len()..].copy_from_slice(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::voice;
    use core::f32::consts::TAU;
    use trialog_frame::Level;

    /// What is heard when each packet whose number `lost` names is missing.
    fn concealed(sound: &[f32], rate: u32, lost: impl Fn(usize) -> bool) -> Vec<f32> {
        let mut concealer = Concealer::new(rate);
        let mut out = sound.to_vec();
        for (index, packet) in out.chunks_exact_mut(rate as usize / 50).enumerate() {
            if lost(index) {
                concealer.lost(packet)
            } else {
                concealer.received(packet)
            }
        }
        out
    }

    /// The mean over the lost packets of signal to error, in dB, each bounded to −10..35.
    fn segmental(sound: &[f32], heard: &[f32], packet: usize, lost: impl Fn(usize) -> bool) -> f32 {
        let parts = sound
            .chunks_exact(packet)
            .zip(heard.chunks_exact(packet))
            .enumerate();
        let values: Vec<f32> = parts
            .filter(|(index, _)| lost(*index))
            .map(|(_, (sound, heard))| {
                let error: Vec<f32> = sound.iter().zip(heard).map(|(a, b)| a - b).collect();
                (Level::rms(sound).0 - Level::rms(&error).0).clamp(-10.0, 35.0)
            })
            .collect();
        values.iter().sum::<f32>() / values.len() as f32
    }

    #[test]
    fn it_is_far_nearer_to_the_lost_speech_than_the_last_frame_again() {
        for rate in [8_000, 16_000] {
            let (packet, lost) = (rate as usize / 50, |index: usize| index % 7 == 5);
            let sound = voice(rate, rate as usize * 6);
            let mut repeated = sound.clone();
            for index in (0..sound.len() / packet).filter(|index| lost(*index)) {
                repeated.copy_within((index - 1) * packet..index * packet, index * packet);
            }
            let ours = segmental(&sound, &concealed(&sound, rate, lost), packet, lost);
            let theirs = segmental(&sound, &repeated, packet, lost);
            assert!(
                ours > theirs + 6.0 && ours > 4.0,
                "{rate}: {ours} dB, repetition {theirs} dB"
            );
        }
    }

    fn tone(frequency: f32, rate: u32) -> Vec<f32> {
        (0..rate)
            .map(|n| 0.25 * (TAU * frequency * n as f32 / rate as f32).sin())
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_level_through_a_lost_packet_and_does_not_click() {
        for rate in [8_000, 16_000] {
            for frequency in [433.0, 997.0, 1511.0, 300.0, 2100.0] {
                let sound = tone(frequency, rate);
                let heard = concealed(&sound, rate, |index| index == 25);
                let packet = rate as usize / 50;
                for part in heard[24 * packet..28 * packet].chunks(packet / 2) {
                    let level = Level::rms(part).0 - Level::rms(&sound).0;
                    assert!(level.abs() < 1.0, "{frequency} Hz at {rate}: {level} dB");
                }
                let steepest = |sound: &[f32]| {
                    sound
                        .windows(2)
                        .map(|s| (s[1] - s[0]).abs())
                        .fold(0.0, f32::max)
                };
                assert!(
                    steepest(&heard) < 1.15 * steepest(&sound),
                    "{frequency} Hz at {rate}"
                );
            }
        }
    }

    #[test]
    fn a_long_gap_fades_to_silence_within_60_ms_and_ends_softly() {
        let sound = tone(433.0, 8_000);
        let heard = concealed(&sound, 8_000, |index| (10..20).contains(&index));
        let level = |packet: usize| Level::rms(&heard[packet * 160..][..160]).0;
        assert!(level(10) > level(11) && level(11) > level(12));
        assert!((13..20).all(|packet| level(packet) < -100.0));
        // Back with a ramp of 10 ms.
        let ramp = &heard[20 * 160..];
        assert!(
            ramp[0].abs() < 0.01
                && Level::peak(&ramp[..20]).0 < Level::peak(&ramp[80..160]).0 - 10.0
        );
        assert_eq!(ramp[80..], sound[20 * 160 + 80..]);
    }

    #[test]
    fn nothing_lost_is_nothing_changed_and_silence_stays_silent() {
        let sound = voice(8_000, 16_000);
        assert_eq!(concealed(&sound, 8_000, |_| false), sound);
        assert!(
            concealed(&[0.0; 1_600], 8_000, |index| index % 2 == 1)
                .iter()
                .all(|sample| *sample == 0.0)
        );
        let mut concealer = Concealer::new(8_000);
        let mut pcm = [1.0; 160];
        concealer.lost(&mut pcm);
        assert_eq!(pcm, [0.0; 160]);
    }
}
