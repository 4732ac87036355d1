//! What is kept for ever: calls and wrap-ups, one JSON object a line, in a file that is only appended to. A line that a crash
//! tore is left as it is; the next entry begins on a line of its own. It never reads a clock: the times in the records are the
//! core's, told on the wall clock.
//!
//! Each entry is in the system's hands before anything that follows from it leaves the machine, so that no crash of the phone
//! loses it. What an agent has entered is then on the disk, too. That a call began, was connected or ended, which may be
//! thousands of entries a second, is on the disk within [`GATHERED`] and the time that the disk takes: a thread syncs for all
//! that came meanwhile. On a phone for load, where nobody waits for an agent, that thread also writes them: a disk that is
//! busy with others' files would hold the calls up.
use crate::clock::Clock;
use crate::platform::for_user_only;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;
use trialog_call::{CallRecord, Outcome};
use trialog_desk::names;

/// So long entries of calls are gathered before the disk is asked to keep them.
const GATHERED: Duration = Duration::from_millis(100);

/// The open file.
#[derive(Debug)]
pub(crate) struct Records {
    shared: Arc<Shared>,
    /// What the thread is to write, if anything, before it syncs; it ends with this.
    lines: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
    /// The thread writes what is no agent's.
    later: bool,
    path: PathBuf,
    clock: Clock,
}

/// What phone and thread share.
#[derive(Debug)]
struct Shared {
    file: File,
    /// An entry is not yet on the disk.
    unsynced: AtomicBool,
}

impl Records {
    /// Opens the file, and makes it and its folder where they are not there. `later`: entries of calls may be lost in a crash
    /// of the phone within [`GATHERED`].
    pub(crate) fn open(path: &Path, clock: Clock, later: bool) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = for_user_only(&mut options).open(path)?;
        if !ends_with_a_line(&mut file)? {
            file.write_all(b"\n")?;
        }
        let shared = Arc::new(Shared {
            file,
            unsynced: AtomicBool::new(false),
        });
        let (lines, written) = mpsc::channel();
        let (own, place) = (Arc::clone(&shared), path.to_owned());
        let thread = std::thread::Builder::new()
            .name("records".to_owned())
            .spawn(move || keep_for_all(&own, &written, &place))?;
        Ok(Self {
            shared,
            lines: Some(lines),
            thread: Some(thread),
            later,
            path: path.to_owned(),
            clock,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a record: when this returns, no crash of the phone can lose it, and none of the machine what an agent has entered.
    pub(crate) fn append(&mut self, record: &CallRecord) -> io::Result<()> {
        let mut line = written(record, self.clock).to_string();
        line.push('\n');
        if self.later && !of_an_agent(record) {
            self.hand_over(line);
            return Ok(());
        }
        // One write for the whole line, so that two phones with one file don't mix theirs.
        (&self.shared.file).write_all(line.as_bytes())?;
        if of_an_agent(record) {
            return self.shared.file.sync_data();
        }
        if !self.shared.unsynced.swap(true, Ordering::AcqRel) {
            self.hand_over(String::new());
        }
        Ok(())
    }

    fn hand_over(&self, line: String) {
        if let Some(lines) = &self.lines {
            // The thread ends with us, not before.
            let _ = lines.send(line);
        }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// It says what an agent did, which nobody could say again.
fn of_an_agent(record: &CallRecord) -> bool {
    match record {
        CallRecord::WrapUpOpened { .. }
        | CallRecord::WrapUpDrafted { .. }
        | CallRecord::WrapUpDropped { .. }
        | CallRecord::WrapUpSubmitted { .. } => true,
        CallRecord::Began { .. }
        | CallRecord::Connected { .. }
        | CallRecord::Owned { .. }
        | CallRecord::Finished { .. } => false,
    }
}

/// The thread: one write and one sync for all that came until then.
fn keep_for_all(shared: &Shared, lines: &Receiver<String>, path: &Path) {
    while let Ok(mut text) = lines.recv() {
        std::thread::sleep(GATHERED);
        text.extend(lines.try_iter());
        // Before the sync: an entry that comes during it asks for another.
        shared.unsynced.store(false, Ordering::Release);
        let kept = (&shared.file)
            .write_all(text.as_bytes())
            .and_then(|()| shared.file.sync_data());
        if let Err(error) = kept {
            tracing::error!(path = %path.display(), %error, "records may not be on the disk");
        }
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
            json!({"call": call.0, "role": names::role(*role), "peer": peer, "incoming": incoming}),
        ),
        CallRecord::Connected { call, at } => entry("connected", *at, json!({"call": call.0})),
        CallRecord::Owned { call, peer, at } => {
            entry("owned", *at, json!({"call": call.0, "peer": peer}))
        }
        CallRecord::Finished { call, outcome, at } => {
            let mut rest = json!({"call": call.0, "outcome": names::outcome(*outcome)});
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
        let mut records = Records::open(&path, clock, false).unwrap();
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
    fn a_call_s_entry_is_in_the_file_at_once_and_on_the_disk_by_and_by() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let mut records = Records::open(&path, Clock::at(0), false).unwrap();
        let connected = |call| CallRecord::Connected {
            call: CallId(call),
            at: Time::ZERO,
        };
        for round in 1..=2 {
            records.append(&connected(round)).unwrap();
            assert_eq!(lines(&path).len(), round as usize);
            let begun = std::time::Instant::now();
            while records.shared.unsynced.load(Ordering::Acquire) {
                assert!(begun.elapsed() < Duration::from_secs(20), "never synced");
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn a_phone_for_load_has_all_its_entries_in_the_file_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let mut records = Records::open(&path, Clock::at(0), true).unwrap();
        for call in 0..1000 {
            let call = CallId(call);
            let at = Time::ZERO;
            records.append(&CallRecord::Connected { call, at }).unwrap();
        }
        drop(records);
        let numbers: Vec<_> = lines(&path)
            .into_iter()
            .map(|line| line.unwrap()["call"].as_u64())
            .collect();
        assert_eq!(numbers, (0..1000).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn a_line_torn_by_a_crash_costs_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let clock = Clock::at(0);
        let mut records = Records::open(&path, clock, false).unwrap();
        records.append(&submitted(1)).unwrap();
        records.append(&submitted(2)).unwrap();
        drop(records);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
        let mut records = Records::open(&path, clock, false).unwrap();
        records.append(&submitted(3)).unwrap();
        let lines = lines(&path);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].as_ref().unwrap()["call"], 1);
        assert!(lines[1].is_err());
        assert_eq!(lines[2].as_ref().unwrap()["call"], 3);
    }
}
