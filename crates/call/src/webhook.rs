//! How others are told of the records, as the agent is told. The phone sees to it; the core only has the words.
use alloc::string::String;

/// How a webhook is that gets the records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WebhookState {
    /// It does not take them; they are kept, and sent again.
    Failing {
        /// The system's words, or the status of its answer.
        why: String,
    },
    /// It takes them again.
    Well,
    /// So many waited too long, or were too many: they are not sent.
    Dropped {
        /// From 1.
        messages: usize,
    },
    /// It wants no more, and gets none until the phone is started anew.
    Off,
}
