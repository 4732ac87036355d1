//! The sockets of signalling: datagrams, streams, names. It carries bytes and knows no transaction; what the bytes mean, the
//! user agent says.
mod address;
mod resolve;
mod tcp;
mod udp;

pub(crate) use address::outgoing;
pub(crate) use resolve::{Question, Resolution, Resolver};
pub(crate) use tcp::{StreamEvent, Streams};
pub(crate) use udp::Datagrams;
