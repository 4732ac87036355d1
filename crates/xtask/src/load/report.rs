//! The figures for people, and as CSV.
use super::{Figures, Options, Phone, Sound};
use crate::ExitError;
use std::fmt::Write;
use std::path::Path;

/// Prints what will be called, how often and for how long.
pub(super) fn header(options: &Options) {
    let what = match &options.phone {
        Phone::Parallel {
            sound: Sound::None, ..
        } => ", which sends silence",
        Phone::Parallel {
            sound: Sound::Echo, ..
        } => ", which sends back what it hears",
        Phone::Agent { .. } | Phone::Baresip => "",
    };
    println!(
        "{} calls to {}{what}: {} a second, {} s each",
        options.calls,
        options.phone.name(),
        options.rate,
        options.hold.as_secs_f64()
    );
    if options.capture {
        println!(
            "The wire is looked at, which takes computing time: --no-capture for the raw rate."
        );
    }
}

/// One run.
pub(super) fn table(figures: &Figures) {
    print!("{}", text(figures));
}

fn text(figures: &Figures) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<26} {value}");
    };
    row(
        "rate reached",
        format!("{:.1} calls a second", figures.rate),
    );
    row("calls", figures.calls.to_string());
    row("answered and ended", figures.answered.to_string());
    let kinds: Vec<String> = figures
        .failures
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    let kinds = match kinds.is_empty() {
        true => String::new(),
        false => format!(" ({})", kinds.join(", ")),
    };
    row("failed", format!("{}{kinds}", figures.failed));
    row(
        "retransmissions by SIPp",
        figures.retransmissions.to_string(),
    );
    if let Some(seen) = &figures.captured {
        row("sent again, both sides", seen.repeated.to_string());
        let refused: Vec<String> = seen
            .refused
            .iter()
            .map(|(status, count)| format!("{status} {count}"))
            .collect();
        if !refused.is_empty() {
            row("refused", refused.join(", "));
        }
        let [p50, p95, p99] = seen.setup_ms;
        row(
            "INVITE→200 p50/p95/p99",
            format!("{p50:.2} / {p95:.2} / {p99:.2} ms"),
        );
        row(
            "RTP from the phone",
            format!("{} packets, {} streams", seen.rtp, seen.streams),
        );
        row("RTP to the phone", format!("{} packets", seen.rtp_in));
        if seen.dropped > 0 {
            row("the capture missed", format!("{} packets", seen.dropped));
        }
    }
    row(
        "CPU of the phone",
        format!("{:.3} ms a call", figures.cpu_ms),
    );
    let memory = figures.memory;
    let mb = |kb: u64| kb as f64 / 1024.0;
    row(
        "memory start/peak/end",
        format!(
            "{:.1} / {:.1} / {:.1} MB",
            mb(memory.start),
            mb(memory.peak),
            mb(memory.end)
        ),
    );
    if let Some(grown) = figures.grown {
        row("grown since 36 s", format!("{grown} kB"));
    }
    let (before, after) = figures.descriptors;
    row("descriptors before/after", format!("{before} / {after}"));
    if let Some(none) = figures.no_call {
        let said = if none { "none" } else { "some" };
        row("calls left", said.to_owned());
    }
    out
}

const COLUMNS: &str = "phone,asked_per_s,rate_per_s,hold_s,calls,answered,failed,sipp_retransmissions,sent_again,\
setup_p50_ms,setup_p95_ms,setup_p99_ms,cpu_ms_per_call,memory_start_kb,memory_peak_kb,memory_end_kb,\
descriptors_before,descriptors_after,rtp_out,rtp_streams,rtp_in";

/// Writes the runs to a file, one a line; what the wire was not looked at for stays empty.
pub(super) fn csv(file: &Path, runs: &[Figures]) -> Result<(), ExitError> {
    let mut text = format!("{COLUMNS}\n");
    for figures in runs {
        text.push_str(&line(figures));
        text.push('\n');
    }
    std::fs::write(file, text)
        .map_err(|error| ExitError::because(format!("{}: {error}", file.display())))
}

fn line(figures: &Figures) -> String {
    let seen = figures.captured.as_ref();
    let counted = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    let setup =
        |place: usize| seen.map_or_else(String::new, |seen| format!("{:.3}", seen.setup_ms[place]));
    let memory = figures.memory;
    [
        figures.phone.to_owned(),
        figures.asked.to_string(),
        format!("{:.1}", figures.rate),
        figures.hold.as_secs_f64().to_string(),
        figures.calls.to_string(),
        figures.answered.to_string(),
        figures.failed.to_string(),
        figures.retransmissions.to_string(),
        counted(seen.map(|seen| seen.repeated)),
        setup(0),
        setup(1),
        setup(2),
        format!("{:.4}", figures.cpu_ms),
        memory.start.to_string(),
        memory.peak.to_string(),
        memory.end.to_string(),
        figures.descriptors.0.to_string(),
        figures.descriptors.1.to_string(),
        counted(seen.map(|seen| seen.rtp)),
        counted(seen.map(|seen| seen.streams)),
        counted(seen.map(|seen| seen.rtp_in)),
    ]
    .join(",")
}
