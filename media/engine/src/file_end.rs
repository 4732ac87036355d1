//! The local party as files: what it says is played, what it hears and says is recorded, sample by sample side by side.
//!
//! On the audio thread the files are only memory and rings; reading is done before, writing on a thread of its own.
use crate::handover::{Retired, Utterance};
use crate::tick_driver::{MOST_BEHIND, TICK};
use crate::wav;
use crate::{AudioEnd, EngineError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use trialog_frame::{FRAME_SAMPLES, Frame, RATE};

/// Utterances that can be said over one another.
const VOICES: usize = 8;

/// A machine that slept for longer leaves less than that in a recording.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Sound that may wait to be written: 10 s.
const RECORD_RING: usize = 10 * RATE as usize;

/// The audio side.
pub(crate) struct FileEnd {
    play: Vec<i16>,
    at: usize,
    repeat: bool,
    voices: [Option<Box<Utterance>>; VOICES],
    ear: Option<Track>,
    spoken: Option<Track>,
    started: Arc<AtomicU64>,
    pace: Pace,
}

/// The recordings' time: a frame each 10 ms.
#[derive(Default)]
struct Pace {
    /// When the first tick began.
    first: Option<Duration>,
    /// Frames since then.
    frames: u64,
}

impl Pace {
    /// Frames that this tick, begun at `monotonic`, has to make up for: the driver makes up itself for what it missed, but not for
    /// more than [`MOST_BEHIND`]. A machine that slept longer than [`LONGEST_SLEEP`] begins a new line of time.
    fn missing(&mut self, monotonic: Duration) -> usize {
        let first = *self.first.get_or_insert(monotonic);
        let due = (monotonic.saturating_sub(first).as_millis() / TICK.as_millis()) as u64;
        let missing = due.saturating_sub(self.frames);
        let limit = |time: Duration| (time.as_millis() / TICK.as_millis()) as u64;
        self.frames += 1;
        if missing <= limit(MOST_BEHIND) {
            return 0;
        }
        self.frames += missing;
        if missing > limit(LONGEST_SLEEP) {
            return 0;
        }
        missing as usize
    }
}

/// One recording's way to its file.
struct Track {
    ring: rtrb::Producer<f32>,
    /// Frames that found no room in the ring, or that a machine that slept has left out, and that become silence, so that all that
    /// follows keeps its time.
    owed: usize,
}

impl Track {
    fn record(&mut self, frame: &Frame) {
        while self.owed > 0 && self.write(&Frame::SILENCE) {
            self.owed -= 1;
        }
        if self.owed > 0 || !self.write(frame) {
            self.owed += 1;
        }
    }

    fn write(&mut self, frame: &Frame) -> bool {
        let Ok(mut chunk) = self.ring.write_chunk(FRAME_SAMPLES) else {
            return false;
        };
        let (first, second) = chunk.as_mut_slices();
        let split = first.len();
        first.copy_from_slice(&frame[..split]);
        second.copy_from_slice(&frame[split..]);
        chunk.commit_all();
        true
    }
}

impl FileEnd {
    /// What the microphone says in this tick. What has been said to its end goes back.
    pub(crate) fn speak(&mut self, frame: &mut Frame, returns: &mut rtrb::Producer<Retired>) {
        *frame = Frame::SILENCE;
        if !self.play.is_empty() {
            for sample in frame.iter_mut() {
                if self.at == self.play.len() {
                    if !self.repeat {
                        break;
                    }
                    self.at = 0;
                }
                *sample = f32::from(self.play[self.at]) / 32_768.0;
                self.at += 1;
            }
        }
        for voice in &mut self.voices {
            if let Some(utterance) = voice {
                let rest = &utterance.samples[utterance.at..];
                for (sum, sample) in frame.iter_mut().zip(rest) {
                    *sum += f32::from(*sample) / 32_768.0;
                }
                utterance.at += rest.len().min(FRAME_SAMPLES);
                if utterance.at == utterance.samples.len() && returns.slots() > 1 {
                    voice.take().map(|said| returns.push(Retired::Say(said)));
                }
            }
        }
    }

    /// Says it over the rest; back it comes when too many are being said.
    pub(crate) fn say(&mut self, utterance: Box<Utterance>) -> Option<Box<Utterance>> {
        match self.voices.iter_mut().find(|voice| voice.is_none()) {
            Some(voice) => {
                *voice = Some(utterance);
                None
            }
            None => Some(utterance),
        }
    }

    /// What was heard and said in this tick.
    pub(crate) fn record(
        &mut self,
        ear: &Frame,
        spoken: &Frame,
        unix_ns: i128,
        monotonic: Duration,
    ) {
        if self.started.load(Ordering::Relaxed) == 0 {
            self.started
                .store((unix_ns / 1000) as u64, Ordering::Release);
        }
        let missing = self.pace.missing(monotonic);
        for (track, frame) in [(&mut self.ear, ear), (&mut self.spoken, spoken)] {
            if let Some(track) = track {
                track.owed += missing;
                track.record(frame);
            }
        }
    }
}

/// The control side: the thread that writes.
#[derive(Debug)]
pub(crate) struct Files {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), EngineError>>>,
    started: Arc<AtomicU64>,
    records: bool,
}

impl Files {
    /// Reads what is to be played and opens what is to be written. `None` for an end that is no file.
    pub(crate) fn open(end: &AudioEnd) -> Result<Option<(FileEnd, Self)>, EngineError> {
        let AudioEnd::File {
            play,
            repeat,
            record,
            record_spoken,
        } = end
        else {
            return Ok(None);
        };
        let play = play
            .as_deref()
            .map(wav::read)
            .transpose()?
            .unwrap_or_default();
        let mut writers = Vec::new();
        let mut track = |path: &Path| {
            let (ring, rest) = rtrb::RingBuffer::new(RECORD_RING);
            writers.push((wav::Writer::create(path)?, rest));
            Ok(Track { ring, owed: 0 })
        };
        let ear = record.as_deref().map(&mut track).transpose()?;
        let spoken = record_spoken.as_deref().map(&mut track).transpose()?;
        let started = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let records = !writers.is_empty();
        let thread = records
            .then(|| {
                let stop = Arc::clone(&stop);
                std::thread::Builder::new()
                    .name("trialog-files".into())
                    .spawn(move || write(writers, &stop))
            })
            .transpose()
            .map_err(EngineError::Thread)?;
        let voices = [const { None }; VOICES];
        let end = FileEnd {
            play,
            at: 0,
            repeat: *repeat,
            voices,
            ear,
            spoken,
            started: Arc::clone(&started),
            pace: Pace::default(),
        };
        Ok(Some((
            end,
            Self {
                stop,
                thread,
                started,
                records,
            },
        )))
    }

    /// Something is written.
    pub(crate) fn is_recording(&self) -> bool {
        self.records
    }

    /// Unix time of the first recorded sample, in microseconds.
    pub(crate) fn started(&self) -> Option<u64> {
        let started = self.started.load(Ordering::Acquire);
        (self.records && started > 0).then_some(started)
    }

    /// Writes what is left and ends the files.
    pub(crate) fn finish(&mut self) -> Result<(), EngineError> {
        self.stop.store(true, Ordering::Release);
        self.thread
            .take()
            .map_or(Ok(()), |thread| thread.join().unwrap_or(Ok(())))
    }
}

fn write(
    mut writers: Vec<(wav::Writer, rtrb::Consumer<f32>)>,
    stop: &AtomicBool,
) -> Result<(), EngineError> {
    loop {
        let last = stop.load(Ordering::Acquire);
        for (writer, ring) in &mut writers {
            let waiting = ring.slots();
            if let Ok(chunk) = ring.read_chunk(waiting) {
                let (first, second) = chunk.as_slices();
                writer.write(first)?;
                writer.write(second)?;
                chunk.commit_all();
            }
            // The header is made right each time, so that a killed program leaves a file that can be heard.
            writer.flush()?;
        }
        if last {
            return writers
                .into_iter()
                .try_for_each(|(writer, _)| writer.finish());
        }
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ticks at these ms have to make up for, summed.
    fn made_up(ticks: impl IntoIterator<Item = u64>) -> usize {
        let mut pace = Pace::default();
        let missing = |ms| pace.missing(Duration::from_millis(5_000 + ms));
        ticks.into_iter().map(missing).sum()
    }

    #[test]
    fn a_recording_is_as_long_as_the_time_that_a_machine_slept_in_it() {
        let on = |from: u64, count: u64| (0..count).map(move |tick| from + 10 * tick);
        assert_eq!(made_up(on(0, 500)), 0);
        // The driver catches up for 2 s by itself, a tick after the other.
        let hurried = |late: u64| on(0, 100).chain((0..late / 10).map(move |_| 1_000 + late));
        assert_eq!(made_up(hurried(1_990).chain(on(3_000, 100))), 0);
        assert_eq!(made_up(on(0, 100).chain(on(4_000, 100))), 300);
        assert_eq!(
            made_up(on(0, 100).chain(on(4_000, 100)).chain(on(10_000, 9))),
            800
        );
        assert_eq!(made_up(on(0, 100).chain(on(90_000, 100))), 0);
    }
}
