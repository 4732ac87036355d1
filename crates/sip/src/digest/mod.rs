//! Digest access authentication (RFC 7616, RFC 8760 for SIP): the server's challenge, the client's credentials, the
//! reckoning of one from the other and its check.
//!
//! Nonces and cnonces are arguments: nothing here is random. Whether a nonce is fresh is the caller's to know.
mod algorithm;
mod answer;
mod challenge;
mod credentials;
mod pairs;
mod secret;

pub use algorithm::Algorithm;
pub use answer::{answer, answer_hashed, choose, verify, verify_hashed};
pub use challenge::{Challenge, Qop};
pub use credentials::Credentials;
pub use secret::Secret;

#[cfg(test)]
mod tests;
