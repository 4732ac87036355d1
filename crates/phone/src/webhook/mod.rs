//! Webhooks: others are told of calls and wrap-ups by POSTs to URLs of the configuration. What is told waits in the outbox of the store,
//! which is written with the record itself, so that no end of the phone loses it; each webhook has a thread of its own, which sends
//! the oldest until it has arrived and then the next. The loop has nothing to do with it.
mod send;
mod sign;

pub(crate) use sign::Key;

use send::{Answer, Sender};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trialog_api::{HistoryCall, WebhookEvent, WebhookMessage};
use trialog_call::WebhookState;
use trialog_store::{Occasion, Outbox, Outgoing, Parcel, StoreError, Subscription};

/// The pause after the first attempt that fails. It doubles up to [`LONGEST`].
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);

/// So often in a row something may fail before the agent is told: a receiver that starts anew is none of the agent's business.
const TOLD_AFTER: u32 = 3;

/// So long a file that can't be read or written is left in peace.
const REST: Duration = Duration::from_secs(10);

/// One webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Webhook {
    /// In notices and logs, and for what waits.
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) events: Vec<WebhookEvent>,
    /// What messages are signed with; `None`: they are not.
    pub(crate) key: Option<Key>,
    /// So long a message may wait.
    pub(crate) keep: Duration,
    /// So many may.
    pub(crate) most: u32,
}

impl Default for Webhook {
    fn default() -> Self {
        use WebhookEvent as E;
        Self {
            name: String::new(),
            url: String::new(),
            events: vec![E::CallEnded, E::CallTurnedAway, E::WrapUpSubmitted],
            key: None,
            keep: Duration::from_secs(7 * 24 * 3600),
            most: 10_000,
        }
    }
}

const OCCASIONS: [(WebhookEvent, Occasion); 5] = [
    (WebhookEvent::CallBegan, Occasion::Began),
    (WebhookEvent::CallConnected, Occasion::Connected),
    (WebhookEvent::CallEnded, Occasion::Ended),
    (WebhookEvent::CallTurnedAway, Occasion::TurnedAway),
    (WebhookEvent::WrapUpSubmitted, Occasion::WrapUp),
];

/// What the store is to put into the outbox. `call`: a call in the API's words.
pub(crate) fn outgoing(webhooks: &[Webhook]) -> Option<Outgoing> {
    let subscription = |webhook: &Webhook| Subscription {
        webhook: webhook.name.clone(),
        occasions: OCCASIONS
            .into_iter()
            .filter(|(event, _)| webhook.events.contains(event))
            .map(|(_, occasion)| occasion)
            .collect(),
    };
    (!webhooks.is_empty()).then(|| Outgoing {
        subscriptions: webhooks.iter().map(subscription).collect(),
        body: |id, occasion, at_us, call, wrap_up| {
            message(id, occasion, at_us, crate::records::in_words(call), wrap_up)
        },
    })
}

fn message(
    id: &str,
    occasion: Occasion,
    at_us: i64,
    call: HistoryCall,
    wrap_up: Option<u32>,
) -> String {
    let mut events = OCCASIONS.into_iter().filter(|(_, of)| *of == occasion);
    let event = events
        .next()
        .map_or(WebhookEvent::CallEnded, |(event, _)| event);
    let message = WebhookMessage {
        id: id.to_owned(),
        event,
        at_ms: u64::try_from(at_us / 1_000).unwrap_or(0),
        call,
        wrap_up,
    };
    serde_json::to_string(&message).expect("a message has string keys only")
}

/// The threads at work. Dropping it ends them, after what is on its way; what waits is there at the next start.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    bell: Arc<Bell>,
    depths: Vec<(String, Arc<AtomicU64>)>,
}

impl Webhooks {
    /// Starts a thread for each. `file`: the store's, which is open; `tell` says how one is.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        webhooks: Vec<Webhook>,
        file: &Path,
        phone: &str,
        tell: impl Fn(String, WebhookState) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let mut all = Self::default();
        for webhook in webhooks {
            let (name, depth) = (webhook.name.clone(), Arc::default());
            let tell = tell.clone();
            let line = Line {
                sender: Sender::new(&webhook),
                file: file.to_owned(),
                phone: phone.to_owned(),
                webhook,
                bell: Arc::clone(&all.bell),
                heard: 0,
                depth: Arc::clone(&depth),
                failed: 0,
                off: false,
                tell: Box::new(tell),
            };
            std::thread::Builder::new()
                .name("webhook".to_owned())
                .spawn(move || line.go())?;
            all.depths.push((name, depth));
        }
        Ok(all)
    }

    /// What rings when something new is in the outbox.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// How many messages wait, for each webhook.
    pub(crate) fn depths(&self) -> impl Iterator<Item = (&str, u64)> {
        let all = self.depths.iter();
        all.map(|(name, depth)| (name.as_str(), depth.load(Ordering::Relaxed)))
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.bell.ring(true);
    }
}

/// Wakes the threads.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rung {
    times: u64,
    ended: bool,
}

impl Bell {
    /// Something is new; `ended`: it is the end.
    pub(crate) fn ring(&self, ended: bool) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung.times += 1;
        rung.ended |= ended;
        drop(rung);
        self.changed.notify_all();
    }

    /// Waits until it has rung since `heard`, for `time` at most. Whether it goes on.
    fn wait(&self, heard: &mut u64, time: Option<Duration>) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |rung: &mut Rung| rung.times == *heard && !rung.ended;
        let rung = match time {
            Some(time) => {
                let waited = self.changed.wait_timeout_while(rung, time, quiet);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.changed.wait_while(rung, quiet);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        *heard = rung.times;
        !rung.ended
    }
}

/// What the thread of one webhook has.
struct Line {
    webhook: Webhook,
    sender: Sender,
    file: PathBuf,
    phone: String,
    bell: Arc<Bell>,
    heard: u64,
    depth: Arc<AtomicU64>,
    /// Attempts in a row that have failed.
    failed: u32,
    /// It wants no more.
    off: bool,
    tell: Box<dyn Fn(String, WebhookState) + Send>,
}

/// When there is something to do again.
enum Next {
    Now,
    After(Duration),
    /// When it rings.
    Rung,
}

impl Line {
    fn go(mut self) {
        let mut outbox = None;
        loop {
            let next = match self.turn(&mut outbox) {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(%error, webhook = self.webhook.name, "the outbox can't be used");
                    outbox = None;
                    Next::After(REST)
                }
            };
            let goes_on = match next {
                Next::Now => self.bell.wait(&mut self.heard, Some(Duration::ZERO)),
                Next::After(time) => self.bell.wait(&mut self.heard, Some(time)),
                Next::Rung => self.bell.wait(&mut self.heard, None),
            };
            if !goes_on {
                return;
            }
        }
    }

    fn turn(&mut self, outbox: &mut Option<Outbox>) -> Result<Next, StoreError> {
        let outbox = match outbox {
            Some(outbox) => outbox,
            None => outbox.insert(Outbox::open(&self.file, &self.phone, &self.webhook.name)?),
        };
        if self.off {
            outbox.trim(i64::MAX, 0)?;
            return Ok(Next::Rung);
        }
        let now_us = now_us();
        let dropped = outbox.trim(
            now_us.saturating_sub(micros(self.webhook.keep)),
            self.webhook.most,
        )?;
        if dropped > 0 {
            self.say(WebhookState::Dropped { messages: dropped });
        }
        self.depth.store(outbox.depth()?, Ordering::Relaxed);
        let Some(parcel) = outbox.next()? else {
            return Ok(Next::Rung);
        };
        if let Some(pause) = left(&parcel, now_us) {
            return Ok(Next::After(pause));
        }
        match self.sender.send(&parcel, now_us / 1_000_000) {
            Answer::Taken => {
                outbox.cross_out(parcel.row)?;
                if std::mem::take(&mut self.failed) >= TOLD_AFTER {
                    self.say(WebhookState::Well);
                }
                Ok(Next::Now)
            }
            Answer::Gone => {
                self.off = true;
                self.depth.store(0, Ordering::Relaxed);
                self.say(WebhookState::Off);
                Ok(Next::Now)
            }
            Answer::Failed { why, again } => {
                let pause = again.unwrap_or_else(|| pause(parcel.attempts)).min(LONGEST);
                outbox.put_off(parcel.row, now_us.saturating_add(micros(pause)))?;
                self.failed += 1;
                let (webhook, id) = (&self.webhook.name, &parcel.message);
                tracing::info!(webhook, id, why, ?pause, "a message was not taken");
                if self.failed == TOLD_AFTER {
                    self.say(WebhookState::Failing { why });
                }
                Ok(Next::After(pause))
            }
        }
    }

    fn say(&self, state: WebhookState) {
        (self.tell)(self.webhook.name.clone(), state);
    }
}

/// So long a message is not to be sent yet. A wall clock that was set back holds nothing up for longer than the longest pause.
fn left(parcel: &Parcel, now_us: i64) -> Option<Duration> {
    let left = parcel.next_us?.saturating_sub(now_us);
    let left = Duration::from_micros(u64::try_from(left).ok()?);
    (!left.is_zero()).then_some(left.min(LONGEST))
}

/// The pause after so many attempts that failed before.
fn pause(attempts: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempts).unwrap_or(u32::MAX);
    PAUSE.saturating_mul(factor).min(LONGEST)
}

fn now_us() -> i64 {
    micros(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_go_from_a_second_to_an_hour() {
        let seconds = [0, 1, 2, 5, 11, 12, 40].map(|attempts| pause(attempts).as_secs());
        assert_eq!(seconds, [1, 2, 4, 32, 2048, 3600, 3600]);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_a_message_up_for_an_hour_at_most() {
        let parcel = |next_us| Parcel {
            row: 1,
            message: String::new(),
            body: String::new(),
            made_us: 0,
            attempts: 1,
            next_us,
        };
        assert_eq!(left(&parcel(None), 5), None);
        assert_eq!(left(&parcel(Some(5)), 5), None);
        assert_eq!(left(&parcel(Some(6)), 5), Some(Duration::from_micros(1)));
        assert_eq!(left(&parcel(Some(i64::MAX)), 5), Some(LONGEST));
    }
}
