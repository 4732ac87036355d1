//! `cargo xtask bench [GROUP] [--json FILE] [--long]`: runs the benches, each beside its peer, and lays what they say into
//! one table. It measures nothing itself but calls, and judges nothing: a figure that is not reached is no failure.
mod calls;
pub(crate) mod machine;
mod reading;
mod rows;
mod table;

use crate::need::Purpose;
use crate::{ExitError, cargo, peers, scores, setup};
use lexopt::prelude::*;
use reading::{Line, Measured};
use rows::{Peer, Program, ROWS, Row};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const USAGE: &str = "usage: cargo xtask bench [GROUP] [--json FILE] [--long]";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Wish {
    rows: Vec<&'static Row>,
    json: Option<PathBuf>,
    long: bool,
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self, lexopt::Error> {
        let mut wish = Self {
            rows: ROWS.iter().collect(),
            json: None,
            long: false,
        };
        let mut group = None;
        let mut words = lexopt::Parser::from_args(arguments);
        while let Some(word) = words.next()? {
            match word {
                Long("long") => wish.long = true,
                Long("json") => wish.json = Some(words.value()?.into()),
                Value(name) if group.is_none() => group = Some(name.string()?),
                _ => return Err(word.unexpected()),
            }
        }
        if let Some(group) = &group {
            wish.rows.retain(|row| row.group() == group);
        }
        if wish.rows.is_empty() {
            return Err(lexopt::Error::from(format!(
                "there is no group `{}`; there are: {}",
                group.unwrap_or_default(),
                rows::groups().join(", ")
            )));
        }
        Ok(wish)
    }

    /// What measures the rows, each once.
    fn programs(&self) -> Vec<Program> {
        let mut programs = Vec::new();
        for row in &self.rows {
            if !programs.contains(&row.program) {
                programs.push(row.program);
            }
        }
        programs
    }
}

/// Measurements and notes so far.
#[derive(Default)]
struct Found {
    measured: Vec<Measured>,
    notes: Vec<String>,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), ExitError> {
    let wish =
        Wish::read(arguments).map_err(|why| ExitError::because(format!("{why}\n{USAGE}")))?;
    if let Some(file) = &wish.json {
        // Minutes before there is something to write into it.
        let writable = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file);
        writable.map_err(|error| unwritable(file, &error))?;
    }
    let programs = wish.programs();
    let foreign = wish.rows.iter().any(|row| {
        row.peer == Peer::Live && !matches!(row.group(), "parser" | "voice")
            || row.program == Program::Calls
    });
    let purpose = if foreign {
        Purpose::Peers
    } else {
        Purpose::Build
    };
    setup::run(purpose, false)?;
    if programs.contains(&Program::Bench("network_to_ear")) {
        scores::run()?;
    }
    eprintln!("Building; the first time this takes some minutes.");
    let trialog = build(&programs)?;
    let (machine, start) = (machine::machine(), Instant::now());
    let mut found = Found::default();
    let mut failed = Ok(());
    for program in programs {
        let done = match program {
            Program::Bench(name) => bench(name, &wish, trialog.as_ref(), &mut found),
            Program::Calls => measure_calls(&wish, trialog.as_ref(), &mut found),
        };
        // The others can still be measured; the status tells in the end.
        if done.is_err() {
            failed = done;
        }
    }
    found
        .measured
        .retain(|measured| wish.rows.contains(&measured.row));
    found
        .measured
        .sort_by_key(|measured| ROWS.iter().position(|row| row == measured.row));
    print!("{}", table::table(&found.measured));
    println!();
    for note in &found.notes {
        println!("{note}");
    }
    println!(
        "On {machine}, in {:.0} s. “recorded”: measured once, elsewhere, on two shared cores at 2.5 GHz.",
        start.elapsed().as_secs_f64()
    );
    if let Some(file) = &wish.json {
        std::fs::write(file, table::json(&found.measured))
            .map_err(|error| unwritable(file, &error))?;
    }
    failed
}

fn unwritable(file: &Path, error: &std::io::Error) -> ExitError {
    ExitError::because(format!("{} can't be written: {error}", file.display()))
}

/// Builds the benches, and the phone where one of them runs it.
fn build(programs: &[Program]) -> Result<Option<PathBuf>, ExitError> {
    let benches: Vec<&str> = programs
        .iter()
        .filter_map(|program| match program {
            Program::Bench(name) => Some(*name),
            Program::Calls => None,
        })
        .collect();
    if !benches.is_empty() {
        let mut command = cargo::cargo(&["bench", "--no-run", "--package", "trialog-benches"]);
        for name in &benches {
            command.args(["--bench", name]);
        }
        command.stderr(Stdio::inherit());
        cargo::run(command)?;
    }
    let runs_phones = |program: &Program| {
        matches!(
            program,
            Program::Calls
                | Program::Bench("mouth_to_ear" | "bridge" | "conference" | "network_to_ear")
        )
    };
    if !programs.iter().any(runs_phones) {
        return Ok(None);
    }
    let built = cargo::build(&["--release", "--package", "trialog-phone", "--bins"])?;
    match built.get("trialog") {
        Some(path) => Ok(Some(path.clone())),
        None => Err(ExitError::because("cargo built no program `trialog`")),
    }
}

/// Runs one bench and reads what it prints.
fn bench(
    name: &str,
    wish: &Wish,
    trialog: Option<&PathBuf>,
    found: &mut Found,
) -> Result<(), ExitError> {
    eprintln!("Measuring: {name}");
    let mut command = cargo::cargo(&["bench", "--quiet", "--package", "trialog-benches"]);
    command.args(["--bench", name, "--"]);
    if wish.long {
        command.arg("--long");
    }
    command
        .env(peers::VARIABLE, peers::python())
        // A bench that can't go on says why; where in it, is nobody's question.
        .env("RUST_BACKTRACE", "0");
    if let Some(trialog) = trialog {
        command.env("TRIALOG_BIN", trialog);
    }
    let before = found.measured.len();
    gather(command, found)?;
    let now = &found.measured[before..];
    let missing = ROWS
        .iter()
        .filter(|row| matches!(row.program, Program::Bench(bench) if bench == name))
        .find(|row| !now.iter().any(|measured| measured.row == *row));
    match missing {
        Some(row) => Err(ExitError::because(format!(
            "the bench `{name}` did not say {}",
            row.name
        ))),
        None => Ok(()),
    }
}

fn measure_calls(
    wish: &Wish,
    trialog: Option<&PathBuf>,
    found: &mut Found,
) -> Result<(), ExitError> {
    eprintln!("Measuring: calls");
    let trialog = trialog.expect("it was built for this");
    let rows = calls::measure(trialog, wish.long, &mut found.notes)?;
    found.measured.extend(rows);
    Ok(())
}

/// Runs it; its rows and notes are gathered.
fn gather(mut command: Command, found: &mut Found) -> Result<(), ExitError> {
    let lost = |error: std::io::Error| ExitError::because(format!("cargo was lost: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(lost)?;
    let output = child.stdout.take().expect("its output is a pipe");
    let mut wrong = None;
    for text in BufReader::new(output).lines().map_while(Result::ok) {
        match reading::line(&text) {
            Line::Measured(measured) => found.measured.push(measured),
            Line::Note(note) => found.notes.push(note),
            Line::Wrong(line) => wrong = Some(line),
            Line::Other => {}
        }
    }
    let status = child.wait().map_err(lost)?;
    if !status.success() {
        return Err(ExitError::with(status));
    }
    match wrong {
        Some(line) => Err(ExitError::because(format!("no measurement: {line:?}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wish, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Wish::read(&words).map_err(|why| why.to_string())
    }

    #[test]
    fn a_group_picks_its_rows() {
        assert_eq!(read("").unwrap().rows.len(), ROWS.len());
        for group in rows::groups() {
            let wish = read(group).unwrap();
            assert!(!wish.rows.is_empty() && wish.rows.len() < ROWS.len());
        }
        let wish = read("parser --long --json out.json").unwrap();
        assert!(wish.long);
        assert_eq!(wish.json, Some("out.json".into()));
        assert_eq!(
            wish.programs(),
            [Program::Bench("parser"), Program::Bench("allocations")]
        );
    }

    #[test]
    fn an_unknown_group_is_answered_with_those_there_are() {
        let why = read("mixr").unwrap_err();
        assert!(
            why.contains("`mixr`") && why.contains("mouth_to_ear"),
            "{why}"
        );
        for wrong in ["--json", "--short", "mixer parser"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
