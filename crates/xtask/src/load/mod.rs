//! `cargo xtask load`: one headless phone, called by SIPp as often as is asked for, and what that costs it.
//!
//! The figures come from four places, and each says which: SIPp's own statistics, a capture of the loopback interface, the
//! kernel's books about the phone's process, and the phone itself. [`run::measure`] is one run of one phone;
//! [`search::highest_clean`] looks for the highest rate without a fault. Nothing is decided here about calls: the phone and SIPp do that.
mod capture;
mod loopback;
mod options;
mod report;
pub(crate) mod run;
pub(crate) mod search;
mod sipp;
mod target;
pub(crate) mod turns;
mod usage;

use crate::ExitError;
use crate::need::Purpose;
use crate::{cargo, setup};
use options::Asked;
use std::path::PathBuf;
use std::time::Duration;

use run::{Figures, measure};

/// What is called, how often and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) phone: Phone,
    /// Calls a second that are begun.
    pub(crate) rate: u32,
    /// Calls in all.
    pub(crate) calls: u64,
    /// From the ACK to the BYE.
    pub(crate) hold: Duration,
    /// Most calls at once that the phone takes; it answers 486 beyond.
    pub(crate) max_calls: u32,
    /// Look at the wire: it gives the times and counts RTP, and takes computing time from both sides.
    pub(crate) capture: bool,
}

/// The phone that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phone {
    /// Ours as the far end of a load test: calls beside each other, without codec, jitter buffer and mixer.
    Parallel {
        /// The program.
        program: PathBuf,
        sound: Sound,
    },
    /// Ours as an agent has it: one call at a time, by codec, jitter buffer and mixer; the agent's voice comes from a file.
    Agent {
        /// The program.
        program: PathBuf,
    },
    /// baresip of this system.
    Baresip,
}

/// What callers of [`Phone::Parallel`] hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sound {
    /// Silence, sent as RTP.
    None,
    /// Themselves.
    Echo,
}

impl Phone {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Parallel { .. } | Self::Agent { .. } => "trialog",
            Self::Baresip => "baresip",
        }
    }
}

/// The command: exit status 0 where no call failed and nothing was left behind, 1 where one did or something was, 2 where
/// it could not be tried.
pub(crate) fn run(arguments: &[String]) -> Result<(), ExitError> {
    let asked = Asked::read(arguments).map_err(|why| {
        eprintln!("xtask: load: {why}\n\n{}", options::HELP);
        ExitError::status(2)
    })?;
    let Some(asked) = asked else {
        print!("{}", options::HELP);
        return Ok(());
    };
    setup::run(Purpose::Peers, false).map_err(|_| ExitError::status(2))?;
    let phone = if asked.baresip {
        Phone::Baresip
    } else {
        Phone::Parallel {
            program: built().map_err(|_| ExitError::status(2))?,
            sound: asked.sound,
        }
    };
    if asked.search {
        return search::command(&phone, &asked);
    }
    let options = asked.options(phone);
    report::header(&options);
    let figures = measure(&options).map_err(|_| ExitError::status(2))?;
    report::table(&figures);
    if let Some(file) = &asked.csv {
        report::csv(file, std::slice::from_ref(&figures))?;
    }
    let faults = figures.faults();
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &faults {
        eprintln!("xtask: load: {fault}");
    }
    Err(ExitError::status(1))
}

/// Our program, as users have it; or the one that `TRIALOG_BIN` names, as for the tests.
fn built() -> Result<PathBuf, ExitError> {
    if let Some(program) = std::env::var_os("TRIALOG_BIN") {
        return Ok(program.into());
    }
    let programs = cargo::build(&["--release", "--package", "trialog-phone", "--bins"])?;
    programs
        .get("trialog")
        .cloned()
        .ok_or_else(|| ExitError::because("cargo built no program `trialog`"))
}
