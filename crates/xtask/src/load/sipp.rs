//! SIPp, who calls: its scenario, its run, and what its statistics say.
use super::loopback::{Loopback, free_port};
use crate::ExitError;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A call with sound.
const SCENARIO: &str = include_str!("call.xml");

/// Beyond what the calls take: INVITE and BYE are given up after half a minute.
const PATIENCE: Duration = Duration::from_secs(45);

/// The calls that SIPp makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) rate: u32,
    pub(super) calls: u64,
    pub(super) hold: Duration,
}

/// SIPp's statistics at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) begun: u64,
    pub(super) answered: u64,
    pub(super) failed: u64,
    /// By SIPp's names for them.
    pub(super) failures: Vec<(String, u64)>,
    pub(super) retransmissions: u64,
    /// Calls a second that were begun.
    pub(super) rate: f64,
}

/// Calls, and lets `watch` look at the phone meanwhile.
pub(super) fn run(
    load: Load,
    target: SocketAddr,
    net: &Loopback,
    mut watch: impl FnMut(),
) -> Result<Told, ExitError> {
    let failed = |what: &str| ExitError::because(format!("SIPp: {what}"));
    let file = |name: &str| net.folder.join(name);
    std::fs::write(file("call.xml"), SCENARIO).map_err(|error| failed(&error.to_string()))?;
    let _ = std::fs::remove_file(file("stat.csv"));
    let own = free_port(net.caller)?;
    let media = free_port(net.caller)?;
    let seconds = load.calls as f64 / f64::from(load.rate);
    let limit = Duration::from_secs_f64(seconds) + load.hold + PATIENCE;
    // Never fewer at once than the rate asks for, however slow the phone is: else it would be the phone that sets the rate.
    let at_once = f64::from(load.rate) * (load.hold.as_secs_f64() + PATIENCE.as_secs_f64());
    let text = [
        ("-m", load.calls.to_string()),
        ("-r", load.rate.to_string()),
        ("-l", (at_once as u64).max(load.calls.min(1000)).to_string()),
        ("-d", load.hold.as_millis().to_string()),
        ("-s", "load".to_owned()),
        ("-i", net.caller.to_string()),
        ("-p", own.port().to_string()),
        ("-mi", net.caller.to_string()),
        ("-mp", media.port().to_string()),
        ("-timeout", format!("{}s", limit.as_secs())),
        ("-buff_size", "4000000".to_owned()),
        ("-timer_resol", "1ms".to_owned()),
        ("-fd", "100ms".to_owned()),
        ("-sf", file("call.xml").display().to_string()),
        ("-stf", file("stat.csv").display().to_string()),
    ];
    let mut command = Command::new("sipp");
    for (key, value) in text {
        command.args([key, &value]);
    }
    command
        .args(["-t", "u1", "-trace_stat", "-nostdin", "-timeout_error"])
        .arg(target.to_string())
        .current_dir(&net.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| failed(&format!("{error}; `cargo xtask setup` installs sip-tester")))?;
    let begun = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if begun.elapsed() > limit + PATIENCE {
            let _ = child.kill();
        }
        watch();
        std::thread::sleep(Duration::from_millis(100));
    }
    let told = std::fs::read_to_string(file("stat.csv"))
        .ok()
        .and_then(|text| read(&text));
    told.ok_or_else(|| failed(&format!("it told nothing. {}", errors(&mut child))))
}

fn errors(child: &mut Child) -> String {
    let mut said = String::new();
    if let Some(mut error) = child.stderr.take() {
        let _ = std::io::Read::read_to_string(&mut error, &mut said);
    }
    said
}

/// Reads the statistics: a line of names, then a line for each moment, all numbers growing.
fn read(text: &str) -> Option<Told> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(';').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    let place = |name: &str| names.iter().position(|own| *own == name);
    let value = |row: &[&str], place: usize| row.get(place)?.trim().parse::<u64>().ok();
    let last = rows.iter().rev().find(|row| row.len() >= names.len() - 1)?;
    let of = |name: &str| place(name).and_then(|place| value(last, place));
    let begun = of("TotalCallCreated")?;
    let failures = names
        .iter()
        .enumerate()
        .filter_map(|(place, name)| {
            let name = name.strip_prefix("Failed")?.strip_suffix("(C)")?;
            let count = value(last, place).filter(|count| *count > 0)?;
            (name != "Call").then(|| (name.to_owned(), count))
        })
        .collect();
    // The moment when the last call was begun, so that the end of the calls does not count.
    let (created, elapsed) = (place("TotalCallCreated")?, place("ElapsedTime(C)")?);
    let when = rows
        .iter()
        .find(|row| value(row, created) == Some(begun))
        .and_then(|row| seconds(row.get(elapsed)?))?;
    Some(Told {
        begun,
        answered: of("SuccessfulCall(C)")?,
        failed: of("FailedCall(C)")?,
        failures,
        retransmissions: of("Retransmissions(C)")?,
        rate: begun as f64 / when.max(0.001),
    })
}

/// `00:00:01:234000`, with or without microseconds.
fn seconds(text: &str) -> Option<f64> {
    let mut parts = text.trim().split(':').map(str::parse::<f64>);
    let (hours, minutes, seconds) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let micros = parts.next().and_then(Result::ok).unwrap_or(0.0);
    Some(hours * 3600.0 + minutes * 60.0 + seconds + micros / 1e6)
}
