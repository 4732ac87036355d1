//! Whether the machine stood still. A virtual machine that its host does not run for a second, or a neighbour that has every
//! processor, stops phones and ears alike; then their jitter buffers play what waited, for up to 3 s later than usual. What is
//! measured meanwhile says nothing of the phones. So each processor has a thread here that wakes every 10 ms and notes how late.
use rustix::thread::{CpuSet, sched_setaffinity};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks.
const BEAT: Duration = Duration::from_millis(10);
/// So late is a standstill: more than all waiting for a processor that was seen on a full one (30 ms), less than what a jitter buffer
/// takes for an outage.
const LATE: Duration = Duration::from_millis(80);

/// A time in which a processor ran none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standstill {
    from: Instant,
    to: Instant,
}

/// What the watch knows.
struct Seen {
    ended: Vec<Standstill>,
    /// When each processor's thread was awake last.
    awake: Vec<Instant>,
}

static SEEN: Mutex<Seen> = Mutex::new(Seen {
    ended: Vec::new(),
    awake: Vec::new(),
});

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        seen().awake = vec![Instant::now(); processors];
        for processor in 0..processors {
            std::thread::spawn(move || {
                let mut one = CpuSet::new();
                one.set(processor);
                // Where that is refused, all look at whichever processor is free.
                let _ = sched_setaffinity(None, &one);
                loop {
                    std::thread::sleep(BEAT);
                    seen().wakes(processor, Instant::now());
                }
            });
        }
    });
}

/// The last moment of a standstill, and the longest one, that lay at least in part after this instant. The first question begins
/// the watch.
#[must_use]
pub fn since(instant: Instant) -> Option<(Instant, Duration)> {
    watch();
    seen().since(instant, Instant::now())
}

impl Seen {
    fn wakes(&mut self, processor: usize, now: Instant) {
        let from = std::mem::replace(&mut self.awake[processor], now);
        self.ended.extend(standstill(from, now));
    }

    /// With those that end just now: the thread that asks may be awake before those that watch.
    fn since(&self, instant: Instant, now: Instant) -> Option<(Instant, Duration)> {
        let running = self.awake.iter().filter_map(|from| standstill(*from, now));
        let all = self.ended.iter().copied().chain(running);
        let after = all.filter(|seen| seen.to > instant);
        let most = |(last, longest): (Instant, Duration), seen: Standstill| {
            (last.max(seen.to), longest.max(seen.to - seen.from))
        };
        after.fold(None, |known, seen| {
            Some(most(known.unwrap_or((seen.to, Duration::ZERO)), seen))
        })
    }
}

fn standstill(from: Instant, to: Instant) -> Option<Standstill> {
    (to.saturating_duration_since(from) > BEAT + LATE).then_some(Standstill { from, to })
}

/// A measurement in real time on a machine that ran all the while. Where it stood still meanwhile, the measurement is void and made
/// anew, whatever came of it: a good one as well as a bad one, so that nothing is made better by that. The last of three counts.
pub fn measured(measurement: impl Fn()) {
    const TIMES: u32 = 3;
    watch();
    for time in 1..=TIMES {
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(&measurement));
        match since(began) {
            Some((_, longest)) if time < TIMES => {
                println!(
                    "the machine stood still for {} ms: measured anew",
                    longest.as_millis()
                );
            }
            _ => return outcome.unwrap_or_else(|panic| resume_unwind(panic)),
        }
    }
}

/// How often the machine stood still, and the longest time, since the watch began.
#[must_use]
pub fn all() -> Option<(usize, Duration)> {
    let seen = seen();
    let longest = seen.ended.iter().map(|seen| seen.to - seen.from).max()?;
    Some((seen.ended.len(), longest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_measurement_counts_whatever_its_outcome_where_the_machine_ran() {
        let times = AtomicU32::new(0);
        let once = || {
            times.fetch_add(1, Ordering::Relaxed);
            panic!("it is wrong");
        };
        assert!(catch_unwind(AssertUnwindSafe(|| measured(once))).is_err());
        // A machine that stands still while this runs has it made again, three times at most.
        assert!((1..=3).contains(&times.load(Ordering::Relaxed)));
    }

    #[test]
    fn what_lies_before_is_not_told_and_what_ends_just_now_is() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut seen = Seen {
            ended: Vec::new(),
            awake: vec![begin; 2],
        };
        for ms in [10, 20, 220, 230, 1_130] {
            seen.wakes(0, at(ms));
            seen.wakes(1, at(ms));
        }
        let told = |instant, now| {
            let (last, longest) = seen.since(at(instant), at(now))?;
            Some((last - begin, longest.as_millis()))
        };
        let ms = Duration::from_millis;
        assert_eq!(seen.ended.len(), 4);
        assert_eq!(told(0, 1_140), Some((ms(1_130), 900)));
        assert_eq!(told(1_130, 1_140), None);
        assert_eq!(told(1_130, 1_330), Some((ms(1_330), 200)));
    }
}
