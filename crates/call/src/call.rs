//! One call: its role, its legs and the one state it is in.
//!
//! The steps under way are part of the state, so that no flag can contradict it. The rows of the rules' table
//! ([`Stage`]) are derived from it.
use crate::leg::{Leg, Phase};
use crate::permissions::Column;
use crate::step_context::StepContext;
use crate::transfer::Transfer;
use crate::{AccountId, CallId, LegId, Role, Stage, Target, Time, WrapUpId};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) role: Role,
    pub(crate) account: AccountId,
    /// The other party at the beginning.
    pub(crate) peer: Arc<str>,
    /// Somebody called us, and policy trusts him.
    pub(crate) trusted: bool,
    pub(crate) state: State,
    /// Whom the call is about: to an owner the customer, to a guest the owner.
    pub(crate) first: Option<Leg>,
    /// To an owner, the guest.
    pub(crate) second: Option<Leg>,
    /// A leg that is about to take another's place.
    pub(crate) next: Option<Next>,
    /// We are asked to call somebody else.
    pub(crate) referral: Option<Asked>,
    /// Legs that are being ended.
    pub(crate) leaving: Vec<Leaving>,
    pub(crate) muted: bool,
    /// Sound was agreed: a period of ownership has begun, if it is ours.
    pub(crate) connected: bool,
    /// This period's wrap-up.
    pub(crate) wrap_up: Option<WrapUpId>,
    /// It is owed, or was handed in.
    pub(crate) owed: bool,
    /// `hangup = "ask"` has asked, and acts at this time without an answer.
    pub(crate) ask: Option<Time>,
    /// Its end is recorded.
    pub(crate) finished: bool,
    /// The stage at the end of the last step, and when it began.
    pub(crate) stage_was: Stage,
    pub(crate) since: Time,
}

/// What a call is doing. Steps under way are inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Ringing here.
    Offered,
    /// Ringing there.
    Dialling,
    /// Ringing at the customer's, where the owner whose guest we were sent us and has left since: when it is answered, we
    /// own the call.
    TakingOver,
    /// One party, talking or held: its leg says which.
    Single,
    /// The customer is being held, and then the guest is called.
    ConsultRequested {
        /// Whom.
        target: Target,
        /// Hand over as soon as he answers.
        transfer: Option<WhenAnswered>,
    },
    /// Owner, customer and guest; one of the two in front, the other held.
    Consult {
        /// Who is in front, or was before the step.
        front: Slot,
        /// What is under way.
        step: Step,
    },
    /// All three.
    Conference,
    /// A REFER is out.
    Transfer(Transfer),
    /// The transfer is done; the legs stay until the replaced side says BYE, or this time comes.
    Handover {
        /// Then we say it.
        until: Time,
    },
    /// Guest and customer talk over our phone.
    Anchored,
    /// The customer has left; the agents talk on.
    PostCall,
    /// We are the guest of another phone's consult or conference.
    Guest {
        /// The customer has left.
        post: bool,
    },
    /// We own a call that another phone carries (anchored there).
    Carried,
    /// Over; its legs are being ended.
    Ending,
}

/// Why a consult hands over when the guest answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WhenAnswered {
    /// The owner asked for the transfer while it rang.
    Asked,
    /// The owner asked for a blind transfer and the customer can't be referred, so that we call.
    Blind,
}

/// One of the two places of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// The customer's, to an owner.
    First,
    /// The guest's.
    Second,
}

impl Slot {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// What is under way in a consult.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Nothing.
    Rest,
    /// First step of a swap: who is in front is being held.
    Parting,
    /// Second step of a swap: the other is being taken off hold.
    Meeting,
    /// Who is held is being taken off hold; the conference begins when he is.
    Joining,
}

/// A leg that is about to take another's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Next {
    pub(crate) leg: Leg,
    pub(crate) slot: Slot,
    pub(crate) by: By,
}

/// Why a leg takes another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// We were referred, and call.
    Referral {
        /// The referrer waits for the result; he has not taken it back.
        report: bool,
        /// We call somebody who has a call with the referrer, to take his place there.
        replaces: bool,
        /// It was answered, and takes over with its first sound, or at this time.
        until: Option<Time>,
    },
    /// Somebody called us with `Replaces`. Once acknowledged it takes over with its first sound, or at this time.
    Replaces(Option<Time>),
}

/// We are asked to call somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) to: Target,
    /// Whoever we call knows the one who asks: we are to take his place there.
    pub(crate) replaces: bool,
    /// Then the answer is no.
    pub(crate) until: Time,
}

/// A leg that is being ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leaving {
    pub(crate) id: LegId,
    /// The far side is to say BYE; at this time we do.
    pub(crate) until: Option<Time>,
}

impl Call {
    pub(crate) fn new(id: CallId, role: Role, account: AccountId, first: Leg, now: Time) -> Self {
        let (state, stage) = match first.phase {
            Phase::Dialling(_) => (State::Dialling, Stage::Dialling),
            Phase::Offered | Phase::Answering | Phase::Up => (State::Offered, Stage::Offered),
        };
        Self {
            id,
            role,
            account,
            peer: first.name.clone(),
            trusted: false,
            state,
            first: Some(first),
            second: None,
            next: None,
            referral: None,
            leaving: Vec::new(),
            muted: false,
            connected: false,
            wrap_up: None,
            owed: false,
            ask: None,
            finished: false,
            stage_was: stage,
            since: now,
        }
    }

    pub(crate) fn leg(&self, slot: Slot) -> Option<&Leg> {
        match slot {
            Slot::First => self.first.as_ref(),
            Slot::Second => self.second.as_ref(),
        }
    }

    pub(crate) fn leg_mut(&mut self, slot: Slot) -> Option<&mut Leg> {
        match slot {
            Slot::First => self.first.as_mut(),
            Slot::Second => self.second.as_mut(),
        }
    }

    pub(crate) fn take_leg(&mut self, slot: Slot) -> Option<Leg> {
        match slot {
            Slot::First => self.first.take(),
            Slot::Second => self.second.take(),
        }
    }

    pub(crate) fn set_hold(&mut self, slot: Slot, hold: bool) {
        if let Some(leg) = self.leg_mut(slot) {
            leg.hold = hold;
        }
    }

    pub(crate) fn on_hold(&self, slot: Slot) -> bool {
        self.leg(slot).is_some_and(Leg::on_hold)
    }

    /// Where this leg sits.
    pub(crate) fn slot_of(&self, leg: LegId) -> Option<Slot> {
        [Slot::First, Slot::Second]
            .into_iter()
            .find(|slot| self.leg(*slot).is_some_and(|l| l.id == leg))
    }

    /// All legs that are ours, in any part.
    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> {
        let next = self.next.as_ref().map(|next| &next.leg);
        let legs = [self.first.as_ref(), self.second.as_ref(), next];
        let leaving = self.leaving.iter().map(|leaving| leaving.id);
        legs.into_iter().flatten().map(|leg| leg.id).chain(leaving)
    }

    /// Whether this leg is one of ours, in any part.
    pub(crate) fn knows(&self, leg: LegId) -> bool {
        self.slot_of(leg).is_some()
            || self.next.as_ref().is_some_and(|next| next.leg.id == leg)
            || self.leaving.iter().any(|leaving| leaving.id == leg)
    }

    /// We were referred and our INVITE is out.
    pub(crate) fn follows_referral(&self) -> bool {
        self.next
            .as_ref()
            .is_some_and(|next| matches!(next.by, By::Referral { .. }))
    }

    /// We were referred to somebody who knows nothing of it, and he has not answered yet: we can still give up. Whom we
    /// are to take from the referrer may have left him for us already, and is not to be dropped: that is decided at once.
    pub(crate) fn may_give_up_calling(&self) -> bool {
        self.next.as_ref().is_some_and(|next| {
            matches!(
                next.by,
                By::Referral {
                    replaces: false,
                    until: None,
                    ..
                }
            )
        })
    }

    /// The row of the table.
    pub(crate) fn stage(&self) -> Stage {
        let referred =
            self.role != Role::Customer && (self.referral.is_some() || self.follows_referral());
        match &self.state {
            State::Single | State::Guest { .. } if referred => Stage::TransferPending,
            State::Offered => Stage::Offered,
            State::Dialling | State::TakingOver => Stage::Dialling,
            State::Single if self.on_hold(Slot::First) => Stage::Held,
            State::Single => Stage::Connected,
            State::ConsultRequested { .. } => Stage::ConsultRequested,
            State::Consult {
                front: Slot::Second,
                ..
            } => Stage::Consulting,
            State::Consult {
                front: Slot::First, ..
            } => Stage::Swapped,
            State::Conference => Stage::Conference,
            State::Transfer(_) => Stage::TransferPending,
            State::Handover { .. } | State::Ending => Stage::Ending,
            State::Anchored | State::Carried => Stage::Anchored,
            State::PostCall | State::Guest { post: true } => Stage::PostCall,
            State::Guest { post: false } => match &self.first {
                Some(owner) if owner.far_focus => Stage::Conference,
                Some(owner) if owner.far_held => Stage::Swapped,
                _ => Stage::Consulting,
            },
        }
    }

    /// The column of the table. Who is referred, and who owns what another phone carries, may do what a guest may.
    pub(crate) fn column(&self) -> Column {
        match self.role {
            Role::Customer => Column::Customer,
            Role::Guest => Column::Guest,
            Role::Owner if self.referral.is_some() || self.follows_referral() => Column::Guest,
            Role::Owner if self.state == State::Carried => Column::Guest,
            Role::Owner => Column::Owner,
        }
    }

    /// Our microphone and ear are with this call.
    pub(crate) fn has_local(&self) -> bool {
        match &self.state {
            State::Offered | State::Handover { .. } | State::Anchored | State::Ending => false,
            State::Single | State::Dialling | State::TakingOver => {
                self.leg(Slot::First).is_some_and(|leg| !leg.hold)
            }
            State::ConsultRequested { .. }
            | State::Consult { .. }
            | State::Conference
            | State::Transfer(_)
            | State::PostCall
            | State::Guest { .. }
            | State::Carried => true,
        }
    }

    /// Another call may take our microphone and ear: this one is then held.
    pub(crate) fn may_be_left(&self) -> bool {
        !self.has_local()
            || (self.state == State::Single
                && self.role == Role::Owner
                && self.referral.is_none()
                && self.next.is_none())
    }

    /// It is still one of the calls that count.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.state, State::Ending | State::Handover { .. })
    }

    /// What is to be said in the `Contact` of a re-INVITE.
    fn focus(&self) -> bool {
        match &self.state {
            State::Conference => true,
            State::Consult { step, .. } => *step == Step::Joining,
            State::Transfer(transfer) => transfer.is_of_conference(),
            _ => false,
        }
    }

    /// Ask for all that is wanted and not agreed.
    pub(crate) fn settle(&mut self, out: &mut StepContext<'_>) {
        if !self.is_live() {
            return;
        }
        let focus = self.focus();
        for slot in [Slot::First, Slot::Second] {
            if let Some(leg) = self.leg_mut(slot) {
                leg.settle(focus, out);
            }
        }
    }
}
