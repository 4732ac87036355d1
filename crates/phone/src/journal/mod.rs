//! The journal of the calls that go on: what is needed to go on with each, written with each change and struck out when the call is over.
//! It is written by the store's thread, and nothing waits for it. The next start reads it; what it can't read is set aside, and the
//! phone starts all the same.
mod record;
mod under_way;
mod words;

use crate::clock::Clock;
use record::Record;
use trialog_call::CallId;
use trialog_store::{CallNumber, Entry, JournalRow};
use trialog_ua::SavedCall;

/// Of the records' form. A row of another one is not read: what a field means may have changed.
const VERSION: u32 = 1;

/// Octets of a row; two legs with all routes that a message has room for are less.
const LONGEST: usize = 256 * 1024;

/// The calls as they are written there.
#[derive(Debug, Default)]
pub(crate) struct Journal(Vec<SavedCall>);

impl Journal {
    /// The journal at a start, which has these calls.
    pub(crate) fn with(calls: Vec<SavedCall>) -> Self {
        Self(calls)
    }

    /// These calls go on now: what is new, has changed or is over is handed to `keep`.
    pub(crate) fn look(
        &mut self,
        calls: Vec<SavedCall>,
        clock: Clock,
        mut keep: impl FnMut(Entry),
    ) {
        if calls == self.0 {
            return;
        }
        for saved in &calls {
            if !self.0.contains(saved) {
                keep(Entry::Journal(Box::new(row(saved, clock))));
            }
        }
        for CallId(number) in self.0.iter().map(|saved| saved.call.id) {
            if !calls.iter().any(|saved| saved.call.id.0 == number) {
                let call = CallNumber(number);
                keep(Entry::StruckOut { call });
            }
        }
        self.0 = calls;
    }
}

fn row(saved: &SavedCall, clock: Clock) -> JournalRow {
    let record = Record::of(saved, clock);
    JournalRow {
        call: CallNumber(saved.call.id.0),
        version: VERSION,
        text: serde_json::to_string(&record).expect("texts and numbers are JSON"),
    }
}

/// The call of a row.
///
/// # Errors
/// Why it can't be read, for people.
pub(crate) fn read(row: &JournalRow, clock: Clock) -> Result<SavedCall, String> {
    if row.version != VERSION {
        let version = row.version;
        return Err(format!(
            "its form is {version}, and this program knows {VERSION}"
        ));
    }
    if row.text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} octets"));
    }
    let record: Record = serde_json::from_str(&row.text).map_err(|error| error.to_string())?;
    let saved = record.saved(CallId(row.call.0), clock);
    saved.ok_or_else(|| "it has a word that this program does not know".to_owned())
}

#[cfg(test)]
mod tests;
