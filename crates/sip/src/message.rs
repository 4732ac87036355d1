//! Requests and responses.
use crate::{
    CSeq, HeaderName, Headers, Limits, Method, NameAddr, ParseError, StatusCode, Text, Uri,
    ValueError, Via, parse,
};

/// A SIP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// In their order. A Content-Length among them is not believed: what is sent is the body's true length.
    pub headers: Headers,
    /// Octets, not necessarily text.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: StatusCode,
    /// The words beside it; they mean nothing to a program.
    pub reason: Text,
    /// In their order; see [`Request::headers`].
    pub headers: Headers,
    /// Octets, not necessarily text.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads one message that fills one datagram, or that [`crate::StreamFramer`] has cut out of a stream.
    ///
    /// Octets after the body that Content-Length announces are passed over; without Content-Length the body is the rest
    /// of the datagram; a body shorter than announced is an error (RFC 3261 §18.3).
    ///
    /// # Errors
    /// What and where; [`ParseError::refusal`] is the answer that the sender is owed.
    pub fn parse_datagram(octets: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        parse::message(octets, limits)
    }

    /// The message as it is sent, in one allocation.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The request, where it is one.
    #[must_use]
    pub fn as_request(&self) -> Option<&Request> {
        match self {
            Self::Request(request) => Some(request),
            Self::Response(_) => None,
        }
    }

    /// The response, where it is one.
    #[must_use]
    pub fn as_response(&self) -> Option<&Response> {
        match self {
            Self::Request(_) => None,
            Self::Response(response) => Some(response),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl Request {
    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::with_capacity(16, 512),
            body: Vec::new(),
        }
    }

    /// The request as it is sent, in one allocation.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::write::request(self)
    }

    /// Gives it a body and the Content-Type of it.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body.into();
    }
}

impl Response {
    /// A response without headers, with the usual phrase.
    #[must_use]
    pub fn new(status: impl Into<StatusCode>) -> Self {
        let status = status.into();
        Self {
            status,
            reason: status.phrase().into(),
            headers: Headers::with_capacity(16, 512),
            body: Vec::new(),
        }
    }

    /// A response to this request, with its Via, From, To, Call-ID and CSeq, and in a 100 its Timestamp
    /// (RFC 3261 §8.2.6). A To tag is the caller's to add: [`Headers::set_to_tag`].
    #[must_use]
    pub fn answering(request: &Request, status: impl Into<StatusCode>) -> Self {
        let mut response = Self::new(status);
        response.headers.copy_for_response(&request.headers);
        if response.status == 100 {
            let name = HeaderName::Timestamp;
            for row in request.headers.rows_of(&name) {
                response.headers.push(name.clone(), row);
            }
        }
        response
    }

    /// The response as it is sent, in one allocation.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::write::response(self)
    }

    /// Gives it a body and the Content-Type of it.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body.into();
    }
}

/// The headers that every message has, as types. `None`: it is not there.
impl Headers {
    /// The topmost Via.
    pub fn via(&self) -> Option<Result<Via, ValueError>> {
        self.typed(&HeaderName::Via)
    }

    /// From.
    pub fn from(&self) -> Option<Result<NameAddr, ValueError>> {
        self.typed(&HeaderName::From)
    }

    /// To.
    pub fn to(&self) -> Option<Result<NameAddr, ValueError>> {
        self.typed(&HeaderName::To)
    }

    /// The first Contact. `Contact: *` is an error here: ask [`Headers::get`] for it.
    pub fn contact(&self) -> Option<Result<NameAddr, ValueError>> {
        self.typed(&HeaderName::Contact)
    }

    /// CSeq.
    pub fn cseq(&self) -> Option<Result<CSeq, ValueError>> {
        self.typed(&HeaderName::CSeq)
    }

    /// Call-ID, which is case-sensitive.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.rows_of(&HeaderName::CallId).next()
    }

    /// Gives To this tag, where it has none.
    pub fn set_to_tag(&mut self, tag: &str) {
        if let Some(Ok(to)) = self.to()
            && to.tag().is_none()
        {
            self.set(HeaderName::To, to.with_tag(tag).to_string());
        }
    }

    /// Copies what RFC 3261 §8.2.6.2 has a response copy, as it stands.
    pub(crate) fn copy_for_response(&mut self, request: &Self) {
        for (name, value) in request.rows() {
            if matches!(
                name,
                HeaderName::Via
                    | HeaderName::From
                    | HeaderName::To
                    | HeaderName::CallId
                    | HeaderName::CSeq
            ) {
                self.push(name, value);
            }
        }
    }
}
