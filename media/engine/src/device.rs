//! The sound card, by `cpal`: opened, watched, and opened again by a thread of its own. What runs on the card's threads is
//! in [`crate::card`].
use crate::baton::Baton;
use crate::card::{CAPTURE_RING, Capture, Playback};
use crate::{EngineError, EngineEvent};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, Sample, SizedSample, StreamConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;
use trialog_frame::{FRAME_SAMPLES, RATE};

/// How often a lost card is looked for.
const AGAIN: Duration = Duration::from_secs(1);

/// How often a card is looked after.
const LOOK: Duration = Duration::from_millis(100);

/// A card that has not called back for so long is gone, whatever it says.
const DEAD: Duration = Duration::from_secs(2);

/// A sound card in use. Dropping it closes the card.
pub(crate) struct Device {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Which card.
struct Names {
    input: Option<String>,
    output: Option<String>,
}

/// An open card; it falls silent when this is dropped.
struct Streams {
    _output: cpal::Stream,
    _input: Option<cpal::Stream>,
    broken: Arc<AtomicBool>,
    called: Arc<AtomicBool>,
    /// Why there is no microphone.
    deaf: Option<String>,
}

impl Device {
    /// Opens the card and goes on looking after it. Returns when it is open, or why it can't be.
    pub(crate) fn start(
        input: Option<String>,
        output: Option<String>,
        baton: Arc<Baton>,
        events: Sender<EngineEvent>,
    ) -> Result<Self, EngineError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (opened, result) = mpsc::channel();
        let names = Names { input, output };
        let thread = {
            let stop = Arc::clone(&stop);
            let run = move || look_after(&names, &baton, &events, &opened, &stop);
            std::thread::Builder::new()
                .name("trialog-device".into())
                .spawn(run)
                .map_err(EngineError::Thread)?
        };
        match result.recv() {
            Ok(Ok(())) => Ok(Self {
                stop,
                thread: Some(thread),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(EngineError::NoDevice("the sound system failed".into())),
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn look_after(
    names: &Names,
    baton: &Arc<Baton>,
    events: &Sender<EngineEvent>,
    opened: &Sender<Result<(), EngineError>>,
    stop: &AtomicBool,
) {
    let mut streams = match open(names, baton) {
        Ok(streams) => {
            let _ = opened.send(Ok(()));
            tell_deaf(&streams, events);
            Some(streams)
        }
        Err(error) => {
            let _ = opened.send(Err(error));
            return;
        }
    };
    let mut unseen = Duration::ZERO;
    while !stop.load(Ordering::Acquire) {
        let Some(open_streams) = &streams else {
            std::thread::park_timeout(AGAIN);
            if !stop.load(Ordering::Acquire)
                && let Ok(again) = open(names, baton)
            {
                tell_deaf(&again, events);
                streams = Some(again);
                unseen = Duration::ZERO;
                let _ = events.send(EngineEvent::DeviceBack);
            }
            continue;
        };
        std::thread::park_timeout(LOOK);
        let called = open_streams.called.swap(false, Ordering::AcqRel);
        unseen = if called {
            Duration::ZERO
        } else {
            unseen + LOOK
        };
        if open_streams.broken.load(Ordering::Acquire) || unseen >= DEAD {
            baton.drive_by_device(false);
            let _ = events.send(EngineEvent::DeviceGone);
            close_aside(streams.take());
        }
    }
    baton.drive_by_device(false);
}

/// Closes a card that is gone. Closing waits for threads of the sound system's, which may never end once the server has killed
/// their stream: nobody waits for them here.
fn close_aside(streams: Option<Streams>) {
    let close = std::thread::Builder::new().name("trialog-close".into());
    // Without a thread they are closed here and now.
    let _ = close.spawn(move || drop(streams));
}

fn tell_deaf(streams: &Streams, events: &Sender<EngineEvent>) {
    if let Some(reason) = &streams.deaf {
        let _ = events.send(EngineEvent::Error(format!("no microphone: {reason}")));
    }
}

fn open(names: &Names, baton: &Arc<Baton>) -> Result<Streams, EngineError> {
    let host = cpal::default_host();
    let broken = Arc::new(AtomicBool::new(false));
    let called = Arc::new(AtomicBool::new(false));
    let (filled, captured) = rtrb::RingBuffer::new(CAPTURE_RING);
    let input = find(&host, names.input.as_deref(), true).and_then(|device| {
        let channels = device
            .default_input_config()
            .map_or(1, |config| config.channels());
        capture(&device, channels, filled, &broken)
    });
    let (input, deaf) = match input {
        Ok(stream) => (Some(stream), None),
        Err(reason) => (None, Some(reason)),
    };
    let device = find(&host, names.output.as_deref(), false).map_err(EngineError::NoDevice)?;
    let channels = device
        .default_output_config()
        .map_or(2, |config| config.channels());
    let side = Playback::new(Arc::clone(baton), captured, Arc::clone(&called));
    let output = play(&device, channels, side, &broken).map_err(EngineError::NoDevice)?;
    Ok(Streams {
        _output: output,
        _input: input,
        broken,
        called,
        deaf,
    })
}

fn find(host: &cpal::Host, name: Option<&str>, input: bool) -> Result<cpal::Device, String> {
    let kind = if input { "capture" } else { "playback" };
    let Some(name) = name else {
        let device = if input {
            host.default_input_device()
        } else {
            host.default_output_device()
        };
        return device.ok_or_else(|| format!("there is no {kind} device"));
    };
    let named = |device: &cpal::Device| {
        let described = device
            .description()
            .map(|description| description.name().to_owned());
        let id = device.id().map(|id| id.to_string());
        [described, id]
            .into_iter()
            .flatten()
            .any(|known| known.contains(name))
    };
    let found = if input {
        host.input_devices().map(|mut all| all.find(named))
    } else {
        host.output_devices().map(|mut all| all.find(named))
    };
    found
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("there is no {kind} device named {name:?}"))
}

/// Ten milliseconds, always: a server's own choice may be a second of prefill.
fn config(channels: u16) -> StreamConfig {
    StreamConfig {
        channels,
        sample_rate: RATE,
        buffer_size: BufferSize::Fixed(FRAME_SAMPLES as u32),
    }
}

fn complain(broken: &Arc<AtomicBool>) -> impl FnMut(cpal::Error) + Send + 'static {
    let broken = Arc::clone(broken);
    move |error| {
        let gone = matches!(
            error.kind(),
            ErrorKind::DeviceNotAvailable
                | ErrorKind::HostUnavailable
                | ErrorKind::StreamInvalidated
        );
        if gone {
            broken.store(true, Ordering::Release);
        }
    }
}

fn capture(
    device: &cpal::Device,
    channels: u16,
    ring: rtrb::Producer<f32>,
    broken: &Arc<AtomicBool>,
) -> Result<cpal::Stream, String> {
    fn build<T>(
        device: &cpal::Device,
        channels: u16,
        mut side: Capture,
        broken: &Arc<AtomicBool>,
    ) -> Result<cpal::Stream, cpal::Error>
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        let many = usize::from(channels.max(1));
        device.build_input_stream(
            config(channels),
            move |samples: &[T], _: &cpal::InputCallbackInfo| {
                for frame in samples.chunks_exact(many) {
                    let sum: f32 = frame.iter().map(|sample| f32::from_sample(*sample)).sum();
                    side.push(sum / many as f32);
                }
            },
            complain(broken),
            None,
        )
    }
    let format = device
        .default_input_config()
        .map_or(cpal::SampleFormat::F32, |config| config.sample_format());
    let side = Capture::new(ring);
    let stream = match format {
        cpal::SampleFormat::I16 => build::<i16>(device, channels, side, broken),
        cpal::SampleFormat::I32 => build::<i32>(device, channels, side, broken),
        _ => build::<f32>(device, channels, side, broken),
    };
    start(stream)
}

fn play(
    device: &cpal::Device,
    channels: u16,
    side: Playback,
    broken: &Arc<AtomicBool>,
) -> Result<cpal::Stream, String> {
    fn build<T>(
        device: &cpal::Device,
        channels: u16,
        mut side: Playback,
        broken: &Arc<AtomicBool>,
    ) -> Result<cpal::Stream, cpal::Error>
    where
        T: SizedSample + FromSample<f32>,
    {
        let many = usize::from(channels.max(1));
        device.build_output_stream(
            config(channels),
            move |samples: &mut [T], _: &cpal::OutputCallbackInfo| {
                side.called();
                for frame in samples.chunks_exact_mut(many) {
                    frame.fill(T::from_sample(side.sample()));
                }
            },
            complain(broken),
            None,
        )
    }
    let format = device
        .default_output_config()
        .map_or(cpal::SampleFormat::F32, |config| config.sample_format());
    let stream = match format {
        cpal::SampleFormat::I16 => build::<i16>(device, channels, side, broken),
        cpal::SampleFormat::I32 => build::<i32>(device, channels, side, broken),
        _ => build::<f32>(device, channels, side, broken),
    };
    start(stream)
}

fn start(stream: Result<cpal::Stream, cpal::Error>) -> Result<cpal::Stream, String> {
    let stream = stream.map_err(|error| error.to_string())?;
    stream.play().map_err(|error| error.to_string())?;
    Ok(stream)
}
