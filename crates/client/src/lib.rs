//! A client of the phone's API, blocking: [`Client`] asks and gets typed answers, [`Events`] follows what happens.
//!
//! It finds a running phone by the file that the phone writes ([`Address`]), and knows nothing of calls: which act is allowed and
//! what it does, the phone has to say. The JSON's types are those of the server itself ([`api`]).
//!
//! ```no_run
//! use trialog_client::{Address, Client, api::{ActName, What}};
//!
//! # fn main() -> Result<(), trialog_client::Error> {
//! let phone = Client::new(Address::of_running(None)?);
//! for event in phone.events(None)? {
//!     if let What::CallOffered(began) = event?.what {
//!         phone.act(began.call, ActName::Answer)?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
mod address;
mod client;
mod error;
mod events;

pub use address::{Address, folder, is_name, running};
pub use client::Client;
pub use error::Error;
pub use events::Events;
pub use trialog_api as api;

/// A text as a part of a URL: all but the unreserved characters as `%XX` (RFC 3986 §2.3).
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}
