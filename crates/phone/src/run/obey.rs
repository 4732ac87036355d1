//! An order of the desk, carried out: handed to the core with its address completed, or to the sound.
use super::{Running, Verdict, address};
use trialog_call::Input;
use trialog_desk::{Command, Outcome, Problem};
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
        self.handle(StationInput::Core(input));
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
