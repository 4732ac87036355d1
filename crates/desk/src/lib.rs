//! The agent's desktop: the phone as HTTP and JSON, with events by WebSocket, on the loopback interface only.
//!
//! Its input comes from two sides. Clients send requests, which become [`Order`]s for the phone's one loop and are answered
//! with its [`Outcome`]. Where a client follows the events, the loop says what happens ([`Feed`]). The desk keeps no state
//! of its own and decides nothing: whether an act is allowed, the call-state core says.
//!
//! # The API, version 1
//! Every request carries `Authorization: Bearer TOKEN`. The `Host` must be the loopback address, and an `Origin`, where there is
//! one, the same. Errors: 401 wrong token, 403 wrong host or origin, 404 no such call, wrap-up, act or path, 409 refused with
//! `{"refused", "reason", "reason_de"}`, 400 and 413 for bodies with `{"error"}`.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /api/status` | | [`model::Status`] |
//! | `POST /api/calls` | `{"to", "account"?}` | 201 `{"call"}` |
//! | `POST /api/calls/ID/ACT` | `{}`, `{"to"}` or `{"digit"}` | `{"done": true}` |
//! | `POST /api/hook` | | `{"done": true}` |
//! | `POST /api/presence` | `{"presence": "available" \| "idle"}` | `{"done": true}` |
//! | `POST /api/wrap-ups/ID/submit`, `draft` | `{"reason"}` | `{"done": true}` |
//! | `POST /api/wrap-ups/ID/extend` | | `{"done": true}` |
//! | `POST /api/audio/say` | `{"file"}` | `{"done": true}` |
//! | `POST /api/shutdown` | | `{"done": true}` |
//! | `GET /api/events` | WebSocket; `?since=SEQ` resumes; the token may be `?token=` | [`model::Event`] |

pub mod act;
mod body;
mod feed;
pub mod model;
mod order;
mod routes;
mod server;
mod socket;
mod token;
mod view;
pub mod words;

pub use feed::Feed;
pub use order::{Command, Order, Outcome, Problem};
pub use server::{Desk, serve};
pub use token::Token;
pub use view::{Identity, Look, UnixTime};
