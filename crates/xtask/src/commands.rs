//! The commands, each a few steps of set-up and cargo.
use crate::need::Purpose;
use crate::tally::Tally;
use crate::{Stopped, cargo, peers, setup};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(crate) fn setup(arguments: &[String]) -> Result<(), Stopped> {
    match arguments {
        [] => setup::run(Purpose::Test, false),
        [flag] if flag == "--check" => setup::run(Purpose::Test, true),
        _ => Err(Stopped::saying("usage: cargo xtask setup [--check]")),
    }
}

pub(crate) fn demo(arguments: &[String]) -> Result<(), Stopped> {
    setup::run(Purpose::Demo, false)?;
    eprintln!("Building trialog; the first time this takes some minutes.");
    let programs = cargo::build(&[
        "--release",
        "--package",
        "trialog-phone",
        "--package",
        "trialog-checker",
        "--bins",
    ])?;
    let mut demo = Command::new(program(&programs, "trialog")?);
    // It says itself where to look and listen.
    demo.arg("demo").args(arguments);
    cargo::run(demo)
}

pub(crate) fn test(filters: &[String]) -> Result<(), Stopped> {
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
            .env(peers::VARIABLE, peers::python());
        command
    };
    // First the documentation's examples, so that the last thing printed is the sum of all the others.
    if filters.is_empty() {
        cargo::run(with_programs(&["test", "--quiet", "--workspace", "--doc"]))?;
    }
    if cargo::has_nextest() {
        let mut command = with_programs(&["nextest", "run", "--workspace", "--no-fail-fast"]);
        command.args(filters);
        return cargo::run(command);
    }
    println!("cargo-nextest is not installed: `cargo test` does it too, only slower.");
    let mut command = with_programs(&[
        "test",
        "--workspace",
        "--bins",
        "--lib",
        "--tests",
        "--no-fail-fast",
        "--",
    ]);
    command.args(filters);
    counted(command)
}

fn program(
    programs: &std::collections::BTreeMap<String, PathBuf>,
    name: &str,
) -> Result<PathBuf, Stopped> {
    programs
        .get(name)
        .cloned()
        .ok_or_else(|| Stopped::saying(format!("cargo built no program `{name}`")))
}

/// Runs `cargo test`, its output as ours, and closes with the sum of its results.
fn counted(mut command: Command) -> Result<(), Stopped> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Stopped::saying(format!("cargo could not be started: {error}")))?;
    let mut tally = Tally::default();
    let output = child.stdout.take().expect("its output is a pipe");
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        tally.read(&line);
        let mut out = std::io::stdout();
        // A reader that went away is no reason to stop the tests.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
    let status = child
        .wait()
        .map_err(|error| Stopped::saying(format!("cargo was lost: {error}")))?;
    println!("{tally}");
    if status.success() {
        Ok(())
    } else {
        Err(Stopped::with(status))
    }
}
