//! What the wire and the audio engine say about the legs of a call.
use crate::call::{By, Call, Slot, State};
use crate::leg::Phase;
use crate::step_context::StepContext;
use crate::{
    Action, ByeReason, Capabilities, Info, LegId, MediaEvent, Notice, Outcome, Role, WireEvent,
};

impl Call {
    /// The wire said something about a leg of this call.
    pub(crate) fn wire(&mut self, leg: LegId, event: WireEvent, out: &mut StepContext<'_>) {
        if let Some(place) = self.leaving.iter().position(|leaving| leaving.id == leg) {
            match event {
                WireEvent::Gone | WireEvent::Ended(_) | WireEvent::Refused { .. } => {
                    self.leaving.remove(place);
                }
                // A 2xx that crossed our CANCEL is the user agent's to acknowledge and end.
                WireEvent::Referred(_) => out.push(Action::RefuseReferral { leg, status: 603 }),
                _ => {}
            }
        } else if let Some(slot) = self.slot_of(leg) {
            self.wire_in_place(slot, leg, event, out);
        } else if self.next.as_ref().is_some_and(|next| next.leg.id == leg) {
            self.wire_next(event, out);
        }
    }

    fn wire_in_place(
        &mut self,
        slot: Slot,
        id: LegId,
        event: WireEvent,
        out: &mut StepContext<'_>,
    ) {
        match event {
            // The phone has seen to it that a leg is new.
            WireEvent::Incoming(_) => {}
            WireEvent::Progress { early_media } => {
                if let Some(leg) = self.leg_mut(slot) {
                    Self::progress(leg, early_media);
                }
            }
            WireEvent::Answered(can) => self.answered(slot, can, out),
            WireEvent::Confirmed => {
                if let Some(leg) = self.leg_mut(slot)
                    && leg.phase == Phase::Answering
                {
                    leg.phase = Phase::Up;
                    self.connect(out);
                }
            }
            WireEvent::Refused { status } => self.refused(slot, status, out),
            WireEvent::Ended(cause) => self.ended(slot, cause, out),
            WireEvent::Gone => self.ended(slot, crate::EndCause::Bye, out),
            WireEvent::Renegotiated(can) => {
                self.renegotiated(slot, can, out);
                self.see_who_is_in_front();
            }
            WireEvent::RenegotiationRefused { status } => {
                self.renegotiation_refused(slot, status, out);
                self.see_who_is_in_front();
            }
            WireEvent::FarHold(held) => {
                if let Some(leg) = self.leg_mut(slot) {
                    leg.far_held = held;
                }
            }
            WireEvent::Focus(focus) => self.focus_said(slot, focus, out),
            WireEvent::ReferAccepted => {}
            WireEvent::ReferRefused { status } => self.refer_refused(slot, status, out),
            WireEvent::ReferNotified { status } => self.refer_notified(slot, status, out),
            WireEvent::Referred(referral) => self.referred(id, referral, out),
            WireEvent::ReferralWithdrawn => self.referral_withdrawn(out),
            WireEvent::Informed(info) => self.informed(info, out),
        }
    }

    fn wire_next(&mut self, event: WireEvent, out: &mut StepContext<'_>) {
        match event {
            WireEvent::Answered(can) => self.next_answered(can, out),
            WireEvent::Confirmed => self.next_confirmed(out),
            WireEvent::Refused { status } => self.next_refused(status, out),
            WireEvent::Ended(_) | WireEvent::Gone => self.next_over(out),
            WireEvent::FarHold(held) => {
                if let Some(next) = &mut self.next {
                    next.leg.far_held = held;
                }
            }
            WireEvent::Focus(focus) => {
                if let Some(next) = &mut self.next {
                    next.leg.far_focus = focus;
                }
            }
            WireEvent::Referred(_) => {
                if let Some(next) = &self.next {
                    out.push(Action::RefuseReferral {
                        leg: next.leg.id,
                        status: 603,
                    });
                }
            }
            WireEvent::Incoming(_)
            | WireEvent::Progress { .. }
            | WireEvent::Renegotiated(_)
            | WireEvent::RenegotiationRefused { .. }
            | WireEvent::ReferAccepted
            | WireEvent::ReferRefused { .. }
            | WireEvent::ReferNotified { .. }
            | WireEvent::ReferralWithdrawn
            | WireEvent::Informed(_) => {}
        }
    }

    fn answered(&mut self, slot: Slot, can: Capabilities, out: &mut StepContext<'_>) {
        let Some(leg) = self.leg_mut(slot) else {
            return;
        };
        if !matches!(leg.phase, Phase::Dialling(_)) {
            return;
        }
        leg.phase = Phase::Up;
        leg.can = can;
        match slot {
            Slot::First => {
                let takes_over = self.state == State::TakingOver;
                self.state = State::Single;
                if takes_over {
                    self.own(out);
                } else {
                    self.connect(out);
                }
            }
            Slot::Second => self.guest_answered(out),
        }
    }

    /// Our INVITE ended without 2xx.
    fn refused(&mut self, slot: Slot, status: u16, out: &mut StepContext<'_>) {
        let Some(leg) = self.take_leg(slot) else {
            return;
        };
        out.sound_busy();
        match slot {
            Slot::First => self.over(Outcome::Refused(status), ByeReason::Ended, out),
            Slot::Second => self.guest_refused(&leg, status, out),
        }
    }

    /// A leg is over, and not by us. All causes are leaving.
    fn ended(&mut self, slot: Slot, cause: crate::EndCause, out: &mut StepContext<'_>) {
        let Some(leg) = self.take_leg(slot) else {
            return;
        };
        if self.next.as_ref().is_some_and(|next| next.slot == slot) {
            self.old_leg_over(&leg, out);
            return;
        }
        match slot {
            Slot::Second if cause == crate::EndCause::NoMedia && !leg.is_up() => {
                self.guest_refused(&leg, 488, out);
            }
            Slot::Second => self.guest_left(&leg, out),
            Slot::First => match &self.state {
                State::ConsultRequested { .. }
                | State::Consult { .. }
                | State::Conference
                | State::Transfer(_)
                | State::Handover { .. }
                | State::Anchored => self.customer_left(out),
                State::Single if self.connected && self.role == Role::Owner => {
                    self.customer_left(out);
                }
                State::Offered
                | State::Dialling
                | State::TakingOver
                | State::Single
                | State::PostCall
                | State::Guest { .. }
                | State::Carried
                | State::Ending => self.peer_left(out),
            },
        }
    }

    fn renegotiated(&mut self, slot: Slot, can: Capabilities, out: &mut StepContext<'_>) {
        let Some(leg) = self.leg_mut(slot) else {
            return;
        };
        leg.hold_in_vain = false;
        leg.agreed(can);
        self.session_decided(slot, out);
    }

    /// What waited for this leg's session goes on, if it is as it should be.
    fn session_decided(&mut self, slot: Slot, out: &mut StepContext<'_>) {
        match &self.state {
            State::ConsultRequested { .. } => self.call_guest_when_held(out),
            State::Consult { .. } => self.consult_agreed(slot, out),
            _ => {}
        }
    }

    /// The session is as it was; so is what we want of it, unless somebody must have music all the same.
    fn renegotiation_refused(&mut self, slot: Slot, status: u16, out: &mut StepContext<'_>) {
        let elsewhere = out.local_elsewhere;
        let single = self.state == State::Single;
        let Some(leg) = self.leg_mut(slot) else {
            return;
        };
        let Some(asked) = leg.asked.take() else {
            return;
        };
        let asked_hold = asked.direction == crate::Direction::SendOnly;
        if asked_hold == leg.held || asked_hold != leg.hold {
            // It was but a refreshing, or is no longer wanted.
            self.session_decided(slot, out);
            return;
        }
        if asked_hold && single && elsewhere {
            leg.hold_in_vain = true;
        } else {
            leg.hold = leg.held;
        }
        let party = self.name(slot);
        let call = self.id;
        if self.consult_refused(slot, status, out) {
            return;
        }
        match &self.state {
            State::ConsultRequested { .. } if slot == Slot::First => {
                self.state = State::Single;
            }
            State::PostCall => {
                // The customer has left, and the guest can't be heard: his leg ends.
                if let Some(guest) = self.second.take() {
                    self.send_away(&guest, ByeReason::Ended, out);
                }
                self.over(Outcome::FarEnded, ByeReason::Ended, out);
                return;
            }
            _ => {}
        }
        out.notice(if asked_hold {
            Notice::HoldRefused {
                call,
                party,
                status,
            }
        } else {
            Notice::ResumeRefused {
                call,
                party,
                status,
            }
        });
    }

    /// RFC 4579: the far side has become a focus, or is one no more. It means something to its guest alone.
    fn focus_said(&mut self, slot: Slot, focus: bool, out: &mut StepContext<'_>) {
        // Where a B2BUA eats the header, `isfocus` on a trusted inbound call makes us its guest.
        let here = !out.local_elsewhere;
        let talks = here && !self.on_hold(slot);
        let lone = talks && self.trusted && self.role == Role::Owner && self.state == State::Single;
        if focus && lone && self.next.is_none() && self.referral.is_none() {
            self.role = Role::Guest;
            self.state = State::Guest { post: false };
            self.drop_wrap_up(out);
        }
        if self.role == Role::Guest
            && let Some(leg) = self.leg_mut(slot)
        {
            leg.far_focus = focus;
        }
    }

    fn informed(&mut self, info: Info, out: &mut StepContext<'_>) {
        let State::Guest { post } = &mut self.state else {
            return;
        };
        match info {
            Info::PostCall => *post = true,
            Info::YouAreOwner => {
                if self.referral.take().is_some() {
                    out.notice(Notice::TransferWithdrawn { call: self.id });
                }
                self.state = State::Carried;
                self.own(out);
            }
        }
    }

    /// The audio engine noticed something.
    pub(crate) fn media(&mut self, id: LegId, event: MediaEvent, out: &mut StepContext<'_>) {
        if let Some(next) = &mut self.next
            && next.leg.id == id
        {
            // The new leg's first sound: the old one has done its duty. It may well overtake the ACK, and shows as well that
            // our 200 has arrived.
            let waits = matches!(
                next.by,
                By::Replaces(_) | By::Referral { until: Some(_), .. }
            );
            if event == MediaEvent::Heard && waits {
                next.leg.phase = Phase::Up;
                self.take_over(out);
            }
            return;
        }
        let call = self.id;
        let Some(slot) = self.slot_of(id) else { return };
        let party = self.name(slot);
        let Some(leg) = self.leg_mut(slot) else {
            return;
        };
        match event {
            MediaEvent::Silent if leg.is_up() && !leg.silent && !leg.far_held && !leg.held => {
                leg.silent = true;
                leg.refresh = true;
                out.notice(Notice::NoAudio { call, party });
            }
            MediaEvent::Silent => {}
            MediaEvent::Heard => {
                if leg.silent {
                    leg.silent = false;
                    out.notice(Notice::AudioBack { call, party });
                }
            }
            MediaEvent::Lost => self.lost(slot, out),
            MediaEvent::Dtmf(digit) => out.notice(Notice::Dtmf { call, digit }),
        }
    }

    /// RTP and RTCP are both silent beyond the limit: the party has left, and its dialog is ended.
    fn lost(&mut self, slot: Slot, out: &mut StepContext<'_>) {
        let Some(leg) = self.leg(slot).filter(|leg| leg.is_up()).cloned() else {
            return;
        };
        self.send_away(&leg, ByeReason::Ended, out);
        self.ended(slot, crate::EndCause::Silent, out);
    }

    /// Our own address has changed, or the network was away.
    pub(crate) fn refresh(&mut self) {
        for leg in [self.first.as_mut(), self.second.as_mut()]
            .into_iter()
            .flatten()
        {
            leg.refresh |= leg.is_up();
        }
    }

    /// Whatever of this call is due by now.
    pub(crate) fn deadlines(&mut self, out: &mut StepContext<'_>) {
        let now = out.now;
        if self.ask.is_some_and(|at| at <= now) {
            self.end(out);
        }
        if matches!(&self.state, State::Transfer(transfer) if transfer.until <= now) {
            self.transfer_failed(408, out);
        }
        if matches!(&self.state, State::Handover { until } if *until <= now) {
            self.over(Outcome::Transferred, ByeReason::Transferred, out);
        }
        if self
            .referral
            .as_ref()
            .is_some_and(|asked| asked.until <= now)
        {
            self.decline(out);
        }
        let by = self.next.as_ref().map(|next| next.by);
        if let Some(
            By::Replaces(Some(at))
            | By::Referral {
                until: Some(at), ..
            },
        ) = by
            && at <= now
        {
            self.take_over(out);
        }
        for leaving in &mut self.leaving {
            if leaving.until.is_some_and(|at| at <= now) {
                leaving.until = None;
                out.push(Action::Bye {
                    leg: leaving.id,
                    reason: ByeReason::Transferred,
                });
            }
        }
    }
}
