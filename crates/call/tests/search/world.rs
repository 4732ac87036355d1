//! The environment that the phone is searched in: what the wire may do next, kept leg by leg. It checks, too, that the
//! phone asks of a leg only what a leg in that condition can do.
use std::collections::BTreeMap;
use trialog_call::{Action, CallId, CallRecord, LegId, Names, Role, Session, Snapshot};

/// Where a leg is, as the wire sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Their INVITE waits for our answer.
    Offered,
    /// Our INVITE waits for theirs.
    Calling {
        /// It rings there.
        ringing: bool,
    },
    /// Our CANCEL is out.
    Cancelling,
    /// Answered.
    Up,
    /// Our BYE is out.
    Leaving,
}

/// A REFER of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refer {
    /// There is none.
    None,
    /// It waits for its answer.
    Sent,
    /// It was accepted; NOTIFYs follow.
    Accepted,
    /// We take it back; what arrives first wins.
    Withdrawn,
}

/// A REFER of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Referral {
    /// There is none.
    None,
    /// It waits for our answer: never longer than one step.
    Asked,
    /// We took it; the final NOTIFY is owed.
    Accepted,
}

/// A leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leg {
    /// Where it is.
    pub wire: Wire,
    /// Our 2xx still waits for its ACK.
    pub unconfirmed: bool,
    /// Our re-INVITE waits for its answer.
    pub reinvite: Option<Session>,
    /// What was agreed last.
    pub agreed: Session,
    /// They hold us.
    pub far_hold: bool,
    /// Their Contact says `isfocus`.
    pub focus: bool,
    /// Nothing is heard from them.
    pub silent: bool,
    /// Our REFER.
    pub refer: Refer,
    /// Theirs.
    pub referral: Referral,
}

/// What the records said of a call, for the one wrap-up a period of ownership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// We own it.
    pub owner: bool,
    /// Somebody was talked to.
    pub connected: bool,
    /// Wrap-ups opened in this period.
    pub opened: u8,
    /// It is owed.
    pub due: bool,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct World {
    /// The legs that are not yet over on both sides.
    pub legs: BTreeMap<LegId, Leg>,
    /// The calls that are not yet finished.
    pub calls: BTreeMap<CallId, Ledger>,
    /// The next number for a leg of theirs.
    pub next: u32,
    /// The phone said that the program may end.
    pub quit: bool,
}

const TALK: Session = Session {
    direction: trialog_call::Direction::SendRecv,
    focus: false,
};

impl World {
    /// A new leg of theirs.
    pub fn offer(&mut self) -> LegId {
        let id = LegId::Received(self.next);
        self.next += 1;
        self.legs.insert(id, Leg::new(Wire::Offered));
        id
    }

    /// The phone acts. What it can't ask of the wire is said.
    pub fn obey(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Invite { leg, .. } => {
                if self
                    .legs
                    .insert(*leg, Leg::new(Wire::Calling { ringing: false }))
                    .is_some()
                {
                    return Err(format!("{leg:?} is called twice"));
                }
            }
            Action::Ring(leg) => self.at(*leg, action, |l| l.wire == Wire::Offered)?,
            Action::Answer(leg) => {
                self.at(*leg, action, |l| l.wire == Wire::Offered)?;
                self.change(*leg, |l| {
                    l.wire = Wire::Up;
                    l.unconfirmed = true;
                });
            }
            Action::Reject { leg, .. } | Action::Redirect { leg, .. } => {
                self.at(*leg, action, |l| l.wire == Wire::Offered)?;
                self.legs.remove(leg);
            }
            Action::Cancel(leg) => {
                self.at(*leg, action, |l| matches!(l.wire, Wire::Calling { .. }))?;
                self.change(*leg, |l| l.wire = Wire::Cancelling);
            }
            Action::Bye { leg, .. } => {
                self.at(*leg, action, |l| l.wire == Wire::Up)?;
                self.change(*leg, |l| {
                    *l = Leg {
                        refer: l.refer,
                        referral: l.referral,
                        ..Leg::new(Wire::Leaving)
                    };
                });
            }
            Action::Reinvite { leg, session } => {
                self.at(*leg, action, |l| l.wire == Wire::Up)?;
                self.change(*leg, |l| l.reinvite = Some(*session));
            }
            Action::Refer { leg, .. } => {
                self.at(*leg, action, |l| {
                    l.wire == Wire::Up && l.refer != Refer::Sent
                })?;
                self.change(*leg, |l| l.refer = Refer::Sent);
            }
            Action::WithdrawRefer(leg) => {
                self.at(*leg, action, |l| {
                    matches!(l.refer, Refer::Sent | Refer::Accepted)
                })?;
                self.change(*leg, |l| l.refer = Refer::Withdrawn);
            }
            Action::AcceptReferral(leg) => {
                self.at(*leg, action, |l| l.referral == Referral::Asked)?;
                self.change(*leg, |l| l.referral = Referral::Accepted);
            }
            Action::RefuseReferral { leg, .. } => {
                self.at(*leg, action, |l| l.referral == Referral::Asked)?;
                self.change(*leg, |l| l.referral = Referral::None);
            }
            // The subscription may outlive the call on its leg, or be gone already: both are no fault.
            Action::ReferralResult { leg, .. } => {
                self.change(*leg, |l| l.referral = Referral::None)
            }
            Action::Inform { leg, .. } | Action::Dtmf { leg, .. } => {
                self.at(*leg, action, |l| l.wire == Wire::Up)?
            }
            Action::Record(record) => self.note(record),
            Action::Quit => self.quit = true,
            Action::Notice(_) | Action::Refuse(_) => {}
        }
        Ok(())
    }

    fn at(&self, leg: LegId, action: &Action, fits: impl Fn(&Leg) -> bool) -> Result<(), String> {
        match self.legs.get(&leg) {
            Some(there) if fits(there) => Ok(()),
            Some(there) => Err(format!("{action:?} does not fit {there:?}")),
            None => Err(format!("{action:?} is about a leg that is over")),
        }
    }

    /// Changes a leg, if it is there.
    pub fn change(&mut self, leg: LegId, with: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            with(leg);
        }
    }

    fn note(&mut self, record: &CallRecord) {
        match record {
            CallRecord::Began { call, role, .. } => {
                let owner = *role == Role::Owner;
                self.calls.insert(
                    *call,
                    Ledger {
                        owner,
                        ..Ledger::default()
                    },
                );
            }
            CallRecord::Connected { call, .. } => self.ledger(*call, |l| l.connected = true),
            CallRecord::Owned { call, .. } => self.ledger(*call, |l| {
                *l = Ledger {
                    owner: true,
                    connected: true,
                    ..Ledger::default()
                };
            }),
            CallRecord::WrapUpOpened { call, due, .. } => self.ledger(*call, |l| {
                // A draft that becomes due is the same wrap-up.
                if !(*due && l.opened == 1 && !l.due) {
                    l.opened = (l.opened + 1).min(3);
                }
                l.due |= *due;
            }),
            CallRecord::Finished { .. }
            | CallRecord::WrapUpDrafted { .. }
            | CallRecord::WrapUpDropped { .. }
            | CallRecord::WrapUpSubmitted { .. } => {}
        }
    }

    /// Who turns out to be a guest (`isfocus` where the header was eaten on the way) owned nothing.
    pub fn heed_roles(&mut self, view: &Snapshot) {
        for call in view.calls.iter().filter(|call| call.role == Role::Guest) {
            self.ledger(call.id, |l| l.owner = false);
        }
    }

    fn ledger(&mut self, call: CallId, with: impl FnOnce(&mut Ledger)) {
        with(self.calls.entry(call).or_default());
    }

    /// The same world with the phone's new names for legs and calls.
    pub fn renamed(&self, names: &Names) -> Self {
        let mut lost = 0;
        let legs = self
            .legs
            .iter()
            .map(|(id, leg)| {
                let new = names
                    .legs
                    .iter()
                    .find(|(old, _)| old == id)
                    .map(|(_, new)| *new);
                (
                    new.unwrap_or_else(|| {
                        lost += 1;
                        LegId::Received(1_000 + lost)
                    }),
                    *leg,
                )
            })
            .collect::<BTreeMap<_, _>>();
        let calls = self
            .calls
            .iter()
            .filter_map(|(id, ledger)| {
                let new = names.calls.iter().find(|(old, _)| old == id)?.1;
                Some((new, *ledger))
            })
            .collect();
        let next = legs
            .keys()
            .filter_map(|leg| match leg {
                LegId::Received(number) => Some(number + 1),
                LegId::Placed(_) => None,
            })
            .max()
            .unwrap_or(0);
        Self {
            legs,
            calls,
            next,
            quit: self.quit,
        }
    }
}

impl Leg {
    fn new(wire: Wire) -> Self {
        Self {
            wire,
            unconfirmed: false,
            reinvite: None,
            agreed: TALK,
            far_hold: false,
            focus: false,
            silent: false,
            refer: Refer::None,
            referral: Referral::None,
        }
    }
}
