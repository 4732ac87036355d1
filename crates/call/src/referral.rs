//! Being referred, and being replaced: a new leg takes the place of one that we have.
use crate::call::{Asked, By, Call, Leaving, Next, Slot, State};
use crate::leg::{Leg, Phase, Ring};
use crate::step_context::StepContext;
use crate::{
    Action, ByeReason, Capabilities, Incoming, LegId, Notice, Outcome, Referral, ReferralPolicy,
    Role,
};
use core::time::Duration;

/// How long after its ACK a replacing leg may be without a packet before it takes over all the same.
pub(crate) const FIRST_PACKET: Duration = Duration::from_millis(500);
/// How long who referred us may take to end the old leg before we do.
pub(crate) const REFERRER_LEAVES: Duration = Duration::from_secs(10);

impl Call {
    /// The peer asks us to call somebody else.
    pub(crate) fn referred(&mut self, leg: LegId, referral: Referral, out: &mut StepContext<'_>) {
        let up = self
            .first
            .as_ref()
            .is_some_and(|first| first.id == leg && first.is_up());
        let free = matches!(self.state, State::Single | State::Guest { post: false })
            && self.referral.is_none()
            && self.next.is_none();
        // RFC 3515 §2.4.2: whoever is in a consult or conference of his own can't be sent elsewhere.
        if !up || !free {
            out.push(Action::RefuseReferral { leg, status: 603 });
            return;
        }
        let policy = match (self.role, out.common.policy.transfers) {
            // Nobody sits there to be asked for a transfer: the customer only talks and hangs up.
            (Role::Customer, ReferralPolicy::Ask) => ReferralPolicy::Accept,
            (_, policy) => policy,
        };
        match policy {
            ReferralPolicy::Decline => out.push(Action::RefuseReferral { leg, status: 603 }),
            // RFC 3261 §21.4.6: our Allow has no REFER.
            ReferralPolicy::Never => out.push(Action::RefuseReferral { leg, status: 405 }),
            ReferralPolicy::Accept => {
                out.push(Action::AcceptReferral(leg));
                self.follow(&referral.to, referral.replaces, out);
            }
            ReferralPolicy::Ask => {
                out.push(Action::AcceptReferral(leg));
                let until = out.now + out.common.policy.referral_time;
                self.referral = Some(Asked {
                    to: referral.to,
                    replaces: referral.replaces,
                    until,
                });
            }
        }
    }

    fn follow(&mut self, to: &crate::Target, replaces: bool, out: &mut StepContext<'_>) {
        let from = self.first.as_ref().map(|leg| leg.id);
        let leg = self.invite(to, false, from, out);
        self.next = Some(Next {
            leg,
            slot: Slot::First,
            by: By::Referral {
                report: true,
                replaces,
                until: None,
            },
        });
    }

    /// R9: the guest accepts.
    pub(crate) fn accept(&mut self, out: &mut StepContext<'_>) {
        if let Some(asked) = self.referral.take() {
            self.follow(&asked.to, asked.replaces, out);
        }
    }

    /// R9: the guest declines, or did not answer in time; or he gives up calling who does not answer.
    pub(crate) fn decline(&mut self, out: &mut StepContext<'_>) {
        let mut asked = self.referral.take().is_some();
        if self.may_give_up_calling()
            && let Some(next) = self.next.take()
        {
            self.send_away(&next.leg, ByeReason::Ended, out);
            asked |= matches!(next.by, By::Referral { report: true, .. });
        }
        if asked && let Some(first) = &self.first {
            out.push(Action::ReferralResult {
                leg: first.id,
                status: 603,
            });
        }
    }

    /// Who referred us takes it back. Once our INVITE is out it is too late: what came first wins.
    pub(crate) fn referral_withdrawn(&mut self, out: &mut StepContext<'_>) {
        if self.referral.take().is_some() {
            out.notice(Notice::TransferWithdrawn { call: self.id });
        }
        if let Some(next) = &mut self.next
            && let By::Referral { report, .. } = &mut next.by
        {
            *report = false;
        }
    }

    /// The INVITE that followed the referral was answered.
    pub(crate) fn next_answered(&mut self, can: Capabilities, out: &mut StepContext<'_>) {
        let Some(next) = &mut self.next else { return };
        next.leg.phase = Phase::Up;
        next.leg.can = can;
        // Who referred us ends the old leg once he hears of the success, and with it goes its sound: the first sound of the
        // new one is waited for. Not so by a guest: the customer, whom he calls, waits for his.
        if let By::Referral { until, .. } = &mut next.by
            && !matches!(self.state, State::Guest { .. })
        {
            *until = Some(out.now + FIRST_PACKET);
            return;
        }
        self.take_over(out);
    }

    /// It was not: the referrer hears so, and all stays as it was.
    pub(crate) fn next_refused(&mut self, status: u16, out: &mut StepContext<'_>) {
        let Some(next) = self.next.take() else { return };
        if matches!(next.by, By::Referral { report: true, .. })
            && let Some(first) = &self.first
        {
            out.push(Action::ReferralResult {
                leg: first.id,
                status,
            });
        }
    }

    /// Somebody calls to take the place of a leg of ours (RFC 3891). Says whether it is let.
    pub(crate) fn replaced(
        &mut self,
        slot: Slot,
        leg: LegId,
        incoming: &Incoming,
        out: &mut StepContext<'_>,
    ) -> bool {
        let state = matches!(
            self.state,
            State::Single
                | State::Guest { .. }
                | State::Carried
                | State::Consult { .. }
                | State::Conference
                | State::Anchored
                | State::PostCall
        );
        let believed = incoming.by_peer || incoming.trusted;
        let up = self
            .leg(slot)
            .is_some_and(|old| matches!(old.phase, Phase::Answering | Phase::Up));
        if !state || !believed || !up || self.next.is_some() {
            return false;
        }
        // Who names the tag of our 2xx has it, or was told by one who has: the ACK is only late.
        if let Some(old) = self.leg_mut(slot)
            && old.phase == Phase::Answering
        {
            old.phase = Phase::Up;
            self.connect(out);
        }
        out.push(Action::Answer(leg));
        let leg = Leg::new(leg, &incoming.from, Phase::Answering, incoming.capabilities);
        self.next = Some(Next {
            leg,
            slot,
            by: By::Replaces(None),
        });
        true
    }

    /// The replacing leg's ACK is here: its first sound is waited for, so that nobody hears a gap.
    pub(crate) fn next_confirmed(&mut self, out: &mut StepContext<'_>) {
        if let Some(next) = &mut self.next
            && let By::Replaces(until) = &mut next.by
        {
            next.leg.phase = Phase::Up;
            *until = Some(out.now + FIRST_PACKET);
        }
    }

    /// The new leg takes the old one's place.
    pub(crate) fn take_over(&mut self, out: &mut StepContext<'_>) {
        let Some(next) = self.next.take() else { return };
        if next.slot == Slot::First {
            // Whoever asked us for something is being replaced himself.
            self.decline(out);
        }
        let old = self.take_leg(next.slot);
        let mut leg = next.leg;
        if matches!(next.by, By::Referral { .. }) {
            leg.hold = out.local_elsewhere;
        }
        if let Some(old) = &old {
            match next.by {
                By::Referral { report, .. } => {
                    if report {
                        out.push(Action::ReferralResult {
                            leg: old.id,
                            status: 200,
                        });
                    }
                    let until = Some(out.now + REFERRER_LEAVES);
                    self.leaving.push(Leaving { id: old.id, until });
                }
                By::Replaces(_) => {
                    leg.hold = old.hold;
                    self.send_away(old, ByeReason::Replaced, out);
                }
            }
        }
        leg.refresh = self.state == State::Conference;
        self.trusted &= next.slot == Slot::Second;
        match next.slot {
            Slot::First => self.first = Some(leg),
            Slot::Second => self.second = Some(leg),
        }
        let follows = matches!(next.by, By::Referral { .. });
        if follows || matches!(self.state, State::Guest { .. } | State::Carried) {
            if self.state != State::Carried || follows {
                self.state = State::Single;
            }
            if self.role == Role::Guest {
                self.own(out);
            }
        }
        self.call_guest_when_held(out);
    }

    /// The old leg is over before the new one could take its place.
    pub(crate) fn old_leg_over(&mut self, old: &Leg, out: &mut StepContext<'_>) {
        let Some(mut next) = self.next.take() else {
            return;
        };
        match next.by {
            By::Replaces(_) => {
                next.leg.hold = old.hold;
                self.next = Some(next);
                self.take_over(out);
            }
            By::Referral { until: Some(_), .. } => {
                self.next = Some(next);
                self.take_over(out);
            }
            By::Referral { .. } => {
                // Who referred us has hung up early. We call on.
                self.state = State::Dialling;
                if self.role == Role::Guest {
                    self.role = Role::Owner;
                    self.connected = false;
                    self.state = State::TakingOver;
                }
                self.trusted = false;
                let mut leg = next.leg;
                leg.hold = out.local_elsewhere;
                self.first = Some(leg);
            }
        }
    }

    /// The leg that was to take over is over itself.
    pub(crate) fn next_over(&mut self, out: &mut StepContext<'_>) {
        match self.next.as_ref().map(|next| next.by) {
            Some(By::Referral { .. }) => self.next_refused(480, out),
            Some(By::Replaces(_)) => self.next = None,
            None => {}
        }
    }

    /// The peer's leg of a guest, a customer or a lone owner is over.
    pub(crate) fn peer_left(&mut self, out: &mut StepContext<'_>) {
        self.referral = None;
        let outcome = if matches!(self.state, State::Offered) {
            Outcome::NotAnswered
        } else if self.connected || self.role == Role::Guest {
            Outcome::FarEnded
        } else {
            Outcome::Failed
        };
        self.over(outcome, ByeReason::Ended, out);
    }

    /// It rings there, or they play something.
    pub(crate) fn progress(leg: &mut Leg, early_media: bool) {
        if let Phase::Dialling(ring) = &mut leg.phase {
            match (*ring, early_media) {
                (_, true) => *ring = Ring::Early,
                (Ring::Silent, false) => *ring = Ring::Ringing,
                (Ring::Ringing | Ring::Early, false) => {}
            }
        }
    }
}
