//! MESSAGE (RFC 3428): a PBX's or a colleague's line of text, for the agent to read. Ours is no chat: none is sent.
use crate::Output;
use crate::agent::UserAgent;
use crate::dialogs::DialogId;
use crate::presented::caller;
use crate::reason::words;
use crate::transaction::ServerId;
use crate::trust::Origin;
use std::sync::Arc;
use trialog_call::Time;
use trialog_sip::{HeaderName, MediaType, Request};

/// The most of a text that is kept, in characters: RFC 3428 §8 allows 1,300 bytes with the headers.
const MOST: usize = 1_000;
const TYPE: &str = "text/plain";

impl UserAgent {
    /// A text, in a dialog or outside of any. Strangers have none to say: a screen that anyone can write on is a way to deceive.
    pub(crate) fn texted(
        &mut self,
        now: Time,
        dialog: Option<DialogId>,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let of_dialog = dialog.and_then(|dialog| self.dialogs.get(dialog));
        let grade = of_dialog.map_or(origin.grade, |dialog| dialog.grade(origin.grade));
        if !grade.is_trusted() {
            return self.respond_plainly(now, dialog, server, 403);
        }
        let kind = request.headers.typed::<MediaType>(&HeaderName::ContentType);
        let is_text = kind
            .and_then(Result::ok)
            .is_some_and(|kind| kind.is("text", "plain"));
        let text = std::str::from_utf8(&request.body).ok();
        let (true, Some(text)) = (is_text, text) else {
            return self.refuse_with(now, server, 415, &[(HeaderName::Accept, TYPE)]);
        };
        self.respond_plainly(now, dialog, server, 200);
        if let (Some(text), Some(Ok(from))) = (words(text, MOST), request.headers.from()) {
            let (from, _) = caller(&from, &request.headers, origin.believed);
            let from = Arc::new(from);
            self.out.push_back(Output::Message { from, text });
        }
    }
}
