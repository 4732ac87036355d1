//! The audio engine: devices, the tick, each leg's chain.
#![allow(dead_code)]

mod control;
mod event;
mod params;
mod socket;

pub use control::Engine;
pub use event::{EngineError, EngineEvent, LegStats, Stats};
pub use params::{AudioEnd, Options, SeatOf, SeatSpec, SessionParams, Tone};
pub use socket::RtpSocket;
pub use trialog_codec::Codec;

/// Most legs at once: the bridge has 256 ports, and the local party has one.
pub const MAX_LEGS: usize = 255;
