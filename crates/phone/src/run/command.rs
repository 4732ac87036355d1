//! A command of the desk, carried out: handed to the core with its address completed, or to the sound.
use super::{Running, Verdict, address};
use std::sync::Arc;
use trialog_call::{Act, CallId, Input};
use trialog_desk::{Command, CommandRequest, Look, Reply};
use trialog_ua::EndpointInput;

impl Running {
    pub(super) fn handle_command(&mut self, CommandRequest { command, reply }: CommandRequest) {
        let outcome = match command {
            Command::Core(input) => self.core(input),
            Command::Look => self.look(),
            Command::Say(file) => return self.read(file, reply),
            Command::Shutdown => {
                self.terminate();
                Reply::Done
            }
        };
        // Whoever follows the events has them before the answer.
        self.publish();
        let _ = reply.send(outcome);
    }

    fn look(&mut self) -> Reply {
        // What the look shows has its events before it.
        self.publish();
        let snapshot = self.endpoint.snapshot(self.clock.now());
        let identity = Arc::clone(&self.identity);
        Reply::Seen {
            look: Box::new(Look { snapshot, identity }),
            seq: self.feed.seq(),
        }
    }

    fn core(&mut self, mut input: Input) -> Reply {
        match address::complete(&mut input, &self.accounts) {
            Ok(()) => self.ask(input),
            Err(wrong) => Reply::Wrong(wrong),
        }
    }

    fn ask(&mut self, input: Input) -> Reply {
        let call = match &input {
            Input::Act { call, .. } => Some(*call),
            _ => None,
        };
        let dialled = matches!(input, Input::Dial { .. });
        self.verdict = Verdict::default();
        let asked = self.feed.is_watched().then(|| input.clone());
        self.handle(EndpointInput::Core(input));
        if let (Some(asked), Some(refusal)) = (asked, self.verdict.refused) {
            self.feed.refused(&asked, refusal);
        }
        match std::mem::take(&mut self.verdict) {
            Verdict {
                refused: Some(refusal),
                ..
            } => Reply::Refused {
                refusal,
                allowed: call.map_or(Vec::new(), |call| self.allowed(call)),
            },
            Verdict {
                began: Some(call), ..
            } if dialled => Reply::Began(call),
            _ => Reply::Done,
        }
    }
    /// What may be done with a call now.
    fn allowed(&self, call: CallId) -> Vec<Act> {
        let snapshot = self.endpoint.snapshot(self.clock.now());
        let view = snapshot.calls.into_iter().find(|view| view.id == call);
        let acts = view.into_iter().flat_map(|view| view.acts);
        acts.filter(|view| view.refusal.is_none())
            .map(|view| view.act)
            .collect()
    }
}
