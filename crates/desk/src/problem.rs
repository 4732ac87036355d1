//! Why a request was not done, as a problem document (RFC 9457): what, why, and how to put it right, in English and German.
//! Each kind has a fixed code, which also ends its `type`.
use crate::messages::{self, Text};
use crate::names;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use trialog_api::{ActName, Problem};
use trialog_call::{Act, Refusal};

/// The media type of a problem document (RFC 9457 §3).
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What `type` begins with.
pub(crate) const TYPE: &str = "urn:trialog:problem:";

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    BadQuery,
    BadJson,
    BadField,
    BadAddress,
    UnsupportedTransport,
    NoToken,
    WrongToken,
    WrongCode,
    WrongRole,
    ForeignHost,
    ForeignOrigin,
    NoSuchPath,
    NoSuchAct,
    WrongMethod,
    TooSlow,
    NoRegistrar,
    NothingRings,
    NoDeviceEnd,
    NoFileEnd,
    TooLong,
    NotJson,
    Unplayable,
    DigitNotSent,
    NoWebSocket,
    TooManyReaders,
    NoAnswer,
    Ended,
    NotKept,
    NotRead,
    /// The core refused.
    Refused(Refusal),
}

impl Kind {
    /// All, each once.
    pub(crate) fn every() -> Vec<Self> {
        let core = messages::every_refusal().into_iter().map(Self::Refused);
        [
            Self::BadRequest,
            Self::BadQuery,
            Self::BadJson,
            Self::BadField,
            Self::BadAddress,
            Self::UnsupportedTransport,
            Self::NoToken,
            Self::WrongToken,
            Self::WrongCode,
            Self::WrongRole,
            Self::ForeignHost,
            Self::ForeignOrigin,
            Self::NoSuchPath,
            Self::NoSuchAct,
            Self::WrongMethod,
            Self::TooSlow,
            Self::NoRegistrar,
            Self::NothingRings,
            Self::NoDeviceEnd,
            Self::NoFileEnd,
            Self::TooLong,
            Self::NotJson,
            Self::Unplayable,
            Self::DigitNotSent,
            Self::NoWebSocket,
            Self::TooManyReaders,
            Self::NoAnswer,
            Self::Ended,
            Self::NotKept,
            Self::NotRead,
        ]
        .into_iter()
        .chain(core)
        .collect()
    }

    /// Code, status and title. They never change.
    pub(crate) fn fixed(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => ("bad-request", S::BAD_REQUEST, "The request is malformed"),
            Self::BadQuery => ("bad-query", S::BAD_REQUEST, "A part of the query is wrong"),
            Self::BadJson => ("bad-json", S::BAD_REQUEST, "The body is no JSON object"),
            Self::BadField => ("bad-field", S::BAD_REQUEST, "A member of the body is wrong"),
            Self::BadAddress => ("bad-address", S::BAD_REQUEST, "This is no address to call"),
            Self::UnsupportedTransport => (
                "unsupported-transport",
                S::BAD_REQUEST,
                "The address asks for a transport that the phone has not",
            ),
            Self::NoToken => ("no-token", S::UNAUTHORIZED, "The token is missing"),
            Self::WrongToken => ("wrong-token", S::UNAUTHORIZED, "The token is wrong"),
            Self::WrongRole => ("wrong-role", S::FORBIDDEN, "The role may not do this"),
            Self::WrongCode => ("wrong-code", S::FORBIDDEN, "The code pairs no browser"),
            Self::ForeignHost => ("foreign-host", S::FORBIDDEN, "The Host is not this machine"),
            Self::ForeignOrigin => (
                "foreign-origin",
                S::FORBIDDEN,
                "The page that asks comes from elsewhere",
            ),
            Self::NoSuchPath => (
                "no-such-path",
                S::NOT_FOUND,
                "There is nothing at this path",
            ),
            Self::NoSuchAct => ("no-such-act", S::NOT_FOUND, "There is no such act"),
            Self::WrongMethod => (
                "wrong-method",
                S::METHOD_NOT_ALLOWED,
                "This path has another method",
            ),
            Self::TooSlow => ("too-slow", S::REQUEST_TIMEOUT, "The body came too slowly"),
            Self::NoRegistrar => ("no-registrar", S::CONFLICT, "The account has no registrar"),
            Self::NothingRings => (
                "nothing-rings",
                S::CONFLICT,
                "No call rings there that can be taken",
            ),
            Self::NoDeviceEnd => (
                "no-device-end",
                S::CONFLICT,
                "The audio end has no sound devices",
            ),
            Self::NoFileEnd => (
                "no-file-end",
                S::CONFLICT,
                "The audio end is no file, so nothing can be said into it",
            ),
            Self::TooLong => ("too-long", S::PAYLOAD_TOO_LARGE, "The body is too long"),
            Self::NotJson => (
                "not-json",
                S::UNSUPPORTED_MEDIA_TYPE,
                "The body is not announced as JSON",
            ),
            Self::Unplayable => (
                "unplayable",
                S::UNPROCESSABLE_ENTITY,
                "The file can't be played",
            ),
            Self::DigitNotSent => ("digit-not-sent", S::CONFLICT, "The digit was not sent"),
            Self::NoWebSocket => (
                "no-websocket",
                S::UPGRADE_REQUIRED,
                "The events come by WebSocket only",
            ),
            Self::TooManyReaders => (
                "too-many-readers",
                S::SERVICE_UNAVAILABLE,
                "Too many clients follow the events",
            ),
            Self::NoAnswer => (
                "no-answer",
                S::SERVICE_UNAVAILABLE,
                "The phone did not answer in time",
            ),
            Self::Ended => ("ended", S::SERVICE_UNAVAILABLE, "The phone has ended"),
            Self::NotKept => (
                "not-kept",
                S::INSUFFICIENT_STORAGE,
                "The disk does not take it",
            ),
            Self::NotRead => (
                "not-read",
                S::INTERNAL_SERVER_ERROR,
                "The records can't be read",
            ),
            Self::Refused(refusal) => refused(refusal),
        }
    }
}

fn refused(refusal: Refusal) -> (&'static str, StatusCode, &'static str) {
    let title = match refusal {
        Refusal::NoSuchCall => "There is no such call",
        Refusal::NoSuchWrapUp => "There is no such wrap-up",
        _ => "The act is refused",
    };
    let status = match refusal {
        Refusal::NoSuchCall | Refusal::NoSuchWrapUp => StatusCode::NOT_FOUND,
        _ => StatusCode::CONFLICT,
    };
    (names::refusal(refusal).name(), status, title)
}

/// Why one request was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) reason: Text,
    pub(crate) hint: Text,
    pub(crate) more: Box<More>,
}

/// What some kinds have beside it.
#[derive(Debug, Default)]
pub(crate) struct More {
    /// Acts that are allowed now.
    pub(crate) allowed: Option<Vec<ActName>>,
    /// The member that is meant.
    pub(crate) field: Option<String>,
    pub(crate) expected: Option<String>,
    /// Names that would have been right.
    pub(crate) known: Option<Vec<&'static str>>,
    /// Line and column, from 1; column 0: before the first character.
    pub(crate) place: Option<(usize, usize)>,
    /// The methods that the path has.
    pub(crate) methods: Option<&'static str>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, reason: Text, hint: Text) -> Self {
        Self {
            kind,
            reason,
            hint,
            more: Box::default(),
        }
    }

    /// The core refused; `allowed`: what it would allow for this call.
    pub(crate) fn refused(refusal: Refusal, allowed: &[Act]) -> Self {
        let mut hint = messages::hint(refusal);
        let mut names: Vec<_> = allowed.iter().map(names::act).collect();
        // A transfer stands there twice, to the guest and blind.
        names.dedup();
        let has_call = !matches!(refusal, Refusal::NoSuchCall | Refusal::NoSuchWrapUp);
        let allowed = (has_call && !names.is_empty()).then_some(names);
        if let Some(names) = &allowed {
            let names: Vec<_> = names.iter().map(|act| act.name()).collect();
            let names = names.join(", ");
            hint.en.push_str(&format!(" Allowed now: {names}."));
            hint.de.push_str(&format!(" Jetzt erlaubt: {names}."));
        }
        let mut failure = Self::new(Kind::Refused(refusal), messages::refusal(refusal), hint);
        failure.more.allowed = allowed;
        failure
    }

    /// As the client gets it; `instance`: the path that was asked for.
    pub(crate) fn document(self, instance: &str) -> Problem {
        let (code, status, title) = self.kind.fixed();
        Problem {
            r#type: format!("{TYPE}{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: format!("{instance}: {}", self.reason.en),
            instance: instance.to_owned(),
            refused: code.to_owned(),
            reason: self.reason.en,
            reason_de: self.reason.de,
            hint: self.hint.en,
            hint_de: self.hint.de,
            allowed: self.more.allowed,
            field: self.more.field,
            expected: self.more.expected,
            known: self
                .more
                .known
                .map(|names| names.into_iter().map(str::to_owned).collect()),
            line: self.more.place.map(|(line, _)| line as u64),
            column: self.more.place.map(|(_, column)| column as u64),
        }
    }

    pub(crate) fn response(self, instance: &str) -> Response {
        let (_, status, _) = self.kind.fixed();
        let (kind, methods) = (self.kind, self.more.methods);
        let document = serde_json::to_string(&self.document(instance))
            .expect("the model has string keys only");
        let mut response = (status, document).into_response();
        let headers = response.headers_mut();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::CONTENT_TYPE, MEDIA_TYPE);
        match kind {
            // RFC 6750 §3: without a token, no error code.
            Kind::NoToken => {
                set(header::WWW_AUTHENTICATE, "Bearer realm=\"trialog\"");
            }
            Kind::WrongToken => {
                set(
                    header::WWW_AUTHENTICATE,
                    "Bearer realm=\"trialog\", error=\"invalid_token\"",
                );
            }
            Kind::NoWebSocket => {
                // RFC 9110 §15.5.22 and §7.8.
                set(header::UPGRADE, "websocket");
                set(header::CONNECTION, "Upgrade");
            }
            Kind::TooSlow => {
                set(header::CONNECTION, "close");
            }
            _ => {}
        }
        if let Some(methods) = methods {
            set(header::ALLOW, methods);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_kind_has_a_code_of_its_own_that_can_stand_in_a_type() {
        let every = Kind::every();
        let codes: HashSet<_> = every.iter().map(|kind| kind.fixed().0).collect();
        assert_eq!(codes.len(), every.len());
        for code in codes {
            let plain = code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(plain, "{code}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_allowed_instead() {
        let allowed = [Act::Mute, Act::Transfer(None), Act::End];
        let failure = Failure::refused(Refusal::NoHoldInConference, &allowed);
        let document = failure.document("/api/calls/1/hold");
        assert_eq!(document.status, 409);
        assert_eq!(document.r#type, "urn:trialog:problem:no-hold-in-conference");
        assert!(document.hint.ends_with("Allowed now: mute, transfer, end."));
        assert!(
            document
                .hint_de
                .ends_with("Jetzt erlaubt: mute, transfer, end.")
        );
        assert_eq!(
            document.allowed.unwrap(),
            [ActName::Mute, ActName::Transfer, ActName::End]
        );
    }
}
