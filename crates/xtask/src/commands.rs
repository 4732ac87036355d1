//! The commands, each a few steps of set-up and cargo.
use crate::need::Purpose;
use crate::{Stopped, cargo, setup};
use std::path::PathBuf;
use std::process::Command;

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

/// Where the program of this name lies that cargo has just built.
pub(crate) fn program(
    programs: &std::collections::BTreeMap<String, PathBuf>,
    name: &str,
) -> Result<PathBuf, Stopped> {
    programs
        .get(name)
        .cloned()
        .ok_or_else(|| Stopped::saying(format!("cargo built no program `{name}`")))
}
