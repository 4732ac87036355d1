//! What lies between a datagram and a payload to be decoded: RTP packets, their order, their timing, RTCP.
//!
//! Everything here is sans-IO: datagrams and their times of arrival are handed in, payloads and datagrams to be sent come
//! out. The clock of the receiving side is the tick of whoever pulls, in samples at 48 kHz. [`JitterBuffer`],
//! [`Reception`], [`EventReceiver`] and [`EventSender`] allocate only when they are created, so that they may live on an
//! audio thread; [`rtcp`] allocates and may not.

mod event;
mod jitter;
mod packet;
mod pull;
mod reception;
pub mod rtcp;
mod timing;

pub use event::{EventPacket, EventReceiver, EventSender};
pub use jitter::JitterBuffer;
pub use packet::{HEADER, Header, LARGEST_PAYLOAD, parse, write};
pub use pull::{Adjust, JitterConfig, JitterStats, Pull};
pub use reception::{Place, Reception, ReceptionStats};
pub use timing::Timing;
