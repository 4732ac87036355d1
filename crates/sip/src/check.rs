//! Whether a message that could be read makes sense: what RFC 3261 §8.1.1 demands of every message, and no more.
//!
//! The parser tells rows apart and believes them; here the few headers that every transaction needs are read. It is
//! the transaction layer's first question, so that nothing after it has to ask.
use crate::{
    CSeq, HeaderName, Headers, Message, Method, NameAddr, Request, Response, Seconds, StatusCode,
    ValueError, Via,
};
use std::fmt;

/// What is wrong with a message that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The header.
    pub header: HeaderName,
    /// The reason, for people.
    pub why: &'static str,
}

impl Fault {
    fn new(header: HeaderName, why: &'static str) -> Self {
        Self { header, why }
    }

    /// The answer to a request with this fault: 400 with the reason in its phrase. An ACK gets none.
    #[must_use]
    pub fn refusal(&self, request: &Request) -> Option<Response> {
        if request.method == Method::Ack {
            return None;
        }
        let mut response = Response::answering(request, StatusCode::from(400));
        response.reason = format!("Bad Request: {self}").into();
        Some(response)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.header, self.why)
    }
}

impl std::error::Error for Fault {}

impl Message {
    /// Reads Via, From, To, Call-ID, CSeq and Max-Forwards, and returns the first fault in them. A response
    /// with a fault is dropped; a request is answered with [`Fault::refusal`].
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), Fault> {
        match self {
            Self::Request(request) => request.check(),
            Self::Response(response) => common(&response.headers).map(drop),
        }
    }
}

impl Request {
    /// As [`Message::check`].
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), Fault> {
        let cseq = common(&self.headers)?;
        if cseq.method != self.method {
            return Err(Fault::new(
                HeaderName::CSeq,
                "another method than the request's",
            ));
        }
        // Max-Forwards may be missing: RFC 2543 did not have it.
        match one::<Seconds>(&self.headers, HeaderName::MaxForwards) {
            Ok(Seconds(0..=255)) => Ok(()),
            Err(_) if !self.headers.contains(&HeaderName::MaxForwards) => Ok(()),
            Ok(_) => Err(Fault::new(HeaderName::MaxForwards, "not between 0 and 255")),
            Err(fault) => Err(fault),
        }
    }
}

fn common(headers: &Headers) -> Result<CSeq, Fault> {
    let via = headers
        .via()
        .ok_or(Fault::new(HeaderName::Via, "it is missing"))?;
    let _: Via = via.map_err(|error| Fault::new(HeaderName::Via, error.why))?;
    let _: NameAddr = one(headers, HeaderName::From)?;
    let _: NameAddr = one(headers, HeaderName::To)?;
    let name = HeaderName::CallId;
    if single(headers, &name)?.is_empty() {
        return Err(Fault::new(name, "it is empty"));
    }
    one(headers, HeaderName::CSeq)
}

fn single<'h>(headers: &'h Headers, name: &HeaderName) -> Result<&'h str, Fault> {
    let mut rows = headers.rows_of(name);
    match (rows.next(), rows.next()) {
        (Some(row), None) => Ok(row),
        (None, _) => Err(Fault::new(name.clone(), "it is missing")),
        (Some(_), Some(_)) => Err(Fault::new(name.clone(), "it is there more than once")),
    }
}

fn one<T: crate::Value>(headers: &Headers, name: HeaderName) -> Result<T, Fault> {
    single(headers, &name)?;
    match headers.typed(&name) {
        Some(Ok(value)) => Ok(value),
        Some(Err(ValueError { why, .. })) => Err(Fault::new(name, why)),
        None => Err(Fault::new(name, "it is missing")),
    }
}
