//! What was asked for, whatever it was asked of.
use crate::name::{ActName, PhoneAct};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was asked for: an act on a call, or something of the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Asked {
    /// The act on the call.
    Call(ActName),
    /// The act of the phone.
    Phone(PhoneAct),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(act) => act.fmt(f),
            Self::Phone(act) => act.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_one_name_in_json() {
        for (asked, name) in [
            (Asked::Call(ActName::EndConsult), "end-consult"),
            (Asked::Phone(PhoneAct::Hook), "hook"),
        ] {
            let json = serde_json::to_value(asked).unwrap();
            assert_eq!(json, name);
            assert_eq!(serde_json::from_value::<Asked>(json).unwrap(), asked);
        }
    }
}
