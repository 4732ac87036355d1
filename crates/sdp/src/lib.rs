//! Session descriptions (RFC 8866) and their negotiation by offer and answer (RFC 3264), for one audio stream.
//!
//! Text comes from the bodies of SIP messages and goes back there. [`Session`] is one dialog's side of the negotiation:
//! it makes offers, answers and reads answers, keeps payload numbers and the order of media lines as they must be
//! kept, and counts its versions. It opens no socket: addresses are arguments.
//!
//! ```
//! use trialog_sdp::{Codec, Description, Direction, LocalMedia, Session};
//! let local = |port| LocalMedia::new(([192, 0, 2, 1], port).into(), vec![Codec::Opus, Codec::Pcma]);
//! let mut caller = Session::new(1, local(10_000));
//! let mut called = Session::new(2, local(20_000));
//! let offer = Description::parse(caller.offer().to_string().as_bytes())?;
//! let (answer, theirs) = called.answer(&offer)?;
//! let ours = caller.accept_answer(&answer)?;
//! assert_eq!(ours.codec, Codec::Opus);
//! assert_eq!((ours.remote.port(), theirs.remote.port()), (20_000, 10_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod address;
mod answer;
mod codec;
mod crypto;
mod description;
mod direction;
mod error;
mod format;
mod kept;
mod media;
mod negotiated;
mod offer;
mod parse;
mod session;

pub use address::{Address, Origin};
pub use answer::{accept_answer, answer};
pub use codec::{Codec, OpusFormat};
pub use crypto::{Key, Protection, Security, Srtp, Suite};
pub use description::{Attribute, Description, Line};
pub use direction::Direction;
pub use error::{DescriptionError, NegotiationError};
pub use format::Format;
pub use kept::KeptSession;
pub use media::Media;
pub use negotiated::{Negotiated, TelephoneEvent};
pub use offer::{LocalMedia, offer};
pub use session::Session;
