//! What far sides have said of why their legs end, held until the end of the step: where the call ends by it, it is told there.
use std::sync::Arc;
use trialog_call::{CallId, EndReason};
use trialog_store::{Entry, Party};

#[derive(Debug, Default)]
pub(super) struct Said(Vec<(CallId, Arc<EndReason>, Entry)>);

impl Said {
    pub(super) fn add(&mut self, call: CallId, reason: &Arc<EndReason>, entry: Entry) {
        self.0.push((call, Arc::clone(reason), entry));
    }

    /// The call ends for this reason: the party that has said so, where one has in this step.
    pub(super) fn remove(&mut self, call: CallId, reason: &Arc<EndReason>) -> Option<Party> {
        let is_it = |(of, said, _): &(CallId, Arc<EndReason>, Entry)| {
            *of == call && (&said.text, said.not_secured) == (&reason.text, reason.not_secured)
        };
        let place = self.0.iter().position(is_it)?;
        match self.0.remove(place).2 {
            Entry::Event { party, .. } => party,
            _ => None,
        }
    }

    /// All that the step has left.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry> {
        self.0.drain(..).map(|(.., entry)| entry)
    }
}
