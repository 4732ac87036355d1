//! Octets to message. The head is copied once and cut into pieces; of the headers only their rows are told apart.
//!
//! Lines end with CRLF; a bare LF is taken for one, a bare CR is an error. A datagram whose Content-Length says that nothing follows may
//! lack the empty line after its head, as what is sent by hand often does. What is not UTF-8 in the head is read as
//! Latin-1: some old phones write names so. Whether the headers make sense together is [`crate::Message::check`]'s.
use crate::grammar::{find, is_space, is_token, trim_end};
use crate::header_name::Known;
use crate::headers::{Row, TextSpan};
use crate::{
    ErrorKind, HeaderName, Headers, Limits, Message, Method, ParseError, Request, Response,
    StatusCode, Text, Uri,
};
use memchr::{memchr, memchr2};
use std::borrow::Cow;
use std::ops::Range;

pub(crate) fn message(octets: &[u8], limits: &Limits) -> Result<Message, ParseError> {
    if octets.len() > limits.message.min(u32::MAX as usize) {
        let why = "it is longer than we are ready to read";
        let error = ParseError::new(ErrorKind::TooLarge, 1, "message", why);
        return Err(refused(error, &octets[..octets.len().min(limits.head)]));
    }
    // RFC 3261 §7.5: empty lines before the start line are passed over.
    let lead = octets
        .iter()
        .take_while(|c| matches!(c, b'\r' | b'\n'))
        .count();
    let octets = &octets[lead..];
    if octets.is_empty() {
        let why = "only line ends";
        return Err(ParseError::new(ErrorKind::KeepAlive, 1, "message", why));
    }
    let extent = Extent::of(octets);
    parse(octets, extent, limits)
        .map_err(|error| refused(error, &octets[..extent.end.min(limits.head)]))
}

fn parse(octets: &[u8], extent: Extent, limits: &Limits) -> Result<Message, ParseError> {
    let end = extent.end;
    let too_large = |why| ParseError::new(ErrorKind::TooLarge, 1, "headers", why);
    if end > limits.head {
        return Err(too_large("they are longer than we are ready to read"));
    }
    let head = Head::new(&octets[..end], extent);
    let mut lines = head.lines();
    let start = lines.next().unwrap_or(Ok((1, 0..0))).map_err(bare_cr)?.1;
    let start = Start::read(&head.text, &head.text[start])?;
    if !octets[..end].ends_with(b"\n") {
        let why = "no empty line ends them";
        return Err(ParseError::new(ErrorKind::Malformed, 1, "headers", why));
    }
    let mut headers = Headers::of(head.text.clone(), 20);
    let mut sized = false;
    for line in lines {
        let (number, line) = line.map_err(bare_cr)?;
        let length = line.len();
        if headers.len() == limits.headers {
            return Err(too_large("they are more than we are ready to read"));
        }
        let row = row(&head.text, line, number)?;
        if length > limits.line {
            let why = "it is longer than we are ready to read";
            headers.push_row(row);
            let name = headers.lines().last().map_or("", |(_, name, _)| name);
            return Err(ParseError::new(ErrorKind::TooLarge, number, name, why));
        }
        sized |= row.known == Known::ContentLength;
        headers.push_row(row);
    }
    let rest = octets.get(end..).unwrap_or_default();
    let rest = match rest {
        [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => rest,
        // Nothing of it is missing: a stream's reader waits for the empty line, and does not come here without it.
        [] if content_length(&headers) == Ok(Some(0)) => rest,
        _ => {
            let why = "no empty line ends them";
            return Err(ParseError::new(ErrorKind::Malformed, 1, "headers", why));
        }
    };
    let body = if sized {
        let had_cr = memchr(b'\r', octets).is_some();
        sized_body(&headers, rest, !had_cr)?
    } else {
        rest
    };
    let body = body.to_vec();
    Ok(match start {
        Start::Request(method, uri) => Message::Request(Request {
            method,
            uri,
            headers,
            body,
        }),
        Start::Response(status, reason) => Message::Response(Response {
            status,
            reason,
            headers,
            body,
        }),
    })
}

/// As much of `rest` as Content-Length counts, in octets. `bare`: no line of the message ends with CRLF. Where a file with such lines is
/// sent, the length may be that of its text with them, and all of the text is there.
fn sized_body<'r>(headers: &Headers, rest: &'r [u8], bare: bool) -> Result<&'r [u8], ParseError> {
    let counted = || rest.len() + memchr::memchr_iter(b'\n', rest).count();
    let length = content_length(headers).and_then(|length| match length {
        Some(length) if length > rest.len() && bare && length == counted() => Ok(rest.len()),
        Some(length) if length > rest.len() => Err((0, "the body is shorter than its length")),
        _ => Ok(length.unwrap_or(rest.len())),
    });
    length.map(|length| &rest[..length]).map_err(|(nth, why)| {
        let rows = headers.rows().enumerate();
        let mut rows = rows.filter(|(_, (name, _))| *name == HeaderName::ContentLength);
        let line = rows.nth(nth).map_or(1, |(place, _)| place + 2);
        ParseError::new(ErrorKind::Malformed, line, "Content-Length", why)
    })
}

/// How many lines' ends are remembered from the first look.
const ENDS: usize = 32;

/// What one pass over the octets has found in the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// After the line end of its last line, before the empty line; all, where there is no empty line.
    pub(crate) end: usize,
    /// There is an empty line.
    pub(crate) ended: bool,
    /// A line begins with white space.
    folded: bool,
    /// A CR is not followed by LF.
    bare_cr: bool,
    /// Where the lines after the first lines begin.
    ends: [u32; ENDS],
    /// How many of these are known.
    known: usize,
}

impl Extent {
    pub(crate) fn of(octets: &[u8]) -> Self {
        let mut extent = Self {
            end: octets.len(),
            ended: false,
            folded: false,
            bare_cr: false,
            ends: [0; ENDS],
            known: 0,
        };
        let mut at = 0;
        while let Some(found) = memchr2(b'\r', b'\n', &octets[at..]) {
            at += found + 1;
            if octets[at - 1] == b'\r' {
                if octets.get(at) != Some(&b'\n') {
                    extent.bare_cr = true;
                    continue;
                }
                at += 1;
            }
            if let Some(end) = extent.ends.get_mut(extent.known) {
                *end = at as u32;
                extent.known += 1;
            }
            match octets[at..] {
                [b'\n', ..] | [b'\r', b'\n', ..] => {
                    extent.end = at;
                    extent.ended = true;
                    return extent;
                }
                [b' ' | b'\t', ..] => extent.folded = true,
                _ => {}
            }
        }
        extent
    }
}

/// The start line and the rows, with their folds undone.
struct Head {
    text: Text,
    extent: Extent,
}

impl Head {
    fn new(octets: &[u8], mut extent: Extent) -> Self {
        let text = match std::str::from_utf8(octets) {
            Ok(text) if !extent.folded => text.into(),
            plain => {
                // The lines' ends will not be where they were.
                extent.known = 0;
                let text = plain.map_or_else(|_| from_latin_1(octets).into(), Cow::Borrowed);
                unfolded(&text).into()
            }
        };
        Self { text, extent }
    }

    /// Each line without its end, with its number. Folds keep their line ends as spaces, so numbers are those of the
    /// unfolded text. An error is the number of a line with a bare CR.
    fn lines(&self) -> Lines<'_> {
        Lines {
            octets: self.text.as_bytes(),
            ends: &self.extent.ends[..self.extent.known],
            bare_cr: self.extent.bare_cr,
            start: 0,
            number: 0,
        }
    }
}

/// The lines of a head.
struct Lines<'h> {
    octets: &'h [u8],
    ends: &'h [u32],
    bare_cr: bool,
    start: usize,
    number: usize,
}

impl Iterator for Lines<'_> {
    type Item = Result<(usize, Range<usize>), usize>;

    // Inline: a place that goes through memory waits for itself.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (octets, start) = (self.octets, self.start);
        if start == octets.len() {
            return None;
        }
        let next = match self.ends.get(self.number) {
            Some(end) => *end as usize,
            None => match memchr(b'\n', &octets[start..]) {
                Some(found) => start + found + 1,
                None => octets.len(),
            },
        };
        self.start = next;
        self.number += 1;
        let mut end = next;
        for octet in *b"\n\r" {
            end -= usize::from(end > start && octets[end - 1] == octet);
        }
        if self.bare_cr && octets[start..end].contains(&b'\r') {
            return Some(Err(self.number));
        }
        Some(Ok((self.number, start..end)))
    }
}

fn bare_cr(line: usize) -> ParseError {
    let why = "a carriage return in the middle of it";
    ParseError::new(ErrorKind::Malformed, line, "line", why)
}

/// RFC 3261 §7.3.1: a line end before a space or tab is but white space.
fn unfolded(text: &str) -> String {
    let octets = text.as_bytes();
    let is_fold = |at: usize| matches!(octets.get(at + 1), Some(b' ' | b'\t'));
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', octets).filter(|at| is_fold(*at)) {
        let line = &text[from..at];
        plain.push_str(line.strip_suffix('\r').unwrap_or(line));
        // The white space that begins the next line stands for the fold.
        from = at + 1;
    }
    plain.push_str(&text[from..]);
    plain
}

fn from_latin_1(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + 16);
    for chunk in octets.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|octet| char::from(*octet)));
    }
    text
}

enum Start {
    Request(Method, Uri),
    Response(StatusCode, Text),
}

impl Start {
    fn read(head: &Text, line: &str) -> Result<Self, ParseError> {
        let wrong = |why| ParseError::new(ErrorKind::Malformed, 1, "start line", why);
        if line
            .get(..4)
            .is_some_and(|s| s.eq_ignore_ascii_case("SIP/"))
        {
            return Self::read_response(head, line);
        }
        let not_sip = || ParseError::new(ErrorKind::NotSip, 1, "start line", "it is not of SIP");
        let (Some(first), Some(last)) = (find(line, b' '), line.trim_end().rfind(' ')) else {
            return Err(not_sip());
        };
        let (method, version) = (&line[..first], &line[last + 1..]);
        if !is_token(method)
            || !version
                .get(..4)
                .is_some_and(|s| s.eq_ignore_ascii_case("SIP/"))
        {
            return Err(not_sip());
        }
        if version.trim_end() != version {
            return Err(wrong("spaces at its end"));
        }
        if !version[4..].eq("2.0") {
            let why = "only SIP/2.0 is spoken here";
            return Err(ParseError::new(ErrorKind::Version, 1, "start line", why));
        }
        let uri = line.get(first + 1..last).unwrap_or_default();
        let method = Method::parse(method).map_err(|error| wrong(error.why))?;
        let uri = Uri::read(head, uri)
            .map_err(|error| ParseError::new(ErrorKind::Malformed, 1, "Request-URI", error.why))?;
        // RFC 3261 §19.1.1: a Request-URI has no headers.
        if uri.headers.is_empty() {
            Ok(Self::Request(method, uri))
        } else {
            let why = "it has URI headers";
            Err(ParseError::new(ErrorKind::Malformed, 1, "Request-URI", why))
        }
    }

    fn read_response(head: &Text, line: &str) -> Result<Self, ParseError> {
        let wrong = |why| ParseError::new(ErrorKind::Malformed, 1, "status line", why);
        let mut words = line.splitn(3, ' ');
        let version = words.next().unwrap_or_default();
        if !version.eq_ignore_ascii_case("SIP/2.0") {
            let why = "only SIP/2.0 is spoken here";
            return Err(ParseError::new(ErrorKind::Version, 1, "status line", why));
        }
        let code = words.next().unwrap_or_default();
        let status = Some(code)
            .filter(|code| code.len() == 3 && code.bytes().all(|c| c.is_ascii_digit()))
            .and_then(|code| StatusCode::new(code.parse().ok()?))
            .ok_or_else(|| wrong("its code is not between 100 and 699"))?;
        // The space before an empty phrase is sometimes forgotten.
        Ok(Self::Response(
            status,
            head.share(words.next().unwrap_or_default()),
        ))
    }
}

/// The row of a line.
#[inline(always)]
fn row(head: &str, line: Range<usize>, number: usize) -> Result<Row, ParseError> {
    let wrong = |why| ParseError::new(ErrorKind::Malformed, number, "header", why);
    let octets = &head.as_bytes()[..line.end];
    let Some(colon) = octets[line.start..].iter().position(|c| *c == b':') else {
        return Err(wrong("it has no colon"));
    };
    let colon = line.start + colon;
    let name = trim_end(&head[line.start..colon]);
    let known = Known::recognise(name);
    if known == Known::Not && !is_token(name) {
        return Err(wrong("its name is not a token"));
    }
    let mut value = colon + 1..line.end;
    while value.start < value.end && is_space(octets[value.start]) {
        value.start += 1;
    }
    while value.start < value.end && is_space(octets[value.end - 1]) {
        value.end -= 1;
    }
    Ok(Row {
        known,
        name: TextSpan::new(line.start, line.start + name.len()),
        value: TextSpan::new(value.start, value.end),
    })
}

/// `None`: there is none. Several with the same value are one. An error is in the row of this place among them.
pub(crate) fn content_length(headers: &Headers) -> Result<Option<usize>, (usize, &'static str)> {
    let mut length = None;
    for (place, row) in headers.rows_of(&HeaderName::ContentLength).enumerate() {
        let number = row
            .bytes()
            .all(|c| c.is_ascii_digit())
            .then(|| row.parse().ok())
            .flatten()
            .ok_or((place, "not a number, or too large"))?;
        if length.is_some_and(|length| length != number) {
            return Err((place, "it is there twice, with different values"));
        }
        length = Some(number);
    }
    Ok(length)
}

/// The line of the message that begins this line of the unfolded head.
fn line_as_sent(head: &[u8], unfolded: usize) -> usize {
    let mut begun = 0;
    for (at, line) in head.split(|c| *c == b'\n').enumerate() {
        begun += usize::from(!line.starts_with(b" ") && !line.starts_with(b"\t"));
        if begun == unfolded {
            return at + 1;
        }
    }
    unfolded
}

/// Adds the answer to what could not be read, where enough of it could.
pub(crate) fn refused(mut error: ParseError, head: &[u8]) -> ParseError {
    let code = match error.kind {
        ErrorKind::Malformed => 400,
        ErrorKind::Version => 505,
        ErrorKind::TooLarge => 513,
        ErrorKind::NotSip | ErrorKind::KeepAlive => return error,
    };
    error.line = line_as_sent(head, error.line);
    if head.starts_with(b"SIP/") || head.starts_with(b"ACK ") {
        return error;
    }
    let head = Head::new(head, Extent::of(head));
    let mut headers = Headers::of(head.text.clone(), 20);
    for line in head.lines().skip(1).take(1000).flatten() {
        if let Ok(row) = row(&head.text, line.1, line.0) {
            headers.push_row(row);
        }
    }
    let mut response = Response::new(code);
    response.headers.copy_for_response(&headers);
    let whole = [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
    ]
    .iter()
    .all(|name| response.headers.contains(name));
    if whole {
        if code == 400 {
            response.reason = format!("Bad Request: {}: {}", error.part, error.why).into();
        }
        error.refusal = Some(Box::new(response));
    }
    error
}
