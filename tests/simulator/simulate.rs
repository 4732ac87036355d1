//! `cargo xtask simulate`: plays courses by chance, one seed after the other, and tells of each that broke a promise what
//! it was, how to play it again, and the ladder of what led there.
use std::process::ExitCode;
use trialog_tests::simulator::report::{ladder, report};
use trialog_tests::simulator::weather::Weather;
use trialog_tests::simulator::{all, improvise};

const HELP: &str = "\
cargo xtask simulate [--seed N] [--calls N] [--weather KIND] [--ladder]

Plays courses of calls and conferences by chance: three to six whole phones in virtual time, whose users press
whatever they like, in a network that loses, doubles, delays and breaks. The same seed gives the same course.

  --seed N         the first seed (0)
  --calls N        how many courses, one a seed (10000; 1 where only a seed is given)
  --weather KIND   any (each seed draws its own), fair, rain, or storm: up to 30 % lost, 3 s late (any)
  --ladder         show the ladder of each course, also where no promise broke
  --help           this

Exit status: 0 every promise held, 1 one broke, 2 usage.
";

struct Asked {
    seeds: std::ops::Range<u64>,
    weather: Weather,
    ladder: bool,
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
        Ok(asked) => play(&asked),
        Err(error) => {
            eprint!("simulate: {error}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let (mut seed, mut calls, mut weather, mut ladder) = (None, None, Weather::Any, false);
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let mut value = || {
            let value = value.clone().or_else(|| rest.next().cloned());
            value.ok_or_else(|| format!("`{name}` wants a value"))
        };
        match name {
            "--seed" => seed = Some(number(name, &value()?)?),
            "--calls" => calls = Some(number(name, &value()?)?),
            "--weather" => weather = value()?.parse()?,
            "--ladder" => ladder = true,
            _ => return Err(format!("there is no `{word}` here")),
        }
    }
    let usual = if seed.is_some() { 1 } else { 10_000 };
    let (seed, calls) = (seed.unwrap_or(0), calls.unwrap_or(usual));
    if calls == 0 {
        return Err("`--calls 0` plays nothing; it wants 1 or more".into());
    }
    let end = seed.checked_add(calls);
    let end = end.ok_or_else(|| format!("there are no {calls} seeds from {seed} on"))?;
    Ok(Asked {
        seeds: seed..end,
        weather,
        ladder,
    })
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    let parsed = value.parse();
    parsed.map_err(|_| format!("`{name}` wants a whole number, and `{value}` is none"))
}

fn play(asked: &Asked) -> ExitCode {
    if asked.ladder {
        for seed in asked.seeds.clone() {
            let (course, _) = improvise(seed, asked.weather);
            println!("seed {seed}");
            println!("{}", ladder(&course));
        }
    }
    let started = std::time::Instant::now();
    let (coverage, broken) = all(asked.seeds.clone(), asked.weather);
    print!("{coverage}");
    println!("played in {:.1} s", started.elapsed().as_secs_f64());
    for (course, broken) in broken.iter().take(3) {
        println!("\n{}", report(course, broken, asked.weather));
    }
    if broken.is_empty() {
        println!("every promise held");
        return ExitCode::SUCCESS;
    }
    let seeds: Vec<u64> = broken.iter().map(|(course, _)| course.seed).collect();
    eprintln!("simulate: a promise broke with seeds {seeds:?}");
    ExitCode::FAILURE
}
