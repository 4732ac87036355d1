//! What several benches need: how a measurement is printed, medians, clicks in recordings, whole phones and their peers.
#![allow(
    clippy::missing_panics_doc,
    reason = "a bench that can't go on says why and ends"
)]

pub mod chance;
pub mod clicks;
pub mod invite;
pub mod offer;
pub mod phones;
pub mod pjsua2;
pub mod print;
pub mod speech;
pub mod starts;
pub mod statistics;
pub mod weather;
pub mod wire_party;
