//! Digits on their way: the command that asks for one is answered when it is known how it went.
use super::Running;
use std::time::Duration;
use tokio::sync::oneshot;
use trialog_api::DigitWay;
use trialog_call::{LegId, Time};
use trialog_desk::{DigitFault, Reply, Wrong};
use trialog_engine::EngineError;
use trialog_ua::DigitStep;

/// How long the far side may take to answer an INFO before the command is answered without.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command whose digit has gone by INFO.
pub(super) struct Asked {
    leg: LegId,
    digit: u8,
    until: Time,
    reply: oneshot::Sender<Reply>,
}

/// What has become of the digit that the present command asks for.
#[derive(Debug)]
pub(super) enum Digit {
    /// It has gone by INFO on this leg.
    Asked(LegId),
    /// It is decided.
    Decided(Reply),
}

impl Running {
    /// The core wants a digit sent, or the far side has answered one.
    pub(super) fn digit(&mut self, leg: LegId, digit: u8, step: DigitStep) {
        let outcome = match step {
            DigitStep::Asked => return self.verdict.digit = Some(Digit::Asked(leg)),
            DigitStep::Event => sent(self.sound.dtmf(leg, digit), DigitWay::Event),
            DigitStep::Tones => sent(self.sound.tones(leg, digit), DigitWay::InBand),
            DigitStep::Taken => Reply::Sent(DigitWay::Info),
            DigitStep::Refused { status: 481 } => not_sent(DigitFault::Over),
            DigitStep::Refused { status: 408 } => not_sent(DigitFault::NoAnswer),
            DigitStep::Refused { status } => not_sent(DigitFault::Refused { status }),
            DigitStep::NotAgreed => not_sent(DigitFault::NotAgreed),
        };
        let asked = self
            .digits
            .iter()
            .position(|asked| (asked.leg, asked.digit) == (leg, digit));
        // The INFOs of one leg are answered in their order; a digit of the present command has its word at once.
        match asked {
            Some(place) if !self.verdict.asks_for_digit => {
                let asked = self.digits.remove(place);
                // A client that has gone wants no answer.
                let _ = asked.map(|asked| asked.reply.send(outcome));
            }
            _ => self.verdict.digit = Some(Digit::Decided(outcome)),
        }
    }

    /// The command's answer waits for the far side's.
    pub(super) fn await_digit(&mut self, leg: LegId, digit: u8, reply: oneshot::Sender<Reply>) {
        let until = self.clock.now() + PATIENCE;
        self.digits.push_back(Asked {
            leg,
            digit,
            until,
            reply,
        });
    }

    /// When the first of the commands that wait is to be answered without the far side.
    pub(super) fn digit_due(&self) -> Option<Time> {
        self.digits.front().map(|asked| asked.until)
    }

    /// Answers the commands that have waited long enough.
    pub(super) fn digits_without_answer(&mut self) {
        let now = self.clock.now();
        while self.digit_due().is_some_and(|until| until <= now)
            && let Some(asked) = self.digits.pop_front()
        {
            let _ = asked.reply.send(not_sent(DigitFault::NoAnswer));
        }
    }

    /// The leg is over: its digits are answered by no one any more.
    pub(super) fn digits_over(&mut self, leg: LegId) {
        for asked in std::mem::take(&mut self.digits) {
            if asked.leg == leg {
                let _ = asked.reply.send(not_sent(DigitFault::Over));
            } else {
                self.digits.push_back(asked);
            }
        }
    }
}

fn sent(outcome: Result<(), EngineError>, way: DigitWay) -> Reply {
    match outcome {
        Ok(()) => Reply::Sent(way),
        Err(error) => {
            tracing::warn!(%error, "the digit was not sent");
            not_sent(DigitFault::NoSound)
        }
    }
}

fn not_sent(fault: DigitFault) -> Reply {
    Reply::Wrong(Wrong::NotSent(fault))
}
