//! What the agent does to a call: allowed or refused, and done.
use crate::call::{By, Call, Next, Slot, State, Step};
use crate::leg::{Leg, Phase};
use crate::permissions::{Column, cell};
use crate::step_context::StepContext;
use crate::transfer::Origin;
use crate::{Act, Action, ByeReason, Outcome, Refusal, Stage};

impl Call {
    /// The table's answer, and what the table cannot say of this call alone.
    pub(crate) fn permits(&self, act: &Act) -> Result<(), Refusal> {
        let stage = self.stage();
        if *act == Act::End && self.ask.is_some() {
            return Ok(());
        }
        cell(stage, self.column(), act.kind())?;
        let not_here = Err(Refusal::NotHere(stage));
        let resting = !matches!(&self.state, State::Consult { step, .. } if *step != Step::Rest);
        let held = self.first.as_ref().is_some_and(|first| first.hold);
        let legs = [self.first.as_ref(), self.second.as_ref()];
        // A leg whose ACK is not here, or whose place is about to be taken, is no ground to build on: it is decided at once.
        let unsettled = self.next.is_some()
            || legs
                .into_iter()
                .flatten()
                .any(|leg| leg.phase == Phase::Answering);
        match act {
            Act::Hold if held => not_here,
            Act::Resume if !held => not_here,
            Act::Swap | Act::Conference if !resting => Err(Refusal::Busy),
            Act::Consult(_) if unsettled => Err(Refusal::Busy),
            Act::Transfer(to) => match &self.state {
                State::Single if to.is_none() => not_here,
                // Our answer is not yet acknowledged: there is no dialog to refer in.
                State::Single
                    if self
                        .first
                        .as_ref()
                        .is_some_and(|first| first.phase != Phase::Up) =>
                {
                    Err(Refusal::Busy)
                }
                State::Single if unsettled => Err(Refusal::Busy),
                State::Single => Ok(()),
                _ if to.is_some() => not_here,
                State::ConsultRequested {
                    transfer: Some(_), ..
                } => Err(Refusal::TransferPending),
                _ if !resting || unsettled => Err(Refusal::Busy),
                _ => Ok(()),
            },
            Act::Withdraw => match &self.state {
                State::Transfer(transfer) if transfer.replaced_gone => Err(Refusal::Busy),
                State::Transfer(transfer) => {
                    let told = self
                        .leg(transfer.referred())
                        .is_some_and(|leg| leg.can.trialog);
                    if told {
                        Ok(())
                    } else {
                        Err(Refusal::CannotWithdraw)
                    }
                }
                _ => not_here,
            },
            Act::Accept if self.follows_referral() => Err(Refusal::Busy),
            Act::Decline | Act::Exit if self.follows_referral() && !self.may_give_up_calling() => {
                Err(Refusal::Busy)
            }
            // Somebody is about to take our peer's place: it is decided within a second.
            Act::Accept if self.next.is_some() => Err(Refusal::Busy),
            // The customer is about to take our owner's place: then the call is ours, and leaving it would release him (R13).
            Act::Exit | Act::EndConsult if self.awaits_customer() => Err(Refusal::Busy),
            Act::Stay if self.ask.is_none() => not_here,
            Act::Dtmf(digit) if !is_digit(*digit) => Err(Refusal::NotADigit),
            Act::Dtmf(_) if !self.digits_go_to().is_some_and(Leg::is_up) => not_here,
            _ => Ok(()),
        }
    }

    /// Do what [`Call::permits`] has allowed.
    pub(crate) fn act(&mut self, act: Act, out: &mut StepContext<'_>) {
        match act {
            Act::Answer => self.answer(out),
            Act::Reject => self.reject(out),
            Act::Forward(target) => {
                if let Some(leg) = self.first.take() {
                    out.push(Action::Redirect {
                        leg: leg.id,
                        target,
                    });
                }
                self.over(Outcome::NotAnswered, ByeReason::Ended, out);
            }
            Act::Cancel => self.over(Outcome::Ended, ByeReason::Ended, out),
            Act::Hold => self.set_hold(Slot::First, true),
            Act::Resume => self.set_hold(Slot::First, false),
            Act::Mute => self.muted = true,
            Act::Unmute => self.muted = false,
            Act::Consult(target) => self.consult(target, None, out),
            Act::EndConsult => self.end_consult_from_here(out),
            Act::Swap => self.swap(out),
            Act::Conference => self.start_conference(out),
            Act::Transfer(Some(target)) => self.transfer_blind(target, out),
            Act::Transfer(None) => self.transfer(out),
            Act::Withdraw => self.withdraw(out),
            Act::Accept => self.accept(out),
            Act::Decline => self.decline(out),
            Act::Exit => self.exit(out),
            Act::End => self.end(out),
            Act::Stay => self.ask = None,
            Act::Dtmf(digit) => {
                if let Some(leg) = self.digits_go_to() {
                    out.push(Action::Dtmf { leg: leg.id, digit });
                }
            }
        }
    }

    /// We are a guest, and have answered somebody who takes our owner's place.
    fn awaits_customer(&self) -> bool {
        let replaces = |next: &Next| matches!(next.by, By::Replaces(_));
        matches!(self.state, State::Guest { post: false })
            && self.next.as_ref().is_some_and(replaces)
    }

    /// Who gets the digits: the one in front.
    fn digits_go_to(&self) -> Option<&Leg> {
        match &self.state {
            State::Consult { front, .. } => self.leg(*front),
            State::PostCall => self.second.as_ref(),
            _ => self.first.as_ref(),
        }
    }

    /// Take the offered call.
    pub(crate) fn answer(&mut self, out: &mut StepContext<'_>) {
        let Some(leg) = &mut self.first else { return };
        leg.phase = Phase::Answering;
        out.push(Action::Answer(leg.id));
        self.state = match self.column() {
            Column::Guest => State::Guest { post: false },
            Column::Owner | Column::Customer => State::Single,
        };
    }

    fn reject(&mut self, out: &mut StepContext<'_>) {
        if let Some(leg) = self.first.take() {
            out.push(Action::Reject {
                leg: leg.id,
                status: 603,
            });
        }
        self.over(Outcome::NotAnswered, ByeReason::Ended, out);
    }

    fn end_consult_from_here(&mut self, out: &mut StepContext<'_>) {
        match (&self.state, self.column()) {
            (State::Offered, _) => self.reject(out),
            (_, Column::Guest) => self.exit(out),
            (_, Column::Owner | Column::Customer) => self.end_consult(out),
        }
    }

    fn transfer(&mut self, out: &mut StepContext<'_>) {
        match &mut self.state {
            State::ConsultRequested { transfer, .. } => {
                *transfer = Some(crate::call::WhenAnswered::Asked);
                self.draft_wrap_up(out);
            }
            State::Consult { front, .. } => {
                let origin = Origin::Consult(*front);
                self.transfer_to_guest(origin, out);
            }
            State::Conference => self.transfer_to_guest(Origin::Conference, out),
            _ => {}
        }
    }

    /// R14: the guest leaves; the others go on.
    pub(crate) fn exit(&mut self, out: &mut StepContext<'_>) {
        self.over(Outcome::Exited, ByeReason::Exit, out);
    }

    /// The owner ends the call; in a conference for all (R11).
    pub(crate) fn end(&mut self, out: &mut StepContext<'_>) {
        match self.stage() {
            Stage::Offered => self.reject(out),
            Stage::Conference | Stage::TransferPending => {
                self.over(Outcome::Ended, ByeReason::ConferenceEnded, out);
            }
            Stage::Anchored => self.over(Outcome::Transferred, ByeReason::Ended, out),
            Stage::Dialling
            | Stage::Connected
            | Stage::Held
            | Stage::ConsultRequested
            | Stage::Consulting
            | Stage::Swapped
            | Stage::PostCall
            | Stage::Ending => self.over(Outcome::Ended, ByeReason::Ended, out),
        }
    }

    /// What the hook does here; `None`: nothing.
    pub(crate) fn hook(&self) -> Option<Act> {
        let guest = self.column() == Column::Guest;
        match self.stage() {
            Stage::Offered => Some(Act::Answer),
            Stage::Dialling => Some(Act::Cancel),
            Stage::Connected | Stage::Held => Some(Act::End),
            Stage::ConsultRequested | Stage::Consulting | Stage::Swapped => Some(Act::EndConsult),
            Stage::Conference | Stage::TransferPending | Stage::PostCall | Stage::Anchored
                if guest =>
            {
                Some(Act::Exit)
            }
            Stage::Conference | Stage::TransferPending | Stage::PostCall => Some(Act::End),
            Stage::Anchored | Stage::Ending => None,
        }
    }
}

fn is_digit(digit: u8) -> bool {
    matches!(digit, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D')
}
