//! Which connection makes room for a new one where there are as many as there may be: an idle one, so that those that ask nothing keep
//! none waiting that asks.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Notify;

/// The connections, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Seats(Mutex<VecDeque<Weak<Seat>>>);

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// It has asked something before.
    known: AtomicBool,
    leave: Notify,
}

impl Seats {
    /// A new connection.
    pub(crate) fn take(&self) -> Arc<Seat> {
        let seat = Arc::default();
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|seat: &Weak<Seat>| seat.strong_count() > 0);
        seats.push_back(Arc::downgrade(&seat));
        seat
    }

    /// Asks one to leave: the oldest that has never asked anything, else the oldest that asks nothing now. All may be busy.
    pub(crate) fn make_room(&self) {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = |fits: &dyn Fn(&Seat) -> bool| {
            let mut all = seats.iter();
            all.position(|seat| seat.upgrade().is_some_and(|seat| fits(&seat)))
        };
        let silent = place(&|seat| !seat.is_busy() && !seat.known.load(Ordering::Relaxed));
        let place = silent.or_else(|| place(&|seat| !seat.is_busy()));
        let seat = place.and_then(|place| seats.remove(place)?.upgrade());
        if let Some(seat) = seat {
            seat.leave.notify_one();
        }
    }
}

impl Seat {
    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }

    /// A request is being answered until this is dropped.
    pub(crate) fn asks(self: &Arc<Self>) -> Asking {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.known.store(true, Ordering::Relaxed);
        Asking(Arc::clone(self))
    }

    /// It is asked to leave.
    pub(crate) async fn leave(&self) {
        self.leave.notified().await;
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Asking(Arc<Seat>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
