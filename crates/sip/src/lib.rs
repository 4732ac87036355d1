//! SIP messages: octets to message and back (RFC 3261 §7, §25), typed headers, framing of streams, digest.
//!
//! Octets come from a socket that the caller holds. Everything that can be wrong with them is an error value. What
//! is read is kept as text and read further on demand, so that reading costs three allocations whatever the headers;
//! what is kept can be written as it was. Nothing here knows transactions or dialogs: that is the user agent's.
//!
//! ```
//! use trialog_sip::{HeaderName, Limits, Message};
//! let octets = b"OPTIONS sip:bob@[2001:db8::1] SIP/2.0\r\n\
//!     v: SIP/2.0/UDP host;branch=z9hG4bK1, SIP/2.0/TCP far\r\n\
//!     f: Alice <sip:alice@example.com>;tag=1\r\n\r\n";
//! let message = Message::parse_datagram(octets, &Limits::default())?;
//! assert_eq!(message.headers().all(&HeaderName::Via).count(), 2);
//! let from = message.headers().from().expect("it is there")?;
//! assert_eq!(from.tag(), Some("1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod check;
pub mod conference_info;
mod dialog_info;
pub mod digest;
mod error;
mod escape;
mod grammar;
mod header_name;
mod headers;
mod host;
mod limits;
mod message;
mod message_summary;
mod method;
pub mod multipart;
mod params;
mod parse;
pub mod sipfrag;
mod status;
mod stream;
mod text;
mod uri;
mod uri_equivalence;
mod values;
mod write;

pub use check::Fault;
pub use dialog_info::{DialogEntry, DialogInfo, DialogState};
pub use error::{ErrorKind, ParseError, ValueError};
pub use header_name::HeaderName;
pub use headers::Headers;
pub use host::Host;
pub use limits::Limits;
pub use message::{Message, Request, Response};
pub use message_summary::MessageSummary;
pub use method::Method;
pub use params::Params;
pub use status::{StatusCode, reason_phrase};
pub use stream::{Frame, StreamFramer};
pub use text::Text;
pub use uri::{Scheme, Uri};
pub use values::{
    CSeq, Event, MediaType, NameAddr, RAck, Reason, Refresher, Replaces, Seconds, SessionExpires,
    SubscriptionState, TargetDialog, Transport, Value, Via,
};
