//! One place for a stream: the one that is used, and one that is to take its place.
use super::{Listed, Opened};
use crate::card::StreamState;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A stream whose device gives or takes nothing for so long has failed, whatever the system says.
const DEAD: Duration = Duration::from_millis(600);

/// How soon one that has failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// An open stream.
pub(super) struct Stream<T> {
    pub(super) device: Listed,
    opened: Opened,
    state: Arc<StreamState>,
    /// What was seen of it last, and when it was more than before.
    samples: u64,
    seen: Instant,
    /// What belongs to it.
    pub(super) own: T,
}

impl<T> Stream<T> {
    pub(super) fn new(device: Listed, opened: Opened, state: Arc<StreamState>, own: T) -> Self {
        Self {
            device,
            opened,
            state,
            samples: 0,
            seen: Instant::now(),
            own,
        }
    }

    /// It has given or taken something.
    pub(super) fn runs(&self) -> bool {
        self.state.samples() > 0
    }

    /// It has been ended by the system, or its device has stopped.
    fn has_failed(&mut self, now: Instant) -> bool {
        let samples = self.state.samples();
        if samples != self.samples {
            self.samples = samples;
            self.seen = now;
        }
        self.state.is_broken() || now.saturating_duration_since(self.seen) > DEAD
    }

    /// Closes it aside. Closing may wait for threads of the sound system's, which may never end once the server has killed their stream.
    fn close(self) {
        let opened = self.opened;
        let close = std::thread::Builder::new().name("trialog-close".into());
        // Without a thread it is closed here and now.
        let _ = close.spawn(move || drop(opened));
    }
}

/// The place.
pub(super) struct Slot<T> {
    pub(super) now: Option<Stream<T>>,
    pub(super) next: Option<Stream<T>>,
    /// Why there is none though the device is there, since when.
    failed: Option<(Instant, String)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            now: None,
            next: None,
            failed: None,
        }
    }
}

/// What is to be done for a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// The device is to be opened.
    Open,
}

impl<T> Slot<T> {
    /// Why it is silent though its device is there.
    pub(super) fn why(&self) -> Option<&str> {
        self.failed.as_ref().map(|(_, why)| why.as_str())
    }

    pub(super) fn is_open(&self) -> bool {
        self.now.is_some() || self.next.is_some()
    }

    /// A stream is about to take its place, or has not shown yet that it runs.
    pub(super) fn is_unsettled(&self) -> bool {
        self.next.is_some() || self.now.as_ref().is_some_and(|now| !now.runs())
    }

    pub(super) fn fail(&mut self, now: Instant, why: String) {
        self.failed = Some((now, why));
    }

    /// Closes what has failed, or is no more wanted. `gone` is told of each stream that was used, before it is closed.
    pub(super) fn clear(
        &mut self,
        wanted: Option<&Listed>,
        now: Instant,
        mut gone: impl FnMut(&T),
    ) -> Step {
        let mut failed = false;
        for place in [&mut self.now, &mut self.next] {
            let Some(stream) = place else { continue };
            let fails = stream.has_failed(now);
            if fails || wanted.is_none() {
                failed |= fails;
                gone(&stream.own);
                if let Some(stream) = place.take() {
                    stream.close();
                }
            }
        }
        let Some(wanted) = wanted else {
            self.failed = None;
            return Step::Nothing;
        };
        if failed {
            self.fail(now, format!("{} gives no sound", wanted.name));
        } else if self.now.as_ref().is_some_and(Stream::runs) {
            self.failed = None;
        }
        let is = |place: &Option<Stream<T>>| {
            place
                .as_ref()
                .is_some_and(|stream| stream.device.id == wanted.id)
        };
        if is(&self.now) {
            self.drop_next(&mut gone);
            return Step::Nothing;
        }
        if is(&self.next) {
            return Step::Nothing;
        }
        self.drop_next(&mut gone);
        let waits = self
            .failed
            .as_ref()
            .is_some_and(|(since, _)| now.saturating_duration_since(*since) < AGAIN);
        if waits { Step::Nothing } else { Step::Open }
    }

    fn drop_next(&mut self, gone: &mut impl FnMut(&T)) {
        if let Some(next) = self.next.take() {
            gone(&next.own);
            next.close();
        }
    }

    /// The one that waits takes the place.
    pub(super) fn promote(&mut self) {
        if let Some(next) = self.next.take()
            && let Some(before) = self.now.replace(next)
        {
            before.close();
        }
    }
}
