//! The tick: the bridge lies in a lock-free cell; the driving thread takes it out, ticks, and puts it back.
//!
//! The sound card's thread drives while it calls back in time. The timer thread watches: when no tick came for 17 ms it
//! makes the missing ones up and drives on, so that the parties hear each other on. The sound card takes over again after
//! some callbacks in time, and so does another one from it. Without a local party, or while no sound device is open for one, and
//! without legs the timer rests.
use crate::bridge::Bridge;
use crate::heap_count::HeapWatch;
use crate::microphone::MicrophoneEnd;
use crate::os;
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
pub(crate) const MOST_BEHIND: Duration = Duration::from_secs(2);

/// Who drives: the timer, or the sound card's playback of another number.
const TIMER: u64 = 0;

/// What a tick needs.
pub(crate) struct Work {
    bridge: Bridge,
    microphone: MicrophoneEnd,
}

/// What timer, sound card and control share.
pub(crate) struct TickDriver {
    work: AtomicCell<Option<Box<Work>>>,
    origin: Instant,
    /// Microseconds since the origin.
    last_tick: AtomicU64,
    drives: AtomicU64,
    /// The playback that may take the drive.
    chosen: AtomicU64,
    /// No sound device is open or wanted for the local party.
    local_rests: AtomicBool,
    stop: AtomicBool,
    /// The bridge has nothing to do.
    rests: AtomicBool,
    timer: OnceLock<Thread>,
    pub(crate) ticks: AtomicU64,
    pub(crate) taken_over: AtomicU64,
    pub(crate) longest_us: AtomicU64,
    pub(crate) overrun: AtomicU64,
    /// How much earlier the next tick of the timer is to be, in samples.
    advance: AtomicU64,
    pub(crate) heap: HeapWatch,
}

impl TickDriver {
    pub(crate) fn new(bridge: Bridge, microphone: MicrophoneEnd) -> Self {
        Self {
            work: AtomicCell::new(Some(Box::new(Work { bridge, microphone }))),
            origin: Instant::now(),
            last_tick: AtomicU64::new(0),
            drives: AtomicU64::new(TIMER),
            chosen: AtomicU64::new(TIMER),
            local_rests: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            rests: AtomicBool::new(false),
            timer: OnceLock::new(),
            ticks: AtomicU64::new(0),
            taken_over: AtomicU64::new(0),
            longest_us: AtomicU64::new(0),
            overrun: AtomicU64::new(0),
            advance: AtomicU64::new(0),
            heap: HeapWatch::default(),
        }
    }

    /// Milliseconds since the engine's start.
    pub(crate) fn millis(&self) -> u64 {
        self.origin.elapsed().as_millis() as u64
    }

    /// Takes the bridge, ticks and puts it back. False when another thread has it just now. Any thread may call it.
    pub(crate) fn tick(&self, ear: Option<&mut Frame>) -> bool {
        self.heap.watch(|| self.tick_unwatched(ear))
    }

    fn tick_unwatched(&self, ear: Option<&mut Frame>) -> bool {
        let Some(mut work) = self.work.take() else {
            return false;
        };
        let begun = self.origin.elapsed();
        self.last_tick
            .store(begun.as_micros() as u64, Ordering::Relaxed);
        let unix = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let mut said = Frame::SILENCE;
        let microphone = work.microphone.take(&mut said).then_some(&said);
        let bridge = &mut work.bridge;
        let heard = bridge.tick(unix.as_nanos() as i128, begun, microphone);
        if let Some(ear) = ear {
            *ear = *heard;
        }
        self.advance.store(bridge.advance(), Ordering::Relaxed);
        let local_rests = self.local_rests.load(Ordering::Acquire);
        self.rests
            .store(bridge.rests(local_rests), Ordering::Relaxed);
        // The cell is empty since the take, so nothing is dropped here.
        self.work.store(Some(work));
        let took = (self.origin.elapsed() - begun).as_micros() as u64;
        self.longest_us.fetch_max(took, Ordering::Relaxed);
        if took > TICK.as_micros() as u64 {
            self.overrun.fetch_add(1, Ordering::Relaxed);
        }
        self.ticks.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Whether a sound card drives.
    pub(crate) fn device_drives(&self) -> bool {
        self.driving() != TIMER
    }

    /// The number of the playback that drives; 0: the timer does.
    pub(crate) fn driving(&self) -> u64 {
        self.drives.load(Ordering::Acquire)
    }

    /// This playback takes the drive.
    pub(crate) fn drive(&self, number: u64) {
        self.drives.store(number, Ordering::Release);
    }

    /// Whether this playback may take the drive.
    pub(crate) fn may_drive(&self, number: u64) -> bool {
        self.chosen.load(Ordering::Acquire) == number
    }

    /// The playback of this number, and no other, may take the drive from now on; 0: none.
    pub(crate) fn choose(&self, number: u64) {
        self.chosen.store(number, Ordering::Release);
    }

    /// This playback is over: where it drove, the timer does.
    pub(crate) fn release(&self, number: u64) {
        let orders = (Ordering::AcqRel, Ordering::Acquire);
        let _ = self
            .chosen
            .compare_exchange(number, TIMER, orders.0, orders.1);
        let _ = self
            .drives
            .compare_exchange(number, TIMER, orders.0, orders.1);
    }

    /// How long the last tick is past.
    pub(crate) fn since_tick(&self) -> Duration {
        let last = Duration::from_micros(self.last_tick.load(Ordering::Relaxed));
        self.origin.elapsed().saturating_sub(last)
    }

    /// Whether the local party has no sound device open and wants none.
    pub(crate) fn rest_local(&self, rests: bool) {
        self.local_rests.store(rests, Ordering::Release);
        if !rests {
            self.wake();
        }
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

    /// The bridge itself, when no thread ticks any more.
    pub(crate) fn take(&self) -> Option<Box<Work>> {
        self.work.take()
    }

    /// The timer thread, until [`TickDriver::stop`].
    pub(crate) fn run_timer(&self) {
        os::raise_priority();
        let _ = self.timer.set(std::thread::current());
        let mut next = self.origin.elapsed() + TICK;
        while !self.stop.load(Ordering::Acquire) {
            os::sleep_until(self.origin + next);
            if self.device_drives() {
                let last = Duration::from_micros(self.last_tick.load(Ordering::Relaxed));
                if self.origin.elapsed() < last + PATIENCE {
                    next = last + PATIENCE;
                    continue;
                }
                self.drive(TIMER);
                self.taken_over.fetch_add(1, Ordering::Relaxed);
                next = last + TICK;
            }
            let behind = self.origin.elapsed().saturating_sub(next);
            if behind > MOST_BEHIND {
                next += behind;
            }
            self.tick(None);
            let advance = self.advance.swap(0, Ordering::Relaxed);
            next += TICK
                - Duration::from_nanos(advance * 1_000_000_000 / u64::from(RATE)).min(TICK / 2);
            if self.rests.load(Ordering::Relaxed) && !self.stop.load(Ordering::Acquire) {
                // A command that has come since that look has unparked this thread, so that it goes on at once.
                std::thread::park();
                next = self.origin.elapsed();
            }
        }
    }
}
