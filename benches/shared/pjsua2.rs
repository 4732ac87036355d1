//! Parties by PJSIP, as processes: `peers/pjsua2_party.py` run by a Python that has PJSIP's package.
use crate::chance::sleep_a_phase;
use crate::clicks::{Recording, period};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const RATE: u32 = 16_000;

/// A party. It ends with this value.
pub struct Party {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    folder: PathBuf,
    name: String,
    /// PJSIP's.
    pub version: String,
    /// How to call it.
    pub uri: String,
}

impl Party {
    /// Starts one that says clicks, or nothing. `wish`: `--call URI`, `--onward URI` or nothing.
    #[must_use]
    pub fn start(folder: &Path, name: &str, clicks: bool, wish: &[&str]) -> Self {
        sleep_a_phase();
        let said = folder.join(format!("{name}-says.raw"));
        let mut samples = period(RATE);
        if !clicks {
            samples.fill(0);
        }
        let octets: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
        std::fs::write(&said, octets).expect("the folder can be written");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/pjsua2_party.py");
        let python = python();
        let mut child = Command::new(&python)
            .arg(script)
            .args(["--say".into(), said])
            .args(["--keep-said".into(), track(folder, name, "said")])
            .args(["--keep-heard".into(), track(folder, name, "heard")])
            .args(wish)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: {CURE}", python.display()));
        let input = child.stdin.take().expect("its input is a pipe");
        let output = child.stdout.take().expect("its output is a pipe");
        let mut party = Self {
            child,
            input,
            output: BufReader::new(output).lines(),
            folder: folder.to_owned(),
            name: name.to_owned(),
            version: String::new(),
            uri: String::new(),
        };
        party.version = party.said("version ");
        party.uri = party.said("listens ");
        party
    }

    /// Waits until a call of its has sound.
    pub fn joined(&mut self) {
        self.said("joined");
    }

    /// Ends it: what it said and what it heard.
    #[must_use]
    pub fn end(mut self) -> (Recording, Recording) {
        self.input.write_all(b"end\n").expect("it listens");
        let said = self.recording("said");
        let heard = self.recording("heard");
        (said, heard)
    }

    fn recording(&mut self, what: &str) -> Recording {
        let began = self.said(&format!("{what} "));
        let octets =
            std::fs::read(track(&self.folder, &self.name, what)).expect("it has written it");
        let samples = octets
            .chunks_exact(2)
            .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0);
        Recording {
            samples: samples.collect(),
            rate: f64::from(RATE),
            began: began.parse().expect("a time in ms"),
        }
    }

    /// Waits for a line that begins so, and gives the rest of it. The library speaks on the same output.
    fn said(&mut self, begin: &str) -> String {
        let mut lines = self.output.by_ref().map_while(Result::ok);
        lines
            .find_map(|line| line.strip_prefix(begin).map(str::to_owned))
            .unwrap_or_else(|| panic!("a party by PJSIP ended without saying “{begin}”: {CURE}"))
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const CURE: &str = "`cargo xtask setup` installs the Python package pjsua2-python, and TRIALOG_PYTHON names another interpreter that has it";

/// The interpreter that `TRIALOG_PYTHON` names, else the one that `cargo xtask setup` has made.
fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("TRIALOG_PYTHON") {
        return python.into();
    }
    // …/target/release/deps/bench-0123456789abcdef
    let own = std::env::current_exe().expect("a bench has a program");
    let target = own
        .ancestors()
        .nth(3)
        .expect("it lies in target/PROFILE/deps");
    target.join("peers/venv/bin/python3")
}

fn track(folder: &Path, name: &str, what: &str) -> PathBuf {
    folder.join(format!("{name}-{what}.raw"))
}
