//! The audio engine: devices, the tick, each leg's chain, the hand-over between the threads.
//!
//! [`Engine`] is the control side: it builds legs and states who hears whom. The audio side is one value, the bridge,
//! that the sound card's thread or a timer takes up every 10 ms; its module says what each hop costs in time. The engine
//! obeys: it knows no calls, no SIP and no roles.

mod assemble;
mod baton;
mod bridge;
mod card;
mod control;
mod decode;
mod device;
mod event;
mod file_end;
mod handover;
mod heap_count;
mod leg;
mod lone;
mod params;
mod phase;
mod receive;
mod send;
mod service;
mod socket;
mod source;
mod speech;
mod tick_clock;
mod wav;

pub use control::Engine;
pub use event::{EngineError, EngineEvent, LegStats, Stats};
pub use params::{AudioEnd, LoneSound, Options, PortOf, PortSpec, SessionParams, Tone};
pub use socket::RtpSocket;
pub use speech::Speech;
pub use trialog_codec::Codec;

/// Most legs of the bridge at once: it has 256 ports, and the local party has one. Legs that stand alone are not counted.
pub const MAX_LEGS: usize = 255;
