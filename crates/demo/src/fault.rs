//! What can go wrong in a demo, in words that say the cure.
use std::fmt;
use std::path::PathBuf;

/// Why a story, or the whole demo, could not be played to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no story of this name.
    NoSuchStory(String),
    /// There is no codec of this name.
    NoSuchCodec(String),
    /// A file or folder can't be read, written or made.
    File(PathBuf, String),
    /// `espeak-ng` is not installed.
    NoVoices,
    /// `espeak-ng` ran and failed.
    Voice(String),
    /// The folder of `--voices` lacks recordings of this party.
    NoVoiceOf(PathBuf, &'static str),
    /// The checker's program is not beside this one.
    NoChecker(PathBuf),
    /// The checker could not judge.
    Checker(String),
    /// A phone did not start, or ended early: its log says why.
    Phone {
        /// The party's name.
        name: &'static str,
        /// What was seen.
        what: String,
        /// Its log.
        log: PathBuf,
    },
    /// A phone did not do what it was asked for.
    Api {
        /// Which phone.
        name: &'static str,
        /// What it was asked for: “for a call”.
        request: String,
        /// Its reason and hint, or that no answer came.
        answer: String,
    },
    /// What a phone had to show by its API did not come.
    NeverCame {
        /// Which phone.
        name: &'static str,
        /// What was waited for.
        what: String,
        /// What there was.
        seen: String,
    },
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchStory(name) => {
                let names: Vec<&str> = crate::STORIES.iter().map(|s| s.name).collect();
                write!(
                    f,
                    "no story “{name}”; there are {}, and all",
                    names.join(", ")
                )
            }
            Self::NoSuchCodec(name) => {
                write!(f, "no codec “{name}”; there are opus, pcmu, pcma and g722")
            }
            Self::File(path, why) => write!(f, "{}: {why}", path.display()),
            Self::NoVoices => write!(
                f,
                "the program espeak-ng, which makes the voices, is not there: install the package espeak-ng \
                 (cargo xtask setup does), or give recordings by --voices DIR"
            ),
            Self::Voice(why) => write!(f, "espeak-ng: {why}"),
            Self::NoVoiceOf(folder, party) => {
                write!(f, "{}: there is no {party}*.wav", folder.display())
            }
            Self::NoChecker(path) => write!(
                f,
                "{} is not there: build it (cargo build --package trialog-checker)",
                path.display()
            ),
            Self::Checker(why) => write!(f, "trialog-checker: {why}"),
            Self::Phone { name, what, log } => {
                write!(f, "the phone {name} {what}")?;
                // The last line is its reason; without a log the path says enough.
                let text = std::fs::read_to_string(log).unwrap_or_default();
                if let Some(last) = text.lines().rfind(|line| !line.trim().is_empty()) {
                    write!(f, ": {last}")?;
                }
                write!(f, "; see {}", log.display())
            }
            Self::Api {
                name,
                request,
                answer,
            } => write!(f, "the phone {name}, asked {request}: {answer}"),
            Self::NeverCame { name, what, seen } => {
                write!(f, "waited for {name}: {what}; there was {seen}")
            }
            Self::Interrupted => write!(f, "interrupted"),
        }
    }
}

impl std::error::Error for Fault {}
