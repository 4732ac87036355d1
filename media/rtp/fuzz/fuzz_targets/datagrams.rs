//! Strangers' datagrams through all that reads them. `RUSTC_BOOTSTRAP=1 cargo fuzz run datagrams` in `media/rtp`.
#![no_main]

#[path = "../../tests/common/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| exercise::exercise(octets));
