//! The commands, each a few steps of set-up and cargo.
use crate::need::Purpose;
use crate::{ExitError, cargo, setup};
use std::path::PathBuf;
use std::process::Command;

pub(crate) fn setup(arguments: &[String]) -> Result<(), ExitError> {
    match arguments {
        [] => setup::run(Purpose::Test, false),
        [flag] if flag == "--check" => setup::run(Purpose::Test, true),
        _ => Err(ExitError::because("usage: cargo xtask setup [--check]")),
    }
}

pub(crate) fn demo(arguments: &[String]) -> Result<(), ExitError> {
    setup::run(Purpose::Demo, false)?;
    if cargo::target().join("release/trialog").exists() {
        eprintln!("Building trialog, where something has changed.");
    } else {
        eprintln!(
            "Building trialog for the first time: about 6 minutes on two cores, 1.3 GB in {}.\n\
             Cargo's own progress follows; the last of about 175 packages, trialog-phone, takes a minute or more.",
            cargo::target().display()
        );
    }
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

/// Where the program of this name lies that cargo has just built.
pub(crate) fn program(
    programs: &std::collections::BTreeMap<String, PathBuf>,
    name: &str,
) -> Result<PathBuf, ExitError> {
    programs
        .get(name)
        .cloned()
        .ok_or_else(|| ExitError::because(format!("cargo built no program `{name}`")))
}
