//! WebRTC's audio processing: AEC3, NS and AGC2, by its port to Rust, `sonora`.
use crate::{Noise, Processor, Settings};
use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate,
    NoiseSuppression, NoiseSuppressionLevel, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};
use trialog_frame::{FRAME_SAMPLES, Frame, RATE, SampleTime};

/// How much later each part makes the sound: the chain as such; the filter bank of three bands with the echo canceller's blocks; the noise
/// suppressor's overlap.
const DELAY: SampleTime = SampleTime::from_millis(1);
const ECHO_DELAY: SampleTime = SampleTime::from_millis(8);
const NOISE_DELAY: SampleTime = SampleTime::from_millis(6);

/// A quiet voice is raised by so much at most, in dB. The library's own 50 would raise a neighbour's voice
/// to the agent's.
const MOST_GAIN: f32 = 18.0;

/// Where the gain begins, in dB: most microphones of headsets need none.
const FIRST_GAIN: f32 = 0.0;

/// The chain.
pub(crate) struct WebRtc {
    inner: AudioProcessing,
    delay: SampleTime,
    out: [f32; FRAME_SAMPLES],
}

impl WebRtc {
    pub(crate) fn new(settings: Settings) -> Self {
        let config = Config {
            pipeline: Pipeline {
                // 32 kHz would leave out what Opus carries above 16.
                maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
                ..Pipeline::default()
            },
            // Below 100 Hz there is hum and wind, and no telephone carries it.
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: settings.echo.then(EchoCanceller::default),
            noise_suppression: (settings.noise == Noise::On).then(|| NoiseSuppression {
                level: NoiseSuppressionLevel::High,
                ..NoiseSuppression::default()
            }),
            gain_controller2: settings.gain.then(|| GainController2 {
                adaptive_digital: Some(AdaptiveDigital {
                    max_gain_db: MOST_GAIN,
                    initial_gain_db: FIRST_GAIN,
                    ..AdaptiveDigital::default()
                }),
                ..GainController2::default()
            }),
            ..Config::default()
        };
        let mut delay = DELAY;
        if settings.echo {
            delay += ECHO_DELAY;
        }
        if settings.noise == Noise::On {
            delay += NOISE_DELAY;
        }
        let mono = StreamConfig::new(RATE, 1);
        let inner = AudioProcessing::builder()
            .config(config)
            .capture_config(mono)
            .render_config(mono)
            .build();
        Self {
            inner,
            delay,
            out: [0.0; FRAME_SAMPLES],
        }
    }
}

impl Processor for WebRtc {
    fn process(&mut self, ear: &Frame, microphone: &mut Frame) {
        // Either refuses only what is not 10 ms of the format that it was built for.
        let _ = self
            .inner
            .process_render_f32(&[&ear.0], &mut [&mut self.out]);
        let done = self
            .inner
            .process_capture_f32(&[&microphone.0], &mut [&mut self.out]);
        if done.is_ok() {
            microphone.0 = self.out;
        }
    }

    fn delay(&self) -> SampleTime {
        self.delay
    }
}
