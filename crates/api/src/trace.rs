//! What is kept of a call for those that look into it afterwards: its messages at the sockets, and its steps.
use crate::name::UnknownName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

names! {
    /// Which way a message went.
    Way {
        /// To this phone.
        In = "in",
        /// From it.
        Out = "out",
    }

    /// How a message travelled.
    WireTransport {
        /// In datagrams.
        Udp = "udp",
        /// In a stream.
        Tcp = "tcp",
        /// In a secured stream.
        Tls = "tls",
    }
}

/// The SIP messages of a call as they were at the sockets, secrets struck out, and the call's steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallTrace {
    /// The call's number.
    pub call: u32,
    /// The name of the phone.
    pub phone: String,
    /// The program's version.
    pub version: String,
    /// The legs that messages were seen of, in the order in which they began.
    pub legs: Vec<TraceLeg>,
    /// The messages, oldest first.
    pub messages: Vec<TraceMessage>,
    /// So many messages were left out, to keep within bounds.
    pub left_out: u64,
    /// So many of `messages` stand before those that were left out.
    pub before_left_out: u32,
    /// What happened in the call, as the log has it, oldest first.
    pub steps: Vec<TraceStep>,
}

/// A leg of a call and its far party, for the head of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceLeg {
    /// Its name, as in the status.
    pub leg: String,
    /// The far party's name, as it was when the leg's first message was seen.
    pub party: String,
}

/// A SIP message at the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceMessage {
    /// When, in Unix microseconds.
    pub at_us: u64,
    /// Which way it went.
    pub way: Way,
    /// How it travelled. What went by TLS is in the clear here.
    pub transport: WireTransport,
    /// This phone's address and port.
    pub local: String,
    /// The far end's address and port.
    pub remote: String,
    /// The name of the leg that it belongs to.
    pub leg: String,
    /// The Request-Line or the Status-Line (RFC 3261 §7.1, §7.2).
    pub first_line: String,
    /// The same message went the same way before: a retransmission.
    pub again: bool,
    /// Its end is missing here: it was longer than is kept.
    pub cut: bool,
    /// The message. What answers a challenge, passwords, keys of SRTP and digits are struck out.
    pub text: String,
}

/// Something that happened in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStep {
    /// When, in Unix microseconds.
    pub at_us: u64,
    /// What, in English.
    pub text: String,
}
