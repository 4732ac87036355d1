//! PJSIP, the strongest of the foreign phones: Debian has no package of it, Python's index has. It lies in a virtual
//! environment under the target folder and nowhere else. Its licence is no matter of ours: it is run, never linked.
use crate::need::succeeds;
use crate::setup::run_shown;
use crate::{Stopped, cargo};
use std::path::{Path, PathBuf};
use std::process::Command;

/// As pip names it. The tests and benches are written for this version.
const PACKAGE: &str = "pjsua2-python==2.15.1";

/// True for the interpreter that has [`PACKAGE`]. The package loads its library at the first use of a name.
const SIGN: &str = "import pjsua2; pjsua2.Endpoint; assert pjsua2.__version__ == '2.15.1'";

/// What names another interpreter that has [`PACKAGE`].
pub(crate) const VARIABLE: &str = "TRIALOG_PYTHON";

/// The interpreter that the tests and benches run PJSIP by.
pub(crate) fn python() -> PathBuf {
    named().unwrap_or_else(|| folder().join("bin/python3"))
}

/// The interpreter that [`VARIABLE`] names.
fn named() -> Option<PathBuf> {
    std::env::var_os(VARIABLE)
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
}

fn folder() -> PathBuf {
    cargo::target().join("peers/venv")
}

/// Sees to it that [`python`] has [`PACKAGE`]; silent when it has. `check`: only says that it has not.
pub(crate) fn run(check: bool) -> Result<(), Stopped> {
    let python = python();
    if has_it(&python) {
        return Ok(());
    }
    if named().is_some() {
        return Err(Stopped::saying(format!(
            "{VARIABLE} names {}, which has no {PACKAGE}: `{} -m pip install {PACKAGE}`, or unset {VARIABLE}",
            python.display(),
            python.display()
        )));
    }
    println!("This Python package is missing:");
    println!("  {PACKAGE}  PJSIP, a foreign phone to test against and to measure beside");
    let folder = folder().display().to_string();
    let venv = ["python3", "-m", "venv", "--clear", &folder];
    let interpreter = python.display().to_string();
    let pip = [
        &interpreter,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PACKAGE,
    ];
    if check {
        return Err(Stopped::saying(format!(
            "`cargo xtask setup` installs it; by hand: {} && {}",
            venv.join(" "),
            pip.join(" ")
        )));
    }
    println!("Installing it:");
    run_shown(&venv)?;
    run_shown(&pip).map_err(|_| {
        Stopped::saying(format!(
            "pip could not bring `{PACKAGE}`. It comes from Python's package index (pypi.org): is that in reach? \
             Where another interpreter has it, {VARIABLE}=/path/to/python3 names that one."
        ))
    })?;
    if has_it(&python) {
        return Ok(());
    }
    Err(Stopped::saying(format!(
        "pip installed `{PACKAGE}`, and yet {} can't load it: try `{} -c \"{SIGN}\"`",
        python.display(),
        python.display()
    )))
}

fn has_it(python: &Path) -> bool {
    succeeds(Command::new(python).args(["-c", SIGN]))
}
