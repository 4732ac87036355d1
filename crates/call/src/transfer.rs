//! Handing the call over: REFER to one side, then to the other, and when no party can be referred our own phone carries
//! the two on (anchored).
//!
//! A REFER is decided by its final NOTIFY alone, or by none in time. Until then the owner's phone mixes on, and a BYE is not
//! leaving: neither that of the side that is being replaced nor that of the side that was sent, which may have hung up first and
//! report later (RFC 5057 §3: the subscription outlives the call).
use crate::call::{Call, State, Step, WhenAnswered};
use crate::leg::{Leg, Phase};
use crate::legs::Side;
use crate::step_context::StepContext;
use crate::{Action, ByeReason, Info, LegId, Notice, Outcome, ReferTo, Role, Target, Time};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// How long a replaced side may take to say BYE before we do.
pub(crate) const HANDOVER: Duration = Duration::from_secs(1);

/// How long a 603 to the REFER itself means that the far side can't: a PBX forbids it at once, while a person takes longer to say no.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(1);

/// A transfer that is asked for and not yet decided: the REFERs that are out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) origin: Origin,
    /// One for each party that is sent: among three parties, one. The transfer is done when each has succeeded.
    pub(crate) refers: Vec<Refer>,
    /// The final NOTIFYs are due by then.
    pub(crate) until: Time,
}

/// A REFER whose final NOTIFY is not here yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refer {
    /// The leg whose party is sent.
    pub(crate) referred: LegId,
    /// That party has sent its BYE already: the leg is none of the call's any more, and its NOTIFYs still come by its name.
    pub(crate) hung_up: bool,
    pub(crate) to: To,
    /// Where this can't be done, the other party is sent to this one.
    pub(crate) then_reversed: bool,
    /// Until then a 603 to it means that the far side can't; `None`: that a person will not, or a Trialog's policy.
    pub(crate) at_once: Option<Time>,
}

impl Refer {
    /// RFC 3261 §21.4, §21.5: this final answer says that the party is not able to be referred, where others say that it will not.
    fn cannot(&self, status: u16, now: Time) -> bool {
        match status {
            405 | 420 | 501 => true,
            603 => self.at_once.is_some_and(|until| now <= until),
            _ => false,
        }
    }
}

/// Where a party is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum To {
    /// Attended: to the party of this leg, which the new call replaces. `None`: that one has sent its BYE already.
    Leg(Option<LegId>),
    /// Blind.
    Target(Target),
}

/// Where the transfer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    Conference,
    /// Out of a consult; the side that was in front.
    Consult(Side),
    /// Blind, with the customer alone.
    Single,
}

impl Origin {
    /// The state to which a transfer that fails, or is withdrawn, goes back.
    fn state(self) -> State {
        match self {
            Self::Conference => State::Conference,
            Self::Consult(front) => State::Consult {
                front,
                step: Step::Rest,
            },
            Self::Single => State::Single,
        }
    }
}

impl Transfer {
    pub(crate) fn is_of_conference(&self) -> bool {
        self.origin == Origin::Conference
    }

    /// The REFER that was sent on this leg.
    pub(crate) fn refer(&self, leg: LegId) -> Option<&Refer> {
        self.refers.iter().find(|refer| refer.referred == leg)
    }

    /// When it has something to do: its REFERs are late for an answer at once, or it is given up.
    pub(crate) fn deadline(&self) -> Option<Time> {
        let at_once = self.refers.iter().filter_map(|refer| refer.at_once);
        at_once.chain([self.until]).min()
    }

    /// An answer from now on does not come at once, where it is later than that.
    pub(crate) fn grow_old(&mut self, now: Time) {
        for refer in &mut self.refers {
            refer.at_once = refer.at_once.filter(|until| *until > now);
        }
    }

    /// A side that is to be replaced has left its leg already.
    pub(crate) fn has_replaced_gone(&self) -> bool {
        self.refers.iter().any(|refer| refer.to == To::Leg(None))
    }

    /// The legs that were sent and have hung up since.
    pub(crate) fn hung_up(&self) -> impl Iterator<Item = LegId> {
        let hung_up = self.refers.iter().filter(|refer| refer.hung_up);
        hung_up.map(|refer| refer.referred)
    }

    /// The party of this leg was sent, and hangs up: only its NOTIFY decides. False for any other leg.
    pub(crate) fn referred_hangs_up(&mut self, leg: LegId) -> bool {
        let refer = self.refers.iter_mut().find(|refer| refer.referred == leg);
        refer.map(|refer| refer.hung_up = true).is_some()
    }

    /// The party of this leg is to be replaced, and leaves: its BYE decides nothing. False for any other leg.
    pub(crate) fn replaced_leaves(&mut self, leg: LegId) -> bool {
        let replaced = |refer: &&mut Refer| refer.to == To::Leg(Some(leg));
        let refer = self.refers.iter_mut().find(replaced);
        refer.map(|refer| refer.to = To::Leg(None)).is_some()
    }
}

impl Call {
    /// Variant A sends the customer to the guest, B the guest to the customer (RFC 5589 §7.4), whose agent is asked. Of those that
    /// both phones can do, the first choice: the leg that is referred, the other, and whether the reverse can be done too.
    fn variant(&self, origin: Origin) -> Option<(LegId, LegId, bool)> {
        let (customer, guest) = (self.present(Side::Peer)?, self.present(Side::Guest)?);
        // The referred party allows REFER and supports `replaces`; so does the party in Refer-To.
        let both_replace = customer.can.replaces && guest.can.replaces;
        let a = both_replace && customer.can.refer;
        let b = both_replace && guest.can.refer && guest.can.trialog;
        let (customer, guest) = (customer.id, guest.id);
        if b && (origin == Origin::Conference || !a) {
            Some((guest, customer, a))
        } else {
            a.then_some((customer, guest, b))
        }
    }

    /// The owner hands over to the guest (R7); the owner's wrap-up opens (R8).
    pub(crate) fn transfer_to_guest(&mut self, origin: Origin, out: &mut StepContext<'_>) {
        self.draft_wrap_up(out);
        match self.variant(origin) {
            Some((referred, other, then_reversed)) => {
                self.refer(origin, referred, other, then_reversed, out);
            }
            None => self.anchor(out),
        }
    }

    fn refer(
        &mut self,
        origin: Origin,
        referred: LegId,
        other: LegId,
        then_reversed: bool,
        out: &mut StepContext<'_>,
    ) {
        out.push(Action::Refer {
            leg: referred,
            to: ReferTo::Leg(other),
        });
        let refer = Refer {
            referred,
            hung_up: false,
            to: To::Leg(Some(other)),
            then_reversed,
            at_once: self.at_once(referred, out.now),
        };
        self.transfer_by(origin, refer, out);
    }

    /// A PBX that forbids REFER has no status of its own for it. A Trialog's 603 is its agent's no, or its policy's.
    fn at_once(&self, referred: LegId, now: Time) -> Option<Time> {
        let trialog = self.legs.get(referred).is_some_and(|leg| leg.can.trialog);
        (!trialog).then_some(now + AT_ONCE)
    }

    fn transfer_by(&mut self, origin: Origin, refer: Refer, out: &mut StepContext<'_>) {
        // What became of an earlier one is no question any more.
        self.probing = None;
        self.state = State::Transfer(Transfer {
            origin,
            refers: vec![refer],
            until: out.now + out.common.policy.transfer_time,
        });
    }

    /// The owner sends the customer elsewhere without asking there.
    pub(crate) fn transfer_blind(&mut self, target: Target, out: &mut StepContext<'_>) {
        self.draft_wrap_up(out);
        let Some(customer) = self.present(Side::Peer) else {
            return;
        };
        if !customer.can.refer {
            self.consult(self.account, target, Some(WhenAnswered::Blind), out);
            return;
        }
        let referred = customer.id;
        out.push(Action::Refer {
            leg: referred,
            to: ReferTo::Target(target.clone()),
        });
        let refer = Refer {
            referred,
            hung_up: false,
            to: To::Target(target),
            then_reversed: false,
            at_once: self.at_once(referred, out.now),
        };
        self.transfer_by(Origin::Single, refer, out);
    }

    /// REFER was answered with a final refusal.
    pub(crate) fn refer_refused(&mut self, leg: LegId, status: u16, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = &self.state else {
            return;
        };
        let (origin, Some(refer)) = (transfer.origin, transfer.refer(leg)) else {
            return;
        };
        let then_reversed = refer.then_reversed;
        match refer.to.clone() {
            _ if !refer.cannot(status, out.now) => self.transfer_failed(status, out),
            To::Leg(None) => self.transfer_failed(status, out),
            _ if refer.hung_up => self.transfer_failed(status, out),
            To::Target(target) => {
                self.consult(self.account, target, Some(WhenAnswered::Blind), out);
            }
            To::Leg(Some(other)) if then_reversed => self.refer(origin, other, leg, false, out),
            To::Leg(Some(_)) => self.anchor(out),
        }
    }

    /// A NOTIFY came. RFC 3515 §2.4.4: 1xx is not yet an answer; 202 to the REFER was none either.
    pub(crate) fn refer_notified(&mut self, leg: LegId, status: u16, out: &mut StepContext<'_>) {
        let running = matches!(&self.state, State::Transfer(t) if t.refer(leg).is_some());
        match status {
            100..=199 => {}
            200..=299 if running => self.refer_done(leg, out),
            // Withdrawn or given up, and done nevertheless: what arrived first there has won.
            200..=299 => self.transfer_done_late(leg, out),
            _ if running => self.transfer_failed(if status == 0 { 408 } else { status }, out),
            _ => {}
        }
    }

    fn refer_done(&mut self, leg: LegId, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = &mut self.state else {
            return self.misplaced();
        };
        transfer.refers.retain(|refer| refer.referred != leg);
        if transfer.refers.is_empty() {
            self.transfer_done(out);
        }
    }

    /// A PBX may have let the customer's leg go while it tried the transfer. Its re-INVITE is that which takes it off hold, where
    /// one is on its way or to come.
    pub(crate) fn probe(&mut self) {
        let parting = matches!(
            self.state,
            State::Consult {
                step: Step::Parting,
                ..
            }
        );
        if self.probing.is_some()
            && !parting
            && let Some(customer) = self.leg_mut(Side::Peer)
            && customer.phase == Phase::Up
            && customer.asked.is_none()
        {
            customer.refresh = true;
        }
    }

    /// The customer's phone has answered, so that it is there.
    pub(crate) fn customer_is_there(&mut self, out: &mut StepContext<'_>) {
        if let Some(status) = self.probing.take() {
            out.notice(Notice::TransferFailed {
                call: self.id,
                status,
            });
        }
    }

    /// It is not. Whether that was in question.
    pub(crate) fn customer_is_gone(&mut self, out: &mut StepContext<'_>) -> bool {
        let Some(status) = self.probing.take() else {
            return false;
        };
        out.notice(Notice::TransferFailedCustomerGone {
            call: self.id,
            status,
        });
        true
    }

    /// What the agent is told of a customer that has left.
    pub(crate) fn tell_customer_left(&mut self, out: &mut StepContext<'_>) {
        if !self.customer_is_gone(out) {
            out.notice(Notice::CustomerLeft { call: self.id });
        }
    }

    fn transfer_done(&mut self, out: &mut StepContext<'_>) {
        self.probing = None;
        out.notice(Notice::Transferred { call: self.id });
        if self.leg(Side::Peer).is_none() || self.leg(Side::Guest).is_none() {
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

    fn transfer_done_late(&mut self, leg: LegId, out: &mut StepContext<'_>) {
        let side = self.side_of(leg);
        match &self.state {
            State::Conference | State::Consult { .. } | State::PostCall => self.transfer_done(out),
            State::Single if side == Some(Side::Peer) && self.role == Role::Owner => {
                self.transfer_done(out);
            }
            _ => {}
        }
    }

    /// The customer is with the owner, or has hung up meanwhile; the agent is told as soon as it is known which. The draft is kept.
    pub(crate) fn transfer_failed(&mut self, status: u16, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = self.state.clone() else {
            return self.misplaced();
        };
        if self.leg(Side::Peer).is_none() {
            out.notice(Notice::TransferFailedCustomerGone {
                call: self.id,
                status,
            });
            if self.leg(Side::Guest).is_some() {
                self.talk_on(out);
            } else {
                self.over(Outcome::FarEnded, ByeReason::Ended, out);
            }
            return;
        }
        let guest = self.leg(Side::Guest).map(|guest| guest.id);
        let asked = guest.is_some_and(|guest| transfer.refer(guest).is_some());
        let declined = asked && status == 603;
        if declined {
            out.notice(Notice::TransferDeclined { call: self.id });
        } else {
            self.probing = Some(status);
        }
        if transfer.origin != Origin::Single && guest.is_none() {
            // Its BYE was leaving after all.
            self.state = State::Single;
            self.set_hold(Side::Peer, false);
            return;
        }
        self.state = transfer.origin.state();
        match transfer.origin {
            Origin::Consult(Side::Guest) => self.swap(out),
            Origin::Conference | Origin::Consult(Side::Peer) => {}
            Origin::Single => self.set_hold(Side::Peer, false),
        }
    }

    /// The owner takes it back before it is done.
    pub(crate) fn withdraw(&mut self, out: &mut StepContext<'_>) {
        let State::Transfer(transfer) = self.state.clone() else {
            return self.misplaced();
        };
        for refer in &transfer.refers {
            out.push(Action::WithdrawRefer(refer.referred));
        }
        self.state = transfer.origin.state();
    }

    /// The guest was sent, and leaves.
    pub(crate) fn guest_left_in_transfer(&mut self, guest: &Leg, out: &mut StepContext<'_>) {
        if self.leg(Side::Peer).is_none() {
            self.over(Outcome::FarEnded, ByeReason::Ended, out);
            return;
        }
        out.notice(Notice::GuestLeft {
            call: self.id,
            guest: Arc::clone(&guest.party),
        });
        self.state = State::Single;
        self.set_hold(Side::Peer, false);
    }

    /// The customer was sent, and leaves.
    pub(crate) fn customer_left_in_transfer(&mut self, out: &mut StepContext<'_>) {
        if self.leg(Side::Guest).is_some() {
            self.post_call(out);
        } else {
            self.tell_customer_left(out);
            self.over(Outcome::FarEnded, ByeReason::Ended, out);
        }
    }

    /// No party can be referred: the owner leaves, both legs stay on our phone.
    pub(crate) fn anchor(&mut self, out: &mut StepContext<'_>) {
        debug_assert!(
            self.leg(Side::Peer).is_some(),
            "no customer to carry: {self:?}"
        );
        self.state = State::Anchored;
        self.probing = None;
        self.set_hold(Side::Peer, false);
        self.set_hold(Side::Guest, false);
        self.ask = None;
        out.notice(Notice::Anchored { call: self.id });
        if let (Some(guest), Some(customer)) = (self.present(Side::Guest), self.present(Side::Peer))
        {
            let leg = guest.id;
            out.push(if guest.can.trialog {
                let info = Info::YouAreOwner;
                Action::Inform { leg, info }
            } else {
                let party = customer.id;
                Action::StateParty { leg, party }
            });
        }
        self.owe_wrap_up(out);
    }
}
