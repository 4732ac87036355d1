//! What several suites share.
#![allow(dead_code, reason = "each suite uses its part")]
pub(crate) mod exercise;

use trialog_sdp::{Codec, Description, LocalMedia};

pub(crate) fn read(text: &str) -> Description {
    Description::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A description with these lines after `t=`, at 192.0.2.9.
pub(crate) fn with(lines: &str) -> Description {
    read(&format!(
        "v=0\no=far 7 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n{lines}"
    ))
}

pub(crate) fn local(codecs: &[Codec]) -> LocalMedia {
    LocalMedia::new(([192, 0, 2, 1], 10_000).into(), codecs.to_vec())
}
