//! Session descriptions in the bodies of messages, alone or as one part of several (RFC 5621).
use trialog_sdp::{Description, DescriptionError};
use trialog_sip::{HeaderName, Headers, MediaType, Request, Response, multipart};

/// What a message's body says of a session.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one message, and most have a description"
)]
pub(crate) enum Body {
    None,
    Sdp(Description),
    /// It calls itself one, and is not.
    BadSdp(DescriptionError),
    /// Of a type that we don't know.
    Other,
}

impl Body {
    pub(crate) fn of(request: &Request) -> Self {
        read(&request.headers, &request.body)
    }

    pub(crate) fn in_response(response: &Response) -> Option<Description> {
        match read(&response.headers, &response.body) {
            Self::Sdp(description) => Some(description),
            _ => None,
        }
    }
}

fn read(headers: &Headers, body: &[u8]) -> Body {
    if body.is_empty() {
        return Body::None;
    }
    let kind = match headers.typed::<MediaType>(&HeaderName::ContentType) {
        Some(Ok(kind)) => kind,
        // RFC 3261 §20.15 wants a type with a body; what looks like a description is taken for one.
        None if body.starts_with(b"v=") => return sdp(body),
        _ => return Body::Other,
    };
    if headers
        .get(&HeaderName::ContentEncoding)
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return Body::Other;
    }
    if kind.is("application", "sdp") {
        return sdp(body);
    }
    multipart::parts(&kind, body)
        .iter()
        .find(|part| {
            let kind = part.headers.typed::<MediaType>(&HeaderName::ContentType);
            kind.is_some_and(|kind| kind.is_ok_and(|kind| kind.is("application", "sdp")))
        })
        .map_or(Body::Other, |part| sdp(part.body))
}

fn sdp(body: &[u8]) -> Body {
    Description::parse(body).map_or_else(Body::BadSdp, Body::Sdp)
}
