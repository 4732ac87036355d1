//! The world around a phone: what its far sides may still say, given what has passed between them and us.
//!
//! It knows requests that are out and not yet answered, and nothing of calls. What we send is checked against it: a
//! request that could not be sent is a fault of the core, named after the sip rule that it breaks.
use crate::proof::mutant::Mutant;
use crate::proof::sketch::{Renamed, Sketch};
use crate::{
    Action, CallId, CallRecord, Capabilities, Direction, EndCause, Grade, Incoming, Input, LegId,
    MediaEvent, Phone, Policy, RedirectionPolicy, ReferralPolicy, Role, SessionIntent, WireEvent,
};
use std::hash::{Hash, Hasher};

/// How far a dialog has come, as the far side sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Far {
    /// We called; no answer yet.
    Invited,
    /// We called, were redirected, and have not decided.
    Redirected,
    /// We did not follow.
    Declined,
    /// We called and took it back.
    Cancelled,
    /// It called; no answer yet.
    Calling,
    /// It called, we answered, the ACK is on its way.
    Unacknowledged,
    /// Up.
    Up,
    /// We said BYE.
    Byed,
    /// It has sent a REFER outside of any call.
    Asks,
    /// It said BYE, and the subscription of our REFER lives on (RFC 5057 §3).
    HungUp,
}

/// A REFER of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refer {
    None,
    Sent,
    Accepted,
    /// Taken back; its success may be on its way all the same.
    TakenBack,
}

/// Who calls us, as far as an answer without the agent's doing hangs on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) grade: Grade,
    /// It asks for such an answer.
    pub(crate) asks: bool,
}

impl Caller {
    pub(crate) fn of(incoming: &Incoming) -> Self {
        Self {
            grade: incoming.grade,
            asks: incoming.answer_after.is_some(),
        }
    }
}

/// One far side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FarLeg {
    pub(crate) id: LegId,
    pub(crate) far: Far,
    pub(crate) can: Capabilities,
    /// Our re-INVITE that waits for its answer.
    pub(crate) reinvite: Option<SessionIntent>,
    /// The session as agreed: we send only.
    pub(crate) held: bool,
    pub(crate) refer: Refer,
    /// Its REFER that we have accepted.
    pub(crate) referral: bool,
    pub(crate) far_held: bool,
    /// While it calls us.
    pub(crate) caller: Caller,
}

impl FarLeg {
    fn new(id: LegId, far: Far, can: Capabilities) -> Self {
        Self {
            id,
            far,
            can,
            reinvite: None,
            held: false,
            refer: Refer::None,
            referral: false,
            far_held: false,
            caller: Caller::default(),
        }
    }
}

/// What is owed for a call: kept beside the core, from its records alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Period {
    pub(crate) call: CallId,
    /// A period of ownership runs.
    pub(crate) owned: bool,
    /// Its wrap-up is drafted.
    pub(crate) drafted: bool,
    /// Its wrap-up is owed.
    pub(crate) due: bool,
}

/// A phone and its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) phone: Mutant,
    pub(crate) legs: Vec<FarLeg>,
    pub(crate) periods: Vec<Period>,
    /// As the phone's policy says.
    pub(crate) post_call: bool,
    pub(crate) wraps_up: bool,
    pub(crate) transfers: ReferralPolicy,
    pub(crate) rona_after: Option<u32>,
    pub(crate) auto_answer: Option<Grade>,
    pub(crate) answer_on_request: Option<Grade>,
    pub(crate) redirections: RedirectionPolicy,
}

/// What is wrong, under the name of the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) rule: &'static str,
    pub(crate) how: String,
}

pub(crate) fn broken<T>(rule: &'static str, how: impl Into<String>) -> Result<T, Broken> {
    Err(Broken {
        rule,
        how: how.into(),
    })
}

impl World {
    pub(crate) fn new(policy: Policy) -> Self {
        let (post_call, wraps_up) = (policy.post_call, !policy.reasons.is_empty());
        let (transfers, redirections) = (policy.transfers, policy.redirections);
        let (auto_answer, answer_on_request) = (policy.auto_answer, policy.answer_on_request);
        let rona_after = policy.rona_after;
        let phone = Mutant::sound(Phone::new(policy, 1));
        Self {
            phone,
            legs: Vec::new(),
            periods: Vec::new(),
            post_call,
            wraps_up,
            transfers,
            rona_after,
            auto_answer,
            answer_on_request,
            redirections,
        }
    }

    pub(crate) fn leg(&self, id: LegId) -> Option<&FarLeg> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    fn leg_mut(&mut self, id: LegId) -> Option<&mut FarLeg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    fn remove(&mut self, id: LegId) {
        self.legs.retain(|leg| leg.id != id);
    }

    fn add(&mut self, id: LegId, far: Far, can: Capabilities) {
        self.legs.push(FarLeg::new(id, far, can));
    }

    /// Policy lets both agents talk on when the customer has left.
    pub(crate) fn phone_lets_them_talk_on(&self) -> bool {
        self.post_call
    }

    /// An id for a leg that a far side places to us.
    pub(crate) fn new_leg(&self) -> LegId {
        let used = self.legs.iter().filter_map(|leg| match leg.id {
            LegId::Received(n) => Some(n),
            LegId::Placed(_) => None,
        });
        LegId::Received(used.max().unwrap_or(0) + 1)
    }

    /// The far side has done this.
    pub(crate) fn happens(&mut self, input: &Input) {
        if let Input::Media {
            leg,
            event: MediaEvent::Heard,
        } = input
            && self
                .phone
                .sketch()
                .iter()
                .any(|call| call.next.is_some_and(|next| next.0 == *leg))
            && let Some(leg) = self.leg_mut(*leg)
            && leg.far == Far::Unacknowledged
        {
            // Its packets show that our 200 has arrived; what we send from now on waits for the ACK in the user agent.
            leg.far = Far::Up;
        }
        let Input::Wire { leg: id, event } = input else {
            return;
        };
        if let WireEvent::Incoming(incoming) = event {
            self.add(*id, Far::Calling, incoming.capabilities);
            if let Some(leg) = self.leg_mut(*id) {
                leg.caller = Caller::of(incoming);
            }
            return;
        }
        if let WireEvent::CallAsked(_) = event {
            return self.add(*id, Far::Asks, Capabilities::default());
        }
        let Some(leg) = self.leg_mut(*id) else { return };
        match event {
            WireEvent::Answered(can) => {
                leg.can = *can;
                // A 2xx that crossed our CANCEL: the user agent acknowledges it and says BYE.
                leg.far = if leg.far == Far::Cancelled {
                    Far::Byed
                } else {
                    Far::Up
                };
            }
            WireEvent::Confirmed => leg.far = Far::Up,
            WireEvent::Redirected(_) => leg.far = Far::Redirected,
            WireEvent::Ended(EndCause::Bye)
                if matches!(leg.refer, Refer::Sent | Refer::Accepted) && leg.far == Far::Up =>
            {
                *leg = FarLeg {
                    far: Far::HungUp,
                    refer: leg.refer,
                    ..FarLeg::new(*id, Far::HungUp, Capabilities::default())
                };
            }
            WireEvent::Refused { .. } | WireEvent::Ended(_) | WireEvent::Gone => self.remove(*id),
            WireEvent::Renegotiated(_) => {
                if let Some(session) = leg.reinvite.take() {
                    leg.held = session.direction == Direction::SendOnly;
                }
            }
            WireEvent::RenegotiationRefused { .. } => leg.reinvite = None,
            WireEvent::FarHold(held) => leg.far_held = *held,
            WireEvent::ReferAccepted => leg.refer = Refer::Accepted,
            WireEvent::ReferRefused { .. } => leg.refer = Refer::None,
            WireEvent::ReferNotified { status } => {
                leg.refer = if *status >= 200 || *status == 0 {
                    Refer::None
                } else {
                    Refer::Accepted
                };
            }
            WireEvent::ReferralWithdrawn if leg.far == Far::Asks => self.remove(*id),
            WireEvent::ReferralWithdrawn => leg.referral = false,
            WireEvent::Rings
            | WireEvent::Reason(_)
            | WireEvent::Focus(_)
            | WireEvent::Identity(_)
            | WireEvent::Referred(_)
            | WireEvent::Informed(_)
            | WireEvent::CallAsked(_)
            | WireEvent::Incoming(_) => {}
        }
    }

    /// We do this. Errors say that it can't be done.
    pub(crate) fn done(&mut self, actions: &[Action]) -> Result<(), Broken> {
        for action in actions {
            self.do_one(action)?;
        }
        Ok(())
    }

    fn expect(&mut self, id: LegId, far: &[Far], what: &Action) -> Result<&mut FarLeg, Broken> {
        let known = self.leg(id).map(|leg| leg.far);
        match known {
            Some(is) if far.contains(&is) => {}
            is => return broken("wire", format!("{what:?} on a leg that is {is:?}")),
        }
        Ok(self.leg_mut(id).expect("it was just found"))
    }

    fn invite(
        &mut self,
        leg: LegId,
        referral: Option<LegId>,
        action: &Action,
    ) -> Result<(), Broken> {
        if self.leg(leg).is_some() {
            return broken("wire", format!("{action:?} takes a name twice"));
        }
        if let Some(from) = referral
            && !self.leg(from).is_some_and(|leg| leg.referral)
        {
            return broken("wire", "an INVITE follows a REFER that is not there");
        }
        // From here on the user agent tells a peer that asked outside of any call.
        let asked = |leg: &FarLeg| leg.far == Far::Asks && Some(leg.id) == referral;
        self.legs.retain(|leg| !asked(leg));
        self.add(leg, Far::Invited, Capabilities::default());
        Ok(())
    }

    fn do_one(&mut self, action: &Action) -> Result<(), Broken> {
        match action {
            Action::Invite { leg, referral, .. } => {
                self.invite(*leg, *referral, action)?;
            }
            Action::Ring(leg) => {
                self.expect(*leg, &[Far::Calling], action)?;
            }
            Action::Answer(leg) => {
                let leg = self.expect(*leg, &[Far::Calling], action)?;
                leg.far = Far::Unacknowledged;
                leg.caller = Caller::default();
            }
            Action::Reject { leg, .. } | Action::Redirect { leg, .. } => {
                self.expect(*leg, &[Far::Calling], action)?;
                self.remove(*leg);
            }
            Action::Cancel(leg) => {
                let calling = [Far::Invited, Far::Redirected, Far::Declined];
                self.expect(*leg, &calling, action)?.far = Far::Cancelled;
            }
            Action::FollowRedirection(leg) => {
                self.expect(*leg, &[Far::Redirected], action)?.far = Far::Invited;
            }
            Action::RefuseRedirection(leg) => {
                self.expect(*leg, &[Far::Redirected], action)?.far = Far::Declined;
            }
            Action::Bye { leg, .. } => {
                let leg = self.expect(*leg, &[Far::Up, Far::Unacknowledged], action)?;
                leg.far = Far::Byed;
                leg.reinvite = None;
                leg.refer = Refer::None;
                leg.referral = false;
                leg.far_held = false;
                leg.held = false;
                leg.can = Capabilities::default();
            }
            Action::Reinvite { leg, session } => {
                let leg = self.expect(*leg, &[Far::Up], action)?;
                if leg.reinvite.is_some() {
                    return broken("wire", "a re-INVITE while one is under way");
                }
                leg.reinvite = Some(*session);
            }
            Action::Refer { leg, to } => {
                let far = self.expect(*leg, &[Far::Up], action)?;
                if matches!(far.refer, Refer::Sent | Refer::Accepted) && !far.can.refer {
                    return broken("wire", "REFER to a party that does not allow it");
                }
                far.refer = Refer::Sent;
                if let crate::ReferTo::Leg(other) = to {
                    self.expect(*other, &[Far::Up], action)?;
                }
            }
            Action::WithdrawRefer(leg) => {
                let leg = self.expect(*leg, &[Far::Up], action)?;
                if !matches!(leg.refer, Refer::Sent | Refer::Accepted) {
                    return broken("wire", "a REFER is taken back that is not out");
                }
                leg.refer = Refer::TakenBack;
            }
            Action::AcceptReferral(leg) => {
                self.expect(*leg, &[Far::Up, Far::Unacknowledged, Far::Asks], action)?
                    .referral = true;
            }
            Action::RefuseReferral { leg, .. } => {
                let may = [Far::Up, Far::Unacknowledged, Far::Byed, Far::Asks];
                if self.expect(*leg, &may, action)?.far == Far::Asks {
                    self.remove(*leg);
                }
            }
            Action::ReferralResult { leg: id, .. } => {
                let leg = self.expect(*id, &[Far::Up, Far::Unacknowledged, Far::Asks], action)?;
                if !leg.referral {
                    return broken("wire", "the result of a REFER that is not there");
                }
                leg.referral = false;
                if leg.far == Far::Asks {
                    self.remove(*id);
                }
            }
            Action::StateParty { leg, party } => {
                self.expect(*party, &[Far::Up, Far::Unacknowledged], action)?;
                self.expect(*leg, &[Far::Up, Far::Unacknowledged], action)?;
            }
            Action::Inform { leg, .. } | Action::Dtmf { leg, .. } => {
                self.expect(*leg, &[Far::Up, Far::Unacknowledged, Far::Invited], action)?;
            }
            Action::Record(_) | Action::Notice(_) | Action::Refuse(_) | Action::Quit => {}
        }
        Ok(())
    }

    /// Follow what is owed, from the records alone (R15: never by a guest; one a period).
    pub(crate) fn owed(&mut self, actions: &[Action], after: &[Sketch]) -> Result<(), Broken> {
        const RULE: &str = "one wrap-up for each period of ownership";
        for action in actions {
            let Action::Record(record) = action else {
                continue;
            };
            match record {
                CallRecord::Began { call, .. } => self.periods.push(Period {
                    call: *call,
                    owned: false,
                    drafted: false,
                    due: false,
                }),
                CallRecord::Connected { call, .. } | CallRecord::Owned { call, .. } => {
                    let role = after.iter().find(|c| c.id == *call).map(|c| c.role);
                    let owned = self.wraps_up && role == Some(Role::Owner);
                    if let Some(period) = self.periods.iter_mut().find(|p| p.call == *call) {
                        *period = Period {
                            call: *call,
                            owned,
                            drafted: false,
                            due: false,
                        };
                    }
                }
                CallRecord::WrapUpOpened { call, due, .. } => {
                    let Some(period) = self.periods.iter_mut().find(|p| p.call == *call) else {
                        return broken(RULE, "a wrap-up of no call");
                    };
                    if !period.owned {
                        return broken("R15", "a wrap-up opens, and the call is not owned here");
                    }
                    if period.due || (period.drafted && !due) {
                        return broken(RULE, "a second wrap-up");
                    }
                    period.drafted |= !due;
                    period.due |= *due;
                }
                CallRecord::Identified { .. }
                | CallRecord::Finished { .. }
                | CallRecord::TurnedAway { .. }
                | CallRecord::WrapUpDrafted { .. }
                | CallRecord::WrapUpSubmitted { .. } => {}
            }
        }
        for period in &mut self.periods {
            let call = after.iter().find(|call| call.id == period.call);
            if call.is_some_and(|call| call.role == Role::Guest) {
                *period = Period {
                    owned: false,
                    drafted: false,
                    due: false,
                    ..*period
                };
            }
            let over = call.is_none_or(|call| call.stage == crate::Stage::Ending);
            if over && period.owned && !period.due {
                return broken(RULE, "an owner's call is over and no wrap-up is owed");
            }
        }
        self.periods
            .retain(|period| after.iter().any(|call| call.id == period.call));
        Ok(())
    }

    /// A REFER that the core has given up may still succeed, or (`late` false) is forgotten.
    pub(crate) fn forget_refers(&mut self, calls: &[Sketch], late: bool) {
        let runs = |leg: LegId| calls.iter().any(|call| call.referred == Some(leg));
        self.legs
            .retain(|leg| leg.far != Far::HungUp || runs(leg.id));
        for leg in &mut self.legs {
            if leg.refer != Refer::None && !runs(leg.id) {
                leg.refer = if late { Refer::TakenBack } else { Refer::None };
            }
        }
    }

    /// Bring phone and surroundings into canonical form.
    pub(crate) fn canonical(&mut self) {
        let Renamed { legs, calls } = self.phone.canonical();
        for leg in &mut self.legs {
            if let Some((_, new)) = legs.iter().find(|(old, _)| *old == leg.id) {
                leg.id = *new;
            }
        }
        self.legs.sort_by_key(|leg| leg.id);
        for period in &mut self.periods {
            if let Some((_, new)) = calls.iter().find(|(old, _)| *old == period.call) {
                period.call = *new;
            }
        }
    }

    pub(crate) fn fingerprint(&self) -> u128 {
        let mut hasher = Fold {
            a: 0x9e37_79b9_7f4a_7c15,
            b: 0xd1b5_4a32_d192_ed03,
        };
        self.phone.fingerprint(&mut hasher);
        self.legs.hash(&mut hasher);
        self.periods.hash(&mut hasher);
        u128::from(hasher.a) << 64 | u128::from(hasher.b)
    }

    /// An event that a leg's state allows.
    pub(crate) fn media_events() -> [MediaEvent; 4] {
        [
            MediaEvent::Silent,
            MediaEvent::Heard,
            MediaEvent::Lost,
            MediaEvent::Dtmf(b'5'),
        ]
    }
}

/// 128 bits by two folded multiplications: states are told apart by it alone.
struct Fold {
    a: u64,
    b: u64,
}

fn fold(x: u64, y: u64) -> u64 {
    let wide = u128::from(x) * u128::from(y);
    (wide >> 64) as u64 ^ wide as u64
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.a ^ self.b
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ (chunk.len() as u64) << 56);
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.a = fold(self.a ^ word, 0xa076_1d64_78bd_642f).rotate_left(17);
        self.b = fold(self.b.rotate_left(29) ^ word, 0xe703_7ed1_a0b4_28db);
    }
}
