//! Octets through everything that reads them. `RUSTC_BOOTSTRAP=1 cargo fuzz run octets` in `crates/sip`.
#![no_main]

#[path = "../../tests/common/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| exercise::exercise(octets));
