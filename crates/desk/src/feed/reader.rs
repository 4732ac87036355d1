//! One client's place in the feed. It only takes; what it can't take in time is counted, and it gets the count.
use super::{Feed, Kept, Latest};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// So many events are taken at once, so that one reader does not hold the feed's lock for long.
const BATCH: usize = 64;

/// How a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the whole status.
    Fresh,
    /// With the events after the last one it got.
    Resumed,
    /// It wanted to resume, but what it missed is gone: with the whole status.
    TooOld,
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Got {
    /// The next events, at least one.
    Events(Vec<Arc<Kept>>),
    /// Events that were not read yet are gone: read the whole status, and [`Reader::skip_to`] its number.
    Behind,
    /// There will be no more.
    Ended,
}

/// A client's place in the feed. While there is one, the feed is watched.
#[derive(Debug)]
pub(crate) struct Reader {
    feed: Feed,
    /// The number of the last event that was taken.
    cursor: u64,
    latest: watch::Receiver<Latest>,
}

impl Reader {
    pub(super) fn new(feed: Feed, cursor: u64) -> Self {
        let latest = feed.0.latest.subscribe();
        Self {
            feed,
            cursor,
            latest,
        }
    }

    /// The next events, when there are some. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Got {
        loop {
            let Latest { ended, .. } = *self.latest.borrow_and_update();
            if let Some(got) = self.take() {
                return got;
            }
            // The feed itself keeps the sender, so it can't be gone.
            if ended || self.latest.changed().await.is_err() {
                return Got::Ended;
            }
        }
    }

    /// The status with this number has been read: it holds all until there.
    pub(crate) fn skip_to(&mut self, seq: u64) {
        self.cursor = self.cursor.max(seq);
    }

    /// The number of the last event that was taken.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    fn take(&mut self) -> Option<Got> {
        let state = self.feed.state();
        let behind = usize::try_from(state.seq.saturating_sub(self.cursor)).unwrap_or(usize::MAX);
        if behind == 0 {
            return None;
        }
        let Some(first) = state.kept.len().checked_sub(behind) else {
            return Some(Got::Behind);
        };
        let events: Vec<_> = state.kept.range(first..).take(BATCH).cloned().collect();
        drop(state);
        self.cursor += events.len() as u64;
        Some(Got::Events(events))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.feed.state();
        state.readers -= 1;
        if state.readers == 0 {
            state.left = Some(Instant::now());
        }
    }
}
