//! The consult: the customer is held, a second agent is called, and the owner goes to and fro between the two.
use crate::call::{Call, Slot, State, Step, WhenAnswered};
use crate::leg::Leg;
use crate::step_context::StepContext;
use crate::transfer::Origin;
use crate::{Action, ByeReason, Notice, Outcome, Target};

impl Call {
    /// Hold the customer, then call the guest.
    pub(crate) fn consult(
        &mut self,
        target: Target,
        transfer: Option<WhenAnswered>,
        out: &mut StepContext<'_>,
    ) {
        self.set_hold(Slot::First, true);
        self.state = State::ConsultRequested { target, transfer };
        self.call_guest_when_held(out);
    }

    /// RFC 5359 §2.2: the guest is not rung until the customer is held.
    pub(crate) fn call_guest_when_held(&mut self, out: &mut StepContext<'_>) {
        let State::ConsultRequested { target, .. } = &self.state else {
            return;
        };
        let held = self.first.as_ref().is_some_and(Leg::rests_held);
        if held && self.second.is_none() {
            let guest = self.invite(target, true, None, out);
            self.second = Some(guest);
        }
    }

    /// The guest has answered.
    pub(crate) fn guest_answered(&mut self, out: &mut StepContext<'_>) {
        let State::ConsultRequested { transfer, .. } = &self.state else {
            return;
        };
        let transfer = transfer.is_some();
        self.state = State::Consult {
            front: Slot::Second,
            step: Step::Rest,
        };
        if transfer {
            self.transfer_to_guest(Origin::Consult(Slot::Second), out);
        }
    }

    /// The guest was not reached, and says so by name and reason.
    pub(crate) fn guest_refused(&mut self, guest: &Leg, status: u16, out: &mut StepContext<'_>) {
        let State::ConsultRequested { transfer, .. } = &self.state else {
            return;
        };
        let blind = *transfer == Some(WhenAnswered::Blind);
        self.state = State::Single;
        out.notice(Notice::GuestRefused {
            call: self.id,
            guest: (*guest.name).into(),
            status,
        });
        if blind {
            // The owner handed over and may not be looking: the customer does not stay on hold for it.
            out.notice(Notice::TransferFailed {
                call: self.id,
                status,
            });
            self.set_hold(Slot::First, false);
        }
    }

    /// The owner gives up the consult, asked or answered.
    pub(crate) fn end_consult(&mut self, out: &mut StepContext<'_>) {
        if let Some(guest) = self.second.take() {
            self.send_away(&guest, ByeReason::Ended, out);
        }
        if let Some(next) = self.next.take_if(|next| next.slot == Slot::Second) {
            self.send_away(&next.leg, ByeReason::Ended, out);
        }
        self.after_consult();
    }

    /// ParallelCalls with the customer. Who was held stays held until resumed; who was in front, or was about to be, talks.
    pub(crate) fn after_consult(&mut self) {
        let behind = State::Consult {
            front: Slot::Second,
            step: Step::Rest,
        };
        if matches!(self.state, State::Consult { .. }) && self.state != behind {
            self.set_hold(Slot::First, false);
        }
        self.state = State::Single;
    }

    /// First step of a swap: hold who is in front.
    pub(crate) fn swap(&mut self, out: &mut StepContext<'_>) {
        let State::Consult { front, step } = &mut self.state else {
            return;
        };
        let front = *front;
        *step = Step::Parting;
        self.set_hold(front, true);
        if self.leg(front).is_some_and(Leg::rests_held) {
            self.swap_second_step(front, out);
        }
    }

    /// Second step of a swap: take the other off hold.
    fn swap_second_step(&mut self, front: Slot, out: &mut StepContext<'_>) {
        self.state = State::Consult {
            front,
            step: Step::Meeting,
        };
        self.set_hold(front.other(), false);
        self.swap_done(front, out);
    }

    fn swap_done(&mut self, front: Slot, _out: &mut StepContext<'_>) {
        if !self.on_hold(front.other()) {
            self.state = State::Consult {
                front: front.other(),
                step: Step::Rest,
            };
        }
    }

    /// Something was agreed on the leg in this place.
    pub(crate) fn consult_agreed(&mut self, slot: Slot, out: &mut StepContext<'_>) {
        let State::Consult { front, step } = self.state else {
            return;
        };
        match step {
            Step::Rest => {}
            Step::Parting if slot == front => {
                if self.leg(front).is_some_and(|leg| leg.held) {
                    self.swap_second_step(front, out);
                }
            }
            Step::Meeting if slot != front => self.swap_done(front, out),
            Step::Parting | Step::Meeting => {}
            Step::Joining => self.join_when_off_hold(out),
        }
    }

    /// What was wanted of the leg in this place was refused for good; it has been set back to what is agreed.
    /// Says whether the agent was told.
    pub(crate) fn consult_refused(
        &mut self,
        slot: Slot,
        status: u16,
        out: &mut StepContext<'_>,
    ) -> bool {
        let State::Consult { front, step } = self.state else {
            return false;
        };
        match step {
            Step::Meeting if slot != front => {
                // The first step is undone: the one who was in front comes back.
                self.state = State::Consult {
                    front,
                    step: Step::Rest,
                };
                self.set_hold(front, false);
                out.notice(Notice::SwapUndone {
                    call: self.id,
                    status,
                });
                true
            }
            Step::Parting if slot == front => {
                self.state = State::Consult {
                    front,
                    step: Step::Rest,
                };
                false
            }
            Step::Joining => {
                // Both audio paths as they were.
                self.state = State::Consult {
                    front,
                    step: Step::Rest,
                };
                false
            }
            Step::Rest | Step::Parting | Step::Meeting => false,
        }
    }

    /// After a failed step both may have been held, and one is not any more: he is in front now.
    pub(crate) fn see_who_is_in_front(&mut self) {
        if let State::Consult {
            front,
            step: Step::Rest,
        } = self.state
            && self.on_hold(front)
            && !self.on_hold(front.other())
        {
            self.state = State::Consult {
                front: front.other(),
                step: Step::Rest,
            };
        }
    }

    /// One act joins all three (R2): whoever is held is taken off hold, and with his 200 it begins.
    pub(crate) fn start_conference(&mut self, out: &mut StepContext<'_>) {
        let State::Consult { front, .. } = self.state else {
            return;
        };
        self.state = State::Consult {
            front,
            step: Step::Joining,
        };
        self.set_hold(Slot::First, false);
        self.set_hold(Slot::Second, false);
        self.join_when_off_hold(out);
    }

    fn join_when_off_hold(&mut self, _out: &mut StepContext<'_>) {
        if self.on_hold(Slot::First) || self.on_hold(Slot::Second) {
            return;
        }
        self.state = State::Conference;
        // RFC 4579 §5.1: the focus says so in its Contact, to those too who were not held. Their answer is not waited for.
        for leg in [self.first.as_mut(), self.second.as_mut()]
            .into_iter()
            .flatten()
        {
            leg.refresh |= !leg.said_focus;
        }
    }

    /// The guest's leg is over, and not by us.
    pub(crate) fn guest_left(&mut self, guest: &Leg, out: &mut StepContext<'_>) {
        match &self.state {
            State::ConsultRequested { .. } => self.guest_refused(guest, 480, out),
            State::Consult { .. } => {
                out.notice(Notice::GuestLeft {
                    call: self.id,
                    guest: (*guest.name).into(),
                });
                self.after_consult();
            }
            State::Conference => {
                // R14: the customer's stream is not touched; `isfocus` goes with the next re-INVITE.
                out.notice(Notice::GuestLeft {
                    call: self.id,
                    guest: (*guest.name).into(),
                });
                self.state = State::Single;
            }
            State::Transfer(_) => self.guest_left_in_transfer(guest, out),
            State::PostCall => self.over(Outcome::FarEnded, ByeReason::Ended, out),
            State::Anchored => self.over(Outcome::Transferred, ByeReason::Ended, out),
            State::Handover { .. } => self.over(Outcome::Transferred, ByeReason::Transferred, out),
            State::Offered
            | State::Dialling
            | State::TakingOver
            | State::Single
            | State::Guest { .. }
            | State::Carried
            | State::Ending => {}
        }
    }

    /// The customer's leg is over, and not by us.
    pub(crate) fn customer_left(&mut self, out: &mut StepContext<'_>) {
        match &self.state {
            State::Consult { .. } | State::Conference => self.post_call(out),
            State::Transfer(_) => self.customer_left_in_transfer(out),
            State::Anchored => self.over(Outcome::Transferred, ByeReason::Ended, out),
            State::Handover { .. } => self.over(Outcome::Transferred, ByeReason::Transferred, out),
            State::Offered
            | State::Dialling
            | State::TakingOver
            | State::Single
            | State::ConsultRequested { .. }
            | State::PostCall
            | State::Guest { .. }
            | State::Carried
            | State::Ending => {
                if !self.finished {
                    out.notice(Notice::CustomerLeft { call: self.id });
                }
                self.over(Outcome::FarEnded, ByeReason::Ended, out);
            }
        }
    }

    /// R16, R17: the customer has left, both agents are there and talk on.
    pub(crate) fn post_call(&mut self, out: &mut StepContext<'_>) {
        out.notice(Notice::CustomerLeft { call: self.id });
        if !out.common.policy.post_call {
            self.over(Outcome::FarEnded, ByeReason::Ended, out);
            return;
        }
        self.state = State::PostCall;
        self.draft_wrap_up(out);
        if let Some(guest) = &mut self.second {
            guest.hold = false;
            if guest.can.trialog {
                out.push(Action::Inform {
                    leg: guest.id,
                    info: crate::Info::PostCall,
                });
            }
        }
    }
}
