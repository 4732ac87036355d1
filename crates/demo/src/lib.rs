//! The stories that `trialog demo` plays: three ordinary phones on 127.0.0.1, driven only through their control API.
//!
//! Each phone is a process of its own with a configuration file of its own; real SIP and RTP go between them. Nothing here
//! knows SIP, and nothing here judges what was heard: that is the checker's, a program of its own, which is run at the end.
//! What a story's director does check is what the wire can't show: who owes a wrap-up.
mod cast;
mod certificates;
mod director;
mod fault;
mod network;
mod phones;
mod script;
mod two_lives;
mod verdict;
mod voices;

pub use fault::Fault;
pub use script::{STORIES, Story};

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use verdict::Verdict;
use voices::Voices;

/// What `trialog demo` was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// A story's name, several with commas between them, or `all`.
    pub story: String,
    /// `opus`, `pcmu`, `pcma` or `g722`.
    pub codec: String,
    /// Where everything is written.
    pub out: PathBuf,
    /// A folder with `customer*.wav`, `agent-1*.wav` and `agent-2*.wav` to be spoken instead of made voices.
    pub voices: Option<PathBuf>,
    /// The phones speak TLS with certificates made for the story, and SRTP with keys in SDP (RFC 4568) alone.
    pub secure: bool,
    /// The phones are on a network that loses 5 % of the sound on each way, with 40 ms of jitter.
    pub lossy: bool,
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
            secure: false,
            lossy: false,
            jobs: 1,
        }
    }
}

/// Plays the story or stories, lets the checker judge them, and says where to look and listen. Success only if every
/// claim of every story holds.
#[must_use]
pub fn run(options: Options) -> ExitCode {
    match play(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("trialog demo: {fault}");
            match fault {
                Fault::NoSuchStory(_) | Fault::NoSuchCodec(_) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn play(options: &Options) -> Result<bool, Fault> {
    if !["opus", "pcmu", "pcma", "g722"].contains(&options.codec.as_str()) {
        return Err(Fault::NoSuchCodec(options.codec.clone()));
    }
    let stories = named(&options.story)?;
    let several = stories.len() > 1;
    phones::heed_signals()?;
    make_folder(&options.out)?;
    let out = options
        .out
        .canonicalize()
        .map_err(|e| Fault::File(options.out.clone(), e.to_string()))?;
    let checker = verdict::checker()?;
    let voices = Voices::ready(&out.join("voices"), options.voices.as_deref(), &stories)?;

    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    let jobs = options.jobs.clamp(1, stories.len());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let folder = if several {
                        out.join(story.name)
                    } else {
                        out.clone()
                    };
                    let verdict = one(story, options, &folder, &voices, &checker);
                    let interrupted = matches!(verdict.outcome, Err(Fault::Interrupted));
                    let mut all = verdicts.lock().expect("no thread panics with it");
                    all.push(verdict);
                    if interrupted {
                        next.store(stories.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().expect("no thread panicked");
    verdicts.sort_by_key(|v| stories.iter().position(|s| s.name == v.story));
    if several {
        print!("{}", verdict::summary(&verdicts, &options.codec));
    }
    Ok(verdicts.len() == stories.len() && verdicts.iter().all(Verdict::holds))
}

/// The stories of these names, in the order of `STORIES`.
fn named(names: &str) -> Result<Vec<&'static Story>, Fault> {
    if names == "all" {
        return Ok(STORIES.iter().collect());
    }
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    match names
        .iter()
        .find(|name| STORIES.iter().all(|s| s.name != **name))
    {
        Some(unknown) => Err(Fault::NoSuchStory((*unknown).to_owned())),
        None => Ok(STORIES.iter().filter(|s| names.contains(&s.name)).collect()),
    }
}

fn one(
    story: &Story,
    options: &Options,
    folder: &Path,
    voices: &Voices,
    checker: &Path,
) -> Verdict {
    let wire = if options.secure { ", TLS, SRTP" } else { "" };
    let network = if options.lossy {
        ", a lossy network"
    } else {
        ""
    };
    println!(
        "— {}: {} ({}{wire}{network})",
        story.name, story.about, options.codec
    );
    let told = director::tell(story, options, folder, voices);
    let outcome = told.and_then(|()| verdict::judge(checker, story.name, folder, options.lossy));
    let verdict = Verdict {
        story: story.name,
        folder: folder.to_owned(),
        outcome,
    };
    print!("{verdict}");
    verdict
}

/// Makes a folder and those above it.
fn make_folder(path: &Path) -> Result<(), Fault> {
    std::fs::create_dir_all(path).map_err(|e| Fault::File(path.to_owned(), e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(asked: &str) -> Result<Vec<&'static str>, Fault> {
        Ok(named(asked)?.iter().map(|story| story.name).collect())
    }

    #[test]
    fn several_stories_are_asked_for_with_commas_between_them() {
        assert_eq!(names("blind"), Ok(vec!["blind"]));
        let both = names("conference, blind").map(BTreeSet::from_iter);
        assert_eq!(both, Ok(BTreeSet::from(["blind", "conference"])));
        assert_eq!(names("all").map(|all| all.len()), Ok(STORIES.len()));
    }

    #[test]
    fn one_unknown_among_known_stories_is_named() {
        let unknown = Fault::NoSuchStory("nonsense".to_owned());
        assert_eq!(names("blind,nonsense"), Err(unknown));
    }
}
