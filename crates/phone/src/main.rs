//! The program `trialog`: a phone, the command line that drives it, and the demo.
mod cli;
mod clock;
mod config;
mod ctl;
mod net;
mod place;
mod platform;
mod records;
mod redact;
mod run;
mod trace;

use clap::Parser;
use cli::{Cli, Command};
use config::Config;
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = match EnvFilter::try_new(&cli.log) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("trialog: --log: {error}");
            return ExitCode::from(2);
        }
    };
    // The WebSocket library's client writes the whole request at the loudest level, and with it the token.
    let quiet = "tungstenite::handshake::client=off".parse();
    let filter = filter.add_directive(quiet.expect("a directive"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match cli.command {
        Command::Phone(options) => phone(&options),
        Command::Ctl(ctl) => ctl::run(&ctl),
        Command::Demo(demo) => trialog_demo::run(trialog_demo::Options {
            story: demo.story,
            codec: demo.codec,
            out: demo.out,
            voices: demo.voices,
            jobs: demo.jobs,
        }),
    }
}

fn phone(options: &cli::Phone) -> ExitCode {
    let mut config = match &options.config {
        Some(file) => match Config::load(file) {
            Ok(config) => config,
            Err(faults) => {
                eprintln!("{faults}");
                return ExitCode::from(2);
            }
        },
        None => Config::default(),
    };
    if let Some(name) = &options.name {
        if !place::is_name(name) {
            eprintln!(
                "trialog: --name: expected letters, digits, “-”, “_” and “.”, found “{name}”"
            );
            return ExitCode::from(2);
        }
        config.name.clone_from(name);
    }
    if options.check {
        println!("the configuration is good");
        return ExitCode::SUCCESS;
    }
    match run::run(config, options.headless) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trialog: {error}");
            ExitCode::FAILURE
        }
    }
}
