//! The stories that `trialog demo` plays: three ordinary phones on 127.0.0.1, driven only through their control API.
use std::path::PathBuf;
use std::process::ExitCode;

/// What `trialog demo` was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// A story's name, or `all`.
    pub story: String,
    /// `opus`, `pcmu`, `pcma` or `g722`.
    pub codec: String,
    /// Where everything is written.
    pub out: PathBuf,
    /// A folder with `customer*.wav`, `agent-1*.wav` and `agent-2*.wav` to be spoken instead of made voices.
    pub voices: Option<PathBuf>,
    /// How many stories are played at once.
    pub jobs: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            story: "conference".into(),
            codec: "opus".into(),
            out: PathBuf::from("out/demo"),
            voices: None,
            jobs: 1,
        }
    }
}

/// Plays the story or stories, lets the checker judge them, and says where to look and listen. Success only if every
/// claim of every story holds.
#[must_use]
pub fn run(options: Options) -> ExitCode {
    eprintln!("the demo is not there yet: {}", options.story);
    ExitCode::FAILURE
}
