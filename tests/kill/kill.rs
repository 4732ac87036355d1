//! `cargo xtask kill`: kills the owner's phone at one moment of chance after the other, and says how long the customer heard nothing.
mod gaps;

use gaps::Gaps;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use trialog_tests::killing::{kill_once, of_seed};

const HELP: &str = "\
cargo xtask kill [--times N] [--seed N] [--out DIR]

Kills the owner's phone (SIGKILL), a real process, at a moment of chance in a conference, on hold, in a consult, while a
transfer is pending and while it carries an anchored call, starts it again, and measures how long no packet of RTP came
to the customer. The same seed gives the same situation and the same moment after its last act.

  --times N   how many kills, one a seed (100; 1 where only a seed is given)
  --seed N    the first seed (0)
  --out DIR   where the phones' files are while they run, and those of a call that was lost or late stay (out/kill)
  --help      this

Exit status: 0 no call was lost and each customer heard something again within 2 s, 1 otherwise, 2 usage.
";

/// The customer hears something again within this time.
const LATEST: Duration = Duration::from_secs(2);

/// What came of a seed.
enum Outcome {
    /// The customer's gap.
    Kept(Duration),
    /// The call was lost: how.
    Lost(String),
    /// The phone was not killed: its situation was not come to. What stopped it was printed.
    NotCome,
}

struct Asked {
    seeds: std::ops::Range<u64>,
    out: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .iter()
        .any(|word| word == "--help" || word == "-h")
    {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match read(&arguments) {
        Ok(asked) => kill(&asked),
        Err(error) => {
            eprint!("kill: {error}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let (mut seed, mut times, mut out) = (None, None, PathBuf::from("out/kill"));
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("`{word}` wants a value"));
        match word.as_str() {
            "--seed" => seed = Some(number(word, value()?)?),
            "--times" => times = Some(number(word, value()?)?),
            "--out" => out = value()?.into(),
            _ => return Err(format!("there is no `{word}` here")),
        }
    }
    let usual = if seed.is_some() { 1 } else { 100 };
    let (seed, times) = (seed.unwrap_or(0), times.unwrap_or(usual));
    let end = seed.checked_add(times).filter(|_| times > 0);
    let end = end.ok_or_else(|| format!("there are no {times} seeds from {seed} on"))?;
    let seeds = seed..end;
    Ok(Asked { seeds, out })
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    let parsed = value.parse();
    parsed.map_err(|_| format!("`{name}` wants a whole number, and `{value}` is none"))
}

fn kill(asked: &Asked) -> ExitCode {
    let mut gaps = Gaps::default();
    let [mut lost, mut late, mut not_come] = [const { Vec::new() }; 3];
    for seed in asked.seeds.clone() {
        let (situation, after) = of_seed(seed);
        let folder = asked.out.join(seed.to_string());
        match once(seed, &folder) {
            Outcome::Kept(gap) => {
                gaps.add(situation, gap);
                if gap > LATEST {
                    println!("seed {seed}: {situation}, killed after {after:?}: LATE: {gap:?}");
                    late.push(seed);
                } else {
                    let _ = std::fs::remove_dir_all(&folder);
                }
            }
            Outcome::Lost(why) => {
                println!("seed {seed}: {situation}, killed after {after:?}: LOST: {why}");
                lost.push(seed);
            }
            Outcome::NotCome => {
                println!("seed {seed}: {situation}: it was not come to, for the reason above");
                not_come.push(seed);
            }
        }
    }
    print!("{gaps}");
    let seeds = [("lost", lost), ("late", late), ("not killed", not_come)];
    let mut status = ExitCode::SUCCESS;
    for (what, seeds) in seeds {
        if seeds.is_empty() {
            println!("{what}: none");
        } else {
            println!("{what}: {}, with the seeds {seeds:?}", seeds.len());
            status = ExitCode::FAILURE;
        }
    }
    status
}

fn once(seed: u64, folder: &Path) -> Outcome {
    let _ = std::fs::remove_dir_all(folder);
    // What the harness can't bring about it says by a panic, as in a test.
    match std::panic::catch_unwind(|| kill_once(seed, folder)) {
        Ok(Ok(survived)) => Outcome::Kept(survived.gap),
        Ok(Err(why)) => Outcome::Lost(why),
        Err(_) => Outcome::NotCome,
    }
}
