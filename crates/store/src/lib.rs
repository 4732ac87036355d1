//! The store: what is kept of calls, wrap-ups and the agent's presence, in one SQLite file.
//!
//! Its input are the phone's entries ([`Entry`]), which a thread of its own writes ([`Store`]), and questions about what was kept
//! ([`Filter`]). It knows SQL and the rows of its tables. It knows no SIP and decides nothing about a call; words such as a role or
//! an outcome are the caller's, kept as they come.
//! What is to be told to others waits in the outbox ([`Outgoing`]): its rows are written with the record that they are about, and
//! [`Outbox`] hands them out, one webhook's in their order. Sending them is the caller's.
//! Calls that go on when the phone dies are in the journal ([`JournalRow`]), and what a start finds there is the caller's to take up.
//! It reads the wall clock for two things only: what is too old, and the name of a file that is set aside.
//!
//! What is kept: the entries of one transaction are in the file together or not at all. What [`Store::keep_now`] has confirmed
//! is on the disk (WAL, `synchronous = FULL`). What [`Store::keep`] was given is in the system's hands as soon as the thread
//! has come to it, so that no crash of the phone loses it from then on, and on the disk 100 ms and one sync later. Where the disk
//! refuses, entries of [`Store::keep`] are held and written when there is room again, in their order.

mod error;
mod file;
mod history;
mod journal;
mod outbox;
mod purge;
mod restore;
mod row;
mod schema;
mod store;
mod write;

pub use error::StoreError;
pub use file::{OpenFile, SetAside, open, open_to_read};
pub use history::{Filter, HistoryCall, HistoryEvent, HistoryLeg, HistoryWrapUp, Kind, Page};
pub use journal::JournalRow;
pub use outbox::{Occasion, Outbox, Outgoing, Parcel, Subscription};
pub use restore::{Restored, RestoredWrapUp};
pub use row::{Began, CallNumber, Entry, LegRow, Origin, Party, TurnedAway, WrapUpNumber};
pub use store::{Options, Report, Store};
