//! Fuzz targets for all that reads foreign bytes, each with a corpus that is kept in `corpus/NAME`.
//!
//! `cargo xtask fuzz` runs them by libFuzzer, which follows the branches that an input takes; the test `kept` runs the same targets over
//! what is kept, and over copies that are damaged by a fixed seed, wherever there is only `cargo test`. A target panics when a promise of
//! the code behind it is broken.
mod endpoint;
mod media;
mod mutator;
mod package;
mod text;

#[path = "../../media/rtp/tests/common/exercise.rs"]
mod rtp;
#[path = "../../crates/sdp/tests/common/exercise.rs"]
mod sdp;
#[expect(dead_code, reason = "the package's own test reads in all ways at once")]
#[path = "../../crates/sip/tests/common/exercise.rs"]
mod sip;

pub use endpoint::RECORDS;
pub use mutator::{Chance, mutate, mutate_records};

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its folder in `corpus`.
    pub name: &'static str,
    /// What it does with an input.
    pub run: fn(&[u8]),
    /// The longest input, in bytes: about four times what a real one has.
    pub longest: usize,
    /// Its input is a sequence of records ([`mutate_records`]); else it is damaged anywhere.
    pub records: bool,
}

/// All targets.
pub const TARGETS: [Target; 12] = [
    target("sip_message", sip::datagram, 4096),
    target("sip_values", sip::values, 512),
    target("sip_stream", sip::stream, 4096),
    target("sip_digest", sip::digests, 1024),
    target("message_summary", package::message_summary, 1024),
    target("dialog_info", package::dialog_info, 4096),
    target("sdp", sdp::exercise, 4096),
    target("rtp", rtp::exercise, 2048),
    target("telephone_event", media::telephone_event, 512),
    target("json", text::json, 1024),
    target("config", text::config, 4096),
    Target {
        name: "endpoint",
        run: endpoint::play,
        longest: 16384,
        records: true,
    },
];

const fn target(name: &'static str, run: fn(&[u8]), longest: usize) -> Target {
    Target {
        name,
        run,
        longest,
        records: false,
    }
}

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
