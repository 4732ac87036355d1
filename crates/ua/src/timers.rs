//! A set of named timers on time that is handed in. Each name has at most one timer; setting it again moves it.
//! It never reads a clock: whoever owns it asks for the next deadline and says when that has come.
use crate::id_map::IdMap;
use std::collections::BTreeSet;
use std::hash::Hash;
use trialog_call::Time;

/// Timers by name.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    order: BTreeSet<(Time, K)>,
    at: IdMap<K, Time>,
}

impl<K: Copy + Ord + Hash> Timers<K> {
    pub(crate) fn new() -> Self {
        Self {
            order: BTreeSet::new(),
            at: IdMap::default(),
        }
    }

    /// Sets the timer, or moves it.
    pub(crate) fn set(&mut self, key: K, at: Time) {
        if let Some(before) = self.at.insert(key, at) {
            if before == at {
                return;
            }
            self.order.remove(&(before, key));
        }
        self.order.insert((at, key));
    }

    /// Sets it where there is a time, and drops it where there is none.
    pub(crate) fn put(&mut self, key: K, at: Option<Time>) {
        match at {
            Some(at) => self.set(key, at),
            None => self.cancel(key),
        }
    }

    pub(crate) fn cancel(&mut self, key: K) {
        if let Some(at) = self.at.remove(&key) {
            self.order.remove(&(at, key));
        }
    }

    pub(crate) fn is_set(&self, key: K) -> bool {
        self.at.contains_key(&key)
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.order.first().map(|&(at, _)| at)
    }

    /// The earliest timer that is due, which is then no more.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<K> {
        let &(at, key) = self.order.first()?;
        if at > now {
            return None;
        }
        self.order.pop_first();
        self.at.remove(&key);
        Some(key)
    }

    /// The table is as small as it can be.
    pub(crate) fn give_back_room(&mut self) {
        self.at.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.at.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(ms: u64) -> Time {
        Time(Duration::from_millis(ms))
    }

    #[test]
    fn timers_fire_in_order_and_once() {
        let mut timers = Timers::new();
        timers.set('b', at(20));
        timers.set('a', at(10));
        assert_eq!(timers.next_deadline(), Some(at(10)));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(30)), Some('a'));
        assert_eq!(timers.pop_due(at(30)), Some('b'));
        assert_eq!(timers.pop_due(at(30)), None);
        assert_eq!(timers.len(), 0);
    }

    #[test]
    fn a_timer_that_is_moved_fires_only_at_its_new_time() {
        let mut timers = Timers::new();
        timers.set('a', at(10));
        timers.set('a', at(50));
        assert_eq!(timers.pop_due(at(49)), None);
        assert_eq!(timers.pop_due(at(50)), Some('a'));
    }

    #[test]
    fn a_cancelled_timer_never_fires() {
        let mut timers = Timers::new();
        timers.set('a', at(10));
        timers.cancel('a');
        assert!(!timers.is_set('a'));
        assert_eq!(timers.next_deadline(), None);
        assert_eq!(timers.pop_due(at(99)), None);
    }
}
