//! `cargo xtask test`: set-up, one build, the documentation's examples, then all tests, by nextest where it is installed.
//!
//! Suites that keep real time have the processors to themselves either way: `.config/nextest.toml` says so to nextest, and
//! [`REAL_TIME`] is the same list for `cargo test`.
use crate::commands::program;
use crate::need::Purpose;
use crate::suite_times::SuiteTimes;
use crate::tally::Tally;
use crate::{ExitError, asterisk, cargo, peers, setup};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};

/// The suites of `trialog-tests` that keep real time.
const REAL_TIME: [&str; 7] = [
    "bad_line",
    "hosts",
    "load",
    "page",
    "peers",
    "sound_card",
    "stories",
];

/// The other suites of `trialog-tests`: they run in virtual time, or measure none.
const OTHERS: [&str; 6] = [
    "api",
    "architecture",
    "flows",
    "scripts",
    "simulator",
    "what_goes_wrong",
];

/// Runs the tests whose names match the filters, or all.
pub(crate) fn run(filters: &[String]) -> Result<(), ExitError> {
    setup::run(Purpose::Test, false)?;
    // One build for the programs and the tests: with the same targets named, cargo shares every library between them.
    let programs = cargo::build(&["--workspace", "--bins", "--tests"])?;
    let trialog = program(&programs, "trialog")?;
    let checker = program(&programs, "trialog-checker")?;
    let with_programs = |arguments: &[&str]| {
        let mut command = cargo::cargo(arguments);
        command
            .env("TRIALOG_BIN", &trialog)
            .env("TRIALOG_CHECKER_BIN", &checker)
            .env(peers::VARIABLE, peers::python())
            .env(asterisk::VARIABLE, asterisk::root());
        command
    };
    // First the documentation's examples, so that the last thing printed is the sum of all the others.
    if filters.is_empty() {
        cargo::run(with_programs(&["test", "--quiet", "--workspace", "--doc"]))?;
    }
    if cargo::has_nextest() {
        let mut command = with_programs(&["nextest", "run", "--workspace", "--no-fail-fast"]);
        command.args(filters);
        // At a terminal nextest shows its progress; where its output is kept, the suites' times are worth more.
        return if std::io::stderr().is_terminal() {
            cargo::run(command)
        } else {
            timed(command)
        };
    }
    println!("cargo-nextest is not installed: `cargo test` does it too, only slower.");
    let runs = plain_runs().map(|(arguments, threads)| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = with_programs(&arguments);
        command.arg("--").args(threads).args(filters);
        command
    });
    counted(runs)
}

/// The runs of `cargo test` that are all tests together, each with what its programs are told.
fn plain_runs() -> [(Vec<String>, &'static [&'static str]); 4] {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let named = |suites: &[&str]| {
        let names = suites
            .iter()
            .flat_map(|suite| ["--test".to_owned(), (*suite).to_owned()]);
        let mut all: Vec<String> = words(&["test", "--no-fail-fast", "--package", "trialog-tests"]);
        all.extend(names);
        all
    };
    let mut others = named(&OTHERS);
    others.push("--lib".into());
    let packages = words(&[
        "test",
        "--no-fail-fast",
        "--workspace",
        "--exclude",
        "trialog-tests",
        "--exclude",
        "trialog-engine",
        "--bins",
        "--lib",
        "--tests",
    ]);
    let engine = words(&[
        "test",
        "--no-fail-fast",
        "--package",
        "trialog-engine",
        "--lib",
        "--tests",
    ]);
    let alone = &["--test-threads=1"];
    [
        (packages, &[]),
        (others, &[]),
        (engine, alone),
        (named(&REAL_TIME), alone),
    ]
}

/// Runs nextest and says before its summary how long each suite took.
fn timed(mut command: Command) -> Result<(), ExitError> {
    let mut child = started(command.stderr(Stdio::piped()))?;
    let mut times = SuiteTimes::default();
    let output = child.stderr.take().expect("its output is a pipe");
    echo(output, &mut std::io::stderr(), |line| {
        let summary = line.trim_start().starts_with("Summary [");
        let table = if summary {
            times.to_string()
        } else {
            String::new()
        };
        times.read(line);
        table
    });
    ended(child)
}

/// Runs `cargo test`, one run after the other, and closes with the sum of their results.
fn counted(runs: impl IntoIterator<Item = Command>) -> Result<(), ExitError> {
    let mut tally = Tally::default();
    let mut verdict = Ok(());
    for mut command in runs {
        let mut child = started(command.stdout(Stdio::piped()))?;
        let output = child.stdout.take().expect("its output is a pipe");
        echo(output, &mut std::io::stdout(), |line| {
            tally.read(line);
            String::new()
        });
        verdict = verdict.and(ended(child));
    }
    println!("{tally}");
    verdict
}

/// Passes each line on, behind what `look` has to say before it.
fn echo(from: impl Read, to: &mut impl Write, mut look: impl FnMut(&str) -> String) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        let before = look(&line);
        // A reader that went away is no reason to stop the tests.
        let _ = writeln!(to, "{before}{line}").and_then(|()| to.flush());
    }
}

fn started(command: &mut Command) -> Result<Child, ExitError> {
    command
        .spawn()
        .map_err(|error| ExitError::because(format!("cargo could not be started: {error}")))
}

fn ended(mut child: Child) -> Result<(), ExitError> {
    let status: ExitStatus = child
        .wait()
        .map_err(|error| ExitError::because(format!("cargo was lost: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(ExitError::with(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> String {
        let path = cargo::workspace().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn every_suite_is_of_real_time_or_not() {
        let manifest = file("tests/Cargo.toml");
        let mut suites: Vec<&str> = manifest
            .split("[[test]]\nname = \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        suites.sort_unstable();
        let mut listed: Vec<&str> = REAL_TIME.into_iter().chain(OTHERS).collect();
        listed.sort_unstable();
        assert_eq!(listed, suites);
    }

    #[test]
    fn nextest_gives_the_same_suites_the_processors() {
        let settings = file(".config/nextest.toml");
        for suite in REAL_TIME {
            // The suite of phones under load has its tests in the module `parallel`.
            let module = if suite == "load" { "parallel" } else { suite };
            assert!(
                settings.contains(&format!("test(/^{module}::/)")),
                "{suite} keeps real time and is not in .config/nextest.toml"
            );
        }
    }
}
