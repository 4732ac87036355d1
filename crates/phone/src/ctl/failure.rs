//! Why nothing was done, for people in both languages and for programs as the API's document.
use std::process::ExitCode;
use trialog_client::Error;
use trialog_client::api;
use trialog_desk::messages::Text;
use trialog_desk::words::{Word, ctl};

/// Why nothing was done.
#[derive(Debug)]
pub(super) enum Failure {
    /// The phone did not do it, and says why.
    Problem(Box<api::Problem>),
    /// The command line asks for what there is not.
    Usage(Said),
    /// No phone answers.
    NoPhone(Said),
}

/// What is said, in both languages.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) en: String,
    pub(super) de: String,
}

impl Said {
    /// A text of the catalogue, with these values.
    pub(super) fn of(word: Word, values: &[(&str, &str)]) -> Self {
        let Text { en, de } = word.with(values);
        Self { en, de }
    }

    /// It is about this.
    pub(super) fn about(self, what: &str) -> Self {
        Self {
            en: format!("{what}: {}", self.en),
            de: format!("{what}: {}", self.de),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) => Self::Problem(problem),
            Error::SeveralPhones(names) => {
                let names = names.join(" | ");
                Self::Usage(Said::of(ctl::WHICH_PHONE, &[("names", &names)]))
            }
            Error::Unreachable(_) | Error::Version(_) | Error::NoPhone | Error::NoSuchPhone(_) => {
                let said = match &error {
                    Error::NoPhone => Said::of(ctl::NO_PHONE, &[]),
                    Error::NoSuchPhone(name) => Said::of(ctl::NO_SUCH_PHONE, &[("name", name)]),
                    Error::Version(why) => Said::of(ctl::OTHER_VERSION, &[("why", why)]),
                    other => Said::of(ctl::NO_ANSWER, &[("why", &other.to_string())]),
                };
                // The client has its own words for it in English.
                let en = error.to_string();
                Self::NoPhone(Said { en, ..said })
            }
        }
    }
}

impl Failure {
    pub(super) fn exit(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Problem(problem) => match (problem.status, problem.refused.as_str()) {
                (409, _) | (404, "no-such-call" | "no-such-wrap-up") => 1,
                (400..=499, _) if !matches!(problem.status, 401 | 403) => 2,
                _ => 3,
            },
            Self::Usage(_) => 2,
            Self::NoPhone(_) => 3,
        })
    }

    /// The phone's document; or one of the same kind where the phone was not asked.
    pub(super) fn document(self) -> api::Problem {
        match self {
            Self::Problem(problem) => *problem,
            Self::Usage(said) => local(400, "usage", said, "trialog ctl help"),
            Self::NoPhone(said) => {
                let hint = "trialog phone --config FILE";
                local(503, "no-phone", said, hint)
            }
        }
    }

    pub(super) fn no_call() -> Self {
        Self::none("no-such-call", ctl::NO_SUCH_CALL)
    }

    pub(super) fn no_wrap_up() -> Self {
        Self::none("no-such-wrap-up", ctl::NO_SUCH_WRAP_UP)
    }

    fn none(code: &str, reason: Word) -> Self {
        let said = Said::of(reason, &[]);
        Self::Problem(Box::new(local(404, code, said, "trialog ctl status")))
    }
}

/// A problem that is found here, before the phone is asked; `hint`: a command.
fn local(status: u16, code: &str, said: Said, hint: &str) -> api::Problem {
    let Said { en: reason, de } = said;
    api::Problem {
        r#type: format!("urn:trialog:problem:{code}"),
        title: reason.clone(),
        status,
        detail: reason.clone(),
        instance: String::new(),
        refused: code.to_owned(),
        reason_de: de,
        reason,
        hint: hint.to_owned(),
        hint_de: hint.to_owned(),
        allowed: None,
        field: None,
        expected: None,
        known: None,
        line: None,
        column: None,
    }
}
