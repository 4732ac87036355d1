//! Being referred, and being replaced: a new leg takes the place of one that we have.
use crate::call::{Asked, By, Call, Leaving, Next, State};
use crate::leg::{Leg, Phase, Ring};
use crate::legs::Side;
use crate::step_context::StepContext;
use crate::{
    Action, ByeReason, Capabilities, EndCause, Incoming, LegId, Notice, Outcome, PartyIdentity,
    Referral, ReferralPolicy, Role, Target,
};
use alloc::sync::Arc;
use core::time::Duration;

/// How long after its ACK a replacing leg may be without a packet before it takes over all the same.
pub(crate) const FIRST_PACKET: Duration = Duration::from_millis(500);
/// How long the referrer may take to end the old leg before we do.
pub(crate) const REFERRER_LEAVES: Duration = Duration::from_secs(10);

impl Call {
    /// The peer asks us to call another party.
    pub(crate) fn referred(&mut self, leg: LegId, referral: Referral, out: &mut StepContext<'_>) {
        let up = self
            .leg(Side::Peer)
            .is_some_and(|peer| peer.id == leg && peer.is_up());
        let free = matches!(self.state, State::Single | State::Guest { post: false })
            && self.referral.is_none()
            && self.next.is_none();
        // RFC 3515 §2.4.2: an agent in a consult or conference of its own can't be sent elsewhere. A customer's phone has a step
        // under way that is over within a second (RFC 3261 §21.4.27); its 603 at once would mean that it can never be sent.
        if !up || !free {
            let status = match self.role {
                Role::Customer => 491,
                Role::Owner | Role::Guest => 603,
            };
            out.push(Action::RefuseReferral { leg, status });
            return;
        }
        let stranger = !referral.grade.is_trusted();
        let policy = match (self.role, out.common.policy.transfers) {
            // The customer's phone has no act to decide on a transfer (R5). A stranger could send it to any number, at our cost.
            (Role::Customer, ReferralPolicy::Ask | ReferralPolicy::Accept) if stranger => {
                out.push(Action::RefuseReferral { leg, status: 403 });
                return;
            }
            (Role::Customer, ReferralPolicy::Ask) => ReferralPolicy::Accept,
            (_, ReferralPolicy::Accept) if stranger => ReferralPolicy::Ask,
            (_, policy) => policy,
        };
        match policy {
            // A 603 to the REFER itself would be taken for a phone that can't be referred, and not for a no.
            ReferralPolicy::Decline => {
                out.push(Action::AcceptReferral(leg));
                out.push(Action::ReferralResult { leg, status: 603 });
            }
            // RFC 3261 §21.4.6: our Allow has no REFER.
            ReferralPolicy::Never => out.push(Action::RefuseReferral { leg, status: 405 }),
            ReferralPolicy::Accept if !out.common.rtp_ports => {
                out.push(Action::RefuseReferral { leg, status: 503 });
            }
            ReferralPolicy::Accept => {
                out.push(Action::AcceptReferral(leg));
                self.follow(&referral.to, &referral.party, referral.replaces, out);
            }
            ReferralPolicy::Ask => {
                out.push(Action::AcceptReferral(leg));
                let until = out.now + out.common.policy.referral_time;
                let asked = Asked {
                    to: referral.to,
                    party: referral.party,
                    elsewhere: referral.elsewhere,
                    replaces: referral.replaces,
                    outside: false,
                    until,
                };
                out.notice(Notice::TransferRequested {
                    call: self.id,
                    to: asked.view(&self.peer),
                });
                self.referral = Some(asked);
            }
        }
    }

    /// The party is shown by the name that its sender has given it, until the party's own side states another.
    fn follow(
        &mut self,
        to: &Target,
        party: &Arc<PartyIdentity>,
        replaces: bool,
        out: &mut StepContext<'_>,
    ) {
        let Some(from) = self.present(Side::Peer) else {
            return;
        };
        let (old, role) = (from.id, from.role);
        let mut leg = self.invite(self.account, to, role, Some(old), out);
        if party.name.is_some() {
            leg.party = Arc::clone(party);
        }
        self.next = Some(Next {
            leg,
            old,
            by: By::Referral {
                report: true,
                replaces,
                until: None,
            },
        });
    }

    /// R9: the guest accepts.
    pub(crate) fn accept(&mut self, out: &mut StepContext<'_>) {
        match self.referral.take() {
            Some(asked) if asked.outside => self.place_asked(&asked, out),
            Some(asked) => self.follow(&asked.to, &asked.party, asked.replaces, out),
            None => self.misplaced(),
        }
    }

    /// R9: the guest declines, or did not decide in time, or gives up a call that is not answered.
    pub(crate) fn decline(&mut self, out: &mut StepContext<'_>) {
        if let State::Asked { .. } = self.state {
            return self.refuse_asked(out);
        }
        let mut asked = self.referral.take().is_some();
        if self.may_give_up_calling()
            && let Some(next) = self.next.take()
        {
            self.send_away(&next.leg, ByeReason::Ended, out);
            asked |= matches!(next.by, By::Referral { report: true, .. });
        }
        if asked && let Some(from) = self.leg(Side::Peer) {
            out.push(Action::ReferralResult {
                leg: from.id,
                status: 603,
            });
        }
    }

    /// The referrer withdraws its REFER. Once our INVITE is out it is too late: what came first wins.
    pub(crate) fn referral_withdrawn(&mut self, out: &mut StepContext<'_>) {
        if self.referral.take().is_some() {
            out.notice(Notice::TransferWithdrawn { call: self.id });
        }
        if let State::Asked { .. } = self.state {
            self.state = State::Ending;
        }
        if let Some(next) = &mut self.next
            && let By::Referral { report, .. } = &mut next.by
        {
            *report = false;
        }
    }

    /// The INVITE that followed the referral was answered.
    pub(crate) fn next_answered(&mut self, can: Capabilities, out: &mut StepContext<'_>) {
        let Some(next) = &mut self.next else {
            return self.misplaced();
        };
        let sounds = matches!(next.leg.phase, Phase::Dialling(Ring::Heard { .. }));
        next.leg.phase = Phase::Up;
        next.leg.can = can;
        // The referrer ends the old leg at the success, and with it goes its sound: the first sound of the new one is waited for.
        // Not so by a guest: the customer, which it calls, waits for the guest's.
        if let By::Referral { until, .. } = &mut next.by
            && !matches!(self.state, State::Guest { .. })
            && !sounds
        {
            *until = Some(out.now + FIRST_PACKET);
            return;
        }
        self.take_over(out);
    }

    /// It was not: the referrer hears so, and all stays as it was.
    pub(crate) fn next_refused(&mut self, status: u16, out: &mut StepContext<'_>) {
        let Some(next) = self.next.take() else {
            return self.misplaced();
        };
        if matches!(next.by, By::Referral { report: true, .. })
            && let Some(first) = self.present(Side::Peer)
        {
            out.push(Action::ReferralResult {
                leg: first.id,
                status,
            });
        }
    }

    /// An INVITE with `Replaces` came for a leg of ours (RFC 3891). True if it is accepted.
    pub(crate) fn replaced(
        &mut self,
        old: LegId,
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
        let believed = incoming.by_peer || incoming.grade.is_trusted();
        if !believed || self.next.is_some() {
            return false;
        }
        if self.is_ringing_at(old) {
            self.answered_from_elsewhere(old, leg, incoming, out);
            return true;
        }
        let up = self.legs.get(old).is_some_and(Leg::is_up);
        if !state || !up {
            return false;
        }
        // `Replaces` has the tag of our 2xx, so that the 2xx has arrived: the ACK is only late.
        let Some(replaced) = self.found_mut(old) else {
            return false;
        };
        let role = replaced.role;
        if replaced.phase == Phase::Answering {
            replaced.phase = Phase::Up;
            self.connect(out);
        }
        out.push(Action::Answer(leg));
        let (from, can) = (Arc::clone(&incoming.from), incoming.capabilities);
        let leg = Leg::new(leg, role, from, Phase::Answering, can);
        self.next = Some(Next {
            leg,
            old,
            by: By::Replaces(None),
        });
        true
    }

    /// Our INVITE of this leg has no answer yet, and one to it would connect us, or bring the guest.
    fn is_ringing_at(&self, leg: LegId) -> bool {
        let dialling = matches!(
            self.legs.get(leg).map(|leg| leg.phase),
            Some(Phase::Dialling(_))
        );
        let waits = matches!(self.state, State::Dialling | State::ConsultRequested { .. });
        dialling && waits
    }

    /// RFC 3891 §3: the party that we call takes the call by an INVITE of its own, from another phone than the one that rings, which is
    /// cancelled: for a guest when the new leg's ACK is here, since it may have to be referred at once.
    fn answered_from_elsewhere(
        &mut self,
        old: LegId,
        leg: LegId,
        incoming: &Incoming,
        out: &mut StepContext<'_>,
    ) {
        let Some(ringing) = self.found_mut(old) else {
            return;
        };
        let (role, hold) = (ringing.role, ringing.hold);
        let (from, can) = (Arc::clone(&incoming.from), incoming.capabilities);
        let mut leg = Leg::new(leg, role, from, Phase::Answering, can);
        leg.hold = hold;
        out.push(Action::Answer(leg.id));
        if role == Role::Guest {
            self.next = Some(Next {
                leg,
                old,
                by: By::Replaces(None),
            });
        } else if let Some(ringing) = self.take_found(old) {
            self.send_away(&ringing, ByeReason::Replaced, out);
            self.legs.add(leg);
            self.state = State::Single;
            self.name_peer(out);
        }
    }

    /// The leg that rings is answered or over before the one that is to take its place is there: what comes first counts.
    pub(crate) fn newcomer_is_late(&mut self, old: LegId, out: &mut StepContext<'_>) {
        let rings = self.is_ringing_at(old);
        if let Some(next) = self.next.take_if(|next| rings && next.old == old) {
            self.send_away(&next.leg, ByeReason::Ended, out);
        }
    }

    /// The replacing leg's ACK is here: its first sound is waited for, so that no party hears a gap.
    pub(crate) fn next_confirmed(&mut self, out: &mut StepContext<'_>) {
        if let Some(next) = &mut self.next
            && let By::Replaces(until) = &mut next.by
        {
            next.leg.phase = Phase::Up;
            *until = Some(out.now + FIRST_PACKET);
            let old = next.old;
            // Where the old one rings there is no sound to go on with.
            if self.is_ringing_at(old) {
                self.take_over(out);
            }
        }
    }

    /// The new leg takes the old one's place.
    pub(crate) fn take_over(&mut self, out: &mut StepContext<'_>) {
        let Some(next) = self.next.take() else {
            return self.misplaced();
        };
        let guest = next.leg.role == Role::Guest;
        if !guest {
            // The leg that a REFER came on is being replaced itself.
            self.decline(out);
        }
        let old = self.legs.take(next.old);
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
                    self.leaving.push(Leaving {
                        id: old.id,
                        until: Some(out.now + REFERRER_LEAVES),
                        hears: old.far_focus,
                    });
                }
                By::Replaces(_) => {
                    leg.hold = old.hold;
                    self.send_away(old, ByeReason::Replaced, out);
                }
            }
        }
        leg.refresh = self.state == State::Conference;
        self.legs.add(leg);
        if !guest {
            self.customer_is_there(out);
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
        self.name_peer(out);
        self.call_guest_when_held(out);
        if guest && matches!(self.state, State::ConsultRequested { .. }) {
            self.guest_answered(out);
        }
    }

    /// The old leg is over before the new one could take its place.
    pub(crate) fn old_leg_over(&mut self, old: &Leg, out: &mut StepContext<'_>) {
        let Some(mut next) = self.next.take() else {
            return self.misplaced();
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
                // The referrer has hung up early. We call on.
                self.customer_is_gone(out);
                self.state = State::Dialling;
                next.leg.hold = out.local_elsewhere;
                self.legs.add(next.leg);
                if self.role == Role::Guest {
                    self.become_role(Role::Owner);
                    self.connected = false;
                    self.state = State::TakingOver;
                }
                self.name_peer(out);
            }
        }
    }

    /// The leg that was to take over is over itself.
    pub(crate) fn next_over(&mut self, out: &mut StepContext<'_>) {
        match self.next.as_ref().map(|next| next.by) {
            Some(By::Referral { .. }) => self.next_refused(480, out),
            Some(By::Replaces(_)) => self.next = None,
            None => self.misplaced(),
        }
    }

    /// The peer's leg of a guest, of a customer's phone, or of an owner without a guest is over.
    pub(crate) fn peer_left(&mut self, cause: EndCause, out: &mut StepContext<'_>) {
        self.referral = None;
        let outcome = if cause == EndCause::AnsweredElsewhere {
            out.notice(Notice::AnsweredElsewhere {
                call: self.id,
                party: Arc::clone(&self.peer),
            });
            Outcome::AnsweredElsewhere
        } else if matches!(self.state, State::Offered) {
            Outcome::NotAnswered
        } else if self.connected || self.role == Role::Guest {
            Outcome::FarEnded
        } else {
            Outcome::Failed
        };
        self.over(outcome, ByeReason::Ended, out);
    }
}
