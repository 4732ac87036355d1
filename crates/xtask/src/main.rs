//! `cargo xtask …`: set-up, demo, test and bench. It drives cargo and apt; all that it imports is Rust, so that it builds on a
//! machine that has only what rustup asks for.
mod asterisk;
mod bench;
mod cargo;
mod commands;
mod deny;
mod fuzz;
mod kill;
mod load;
mod need;
mod page;
mod peers;
mod scores;
mod setup;
mod simulate;
mod suite_times;
mod tally;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  setup [--check]   install what building, the demo and the tests need: system packages, and PJSIP and Asterisk into
                    target/peers; build the agent's page (--check only names what is missing); says nothing when all
                    are there
  demo [ARGS…]      set up, build, and run `trialog demo ARGS…`: a conference that you can hear
  test [FILTER…]    set up, build the programs, and run all tests, or those whose name matches
  load [OPTIONS]    call one headless phone by SIPp and say what it cost (load --help)
  bench [GROUP] [--json FILE] [--long]
                    measure, beside other phones: one table (--json: also as JSON; --long: more runs of each)
  deny [--advisories]
                    check licences, sources and duplicates of all that is handed on, by cargo-deny
                    (--advisories: also known faults, from a database at GitHub)
  fuzz [TARGET…]    foreign bytes into all that reads them, 10 s each, by libFuzzer (fuzz --help)
  simulate [ARGS…]  play calls and conferences by chance, in virtual time and bad weather; `simulate --help` says more
  kill [ARGS…]      kill the owner's phone at moments of chance, and measure the customer's gap; `kill --help` says more
  help              this
";

/// Why a command stopped; what there was to say is said.
#[derive(Debug)]
pub(crate) struct ExitError(u8);

impl ExitError {
    /// Says why on standard error.
    pub(crate) fn because(why: impl AsRef<str>) -> Self {
        eprintln!("xtask: {}", why.as_ref());
        Self(1)
    }

    /// With this status; what there was to say is said.
    pub(crate) fn status(status: u8) -> Self {
        Self(status)
    }

    /// Passes on the status of a program that has said why itself.
    pub(crate) fn with(status: std::process::ExitStatus) -> Self {
        Self(
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1)
                .max(1),
        )
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let done = match arguments.first().map(String::as_str) {
        Some("setup") => commands::setup(rest),
        Some("demo") => commands::demo(rest),
        Some("test") => test::run(rest),
        Some("load") => load::run(rest),
        Some("bench") => bench::run(rest),
        Some("deny") => deny::run(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("kill") => kill::run(rest),
        Some("simulate") => simulate::run(rest),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(unknown) => {
            eprint!("xtask: there is no command `{unknown}`\n\n{HELP}");
            Err(ExitError(2))
        }
        None => {
            eprint!("{HELP}");
            Err(ExitError(2))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(ExitError(status)) => ExitCode::from(status),
    }
}
