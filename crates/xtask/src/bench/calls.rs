//! How many calls a second does one phone answer, and what does a call cost it? By the means of `cargo xtask load`, of ours
//! and of baresip, on the same machine one after the other.
//!
//! A call is clean when it is answered with its media set up, sends RTP, and is ended; a rate is, when no call failed and SIPp
//! sent nothing twice. The CPU time of a call is taken at 600 calls a second, the rate at which the peer's was recorded.
use super::reading::Measured;
use super::rows::ROWS;
use crate::Stopped;
use crate::load::run::Figures;
use crate::load::search::highest_clean;
use crate::load::{Phone, Sound};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const HOLD: Duration = Duration::from_millis(100);

/// The rate that the CPU time of a call is taken at, and from which on ours is tried.
const USUAL: u32 = 600;

/// The rows, and a note.
pub(super) fn measure(
    trialog: &Path,
    long: bool,
    note: &mut Vec<String>,
) -> Result<Vec<Measured>, Stopped> {
    let seconds = if long { 6.0 } else { 2.0 };
    let phone = Phone::Trialog {
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
        (None, None) => return Err(Stopped::saying("no rate was without a fault")),
    };
    if let Some(beyond) = &own.beyond {
        note.push(format!(
            "calls.rate: the steps tried are 100 or more apart; at {} a second ours failed {} of {} calls, {} were sent again",
            beyond.asked, beyond.failed, beyond.calls, beyond.retransmissions
        ));
    } else {
        note.push(format!(
            "calls.rate: the last step that is tried was clean, too: {} a second is no limit",
            own.rate()
        ));
    }
    if let Some(figures) = &peer.clean {
        note.push(format!(
            "calls.rate: of pjsua 2.17, 600 were recorded. calls.cpu: at {USUAL} calls a second; baresip at its {}: {:.2} ms",
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
