//! The agent's desktop: the phone as HTTP and JSON, with events by WebSocket, on the loopback interface only.
//!
//! Its input comes from two sides. Clients send requests, which become [`Order`]s for the phone's one loop and are answered
//! with its [`Outcome`]. Where a client follows the events, the loop says what happens ([`Feed`]). The desk keeps no state
//! of its own and decides nothing: whether an act is allowed, the call-state core says.
//!
//! # The API
//! `GET /api/openapi.json` describes it whole ([`document()`]): it is made from the table that also makes the router. Every other
//! request carries `Authorization: Bearer TOKEN`. The `Host` must be this machine, and an `Origin`, where there is one, the same.
//! What goes wrong is told by problem documents ([`model::Problem`]), what happens by `/api/events` ([`model::Event`]).

pub mod act;
mod feed;
mod field;
mod guard;
pub mod model;
mod names;
mod openapi;
mod order;
mod problem;
mod routes;
mod server;
mod socket;
mod table;
mod token;
mod view;
pub mod words;

pub use feed::Feed;
pub use openapi::document;
pub use order::{Command, Order, Outcome, Wrong};
pub use server::{Desk, serve};
pub use token::Token;
pub use view::{Identity, Look, UnixTime};
