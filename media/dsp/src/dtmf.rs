//! A pressed key as two tones in the sound (ITU-T Q.23), for far ends that take digits in no other way.
use crate::sine::{Sine, swell};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// Of the rows and the columns of the keys, in Hz (ITU-T Q.23).
const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

/// The keys, row by row.
const KEYS: [u8; 16] = *b"123A456B789C*0#D";

/// The levels in dBm0: lines lose more of the high tone, which begins 2 dB above the low one. ITU-T Q.24 has receivers take both.
const LOW_DBM0: f32 = -9.0;
const HIGH_DBM0: f32 = -7.0;

/// ITU-T G.711: the sine that just fills µ-law has so many dBm0, and that of A-law 0.03 dB less.
const FULL_SCALE_DBM0: f32 = 3.17;

/// A tone begins and ends within so many samples, so that it does not click.
const EDGE: usize = FRAME_SAMPLES / 4;

/// One press of a key, from its begin.
#[derive(Clone, Copy, Debug)]
pub struct DtmfTone {
    low: f64,
    high: f64,
    frame: u32,
    frames: u32,
}

impl DtmfTone {
    /// `0`–`9`, `*`, `#`, `A`–`D`, for so many frames of 10 ms, at least one. `None` for what is no key.
    pub fn new(key: u8, frames: u32) -> Option<Self> {
        let place = KEYS.iter().position(|known| *known == key)?;
        Some(Self {
            low: LOW[place / 4],
            high: HIGH[place % 4],
            frame: 0,
            frames: frames.max(1),
        })
    }

    /// The next 10 ms. Overwrites `frame`; false where the press is over, and nothing is written.
    pub fn fill(&mut self, frame: &mut Frame) -> bool {
        if self.frame == self.frames {
            return false;
        }
        *frame = Frame::SILENCE;
        for (frequency, level) in [(self.low, LOW_DBM0), (self.high, HIGH_DBM0)] {
            Sine {
                frequency,
                rate: 48e3,
                age: f64::from(self.frame) / 100.0,
                amplitudes: [amplitude(level); 2],
            }
            .add_to(&mut frame.0);
        }
        let gain = |n: usize| swell((n as f64 + 0.5) / EDGE as f64) as f32;
        if self.frame == 0 {
            (0..EDGE).for_each(|n| frame[n] *= gain(n));
        }
        self.frame += 1;
        if self.frame == self.frames {
            (0..EDGE).for_each(|n| frame[FRAME_SAMPLES - 1 - n] *= gain(n));
        }
        true
    }
}

/// Of a sine of this level, against full scale.
fn amplitude(dbm0: f32) -> f32 {
    10f32.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_frame::Level;

    fn press(key: u8, frames: u32) -> Vec<f32> {
        let mut tone = DtmfTone::new(key, frames).expect("a key");
        let (mut frame, mut all) = (Frame::SILENCE, Vec::new());
        while tone.fill(&mut frame) {
            all.extend_from_slice(&frame.0);
        }
        all
    }

    #[test]
    fn each_key_has_its_two_tones_at_their_levels_and_no_other() {
        for (place, key) in KEYS.iter().enumerate() {
            let all = press(*key, 12);
            assert_eq!(all.len(), 12 * FRAME_SAMPLES);
            let middle = &all[FRAME_SAMPLES..11 * FRAME_SAMPLES];
            for (own, group, level) in [(place / 4, LOW, LOW_DBM0), (place % 4, HIGH, HIGH_DBM0)] {
                for (index, frequency) in group.iter().enumerate() {
                    let heard = Level::sine_amplitude(middle, *frequency, 48e3).0 + FULL_SCALE_DBM0;
                    if index == own {
                        assert!((heard - level).abs() < 0.3, "{frequency} Hz: {heard}");
                    } else {
                        assert!(heard < level - 20.0, "{frequency} Hz: {heard}");
                    }
                }
            }
        }
        assert!(DtmfTone::new(b'x', 12).is_none());
    }

    #[test]
    fn a_press_begins_and_ends_softly() {
        let all = press(b'5', 12);
        assert!(all[0].abs() < 0.001 && all[all.len() - 1].abs() < 0.001);
        assert!(all.iter().all(|sample| sample.abs() < 0.6));
    }
}
