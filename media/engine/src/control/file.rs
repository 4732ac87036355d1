//! The local party as files: what it says besides, and what is recorded.
use super::Engine;
use crate::file_end::Files;
use crate::handover::{Command, Utterance};
use crate::{EngineError, Speech};
use std::time::Duration;
use trialog_frame::RATE;

impl Engine {
    /// Microphone and ear are files, so that something can be said.
    pub fn is_file_end(&self) -> bool {
        self.files.is_some()
    }

    /// File end only: says this once, over what is being played, from the next tick on. Returns its length.
    ///
    /// # Errors
    /// [`EngineError::NotAFileEnd`].
    pub fn say(&mut self, speech: Speech) -> Result<Duration, EngineError> {
        if !self.is_file_end() {
            return Err(EngineError::NotAFileEnd);
        }
        let samples = speech.0;
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(RATE));
        self.command(Command::Say(Box::new(Utterance { samples, at: 0 })))?;
        Ok(length)
    }

    /// What is heard or said is recorded.
    pub fn is_recording(&self) -> bool {
        self.files.as_ref().is_some_and(Files::is_recording)
    }

    /// When the first sample of the recordings was: unix time in microseconds; `None` before it, or without recordings.
    pub fn recording_started(&self) -> Option<u64> {
        self.files.as_ref().and_then(Files::started)
    }
}
