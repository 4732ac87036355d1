//! Whole phones (core and user agent) in a network that is made up, at a time that is made up.
//!
//! A [`World`] holds the phones and the [`Network`](network) between them. A test says who does what and lets time
//! pass; after each step the world checks what must always be true ([`promise`]), and [`Audible`](sound::Audible) tells who hears whom.
#![allow(clippy::missing_panics_doc, reason = "that is how a test fails")]

pub mod chance;
pub mod foreign;
pub mod hosts;
pub mod killing;
mod moving;
pub mod network;
pub mod phone;
pub mod program;
pub mod promise;
pub mod pulse;
pub mod simulator;
pub mod sound;
pub mod standstill;
pub mod tone;
pub mod trio;
pub mod wire;
pub mod world;

pub use network::{Link, Meddling, Wanted};
pub use phone::Model;
pub use sound::PhoneId;
pub use trio::{CUSTOMER, GUEST, OWNER};
pub use world::World;
