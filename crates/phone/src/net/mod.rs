//! The sockets of signalling: datagrams, streams, names. It carries bytes and knows no transaction; what the bytes mean, the
//! user agent says.
mod address;
mod families;
mod resolve;
mod srv;
mod stream;
mod tcp;
mod tls;
mod udp;
mod watch;

pub(crate) use address::{way_out, way_outside};
pub(crate) use families::Families;
pub(crate) use resolve::{Resolution, Resolver, look_up};
pub(crate) use srv::Services;
pub(crate) use stream::StreamEvent;
pub(crate) use tcp::{Connection, Streams, listener, open};
pub(crate) use tls::{Believed, Identity, IdentityFault, Security, fault as tls_fault};
pub(crate) use udp::{Datagrams, socket};
pub(crate) use watch::{Look, NetworkWatch};
