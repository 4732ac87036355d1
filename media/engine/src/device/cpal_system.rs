//! Sound devices by `cpal`: ALSA where no sound server runs, and what other systems have.
use super::{Direction, Listed, Listing, Opened, SoundSystem};
use crate::card::{Bell, Capture, Playback, Played, Side, StreamState};
use crate::os;
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig,
};
use std::sync::Arc;
use trialog_frame::{FRAME_SAMPLES, RATE};

/// The system that `cpal` takes for this machine's own.
pub(super) struct CpalSystem(cpal::Host);

impl CpalSystem {
    pub(super) fn new() -> Self {
        Self(cpal::default_host())
    }

    fn device(&self, direction: Direction, id: &str) -> Result<Device, String> {
        let is = |device: &Device| listed(device).id == id;
        let default = match direction {
            Direction::Capture => self.0.default_input_device(),
            Direction::Playback => self.0.default_output_device(),
        };
        if let Some(default) = default.filter(is) {
            return Ok(default);
        }
        let found = match direction {
            Direction::Capture => self.0.input_devices().map(|mut all| all.find(is)),
            Direction::Playback => self.0.output_devices().map(|mut all| all.find(is)),
        };
        found
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("{id} is gone"))
    }
}

/// As the system names it; a device without a description has its id.
fn listed(device: &Device) -> Listed {
    let id = device.id().map(|id| id.to_string()).unwrap_or_default();
    let described = device.description().map(|of| of.name().to_owned());
    Listed {
        name: described.unwrap_or_else(|_| id.clone()),
        id,
        monitor_of: None,
    }
}

impl SoundSystem for CpalSystem {
    fn devices(&mut self) -> Result<Listing, String> {
        os::hush_sound_library();
        let all = |devices: Result<Vec<Device>, cpal::Error>| -> Vec<Listed> {
            devices
                .map(|all| all.iter().map(listed).collect())
                .unwrap_or_default()
        };
        let mut capture = all(self.0.input_devices().map(Iterator::collect));
        let mut playback = all(self.0.output_devices().map(Iterator::collect));
        // There may be a default in name alone.
        let microphone = self.0.default_input_device();
        let microphone = microphone.filter(|device| device.default_input_config().is_ok());
        let ear = self.0.default_output_device();
        let ear = ear.filter(|device| device.default_output_config().is_ok());
        // Nor does the default have to be one of the list.
        let default = |all: &mut Vec<Listed>, device: Option<Device>| -> Option<String> {
            let device = listed(&device?);
            let id = device.id.clone();
            if !all.iter().any(|known| known.id == id) {
                all.insert(0, device);
            }
            Some(id)
        };
        Ok(Listing {
            default_capture: default(&mut capture, microphone),
            default_playback: default(&mut playback, ear),
            capture,
            playback,
        })
    }

    fn tells(&self) -> bool {
        false
    }

    fn capture(
        &mut self,
        device: &Listed,
        side: Capture,
        state: Arc<StreamState>,
    ) -> Result<Opened, String> {
        let device = self.device(Direction::Capture, &device.id)?;
        let (channels, format) = device
            .default_input_config()
            .map_or((1, SampleFormat::F32), |config| {
                (config.channels(), config.sample_format())
            });
        let stream = match format {
            SampleFormat::I16 => capture::<i16>(&device, channels, side, state),
            SampleFormat::I32 => capture::<i32>(&device, channels, side, state),
            _ => capture::<f32>(&device, channels, side, state),
        };
        start(stream)
    }

    fn play(
        &mut self,
        device: &Listed,
        side: Playback,
        state: Arc<StreamState>,
    ) -> Result<Opened, String> {
        play(&self.device(Direction::Playback, &device.id)?, side, state)
    }

    fn ring(
        &mut self,
        device: &Listed,
        side: Bell,
        state: Arc<StreamState>,
    ) -> Result<Opened, String> {
        play(&self.device(Direction::Playback, &device.id)?, side, state)
    }
}

/// Ten milliseconds, always: a server's own choice may be a second of prefill.
fn config(channels: u16) -> StreamConfig {
    StreamConfig {
        channels,
        sample_rate: RATE,
        buffer_size: BufferSize::Fixed(FRAME_SAMPLES as u32),
    }
}

fn complain(state: Arc<StreamState>) -> impl FnMut(cpal::Error) + Send + 'static {
    move |error| {
        let gone = matches!(
            error.kind(),
            ErrorKind::DeviceNotAvailable
                | ErrorKind::HostUnavailable
                | ErrorKind::StreamInvalidated
        );
        if gone {
            state.fail();
        }
    }
}

fn capture<T>(
    device: &Device,
    channels: u16,
    mut side: Capture,
    state: Arc<StreamState>,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let many = usize::from(channels.max(1));
    device.build_input_stream(
        config(channels),
        move |samples: &[T], _: &cpal::InputCallbackInfo| {
            side.watched(|side| {
                side.begins(samples.len() / many);
                for frame in samples.chunks_exact(many) {
                    let sum: f32 = frame.iter().map(|sample| f32::from_sample(*sample)).sum();
                    side.push(sum / many as f32);
                }
            });
        },
        complain(state),
        None,
    )
}

fn play(device: &Device, side: impl Played, state: Arc<StreamState>) -> Result<Opened, String> {
    fn build<T>(
        device: &Device,
        channels: u16,
        mut side: impl Played,
        state: Arc<StreamState>,
    ) -> Result<cpal::Stream, cpal::Error>
    where
        T: SizedSample + FromSample<f32>,
    {
        let many = usize::from(channels.max(1));
        device.build_output_stream(
            config(channels),
            move |samples: &mut [T], _: &cpal::OutputCallbackInfo| {
                side.watched(|side| {
                    side.begins(samples.len() / many);
                    for frame in samples.chunks_exact_mut(many) {
                        frame.fill(T::from_sample(side.sample()));
                    }
                });
            },
            complain(state),
            None,
        )
    }
    let (channels, format) = device
        .default_output_config()
        .map_or((2, SampleFormat::F32), |config| {
            (config.channels(), config.sample_format())
        });
    let stream = match format {
        SampleFormat::I16 => build::<i16>(device, channels, side, state),
        SampleFormat::I32 => build::<i32>(device, channels, side, state),
        _ => build::<f32>(device, channels, side, state),
    };
    start(stream)
}

fn start(stream: Result<cpal::Stream, cpal::Error>) -> Result<Opened, String> {
    let stream = stream.map_err(|error| error.to_string())?;
    stream.play().map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}
