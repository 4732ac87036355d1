//! Chance, so that no two clocks stand to each other as they stood before.
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Sleeps for any time up to 20 ms, a packet's length.
pub fn sleep_a_phase() {
    let drawn = RandomState::new().build_hasher().finish();
    std::thread::sleep(Duration::from_micros(drawn % 20_000));
}

/// More runs of each, as `cargo xtask bench --long` asks for.
#[must_use]
pub fn long() -> bool {
    std::env::args().any(|argument| argument == "--long")
}
