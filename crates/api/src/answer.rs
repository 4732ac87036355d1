//! What a request that was done is answered with.
use crate::{AccessRole, DigitWay};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an act came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Always `true`: else there is a problem document. What follows from the act is told by events.
    pub done: bool,
    /// After `dtmf` alone: how the digit went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digit: Option<DigitWay>,
}

/// What pairs one browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// The code; the page is opened with `#pair=` and it.
    pub code: String,
    /// For so many seconds it is good.
    pub seconds: u64,
}

/// The code is not printed.
impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation(…, {} s)", self.seconds)
    }
}

/// A browser was paired.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Paired {
    /// What the page shows with each request beside the cookie, in the header `Trialog-Proof`: 64 hexadecimal digits.
    pub proof: String,
}

/// The proof is not printed.
impl std::fmt::Debug for Paired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Paired(…)")
    }
}

/// What opens one WebSocket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// For the query of `/api/events`; it is good once, for half a minute.
    pub ticket: String,
    /// What its browser may do.
    pub role: AccessRole,
}

/// The ticket is not printed.
impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// The directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Directory {
    /// Sorted by name.
    pub contacts: Vec<Contact>,
}

/// A name with a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// For people.
    pub name: String,
    /// What is called: as `to` in a request.
    pub number: String,
}

/// A call that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// Its number.
    pub call: u32,
}
