//! What the agent does to a call: allowed or refused, and done.
use crate::call::{By, Call, Next, State, Step, Unasked};
use crate::leg::{Leg, Phase};
use crate::legs::Side;
use crate::permissions::{Column, cell};
use crate::step_context::StepContext;
use crate::transfer::Origin;
use crate::{Act, Action, ByeReason, Notice, Outcome, Refusal, Rejection, Role, Stage};
use alloc::sync::Arc;
use core::time::Duration;

/// How long an agent whose phone has answered by itself hears the tone, and nothing else.
const ANSWERED_TONE: Duration = Duration::from_millis(300);

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
        let held = self.leg(Side::Peer).is_some_and(|peer| peer.hold);
        // A leg whose ACK is not here, or whose place is about to be taken, is no ground to build on: it is decided at once.
        let unsettled =
            self.next.is_some() || self.legs.iter().any(|leg| leg.phase == Phase::Answering);
        match act {
            Act::Hold if held => not_here,
            Act::Resume if !held => not_here,
            Act::Swap | Act::Conference if !resting => Err(Refusal::Busy),
            Act::Consult(_) | Act::ConsultBy { .. } if unsettled => Err(Refusal::Busy),
            Act::Transfer(to) => match &self.state {
                State::Single if to.is_none() => not_here,
                // Our answer is not yet acknowledged: there is no dialog to refer in.
                State::Single
                    if self
                        .leg(Side::Peer)
                        .is_some_and(|peer| peer.phase != Phase::Up) =>
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
                State::Transfer(transfer)
                    if transfer.has_replaced_gone() || transfer.hung_up().next().is_some() =>
                {
                    Err(Refusal::Busy)
                }
                State::Transfer(transfer) => {
                    let mut referred = transfer.refers.iter().map(|refer| refer.referred);
                    let trialog = |leg| self.legs.get(leg).is_some_and(|leg| leg.can.trialog);
                    if referred.all(trialog) {
                        Ok(())
                    } else {
                        Err(Refusal::CannotWithdraw)
                    }
                }
                _ => not_here,
            },
            Act::Accept | Act::Decline
                if matches!(stage, Stage::Dialling | Stage::ConsultRequested) =>
            {
                self.redirected_leg()
                    .map(|_| ())
                    .ok_or(Refusal::NotHere(stage))
            }
            Act::Accept if self.follows_referral() => Err(Refusal::Busy),
            Act::Decline | Act::Exit if self.follows_referral() && !self.may_give_up_calling() => {
                Err(Refusal::Busy)
            }
            // A new leg is about to take our peer's place: it is decided within a second.
            Act::Accept if self.next.is_some() => Err(Refusal::Busy),
            // The customer is about to take our owner's place: then the call is ours, and leaving it would release the
            // customer (R13).
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
            Act::Reject(which) => self.reject(which, out),
            Act::Forward(target) => {
                if let Some(leg) = self.take_present(Side::Peer) {
                    out.push(Action::Redirect {
                        leg: leg.id,
                        target,
                    });
                }
                self.over(Outcome::NotAnswered, ByeReason::Ended, out);
            }
            Act::Cancel => self.over(Outcome::Ended, ByeReason::Ended, out),
            Act::Hold => self.set_hold(Side::Peer, true),
            Act::Resume => self.set_hold(Side::Peer, false),
            Act::Mute => self.muted = true,
            Act::Unmute => self.muted = false,
            Act::Consult(target) => self.consult(self.account, target, None, out),
            Act::ConsultBy { account, target } => self.consult(account, target, None, out),
            Act::EndConsult => self.end_consult_from_here(out),
            Act::Swap => self.swap(out),
            Act::Conference => self.start_conference(out),
            Act::Transfer(Some(target)) => self.transfer_blind(target, out),
            Act::Transfer(None) => self.transfer(out),
            Act::Withdraw => self.withdraw(out),
            Act::Accept if self.follow_redirection(out) => {}
            Act::Accept => self.accept(out),
            Act::Decline if self.refuse_redirection(out) => {}
            Act::Decline => self.decline(out),
            Act::Exit => self.exit(out),
            Act::End => self.end(out),
            Act::Stay => self.ask = None,
            Act::Dtmf(digit) => match self.digits_go_to() {
                Some(leg) => out.push(Action::Dtmf { leg: leg.id, digit }),
                None => self.misplaced(),
            },
        }
    }

    /// We are a guest, and have answered a leg that takes our owner's place.
    fn awaits_customer(&self) -> bool {
        let replaces = |next: &Next| matches!(next.by, By::Replaces(_));
        matches!(self.state, State::Guest { post: false })
            && self.next.as_ref().is_some_and(replaces)
    }

    /// The leg that gets digits: the one in front.
    fn digits_go_to(&self) -> Option<&Leg> {
        match &self.state {
            State::Consult { front, .. } => self.leg(*front),
            State::PostCall => self.leg(Side::Guest),
            _ => self.leg(Side::Peer),
        }
    }

    /// Take the offered call.
    pub(crate) fn answer(&mut self, out: &mut StepContext<'_>) {
        let Some(leg) = self.present_mut(Side::Peer) else {
            return;
        };
        leg.phase = Phase::Answering;
        out.push(Action::Answer(leg.id));
        out.common.not_answered = 0;
        self.unasked = None;
        self.of_stranger = false;
        self.state = match self.column() {
            Column::Guest => State::Guest { post: false },
            Column::Owner | Column::Customer => State::Single,
        };
    }

    /// Take the offered call without the agent's doing: its ear has a tone first.
    pub(crate) fn answer_unasked(&mut self, out: &mut StepContext<'_>) {
        let on_request = matches!(self.unasked, Some(Unasked::Request(_)));
        self.answer(out);
        self.tone_until = Some(out.now + ANSWERED_TONE);
        out.notice(Notice::AnsweredUnasked {
            call: self.id,
            party: Arc::clone(&self.peer),
            on_request,
        });
    }

    fn reject(&mut self, which: Option<Rejection>, out: &mut StepContext<'_>) {
        // A guest was asked for by name: its owner is told that it declines, and not that it is busy.
        let usual = match self.role {
            Role::Guest => Rejection::Everywhere,
            Role::Owner | Role::Customer => out.common.policy.rejection,
        };
        if let Some(leg) = self.take_present(Side::Peer) {
            out.push(Action::Reject {
                leg: leg.id,
                status: which.unwrap_or(usual).status(),
            });
        }
        self.over(Outcome::NotAnswered, ByeReason::Ended, out);
    }

    fn end_consult_from_here(&mut self, out: &mut StepContext<'_>) {
        match (&self.state, self.column()) {
            (State::Offered, _) => self.reject(None, out),
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
            _ => self.misplaced(),
        }
    }

    /// R14: the guest leaves; the others go on.
    pub(crate) fn exit(&mut self, out: &mut StepContext<'_>) {
        self.over(Outcome::Exited, ByeReason::Exit, out);
    }

    /// The owner ends the call; in a conference for all (R11).
    pub(crate) fn end(&mut self, out: &mut StepContext<'_>) {
        match self.stage() {
            Stage::Offered => self.reject(None, out),
            Stage::Conference | Stage::TransferPending => {
                self.over(Outcome::Ended, ByeReason::ConferenceEnded, out);
            }
            Stage::Anchored => self.over(Outcome::Transferred, ByeReason::Ended, out),
            Stage::Asked
            | Stage::Dialling
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
            Stage::Asked | Stage::Anchored | Stage::Ending => None,
        }
    }
}

fn is_digit(digit: u8) -> bool {
    matches!(digit, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D')
}
