//! What several benches need: how a measurement is printed, medians, and the message that parsers are measured by.
#![allow(
    clippy::missing_panics_doc,
    reason = "a bench that can't go on says why and ends"
)]

pub mod invite;
pub mod print;
pub mod statistics;
