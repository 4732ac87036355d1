//! `cargo xtask simulate …`: builds the simulator and plays courses by chance. What it is asked and how it says what came of
//! it is the simulator's own (`tests/simulator`).
use crate::{ExitError, cargo};
use std::process::Command;

/// The simulator's name among the programs that cargo builds.
const PROGRAM: &str = "trialog-simulate";

pub(crate) fn run(arguments: &[String]) -> Result<(), ExitError> {
    eprintln!("Building the simulator; the first time this takes a minute.");
    let programs = cargo::build(&["--release", "--package", "trialog-tests", "--bin", PROGRAM])?;
    let program = programs
        .get(PROGRAM)
        .ok_or_else(|| ExitError::because(format!("cargo built no program `{PROGRAM}`")))?;
    let mut simulator = Command::new(program);
    simulator.args(arguments);
    cargo::run(simulator)
}
