//! What is done with a microphone's sound before the bridge gets it: the echo of the ear is taken out, then noise, then the
//! level is brought to that of a telephone. One trait, [`Processor`]; what is behind it is chosen by [`Settings`].
//!
//! The libraries behind it use the heap in each frame, so that no audio thread may call them: the engine runs a processor
//! on a thread of its own. Nothing here reads a clock.
mod strong;
mod webrtc;

use trialog_frame::{Frame, SampleTime};

/// What takes noise out of a microphone's sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Noise {
    /// Nothing does.
    #[default]
    Off,
    /// WebRTC's suppressor: what is steady, as fans are, becomes quieter by about 18 dB.
    On,
    /// A neural network trained on voices (RNNoise): typing and voices' babble become quieter as well, music with them.
    Strong,
}

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The echo of what the ear is given is taken out (AEC3).
    pub echo: bool,
    /// Noise is taken out.
    pub noise: Noise,
    /// The level of speech is brought to about −20 dB by and by, and limited (AGC2).
    pub gain: bool,
}

impl Settings {
    /// Nothing is to be done.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
}

/// What works on a microphone's sound, 10 ms at a time.
pub trait Processor: Send {
    /// `ear`: the 10 ms that the ear was given last, before `microphone` could pick them up. `microphone`: the latest 10 ms
    /// of it, changed in place. What comes out is later than what goes in by [`Processor::delay`]. May use the heap.
    fn process(&mut self, ear: &Frame, microphone: &mut Frame);

    /// How much later than its input the output is.
    fn delay(&self) -> SampleTime;
}

/// The processor for these settings; `None` where nothing is to be done. Allocates.
#[must_use]
pub fn processor(settings: Settings) -> Option<Box<dyn Processor>> {
    if settings.is_off() {
        return None;
    }
    Some(match settings.noise {
        Noise::Strong => Box::new(strong::Strong::new(settings)),
        Noise::Off | Noise::On => Box::new(webrtc::WebRtc::new(settings)),
    })
}
