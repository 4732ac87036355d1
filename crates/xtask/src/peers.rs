//! What tests run that Debian has no package of and Python's index has: PJSIP, the strongest of the foreign phones, and schemathesis,
//! which asks an API what its document allows and forbids. They lie in a virtual environment under the target folder and nowhere else.
//! Their licences are no matter of ours: they are run, never linked.
use crate::need::succeeds;
use crate::setup::run_shown;
use crate::{ExitError, cargo};
use std::path::{Path, PathBuf};
use std::process::Command;

/// As pip names them, and what each is for. The tests and benches are written for these versions.
const PACKAGES: [(&str, &str); 2] = [
    (
        "pjsua2-python==2.15.1",
        "PJSIP, a foreign phone to test against and to measure beside",
    ),
    (
        "schemathesis==4.32.0",
        "a client that tries all that the API's document says",
    ),
];

/// True for the interpreter that has [`PACKAGES`]. PJSIP loads its library at the first use of a name.
const SIGN: &str = "import pjsua2; pjsua2.Endpoint; assert pjsua2.__version__ == '2.15.1'; \
                    from importlib.metadata import version; assert version('schemathesis') == '4.32.0'";

/// What names another interpreter that has [`PACKAGES`].
pub(crate) const VARIABLE: &str = "TRIALOG_PYTHON";

/// The interpreter that the tests and benches run them by.
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

/// Sees to it that [`python`] has [`PACKAGES`]; silent when it has. `check`: only says that it has not.
pub(crate) fn run(check: bool) -> Result<(), ExitError> {
    let python = python();
    if has_them(&python) {
        return Ok(());
    }
    let names = PACKAGES.map(|(name, _)| name);
    let all = names.join(" ");
    if named().is_some() {
        return Err(ExitError::because(format!(
            "{VARIABLE} names {}, which lacks {all}: `{} -m pip install {all}`, or unset {VARIABLE}",
            python.display(),
            python.display()
        )));
    }
    println!("These Python packages are missing:");
    for (name, purpose) in PACKAGES {
        println!("  {name}  {purpose}");
    }
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
    ];
    let pip = [&pip[..], &names].concat();
    if check {
        return Err(ExitError::because(format!(
            "`cargo xtask setup` installs them; by hand: {} && {}",
            venv.join(" "),
            pip.join(" ")
        )));
    }
    println!("Installing them:");
    run_shown(&venv)?;
    run_shown(&pip).map_err(|_| {
        ExitError::because(format!(
            "pip could not bring `{all}`. They come from Python's package index (pypi.org): is that in reach? \
             Where another interpreter has them, {VARIABLE}=/path/to/python3 names that one."
        ))
    })?;
    if has_them(&python) {
        return Ok(());
    }
    Err(ExitError::because(format!(
        "pip installed `{all}`, and yet {} can't load them: try `{} -c \"{SIGN}\"`",
        python.display(),
        python.display()
    )))
}

fn has_them(python: &Path) -> bool {
    succeeds(Command::new(python).args(["-c", SIGN]))
}
