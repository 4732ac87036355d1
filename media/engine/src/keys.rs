//! Digits that go out as tones in one leg's sound, in place of what it would hear: a receiver wants the tones alone, and a pause
//! between two of them (ITU-T Q.24).
use trialog_dsp::DtmfTone;
use trialog_frame::Frame;

/// As many digits wait as telephone-events do.
const MOST: usize = trialog_rtp::EventSender::MOST;

/// Silence after each digit, in frames of 10 ms: twice what ITU-T Q.24 has receivers need.
const PAUSE: u32 = 8;

/// The digits of one leg.
pub(crate) struct KeyTones {
    waiting: [u8; MOST],
    count: usize,
    now: Option<DtmfTone>,
    /// Frames of silence that are left.
    pause: u32,
    /// Length of a digit in frames of 10 ms.
    length: u32,
}

impl KeyTones {
    /// With none; each is to be so many frames of 10 ms long.
    pub(crate) fn new(length: u32) -> Self {
        Self {
            waiting: [0; MOST],
            count: 0,
            now: None,
            pause: 0,
            length,
        }
    }

    /// Sends this digit after those before it; one that would be too many is lost.
    pub(crate) fn send(&mut self, digit: u8) {
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = digit;
            self.count += 1;
        }
    }

    /// Overwrites the frame while a digit or the pause after it goes on.
    pub(crate) fn fill(&mut self, frame: &mut Frame) -> bool {
        if let Some(tone) = &mut self.now {
            if tone.fill(frame) {
                return true;
            }
            self.now = None;
            self.pause = PAUSE;
        }
        if self.pause > 0 {
            self.pause -= 1;
            *frame = Frame::SILENCE;
            return true;
        }
        if self.count == 0 {
            return false;
        }
        self.now = DtmfTone::new(self.waiting[0], self.length);
        self.waiting.copy_within(1.., 0);
        self.count -= 1;
        self.now.as_mut().is_some_and(|tone| tone.fill(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_frame::Level;

    #[test]
    fn digits_follow_each_other_with_pauses_and_then_the_sound_goes_on() {
        let mut keys = KeyTones::new(12);
        let mut frame = Frame([0.5; trialog_frame::FRAME_SAMPLES]);
        assert!(!keys.fill(&mut frame));
        assert_eq!(frame.0[0], 0.5, "it is left alone");
        for digit in b"1#" {
            keys.send(*digit);
        }
        let mut loud = Vec::new();
        while keys.fill(&mut frame) {
            loud.push(Level::rms(&frame.0).0 > -40.0);
        }
        let runs: Vec<_> = loud.chunk_by(|a, b| a == b).map(<[bool]>::len).collect();
        assert_eq!(runs, [12, 8, 12, 8]);
        for _ in 0..100 {
            keys.send(b'5');
        }
        let sounding = (0..).take_while(|_| keys.fill(&mut frame)).count();
        assert_eq!(sounding, MOST * 20, "no more wait than fit");
    }
}
