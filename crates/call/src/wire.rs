//! What happens in the dialogs and the sound of a call's legs.
use crate::call::{By, Call, State};
use crate::leg::Phase;
use crate::legs::Side;
use crate::step_context::StepContext;
use crate::{
    Action, ByeReason, CallId, Capabilities, EndReason, Info, LegId, MediaEvent, Notice, Outcome,
    PartyIdentity, Role, WireEvent,
};
use alloc::sync::Arc;

impl Call {
    /// Something happened in the dialog of a leg of this call.
    pub(crate) fn wire(&mut self, leg: LegId, event: WireEvent, out: &mut StepContext<'_>) {
        if self.state == (State::Asked { by: leg }) {
            if event == WireEvent::ReferralWithdrawn {
                self.referral_withdrawn(out);
            }
        } else if let Some(index) = self.leaving.iter().position(|leaving| leaving.id == leg) {
            match event {
                WireEvent::Gone | WireEvent::Ended(_) | WireEvent::Refused { .. } => {
                    self.leaving.remove(index);
                }
                // A 2xx that crossed our CANCEL is the user agent's to acknowledge and end.
                WireEvent::Referred(_) => out.push(Action::RefuseReferral { leg, status: 603 }),
                _ => {}
            }
        } else if self.legs.get(leg).is_some() {
            self.leg_event(leg, event, out);
        } else if matches!(&self.state, State::Transfer(transfer) if transfer.refer(leg).is_some())
        {
            // It has hung up, and its REFER's subscription lives on.
            match event {
                WireEvent::ReferRefused { status } => self.refer_refused(leg, status, out),
                WireEvent::ReferNotified { status } => self.refer_notified(leg, status, out),
                _ => {}
            }
        } else if self.next.as_ref().is_some_and(|next| next.leg.id == leg) {
            self.next_event(event, out);
        }
    }

    fn leg_event(&mut self, id: LegId, event: WireEvent, out: &mut StepContext<'_>) {
        match event {
            // These make a call: no call is asked.
            WireEvent::Incoming(_) | WireEvent::CallAsked(_) => self.misplaced(),
            WireEvent::Rings => {
                if let Some(leg) = self.found_mut(id) {
                    leg.rings();
                }
            }
            WireEvent::Answered(can) => self.answered(id, can, out),
            WireEvent::Confirmed => {
                if let Some(leg) = self.found_mut(id)
                    && leg.phase == Phase::Answering
                {
                    leg.phase = Phase::Up;
                    self.connect(out);
                }
            }
            WireEvent::Refused { status } => self.refused(id, status, out),
            WireEvent::Reason(reason) => self.reason_given(id, reason, out),
            WireEvent::Redirected(redirection) => self.redirected(id, redirection, out),
            WireEvent::Ended(cause) => self.ended(id, cause, out),
            WireEvent::Gone => self.ended(id, crate::EndCause::Bye, out),
            WireEvent::Renegotiated(can) => {
                self.renegotiated(id, can, out);
                self.update_front();
            }
            WireEvent::RenegotiationRefused { status } => {
                self.renegotiation_refused(id, status, out);
                self.update_front();
            }
            WireEvent::FarHold(held) => {
                if let Some(leg) = self.found_mut(id) {
                    leg.far_held = held;
                }
            }
            WireEvent::Focus(focus) => self.focus_changed(id, focus),
            WireEvent::Identity(party) => self.identified(id, party, out),
            WireEvent::ReferAccepted => {}
            WireEvent::ReferRefused { status } => self.refer_refused(id, status, out),
            WireEvent::ReferNotified { status } => self.refer_notified(id, status, out),
            WireEvent::Referred(referral) => self.referred(id, referral, out),
            WireEvent::ReferralWithdrawn => self.referral_withdrawn(out),
            WireEvent::Informed(info) => self.informed(info, out),
        }
    }

    fn next_event(&mut self, event: WireEvent, out: &mut StepContext<'_>) {
        let Some(next) = &mut self.next else {
            return self.misplaced();
        };
        match event {
            WireEvent::Answered(can) => self.next_answered(can, out),
            WireEvent::Confirmed => self.next_confirmed(out),
            WireEvent::Refused { status } => self.next_refused(status, out),
            WireEvent::Redirected(redirection) => self.next_redirected(redirection, out),
            WireEvent::Ended(_) | WireEvent::Gone => self.next_over(out),
            WireEvent::FarHold(held) => next.leg.far_held = held,
            WireEvent::Focus(focus) => next.leg.far_focus = focus,
            WireEvent::Identity(party) => next.leg.party = party,
            WireEvent::Referred(_) => out.push(Action::RefuseReferral {
                leg: next.leg.id,
                status: 603,
            }),
            WireEvent::Incoming(_) | WireEvent::CallAsked(_) => self.misplaced(),
            WireEvent::Reason(reason) => tell_reason(self.id, &next.leg.party, &reason, out),
            WireEvent::Rings
            | WireEvent::Renegotiated(_)
            | WireEvent::RenegotiationRefused { .. }
            | WireEvent::ReferAccepted
            | WireEvent::ReferRefused { .. }
            | WireEvent::ReferNotified { .. }
            | WireEvent::ReferralWithdrawn
            | WireEvent::Informed(_) => {}
        }
    }

    /// A leg is about to end, and its far side states why.
    fn reason_given(&mut self, id: LegId, reason: Arc<EndReason>, out: &mut StepContext<'_>) {
        let Some(leg) = self.legs.get(id) else {
            return;
        };
        tell_reason(self.id, &leg.party, &reason, out);
        if leg.role.side() == Side::Peer {
            self.reason = Some(reason);
        }
    }

    fn answered(&mut self, id: LegId, can: Capabilities, out: &mut StepContext<'_>) {
        self.newcomer_is_late(id, out);
        let Some(leg) = self.found_mut(id) else {
            return;
        };
        if !matches!(leg.phase, Phase::Dialling(_)) {
            return;
        }
        leg.phase = Phase::Up;
        leg.can = can;
        match leg.role {
            Role::Guest => self.guest_answered(out),
            Role::Customer | Role::Owner => {
                let takes_over = self.state == State::TakingOver;
                self.state = State::Single;
                if takes_over {
                    self.own(out);
                } else {
                    self.connect(out);
                }
                self.customer_is_there(out);
            }
        }
    }

    /// Our INVITE ended without 2xx.
    fn refused(&mut self, id: LegId, status: u16, out: &mut StepContext<'_>) {
        self.newcomer_is_late(id, out);
        let Some(leg) = self.take_found(id) else {
            return;
        };
        out.sound_refused(status);
        match leg.role {
            Role::Guest => self.guest_refused(&leg, status, out),
            Role::Customer | Role::Owner => {
                self.over(Outcome::Refused(status), ByeReason::Ended, out);
            }
        }
    }

    /// A leg is over, and not by us. All causes are leaving.
    fn ended(&mut self, id: LegId, cause: crate::EndCause, out: &mut StepContext<'_>) {
        self.newcomer_is_late(id, out);
        let Some(leg) = self.take_found(id) else {
            return;
        };
        if self.next.as_ref().is_some_and(|next| next.old == id) {
            self.old_leg_over(&leg, out);
            return;
        }
        // While a REFER runs, a BYE is not leaving: the final NOTIFY decides. A referred party that leaves otherwise sends none.
        if let State::Transfer(transfer) = &mut self.state
            && (transfer.replaced_leaves(id)
                || cause == crate::EndCause::Bye && transfer.referred_hangs_up(id))
        {
            return;
        }
        match leg.role {
            Role::Guest if cause == crate::EndCause::NoMedia && !leg.is_up() => {
                self.guest_refused(&leg, 488, out);
            }
            Role::Guest => self.guest_left(&leg, out),
            Role::Customer | Role::Owner => match &self.state {
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
                | State::Asked { .. }
                | State::Dialling
                | State::TakingOver
                | State::Single
                | State::PostCall
                | State::Guest { .. }
                | State::Carried
                | State::Ending => self.peer_left(cause, out),
            },
        }
    }

    fn renegotiated(&mut self, id: LegId, can: Capabilities, out: &mut StepContext<'_>) {
        let Some(leg) = self.found_mut(id) else {
            return;
        };
        leg.hold_refused = false;
        leg.agreed(can);
        let side = leg.role.side();
        self.session_decided(side, out);
        if side == Side::Peer {
            self.customer_is_there(out);
        }
    }

    /// What waited for this leg's session goes on, if it is as it should be.
    fn session_decided(&mut self, side: Side, out: &mut StepContext<'_>) {
        match &self.state {
            State::ConsultRequested { .. } => self.call_guest_when_held(out),
            State::Consult { .. } => self.consult_agreed(side, out),
            _ => {}
        }
    }

    /// The session is as it was; so is what we want of it, unless the party must have music all the same.
    fn renegotiation_refused(&mut self, id: LegId, status: u16, out: &mut StepContext<'_>) {
        let elsewhere = out.local_elsewhere;
        let single = self.state == State::Single;
        let Some(leg) = self.found_mut(id) else {
            return;
        };
        let Some(asked) = leg.asked.take() else {
            debug_assert!(false, "no re-INVITE is under way: {leg:?}");
            return;
        };
        let side = leg.role.side();
        if side == Side::Peer {
            self.customer_is_there(out);
        }
        let Some(leg) = self.found_mut(id) else {
            return;
        };
        let asked_hold = asked.direction == crate::Direction::SendOnly;
        if asked_hold == leg.held || asked_hold != leg.hold {
            // It was but a refreshing, or is no longer wanted.
            self.session_decided(side, out);
            return;
        }
        if asked_hold && single && elsewhere {
            leg.hold_refused = true;
        } else {
            leg.hold = leg.held;
        }
        let party = Arc::clone(&leg.party);
        let call = self.id;
        if self.consult_refused(side, status, out) {
            return;
        }
        match &self.state {
            State::ConsultRequested { .. } if side == Side::Peer => {
                self.state = State::Single;
            }
            State::PostCall => {
                // The customer has left, and the guest can't be heard: its leg ends.
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

    /// RFC 4579: the far side has become a focus, or is one no more. It means something to its guest alone, who was called as
    /// one: a PBX or a customer's phone may well be a focus of its own.
    fn focus_changed(&mut self, id: LegId, focus: bool) {
        if self.role == Role::Guest
            && let Some(leg) = self.found_mut(id)
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
            match event {
                MediaEvent::Heard => next.leg.heard(),
                MediaEvent::Stopped => next.leg.stopped(),
                MediaEvent::Silent | MediaEvent::Lost | MediaEvent::Dtmf(_) => {}
            }
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
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        let party = Arc::clone(&leg.party);
        match event {
            MediaEvent::Silent if leg.is_up() && !leg.silent && !leg.far_held && !leg.held => {
                leg.silent = true;
                leg.refresh = true;
                out.notice(Notice::NoAudio { call, party });
            }
            MediaEvent::Silent => {}
            MediaEvent::Stopped => leg.stopped(),
            MediaEvent::Heard => {
                leg.heard();
                if leg.silent {
                    leg.silent = false;
                    out.notice(Notice::AudioBack { call, party });
                }
            }
            MediaEvent::Lost => self.lost(id, out),
            MediaEvent::Dtmf(digit) => out.notice(Notice::Dtmf { call, digit }),
        }
    }

    /// RTP and RTCP are both silent beyond the limit: the party has left, and its dialog is ended.
    fn lost(&mut self, id: LegId, out: &mut StepContext<'_>) {
        let Some(leg) = self.legs.get(id).filter(|leg| leg.is_up()).cloned() else {
            return;
        };
        self.send_away(&leg, ByeReason::Ended, out);
        self.ended(id, crate::EndCause::Silent, out);
    }

    /// Our own address has changed, or the network was away.
    pub(crate) fn refresh(&mut self) {
        for leg in self.legs.iter_mut() {
            leg.refresh |= leg.is_up();
        }
    }

    /// Whatever of this call is due by now.
    pub(crate) fn deadlines(&mut self, out: &mut StepContext<'_>) {
        let now = out.now;
        if self.ask.is_some_and(|at| at <= now) {
            self.end(out);
        }
        if let State::Transfer(transfer) = &mut self.state {
            transfer.grow_old(now);
        }
        self.tone_until = self.tone_until.filter(|until| *until > now);
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
        let redirected = self
            .redirected_leg()
            .and_then(|leg| leg.redirected.as_ref());
        if redirected.is_some_and(|redirected| redirected.until <= now) {
            self.refuse_redirection(out);
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

/// The agent has the words for an end that is none of the usual.
fn tell_reason(
    call: CallId,
    party: &Arc<PartyIdentity>,
    reason: &Arc<EndReason>,
    out: &mut StepContext<'_>,
) {
    if reason.has_words() && !reason.is_usual() {
        let (party, reason) = (Arc::clone(party), Arc::clone(reason));
        out.notice(Notice::Reason {
            call,
            party,
            reason,
        });
    }
}
