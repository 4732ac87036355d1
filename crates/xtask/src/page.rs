//! Builds the agent's page, which becomes a part of the program: `npm ci` where the lock file is newer than what it brought, vite where
//! a source is newer than what it built. Silent where neither is.
use crate::{ExitError, cargo};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// What the page is built of, below its folder.
const SOURCES: [&str; 7] = [
    "src",
    "public",
    "index.html",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// Changed by `npm ci` each time.
const BROUGHT: &str = "node_modules/.package-lock.json";

/// Written by each build.
const BUILT: &str = "dist/index.html";

pub(crate) fn folder() -> PathBuf {
    cargo::workspace().join("crates/desk/page")
}

/// Sees to it that the page is built of what there is now. `check`: only says that it is not.
pub(crate) fn run(check: bool) -> Result<(), ExitError> {
    let folder = folder();
    let npm = is_older(&folder.join(BROUGHT), &[folder.join("package-lock.json")]);
    let sources = SOURCES.map(|name| folder.join(name));
    if !npm && !is_older(&folder.join(BUILT), &sources) {
        return Ok(());
    }
    if check {
        return Err(ExitError::because(
            "the agent's page is not built: `cargo xtask setup` builds it",
        ));
    }
    if npm {
        // No script of a package is run: esbuild's own is there in the package for this machine.
        quietly(
            &folder,
            "npm",
            &["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        )?;
    }
    quietly(
        &folder,
        "node",
        &[
            "node_modules/vite/bin/vite.js",
            "build",
            "--logLevel",
            "warn",
        ],
    )?;
    if is_older(&folder.join(BUILT), &sources) {
        return Err(ExitError::because(format!(
            "vite has built the page, and yet {} is older than its sources: is the clock right?",
            folder.join(BUILT).display()
        )));
    }
    Ok(())
}

/// Runs it in this folder, and shows what it says only where it fails.
pub(crate) fn quietly(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), ExitError> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output();
    let command = || format!("{program} {}", arguments.join(" "));
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(ExitError::because(format!(
            "{}{}`{}` failed in {}: {}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            command(),
            folder.display(),
            output.status
        ))),
        Err(error) => Err(ExitError::because(format!(
            "`{}` could not be started: {error}",
            command()
        ))),
    }
}

/// A source, or something in it, was changed after `made`, or `made` is not there. A folder is changed when a file is taken out of it.
fn is_older(made: &Path, sources: &[PathBuf]) -> bool {
    changed(made).is_none_or(|made| sources.iter().any(|source| newest(source) > Some(made)))
}

fn newest(path: &Path) -> Option<SystemTime> {
    let within = std::fs::read_dir(path).into_iter().flatten().flatten();
    let within = within.filter_map(|entry| newest(&entry.path())).max();
    changed(path).max(within)
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|file| file.modified()).ok()
}
