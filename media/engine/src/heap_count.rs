//! How often an audio thread used the heap: counted in the tests of this package (feature `count-heap`), where the global
//! allocator is assert_no_alloc's. In the program the watch is the call itself, and nothing else.
#[cfg(not(feature = "count-heap"))]
mod watch {
    /// Counts nothing.
    #[derive(Default)]
    pub(crate) struct HeapWatch(());

    impl HeapWatch {
        /// Calls `tick`.
        pub(crate) fn watch<T>(&self, tick: impl FnOnce() -> T) -> T {
            tick()
        }

        /// Calls `work`.
        pub(crate) fn count<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }
    }
}

#[cfg(feature = "count-heap")]
mod watch {
    use crate::Engine;
    use crossbeam_utils::atomic::AtomicCell;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Counts uses of the heap.
    #[derive(Default)]
    pub(crate) struct HeapWatch {
        uses: AtomicU64,
        hook: AtomicCell<Option<fn()>>,
    }

    impl HeapWatch {
        /// Calls the test's hook and `tick`, and counts what they use.
        pub(crate) fn watch<T>(&self, tick: impl FnOnce() -> T) -> T {
            self.count(|| {
                if let Some(hook) = self.hook.load() {
                    hook();
                }
                tick()
            })
        }

        /// Calls `work`, and counts what it uses. Within another `count` that one counts.
        pub(crate) fn count<T>(&self, work: impl FnOnce() -> T) -> T {
            let before = assert_no_alloc::violation_count();
            let done = assert_no_alloc::assert_no_alloc(work);
            let uses = assert_no_alloc::violation_count().wrapping_sub(before);
            self.uses.fetch_add(u64::from(uses), Ordering::Relaxed);
            done
        }
    }

    /// For tests of this package.
    impl Engine {
        /// How often the heap was used on the audio thread: to be 0.
        #[doc(hidden)]
        pub fn heap_uses(&self) -> u64 {
            self.driver.heap.uses.load(Ordering::Relaxed)
        }

        /// Something to be done on the audio thread at each tick.
        #[doc(hidden)]
        pub fn on_each_tick(&mut self, hook: fn()) {
            self.driver.heap.hook.store(Some(hook));
        }
    }
}

pub(crate) use watch::HeapWatch;
