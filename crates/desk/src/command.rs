//! What the desk asks of the phone's loop, and what the loop answers.
use crate::view::Look;
use std::path::PathBuf;
use tokio::sync::oneshot;
use trialog_call::{Act, CallId, Input, Refusal};

/// One request of a client on its way to the loop.
#[derive(Debug)]
pub struct CommandRequest {
    /// What is asked.
    pub command: Command,
    /// Where the answer goes; it may have lost interest.
    pub reply: oneshot::Sender<Reply>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// An input of the call-state core. Its targets are as the client wrote them.
    Core(Input),
    /// Show what the phone looks like.
    Look,
    /// Speak this WAV file into the microphone (file end only).
    Say(PathBuf),
    /// As SIGTERM does.
    Shutdown,
}

/// What came of it. It is sent after the events that follow from it were published.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done.
    Done,
    /// Done: this call began.
    Began(CallId),
    /// The phone, with the number of the last event that it holds.
    Seen {
        /// All of it.
        look: Box<Look>,
        /// From [`crate::Feed::seq`], after [`crate::Feed::publish`].
        seq: u64,
    },
    /// The core refused; nothing changed.
    Refused {
        /// Why it was refused; for people, [`crate::messages::refusal`].
        refusal: Refusal,
        /// What it would allow for this call.
        allowed: Vec<Act>,
    },
    /// The request itself was wrong.
    Wrong(Wrong),
}

/// What was wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// This is no address to call.
    BadAddress,
    /// The audio end is no file, so nothing can be said into it.
    NoFileEnd,
    /// The file can't be played, and why.
    Unplayable(String),
}
