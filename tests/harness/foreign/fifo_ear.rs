//! The ear of a phone that plays by ALSA and can't record without holes: ALSA's `file` device writes into a FIFO, and a thread here
//! takes from it at the pace of a loudspeaker. The pipe is full all the time, which makes it the phone's clock.
//!
//! Linux frees a pipe's room by the page, so the phone plays in bursts of 256 ms: its play-out buffer must hold more than that.
use super::{Done, Fault, RecordingPosition};
use rustix::fs::{CWD, Mode, mkfifoat};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RATE: u32 = 8_000;
const TICK: Duration = Duration::from_millis(20);
/// Octets of a tick: 16-bit samples of one channel.
const OCTETS: usize = 320;
/// A page of memory, in octets.
const PAGE: u64 = 4_096;
/// What the pipe holds, in octets: two pages, so that one is always there to be read.
const PIPE: usize = 8_192;

/// Listens until it is dropped.
pub struct FifoEar {
    recording: PathBuf,
    /// The configuration that knows the device `ear`: for `ALSA_CONFIG_PATH`.
    pub alsa: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FifoEar {
    /// Makes pipe, configuration and `ear.wav` in this folder and begins to listen.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn start(folder: &Path) -> Done<Self> {
        let words = |error: &dyn std::fmt::Display| Fault(format!("{}: {error}", folder.display()));
        let fifo = folder.join("ear.fifo");
        mkfifoat(CWD, &fifo, Mode::RUSR | Mode::WUSR).map_err(|error| words(&error))?;
        // Open for both: a reader is always there, and no phone's coming or going is an end of file.
        let mut pipe = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(&fifo)
            .map_err(|error| words(&error))?;
        rustix::pipe::fcntl_setpipe_size(&pipe, PIPE).map_err(|error| words(&error))?;
        let alsa = folder.join("alsa.conf");
        let text = format!(
            "pcm.nowhere {{ type null }}\n\
             pcm.ear {{ type file slave.pcm \"nowhere\" file \"{}\" format \"raw\" perm 384 }}\n",
            fifo.display()
        );
        std::fs::write(&alsa, text).map_err(|error| words(&error))?;
        let recording = folder.join("ear.wav");
        let mut file = File::create(&recording).map_err(|error| words(&error))?;
        file.write_all(&super::ear::head(RATE))
            .map_err(|error| words(&error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let started = Instant::now();
            let mut tick = 0;
            while !stopped.load(Ordering::Relaxed) {
                tick += 1;
                if let Some(left) = (TICK * tick).checked_sub(started.elapsed()) {
                    std::thread::sleep(left);
                }
                // An empty pipe is a phone that plays nothing: silence.
                let mut octets = [0; OCTETS];
                let _ = pipe.read(&mut octets);
                // A full disk shows in the measurement.
                let _ = file.write_all(&octets);
            }
        });
        Ok(Self {
            recording,
            alsa,
            stop,
            thread: Some(thread),
        })
    }

    /// Where its recording stands: what comes to the phone now waits in its own buffer, for at least so many ms, and then in the
    /// pipe, of which one page is always full. It may be up to a burst later still.
    #[must_use]
    pub fn position(&self, buffer_ms: u64) -> RecordingPosition {
        let waiting = PAGE / 2 + buffer_ms * u64::from(RATE) / 1_000;
        RecordingPosition::grown([self.recording.clone()]).later(waiting)
    }
}

impl Drop for FifoEar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
