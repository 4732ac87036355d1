//! Early dialogs of our own INVITE (RFC 3261 §12.1.2): one for each fork that has answered provisionally with a tag, until the
//! INVITE has its final answer. The far side may send requests in them (UPDATE, INFO); we send PRACK.
use crate::dialog::{Dialog, tag_of};
use crate::invite_usage::{Calling, EarlyDialog};
use crate::media::Foreseen;
use trialog_sip::{HeaderName, Response};

/// Early dialogs that one INVITE may have. A proxy forks to some phones; a peer that names a new fork in each of its responses
/// must not take memory without end. What comes in another fork's dialog gets 481, and its 2xx is taken all the same.
const FORKS: usize = 32;

impl Calling {
    /// Opens the early dialog of the fork that sent this response, or follows what it states anew.
    pub(super) fn open_early(
        &mut self,
        template: &Dialog,
        response: &Response,
        answer: Option<Foreseen>,
        reliably: bool,
    ) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        if tag.is_empty() && answer.is_none() {
            // Without a tag it opens no dialog. RFC 2543 knew no tags: such an answer counts for a 2xx without one.
            return;
        }
        if let Some(early) = self.early.iter_mut().find(|early| early.is_of(tag)) {
            early.dialog.refresh_target(&response.headers);
            if !early.settled {
                early.settled = reliably && answer.is_some();
                early.answer = answer.or(early.answer.take());
            }
        } else if self.early.len() < FORKS {
            let mut dialog = template.clone();
            dialog.answer(response);
            self.early.push(EarlyDialog {
                dialog,
                settled: reliably && answer.is_some(),
                answer,
                rseq: None,
            });
        }
    }

    /// The fork that sent this response has agreed to a session already.
    pub(super) fn is_settled(&self, response: &Response) -> bool {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        let mut early = self.early.iter();
        early.any(|early| early.is_of(tag) && early.settled)
    }

    /// A fork with this tag has an early dialog.
    pub(crate) fn has_early(&self, tag: &str) -> bool {
        self.early.iter().any(|early| early.is_of(tag))
    }

    /// The fork with this tag will not take the call. The others may.
    pub(crate) fn end_early(&mut self, tag: &str) {
        self.early.retain(|early| !early.is_of(tag));
    }

    /// The early dialog of the fork whose tag this is, which is early no more.
    pub(super) fn take_early(&mut self, tag: &str) -> Option<EarlyDialog> {
        let index = self.early.iter().position(|early| early.is_of(tag))?;
        Some(self.early.swap_remove(index))
    }
}

impl EarlyDialog {
    pub(super) fn is_of(&self, tag: &str) -> bool {
        self.dialog.remote_tag.as_deref() == Some(tag)
    }
}
