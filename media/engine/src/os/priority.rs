//! The scheduling of a thread that keeps time.
use thread_priority::ThreadPriority;

/// Asks for real-time scheduling of this thread, at a low priority of that class: `SCHED_FIFO`. Refused, it changes nothing.
#[cfg(unix)]
pub(super) fn raise() {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    if let Ok(low) = ThreadPriorityValue::try_from(10u8) {
        let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let priority = ThreadPriority::Crossplatform(low);
        let _ = set_thread_priority_and_policy(thread_native_id(), priority, policy);
    }
}

/// Asks for this thread to run before others (Windows: `THREAD_PRIORITY_HIGHEST`). Refused, it changes nothing.
#[cfg(not(unix))]
pub(super) fn raise() {
    let _ = thread_priority::set_current_thread_priority(ThreadPriority::Max);
}
