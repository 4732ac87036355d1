//! One leg: what is wanted of its session, what is agreed, and what is on its way.
//!
//! At most one re-INVITE is under way for a leg. When it is decided and something else is wanted by then, the next one
//! follows. There is no "undo": a leg has what is wanted of it, and [`Leg::settle`] asks for the difference.
use crate::step_context::StepContext;
use crate::{
    Action, Capabilities, Direction, LegId, PartyIdentity, Role, SessionIntent, Target, Time,
};
use alloc::sync::Arc;

/// One dialog of a call, as the core sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    /// The far party's.
    pub(crate) role: Role,
    /// The far party, as it was last stated.
    pub(crate) party: Arc<PartyIdentity>,
    pub(crate) phase: Phase,
    pub(crate) can: Capabilities,
    /// We want the far side held.
    pub(crate) hold: bool,
    /// The far side has agreed to be held.
    pub(crate) held: bool,
    /// The far side has agreed to a session whose Contact had `isfocus`.
    pub(crate) focus_agreed: bool,
    /// It refused to be held, and gets music all the same because our microphone and ear are with another call.
    pub(crate) hold_refused: bool,
    /// The re-INVITE under way.
    pub(crate) asked: Option<SessionIntent>,
    /// Ask once more though nothing else is wanted: the Contact, our address or the sound's path is to be refreshed.
    pub(crate) refresh: bool,
    /// The far side holds us.
    pub(crate) far_held: bool,
    /// The far side's Contact has `isfocus`.
    pub(crate) far_focus: bool,
    /// No sound comes from it.
    pub(crate) silent: bool,
    /// It was redirected, and the agent has not decided.
    pub(crate) redirected: Option<Redirected>,
    /// When it was answered.
    pub(crate) up_since: Option<Time>,
    /// When it was put on hold.
    pub(crate) held_since: Option<Time>,
}

/// A redirection that waits for the agent's decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Redirected {
    pub(crate) to: Target,
    /// Then the answer is no.
    pub(crate) until: Time,
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// Our INVITE is out.
    Dialling(Ring),
    /// Its INVITE waits for our answer.
    Offered,
    /// We have answered; the ACK is not here yet, so no re-INVITE may be sent.
    Answering,
    /// Both sides know that it is up.
    Up,
}

/// What a dialled party's phone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ring {
    /// Nothing yet.
    Silent,
    /// It rings, and no sound comes from it: we make the ring-back (RFC 3960 §3.2).
    Ringing,
    /// It is heard: its own sound is the ring-back, as long as it comes.
    Heard {
        /// It rings as well.
        rings: bool,
    },
}

impl Leg {
    pub(crate) fn new(
        id: LegId,
        role: Role,
        party: Arc<PartyIdentity>,
        phase: Phase,
        can: Capabilities,
    ) -> Self {
        Self {
            id,
            role,
            party,
            phase,
            can,
            hold: false,
            held: false,
            focus_agreed: false,
            hold_refused: false,
            asked: None,
            refresh: false,
            far_held: false,
            far_focus: false,
            silent: false,
            redirected: None,
            up_since: None,
            held_since: None,
        }
    }

    /// Notes when it comes up and is held.
    pub(crate) fn watch(&mut self, now: Time) {
        self.up_since = self.is_up().then(|| self.up_since.unwrap_or(now));
        self.held_since = self.on_hold().then(|| self.held_since.unwrap_or(now));
    }

    /// Its phone rings.
    pub(crate) fn rings(&mut self) {
        if let Phase::Dialling(ring) = &mut self.phase {
            *ring = match ring {
                Ring::Silent | Ring::Ringing => Ring::Ringing,
                Ring::Heard { .. } => Ring::Heard { rings: true },
            };
        }
    }

    /// Its sound has come, be it before its answer.
    pub(crate) fn heard(&mut self) {
        if let Phase::Dialling(ring) = &mut self.phase {
            let rings = matches!(ring, Ring::Ringing | Ring::Heard { rings: true });
            *ring = Ring::Heard { rings };
        }
    }

    /// Its sound before its answer comes no more.
    pub(crate) fn stopped(&mut self) {
        if let Phase::Dialling(ring) = &mut self.phase {
            *ring = match ring {
                Ring::Ringing | Ring::Heard { rings: true } => Ring::Ringing,
                Ring::Silent | Ring::Heard { rings: false } => Ring::Silent,
            };
        }
    }

    /// Sound may come from it: from our offer on (RFC 3264 §5.1), until it is over.
    pub(crate) fn may_sound(&self) -> bool {
        self.is_up() || matches!(self.phase, Phase::Dialling(_))
    }

    /// Answered, and not yet over.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Answering | Phase::Up)
    }

    /// It gets music: we hold it, want to, have asked to, or have no 200 yet that takes it off hold.
    pub(crate) fn on_hold(&self) -> bool {
        let asked = |session: SessionIntent| session.direction == Direction::SendOnly;
        self.hold || self.held || self.asked.is_some_and(asked)
    }

    /// It is held, and nothing that could change that is under way.
    pub(crate) fn rests_held(&self) -> bool {
        let undone = |session: SessionIntent| session.direction != Direction::SendOnly;
        self.held && !self.asked.is_some_and(undone)
    }

    /// Ask for what is wanted and not yet agreed.
    pub(crate) fn settle(&mut self, focus: bool, out: &mut StepContext<'_>) {
        if self.phase != Phase::Up || self.asked.is_some() {
            return;
        }
        let wanted = self.hold != self.held && !self.hold_refused;
        if !wanted && !self.refresh {
            return;
        }
        self.refresh = false;
        let direction = if self.hold {
            Direction::SendOnly
        } else {
            Direction::SendRecv
        };
        let session = SessionIntent { direction, focus };
        self.asked = Some(session);
        out.push(Action::Reinvite {
            leg: self.id,
            session,
        });
    }

    /// The re-INVITE under way was agreed to.
    pub(crate) fn agreed(&mut self, can: Capabilities) {
        self.can = can;
        let Some(session) = self.asked.take() else {
            debug_assert!(false, "no re-INVITE is under way: {self:?}");
            return;
        };
        self.held = session.direction == Direction::SendOnly;
        self.focus_agreed = session.focus;
    }
}
