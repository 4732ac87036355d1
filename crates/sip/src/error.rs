//! What can be wrong with a message or a value, and where.
use crate::Response;
use std::fmt;

/// A message that can't be read. It is a value, never a panic: bad messages are everyday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong; tells what to do.
    pub kind: ErrorKind,
    /// Line of the message, from 1; a folded header counts by its first line.
    pub line: usize,
    /// The header, or the part of the message, that is wrong.
    pub part: String,
    /// The reason, for people.
    pub why: &'static str,
    pub(crate) refusal: Option<Box<Response>>,
}

/// What is wrong with a message: one variant for each thing that one may do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Nothing but line ends: a keep-alive. Drop it, or answer as RFC 5626 §3.5.1 says.
    KeepAlive,
    /// It is not SIP at all (STUN, say, or noise). Drop it.
    NotSip,
    /// It is SIP of another version: 505.
    Version,
    /// It is SIP, but ill-formed: 400.
    Malformed,
    /// It is beyond a bound of [`crate::Limits`]: 513, or 400.
    TooLarge,
}

impl ParseError {
    pub(crate) fn new(
        kind: ErrorKind,
        line: usize,
        part: impl Into<String>,
        why: &'static str,
    ) -> Self {
        Self {
            kind,
            line,
            part: part.into(),
            why,
            refusal: None,
        }
    }

    /// The answer that the sender is owed, ready to be sent back to where the message came from: 400, 505 or 513 with
    /// the request's Via, From, To, Call-ID and CSeq. There is none for a response, for an ACK, and where these headers
    /// could not be made out.
    #[must_use]
    pub fn refusal(&self) -> Option<&Response> {
        self.refusal.as_deref()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.part, self.why)
    }
}

impl std::error::Error for ParseError {}

/// A header value, URI or the like that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueError {
    /// What was being read: `Via`, `URI`, ….
    pub what: &'static str,
    /// The reason, for people.
    pub why: &'static str,
}

impl ValueError {
    pub(crate) const fn new(what: &'static str, why: &'static str) -> Self {
        Self { what, why }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for ValueError {}
