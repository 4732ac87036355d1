//! An order of the desk, carried out: handed to the core with its address completed, or to the sound.
use super::{Running, Verdict, address};
use std::sync::Arc;
use trialog_call::Input;
use trialog_desk::{Command, Look, Outcome, Problem};
use trialog_engine::EngineError;
use trialog_ua::StationInput;

impl Running {
    pub(super) fn obey(&mut self, command: Command) -> Outcome {
        match command {
            Command::Core(mut input) => {
                if let Err(problem) = address::complete(&mut input, &self.accounts) {
                    return Outcome::Wrong(problem);
                }
                self.ask(input)
            }
            Command::Look => {
                // What the look shows has its events before it.
                self.publish();
                let snapshot = self.station.snapshot(self.clock.now());
                let identity = Arc::clone(&self.identity);
                Outcome::Seen {
                    look: Box::new(Look { snapshot, identity }),
                    seq: self.feed.seq(),
                }
            }
            Command::Say(file) => match self.sound.say(&file) {
                Ok(()) => Outcome::Done,
                Err(EngineError::NotAFileEnd) => Outcome::Wrong(Problem::NoFileEnd),
                Err(error) => Outcome::Wrong(Problem::Unplayable(error.to_string())),
            },
            Command::Shutdown => {
                self.terminate();
                Outcome::Done
            }
        }
    }

    fn ask(&mut self, input: Input) -> Outcome {
        let dialled = matches!(input, Input::Dial { .. });
        self.verdict = Verdict::default();
        let asked = self.feed.is_watched().then(|| input.clone());
        self.handle(StationInput::Core(input));
        if let (Some(asked), Some(refusal)) = (asked, self.verdict.refused) {
            self.feed.refused(&asked, refusal);
        }
        match std::mem::take(&mut self.verdict) {
            Verdict {
                refused: Some(refusal),
                ..
            } => Outcome::Refused(refusal),
            Verdict {
                began: Some(call), ..
            } if dialled => Outcome::Began(call),
            _ => Outcome::Done,
        }
    }
}
