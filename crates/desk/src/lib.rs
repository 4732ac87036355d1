//! The agent's desktop: the phone as HTTP and JSON, with events by WebSocket, on the loopback interface only.
//!
//! Its input comes from two sides. Clients send requests, which become [`CommandRequest`]s for the phone's one loop and are answered
//! with its [`Reply`]. Where a client follows the events, the loop says what happens ([`Feed`]). The desk keeps no state
//! of its own and decides nothing: whether an act is allowed, the call-state core says.
//!
//! # The API
//! `GET /api/openapi.json` describes it whole ([`document()`]): it is made from the table that also makes the router. Every other
//! request carries `Authorization: Bearer TOKEN`, or what a browser got that was paired ([`Pairing`]). The `Host` must be this machine, and an `Origin`, where there is one, the same.
//! What goes wrong is told by problem documents ([`trialog_api::Problem`]), what happens by `/api/events` ([`trialog_api::Event`]).

mod command;
mod contacts;
mod feed;
mod guard;
mod linger;
mod members;
pub mod messages;
pub mod names;
mod openapi;
mod page;
mod pairing;
mod problem;
mod routes;
mod seats;
mod server;
mod socket;
mod table;
mod token;
mod view;
pub mod words;
mod wrong;

pub use command::{Command, CommandRequest, DigitFault, Reply, Wrong};
pub use contacts::Contacts;
pub use feed::Feed;
pub use openapi::document;
pub use pairing::{PageKeys, Pairing, RoleKeys};
pub use server::{Desk, serve};
pub use table::request;
pub use token::{OtherTokens, Token};
pub use view::{Identity, IdleFor, Look, UnixTime, account};
