//! Who ticks: the bridge lies in a lock-free cell; whoever drives takes it out, ticks, and puts it back.
//!
//! The sound card's thread drives while it calls back in time. The timer thread watches: when no tick came for 17 ms it
//! makes the missing ones up and drives on, so that the parties hear each other on. The sound card takes over again after
//! some callbacks in time. Without a local party and without legs the timer rests.
use crate::bridge::Bridge;
use crate::heap_count::HeapWatch;
use crossbeam_utils::atomic::AtomicCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant, SystemTime};
use trialog_frame::{Frame, RATE};

/// One tick.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// When the sound card has not ticked for so long, the timer does.
const PATIENCE: Duration = Duration::from_millis(17);

/// So late a timer does not make up for what it missed: the machine slept.
const MOST_BEHIND: Duration = Duration::from_secs(2);

/// What timer, sound card and control share.
pub(crate) struct Baton {
    bridge: AtomicCell<Option<Box<Bridge>>>,
    origin: Instant,
    /// Microseconds since the origin.
    last_tick: AtomicU64,
    device_drives: AtomicBool,
    stop: AtomicBool,
    /// The bridge has nothing to do.
    rests: AtomicBool,
    timer: OnceLock<Thread>,
    pub(crate) ticks: AtomicU64,
    pub(crate) taken_over: AtomicU64,
    pub(crate) longest_us: AtomicU64,
    /// How much earlier the next tick of the timer is to be, in samples.
    hasten: AtomicU64,
    pub(crate) heap: HeapWatch,
}

impl Baton {
    pub(crate) fn new(bridge: Box<Bridge>) -> Self {
        Self {
            bridge: AtomicCell::new(Some(bridge)),
            origin: Instant::now(),
            last_tick: AtomicU64::new(0),
            device_drives: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            rests: AtomicBool::new(false),
            timer: OnceLock::new(),
            ticks: AtomicU64::new(0),
            taken_over: AtomicU64::new(0),
            longest_us: AtomicU64::new(0),
            hasten: AtomicU64::new(0),
            heap: HeapWatch::default(),
        }
    }

    /// Milliseconds since the engine's start.
    pub(crate) fn millis(&self) -> u64 {
        self.origin.elapsed().as_millis() as u64
    }

    /// Takes the bridge, ticks and puts it back. False when another thread has it just now. Any thread may call it.
    pub(crate) fn tick(&self, microphone: Option<&Frame>, ear: Option<&mut Frame>) -> bool {
        self.heap.watch(|| self.tick_unwatched(microphone, ear))
    }

    fn tick_unwatched(&self, microphone: Option<&Frame>, ear: Option<&mut Frame>) -> bool {
        let Some(mut bridge) = self.bridge.take() else {
            return false;
        };
        let begun = self.origin.elapsed();
        self.last_tick
            .store(begun.as_micros() as u64, Ordering::Relaxed);
        let unix = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let heard = bridge.tick(unix.as_nanos() as i128, begun, microphone);
        if let Some(ear) = ear {
            *ear = *heard;
        }
        self.hasten.store(bridge.hasten(), Ordering::Relaxed);
        self.rests.store(bridge.rests(), Ordering::Relaxed);
        // The cell is empty since the take, so nothing is dropped here.
        self.bridge.store(Some(bridge));
        let took = (self.origin.elapsed() - begun).as_micros() as u64;
        self.longest_us.fetch_max(took, Ordering::Relaxed);
        self.ticks.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Whether the sound card drives.
    pub(crate) fn device_drives(&self) -> bool {
        self.device_drives.load(Ordering::Acquire)
    }

    /// The sound card's thread takes the drive, or the timer does.
    pub(crate) fn drive_by_device(&self, device: bool) {
        self.device_drives.store(device, Ordering::Release);
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// There is a command for a bridge that may rest.
    pub(crate) fn wake(&self) {
        if let Some(timer) = self.timer.get() {
            timer.unpark();
        }
    }

    /// The bridge itself, when nobody ticks any more.
    pub(crate) fn take(&self) -> Option<Box<Bridge>> {
        self.bridge.take()
    }

    /// The timer thread, until [`Baton::stop`].
    pub(crate) fn run_timer(&self) {
        prefer();
        let _ = self.timer.set(std::thread::current());
        let mut next = self.origin.elapsed() + TICK;
        while !self.stop.load(Ordering::Acquire) {
            sleep_until(self.origin + next);
            if self.device_drives() {
                let last = Duration::from_micros(self.last_tick.load(Ordering::Relaxed));
                if self.origin.elapsed() < last + PATIENCE {
                    next = last + PATIENCE;
                    continue;
                }
                self.drive_by_device(false);
                self.taken_over.fetch_add(1, Ordering::Relaxed);
                next = last + TICK;
            }
            let behind = self.origin.elapsed().saturating_sub(next);
            if behind > MOST_BEHIND {
                next += behind;
            }
            self.tick(None, None);
            let hasten = self.hasten.swap(0, Ordering::Relaxed);
            next +=
                TICK - Duration::from_nanos(hasten * 1_000_000_000 / u64::from(RATE)).min(TICK / 2);
            if self.rests.load(Ordering::Relaxed) && !self.stop.load(Ordering::Acquire) {
                // A command that has come since that look has unparked this thread, so that it goes on at once.
                std::thread::park();
                next = self.origin.elapsed();
            }
        }
    }
}

/// Asks for real-time scheduling. Where that is not allowed the thread goes on as any other, only that the system may not
/// be late on purpose: Linux makes wake-ups wait up to 50 µs for company.
pub(crate) fn prefer() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_timerslack(1);
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    if let Ok(low) = ThreadPriorityValue::try_from(10u8) {
        let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let _ = set_thread_priority_and_policy(
            thread_native_id(),
            ThreadPriority::Crossplatform(low),
            policy,
        );
    }
}

/// Sleeps to an absolute time, so that what a tick takes does not add up.
fn sleep_until(deadline: Instant) {
    use nix::sys::time::TimeSpec;
    use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        match clock_gettime(ClockId::CLOCK_MONOTONIC) {
            Ok(now) => {
                let until = now + TimeSpec::from_duration(left);
                let _ = clock_nanosleep(
                    ClockId::CLOCK_MONOTONIC,
                    ClockNanosleepFlags::TIMER_ABSTIME,
                    &until,
                );
            }
            Err(_) => std::thread::sleep(left),
        }
    }
}
