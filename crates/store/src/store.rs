//! The store's thread: it owns the connection, writes what comes in as few transactions as it comes in, and answers.
use crate::error::StoreError;
use crate::file::OpenFile;
use crate::history::{self, Filter, Page};
use crate::outbox::Outgoing;
use crate::purge::purge;
use crate::restore::{self, Restored};
use crate::row::Entry;
use crate::write::Pen;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SendError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What was written without a sync is on the disk so much later, and the time that the disk takes.
const SYNCED_AFTER: Duration = Duration::from_millis(100);

/// So long a disk that has refused is left in peace before what is held is tried again.
const TRIED_AFTER: Duration = Duration::from_secs(2);

/// How often it is looked for what is too old.
const PURGED_EVERY: Duration = Duration::from_secs(3600);

/// Entries that are held while the disk refuses. More are lost, the oldest first, and that is told.
const HELD: usize = 100_000;

/// How an entry went.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What the store tells without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The disk refuses; entries are held.
    Failing(StoreError),
    /// It takes entries again, and what was held is written.
    Well,
    /// Something new is in the outbox.
    Outgoing,
}

/// How the thread works.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The phone that the entries are of: several may have one file.
    pub phone: String,
    /// So long entries are gathered for one transaction, where none waits for its answer.
    pub gather: Duration,
    /// So long calls are kept after their end, and after their wrap-up was handed in; `None`: for ever.
    pub keep: Option<Duration>,
    /// What is told to others; `None`: nothing.
    pub outgoing: Option<Outgoing>,
}

enum Job {
    Keep(Entry),
    KeepNow(Entry, Answer),
    Read(
        Filter,
        u32,
        Box<dyn FnOnce(Result<Page, StoreError>) + Send>,
    ),
}

/// The store at work. Dropping it writes all that it was given.
#[derive(Debug)]
pub struct Store {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Takes up what was kept of this phone, and starts the thread. `report` is called on the thread: it must not wait.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::ReadOnly`], [`StoreError::Refused`]: the file can't be used.
    pub fn start(
        file: OpenFile,
        options: Options,
        report: impl Fn(Report) + Send + 'static,
    ) -> Result<(Self, Restored), StoreError> {
        let mut connection = file.connection;
        let restored = restore::restore(&mut connection, &options)?;
        let (jobs, received) = mpsc::channel();
        let work = Work {
            connection,
            options,
            report: Box::new(report),
            held: VecDeque::new(),
            failing: None,
            unsynced: None,
            purged: None,
        };
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || work.go(&received))
            .map_err(|error: io::Error| StoreError::Refused(error.to_string()))?;
        let store = Self {
            jobs: Some(jobs),
            thread: Some(thread),
        };
        Ok((store, restored))
    }

    /// Keeps an entry by and by.
    pub fn keep(&self, entry: Entry) {
        self.give(Job::Keep(entry));
    }

    /// Keeps an entry and all that was given before it, and says when it is on the disk; or why not, and then it is not kept. The
    /// answer comes on the store's thread, and must not wait.
    pub fn keep_now(
        &self,
        entry: Entry,
        answer: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) {
        self.give(Job::KeepNow(entry, Box::new(answer)));
    }

    /// Reads a page of at most `limit` calls. The answer comes on the store's thread, and must not wait.
    pub fn read(
        &self,
        filter: Filter,
        limit: u32,
        answer: impl FnOnce(Result<Page, StoreError>) + Send + 'static,
    ) {
        self.give(Job::Read(filter, limit, Box::new(answer)));
    }

    fn give(&self, job: Job) {
        let Some(jobs) = &self.jobs else {
            return;
        };
        // The thread ends with us, not before; where it does not, what waits for an answer is told so.
        if let Err(SendError(job)) = jobs.send(job) {
            match job {
                Job::KeepNow(_, answer) => answer(Err(StoreError::Ended)),
                Job::Read(_, _, answer) => answer(Err(StoreError::Ended)),
                Job::Keep(_) => {}
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl OpenFile {
    /// A page of at most `limit` calls.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn read(&self, filter: &Filter, limit: u32) -> Result<Page, StoreError> {
        Ok(history::page(&self.connection, filter, limit)?)
    }

    /// Whether entries of this file were imported already.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn has_imported(&self, path: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM imported WHERE path = ?1)";
        Ok(self.connection.query_row(sql, [path], |row| row.get(0))?)
    }

    /// Keeps all these entries of one phone, which came from this file, or none of them.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn import(
        &mut self,
        path: &str,
        at_us: i64,
        phone: &str,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<(), StoreError> {
        let step = self.connection.transaction()?;
        let pen = Pen {
            connection: &step,
            phone,
            outgoing: None,
        };
        for entry in entries {
            pen.write(&entry)?;
        }
        step.execute("INSERT INTO imported VALUES (?1, ?2)", params![path, at_us])?;
        Ok(step.commit()?)
    }
}

/// What the thread has.
struct Work {
    connection: Connection,
    options: Options,
    report: Box<dyn Fn(Report) + Send>,
    /// Entries without an answer that are not yet written.
    held: VecDeque<Entry>,
    failing: Option<Failing>,
    /// Since when something was written and not synced.
    unsynced: Option<Instant>,
    /// When it was last seen that nothing is too old.
    purged: Option<Instant>,
}

struct Failing {
    error: StoreError,
    tried: Instant,
    lost: usize,
}

impl Work {
    fn go(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match self.patience() {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(patience) => jobs.recv_timeout(patience),
            };
            match job {
                Ok(job) => {
                    let gathers = matches!(job, Job::Keep(_)) && !self.options.gather.is_zero();
                    if gathers {
                        std::thread::sleep(self.options.gather);
                    }
                    let waiting: Vec<Job> = std::iter::once(job).chain(jobs.try_iter()).collect();
                    self.turn(waiting);
                }
                Err(RecvTimeoutError::Timeout) => self.due(),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    /// So long nothing is to be done without a job.
    fn patience(&self) -> Option<Duration> {
        let tried = self
            .failing
            .as_ref()
            .map(|failing| failing.tried + TRIED_AFTER);
        let synced = self.unsynced.map(|since| since + SYNCED_AFTER);
        let purged = self.options.keep.map(|_| match self.purged {
            Some(purged) => purged + PURGED_EVERY,
            None => Instant::now(),
        });
        let due = [tried, synced, purged].into_iter().flatten().min()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    fn due(&mut self) {
        if self.failing.is_some() {
            let _ = self.write(None);
        } else if self.is_sync_due() {
            // A transaction that is synced takes all before it along.
            let _ = self.commit(None, true);
        }
        self.purge();
    }

    fn end(mut self) {
        let _ = self.write(None);
        if let Some(failing) = self.failing {
            let entries = self.held.len() + failing.lost;
            tracing::error!(error = %failing.error, entries, "the phone ends, and these records are lost");
        }
    }

    fn turn(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            match job {
                Job::Keep(entry) => self.hold(entry),
                Job::KeepNow(entry, answer) => {
                    let outcome = self.write(Some(&entry));
                    answer(outcome);
                }
                Job::Read(filter, limit, answer) => {
                    // What was given before is part of it.
                    let _ = self.write(None);
                    let page = history::page(&self.connection, &filter, limit);
                    answer(page.map_err(StoreError::from));
                }
            }
        }
        let rests = self
            .failing
            .as_ref()
            .is_some_and(|failing| failing.tried.elapsed() < TRIED_AFTER);
        if !rests {
            let _ = self.write(None);
        }
        self.purge();
    }

    fn hold(&mut self, entry: Entry) {
        if self.held.len() == HELD {
            self.held.pop_front();
            if let Some(failing) = &mut self.failing {
                failing.lost += 1;
            }
        }
        self.held.push_back(entry);
    }

    /// Writes all that is held, and this entry, which is synced; in one transaction. While the disk refuses, it is asked anew also
    /// where nothing is held.
    fn write(&mut self, last: Option<&Entry>) -> Result<(), StoreError> {
        if self.held.is_empty() && last.is_none() && self.failing.is_none() {
            return Ok(());
        }
        let of_agent = self.held.iter().any(Entry::is_of_an_agent);
        let synced = last.is_some() || of_agent || self.failing.is_some() || self.is_sync_due();
        self.commit(last, synced)
    }

    fn commit(&mut self, last: Option<&Entry>, synced: bool) -> Result<(), StoreError> {
        match self.written(last, synced) {
            Ok(outgoing) => {
                self.held.clear();
                self.unsynced = (!synced).then(|| self.unsynced.unwrap_or_else(Instant::now));
                if let Some(Failing { lost, .. }) = self.failing.take() {
                    tracing::info!(lost, "the records are written again");
                    (self.report)(Report::Well);
                }
                if outgoing {
                    (self.report)(Report::Outgoing);
                }
                Ok(())
            }
            Err(error) => {
                let error = StoreError::from(error);
                self.failed(error.clone());
                Err(error)
            }
        }
    }

    fn is_sync_due(&self) -> bool {
        self.unsynced
            .is_some_and(|since| since.elapsed() >= SYNCED_AFTER)
    }

    /// Whether something new is in the outbox.
    fn written(&mut self, last: Option<&Entry>, synced: bool) -> rusqlite::Result<bool> {
        let level = if synced { "FULL" } else { "NORMAL" };
        self.connection.pragma_update(None, "synchronous", level)?;
        let step = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let pen = Pen {
            connection: &step,
            phone: &self.options.phone,
            outgoing: self.options.outgoing.as_ref(),
        };
        let mut outgoing = false;
        for entry in self.held.iter() {
            match pen.write(entry) {
                Err(error) if !StoreError::is_of_the_disk(&error) => {
                    // It would be refused for ever, and all that comes after it with it.
                    tracing::error!(%error, ?entry, "an entry does not fit the records");
                    debug_assert!(false, "{error}: {entry:?}");
                }
                written => outgoing |= written?,
            }
        }
        if let Some(entry) = last {
            outgoing |= pen.write(entry)?;
        }
        if self.held.is_empty() && last.is_none() {
            // Without a change there would be nothing to sync.
            step.prepare_cached("UPDATE phone SET synced = synced + 1 WHERE name = ?1")?
                .execute([&self.options.phone])?;
        }
        step.commit()?;
        Ok(outgoing)
    }

    fn failed(&mut self, error: StoreError) {
        let lost = self.failing.as_ref().map_or(0, |failing| failing.lost);
        let is_new = self
            .failing
            .as_ref()
            .is_none_or(|failing| failing.error != error);
        if is_new {
            tracing::error!(%error, "records can't be kept; they are held until the disk takes them");
            (self.report)(Report::Failing(error.clone()));
        }
        self.failing = Some(Failing {
            error,
            tried: Instant::now(),
            lost,
        });
    }

    /// Forgets some of what is too old. An error is no harm to what is kept: an hour later is early enough.
    fn purge(&mut self) {
        let Some(keep) = self.options.keep else {
            return;
        };
        let is_due = |purged: Instant| purged.elapsed() >= PURGED_EVERY;
        if !self.purged.is_none_or(is_due) {
            return;
        }
        let before_us = unix_us(SystemTime::now()).saturating_sub(micros(keep));
        self.purged = match purge(&self.connection, before_us) {
            Ok(more) => (!more).then(Instant::now),
            Err(error) => {
                tracing::warn!(%error, "what is too old could not be forgotten");
                Some(Instant::now())
            }
        };
    }
}

fn unix_us(time: SystemTime) -> i64 {
    micros(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
