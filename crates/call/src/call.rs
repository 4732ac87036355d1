//! One call: its role, its legs and the one state it is in.
//!
//! The steps under way are part of the state, so that no flag can contradict it. The rows of the rules' table
//! ([`Stage`]) are derived from it.
use crate::leg::{Leg, Phase};
use crate::legs::{Legs, Side};
use crate::permissions::Column;
use crate::step_context::StepContext;
use crate::transfer::Transfer;
use crate::{
    AccountId, CallId, CallOrigin, EndReason, Grade, LegId, PartyIdentity, ReferralView, Role,
    Stage, Target, Time, WrapUpId,
};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) role: Role,
    pub(crate) account: AccountId,
    /// The party that it is about: to an owner the customer, else the owner.
    pub(crate) peer: Arc<PartyIdentity>,
    /// How it came here.
    pub(crate) origin: Arc<CallOrigin>,
    /// It rings here, and its caller is believed in nothing.
    pub(crate) of_stranger: bool,
    pub(crate) state: State,
    /// Those that ring, talk or are held.
    pub(crate) legs: Legs,
    /// A leg that is about to take another's place.
    pub(crate) next: Option<Next>,
    /// A REFER that the agent has not decided on.
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
    /// An offered call is answered without the agent's doing.
    pub(crate) unasked: Option<Unasked>,
    /// It was: the agent's ear has a tone until then.
    pub(crate) tone_until: Option<Time>,
    /// `hangup = "ask"` has asked, and acts at this time without an answer.
    pub(crate) ask: Option<Time>,
    /// A transfer has failed with this status, and the customer's leg is asked whether it is still there before the agent is told.
    pub(crate) probing: Option<u16>,
    /// What the peer's side has stated at the end of its leg.
    pub(crate) reason: Option<Arc<EndReason>>,
    /// Its end is recorded.
    pub(crate) finished: bool,
    /// The stage at the end of the last step, and when it began.
    pub(crate) stage_was: Stage,
    pub(crate) since: Time,
    /// When sound was agreed with the first party.
    pub(crate) answered: Option<Time>,
}

/// What a call is doing. Steps under way are inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Ringing here.
    Offered,
    /// A trusted peer asks by a REFER outside of any call for this one to be placed. It has no leg yet, and stands in no other
    /// call's way.
    Asked {
        /// The leg that stands for the REFER.
        by: LegId,
    },
    /// Ringing there.
    Dialling,
    /// Ringing at the customer's, to which the owner referred us, its guest, and has left since: when it is answered, we own the
    /// call.
    TakingOver,
    /// One party, talking or held, by its leg.
    Single,
    /// The customer is being held, and then the guest is called.
    ConsultRequested {
        /// The account by which the guest is called.
        account: AccountId,
        /// The guest to be called.
        target: Target,
        /// Hand over as soon as the guest answers.
        transfer: Option<WhenAnswered>,
    },
    /// Owner, customer and guest; one of the two in front, the other held.
    Consult {
        /// The side that talks to the owner, or did before the step.
        front: Side,
        /// What is under way.
        step: Step,
    },
    /// All three.
    Conference,
    /// A REFER is out.
    Transfer(Transfer),
    /// The transfer is done; the legs stay until the replaced side sends BYE, or this time comes.
    Handover {
        /// Then we send it.
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

/// What is under way in a consult.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Nothing.
    Rest,
    /// First step of a swap: the side in front is being held.
    Parting,
    /// Second step of a swap: the other is being taken off hold.
    Meeting,
    /// The held side is being taken off hold; the conference begins when it is.
    Joining,
}

/// A leg that is about to take another's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Next {
    pub(crate) leg: Leg,
    /// The leg whose place it takes, one of the call's.
    pub(crate) old: LegId,
    pub(crate) by: By,
}

/// Why a leg takes another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// We were referred, and call.
    Referral {
        /// The referrer waits for the result; it has not withdrawn the REFER.
        report: bool,
        /// The INVITE has `Replaces`: we take the referrer's place in a call of its own.
        replaces: bool,
        /// It was answered, and takes over with its first sound, or at this time.
        until: Option<Time>,
    },
    /// A call came in with `Replaces`. Once acknowledged it takes over with its first sound, or at this time.
    Replaces(Option<Time>),
}

/// A REFER that waits for the agent's decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) to: Target,
    /// The party, with the name that its sender gives it.
    pub(crate) party: Arc<PartyIdentity>,
    /// The party is of another domain than the account's.
    pub(crate) elsewhere: bool,
    /// It has `Replaces`: we are to take the referrer's place in a call of its own.
    pub(crate) replaces: bool,
    /// The REFER came outside of any call.
    pub(crate) outside: bool,
    /// Then the answer is no.
    pub(crate) until: Time,
}

impl Asked {
    /// `by`: the party that asks.
    pub(crate) fn view(&self, by: &Arc<PartyIdentity>) -> ReferralView {
        ReferralView {
            by: Arc::clone(by),
            party: Arc::clone(&self.party),
            replaces: self.replaces,
            elsewhere: self.elsewhere,
            outside: self.outside,
        }
    }
}

/// Why an offered call is answered without the agent's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unasked {
    /// Policy: at once, or as soon as nothing stands against it.
    Policy,
    /// Its caller asks for it: at this time. Where something stands against it then, it rings as any call.
    Request(Time),
}

/// A leg that is being ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leaving {
    pub(crate) id: LegId,
    /// The far side is to send BYE; at this time we do.
    pub(crate) until: Option<Time>,
    /// It mixes us with a party that still listens to its mix.
    pub(crate) hears: bool,
}

impl Call {
    pub(crate) fn new(id: CallId, role: Role, account: AccountId, first: Leg, now: Time) -> Self {
        let (state, stage) = match first.phase {
            Phase::Dialling(_) => (State::Dialling, Stage::Dialling),
            Phase::Offered | Phase::Answering | Phase::Up => (State::Offered, Stage::Offered),
        };
        let peer = Arc::clone(&first.party);
        let mut call = Self::begun((id, role, account), peer, (state, stage), now);
        call.legs.add(first);
        call
    }

    /// A call that a peer asks us to place. `by`: that peer, and the leg that stands for its REFER.
    pub(crate) fn asked(
        id: CallId,
        account: AccountId,
        by: (Arc<PartyIdentity>, LegId),
        asked: Asked,
        now: Time,
    ) -> Self {
        let (peer, by) = by;
        let at = (State::Asked { by }, Stage::Asked);
        let mut call = Self::begun((id, Role::Owner, account), peer, at, now);
        call.referral = Some(asked);
        call
    }

    pub(crate) fn begun(
        (id, role, account): (CallId, Role, AccountId),
        peer: Arc<PartyIdentity>,
        (state, stage): (State, Stage),
        now: Time,
    ) -> Self {
        Self {
            id,
            role,
            account,
            peer,
            origin: Arc::default(),
            of_stranger: false,
            state,
            legs: Legs::default(),
            next: None,
            referral: None,
            leaving: Vec::new(),
            muted: false,
            connected: false,
            wrap_up: None,
            owed: false,
            unasked: None,
            tone_until: None,
            ask: None,
            probing: None,
            reason: None,
            finished: false,
            stage_was: stage,
            since: now,
            answered: None,
        }
    }

    /// A step was taken that this state does not have: a fault of the core, which the search and the simulated courses look for.
    #[track_caller]
    pub(crate) fn misplaced(&self) {
        debug_assert!(false, "not in {:?}", self.state);
    }

    /// The least that its caller is believed, while it rings here.
    pub(crate) fn least_grade(&self) -> Grade {
        if self.of_stranger {
            Grade::Stranger
        } else {
            Grade::Registrar
        }
    }

    /// We were referred and our INVITE is out.
    pub(crate) fn follows_referral(&self) -> bool {
        self.next
            .as_ref()
            .is_some_and(|next| matches!(next.by, By::Referral { .. }))
    }

    /// We were referred to a party that does not expect us and has not answered yet: we can still give up. A party that replaces
    /// the referrer by us may have left the referrer already, and is not to be dropped: that is decided at once.
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
            State::Asked { .. } => Stage::Asked,
            State::Offered => Stage::Offered,
            State::Dialling | State::TakingOver => Stage::Dialling,
            State::Single if self.on_hold(Side::Peer) => Stage::Held,
            State::Single => Stage::Connected,
            State::ConsultRequested { .. } => Stage::ConsultRequested,
            State::Consult {
                front: Side::Guest, ..
            } => Stage::Consulting,
            State::Consult {
                front: Side::Peer, ..
            } => Stage::Swapped,
            State::Conference => Stage::Conference,
            State::Transfer(_) => Stage::TransferPending,
            State::Handover { .. } | State::Ending => Stage::Ending,
            State::Anchored | State::Carried => Stage::Anchored,
            State::PostCall | State::Guest { post: true } => Stage::PostCall,
            State::Guest { post: false } => match self.leg(Side::Peer) {
                Some(owner) if owner.far_focus => Stage::Conference,
                Some(owner) if owner.far_held => Stage::Swapped,
                _ => Stage::Consulting,
            },
        }
    }

    /// The column of the table. An agent that is referred, or owns what another phone carries, may do what a guest may.
    pub(crate) fn column(&self) -> Column {
        match self.role {
            Role::Customer => Column::Customer,
            Role::Guest => Column::Guest,
            Role::Owner if matches!(self.state, State::Asked { .. }) => Column::Owner,
            Role::Owner if self.referral.is_some() || self.follows_referral() => Column::Guest,
            Role::Owner if self.state == State::Carried => Column::Guest,
            Role::Owner => Column::Owner,
        }
    }

    /// Our microphone and ear are with this call.
    pub(crate) fn has_local(&self) -> bool {
        match &self.state {
            State::Offered
            | State::Asked { .. }
            | State::Handover { .. }
            | State::Anchored
            | State::Ending => false,
            State::Single | State::Dialling | State::TakingOver => {
                self.leg(Side::Peer).is_some_and(|leg| !leg.hold)
            }
            State::ConsultRequested { .. }
            | State::Consult { .. }
            | State::Conference
            | State::PostCall
            | State::Guest { .. }
            | State::Carried => true,
            // Both may have hung up before it is decided.
            State::Transfer(_) => self.legs.iter().next().is_some(),
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

    /// It is one of the calls that count: no longer one that is over, and not yet one that is but asked for.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(
            self.state,
            State::Asked { .. } | State::Handover { .. } | State::Ending
        )
    }

    /// Whether the Contact of a re-INVITE has `isfocus`.
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
        self.probe();
        let focus = self.focus();
        for leg in self.legs.iter_mut() {
            leg.settle(focus, out);
        }
    }
}
