//! What the faults of parallel calls make of a step and of the routing.
use super::{Happened, Mutation};
use crate::call_set::Calls;
use crate::{
    Act, Action, CallId, Group, Input, Party, Phone, RouteEntry, Routing, Time, WireEvent,
};

pub(super) fn tamper(
    fault: Mutation,
    phone: &mut Phone,
    happened: &Happened<'_>,
    actions: &[Action],
) {
    let Calls::Parallel(calls) = &mut phone.calls else {
        return;
    };
    match fault {
        Mutation::ParallelMutesAll => {
            if let Some((_, Act::Mute, _)) = happened.act {
                let all = calls.calls.values_mut();
                all.for_each(|parallel| parallel.call.muted = true);
            }
        }
        Mutation::ParallelLegNotFound => {
            for action in actions {
                if let Action::Ring(leg) | Action::Answer(leg) = action {
                    calls.legs.remove(leg);
                }
            }
        }
        Mutation::ParallelDeadlineStays => {
            if let Input::Wire {
                event: WireEvent::Ended(_),
                ..
            } = happened.input
            {
                calls.deadlines.insert((Time::ZERO, CallId(1)));
            }
        }
        Mutation::ParallelNeverEnds => {
            for parallel in calls.calls.values_mut() {
                parallel.end = None;
            }
            *calls = calls.reindexed();
        }
        _ => {}
    }
}

pub(super) fn tamper_routing(fault: Mutation, phone: &Phone, routing: &mut Routing) {
    if fault == Mutation::ParallelHasMicrophone
        && let Calls::Parallel(calls) = &phone.calls
        && let Some(call) = calls.iter().next()
    {
        routing.entries.push(RouteEntry {
            party: Party::Local,
            group: Group((call.id.0 & 0xffff) as u16),
            speaks: true,
            hears: true,
            tone: None,
        });
    }
}
