//! What goes right: each story of the demo by whole phones, in good weather and in bad, and the races of the wire.
mod bad_weather;
mod races;
mod stories;

use std::time::Duration;

/// So many seconds.
fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
