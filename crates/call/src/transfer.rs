//! Handing the call over: REFER to one side, then to the other, and when nobody can be referred our own phone carries
//! the two on (anchored).
//!
//! A REFER is decided by its final NOTIFY alone. Until then the owner's phone mixes on, and the BYE of the side that is
//! being replaced is not leaving.
use crate::call::{Call, Slot, State, Step, WhenAnswered};
use crate::leg::Leg;
use crate::step_context::StepContext;
use crate::{Action, ByeReason, Info, Notice, Outcome, ReferTo, Role, Target, Time};
use core::time::Duration;

/// How long a replaced side may take to say BYE before we do.
pub(crate) const HANDOVER: Duration = Duration::from_secs(1);

/// A REFER that is out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) origin: Origin,
    pub(crate) way: Way,
    /// What is tried when this one can't be done.
    pub(crate) then: Option<Variant>,
    /// The final NOTIFY is due by then.
    pub(crate) until: Time,
    /// The side that is being replaced has said BYE already.
    pub(crate) replaced_gone: bool,
}

/// Where the transfer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    Conference,
    /// Who was in front.
    Consult(Slot),
    /// Blind, with the customer alone.
    Single,
}

/// Who was sent where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    Attended(Variant),
    Blind(Target),
}

/// Who is sent to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Variant {
    /// A: the customer is sent to the guest.
    Customer,
    /// B: the guest is sent to the customer (RFC 5589 §7.4); his agent is asked.
    Guest,
}

impl Variant {
    /// The place of the party that is sent.
    fn referred(self) -> Slot {
        match self {
            Self::Customer => Slot::First,
            Self::Guest => Slot::Second,
        }
    }
}

impl Transfer {
    /// The place of the party that was sent.
    pub(crate) fn referred(&self) -> Slot {
        match &self.way {
            Way::Attended(variant) => variant.referred(),
            Way::Blind(_) => Slot::First,
        }
    }

    pub(crate) fn is_of_conference(&self) -> bool {
        self.origin == Origin::Conference
    }
}

/// RFC 3261 §21.4: these say "I can't", not "I won't".
fn cannot(status: u16) -> bool {
    matches!(status, 405 | 420 | 501)
}

impl Call {
    /// The variants that both phones can do, the first choice first.
    fn variants(&self, origin: Origin) -> (Option<Variant>, Option<Variant>) {
        let (Some(customer), Some(guest)) = (&self.first, &self.second) else {
            return (None, None);
        };
        // The referred party allows REFER and supports `replaces`; so does the party in Refer-To.
        let both_replace = customer.can.replaces && guest.can.replaces;
        let a = (both_replace && customer.can.refer).then_some(Variant::Customer);
        let b = (both_replace && guest.can.refer && guest.can.trialog).then_some(Variant::Guest);
        let (first, second) = if origin == Origin::Conference {
            (b, a)
        } else {
            (a, b)
        };
        if first.is_some() {
            (first, second)
        } else {
            (second, None)
        }
    }

    /// The owner hands over to the guest (R7); his wrap-up opens (R8).
    pub(crate) fn transfer_to_guest(&mut self, origin: Origin, out: &mut StepContext<'_>) {
        self.draft_wrap_up(out);
        let (first, then) = self.variants(origin);
        match first {
            Some(variant) => self.refer(origin, variant, then, out),
            None => self.anchor(out),
        }
    }

    fn refer(
        &mut self,
        origin: Origin,
        variant: Variant,
        then: Option<Variant>,
        out: &mut StepContext<'_>,
    ) {
        let ends = (
            self.leg(variant.referred()),
            self.leg(variant.referred().other()),
        );
        let (Some(referred), Some(other)) = ends else {
            return;
        };
        out.push(Action::Refer {
            leg: referred.id,
            to: ReferTo::Leg(other.id),
        });
        let until = out.now + out.common.policy.transfer_time;
        let way = Way::Attended(variant);
        self.state = State::Transfer(Transfer {
            origin,
            way,
            then,
            until,
            replaced_gone: false,
        });
    }

    /// The owner sends the customer elsewhere without asking there.
    pub(crate) fn transfer_blind(&mut self, target: Target, out: &mut StepContext<'_>) {
        self.draft_wrap_up(out);
        let Some(customer) = &self.first else { return };
        if !customer.can.refer {
            self.consult(target, Some(WhenAnswered::Blind), out);
            return;
        }
        out.push(Action::Refer {
            leg: customer.id,
            to: ReferTo::Target(target.clone()),
        });
        let until = out.now + out.common.policy.transfer_time;
        self.state = State::Transfer(Transfer {
            origin: Origin::Single,
            way: Way::Blind(target),
            then: None,
            until,
            replaced_gone: false,
        });
    }

    /// REFER was answered with a final refusal.
    pub(crate) fn refer_refused(&mut self, slot: Slot, status: u16, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = &self.state else {
            return;
        };
        if transfer.referred() != slot {
            return;
        }
        if !cannot(status) || transfer.replaced_gone {
            self.transfer_failed(status, out);
            return;
        }
        let (origin, then) = (transfer.origin, transfer.then);
        match (&transfer.way, then) {
            (Way::Blind(target), _) => {
                let target = target.clone();
                self.consult(target, Some(WhenAnswered::Blind), out);
            }
            (Way::Attended(_), Some(variant)) => self.refer(origin, variant, None, out),
            (Way::Attended(_), None) => self.anchor(out),
        }
    }

    /// A NOTIFY came. RFC 3515 §2.4.4: 1xx is not yet an answer; 202 to the REFER was none either.
    pub(crate) fn refer_notified(&mut self, slot: Slot, status: u16, out: &mut StepContext<'_>) {
        let running = matches!(&self.state, State::Transfer(t) if t.referred() == slot);
        match status {
            100..=199 => {}
            200..=299 if running => self.transfer_done(out),
            // Taken back or given up, and done nevertheless: what arrived first there has won.
            200..=299 => self.transfer_done_late(slot, out),
            _ if running => self.transfer_failed(if status == 0 { 408 } else { status }, out),
            _ => {}
        }
    }

    fn transfer_done(&mut self, out: &mut StepContext<'_>) {
        out.notice(Notice::Transferred { call: self.id });
        if self.first.is_none() || self.second.is_none() {
            self.over(Outcome::Transferred, ByeReason::Transferred, out);
            return;
        }
        // Make before break: the two hear each other through us until the replaced side has left its old leg.
        self.state = State::Handover {
            until: out.now + HANDOVER,
        };
        self.ask = None;
        self.finish(Outcome::Transferred, out);
    }

    fn transfer_done_late(&mut self, slot: Slot, out: &mut StepContext<'_>) {
        match &self.state {
            State::Conference | State::Consult { .. } | State::PostCall => self.transfer_done(out),
            State::Single if slot == Slot::First && self.role == Role::Owner => {
                self.transfer_done(out);
            }
            _ => {}
        }
    }

    /// The customer is with the owner, and the owner is told. The draft is kept.
    pub(crate) fn transfer_failed(&mut self, status: u16, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = self.state.clone() else {
            return;
        };
        let declined = transfer.way == Way::Attended(Variant::Guest) && status == 603;
        if declined {
            out.notice(Notice::TransferDeclined { call: self.id });
        } else {
            out.notice(Notice::TransferFailed {
                call: self.id,
                status,
            });
        }
        if transfer.replaced_gone {
            // It was leaving after all.
            self.state = match transfer.origin {
                Origin::Conference => State::Conference,
                Origin::Consult(front) => State::Consult {
                    front,
                    step: Step::Rest,
                },
                Origin::Single => State::Single,
            };
            if self.first.is_none() {
                self.customer_left(out);
            } else {
                self.state = State::Single;
                self.set_hold(Slot::First, false);
            }
            return;
        }
        match transfer.origin {
            Origin::Conference => self.state = State::Conference,
            Origin::Consult(front) => {
                self.state = State::Consult {
                    front,
                    step: Step::Rest,
                };
                if front == Slot::Second {
                    self.swap(out);
                }
            }
            Origin::Single => {
                self.state = State::Single;
                self.set_hold(Slot::First, false);
            }
        }
    }

    /// The owner takes it back before it is done.
    pub(crate) fn withdraw(&mut self, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = self.state.clone() else {
            return;
        };
        if let Some(leg) = self.leg(transfer.referred()) {
            out.push(Action::WithdrawRefer(leg.id));
        }
        self.state = match transfer.origin {
            Origin::Conference => State::Conference,
            Origin::Consult(front) => State::Consult {
                front,
                step: Step::Rest,
            },
            Origin::Single => State::Single,
        };
    }

    pub(crate) fn guest_left_in_transfer(&mut self, guest: &Leg, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = &mut self.state else {
            return;
        };
        if transfer.referred() == Slot::First {
            transfer.replaced_gone = true;
            if self.first.is_none() {
                self.over(Outcome::FarEnded, ByeReason::Ended, out);
            }
            return;
        }
        if transfer.replaced_gone {
            self.over(Outcome::FarEnded, ByeReason::Ended, out);
            return;
        }
        out.notice(Notice::GuestLeft {
            call: self.id,
            guest: (*guest.name).into(),
        });
        self.state = State::Single;
        self.set_hold(Slot::First, false);
    }

    pub(crate) fn customer_left_in_transfer(&mut self, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = &mut self.state else {
            return;
        };
        if transfer.referred() == Slot::Second {
            transfer.replaced_gone = true;
            if self.second.is_none() {
                self.over(Outcome::FarEnded, ByeReason::Ended, out);
            }
            return;
        }
        if self.second.is_some() {
            self.post_call(out);
        } else {
            out.notice(Notice::CustomerLeft { call: self.id });
            self.over(Outcome::FarEnded, ByeReason::Ended, out);
        }
    }

    /// Nobody can be referred: the owner leaves, both legs stay on our phone.
    pub(crate) fn anchor(&mut self, out: &mut StepContext<'_>) {
        self.state = State::Anchored;
        self.set_hold(Slot::First, false);
        self.set_hold(Slot::Second, false);
        self.ask = None;
        out.notice(Notice::Anchored { call: self.id });
        if let Some(guest) = &self.second
            && guest.can.trialog
        {
            out.push(Action::Inform {
                leg: guest.id,
                info: Info::YouAreOwner,
            });
        }
        self.owe_wrap_up(out);
    }
}
