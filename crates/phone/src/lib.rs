//! The program `trialog`: a phone, the command line that drives it, and the demo.
//!
//! It is a library so that a test can build the same program with one thing changed, and see that its witnesses notice.
mod acd;
mod action;
mod audio;
mod call;
mod call_traces;
mod cli;
mod clock;
mod config;
mod ctl;
mod directory;
mod doctor;
mod german;
mod journal;
mod keep;
mod link;
mod metrics;
mod net;
mod os;
mod page;
mod post;
mod records;
mod redact;
mod run;
mod runtime_dir;
mod tokens;
mod trace;
mod visible;
mod webhook;

use clap::{CommandFactory, FromArgMatches};
use cli::{Cli, Command};
use config::Config;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// What becomes of a routing on its way from the core to the engine's ports. The program leaves it as it is.
pub type RoutingFilter = fn(&mut [trialog_engine::PortSpec]);

/// Checks the text of a configuration file, as `trialog phone --config FILE --check` does. `file`: its path, for what is said about
/// it, and as the place that relative paths in it start from.
///
/// # Errors
/// All faults, a line each: file, line, key, what was expected and what was found.
pub fn check(file: &std::path::Path, text: &str) -> Result<(), String> {
    let checked = Config::parse(file, text);
    checked.map(|_| ()).map_err(|faults| faults.to_string())
}

/// The whole program, command line included. Returns its exit status: 0 done, 1 failed or refused, 2 wrong usage or
/// configuration, 3 no such phone.
pub fn program(filter: RoutingFilter) -> ExitCode {
    let cli = match command_line() {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    // The doctor says itself what it finds.
    let log = match (&cli.command, cli.log.as_str()) {
        (Command::Doctor(_), "info") => "warn",
        (_, log) => log,
    };
    let log = match EnvFilter::try_new(log) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("trialog: --log: {error}");
            return ExitCode::from(2);
        }
    };
    // At the loudest level the clients of WebSocket and HTTP write whole requests, and with them the tokens.
    let log = ["tungstenite::handshake::client=off", "ureq_proto=off"]
        .into_iter()
        .fold(log, |log, quiet| {
            log.add_directive(quiet.parse().expect("a directive"))
        });
    tracing_subscriber::fmt()
        .with_env_filter(log)
        .with_writer(|| visible::Log(std::io::stderr()))
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match cli.command {
        Command::Phone(options) => phone(&options, filter),
        Command::Records(cli::Records { verb }) => records(&verb),
        Command::Ctl(ctl) => ctl::run(&ctl),
        Command::Trace(trace) => ctl::run(&trace.into()),
        Command::Report(report) => ctl::run(&report.into()),
        Command::Audio(options) => audio::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Page(options) => page::run(&options),
        Command::Call(options) => call::run(&options),
        Command::Desktop(cli::Desktop { verb }) => call::desktop(&verb),
        Command::Token(options) => tokens::run(&options),
        Command::Demo(demo) => trialog_demo::run(trialog_demo::Options {
            story: demo.story,
            codec: demo.codec,
            out: demo.out,
            voices: demo.voices,
            secure: demo.secure,
            lossy: demo.network == cli::DemoNetwork::Lossy,
            jobs: demo.jobs,
        }),
    }
}

/// What the program was called with. An error, or help that was asked for, is on its way out already.
fn command_line() -> Result<Cli, ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let german = german::is_wanted(&arguments);
    let matches =
        german::understood(Cli::command(), german.is_some()).try_get_matches_from(arguments);
    matches
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| {
            match german.filter(|_| error.use_stderr()) {
                Some(command) => eprint!("{}", german::complaint(&error, command)),
                // Where nothing can be written any more, nobody reads it either.
                None => drop(error.print()),
            }
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        })
}

/// The configuration in this file, or that of a phone without one, with this name in place of its own.
fn load(file: Option<&Path>, name: Option<&str>) -> Result<Config, ExitCode> {
    let mut config = match file {
        Some(file) => Config::load(file).map_err(|faults| {
            eprintln!("{faults}");
            ExitCode::from(2)
        })?,
        None => Config::default(),
    };
    rename(&mut config, name)?;
    Ok(config)
}

/// Gives the phone this name in place of its own.
fn rename(config: &mut Config, name: Option<&str>) -> Result<(), ExitCode> {
    if let Some(name) = name {
        if !trialog_client::is_name(name) {
            eprintln!(
                "trialog: --name: expected letters, digits, “-”, “_” and “.”, found “{name}”"
            );
            return Err(ExitCode::from(2));
        }
        name.clone_into(&mut config.name);
    }
    Ok(())
}

fn records(verb: &cli::RecordsVerb) -> ExitCode {
    let cli::RecordsVerb::Export {
        config, name, csv, ..
    } = verb;
    let config = match load(config.as_deref(), name.as_deref()) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    match records::export(&config, *csv, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trialog: {error}");
            ExitCode::FAILURE
        }
    }
}

fn phone(options: &cli::Phone, filter: RoutingFilter) -> ExitCode {
    let config = match load(options.config.as_deref(), options.name.as_deref()) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if options.check {
        println!("the configuration is good");
        return ExitCode::SUCCESS;
    }
    if options.keep {
        return keep::run();
    }
    match run::run(config, options.headless, filter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trialog: {error}");
            ExitCode::FAILURE
        }
    }
}
