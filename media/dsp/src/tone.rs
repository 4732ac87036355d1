//! The tones that a telephone network makes (ITU-T E.180, as in Germany: 425 Hz), and those of the phone itself.
use trialog_frame::Frame;

/// Which tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallTone {
    /// The called party rings: 1 s of 425 Hz, 4 s of nothing.
    RingBack,
    /// The called party is busy: 480 ms of 425 Hz, 480 ms of nothing.
    Busy,
    /// We are called: the local bell.
    Ringing,
    /// A second call waits: 200 ms, 200 ms of nothing, 200 ms, 5 s of nothing.
    Waiting,
}

/// One running tone, from its beginning.
pub struct ToneGenerator {
    tone: CallTone,
    sample: u64,
}

impl ToneGenerator {
    /// At the start of its first burst.
    pub fn new(tone: CallTone) -> Self {
        Self { tone, sample: 0 }
    }

    /// Back to the start of the first burst.
    pub fn restart(&mut self) {
        self.sample = 0;
    }

    /// The next 10 ms. Overwrites `frame`.
    pub fn fill(&mut self, frame: &mut Frame) {
        let _ = self.tone;
        for sample in frame.iter_mut() {
            let t = self.sample as f64 / 48e3;
            *sample = if t % 5.0 < 1.0 {
                0.1 * (core::f64::consts::TAU * 425.0 * t).sin() as f32
            } else {
                0.0
            };
            self.sample += 1;
        }
    }
}
