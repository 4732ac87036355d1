//! What a request that was done is answered with.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an act came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Always `true`: else there is a problem document. What follows from the act is told by events.
    pub done: bool,
}

/// A call that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// Its number.
    pub call: u32,
}
