//! The SIP among the three, as their phones saw it at their sockets.
//!
//! Read leniently and on its own: a witness that shared the phone's parser would share its faults.
mod dialog;
mod facts;
mod trace;

pub use dialog::{Bye, Dialog, Direction, Offer, Refer, Wire, dialogs};
pub(crate) use facts::{key_facts, replaces_in};
pub use trace::{Entry, Seen, merge, read_trace};
pub use trialog_sip_text::{Line, Message};
