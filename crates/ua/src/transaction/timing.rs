//! The times of RFC 3261 §17, in the standard's words.
use std::time::Duration;

/// Estimate of a round trip.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// The longest wait between retransmissions of a non-INVITE request or of a response to an INVITE.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// 64·T1: timers B, F, H, J, L and M.
pub(crate) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(32);
/// Timer D for an unreliable transport: at least 32 s.
pub(crate) const TIMER_D: Duration = Duration::from_secs(32);
/// A server transaction says 100 when nothing else was said for so long (RFC 3261 §17.2.1).
pub(crate) const TRYING: Duration = Duration::from_millis(200);
