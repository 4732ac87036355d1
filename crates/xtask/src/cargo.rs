//! Calls of cargo: the one that runs us, in the workspace that we belong to.
use crate::ExitError;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Between two notices that a build goes on, where cargo shows no progress bar.
const NOTICE: Duration = Duration::from_secs(20);

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    let Some(named) = std::env::var_os("CARGO_TARGET_DIR") else {
        return workspace().join("target");
    };
    // As cargo reads it: from the folder that it was called in.
    std::path::absolute(&named).unwrap_or_else(|_| PathBuf::from(named))
}

/// A call of cargo, in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace());
    // What `cargo run` told us about ourselves is not meant for the packages that are built now.
    for (name, _) in std::env::vars_os() {
        let of_ours = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name == "CARGO_BIN_NAME"
        });
        if of_ours {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it, with its output as ours.
pub(crate) fn run(mut command: Command) -> Result<(), ExitError> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(ExitError::with(status)),
        Err(error) => Err(ExitError::because(format!(
            "{:?} could not be started: {error}",
            command.get_program()
        ))),
    }
}

/// Runs `cargo build ARGUMENTS…` with progress, and says where each program that it made lies.
pub(crate) fn build(arguments: &[&str]) -> Result<BTreeMap<String, PathBuf>, ExitError> {
    build_with(arguments, &[])
}

/// The same with these variables in its environment.
pub(crate) fn build_with(
    arguments: &[&str],
    variables: &[(&str, &OsStr)],
) -> Result<BTreeMap<String, PathBuf>, ExitError> {
    let mut command = cargo(&["build", "--message-format=json-render-diagnostics"]);
    command.args(arguments).stderr(Stdio::inherit());
    command.envs(variables.iter().copied());
    let output = with_notices(|| command.output())
        .map_err(|error| ExitError::because(format!("cargo could not be started: {error}")))?;
    if !output.status.success() {
        return Err(ExitError::with(output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(executable)
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, path)
        })
        .collect())
}

/// Waits for a build. At a terminal cargo shows a progress bar; elsewhere (a log, a pipe) it prints a line when it begins a
/// package, and the last package takes a minute or more: a notice each [`NOTICE`] says that it is at work.
fn with_notices(build: impl FnOnce() -> std::io::Result<Output>) -> std::io::Result<Output> {
    if std::io::stderr().is_terminal() {
        return build();
    }
    let (done, waits) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let begun = Instant::now();
            while waits.recv_timeout(NOTICE) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("    Building, {} s so far", begun.elapsed().as_secs());
            }
        });
        let output = build();
        drop(done);
        output
    })
}

/// The program that a line of cargo's messages (`--message-format=json`) tells of.
fn executable(line: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}

/// `cargo nextest` is installed.
pub(crate) fn has_nextest() -> bool {
    let mut command = cargo(&["nextest", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_read_out_of_cargos_message() {
        let line = r#"{"reason":"compiler-artifact","filenames":["/t/debug/trialog"],"executable":"/t/a \"b\"/trialog","fresh":true}"#;
        assert_eq!(executable(line), Some(PathBuf::from("/t/a \"b\"/trialog")));
    }

    #[test]
    fn a_library_is_no_program() {
        let line = r#"{"reason":"compiler-artifact","executable":null,"fresh":true}"#;
        assert_eq!(executable(line), None);
    }
}
