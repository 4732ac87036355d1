//! The highest rate at which every call is answered with its media set up and ended, and nothing is sent twice.
use super::loopback::Loopback;
use super::options::Asked;
use super::run::drive;
use super::target::Target;
use super::{Figures, Options, Phone, report};
use crate::ExitError;
use std::time::Duration;

/// Rates to try, in this order, until one is not clean.
const RATES: &[u32] = &[
    100, 200, 250, 300, 400, 600, 800, 1000, 1200, 1400, 1600, 2000, 2400,
];

/// The outcome of a search.
#[derive(Clone, Debug)]
pub(crate) struct Highest {
    /// The highest clean run; `None` where already the lowest rate was too much.
    pub(crate) clean: Option<Figures>,
    /// The run that was not clean any more, where there was one.
    pub(crate) beyond: Option<Figures>,
}

impl Highest {
    /// Calls a second.
    pub(crate) fn rate(&self) -> u32 {
        self.clean.as_ref().map_or(0, |figures| figures.asked)
    }
}

/// Tries one rate after the other from `from` on, each for `seconds` on one and the same phone, without a capture. A run
/// that is not clean is tried once more, since another program may have had the machine.
pub(crate) fn highest_clean(
    phone: &Phone,
    from: u32,
    hold: Duration,
    seconds: f64,
    mut told: impl FnMut(&Figures),
) -> Result<Highest, ExitError> {
    let mut options = Options {
        phone: phone.clone(),
        rate: from,
        calls: 1,
        hold,
        max_calls: 10_000,
        capture: false,
    };
    let net = Loopback::take()?;
    let mut target = Target::start(phone, options.max_calls, hold, &net)?;
    let mut highest = Highest {
        clean: None,
        beyond: None,
    };
    for rate in RATES.iter().filter(|rate| **rate >= from) {
        options.rate = *rate;
        options.calls = (f64::from(*rate) * seconds).ceil() as u64;
        let mut figures = drive(&options, &net, &target)?;
        told(&figures);
        if !figures.is_clean() {
            // A phone that was asked too much may still be at it: the second try is with a fresh one.
            drop(target);
            target = Target::start(phone, options.max_calls, hold, &net)?;
            figures = drive(&options, &net, &target)?;
            told(&figures);
        }
        if !figures.is_clean() {
            highest.beyond = Some(figures);
            break;
        }
        highest.clean = Some(figures);
    }
    Ok(highest)
}

/// `cargo xtask load --search`.
pub(super) fn command(phone: &Phone, asked: &Asked) -> Result<(), ExitError> {
    println!("  asked  reached  failed  sent again  CPU ms/call");
    let mut runs = Vec::new();
    let highest = highest_clean(phone, 0, asked.hold, 2.0, |figures| {
        println!(
            "  {:>5}  {:>7.1}  {:>6}  {:>10}  {:>11.3}",
            figures.asked, figures.rate, figures.failed, figures.retransmissions, figures.cpu_ms
        );
        runs.push(figures.clone());
    })
    .map_err(|_| ExitError::status(2))?;
    if let Some(file) = &asked.csv {
        report::csv(file, &runs)?;
    }
    match highest.rate() {
        0 => {
            eprintln!("xtask: load: no rate was without a fault");
            Err(ExitError::status(1))
        }
        rate => {
            println!("highest rate without a failure or a retransmission: {rate} calls a second");
            if let Some(beyond) = highest.beyond {
                let faults = beyond.faults().join("; ");
                println!(
                    "at {}: {} sent again; {faults}",
                    beyond.asked, beyond.retransmissions
                );
            }
            Ok(())
        }
    }
}
