//! The program `trialog`: a phone, the command line that drives it, and the demo.
//!
//! It is a library so that a test can build the same program with one thing changed, and see that its witnesses notice.
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

/// What becomes of a routing on its way from the core to the engine's ports. The program leaves it as it is.
pub type RoutingFilter = fn(&mut [trialog_engine::PortSpec]);

/// The whole program, command line included. Returns its exit status: 0 done, 1 failed or refused, 2 wrong usage or
/// configuration, 3 no such phone.
pub fn program(filter: RoutingFilter) -> ExitCode {
    let cli = Cli::parse();
    let log = match EnvFilter::try_new(&cli.log) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("trialog: --log: {error}");
            return ExitCode::from(2);
        }
    };
    // The WebSocket library's client writes the whole request at the loudest level, and with it the token.
    let quiet = "tungstenite::handshake::client=off".parse();
    let log = log.add_directive(quiet.expect("a directive"));
    tracing_subscriber::fmt()
        .with_env_filter(log)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match cli.command {
        Command::Phone(options) => phone(&options, filter),
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

fn phone(options: &cli::Phone, filter: RoutingFilter) -> ExitCode {
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
        if !trialog_client::is_name(name) {
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
    match run::run(config, options.headless, filter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trialog: {error}");
            ExitCode::FAILURE
        }
    }
}
