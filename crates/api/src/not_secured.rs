//! Why no secured connection came about, as a closed set. A name never changes once it was published.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why no secured connection to a far end came about (RFC 5922).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotSecured {
    /// Its certificate is for other names, or for none.
    OtherName,
    /// Its certificate's time is over.
    Expired,
    /// Its certificate's time has not begun.
    NotYetValid,
    /// Its certificate is of an issuer that is not believed here.
    UnknownIssuer,
    /// It does not take this phone's certificate, or wants one.
    RefusesOurs,
    /// It speaks no TLS, or none that this phone speaks.
    NoTls,
}
