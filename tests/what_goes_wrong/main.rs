//! Each row of "what goes wrong, and what then", played through by whole phones. A row's tests stand in the module that is
//! named after it. While they run, the world watches the one promise: the customer is never dropped, and never left in
//! silence unannounced, by a thing that failed.
mod a_leg_falls_silent;
mod cannot_be_referred;
mod device_goes_away;
mod guest_is_not_reached;
mod hold_is_refused;
mod network_changes;
mod phone_crashes;
mod phone_is_killed;
mod second_step_of_a_swap_fails;
mod transfer_is_refused;
mod transfer_is_withdrawn;
mod unhold_at_the_conferences_start;

use std::time::Duration;

/// So many seconds.
fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
