//! `cargo xtask kill …`: builds the phone and what kills it. What it is asked and how it says what came of it is its own
//! (`tests/kill`).
use crate::bench::machine::machine;
use crate::commands::program;
use crate::{ExitError, cargo};
use std::process::Command;

/// The name of what kills, among the programs that cargo builds.
const PROGRAM: &str = "trialog-kill";

pub(crate) fn run(arguments: &[String]) -> Result<(), ExitError> {
    eprintln!("Building the phone and what kills it; the first time this takes some minutes.");
    let programs = cargo::build(&[
        "--release",
        "--package",
        "trialog-phone",
        "--package",
        "trialog-tests",
        "--bin",
        "trialog",
        "--bin",
        PROGRAM,
    ])?;
    let mut kill = Command::new(program(&programs, PROGRAM)?);
    kill.env("TRIALOG_BIN", program(&programs, "trialog")?);
    kill.arg("--out").arg(cargo::target().join("kill"));
    kill.args(arguments);
    println!("{}", machine());
    cargo::run(kill)
}
