//! The consult: the customer is held, a second agent is called, and the owner goes to and fro between the two.
use crate::call::{Call, State, Step, WhenAnswered};
use crate::leg::Leg;
use crate::legs::Side;
use crate::step_context::StepContext;
use crate::transfer::Origin;
use crate::{AccountId, Action, ByeReason, Notice, Outcome, Role, Target};
use alloc::sync::Arc;

impl Call {
    /// Hold the customer, then call the guest.
    pub(crate) fn consult(
        &mut self,
        account: AccountId,
        target: Target,
        transfer: Option<WhenAnswered>,
        out: &mut StepContext<'_>,
    ) {
        self.set_hold(Side::Peer, true);
        self.state = State::ConsultRequested {
            account,
            target,
            transfer,
        };
        self.call_guest_when_held(out);
    }

    /// RFC 5359 §2.2: the guest is not rung until the customer is held.
    pub(crate) fn call_guest_when_held(&mut self, out: &mut StepContext<'_>) {
        let State::ConsultRequested {
            account, target, ..
        } = &self.state
        else {
            return;
        };
        let held = self.present(Side::Peer).is_some_and(Leg::rests_held);
        if held && self.leg(Side::Guest).is_none() {
            let guest = self.invite(*account, target, Role::Guest, None, out);
            self.legs.add(guest);
        }
    }

    /// The guest has answered.
    pub(crate) fn guest_answered(&mut self, out: &mut StepContext<'_>) {
        let State::ConsultRequested { transfer, .. } = &self.state else {
            return self.misplaced();
        };
        let transfer = transfer.is_some();
        self.state = State::Consult {
            front: Side::Guest,
            step: Step::Rest,
        };
        if transfer {
            self.transfer_to_guest(Origin::Consult(Side::Guest), out);
        }
    }

    /// The guest was not reached; the notice has its name and the status.
    pub(crate) fn guest_refused(&mut self, guest: &Leg, status: u16, out: &mut StepContext<'_>) {
        let State::ConsultRequested { transfer, .. } = &self.state else {
            return self.misplaced();
        };
        let blind = *transfer == Some(WhenAnswered::Blind);
        self.state = State::Single;
        out.notice(Notice::GuestRefused {
            call: self.id,
            guest: Arc::clone(&guest.party),
            status,
        });
        if blind {
            // The owner handed over and may not be looking: the customer does not stay on hold for it.
            self.probing = Some(status);
            self.set_hold(Side::Peer, false);
        }
    }

    /// The owner gives up the consult, asked or answered.
    pub(crate) fn end_consult(&mut self, out: &mut StepContext<'_>) {
        if let Some(guest) = self.legs.of(Role::Guest).map(|guest| guest.id)
            && let Some(guest) = self.legs.take(guest)
        {
            self.send_away(&guest, ByeReason::Ended, out);
        }
        if let Some(next) = self.next.take_if(|next| next.leg.role == Role::Guest) {
            self.send_away(&next.leg, ByeReason::Ended, out);
        }
        self.after_consult();
    }

    /// Alone with the customer: it stays held until resumed, or talks if it was in front or about to be.
    pub(crate) fn after_consult(&mut self) {
        let behind = State::Consult {
            front: Side::Guest,
            step: Step::Rest,
        };
        if matches!(self.state, State::Consult { .. }) && self.state != behind {
            self.set_hold(Side::Peer, false);
        }
        self.state = State::Single;
    }

    /// First step of a swap: hold the side in front.
    pub(crate) fn swap(&mut self, out: &mut StepContext<'_>) {
        let State::Consult { front, step } = &mut self.state else {
            return self.misplaced();
        };
        let front = *front;
        *step = Step::Parting;
        self.set_hold(front, true);
        if self.present(front).is_some_and(Leg::rests_held) {
            self.swap_second_step(front, out);
        }
    }

    /// Second step of a swap: take the other off hold.
    fn swap_second_step(&mut self, front: Side, out: &mut StepContext<'_>) {
        self.state = State::Consult {
            front,
            step: Step::Meeting,
        };
        self.set_hold(front.other(), false);
        self.swap_done(front, out);
    }

    fn swap_done(&mut self, front: Side, _out: &mut StepContext<'_>) {
        if !self.on_hold(front.other()) {
            self.state = State::Consult {
                front: front.other(),
                step: Step::Rest,
            };
        }
    }

    /// A re-INVITE was agreed to on this side.
    pub(crate) fn consult_agreed(&mut self, side: Side, out: &mut StepContext<'_>) {
        let State::Consult { front, step } = self.state else {
            return self.misplaced();
        };
        match step {
            Step::Rest => {}
            Step::Parting if side == front => {
                if self.present(front).is_some_and(|leg| leg.held) {
                    self.swap_second_step(front, out);
                }
            }
            Step::Meeting if side != front => self.swap_done(front, out),
            Step::Parting | Step::Meeting => {}
            Step::Joining => self.join_when_off_hold(out),
        }
    }

    /// What was wanted of this side was refused for good; it has been set back to what is agreed.
    /// True if the agent has a notice of it already.
    pub(crate) fn consult_refused(
        &mut self,
        side: Side,
        status: u16,
        out: &mut StepContext<'_>,
    ) -> bool {
        let State::Consult { front, step } = self.state else {
            return false;
        };
        match step {
            Step::Meeting if side != front => {
                // The first step is undone: the side that was in front comes back.
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
            Step::Parting if side == front => {
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

    /// After a failed step both may have been held, and one is not any more: that side is in front now.
    pub(crate) fn update_front(&mut self) {
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

    /// One act joins all three (R2): the held side is taken off hold, and with its 200 the conference begins.
    pub(crate) fn start_conference(&mut self, out: &mut StepContext<'_>) {
        let State::Consult { front, .. } = self.state else {
            return self.misplaced();
        };
        self.state = State::Consult {
            front,
            step: Step::Joining,
        };
        self.set_hold(Side::Peer, false);
        self.set_hold(Side::Guest, false);
        self.join_when_off_hold(out);
    }

    fn join_when_off_hold(&mut self, _out: &mut StepContext<'_>) {
        if self.on_hold(Side::Peer) || self.on_hold(Side::Guest) {
            return;
        }
        self.state = State::Conference;
        // RFC 4579 §5.1: the focus has `isfocus` in its Contact, also to a side that was not held. Its answer is not waited for.
        for leg in self.legs.iter_mut() {
            leg.refresh |= !leg.focus_agreed;
        }
    }

    /// The guest's leg is over, and not by us.
    pub(crate) fn guest_left(&mut self, guest: &Leg, out: &mut StepContext<'_>) {
        match &self.state {
            State::ConsultRequested { .. } => self.guest_refused(guest, 480, out),
            State::Consult { .. } => {
                out.notice(Notice::GuestLeft {
                    call: self.id,
                    guest: Arc::clone(&guest.party),
                });
                self.after_consult();
            }
            State::Conference => {
                // R14: the customer's stream is not touched; `isfocus` goes with the next re-INVITE.
                out.notice(Notice::GuestLeft {
                    call: self.id,
                    guest: Arc::clone(&guest.party),
                });
                self.state = State::Single;
            }
            State::Transfer(_) => self.guest_left_in_transfer(guest, out),
            State::PostCall => self.over(Outcome::FarEnded, ByeReason::Ended, out),
            State::Anchored => self.over(Outcome::Transferred, ByeReason::Ended, out),
            State::Handover { .. } => self.over(Outcome::Transferred, ByeReason::Transferred, out),
            State::Offered
            | State::Asked { .. }
            | State::Dialling
            | State::TakingOver
            | State::Single
            | State::Guest { .. }
            | State::Carried
            | State::Ending => self.misplaced(),
        }
    }

    /// The customer's leg is over, and not by us.
    pub(crate) fn customer_left(&mut self, out: &mut StepContext<'_>) {
        match &self.state {
            State::Consult { .. } | State::Conference => self.post_call(out),
            State::Transfer(_) => self.customer_left_in_transfer(out),
            State::Anchored => self.over(Outcome::Transferred, ByeReason::Ended, out),
            State::Handover { .. } => self.over(Outcome::Transferred, ByeReason::Transferred, out),
            State::Single | State::ConsultRequested { .. } => {
                if !self.finished {
                    self.tell_customer_left(out);
                }
                self.over(Outcome::FarEnded, ByeReason::Ended, out);
            }
            State::Offered
            | State::Asked { .. }
            | State::Dialling
            | State::TakingOver
            | State::PostCall
            | State::Guest { .. }
            | State::Carried
            | State::Ending => self.misplaced(),
        }
    }

    /// R16, R17: the customer has left, both agents are there and talk on.
    pub(crate) fn post_call(&mut self, out: &mut StepContext<'_>) {
        self.tell_customer_left(out);
        self.talk_on(out);
    }

    /// As [`Call::post_call`], where the agent has a notice of it already.
    pub(crate) fn talk_on(&mut self, out: &mut StepContext<'_>) {
        if !out.common.policy.post_call {
            self.over(Outcome::FarEnded, ByeReason::Ended, out);
            return;
        }
        self.state = State::PostCall;
        self.draft_wrap_up(out);
        if let Some(guest) = self.present_mut(Side::Guest) {
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
