//! What the desk asks of the phone's loop, and what the loop answers.
use crate::view::Look;
use std::path::PathBuf;
use tokio::sync::oneshot;
use trialog_api::request::{Past, SetDevices};
use trialog_api::{CallTrace, DigitWay, History};
use trialog_call::{AccountId, Act, CallId, Input, Refusal};

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
    /// An act of the core whose target is written as for this account, in place of the call's own.
    CoreBy {
        /// The account whose domain a number without one has; a consult is called by it.
        account: AccountId,
        /// An act with a target.
        input: Input,
    },
    /// Take the call that rings where this lamp is: a new call, which replaces that one at its caller.
    Pickup(u16),
    /// Make the agent idle, for the reason of this code.
    IdleFor(String),
    /// The agent has read the notice of this number.
    Read(u64),
    /// Show what the phone looks like.
    Look,
    /// Count what was, for Prometheus.
    Metrics,
    /// Show the messages of a call.
    Trace(CallId),
    /// Show calls that were kept.
    Past(Past),
    /// Register this account, or each that has a registrar.
    Register(Option<AccountId>),
    /// Take its registration back, or each; it stays so until it is registered again.
    Unregister(Option<AccountId>),
    /// Choose sound devices.
    Devices(SetDevices),
    /// Speak this WAV file into the microphone (file end only).
    Say(PathBuf),
    /// As SIGTERM does.
    Shutdown,
}

/// What came of it. It is sent after the events that follow from it were published.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done; what is to be kept of it is on the disk.
    Done,
    /// Done: this call began.
    Began(CallId),
    /// Done: the digit went so.
    Sent(DigitWay),
    /// The phone, with the number of the last event that it holds.
    Seen {
        /// All of it.
        look: Box<Look>,
        /// From [`crate::Feed::seq`], after [`crate::Feed::publish`].
        seq: u64,
    },
    /// The counters, in Prometheus's text format 0.0.4.
    Metrics(String),
    /// The messages of the call that was asked for.
    Trace(Box<CallTrace>),
    /// The calls that were asked for.
    Past(Box<History>),
    /// The records can't be read, and why not, in the system's words.
    NotRead(String),
    /// The core refused; nothing changed.
    Refused {
        /// Why it was refused; for people, [`crate::messages::refusal`].
        refusal: Refusal,
        /// What it would allow for this call.
        allowed: Vec<Act>,
    },
    /// The request itself was wrong.
    Wrong(Wrong),
    /// The disk does not take what is to be kept, and why not, in the system's words.
    NotKept(String),
}

/// What was wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// This is no address to call.
    BadAddress,
    /// This address is to be called by a transport that the phone has not.
    UnsupportedTransport,
    /// The account has no registrar, or none has.
    NoRegistrar,
    /// No call rings where this lamp is that could be taken, or there is no such lamp.
    NothingRings,
    /// The audio end is none of sound devices, so that there are none to choose.
    NoDeviceEnd,
    /// The audio end is no file, so nothing can be said into it.
    NoFileEnd,
    /// The file can't be played, and why.
    Unplayable(String),
    /// The digit did not go, or was not taken.
    NotSent(DigitFault),
}

/// Why a digit did not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitFault {
    /// Only telephone-event is allowed (`media.dtmf`), and it was not agreed.
    NotAgreed,
    /// The far side refused its INFO.
    Refused {
        /// Final status (RFC 3261 §21).
        status: u16,
    },
    /// The far side has not answered its INFO.
    NoAnswer,
    /// No sound goes to the far side now, or none can.
    NoSound,
    /// The call is over.
    Over,
}
