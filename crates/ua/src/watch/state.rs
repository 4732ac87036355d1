//! How one watch stands: what was asked and answered goes in, and what is to be done next comes out.
use super::Watch;
use super::lamp::Lamp;
use crate::dialogs::DialogId;
use crate::transaction::timing::TRANSACTION_TIMEOUT;
use std::time::Duration;
use trialog_call::Time;
use trialog_sip::{HeaderName, Headers, Seconds, SubscriptionState};

/// How long a subscription is asked for, in seconds: it is also how long a far side that was started again may go without us.
const LASTS: u32 = 600;

/// A far side that wants longer than this is not followed.
const LONGEST: u32 = 86_400;

/// The first wait after a failure, which doubles with each, and the longest.
const BACK_OFF: Duration = Duration::from_secs(30);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1800);

/// A far side that ends each subscription at once is not asked more often.
const AGAIN: Duration = Duration::from_secs(4);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Nothing,
    /// The timer is to fire then.
    Wait(Time),
    /// Subscribe anew, in a new dialog.
    Anew,
    /// Refresh, and let the timer fire then.
    Refresh(Time),
    /// There is no subscription; the timer fires for another try.
    Later(Time),
    /// End the subscription.
    TakeBack,
    /// It is over.
    Drop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not wanted.
    Off,
    /// A first SUBSCRIBE is on its way, or its first NOTIFY.
    Asking,
    /// It holds so long.
    Active(Time),
    /// The same, and a refresh is on its way.
    Refreshing(Time),
    /// A try has failed, and another comes.
    Waiting,
    /// Our last SUBSCRIBE is on its way.
    Ending,
}

/// One watch.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) watch: Watch,
    pub(crate) dialog: Option<DialogId>,
    /// A state was told that may not hold any more when the subscription ends.
    pub(crate) told: bool,
    /// What is known, where it is a lamp.
    pub(super) lamp: Lamp,
    phase: Phase,
    /// Seconds that are asked for: raised by 423.
    ask: u32,
    /// How long our SUBSCRIBE was taken for, while its NOTIFY is awaited.
    granted: Option<u32>,
    failures: u32,
    /// The registrar was lost meanwhile, and may have forgotten the subscription, too; or we are reached elsewhere.
    pub(super) doubtful: bool,
}

impl Watcher {
    pub(crate) fn new(watch: Watch) -> Self {
        Self {
            watch,
            dialog: None,
            told: false,
            lamp: Lamp::default(),
            phase: Phase::Off,
            ask: LASTS,
            granted: None,
            failures: 0,
            doubtful: false,
        }
    }

    /// It is wanted.
    pub(crate) fn begin(&mut self) -> Next {
        let doubtful = std::mem::take(&mut self.doubtful);
        match self.phase {
            Phase::Off | Phase::Ending => Next::Anew,
            Phase::Active(ends) if doubtful => {
                self.phase = Phase::Refreshing(ends);
                Next::Refresh(ends)
            }
            Phase::Waiting if doubtful => Next::Anew,
            _ => Next::Nothing,
        }
    }

    /// A NOTIFY was lost: a refresh brings the whole state (RFC 4235 §4.4).
    pub(crate) fn doubt(&mut self) -> Next {
        match self.phase {
            Phase::Active(ends) => {
                self.phase = Phase::Refreshing(ends);
                Next::Refresh(ends)
            }
            _ => Next::Nothing,
        }
    }

    /// It is wanted no more.
    pub(crate) fn end(&mut self) -> Next {
        match std::mem::replace(&mut self.phase, Phase::Off) {
            Phase::Off => Next::Nothing,
            Phase::Ending => {
                self.phase = Phase::Ending;
                Next::Nothing
            }
            Phase::Active(_) | Phase::Refreshing(_) => {
                self.phase = Phase::Ending;
                Next::TakeBack
            }
            Phase::Asking | Phase::Waiting => Next::Drop,
        }
    }

    /// For how long the next SUBSCRIBE asks, in seconds.
    pub(crate) fn expires(&self) -> u32 {
        if self.phase == Phase::Ending {
            0
        } else {
            self.ask
        }
    }

    /// The first SUBSCRIBE is sent. When the timer is to fire: RFC 6665 §4.1.2.4, timer N.
    pub(crate) fn asked_anew(&mut self, now: Time) -> Time {
        self.phase = Phase::Asking;
        self.granted = None;
        // Its answer may take as long, and the NOTIFY after that.
        now + TRANSACTION_TIMEOUT * 2
    }

    pub(crate) fn on_timer(&mut self, now: Time) -> Next {
        match self.phase {
            Phase::Off | Phase::Ending => Next::Nothing,
            Phase::Asking => self.failed(now, None),
            Phase::Active(ends) if now < ends => {
                self.phase = Phase::Refreshing(ends);
                Next::Refresh(ends)
            }
            Phase::Active(_) | Phase::Refreshing(_) | Phase::Waiting => Next::Anew,
        }
    }

    /// The final answer to a SUBSCRIBE, or none (408, 503).
    pub(crate) fn answered(&mut self, now: Time, status: u16, headers: Option<&Headers>) -> Next {
        let seconds = |name| match headers?.typed::<Seconds>(&name) {
            Some(Ok(Seconds(seconds))) => Some(seconds),
            _ => None,
        };
        match (self.phase, status) {
            (Phase::Ending, _) => {
                self.phase = Phase::Off;
                Next::Drop
            }
            (Phase::Asking, 200..=299) => {
                self.granted = Some(seconds(HeaderName::Expires).unwrap_or(self.ask));
                Next::Wait(now + TRANSACTION_TIMEOUT)
            }
            (Phase::Refreshing(_) | Phase::Active(_), 200..=299) => {
                let granted = seconds(HeaderName::Expires).unwrap_or(self.ask);
                self.active_for(now, granted)
            }
            // RFC 6665 §4.1.2.1.
            (Phase::Asking | Phase::Refreshing(_), 423) => match seconds(HeaderName::MinExpires) {
                Some(least) if least > self.ask && least <= LONGEST => {
                    self.ask = least;
                    Next::Anew
                }
                _ => self.failed(now, None),
            },
            // RFC 6665 §4.1.2.2: the far side has no such subscription any more.
            (Phase::Refreshing(_), 408 | 481) => Next::Anew,
            // One that is refused a refresh holds as long as it was.
            (Phase::Refreshing(ends), _) => Next::Wait(ends),
            (Phase::Asking, _) => {
                let refused = matches!(status, 400..=499 | 600..) && status != 408;
                let wait = seconds(HeaderName::RetryAfter).map(seconds_of);
                self.failed(now, wait.or(refused.then_some(LONGEST_BACK_OFF)))
            }
            _ => Next::Nothing,
        }
    }

    /// A NOTIFY came.
    pub(crate) fn notified(&mut self, now: Time, state: &SubscriptionState) -> Next {
        self.told |= !state.is_terminated();
        match self.phase {
            Phase::Off | Phase::Waiting | Phase::Ending => Next::Nothing,
            _ if state.is_terminated() => self.terminated(now, state),
            Phase::Asking => {
                self.failures = 0;
                let left = state.expires().or(self.granted).unwrap_or(self.ask);
                self.active_for(now, left)
            }
            Phase::Refreshing(_) => Next::Nothing,
            Phase::Active(_) => match state.expires() {
                // RFC 6665 §4.1.3: it may be shortened, too.
                Some(left) => self.active_for(now, left),
                None => Next::Nothing,
            },
        }
    }

    fn active_for(&mut self, now: Time, seconds: u32) -> Next {
        let lasts = Duration::from_secs(seconds.clamp(4, LONGEST).into());
        self.phase = Phase::Active(now + lasts);
        Next::Wait(now + lasts * 3 / 4)
    }

    /// RFC 6665 §4.1.3: the reason says whether, and when, to ask again.
    fn terminated(&mut self, now: Time, state: &SubscriptionState) -> Next {
        let reason = state.reason().unwrap_or_default().to_ascii_lowercase();
        let after = state.params.get("retry-after");
        let after = after.and_then(|after| after.parse().ok());
        let after = after.map(seconds_of);
        match reason.as_str() {
            "deactivated" | "timeout" => {
                self.phase = Phase::Waiting;
                Next::Later(now + AGAIN)
            }
            "rejected" | "noresource" | "invariant" => self.failed(now, Some(LONGEST_BACK_OFF)),
            _ => self.failed(now, after),
        }
    }

    /// Another try comes after so long, or after a wait that grows.
    fn failed(&mut self, now: Time, wait: Option<Duration>) -> Next {
        self.phase = Phase::Waiting;
        let grown = BACK_OFF * 2_u32.saturating_pow(self.failures.min(8));
        self.failures += 1;
        let wait = wait.unwrap_or(grown).clamp(AGAIN, LONGEST_BACK_OFF);
        Next::Later(now + wait)
    }
}

fn seconds_of(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
