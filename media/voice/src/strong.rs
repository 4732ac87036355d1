//! The stronger suppressor of noise, RNNoise by its port to Rust, `nnnoiseless`, between WebRTC's echo canceller and its gain:
//! the gain must not raise noise that goes away afterwards, and the canceller must know the room as it is.
use crate::webrtc::WebRtc;
use crate::{Noise, Processor, Settings};
use nnnoiseless::DenoiseState;
use trialog_frame::{FRAME_SAMPLES, Frame, SampleTime};

/// RNNoise works on 10 ms and what overlaps them, so that its output is one frame late.
const DELAY: SampleTime = SampleTime::FRAME;

/// Its samples are those of 16 bits.
const FULL_SCALE: f32 = 32_768.0;

const _: () = assert!(DenoiseState::FRAME_SIZE == FRAME_SAMPLES);

/// The chain.
pub(crate) struct Strong {
    echo: Option<WebRtc>,
    noise: Box<DenoiseState<'static>>,
    gain: Option<WebRtc>,
    scaled: [f32; FRAME_SAMPLES],
    out: [f32; FRAME_SAMPLES],
}

impl Strong {
    pub(crate) fn new(settings: Settings) -> Self {
        let only = |echo, gain| Settings {
            echo,
            noise: Noise::Off,
            gain,
        };
        Self {
            echo: settings.echo.then(|| WebRtc::new(only(true, false))),
            noise: DenoiseState::new(),
            gain: settings.gain.then(|| WebRtc::new(only(false, true))),
            scaled: [0.0; FRAME_SAMPLES],
            out: [0.0; FRAME_SAMPLES],
        }
    }
}

impl Processor for Strong {
    fn process(&mut self, ear: &Frame, microphone: &mut Frame) {
        if let Some(echo) = &mut self.echo {
            echo.process(ear, microphone);
        }
        for (scaled, sample) in self.scaled.iter_mut().zip(&microphone.0) {
            *scaled = sample * FULL_SCALE;
        }
        self.noise.process_frame(&mut self.out, &self.scaled);
        for (sample, out) in microphone.0.iter_mut().zip(&self.out) {
            *sample = out / FULL_SCALE;
        }
        if let Some(gain) = &mut self.gain {
            gain.process(ear, microphone);
        }
    }

    fn delay(&self) -> SampleTime {
        let chains = [&self.echo, &self.gain].into_iter().flatten();
        chains.fold(DELAY, |sum, chain| sum + chain.delay())
    }
}
