//! The SIP user agent, without input or output of its own (RFC 3261 and what a transfer needs beyond it).
//!
//! It speaks and decides nothing: the call-state core's actions become transactions, and the wire becomes events. Bytes,
//! time, addresses and the seed of all randomness are arguments; bytes to send, events and agreed sessions are polled. The
//! way of a request in: [`UserAgent::handle_input`] → transaction → dialog → event; of an action out: the reverse.
//!
//! [`Endpoint`] is core and user agent in one, which the program `trialog` and the simulated network both run.
//!
//! What is ours on the wire, and what a peer that knows nothing of it sees:
//! - `Trialog-Role: guest` in the INVITE of a consult. Others ignore it.
//! - `Recv-Info: trialog` (RFC 6086) tells an agent's phone from others; only such a one is sent INFO of that package.
//!
//! Departures from the standards: a request over 1,300 bytes goes by UDP unless its account says TCP ([`Account::transport`]);
//! an INVITE with `Replaces` of a ringing call of ours gets 481; `100rel` and session timers are not offered; OPTIONS gets 200
//! whether or not a call would be taken now, since a PBX asks whether we are there. A call that is redirected (3xx) is followed,
//! five times at most.
mod acknowledge;
mod agent;
mod answered;
mod authentication;
mod body;
mod config;
mod dialog;
mod dialogs;
mod endpoint;
mod id_map;
mod inbound;
mod info;
mod invite;
mod invite_usage;
mod io;
mod media;
mod outbound;
mod queue;
mod random;
mod refer;
mod registration;
mod replaces;
mod subscription;
mod timers;
mod transaction;

pub use agent::{Counts, UserAgent};
pub use config::{Account, Config, Contacts, Trusted};
pub use endpoint::{Endpoint, EndpointInput, EndpointOutput, LiveCounts};
pub use io::{
    ConnectionId, Input, Output, RegistrationFault, RegistrationState, ResolveId, Source, Transmit,
    Transport,
};
