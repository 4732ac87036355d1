//! Whether the local party speaks although its microphone is stopped: it may have forgotten that it is.
use trialog_frame::{Frame, Level};

/// What is quieter is no voice at the microphone, in dB.
const LEAST: f32 = -45.0;

/// A voice is so much louder than what is there all the time, in dB.
const ABOVE: f32 = 12.0;

/// What is there all the time is taken to be so much louder after each frame, in dB: 5 dB a second, as long as it is never quieter.
const RISES: f32 = 0.05;

/// So much of voice, in frames of 10 ms less the half of those without, is speech and no cough.
const SPEECH: u32 = 2 * 40;

/// So many frames nothing more is told of it: 30 s.
const REST: u32 = 3_000;

/// The state of it.
#[derive(Default)]
pub(crate) struct Unheard {
    floor: Option<f32>,
    /// Half frames of voice.
    voice: u32,
    rest: u32,
}

impl Unheard {
    /// A tick. `stopped`: the local party hears the others, and is not heard. True: it speaks all the same; told once in 30 s, until
    /// it was heard again.
    pub(crate) fn tick(&mut self, stopped: bool, microphone: &Frame) -> bool {
        if !stopped {
            *self = Self::default();
            return false;
        }
        let level = microphone.rms().0.max(Level::FLOOR.0);
        let floor = self.floor.map_or(level, |floor| level.min(floor + RISES));
        self.floor = Some(floor);
        let is_voice = level > LEAST && level > floor + ABOVE;
        self.voice = if is_voice {
            self.voice + 2
        } else {
            self.voice.saturating_sub(1)
        };
        self.rest = self.rest.saturating_sub(1);
        if self.voice < SPEECH {
            return false;
        }
        self.voice = 0;
        let told = self.rest == 0;
        if told {
            self.rest = REST;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_frame::FRAME_SAMPLES;

    /// How often it is told within so many seconds.
    fn told(unheard: &mut Unheard, seconds: u32, stopped: bool, level: impl Fn(u32) -> f32) -> u32 {
        let frames =
            (0..100 * seconds).map(|n| Frame([Level(level(n)).amplitude(); FRAME_SAMPLES]));
        frames
            .map(|frame| u32::from(unheard.tick(stopped, &frame)))
            .sum()
    }

    /// Syllables of 160 ms with 80 ms between.
    fn speech(n: u32) -> f32 {
        if n % 24 < 16 { -25.0 } else { -55.0 }
    }

    #[test]
    fn a_voice_into_a_stopped_microphone_is_told_of_once_in_30_s() {
        let mut unheard = Unheard::default();
        assert_eq!(told(&mut unheard, 2, true, |_| -55.0), 0);
        assert_eq!(told(&mut unheard, 1, true, speech), 1);
        assert_eq!(told(&mut unheard, 28, true, speech), 0);
        assert_eq!(told(&mut unheard, 3, true, speech), 1);
        assert_eq!(told(&mut unheard, 1, false, speech), 0, "it is heard");
        assert_eq!(told(&mut unheard, 2, true, speech), 1, "stopped anew");
    }

    #[test]
    fn a_cough_a_fan_and_a_distant_voice_are_not() {
        let mut unheard = Unheard::default();
        let cough = |n| if n % 300 < 25 { -15.0 } else { -55.0 };
        assert_eq!(told(&mut unheard, 20, true, cough), 0);
        assert_eq!(told(&mut unheard, 20, true, |n| speech(n) - 25.0), 0);
        let mut unheard = Unheard::default();
        assert_eq!(told(&mut unheard, 20, true, |_| -30.0), 0, "a fan");
    }
}
