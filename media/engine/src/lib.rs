//! The audio engine: devices, the tick, each leg's chain, the hand-over between the threads.
//!
//! [`Engine`] is the control side: it builds legs and states the routing. The audio side is one value, the bridge,
//! that the sound card's thread or a timer takes up every 10 ms; its module says what each hop costs in time. The engine
//! obeys: it knows no calls, no SIP and no roles.

mod assemble;
mod bridge;
mod card;
mod control;
mod decode;
mod device;
mod device_check;
mod early;
mod event;
mod file_end;
mod guard;
mod handover;
mod heap_count;
mod kept;
mod keys;
mod leg;
mod member;
mod microphone;
mod os;
mod parallel;
mod params;
mod pauses;
mod phase;
mod receive;
mod send;
mod service;
mod socket;
mod source;
mod speech;
mod tick_clock;
mod tick_driver;
mod unheard;
mod voice;
mod wav;

pub use control::Engine;
pub use device_check::{Echo, known_devices, play_and_hear};
pub use event::{
    DeviceInfo, Devices, EngineError, EngineEvent, KnownDevices, LegStats, Levels, Stats,
};
pub use params::{
    AudioEnd, DeviceNames, EventParams, Options, OpusLimits, ParallelSound, PortOf, PortSpec,
    SessionParams, Srtp, Tone,
};
pub use socket::RtpSocket;
pub use speech::Speech;
pub use trialog_codec::Codec;
pub use trialog_dsp::Country;
pub use trialog_srtp::{MasterKey, Suite};
pub use trialog_voice::{Noise, Settings as VoiceSettings};

/// Most legs of the bridge at once: it has 256 ports, and the local party has one. Parallel legs are not counted.
pub const MAX_LEGS: usize = 255;
