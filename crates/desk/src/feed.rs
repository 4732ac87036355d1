//! The phone as the desk knows it: the last status in full, and a stream of what happens, in one order for all clients.
//! Input comes from the phone's loop alone. A client that reads too slowly loses events, never the status.
use crate::model::{Event, Notice, Status, What};
use crate::words;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// How many events a slow client may lag behind before it is given the status anew instead.
const BACKLOG: usize = 256;

/// Shared by the loop, which publishes, and the clients' tasks, which read.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    last: Mutex<Last>,
    events: broadcast::Sender<Arc<str>>,
}

#[derive(Debug)]
struct Last {
    seq: u64,
    status: Arc<Status>,
}

/// A client's view of the events from a moment on.
pub(crate) struct Subscription {
    /// The status at that moment, as the first event.
    pub(crate) first: Arc<str>,
    /// All that follow.
    pub(crate) events: broadcast::Receiver<Arc<str>>,
}

impl Feed {
    /// A feed that begins with this status.
    #[must_use]
    pub fn new(status: Status) -> Self {
        Self(Arc::new(Shared {
            last: Mutex::new(Last {
                seq: 0,
                status: Arc::new(status),
            }),
            events: broadcast::Sender::new(BACKLOG),
        }))
    }

    /// The phone has changed: this is all of it now. The same status again is no event.
    pub fn publish_status(&self, status: Status) {
        let mut last = self.last();
        if *last.status == status {
            return;
        }
        last.seq += 1;
        last.status = Arc::new(status);
        let event = status_event(&last);
        // No client listens: nobody misses it.
        let _ = self.0.events.send(event);
    }

    /// The agent is to be told this.
    pub fn publish_notice(&self, notice: &trialog_call::Notice) {
        let mut last = self.last();
        last.seq += 1;
        let event = Event {
            seq: last.seq,
            what: What::Notice {
                notice: written(notice),
            },
        };
        let _ = self.0.events.send(text(&event));
    }

    /// The last status.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.last().status)
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        let last = self.last();
        Subscription {
            first: status_event(&last),
            events: self.0.events.subscribe(),
        }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        // What is guarded is replaced whole, so a panic elsewhere can't have left it half written.
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn status_event(last: &Last) -> Arc<str> {
    text(&Event {
        seq: last.seq,
        what: What::Status {
            status: Box::new(Status::clone(&last.status)),
        },
    })
}

fn text(event: &Event) -> Arc<str> {
    serde_json::to_string(event)
        .expect("the model has string keys only")
        .into()
}

/// A notice of the core in the API's words.
fn written(notice: &trialog_call::Notice) -> Notice {
    use trialog_call::Notice as N;
    let words = words::notice(notice);
    let (party, status) = match notice {
        N::GuestRefused {
            guest: party,
            status,
            ..
        }
        | N::HoldRefused { party, status, .. }
        | N::ResumeRefused { party, status, .. } => (Some(party.clone()), Some(*status)),
        N::SwapUndone { status, .. } | N::TransferFailed { status, .. } => (None, Some(*status)),
        N::GuestLeft { guest: party, .. }
        | N::NoAudio { party, .. }
        | N::AudioBack { party, .. } => (Some(party.clone()), None),
        N::TransferDeclined { .. }
        | N::TransferWithdrawn { .. }
        | N::Transferred { .. }
        | N::Anchored { .. }
        | N::NowOwner { .. }
        | N::CustomerLeft { .. }
        | N::DeviceGone
        | N::DeviceBack
        | N::Dtmf { .. }
        | N::AskEndForAll { .. } => (None, None),
    };
    let digit = match notice {
        N::Dtmf { digit, .. } => Some(char::from(*digit).to_string()),
        _ => None,
    };
    Notice {
        kind: words::notice_kind(notice).to_owned(),
        call: words::notice_call(notice).map(|call| call.0),
        party,
        status,
        digit,
        text: words.en,
        text_de: words.de,
    }
}
