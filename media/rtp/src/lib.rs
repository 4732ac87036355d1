//! What lies between a datagram and a payload to be decoded: RTP packets, their order, their timing, RTCP; and what the way has cost.
//!
//! Everything here is sans-IO: datagrams and their times of arrival are handed in, payloads and datagrams to be sent come
//! out. The clock of the receiving side is the tick that pulls, in samples at 48 kHz. [`JitterBuffer`],
//! [`Reception`], [`EventReceiver`] and [`EventSender`] allocate only when they are created, so that they may live on an
//! audio thread; [`rtcp`] allocates and may not.
//!
//! ```
//! use trialog_frame::SampleTime;
//! use trialog_rtp::{HEADER, Header, JitterBuffer, JitterConfig, Pull, Reception, parse, write};
//!
//! let header = Header { payload_type: 0, marker: true, sequence: 1, timestamp: 160, ssrc: 7 };
//! let mut datagram = [0; HEADER + 160];
//! let length = write(&header, &[0xff; 160], &mut datagram);
//!
//! let mut reception = Reception::new();
//! let mut jitter = JitterBuffer::new(JitterConfig::default());
//! let (header, payload) = parse(&datagram[..length]).expect("RTP");
//! let arrival = SampleTime(0);
//! let sequence = reception.arrived(arrival, &header, Some(8_000)).expect("in sequence");
//! jitter.push(arrival, sequence, header.timestamp, 8_000, header.payload_type, payload);
//!
//! // The next tick, 10 ms later; no decoded sound is left from before.
//! let Pull::Play { payload, .. } = jitter.pull(SampleTime::from_millis(10), 0) else {
//!     panic!("it is due");
//! };
//! assert_eq!(payload.len(), 160);
//! // It was 20 ms of sound: 960 samples at 48 kHz.
//! jitter.played(960);
//! ```

mod e_model;
mod event;
mod jitter;
mod packet;
mod pull;
mod reception;
pub mod rtcp;
mod seen;
mod timing;

pub use e_model::Journey;
pub use event::{EventPacket, EventReceiver, EventSender};
pub use jitter::JitterBuffer;
pub use packet::{HEADER, Header, LARGEST_PAYLOAD, parse, write};
pub use pull::{Adjust, JitterConfig, JitterStats, Pull};
pub use reception::{ExtendedSequence, Reception, ReceptionStats};
pub use timing::Timing;
