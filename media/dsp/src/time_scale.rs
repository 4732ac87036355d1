//! Shortens or lengthens sound by whole pitch periods, so that a jitter buffer's delay can change unheard.
//!
//! To shorten, a stretch of the packet flows into the one a period later, and what lies between is left out; to lengthen,
//! the packet's begin flows into what was heard a period before, which is then heard again. Where no period is like
//! the next (a word begins, a consonant) nothing is done: the next packet will do as well.
use crate::pitch::{Likeness, best_lag};

/// What is wanted of the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it goes through as it is.
    Keep,
    /// Take out a piece of 2.5–15 ms (of a 20 ms packet; up to three quarters of a shorter one).
    Shorten,
    /// Put in a piece of 2.5–20 ms.
    Lengthen,
}

/// How alike two pieces must be to flow into each other unheard.
const ALIKE: f32 = 0.7;

/// What is not heard at all and may be cut anywhere: a power of −60 dB.
const FAINT: f32 = 1e-6;

/// One stream's time scale.
pub struct TimeScale {
    /// Samples of a millisecond.
    milli: usize,
    /// 20 ms that were heard last, then room for the longest packet.
    line: Vec<f32>,
}

impl TimeScale {
    /// The longest sound that [`TimeScale::process`] adds, in milliseconds.
    pub const LONGEST_CHANGE_MS: usize = 20;

    /// The longest packet that is changed, in milliseconds; longer ones go through as they are.
    pub const LONGEST_PACKET_MS: usize = 60;

    /// For PCM at `rate`: 8000, 16 000 or 48 000. Allocates.
    pub fn new(rate: u32) -> Self {
        let milli = rate as usize / 1000;
        Self {
            milli,
            line: vec![0.0; milli * (Self::LONGEST_CHANGE_MS + Self::LONGEST_PACKET_MS)],
        }
    }

    /// Passes one packet of 10–60 ms through: every one, so that the sound before is known. `out` needs 20 ms more room
    /// than `pcm`. Returns the samples written: `pcm.len()` where nothing is changed, which also happens where a change
    /// was wanted but would be heard.
    pub fn process(&mut self, pcm: &[f32], change: Change, out: &mut [f32]) -> usize {
        let past = self.milli * Self::LONGEST_CHANGE_MS;
        let fits = pcm.len() >= 10 * self.milli
            && pcm.len() <= self.line.len() - past
            && pcm.len() <= out.len();
        let written = match change {
            Change::Shorten if fits => self.shorten(pcm, out),
            Change::Lengthen if fits && out.len() >= pcm.len() + past => self.lengthen(pcm, out),
            _ => None,
        };
        let written = written.unwrap_or_else(|| {
            let length = pcm.len().min(out.len());
            out[..length].copy_from_slice(&pcm[..length]);
            length
        });
        let new = &out[written.saturating_sub(past)..written];
        self.line.copy_within(new.len()..past, 0);
        self.line[past - new.len()..past].copy_from_slice(new);
        written
    }

    /// `pcm` without one piece.
    fn shorten(&mut self, pcm: &[f32], out: &mut [f32]) -> Option<usize> {
        let length = pcm.len();
        let lags = self.milli * 5 / 2..=(length * 3 / 4).min(15 * self.milli);
        // What is overlapped is what remains after the longest piece, 10 ms at most.
        let overlap = (length - lags.end()).min(10 * self.milli) / 8 * 8;
        let found = self.shift_to_begin(pcm, overlap, lags)?;
        let (lag, after) = (found.lag, found.lag + overlap);
        fade(&pcm[..overlap], &pcm[lag..after], &mut out[..overlap]);
        let rest = length - after;
        out[overlap..overlap + rest].copy_from_slice(&pcm[after..]);
        Some(length - lag)
    }

    /// The lag after which the sound is most like the packet's begin.
    fn shift_to_begin(
        &mut self,
        pcm: &[f32],
        overlap: usize,
        lags: core::ops::RangeInclusive<usize>,
    ) -> Option<Likeness> {
        // Backwards in time, "a lag later" is "a lag before".
        let work = &mut self.line[self.milli * Self::LONGEST_CHANGE_MS..][..pcm.len()];
        work.iter_mut()
            .zip(pcm.iter().rev())
            .for_each(|(work, sample)| *work = *sample);
        let at = pcm.len() - overlap;
        usable(
            best_lag(work, at, overlap, lags, self.milli.div_ceil(8)),
            &work[at..],
        )
    }

    /// `pcm` with one piece more, at its begin.
    fn lengthen(&mut self, pcm: &[f32], out: &mut [f32]) -> Option<usize> {
        let past = self.milli * Self::LONGEST_CHANGE_MS;
        self.line[past..past + pcm.len()].copy_from_slice(pcm);
        let overlap = 5 * self.milli / 8 * 8;
        let lags = self.milli * 5 / 2..=past;
        let found = best_lag(&self.line, past, overlap, lags, self.milli.div_ceil(8));
        let lag = usable(found, &pcm[..overlap])?.lag;
        let again = &self.line[past - lag..past + pcm.len()];
        fade(&pcm[..overlap], &again[..overlap], &mut out[..overlap]);
        out[overlap..again.len()].copy_from_slice(&again[overlap..]);
        Some(again.len())
    }
}

/// Nothing where the two pieces would be heard to differ.
fn usable(found: Likeness, piece: &[f32]) -> Option<Likeness> {
    let power = piece.iter().map(|sample| sample * sample).sum::<f32>() / piece.len() as f32;
    (found.correlation > ALIKE || power < FAINT).then_some(found)
}

/// From one to the other in a straight line; alike as they are, their sum keeps the level.
fn fade(from: &[f32], to: &[f32], out: &mut [f32]) {
    let step = 1.0 / (out.len() + 1) as f32;
    for (n, ((from, to), out)) in from.iter().zip(to).zip(out).enumerate() {
        let share = (n + 1) as f32 * step;
        *out = from * (1.0 - share) + to * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f32::consts::TAU;
    use trialog_frame::Level;

    const RATES: [u32; 3] = [8_000, 16_000, 48_000];

    fn tone(frequency: f32, rate: u32) -> Vec<f32> {
        (0..rate)
            .map(|n| 0.25 * (TAU * frequency * n as f32 / rate as f32).sin())
            .collect()
    }

    fn steepest(sound: &[f32]) -> f32 {
        sound
            .windows(2)
            .map(|s| (s[1] - s[0]).abs())
            .fold(0.0, f32::max)
    }

    /// Packets of 20 ms, each tenth of which is to be changed; also how many were.
    fn changed(sound: &[f32], rate: u32, change: Change) -> (Vec<f32>, usize) {
        let mut scale = TimeScale::new(rate);
        let (mut heard, mut changes, packet) = (Vec::new(), 0, rate as usize / 50);
        let mut out = vec![0.0; 2 * packet];
        for (index, pcm) in sound.chunks_exact(packet).enumerate() {
            let written = scale.process(
                pcm,
                if index % 10 == 5 {
                    change
                } else {
                    Change::Keep
                },
                &mut out,
            );
            changes += usize::from(written != packet);
            heard.extend_from_slice(&out[..written]);
        }
        (heard, changes)
    }

    #[test]
    fn a_tone_gets_shorter_and_longer_without_a_click_or_a_change_of_level() {
        for rate in RATES {
            for frequency in [433.0, 997.0, 1511.0, 120.0] {
                let sound = tone(frequency, rate);
                for change in [Change::Shorten, Change::Lengthen] {
                    let (heard, changes) = changed(&sound, rate, change);
                    assert_eq!(changes, 5, "{frequency} Hz at {rate}");
                    assert!((heard.len() < sound.len()) == (change == Change::Shorten));
                    assert!(
                        steepest(&heard) < 1.03 * steepest(&sound),
                        "{frequency} Hz at {rate} {change:?}"
                    );
                    for part in heard.chunks_exact(rate as usize / 50) {
                        let level = Level::rms(part).0 - Level::rms(&sound).0;
                        assert!(
                            level.abs() < 0.6,
                            "{frequency} Hz at {rate} {change:?}: {level} dB"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn speech_is_changed_mostly_when_asked_and_without_clicks() {
        for rate in RATES {
            let sound = crate::voice::voice(rate, rate as usize * 4);
            // A click shows in the second difference.
            let bend = |sound: &[f32]| {
                sound
                    .windows(3)
                    .map(|s| (s[2] - 2.0 * s[1] + s[0]).abs())
                    .fold(0.0, f32::max)
            };
            for change in [Change::Shorten, Change::Lengthen] {
                let (heard, changes) = changed(&sound, rate, change);
                assert!(changes >= 12, "only {changes} of 20 at {rate}");
                assert!(bend(&heard) < 1.1 * bend(&sound), "{change:?} at {rate}");
                assert!((Level::rms(&heard).0 - Level::rms(&sound).0).abs() < 0.5);
            }
        }
    }

    #[test]
    fn each_change_is_between_2_5_and_20_ms_and_keep_changes_nothing() {
        for rate in RATES {
            let sound = tone(250.0, rate);
            assert_eq!(changed(&sound, rate, Change::Keep).0, sound);
            let (mut scale, packet) = (TimeScale::new(rate), rate as usize / 50);
            let mut out = vec![0.0; 2 * packet];
            for pcm in sound.chunks_exact(packet) {
                let written = scale.process(pcm, Change::Shorten, &mut out);
                assert!((packet / 4..=packet * 7 / 8).contains(&written));
                let written = scale.process(pcm, Change::Lengthen, &mut out);
                assert!((packet * 9 / 8..=packet * 2).contains(&written));
            }
        }
    }

    #[test]
    fn silence_may_be_cut_anywhere_and_noise_nowhere() {
        let mut state = 1u32;
        let noise: Vec<f32> = (0..8_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 25) as f32 - 0.25
            })
            .collect();
        for change in [Change::Shorten, Change::Lengthen] {
            assert_eq!(changed(&[0.0; 8_000], 8_000, change).1, 5);
            assert_eq!(changed(&noise, 8_000, change).1, 0);
        }
    }

    #[test]
    fn packets_of_other_lengths_are_changed_too_or_left() {
        let sound = tone(433.0, 8_000);
        for (millis, can) in [(5, false), (10, true), (30, true), (60, true), (80, false)] {
            for change in [Change::Shorten, Change::Lengthen] {
                let mut scale = TimeScale::new(8_000);
                let mut out = [0.0; 1_000];
                let (first, second) = sound[..millis * 16].split_at(millis * 8);
                assert_eq!(scale.process(first, Change::Keep, &mut out), first.len());
                let written = scale.process(second, change, &mut out);
                // With little sound before, there may be nothing to repeat.
                assert!(if can && millis >= 20 {
                    written != second.len()
                } else {
                    can || written == second.len()
                });
            }
        }
    }
}
