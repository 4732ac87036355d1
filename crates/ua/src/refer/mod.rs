//! REFER (RFC 3515), from both sides. The core decides where a party is sent and whether to go; here are the messages between.
//! How it goes is told by a subscription (see [`crate::subscription`]).
mod client;
mod server;

pub(crate) use server::ReferServer;
