//! The bridge: each port that hears in a group gets the sum of those that speak in it, without itself.
//!
//! It knows ports, not parties: the engine knows whose port is which. Frames come from the legs' chains and the local
//! microphone and go to encoders and the loudspeaker; tones and music come in as frames too. It has no clock: a call of
//! [`Mixer::mix`] is one tick of 10 ms. It allocates nothing after [`Mixer::new`], and no input makes it panic.
//!
//! Costs: a sum per group, then one subtraction for each listener, so linear in the ports.
//!
//! ```
//! use trialog_frame::{FRAME_SAMPLES, Frame};
//! use trialog_mixer::{Mixer, Port, PortRouting};
//!
//! let mut routing = PortRouting::new();
//! for port in 0..3 {
//!     routing.set(port, Port::talking(1));
//! }
//! let spoken = [0.1, 0.2, 0.3].map(|level| Frame([level; FRAME_SAMPLES]));
//! let mut heard = [Frame::SILENCE; 3];
//! let mut mixer = Mixer::new();
//! // In the first tick the routing is faded in.
//! mixer.mix(&routing, &spoken, &[], &mut heard);
//! mixer.mix(&routing, &spoken, &[], &mut heard);
//! for (heard, others) in heard.iter().zip([0.5, 0.4, 0.3]) {
//!     assert!((heard.0[0] - others).abs() < 1e-6);
//! }
//! ```

mod limiter;
mod mix;
mod routing;
mod sum;

pub use mix::Mixer;
pub use routing::{MAX_PORTS, Port, PortRouting, PortTone};
