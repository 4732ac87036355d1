//! The Reason header of a far side (RFC 3326): a call that was answered elsewhere, and why a leg ends.
use crate::agent::UserAgent;
use std::sync::Arc;
use trialog_call::{EndCause, EndReason, LegId, WireEvent};
use trialog_sip::{HeaderName, Headers, Reason};

/// The most of its words that is kept, in characters.
const WORDS: usize = 100;
/// The most of a protocol's name; `SIP` and `Q.850` are those of RFC 3326 §2.
const PROTOCOL: usize = 16;

fn reasons(headers: &Headers) -> impl Iterator<Item = Reason> {
    let reasons = headers.all_typed::<Reason>(&HeaderName::Reason);
    reasons.filter_map(Result::ok)
}

/// Why a CANCEL has come. A forking proxy says by 200 that another branch has answered (RFC 3326 §1: "Call completed elsewhere").
pub(crate) fn of_cancel(headers: &Headers) -> EndCause {
    let elsewhere = |reason: &Reason| {
        reason.protocol.eq_ignore_ascii_case("SIP") && reason.cause() == Some(200)
    };
    if reasons(headers).any(|reason| elsewhere(&reason)) {
        EndCause::AnsweredElsewhere
    } else {
        EndCause::Cancelled
    }
}

/// What a far side states; of several reasons (one a protocol) the one that says most: an unusual one, and one in words.
fn stated(headers: &Headers) -> Option<EndReason> {
    let stated = reasons(headers).filter_map(bounded);
    // The first of equals.
    stated.min_by_key(|reason| (reason.is_usual(), reason.text.is_none()))
}

/// A far side's words on one line, without controls; `None` where nothing is left to read.
pub(crate) fn words(text: &str, most: usize) -> Option<String> {
    let words: String = text.trim().chars().take(most).collect();
    let words = words.replace(char::is_control, " ");
    let words = words.trim();
    (!words.is_empty()).then(|| words.to_owned())
}

/// Without what no one can read; `None` where nothing is left that says why.
fn bounded(reason: Reason) -> Option<EndReason> {
    let text = reason.text().and_then(|text| words(&text, WORDS));
    let cause = reason.cause();
    (cause.is_some() || text.is_some()).then(|| EndReason {
        protocol: reason.protocol.chars().take(PROTOCOL).collect(),
        not_secured: None,
        cause,
        text,
    })
}

impl UserAgent {
    /// The core hears why the leg is about to end, where the far side states it.
    pub(crate) fn tell_reason(&mut self, id: LegId, headers: &Headers) {
        if let Some(reason) = stated(headers) {
            self.event(id, WireEvent::Reason(Arc::new(reason)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(reason: &str) -> Headers {
        let mut headers = Headers::new();
        headers.push(HeaderName::Reason, reason);
        headers
    }

    #[test]
    fn a_call_that_was_answered_elsewhere_is_told_from_one_that_was_given_up() {
        let elsewhere = EndCause::AnsweredElsewhere;
        for (reason, cause) in [
            ("SIP;cause=200;text=\"Call completed elsewhere\"", elsewhere),
            ("Q.850;cause=26, sip ;cause=200", elsewhere),
            ("SIP;cause=487", EndCause::Cancelled),
            ("Q.850;cause=200", EndCause::Cancelled),
            (";;;", EndCause::Cancelled),
        ] {
            assert_eq!(of_cancel(&headers(reason)), cause, "{reason}");
        }
        assert_eq!(of_cancel(&Headers::new()), EndCause::Cancelled);
    }

    #[test]
    fn of_several_reasons_the_one_is_told_that_says_most_and_of_a_bounded_length() {
        let long = format!("SIP;cause=503;text=\"{}\"", "x".repeat(5_000));
        let x = "x".repeat(WORDS);
        for (reason, protocol, cause, text) in [
            (
                "Q.850;cause=34;text=\"No circuit\"",
                "Q.850",
                Some(34),
                Some("No circuit"),
            ),
            (
                "Q.850;cause=26, SIP;cause=200;text=\"Call completed elsewhere\"",
                "SIP",
                Some(200),
                Some("Call completed elsewhere"),
            ),
            ("SIP;cause=480", "SIP", Some(480), None),
            ("SIP;cause=480;text=\"  \"", "SIP", Some(480), None),
            (
                "Q.850;cause=16;text=\"Normal\", SIP;cause=503;text=\"Trunk\tdown\"",
                "SIP",
                Some(503),
                Some("Trunk down"),
            ),
            (
                "Q.850;cause=16;text=\"Normal\", SIP;cause=503",
                "SIP",
                Some(503),
                None,
            ),
            (&long, "SIP", Some(503), Some(&x)),
        ] {
            let expected = EndReason {
                protocol: protocol.to_owned(),
                not_secured: None,
                cause,
                text: text.map(str::to_owned),
            };
            assert_eq!(stated(&headers(reason)), Some(expected), "{reason}");
        }
        for nothing in ["SIP", "SIP;cause=none", "SIP;text=\"\"", ";;;"] {
            assert_eq!(stated(&headers(nothing)), None, "{nothing}");
        }
    }
}
