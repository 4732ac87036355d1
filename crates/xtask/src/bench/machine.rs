//! The machine that was measured on, in a line: figures of one are not those of another.
use std::fs::read_to_string;

/// Model, cores and load average.
pub(crate) fn machine() -> String {
    let model = read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{}, {} cores, load average {}",
        model.as_deref().unwrap_or("unknown processor"),
        std::thread::available_parallelism().map_or(0, usize::from),
        load.split(' ').next().unwrap_or("unknown")
    )
}
