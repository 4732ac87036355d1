//! The SIP among the three, as their phones saw it at their sockets.
//!
//! Read leniently and on its own: a witness that shared the phone's parser would share its faults.
mod dialog;
mod message;
mod trace;

pub(crate) use dialog::replaces_in;
pub use dialog::{Bye, Dialog, Direction, Offer, Refer, Wire, dialogs};
pub use message::{Line, Message};
pub use trace::{Entry, Seen, merge, read_trace};
