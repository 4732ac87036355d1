//! The rules, held against every step. Each function is named after the rule that it holds; its words say which.
mod both_orders;
mod conference;
mod customer;
mod failures;
mod more;
mod parallel;
mod transfer;

use crate::proof::law;
use crate::proof::model::{Broken, Far, FarLeg, World, broken};
use crate::proof::sketch::{LegSketch, Sketch};
use crate::{
    Act, ActKind, Action, CallId, CallRecord, Column, Direction, EndCause, Input, LegId,
    MediaEvent, Party, Refusal, RouteEntry, Routing, Stage, WireEvent,
};
use std::collections::BTreeMap;

/// A world, as the rules look at it.
pub(crate) struct Look {
    pub(crate) calls: Vec<Sketch>,
    pub(crate) routing: Routing,
}

impl Look {
    pub(crate) fn at(world: &World) -> Self {
        Self {
            calls: world.phone.sketch(),
            routing: world.phone.routing(),
        }
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&Sketch> {
        self.calls.iter().find(|call| call.id == id)
    }

    /// The call that has this leg, or has referred its party, which may have hung up since.
    pub(crate) fn call_of(&self, leg: LegId) -> Option<&Sketch> {
        self.calls
            .iter()
            .find(|call| is(call.first, leg) || is(call.second, leg) || call.referred == Some(leg))
    }

    pub(crate) fn entry(&self, party: Party) -> Option<&RouteEntry> {
        self.routing
            .entries
            .iter()
            .find(|entry| entry.party == party)
    }
}

pub(crate) fn is(sketch: Option<LegSketch>, leg: LegId) -> bool {
    sketch.is_some_and(|sketch| sketch.id == leg)
}

/// A step.
pub(crate) struct Step<'a> {
    pub(crate) before: &'a World,
    pub(crate) was: &'a Look,
    pub(crate) input: &'a Input,
    pub(crate) actions: &'a [Action],
    pub(crate) after: &'a World,
    pub(crate) is: &'a Look,
}

impl Step<'_> {
    /// The act, and the call as it was.
    pub(crate) fn act(&self) -> Option<(&Act, &Sketch)> {
        let Input::Act { call, act } = self.input else {
            return None;
        };
        Some((act, self.was.call(*call)?))
    }

    /// The far side that says something, what, and the call as it was.
    pub(crate) fn said(&self) -> Option<(LegId, &WireEvent, &Sketch)> {
        let Input::Wire { leg, event } = self.input else {
            return None;
        };
        Some((*leg, event, self.was.call_of(*leg)?))
    }

    /// The leg that has left by itself, and its call as it was.
    pub(crate) fn left(&self) -> Option<(LegId, &Sketch)> {
        let leg = match self.input {
            Input::Wire {
                leg,
                event: WireEvent::Ended(_),
            }
            | Input::Media {
                leg,
                event: MediaEvent::Lost,
            } => *leg,
            _ => return None,
        };
        let up = self.before.leg(leg).is_some_and(|far| far.far == Far::Up);
        up.then_some((leg, self.was.call_of(leg)?))
    }

    /// A BYE of a party that a REFER has sent or is to replace: it decides nothing.
    pub(crate) fn is_a_bye_in_a_transfer(&self) -> bool {
        let bye = matches!(
            self.input,
            Input::Wire {
                event: WireEvent::Ended(EndCause::Bye),
                ..
            }
        );
        let call = self.left().map(|(_, call)| call);
        bye && call.is_some_and(|call| call.referred.is_some() && call.next.is_none())
    }

    /// The call as it is now.
    pub(crate) fn now(&self, call: &Sketch) -> Option<&Sketch> {
        self.is.call(call.id)
    }

    pub(crate) fn says(&self, what: impl Fn(&Action) -> bool) -> bool {
        self.actions.iter().any(what)
    }

    pub(crate) fn byes(&self, leg: LegId) -> bool {
        self.says(|action| matches!(action, Action::Bye { leg: gone, .. } if *gone == leg))
    }

    pub(crate) fn reinvites(&self, leg: LegId, way: Direction) -> bool {
        self.says(|action| {
            matches!(action, Action::Reinvite { leg: l, session } if *l == leg && session.direction == way)
        })
    }

    pub(crate) fn far(&self, leg: LegId) -> Option<&FarLeg> {
        self.after.leg(leg)
    }

    /// The call owes a wrap-up by now, or has a draft; or none was to be had.
    pub(crate) fn has_wrap_up(&self, call: CallId, due: bool) -> bool {
        let opened = self.says(|action| {
            matches!(action, Action::Record(CallRecord::WrapUpOpened { call: of, due: is, .. })
                if *of == call && (*is || !due))
        });
        let there = self
            .after
            .phone
            .wrap_up_list()
            .iter()
            .any(|(_, of, is)| *of == call && (*is || !due));
        let period = self
            .before
            .periods
            .iter()
            .find(|period| period.call == call);
        opened || there || period.is_none_or(|period| period.due || !period.owned)
    }

    /// What this step says to a leg.
    pub(crate) fn touches(&self, leg: LegId) -> bool {
        self.says(|action| match action {
            Action::Bye { leg: to, .. }
            | Action::Reinvite { leg: to, .. }
            | Action::Refer { leg: to, .. }
            | Action::Cancel(to)
            | Action::WithdrawRefer(to) => *to == leg,
            _ => false,
        })
    }
}

/// Which cells of the table were seen allowed.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) allowed: BTreeMap<(Stage, Column, ActKind), u64>,
}

impl Cells {
    pub(crate) fn note(
        &mut self,
        was: &Look,
        call: CallId,
        act: &Act,
        said: Result<(), Refusal>,
    ) -> Result<(), Broken> {
        let Some(call) = was.call(call) else {
            return Ok(());
        };
        let kind = act.kind();
        let yes = law::allows(call.stage, call.column, kind);
        match said {
            Ok(()) if !(yes || kind == ActKind::End && call.asking) => {
                return broken(
                    "table",
                    format!(
                        "{kind:?} by the {:?} is allowed in {:?}",
                        call.column, call.stage
                    ),
                );
            }
            Ok(()) => {
                *self
                    .allowed
                    .entry((call.stage, call.column, kind))
                    .or_default() += 1;
            }
            Err(refusal) if yes => {
                // ✔ but not at this very moment: each such reason is known here.
                let why = matches!(
                    refusal,
                    Refusal::Busy
                        | Refusal::OtherCallFirst
                        | Refusal::CannotWithdraw
                        | Refusal::NotADigit
                        | Refusal::NoRtpPort
                        | Refusal::TransferPending
                        | Refusal::NotHere(_)
                );
                if !why {
                    return broken(
                        "table",
                        format!(
                            "{kind:?} by the {:?} in {:?}: {refusal:?}",
                            call.column, call.stage
                        ),
                    );
                }
            }
            Err(refusal) => {
                let greyed = law::greyed(call.stage, call.column, kind);
                if greyed && matches!(refusal, Refusal::NotHere(_)) {
                    return broken(
                        "table",
                        format!("{kind:?} in {:?} is refused without its reason", call.stage),
                    );
                }
            }
        }
        Ok(())
    }
}

const REFUSED: &str = "a refused act changes nothing and sends nothing";

/// The phone has refused: nothing else came of it, and `permits` had said so.
pub(crate) fn refused(
    before: &World,
    after: &World,
    input: &Input,
    refusal: Refusal,
) -> Result<(), Broken> {
    if before.phone != after.phone {
        return broken(REFUSED, format!("{input:?}"));
    }
    if let Input::Act { call, act } = input
        && before.phone.permits(*call, act) != Err(refusal)
    {
        return broken(REFUSED, format!("permits does not say {refusal:?}"));
    }
    Ok(())
}

/// All rules.
pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    if step.says(|action| matches!(action, Action::Refuse(_))) {
        return broken(REFUSED, format!("{:?}", step.actions));
    }
    if let Input::Act { call, act } = step.input
        && let Err(refusal) = step.before.phone.permits(*call, act)
    {
        return broken(
            REFUSED,
            format!("permits says {refusal:?} to {act:?}, and it is done"),
        );
    }
    conference::all(step)?;
    transfer::all(step)?;
    failures::all(step)?;
    customer::all(step)?;
    parallel::all(step)?;
    more::all(step)
}
