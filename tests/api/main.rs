//! The control API of real phones, as a script uses it: every answer and every event of a whole conference is as the API's
//! document says, a script in another language needs nothing else, and many who follow don't slow a phone down. And what the README has
//! its reader paste does what it says.
#[path = "../../crates/desk/tests/judge/mod.rs"]
mod judge;

mod conference;
mod document;
mod muted;
mod phone;
mod readers;
mod readme;
mod script;
