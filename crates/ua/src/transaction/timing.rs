//! The times of RFC 3261 §17, in the standard's words.
use std::time::Duration;

/// Estimate of a round trip.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// The longest wait between retransmissions of a non-INVITE request or of a response to an INVITE.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// Timers B, F, H, J, L and M.
pub(crate) const TRANSACTION_TIMEOUT: Duration = T1.saturating_mul(64);
/// Timer D for an unreliable transport: at least 32 s.
pub(crate) const TIMER_D: Duration = Duration::from_secs(32);
/// A re-INVITE with a provisional response is given up after so long without another one: what timer C is for a proxy (RFC 3261 §16.6
/// step 11). For a user agent the RFC has no such limit; without one a far side that answers 100 and no more would block the
/// dialog's session for ever, and the dialog would outlive its call.
pub(crate) const REINVITE_TIMEOUT: Duration = Duration::from_secs(181);
/// A server transaction says 100 when nothing else was said for so long (RFC 3261 §17.2.1).
pub(crate) const TRYING: Duration = Duration::from_millis(200);
