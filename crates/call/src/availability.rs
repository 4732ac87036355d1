//! Whether new calls are taken: what the agent has set, what calls that were not answered make of it, and what is kept of callers
//! that are turned away.
use crate::call::{Call, State};
use crate::step_context::{Common, Shutdown, StepContext};
use crate::{
    Action, CallRecord, EndCause, Incoming, LegId, Notice, PartyIdentity, Presence, Role, Time,
    WireEvent,
};
use alloc::sync::Arc;
use core::time::Duration;

/// A robot that calls every two seconds makes one notice in this time, and no more entries than [`ENTRIES`].
const WINDOW: Duration = Duration::from_secs(60);
/// How many callers that are turned away have an entry of their own in a window.
const ENTRIES: u32 = 10;

/// With which status a new call is refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TurnedAway {
    /// Final status (RFC 3261 §21).
    pub status: u16,
    /// Why.
    pub why: AwayReason,
}

/// Why a new call is not even offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AwayReason {
    /// The agent is idle.
    Idle,
    /// The agent did not answer a call before ([`crate::Policy::rona_after`]).
    NotAnswered,
    /// The agent's microphone or ear is missing.
    NoDevice,
    /// The agent owes a wrap-up.
    WrapUp,
    /// There are as many calls as the phone takes, or one, and no call waiting.
    Busy,
    /// No RTP port is free, or none can be bound.
    NoRtpPort,
    /// It is for no account of ours.
    NotKnown,
    /// The phone is being switched off.
    Ending,
}

/// Callers that were turned away in the last [`WINDOW`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TurnedAwayCount {
    /// The end of the window.
    until: Time,
    /// Those that have an entry.
    written: u32,
    /// Those that have none yet.
    unwritten: u32,
    /// Those that the agent has no notice of yet.
    untold: u32,
    /// The last one.
    peer: Arc<PartyIdentity>,
    how: TurnedAway,
}

impl TurnedAwayCount {
    fn is_told(&self) -> bool {
        self.untold == 0 && self.unwritten == 0
    }
}

impl Common {
    /// Calls may be answered without the agent's doing, as far as no other call stands against it.
    pub(crate) fn answers(&self) -> bool {
        self.shutdown == Shutdown::No && self.rtp_ports && self.away().is_none()
    }

    /// Why new calls are not for this agent now.
    fn away(&self) -> Option<AwayReason> {
        match self.presence {
            Presence::Idle => Some(AwayReason::Idle),
            Presence::NotAnswered => Some(AwayReason::NotAnswered),
            Presence::Available if self.lacks_device() => Some(AwayReason::NoDevice),
            Presence::Available => {
                let wraps_up = self.policy.wrap_up_is_away && self.owes_wrap_up();
                wraps_up.then_some(AwayReason::WrapUp)
            }
        }
    }

    /// The agent can't hear or speak. Parallel calls have neither microphone nor ear of ours.
    fn lacks_device(&self) -> bool {
        self.policy.no_device_is_away && !self.policy.parallel && !self.device
    }

    /// Why a new call beside so many others is not even offered; `busy`: one of them stands against it.
    pub(crate) fn turns_away(
        &self,
        others: usize,
        busy: impl FnOnce() -> bool,
    ) -> Option<TurnedAway> {
        let how = |status, why| Some(TurnedAway { status, why });
        if self.shutdown != Shutdown::No {
            how(480, AwayReason::Ending)
        } else if others >= self.policy.max_calls as usize || busy() {
            how(486, AwayReason::Busy)
        } else if !self.rtp_ports {
            // RFC 3261 §21.5.4: the call could ring, and no answer could be heard.
            how(503, AwayReason::NoRtpPort)
        } else {
            how(self.policy.away_status?, self.away()?)
        }
    }

    /// As [`Common::turns_away`], for one that is here.
    pub(crate) fn turns_away_one(
        &self,
        incoming: &Incoming,
        others: usize,
        busy: impl FnOnce() -> bool,
    ) -> Option<TurnedAway> {
        if self.shutdown == Shutdown::No && incoming.account.0 >= self.accounts {
            return Some(TurnedAway {
                status: 404,
                why: AwayReason::NotKnown,
            });
        }
        self.turns_away(others, busy)
    }

    /// When callers that were turned away are to be told of together.
    pub(crate) fn turned_away_deadline(&self) -> Option<Time> {
        let count = self.turned_away.as_ref()?;
        (!count.is_told()).then_some(count.until)
    }
}

/// This call has rung at an agent who was free to take it, and ends without having been answered.
pub(crate) fn is_not_answered(calls: &[Call], leg: LegId, event: &WireEvent) -> bool {
    let rings = |call: &&Call| call.role == Role::Owner && call.state == State::Offered;
    let call = calls.iter().find(|call| call.knows(leg)).filter(rings);
    let Some(call) = call.filter(|_| *event == WireEvent::Ended(EndCause::Cancelled)) else {
        return false;
    };
    // A stranger's that rings beside it is no reason not to take a call that is none.
    let beside = |other: &Call| !call.of_stranger && other.of_stranger;
    let mut others = calls.iter().filter(|other| other.id != call.id);
    others.all(|other| !other.is_live() || beside(other))
}

impl StepContext<'_> {
    /// The agent says whether calls are taken.
    pub(crate) fn set_presence(&mut self, presence: Presence) {
        self.common.presence = presence;
        self.common.not_answered = 0;
    }

    /// A call rang at an agent who was free, and was not answered: after so many the agent counts as away, so that a queue does
    /// not ring here again and again.
    pub(crate) fn count_not_answered(&mut self) {
        let Some(after) = self.common.policy.rona_after else {
            return;
        };
        if self.common.presence != Presence::Available {
            return;
        }
        self.common.not_answered += 1;
        if self.common.not_answered >= after {
            let calls = self.common.not_answered;
            self.set_presence(Presence::NotAnswered);
            self.notice(Notice::NotAnswered { calls });
        }
    }

    /// Refuses a new call, and keeps that it was here.
    pub(crate) fn turn_away(&mut self, leg: LegId, incoming: Incoming, how: TurnedAway) {
        let status = how.status;
        self.push(Action::Reject { leg, status });
        let peer = incoming.from;
        let now = self.now;
        // One whose window is over without a call that is to be told of has done its duty.
        let count = self.common.turned_away.take();
        match count.filter(|count| count.until > now || !count.is_told()) {
            Some(mut count) => {
                (count.peer, count.how) = (Arc::clone(&peer), how);
                count.untold = count.untold.saturating_add(1);
                if count.written < ENTRIES {
                    count.written += 1;
                    self.turned_away_entry(peer, how, 1);
                } else {
                    count.unwritten = count.unwritten.saturating_add(1);
                }
                self.common.turned_away = Some(count);
            }
            None => {
                self.turned_away_entry(Arc::clone(&peer), how, 1);
                self.turned_away_notice(Arc::clone(&peer), how, 1);
                self.common.turned_away = Some(TurnedAwayCount {
                    until: now + WINDOW,
                    written: 1,
                    unwritten: 0,
                    untold: 0,
                    peer,
                    how,
                });
            }
        }
    }

    /// The window is over: those that were not told of are, together.
    pub(crate) fn tell_turned_away(&mut self) {
        let now = self.now;
        let due = self.common.turned_away.as_mut();
        let Some(count) = due.filter(|count| count.until <= now && !count.is_told()) else {
            return;
        };
        let (peer, how) = (Arc::clone(&count.peer), count.how);
        let untold = core::mem::take(&mut count.untold);
        let unwritten = core::mem::take(&mut count.unwritten);
        count.written = 0;
        count.until = now + WINDOW;
        if unwritten > 0 {
            self.turned_away_entry(Arc::clone(&peer), how, unwritten);
        }
        self.turned_away_notice(peer, how, untold);
    }

    fn turned_away_entry(&mut self, peer: Arc<PartyIdentity>, how: TurnedAway, calls: u32) {
        let at = self.now;
        self.record(CallRecord::TurnedAway {
            peer,
            how,
            calls,
            at,
        });
    }

    fn turned_away_notice(&mut self, peer: Arc<PartyIdentity>, how: TurnedAway, calls: u32) {
        self.notice(Notice::TurnedAway { peer, how, calls });
    }
}
