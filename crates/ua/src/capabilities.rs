//! What we can do, as our messages state it, and what a peer's messages state of it.
use crate::config::{Config, Reliable, Settings};
use crate::session_timer::TIMER;
use trialog_call::Capabilities;
use trialog_sip::{HeaderName, Headers};

/// Bodies that a request may have.
pub(crate) const ACCEPT: &str =
    "application/sdp, multipart/mixed, application/dtmf-relay, message/sipfrag";

impl Config {
    /// The methods that we take.
    pub(crate) fn allow(&self) -> String {
        let mut methods = vec!["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO"];
        if self.referable {
            methods.push("REFER");
        }
        methods.extend(["NOTIFY", "SUBSCRIBE", "UPDATE"]);
        if self.agent {
            methods.push("MESSAGE");
        }
        if self.reliable != Reliable::Off {
            methods.push("PRACK");
        }
        methods.join(", ")
    }

    /// The extensions that we know: RFC 3891, RFC 4488, RFC 4538, RFC 5373, RFC 3262 and RFC 4028.
    pub(crate) fn supported(&self) -> String {
        let known = [
            ("replaces", self.referable),
            ("norefersub", self.referable),
            ("tdialog", true),
            ("answermode", self.answer_mode),
            (RELIABLE, self.reliable != Reliable::Off),
            (TIMER, true),
        ];
        let known = known.into_iter().filter(|(_, is_known)| *is_known);
        known.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }
}

impl Settings {
    /// The methods that we take.
    pub(crate) fn allow(&self) -> &str {
        &self.allow
    }

    /// The event packages that we know (RFC 6665 §8.2.2).
    pub(crate) fn allow_events(&self) -> &'static str {
        if self.remote_control {
            "refer, conference, talk, hold"
        } else {
            "refer, conference"
        }
    }

    /// The extensions that we know.
    pub(crate) fn supported(&self) -> &str {
        &self.supported
    }

    /// States what we can do, in an INVITE and its answers.
    pub(crate) fn state_capabilities(&self, headers: &mut Headers) {
        headers.push(HeaderName::Allow, self.allow());
        headers.push(HeaderName::Supported, self.supported());
        if self.agent {
            // RFC 6086 §5.2.3: willing to take this package's INFO.
            headers.push(crate::info::RECV_INFO, crate::info::PACKAGE);
        }
    }
}

/// Provisional responses that are acknowledged (RFC 3262).
pub(crate) const RELIABLE: &str = "100rel";

/// Updates what is known of a peer. Headers that are missing change nothing.
pub(crate) fn read_capabilities(capabilities: &mut Capabilities, headers: &Headers) {
    if headers.contains(&HeaderName::Allow) {
        capabilities.refer = headers.has_token(&HeaderName::Allow, "REFER");
    }
    if headers.contains(&HeaderName::Supported) {
        capabilities.replaces = headers.has_token(&HeaderName::Supported, "replaces");
    }
    let recv_info = HeaderName::new(crate::info::RECV_INFO);
    if let Some(packages) = headers.get(&recv_info) {
        capabilities.trialog = packages
            .split(',')
            .any(|package| package.trim().eq_ignore_ascii_case(crate::info::PACKAGE));
    }
}

/// What is known of a peer before its first message: a missing Allow does not forbid REFER; its answer will show.
pub(crate) fn unknown_peer() -> Capabilities {
    Capabilities {
        refer: true,
        replaces: false,
        trialog: false,
    }
}
