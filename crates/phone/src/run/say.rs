//! Saying a file into the microphone: it is read on a thread that may wait, and said when that is done.
use super::Running;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot};
use trialog_desk::{Reply, Wrong};
use trialog_engine::{EngineError, Speech};

/// A file that was read, or why not, and the client's request that waits for it.
pub(super) struct Reading {
    speech: Result<Speech, EngineError>,
    reply: oneshot::Sender<Reply>,
}

/// Where files come from that were read.
pub(super) fn readings() -> (mpsc::Sender<Reading>, mpsc::Receiver<Reading>) {
    mpsc::channel(16)
}

impl Running {
    /// Has a file read; the request is answered when it is being said.
    pub(super) fn read(&self, file: PathBuf, reply: oneshot::Sender<Reply>) {
        if !self.sound.is_file_end() {
            let _ = reply.send(Reply::Wrong(Wrong::NoFileEnd));
            return;
        }
        let readings = self.readings.clone();
        tokio::task::spawn_blocking(move || {
            let speech = Speech::read(&file);
            // A phone on its way out says nothing more.
            let _ = readings.blocking_send(Reading { speech, reply });
        });
    }

    /// Says what was read.
    pub(super) fn say(&mut self, Reading { speech, reply }: Reading) {
        let outcome = match speech.and_then(|speech| self.sound.say(speech)) {
            Ok(()) => Reply::Done,
            Err(EngineError::NotAFileEnd) => Reply::Wrong(Wrong::NoFileEnd),
            Err(EngineError::File { reason, .. }) => Reply::Wrong(Wrong::Unplayable(reason)),
            Err(error) => Reply::Wrong(Wrong::Unplayable(error.to_string())),
        };
        let _ = reply.send(outcome);
    }
}
