//! What happens in the phone, numbered, in one order for all readers.
//!
//! The phone's loop is the only writer. Whether any client reads is one atomic load ([`Feed::is_watched`]); where none does, the
//! loop states nothing and nothing is kept. Where one does, the loop hands over the core's words as they come
//! ([`Feed::record`], [`Feed::notice`], [`Feed::refused`]) and, at the end of a turn, what the phone looks like
//! ([`Feed::publish`]); what differs from the turn before becomes events. The last of them are kept, so that a reader may be slow
//! for a while or come back, and for a minute after the last reader has left. A reader never keeps the loop waiting: it takes
//! from what is kept, and where it has fallen behind that it is given the whole status instead.
mod change;
mod reader;
mod written;

pub(crate) use reader::{Got, Reader, Start};

use crate::view::{Identity, Look, UnixTime};
use change::Fact;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use trialog_api::{Event, Levels, Status, StatusCause, What};
use trialog_call::{CallRecord, Input, Notice, Refusal, Snapshot};

/// How many events are kept. One is some 3 kB at most.
const KEPT: usize = 1024;

/// So long events are still kept when the last reader has left, for it to come back.
const LINGER: Duration = Duration::from_secs(60);

/// Shared by the loop, which writes, and the clients' tasks, which read.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Events are to be made.
    watched: AtomicBool,
    state: Mutex<State>,
    /// Tells the readers.
    latest: watch::Sender<Latest>,
    /// How loud the parties are, for the readers that ask for it: the newest alone counts.
    levels: watch::Sender<Option<Levels>>,
}

/// What readers wait for.
#[derive(Clone, Copy, Debug)]
struct Latest {
    /// The last event's number.
    seq: u64,
    /// No more will come.
    ended: bool,
}

#[derive(Debug)]
struct State {
    seq: u64,
    kept: VecDeque<Arc<Kept>>,
    /// What the phone looked like after the turn before; none until the loop has stated it.
    before: Option<Look>,
    /// What was said in this turn.
    facts: Vec<Fact>,
    readers: usize,
    /// When the last reader left.
    left: Option<Instant>,
}

/// An event with its number, and as text once a client has read it.
#[derive(Debug)]
pub(crate) struct Kept {
    event: Event,
    text: OnceLock<String>,
}

impl Kept {
    /// As the readers get it.
    pub(crate) fn text(&self) -> &str {
        self.text.get_or_init(|| text(&self.event))
    }
}

pub(crate) fn text(event: &Event) -> String {
    serde_json::to_string(event).expect("the model has string keys only")
}

impl Feed {
    /// A feed whose numbers begin after this one. The start's time in microseconds makes those of a later run higher, so that a
    /// client which resumes is not given another run's events; it is exact in a double until the year 2255.
    #[must_use]
    pub fn new(after: u64) -> Self {
        let latest = Latest {
            seq: after,
            ended: false,
        };
        Self(Arc::new(Shared {
            watched: AtomicBool::new(false),
            state: Mutex::new(State {
                seq: after,
                kept: VecDeque::new(),
                before: None,
                facts: Vec::new(),
                readers: 0,
                left: None,
            }),
            latest: watch::Sender::new(latest),
            levels: watch::Sender::new(None),
        }))
    }

    /// A client wants to know how loud the parties are: the loop is to say it, some times a second.
    #[must_use]
    pub fn wants_levels(&self) -> bool {
        self.0.levels.receiver_count() > 0
    }

    /// How loud the parties are now; nothing where that is not measured any more.
    pub fn levels(&self, levels: Option<Levels>) {
        self.0.levels.send_if_modified(|before| {
            let differs = *before != levels;
            *before = levels;
            differs
        });
    }

    /// Levels from now on, those of now first where they are known; while this is there they are wanted.
    pub(crate) fn follow_levels(&self) -> watch::Receiver<Option<Levels>> {
        let mut levels = self.0.levels.subscribe();
        levels.mark_changed();
        levels
    }

    /// A client reads, or did a moment ago: the loop is to say what happens.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.0.watched.load(Ordering::Acquire)
    }

    /// The core has this kept for ever.
    pub fn record(&self, record: &CallRecord) {
        self.note(|| Fact::Record(record.clone()));
    }

    /// The agent is to be told this.
    pub fn notice(&self, notice: &Notice) {
        self.note(|| Fact::Notice(notice.clone()));
    }

    /// A notice in the API's words, where it is to be kept until it was read.
    #[must_use]
    pub fn grave(notice: &Notice) -> Option<trialog_api::Notice> {
        Some(written::notice(notice)).filter(|notice| notice.grave)
    }

    /// This was asked for and refused.
    pub fn refused(&self, asked: &Input, refusal: Refusal) {
        self.note(|| Fact::Refused(written::refused(asked, refusal)));
    }

    fn note(&self, fact: impl FnOnce() -> Fact) {
        if self.is_watched() {
            self.state().facts.push(fact());
        }
    }

    /// A turn is over: the phone looks like this now, and what was noted in the turn happened on the way. It costs something
    /// only where [`Feed::is_watched`], so the caller asks that before it makes the snapshot.
    pub fn publish(&self, at: UnixTime, snapshot: Snapshot, identity: &Arc<Identity>) {
        let mut state = self.state();
        if state.is_forgotten() {
            state.forget();
            self.0.watched.store(false, Ordering::Release);
            return;
        }
        let now = Look {
            snapshot,
            identity: Arc::clone(identity),
        };
        let facts = std::mem::take(&mut state.facts);
        let Some(before) = state.before.replace(now.clone()) else {
            return;
        };
        if facts.is_empty() && before == now {
            return;
        }
        for what in change::events(&before, &now, facts) {
            state.keep(at, what);
        }
        let seq = state.seq;
        drop(state);
        self.0.latest.send_if_modified(|latest| {
            let newer = latest.seq != seq;
            latest.seq = seq;
            newer
        });
    }

    /// The number of the last event: a look at the phone that is taken after [`Feed::publish`] holds all until then.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.state().seq
    }

    /// The phone is over: the readers are told after the last event.
    pub fn end(&self) {
        self.0.latest.send_modify(|latest| latest.ended = true);
    }

    /// A reader that has got all until `since`, or nothing yet.
    pub(crate) fn reader(&self, since: Option<u64>) -> (Reader, Start) {
        let mut state = self.state();
        state.readers += 1;
        state.left = None;
        let start = match since {
            None => Start::Fresh,
            Some(since) if state.holds_all_after(since) => Start::Resumed,
            Some(_) => Start::TooOld,
        };
        let cursor = match start {
            Start::Resumed => since.unwrap_or(state.seq),
            Start::Fresh | Start::TooOld => state.seq,
        };
        self.0.watched.store(true, Ordering::Release);
        drop(state);
        (Reader::new(self.clone(), cursor), start)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can panic half way through a change that matters.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One event of each kind that the document shows, made as real ones are.
pub(crate) fn example_events(before: &Look, now: &Look, status: Status) -> Vec<Event> {
    use trialog_call::{Act, CallId, EndReason, Outcome, PartyIdentity, Role, Time, WrapUpId};
    let (call, id, at) = (CallId(1), WrapUpId(1), Time::ZERO);
    let carla = &now.snapshot.calls[0];
    let peer = || Arc::clone(&carla.legs[0].party);
    let record = Fact::Record;
    let hold = Input::Act {
        call,
        act: Act::Hold,
    };
    let facts = vec![
        record(CallRecord::Began {
            call,
            role: Role::Owner,
            peer: peer(),
            origin: Arc::clone(&carla.origin),
            incoming: true,
            at,
        }),
        record(CallRecord::Connected { call, at }),
        record(CallRecord::Identified {
            call,
            peer: peer(),
            at,
        }),
        Fact::Notice(Notice::GuestRefused {
            call,
            guest: PartyIdentity::named("Gus").into(),
            status: 486,
        }),
        Fact::Refused(written::refused(&hold, Refusal::NoHoldInConference)),
        record(CallRecord::Finished {
            call,
            outcome: Outcome::FarEnded,
            reason: Some(
                EndReason {
                    protocol: "SIP".to_owned(),
                    not_secured: None,
                    cause: Some(200),
                    text: Some("Call ended".to_owned()),
                }
                .into(),
            ),
            at,
        }),
        record(CallRecord::WrapUpOpened {
            id,
            call,
            due: true,
            at,
        }),
        record(CallRecord::WrapUpSubmitted {
            id,
            call,
            reason: "sale".to_owned(),
            note: Some("Calls back on Monday.".to_owned()),
            timed: false,
            at,
        }),
    ];
    let first = What::Status {
        why: StatusCause::Connected,
        missed: None,
        status: Box::new(status),
    };
    let events = std::iter::once(first).chain(change::events(before, now, facts));
    let start = now.identity.start.0;
    events
        .zip(0..)
        .map(|(what, place)| Event {
            seq: start * 1_000 + place,
            at_ms: start + place,
            what,
        })
        .collect()
}

impl State {
    fn keep(&mut self, at: UnixTime, what: What) {
        self.seq += 1;
        let event = Event {
            seq: self.seq,
            at_ms: at.0,
            what,
        };
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::new(Kept {
            event,
            text: OnceLock::new(),
        }));
    }

    /// No client has read for so long that what comes now need not be kept.
    fn is_forgotten(&self) -> bool {
        self.readers == 0 && self.left.is_none_or(|left| left.elapsed() > LINGER)
    }

    fn forget(&mut self) {
        self.kept = VecDeque::new();
        self.facts = Vec::new();
        self.before = None;
        // What happens until a client reads again has no number: this one is for all of it, so that no client resumes across.
        self.seq += 1;
    }

    /// Every event after this number is still kept, and there was such a number.
    fn holds_all_after(&self, seq: u64) -> bool {
        if self.before.is_none() {
            return false;
        }
        let first = self.seq - self.kept.len() as u64;
        (first..=self.seq).contains(&seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_api::Audio;
    use trialog_call::{Presence, Time};

    fn turn(feed: &Feed, presence: Presence) {
        let identity = Identity {
            name: String::new(),
            version: String::new(),
            accounts: Vec::new(),
            lamps: Vec::new(),
            reasons: Vec::new(),
            idle_reasons: Vec::new(),
            idle: None,
            audio: Audio::default(),
            records: trialog_api::Records::default(),
            unread: Vec::new(),
            quality: Default::default(),
            start: UnixTime(0),
        };
        let snapshot = Snapshot {
            presence,
            presence_since: Time::ZERO,
            turns_away: None,
            calls: Vec::new(),
            wrap_ups: Vec::new(),
            terminating: false,
        };
        feed.publish(UnixTime(0), snapshot, &Arc::new(identity));
    }

    #[test]
    fn what_nobody_follows_is_not_kept_and_nobody_resumes_across_it() {
        let feed = Feed::new(100);
        let (reader, _) = feed.reader(None);
        turn(&feed, Presence::Available);
        turn(&feed, Presence::Idle);
        drop(reader);
        turn(&feed, Presence::Available);
        assert_eq!(
            feed.reader(Some(101)).1,
            Start::Resumed,
            "within the minute"
        );
        feed.state().left = Instant::now().checked_sub(LINGER + Duration::from_secs(1));
        turn(&feed, Presence::Idle);
        assert!(!feed.is_watched());
        let last = feed.seq();
        for since in 100..=last {
            assert_eq!(feed.reader(Some(since)).1, Start::TooOld, "{since}");
        }
    }
}
