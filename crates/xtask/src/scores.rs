//! What the bench `audio` scores by: human speech that Debian has, and PESQ from Python's index. They lie in the
//! target folder and nowhere else, and are fetched when that bench first runs. They are run, never linked.
use crate::need::succeeds;
use crate::setup::run_shown;
use crate::{ExitError, cargo};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As pip names them. PESQ is compiled as it is installed.
const PACKAGES: [&str; 3] = ["numpy==2.4.6", "scipy==1.17.1", "pesq==0.0.4"];

/// True for the interpreter that has [`PACKAGES`].
const SIGN: &str = "import numpy, scipy, pesq";

/// Prompts for telephones by one speaker (CC-BY-SA 3.0).
const SPEECH: &str = "asterisk-core-sounds-en-wav";

/// Sees to it that all is there; silent when it is.
pub(crate) fn run() -> Result<(), ExitError> {
    let folder = cargo::target().join("scores");
    interpreter(&folder.join("venv"))?;
    speech(&folder)
}

fn interpreter(venv: &Path) -> Result<(), ExitError> {
    let python = venv.join("bin/python3");
    let has_them = || succeeds(Command::new(&python).args(["-c", SIGN]));
    if has_them() {
        return Ok(());
    }
    println!("Installing what scores speech: {}", PACKAGES.join(" "));
    let (venv, python) = (venv.display().to_string(), python.display().to_string());
    run_shown(&["python3", "-m", "venv", "--clear", &venv])?;
    let pip = [&python, "-m", "pip", "install", "--quiet"];
    let pip = [&pip[..], &["--disable-pip-version-check"], &PACKAGES].concat();
    run_shown(&pip).map_err(|_| {
        ExitError::because(
            "pip could not bring what scores speech. It comes from Python's package index (pypi.org): is that in reach? \
             `pesq` is compiled: are gcc and Python's headers (package python3-dev) there?",
        )
    })?;
    if has_them() {
        return Ok(());
    }
    Err(ExitError::because(format!(
        "pip installed what scores speech, and yet it can't be loaded: try `{python} -c \"{SIGN}\"`"
    )))
}

fn speech(folder: &Path) -> Result<(), ExitError> {
    let there = folder.join("speech");
    if there.is_dir() {
        return Ok(());
    }
    println!("Fetching human speech: Debian's {SPEECH}");
    let failed = |error: std::io::Error| {
        ExitError::because(format!("{} can't be written: {error}", folder.display()))
    };
    let fetched = folder.join("fetched");
    let _ = fs::remove_dir_all(&fetched);
    fs::create_dir_all(&fetched).map_err(failed)?;
    let lost = || {
        ExitError::because(format!(
            "apt could not bring Debian's {SPEECH}: is the mirror of this system in reach (`apt-get update`)?"
        ))
    };
    let mut apt = Command::new("apt-get");
    apt.current_dir(&fetched).args(["-qq", "download", SPEECH]);
    if !succeeds(&mut apt) {
        return Err(lost());
    }
    let package = entries(&fetched).pop().ok_or_else(lost)?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(package).arg(&fetched);
    if !succeeds(&mut unpack) {
        return Err(ExitError::because(format!(
            "dpkg-deb could not unpack Debian's {SPEECH}"
        )));
    }
    let voices = entries(&fetched.join("usr/share/asterisk/sounds"));
    let voice = voices.first().ok_or_else(lost)?;
    fs::rename(voice, &there).map_err(failed)?;
    fs::remove_dir_all(&fetched).map_err(failed)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    all.map(|entry| entry.path()).collect()
}
