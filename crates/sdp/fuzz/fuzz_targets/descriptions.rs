//! Bodies as offers and as answers. `RUSTC_BOOTSTRAP=1 cargo fuzz run descriptions` in `crates/sdp`.
#![no_main]

#[path = "../../tests/common/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|body: &[u8]| exercise::exercise(body));
