//! What several suites share.
#![allow(dead_code, reason = "each suite uses its part")]
use trialog_sip::{Limits, Message, ParseError};

/// CRLF for LF.
pub(crate) fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

pub(crate) fn try_read(octets: &[u8]) -> Result<Message, ParseError> {
    Message::parse_datagram(octets, &Limits::default())
}

pub(crate) fn read(octets: &[u8]) -> Message {
    try_read(octets).unwrap_or_else(|error| panic!("{error}"))
}
