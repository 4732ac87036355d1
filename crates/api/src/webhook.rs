//! What a webhook is sent: the JSON of one POST.
use crate::history::HistoryCall;
use crate::name::UnknownName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

names! {
    /// What a webhook can be told.
    WebhookEvent {
        /// A call came or was placed.
        CallBegan = "call-began",
        /// Sound was agreed with its first party.
        CallConnected = "call-connected",
        /// A call is over: its record is whole but for its wrap-up.
        CallEnded = "call-ended",
        /// A caller was turned away.
        CallTurnedAway = "call-turned-away",
        /// A wrap-up was handed in.
        WrapUpSubmitted = "wrap-up-submitted",
    }
}

/// One message. It is the same however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookMessage {
    /// Of this message alone, as in the header `webhook-id`: what comes twice has the same.
    pub id: String,
    /// What has happened.
    pub event: WebhookEvent,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The call that it is about, as the history had it then.
    pub call: HistoryCall,
    /// The number of the wrap-up that was handed in; it is one of the call's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up: Option<u32>,
}
