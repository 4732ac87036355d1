//! One leg: what is wanted of its session, what is agreed, and what is on its way.
//!
//! At most one re-INVITE is under way for a leg. When it is decided and something else is wanted by then, the next one
//! follows. The core never says "undo": it says what it wants, and [`Leg::settle`] asks for the difference.
use crate::step_context::StepContext;
use crate::{Action, Capabilities, Direction, LegId, SessionIntent};
use alloc::sync::Arc;

/// One dialog of a call, as the core sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    /// Display name or address of the far party.
    pub(crate) name: Arc<str>,
    pub(crate) phase: Phase,
    pub(crate) can: Capabilities,
    /// We want the far side held.
    pub(crate) hold: bool,
    /// The far side has agreed to be held.
    pub(crate) held: bool,
    /// The far side has agreed to a session whose Contact had `isfocus`.
    pub(crate) said_focus: bool,
    /// It refused to be held, and gets music all the same because our microphone and ear are with another call.
    pub(crate) hold_in_vain: bool,
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
    /// It rings: we make the ring-back.
    Ringing,
    /// It sends sound of its own.
    Early,
}

impl Leg {
    pub(crate) fn new(id: LegId, name: &str, phase: Phase, can: Capabilities) -> Self {
        // A Refer-To's URI headers (`?Replaces=…`) are for the wire; people know the party without them.
        let name = name.split_once('?').map_or(name, |(address, _)| address);
        Self {
            id,
            name: Arc::from(name),
            phase,
            can,
            hold: false,
            held: false,
            said_focus: false,
            hold_in_vain: false,
            asked: None,
            refresh: false,
            far_held: false,
            far_focus: false,
            silent: false,
        }
    }

    /// Answered, and not yet over.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Answering | Phase::Up)
    }

    /// It gets music: we hold it, want to, have asked to, or have not yet its word that it is off hold.
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
        let wanted = self.hold != self.held && !self.hold_in_vain;
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

    /// The re-INVITE under way was agreed to. Says whether it changed what the leg is.
    pub(crate) fn agreed(&mut self, can: Capabilities) -> bool {
        self.can = can;
        let Some(session) = self.asked.take() else {
            return false;
        };
        let held = session.direction == Direction::SendOnly;
        let changed = held != self.held;
        self.held = held;
        self.said_focus = session.focus;
        changed
    }
}
