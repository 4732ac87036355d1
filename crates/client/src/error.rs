//! Why nothing was done.
use std::fmt;
use trialog_api::Problem;

/// Why a request was not done, or no phone was found.
#[derive(Debug)]
pub enum Error {
    /// The phone did not do it; the document has the reason and the hint.
    Problem(Box<Problem>),
    /// No phone answers at the address: it has ended, or the connection broke.
    Unreachable(String),
    /// The answer is none of this version's API.
    Version(String),
    /// No phone of this user runs.
    NoPhone,
    /// No phone of this name runs.
    NoSuchPhone(String),
    /// Several phones run: choose one of these names.
    SeveralPhones(Vec<String>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => write!(f, "{} {}", problem.reason, problem.hint),
            Self::Unreachable(why) => write!(f, "the phone does not answer: {why}"),
            Self::Version(why) => write!(f, "the phone speaks another version of the API: {why}"),
            Self::NoPhone => f.write_str("no phone is running"),
            Self::NoSuchPhone(name) => write!(f, "no phone named “{name}” is running"),
            Self::SeveralPhones(names) => write!(f, "several phones run: {}", names.join(", ")),
        }
    }
}

impl std::error::Error for Error {}
