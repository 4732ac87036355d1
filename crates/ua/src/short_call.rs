//! Calls of the phone's own: a feature code of the PBX is called, its answer is waited for, and it is hung up on. The call-state core
//! knows nothing of them, so that none of the agent's calls is touched; their sound is never opened, so that no microphone is heard there.
use std::collections::VecDeque;
use std::time::Duration;
use trialog_call::{AccountId, Action, ByeReason, LegId, Target, Time, WireEvent};

/// How long it may take until it is answered.
const RINGS: Duration = Duration::from_secs(10);
/// How long what answers may take to end it itself: it may say that it has understood.
const LISTENS: Duration = Duration::from_secs(2);
/// How many may wait; beyond, the oldest is forgotten.
const WAITING: usize = 8;

/// How a short call has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortCallOver {
    /// What was called.
    pub target: Target,
    /// It was answered; else the final status (RFC 3261 §21), 408 without an answer in 10 s.
    pub answered: Result<(), u16>,
}

/// Short calls: one at a time, in the order in which they were asked for.
#[derive(Default)]
pub(crate) struct ShortCalls {
    waiting: VecDeque<(AccountId, Target)>,
    call: Option<ShortCall>,
    placed: u32,
}

struct ShortCall {
    leg: LegId,
    target: Target,
    answered: Result<(), u16>,
    /// It is ended then; `None`: it is being ended.
    until: Option<Time>,
}

/// What follows from something that happened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Nothing,
    Do(Action),
    Over(ShortCallOver),
}

impl ShortCalls {
    pub(crate) fn ask(&mut self, account: AccountId, target: Target) {
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((account, target));
    }

    /// The next one is placed, where none is under way.
    pub(crate) fn place(&mut self, now: Time) -> Option<Action> {
        if self.call.is_some() {
            return None;
        }
        let (account, target) = self.waiting.pop_front()?;
        // The core numbers its legs from 1 on.
        let leg = LegId::Placed(u32::MAX - self.placed);
        self.placed = (self.placed + 1) % (1 << 20);
        self.call = Some(ShortCall {
            leg,
            target: target.clone(),
            answered: Err(408),
            until: Some(now + RINGS),
        });
        Some(Action::Invite {
            leg,
            account,
            target,
            as_guest: false,
            referral: None,
        })
    }

    /// This leg is none of the core's.
    pub(crate) fn has(&self, leg: LegId) -> bool {
        self.call.as_ref().is_some_and(|call| call.leg == leg)
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.call.as_ref()?.until
    }

    /// It has rung, or was listened to, for long enough.
    pub(crate) fn due(&mut self, now: Time) -> Option<Action> {
        let call = self.call.as_mut()?;
        call.until.take_if(|until| *until <= now)?;
        let leg = call.leg;
        Some(match call.answered {
            Ok(()) => Action::Bye {
                leg,
                reason: ByeReason::Ended,
            },
            Err(_) => Action::Cancel(leg),
        })
    }

    /// Something happened on its leg.
    pub(crate) fn hear(&mut self, now: Time, event: &WireEvent) -> Next {
        let Some(call) = &mut self.call else {
            return Next::Nothing;
        };
        match event {
            WireEvent::Answered(_) => {
                call.answered = Ok(());
                call.until = Some(now + LISTENS);
                return Next::Nothing;
            }
            // It is not for it to send us elsewhere.
            WireEvent::Referred(_) => {
                return Next::Do(Action::RefuseReferral {
                    leg: call.leg,
                    status: 403,
                });
            }
            WireEvent::Redirected(_) => {
                return Next::Do(Action::RefuseRedirection(call.leg));
            }
            WireEvent::Refused { status } => {
                call.answered = Err(*status);
            }
            WireEvent::Ended(_) | WireEvent::Gone => {}
            WireEvent::Incoming(_)
            | WireEvent::CallAsked(_)
            | WireEvent::Rings
            | WireEvent::Confirmed
            | WireEvent::Reason(_)
            | WireEvent::Renegotiated(_)
            | WireEvent::RenegotiationRefused { .. }
            | WireEvent::FarHold(_)
            | WireEvent::Focus(_)
            | WireEvent::Identity(_)
            | WireEvent::ReferAccepted
            | WireEvent::ReferRefused { .. }
            | WireEvent::ReferNotified { .. }
            | WireEvent::ReferralWithdrawn
            | WireEvent::Informed(_) => return Next::Nothing,
        }
        match self.call.take() {
            Some(ShortCall {
                target, answered, ..
            }) => Next::Over(ShortCallOver { target, answered }),
            None => Next::Nothing,
        }
    }
}
