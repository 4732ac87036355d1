//! `cargo xtask fuzz`: the targets of `tests/fuzz` under libFuzzer, on the stable toolchain.
//!
//! Each starts from its kept corpus (`tests/fuzz/corpus/NAME`) and from what earlier runs found (`target/fuzz/NAME`), which is where new
//! finds go. An input that breaks a promise is written to `target/fuzz/broken`.
use crate::commands::program;
use crate::need::Purpose;
use crate::{ExitError, cargo, setup};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

const HELP: &str = "\
cargo xtask fuzz [TARGET…] [--seconds N] [--seed N] [--keep]
cargo xtask fuzz TARGET --input FILE

  TARGET       those named, or all (the folders of tests/fuzz/corpus)
  --seconds N  how long each runs (10)
  --seed N     the same inputs in the same order each time (else others each time)
  --keep       afterwards adds to the kept corpus what was found and reaches a branch that nothing there does
  --input F    runs one input, such as one that broke a promise
";

/// An input that takes longer is as good as one that never ends, in seconds.
const SLOWEST: u32 = 5;

/// No input is longer, in bytes; the targets have their own limits below it.
const LONGEST: u32 = 16_384;

/// What `--keep` adds is cut to this length, so that the kept corpora stay small.
const LONGEST_KEPT: u32 = 1024;

/// More memory than this is a leak, in MB.
const MOST_MEMORY: u32 = 1024;

#[derive(Debug, PartialEq, Eq)]
struct Options {
    targets: Vec<String>,
    seconds: u32,
    seed: Option<u32>,
    keep: bool,
    input: Option<PathBuf>,
}

impl Options {
    /// `None`: it is no right use.
    fn read(arguments: &[String], known: &[String]) -> Option<Self> {
        let mut options = Self {
            targets: Vec::new(),
            seconds: 10,
            seed: None,
            keep: false,
            input: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--seconds" => options.seconds = arguments.next()?.parse().ok()?,
                // libFuzzer takes 0 for "no seed".
                "--seed" => options.seed = Some(arguments.next()?.parse().ok().filter(|n| *n > 0)?),
                "--keep" => options.keep = true,
                "--input" => options.input = Some(arguments.next()?.into()),
                name => options
                    .targets
                    .push(known.iter().find(|own| *own == name)?.clone()),
            }
        }
        if options.input.is_some() && options.targets.len() != 1 {
            return None;
        }
        if options.targets.is_empty() {
            options.targets = known.to_vec();
        }
        Some(options)
    }
}

/// Runs the targets, as many at once as there are processors.
pub(crate) fn run(arguments: &[String]) -> Result<(), ExitError> {
    let kept = cargo::workspace().join("tests/fuzz/corpus");
    let known = names(&kept)?;
    let Some(options) = Options::read(arguments, &known) else {
        eprint!("{HELP}\ntargets: {}\n", known.join(" "));
        return Err(ExitError::status(2));
    };
    setup::run(Purpose::Test, false)?;
    let fuzzer = build()?;
    if let (Some(input), [target]) = (&options.input, options.targets.as_slice()) {
        let mut command = Command::new(&fuzzer);
        command.env("TARGET", target).arg(input);
        return cargo::run(command);
    }
    let found = cargo::target().join("fuzz");
    let waiting = Mutex::new(options.targets.iter());
    let broken = Mutex::new(Vec::new());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(target) = waiting.lock().ok().and_then(|mut rest| rest.next()) {
                    let run = Run {
                        fuzzer: &fuzzer,
                        target,
                        kept: kept.join(target),
                        found: found.join(target),
                        broken: found.join("broken"),
                    };
                    let held = run.play(&options);
                    if let (false, Ok(mut broken)) = (held, broken.lock()) {
                        broken.push(target.as_str());
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_default();
    if broken.is_empty() {
        return Ok(());
    }
    Err(ExitError::because(format!("broken: {}", broken.join(" "))))
}

/// The targets' names, in order.
fn names(kept: &Path) -> Result<Vec<String>, ExitError> {
    let folders = std::fs::read_dir(kept)
        .map_err(|error| ExitError::because(format!("{}: {error}", kept.display())))?;
    let mut names: Vec<String> = folders
        .filter_map(|folder| folder.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Builds the fuzzer, with our own packages instrumented. It is built as an example of the workspace: cargo then asks the registry's
/// packages for the same features as `cargo xtask test` does, and builds them once for both.
fn build() -> Result<PathBuf, ExitError> {
    let wrapper = cargo::workspace().join("tests/fuzz/instrument.sh");
    let programs = cargo::build_with(
        &[
            "--workspace",
            "--features",
            "trialog-fuzz/libfuzzer",
            "--example",
            "trialog-fuzz",
        ],
        &[("RUSTC_WORKSPACE_WRAPPER", wrapper.as_os_str())],
    )?;
    program(&programs, "trialog-fuzz")
}

/// One target's run.
struct Run<'a> {
    fuzzer: &'a Path,
    target: &'a str,
    kept: PathBuf,
    found: PathBuf,
    broken: PathBuf,
}

impl Run<'_> {
    /// True: every promise held. Says how many inputs were tried, or all that the fuzzer said.
    fn play(&self, options: &Options) -> bool {
        let mut fuzz = vec![format!("-max_total_time={}", options.seconds)];
        if let Some(seed) = options.seed {
            // Without looking for what others have found meanwhile: that hangs on the clock.
            fuzz.extend([format!("-seed={seed}"), "-reload=0".to_owned()]);
        }
        let held = self.libfuzzer(&fuzz, LONGEST, &[&self.found, &self.kept], "DONE");
        if !(held && options.keep) {
            return held;
        }
        // What is kept stays, and the fewest inputs are added that reach all branches that nothing there does.
        let merge = ["-set_cover_merge=1", "-use_counters=0"].map(str::to_owned);
        self.libfuzzer(
            &merge,
            LONGEST_KEPT,
            &[&self.kept, &self.found],
            "MERGE-OUTER",
        )
    }

    fn libfuzzer(&self, options: &[String], longest: u32, folders: &[&Path], wanted: &str) -> bool {
        for folder in folders.iter().copied().chain([self.broken.as_path()]) {
            if let Err(error) = std::fs::create_dir_all(folder) {
                eprintln!("{}: {error}", folder.display());
                return false;
            }
        }
        let mut command = Command::new(self.fuzzer);
        command
            .env("TARGET", self.target)
            .args(options)
            .arg(format!("-max_len={longest}"))
            .arg(format!("-timeout={SLOWEST}"))
            .arg(format!("-rss_limit_mb={MOST_MEMORY}"))
            .arg(format!("-artifact_prefix={}/", self.broken.display()))
            .args(folders)
            .stdin(Stdio::null());
        match command.output() {
            Ok(output) => self.report(&output, wanted),
            Err(error) => {
                eprintln!("{}: {error}", self.fuzzer.display());
                false
            }
        }
    }

    fn report(&self, output: &Output, wanted: &str) -> bool {
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            let last = said.lines().rev().find(|line| line.contains(wanted));
            println!("{:<16} {}", self.target, last.unwrap_or_default().trim());
        } else {
            eprintln!(
                "{said}{}: broken. The input is the file named above; again: cargo xtask fuzz {} --input FILE",
                self.target, self.target
            );
        }
        output.status.success()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Option<Options> {
        let own = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        Options::read(&own(words), &own(&["rtp", "sdp"]))
    }

    #[test]
    fn without_a_name_all_targets_run_for_ten_seconds() {
        let options = read(&[]).unwrap();
        assert_eq!((options.targets.len(), options.seconds), (2, 10));
        assert_eq!(options.seed, None);
    }

    #[test]
    fn a_target_that_there_is_not_is_a_wrong_use() {
        assert_eq!(read(&["sip"]), None);
        assert_eq!(read(&["--seconds", "long"]), None);
        assert_eq!(read(&["--seed", "0"]), None);
        assert_eq!(read(&["--seed", "7"]).unwrap().seed, Some(7));
    }

    #[test]
    fn an_input_is_of_one_target() {
        assert_eq!(read(&["--input", "f"]), None);
        assert!(read(&["sdp", "--input", "f"]).is_some());
    }

    #[test]
    fn the_targets_are_those_that_have_a_corpus() {
        let found = names(&cargo::workspace().join("tests/fuzz/corpus"));
        assert!(found.is_ok_and(|names| names.contains(&"endpoint".to_owned())));
    }
}
