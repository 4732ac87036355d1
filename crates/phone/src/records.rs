//! What is kept for ever: calls and wrap-ups, one JSON object a line, in a file that is only appended to and synced at each
//! entry. A line that a crash tore is left as it is; the next entry begins on a line of its own. It never reads a clock: the
//! times in the records are the core's, told on the wall clock.
use crate::clock::Clock;
use crate::platform::for_user_only;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use trialog_call::{CallRecord, Outcome};
use trialog_desk::act;

/// The open file.
#[derive(Debug)]
pub(crate) struct Records {
    file: File,
    path: PathBuf,
    clock: Clock,
}

impl Records {
    /// Opens the file, and makes it and its folder where they are not there.
    pub(crate) fn open(path: &Path, clock: Clock) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = for_user_only(&mut options).open(path)?;
        if !ends_with_a_line(&mut file)? {
            file.write_all(b"\n")?;
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            clock,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a record: when this returns, no crash can lose it.
    pub(crate) fn append(&mut self, record: &CallRecord) -> io::Result<()> {
        let mut line = written(record, self.clock).to_string();
        line.push('\n');
        // One write for the whole line, so that two phones with one file don't mix theirs.
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// A record as JSON. `run` and `call` together name a call for ever: numbers begin anew with each start of the phone.
fn written(record: &CallRecord, clock: Clock) -> Value {
    let entry = |name: &str, at, rest: Value| {
        let mut entry =
            json!({"run": clock.start_us(), "at_us": clock.unix_us(at), "record": name});
        if let (Value::Object(entry), Value::Object(rest)) = (&mut entry, rest) {
            entry.extend(rest);
        }
        entry
    };
    match record {
        CallRecord::Began {
            call,
            role,
            peer,
            incoming,
            at,
        } => entry(
            "began",
            *at,
            json!({"call": call.0, "role": act::role_name(*role), "peer": peer, "incoming": incoming}),
        ),
        CallRecord::Connected { call, at } => entry("connected", *at, json!({"call": call.0})),
        CallRecord::Owned { call, peer, at } => {
            entry("owned", *at, json!({"call": call.0, "peer": peer}))
        }
        CallRecord::Finished { call, outcome, at } => {
            let mut rest = json!({"call": call.0, "outcome": act::outcome_name(*outcome)});
            if let Outcome::Refused(status) = outcome {
                rest["status"] = json!(status);
            }
            entry("finished", *at, rest)
        }
        CallRecord::WrapUpOpened { id, call, due, at } => entry(
            "wrap-up-opened",
            *at,
            json!({"wrap_up": id.0, "call": call.0, "due": due}),
        ),
        CallRecord::WrapUpDrafted { id, reason, at } => entry(
            "wrap-up-drafted",
            *at,
            json!({"wrap_up": id.0, "reason": reason}),
        ),
        CallRecord::WrapUpDropped { id, at } => {
            entry("wrap-up-dropped", *at, json!({"wrap_up": id.0}))
        }
        CallRecord::WrapUpSubmitted {
            id,
            call,
            reason,
            timed,
            at,
        } => entry(
            "wrap-up-submitted",
            *at,
            json!({"wrap_up": id.0, "call": call.0, "reason": reason, "timed": timed}),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use trialog_call::{CallId, Time, WrapUpId};

    fn lines(path: &Path) -> Vec<Result<Value, String>> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).map_err(|_| line.to_owned()))
            .collect()
    }

    fn submitted(call: u32) -> CallRecord {
        CallRecord::WrapUpSubmitted {
            id: WrapUpId(1),
            call: CallId(call),
            reason: "sale".to_owned(),
            timed: false,
            at: Time(Duration::from_millis(1500)),
        }
    }

    #[test]
    fn what_was_recorded_is_in_the_file_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/records.jsonl");
        let clock = Clock::at(5_000_000);
        let mut records = Records::open(&path, clock).unwrap();
        records.append(&submitted(3)).unwrap();
        records
            .append(&CallRecord::Finished {
                call: CallId(3),
                outcome: Outcome::Refused(486),
                at: Time::ZERO,
            })
            .unwrap();
        let lines = lines(&path);
        assert_eq!(
            lines[0],
            Ok(
                json!({"run": 5_000_000, "at_us": 6_500_000, "record": "wrap-up-submitted",
                "wrap_up": 1, "call": 3, "reason": "sale", "timed": false})
            )
        );
        assert_eq!(
            lines[1],
            Ok(
                json!({"run": 5_000_000, "at_us": 5_000_000, "record": "finished", "call": 3,
                "outcome": "refused", "status": 486})
            )
        );
    }

    #[test]
    fn a_line_torn_by_a_crash_costs_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let clock = Clock::at(0);
        let mut records = Records::open(&path, clock).unwrap();
        records.append(&submitted(1)).unwrap();
        records.append(&submitted(2)).unwrap();
        drop(records);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
        let mut records = Records::open(&path, clock).unwrap();
        records.append(&submitted(3)).unwrap();
        let lines = lines(&path);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].as_ref().unwrap()["call"], 1);
        assert!(lines[1].is_err());
        assert_eq!(lines[2].as_ref().unwrap()["call"], 3);
    }
}
