//! What can be measured in a recording: the pilots, speech, music, silence, and one's own voice.
//!
//! Levels are in dB; full scale is a sine of amplitude 1. Times are µs since 1970. Nothing here knows a story.
mod activity;
mod filter;
mod gap;
mod pilot;
mod recording;
mod speech;

pub use activity::{quiet, solo, together, utterances};
pub use gap::{Tone, longest_gap};
pub use pilot::{LEVEL_SEGMENT, PILOT_SEGMENT, pilot_level, pilot_segments, pilot_track};
pub use recording::{RATE, Recording};
pub use speech::{VOICE_RATE, Voice, envelope, music_level, projection, share, voice_gain};

/// Power to dB; a bottom of −150 dB keeps the logarithm finite.
#[must_use]
pub fn db(power: f64) -> f64 {
    10.0 * power.max(1e-15).log10()
}
