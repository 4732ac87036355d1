//! How many calls a second does one phone answer, and what does a call cost it? By the means of `cargo xtask load`, of ours
//! and of baresip, on the same machine one after the other.
//!
//! `calls.rate` and `calls.cpu` are of a phone in parallel mode, the far end of a load test: it sends silence as RTP, by no
//! codec, jitter buffer or mixer. A call is clean when it is answered with its media set up, sends RTP, and is ended; a rate
//! is, when no call failed and SIPp sent nothing twice. The CPU time of a call is taken at 600 calls a second, the rate at
//! which the peer's was recorded.
//!
//! `calls.rate.agent` and `calls.cpu.agent` are of a phone as an agent has it, by codec, jitter buffer and mixer. It talks in
//! one call at a time, so calls come one after another ([`in_turn`]): the rate is of calls that end with the phone's first
//! packet of sound, the CPU time of calls with 100 ms of it. baresip is called in the same way; both speak from a file.
use super::reading::Measured;
use super::rows::ROWS;
use crate::ExitError;
use crate::load::run::Figures;
use crate::load::search::highest_clean;
use crate::load::turns::{Turns, in_turn};
use crate::load::{Phone, Sound};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const HOLD: Duration = Duration::from_millis(100);

/// The rate that the CPU time of a call is taken at, and from which on ours is tried.
const USUAL: u32 = 600;

/// Calls one after another, for the rate and for the CPU time, which the kernel counts in steps of 10 ms: a shorter and a longer run.
const TURNS: [[u32; 2]; 2] = [[200, 40], [600, 120]];

/// All four rows, and notes.
pub(super) fn measure(
    trialog: &Path,
    long: bool,
    note: &mut Vec<String>,
) -> Result<Vec<Measured>, ExitError> {
    let mut rows = parallel(trialog, long, note)?;
    rows.extend(agent(trialog, long, note)?);
    Ok(rows)
}

/// Calls beside each other.
fn parallel(
    trialog: &Path,
    long: bool,
    note: &mut Vec<String>,
) -> Result<Vec<Measured>, ExitError> {
    let seconds = if long { 6.0 } else { 2.0 };
    let phone = Phone::Parallel {
        program: trialog.to_owned(),
        sound: Sound::None,
    };
    let mut cpu = None;
    let mut told = |figures: &Figures| {
        progress(figures);
        if figures.asked == USUAL {
            cpu = Some(figures.cpu_ms);
        }
    };
    let mut own = highest_clean(&phone, USUAL, HOLD, seconds, &mut told)?;
    if own.clean.is_none() {
        own = highest_clean(&phone, 0, HOLD, seconds, progress)?;
    }
    let peer = highest_clean(&Phone::Baresip, 0, HOLD, seconds, progress)?;
    let cpu = match (cpu, &own.clean) {
        (Some(cpu), _) => cpu,
        (None, Some(figures)) => figures.cpu_ms,
        (None, None) => return Err(ExitError::because("no rate was without a fault")),
    };
    if let Some(beyond) = &own.beyond {
        note.push(format!(
            "calls.rate: in parallel mode, no codec, jitter buffer or mixer; the steps tried are 100 or more apart; at {} a second ours failed {} of {} calls, {} were sent again",
            beyond.asked, beyond.failed, beyond.calls, beyond.retransmissions
        ));
    } else {
        note.push(format!(
            "calls.rate: in parallel mode, no codec, jitter buffer or mixer; the last step that is tried was clean, too: {} a second is no limit",
            own.rate()
        ));
    }
    if let Some(figures) = &peer.clean {
        note.push(format!(
            "calls.rate: of pjsua 2.17, 600 were recorded. calls.cpu: in parallel mode, too, at {USUAL} calls a second; baresip at its {}: {:.2} ms",
            figures.asked, figures.cpu_ms
        ));
    }
    Ok(vec![
        row(
            "calls.rate",
            f64::from(own.rate()),
            Some((baresip(), f64::from(peer.rate()))),
        ),
        row("calls.cpu", cpu, None),
    ])
}

/// Calls one after another.
fn agent(trialog: &Path, long: bool, note: &mut Vec<String>) -> Result<Vec<Measured>, ExitError> {
    let [for_rate, for_cpu] = TURNS[usize::from(long)];
    let both = |phone: &Phone| {
        let rate = in_turn(phone, for_rate, Duration::ZERO)?;
        let cpu = in_turn(phone, for_cpu, HOLD)?;
        eprintln!(
            "  {}, one call after another: {:.1} a second, {} sent again; {:.2} ms a call of {} ms",
            phone.name(),
            rate.rate,
            rate.resent + cpu.resent,
            cpu.cpu_ms,
            HOLD.as_millis()
        );
        Ok((rate, cpu))
    };
    let own = both(&Phone::Agent {
        program: trialog.to_owned(),
    })?;
    let peer = both(&Phone::Baresip)?;
    let times = |turns: &Turns| {
        let (setup, sound) = (turns.setup_ms, turns.sound_ms);
        format!("INVITE→200 {setup:.1} ms, ACK→first RTP {sound:.1} ms (p50)")
    };
    note.push(format!(
        "calls.rate.agent: by codec, jitter buffer and mixer, {for_rate} calls, one after another, each ended at its first RTP; \
         ours: {}; baresip: {}. calls.cpu.agent: {for_cpu} calls of {} ms",
        times(&own.0),
        times(&peer.0),
        HOLD.as_millis()
    ));
    let beside = |value| Some((baresip(), value));
    Ok(vec![
        row("calls.rate.agent", own.0.rate, beside(peer.0.rate)),
        row("calls.cpu.agent", own.1.cpu_ms, beside(peer.1.cpu_ms)),
    ])
}

fn progress(figures: &Figures) {
    eprintln!(
        "  {} at {} calls a second: {} failed, {} sent again, {:.2} ms a call",
        figures.phone, figures.asked, figures.failed, figures.retransmissions, figures.cpu_ms
    );
}

fn row(name: &str, value: f64, live: Option<(String, f64)>) -> Measured {
    let row = ROWS.iter().find(|row| row.name == name);
    row.and_then(|row| Measured::new(row, value, live))
        .expect("the table has these rows, one with a live peer")
}

/// Name and version, as it says it: `baresip v1.0.0 Copyright …`.
fn baresip() -> String {
    let said = Command::new("baresip").arg("-h").output();
    let said = said.map(|output| [output.stdout, output.stderr].concat());
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    let version = said
        .split_whitespace()
        .nth(1)
        .unwrap_or("of unknown version");
    format!("baresip {}", version.trim_start_matches('v'))
}
