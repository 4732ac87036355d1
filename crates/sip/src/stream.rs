//! Cutting a stream (TCP, TLS) into messages, by Content-Length (RFC 3261 §18.3), with the keep-alives of RFC 5626.
//!
//! Octets in, frames out. It parses no more of a message than its Content-Length; the frame's octets go to
//! [`crate::Message::parse_datagram`]. After an error the stream can't be cut any more and must be closed.
use crate::parse::{Extent, content_length, refused};
use crate::{ErrorKind, HeaderName, Headers, Limits, ParseError};

/// What came out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One whole message.
    Message(Vec<u8>),
    /// Two line ends between messages: the peer asks for one (RFC 5626 §3.5.1). Answer with [`Frame::PONG`].
    Ping,
    /// One line end between messages: the answer to our ping.
    Pong,
}

impl Frame {
    /// What to send for a ping.
    pub const PING: &'static [u8] = b"\r\n\r\n";
    /// What to answer a ping with.
    pub const PONG: &'static [u8] = b"\r\n";
}

/// Cuts one stream.
#[derive(Clone, Debug)]
pub struct StreamFramer {
    limits: Limits,
    buffer: Vec<u8>,
    /// Octets at the buffer's start that were handed out.
    taken: usize,
    /// Octets after `taken` in which no head's end was found.
    searched: usize,
    /// The head at `taken` is known: it and its body have so many octets.
    expected: Option<usize>,
    failed: Option<ParseError>,
}

impl StreamFramer {
    /// For a new stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            taken: 0,
            searched: 0,
            expected: None,
            failed: None,
        }
    }

    /// Takes what was received.
    pub fn feed(&mut self, octets: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// The beginning of a message is there, and not its end.
    #[must_use]
    pub fn is_within_message(&self) -> bool {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        rest.iter().any(|octet| !matches!(octet, b'\r' | b'\n'))
    }

    /// The next frame; `None` when more octets are needed. An error is final and comes again at each call; where enough of
    /// the message could be made out it has the answer that the sender is owed.
    #[expect(clippy::should_implement_trait, reason = "more may come after None")]
    pub fn next(&mut self) -> Option<Result<Frame, ParseError>> {
        if let Some(error) = &self.failed {
            return Some(Err(error.clone()));
        }
        match self.cut() {
            Ok(frame) => frame.map(Ok),
            Err(error) => {
                self.failed = Some(error.clone());
                self.buffer = Vec::new();
                self.taken = 0;
                Some(Err(error))
            }
        }
    }

    fn cut(&mut self) -> Result<Option<Frame>, ParseError> {
        let length = match self.expected {
            Some(length) => length,
            None => {
                let rest = &self.buffer[self.taken..];
                match rest {
                    [b'\r', b'\n', b'\r', b'\n', ..] => {
                        self.taken += 4;
                        return Ok(Some(Frame::Ping));
                    }
                    // One line end may be the first half of a ping. What follows tells; a pong that nothing follows
                    // is returned with the next octets: no request waits for it.
                    [b'\r', b'\n', b'\r'] | [b'\r', b'\n'] | [b'\r'] | [] => return Ok(None),
                    [b'\r', b'\n', ..] => {
                        self.taken += 2;
                        return Ok(Some(Frame::Pong));
                    }
                    [b'\n', ..] => {
                        self.taken += 1;
                        return Ok(Some(Frame::Pong));
                    }
                    _ => {}
                }
                // A line end may be cut in two: search the last three octets again.
                let from = self.searched.saturating_sub(3);
                let extent = Extent::of(&rest[from..]);
                let Some(end) = extent.ended.then_some(from + extent.end) else {
                    self.searched = rest.len();
                    if rest.len() > self.limits.head {
                        let why = "they are longer than we are ready to read";
                        let error = ParseError::new(ErrorKind::TooLarge, 1, "headers", why);
                        return Err(refused(error, &rest[..self.limits.head]));
                    }
                    return Ok(None);
                };
                let length = self.frame_length(end)?;
                self.expected = Some(length);
                length
            }
        };
        let rest = &self.buffer[self.taken..];
        let Some(message) = rest.get(..length) else {
            return Ok(None);
        };
        let message = message.to_vec();
        self.taken += length;
        self.searched = 0;
        self.expected = None;
        Ok(Some(Frame::Message(message)))
    }

    /// Octets of the head that ends at `end`, of the empty line and of the body.
    fn frame_length(&self, end: usize) -> Result<usize, ParseError> {
        let rest = &self.buffer[self.taken..];
        let headers = length_rows(&rest[..end]);
        // RFC 3261 §18.3: over a stream Content-Length must be there.
        let missing = "it is missing, and a stream can't be cut without it";
        let body = content_length(&headers)
            .map_err(|(_, why)| why)
            .and_then(|length| length.ok_or(missing))
            .map_err(|why| {
                let error = ParseError::new(ErrorKind::Malformed, 1, "Content-Length", why);
                refused(error, &rest[..end.min(self.limits.head)])
            })?;
        let blank = if rest[end] == b'\n' { 1 } else { 2 };
        let length = body.saturating_add(end + blank);
        if end > self.limits.head || length > self.limits.message {
            let why = "it is longer than we are ready to read";
            let error = ParseError::new(ErrorKind::TooLarge, 1, "message", why);
            return Err(refused(error, &rest[..end.min(self.limits.head)]));
        }
        Ok(length)
    }
}

/// The Content-Length rows of a head, folded or not.
fn length_rows(head: &[u8]) -> Headers {
    let mut headers = Headers::new();
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n').peekable();
    while let Some(line) = lines.next() {
        let mut value = match line.split_once(':') {
            Some((name, value))
                if HeaderName::new(name.trim_end()) == HeaderName::ContentLength =>
            {
                value.trim().to_owned()
            }
            _ => continue,
        };
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            value.push_str(more.trim());
        }
        headers.push(HeaderName::ContentLength, value);
    }
    headers
}
