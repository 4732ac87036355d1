//! `trialog records export`: what was kept, as JSON lines or CSV (RFC 4180), read beside a phone that runs.
use super::{place_of, shown};
use crate::config::Config;
use crate::visible;
use jiff::Timestamp;
use std::io::{self, Write};
use std::path::Path;
use trialog_api::HistoryCall;
use trialog_store::{Filter, StoreError};

/// Calls that are read at once.
const AT_ONCE: u32 = 500;

/// Why there is nothing to be had.
#[derive(Debug)]
pub(crate) enum ExportError {
    /// The file can't be read.
    Store(StoreError),
    /// What is read can't be written.
    Write(io::Error),
}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Write(error) => write!(f, "{error}"),
        }
    }
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Writes all calls of the configuration's file, the newest first: as CSV, or as JSON, one object a line.
pub(crate) fn export(config: &Config, csv: bool, out: impl Write) -> Result<(), ExportError> {
    let configured = config.records.path(&config.name);
    write(&place_of(&configured), csv, out)
}

pub(super) fn write(path: &Path, csv: bool, mut out: impl Write) -> Result<(), ExportError> {
    let file = trialog_store::open_to_read(path)?;
    if csv {
        let mut table = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        let cells = |error: csv::Error| ExportError::Write(error.into());
        table.write_record(COLUMNS).map_err(cells)?;
        each_call(&file, |call| table.write_record(row(call)).map_err(cells))?;
        return Ok(table.flush()?);
    }
    each_call(&file, |call| Ok(out.write_all(json(call).as_bytes())?))?;
    Ok(out.flush()?)
}

/// All calls, the newest first.
fn each_call(
    file: &trialog_store::OpenFile,
    mut write: impl FnMut(&HistoryCall) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut filter = Filter::default();
    loop {
        let page = file.read(&filter, AT_ONCE)?;
        for call in page.calls.into_iter().map(shown::call) {
            write(&call)?;
        }
        filter.before = page.next;
        if filter.before.is_none() {
            return Ok(());
        }
    }
}

fn json(call: &HistoryCall) -> String {
    let text = serde_json::to_string(call).expect("the API's types have string keys only");
    // A caller's name may hold marks that turn a line around where the file is shown.
    let mut line = visible::json(&text).into_owned();
    line.push('\n');
    line
}

/// The columns of the CSV.
const COLUMNS: [&str; 20] = [
    "id",
    "phone",
    "call",
    "kind",
    "role",
    "peer_name",
    "peer_number",
    "peer_uri",
    "called",
    "began",
    "connected",
    "ended",
    "outcome",
    "status",
    "why",
    "calls",
    "transferred_to",
    "reason",
    "note",
    "submitted",
];

fn row(call: &HistoryCall) -> [String; COLUMNS.len()] {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let time = |ms: Option<u64>| ms.map(utc).unwrap_or_default();
    let wrap_up = call.wrap_ups.last();
    let cells = [
        call.id.to_string(),
        call.phone.clone(),
        call.call.map(|call| call.to_string()).unwrap_or_default(),
        call.kind.to_string(),
        call.role.clone(),
        call.peer.name.clone(),
        some(&call.peer.number),
        some(&call.peer.uri),
        call.called
            .as_ref()
            .map(|called| called.name.clone())
            .unwrap_or_default(),
        utc(call.began_ms),
        time(call.connected_ms),
        time(call.ended_ms),
        some(&call.outcome),
        call.status
            .map(|status| status.to_string())
            .unwrap_or_default(),
        some(&call.why),
        call.calls.to_string(),
        call.transferred_to
            .as_ref()
            .map(|to| to.name.clone())
            .unwrap_or_default(),
        wrap_up
            .and_then(|wrap_up| wrap_up.reason.clone())
            .unwrap_or_default(),
        wrap_up
            .and_then(|wrap_up| wrap_up.note.clone())
            .unwrap_or_default(),
        time(wrap_up.and_then(|wrap_up| wrap_up.submitted_ms)),
    ];
    cells.map(|cell| guarded(&cell))
}

/// A cell. What a spreadsheet would take for a formula is text: a caller may be called anything. A phone number is none.
fn guarded(cell: &str) -> String {
    let is_number = cell.starts_with('+') && cell[1..].bytes().all(|byte| byte.is_ascii_digit());
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number {
        "'"
    } else {
        ""
    };
    format!("{guard}{}", visible_lines(cell))
}

/// The lines of a note stay lines.
fn visible_lines(cell: &str) -> String {
    let lines = cell.lines().map(visible::text);
    lines.collect::<Vec<_>>().join("\n")
}

/// A time as RFC 3339 has it, in UTC; none beyond the calendar's end.
fn utc(ms: u64) -> String {
    let ms = i64::try_from(ms).ok();
    let time = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(String::new, |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_date() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_868_799_000, "2000-02-29T23:59:59.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_795_340_718_123, "2026-11-22T09:45:18.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(utc(ms), text);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, text) in [
            ("Carla", "Carla"),
            ("+49301", "+49301"),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1+cmd", "'+1+cmd"),
            ("two\r\nlines", "two\nlines"),
            ("\u{202e}x", "\\u{202e}x"),
        ] {
            assert_eq!(guarded(cell), text);
        }
    }
}
