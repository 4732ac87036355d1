//! The bridge: who speaks in a group is heard by who hears in it, each without himself.
//!
//! It knows ports, not parties: the engine says which port is whom. Frames come from the legs' chains and the local
//! microphone and go to encoders and the loudspeaker; tones and music come in as frames too. It has no clock: a call of
//! [`Mixer::mix`] is one tick of 10 ms. It allocates nothing after [`Mixer::new`], and no input makes it panic.
//!
//! Costs: a sum per group, then one subtraction for each listener, so linear in the ports.

mod limiter;
mod mix;
mod routing;
mod sum;

pub use mix::Mixer;
pub use routing::{MAX_PORTS, Port, PortRouting, PortTone};
