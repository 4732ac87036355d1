//! R10: a BYE of either side and the final NOTIFY, in either order.
use super::{Look, Step};
use crate::proof::bfs::NOW;
use crate::proof::model::{Broken, Far, World, broken};
use crate::{EndCause, Input, WireEvent};

/// The final NOTIFY decides, in either order.
pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    for call in &step.is.calls {
        let (Some(referred), Some(first), Some(second)) = (call.referred, call.first, call.second)
        else {
            continue;
        };
        let was = step.was.call(call.id);
        if was.is_some_and(|was| {
            was.referred == call.referred && was.first == call.first && was.second == call.second
        }) {
            continue;
        }
        let replaced = if referred == first.id {
            second.id
        } else {
            first.id
        };
        for (status, hangs_up) in [200, 603]
            .into_iter()
            .flat_map(|status| [replaced, referred].map(|leg| (status, leg)))
        {
            let bye = Input::Wire {
                leg: hangs_up,
                event: WireEvent::Ended(EndCause::Bye),
            };
            let notify = Input::Wire {
                leg: referred,
                event: WireEvent::ReferNotified { status },
            };
            let one = end(step.after, [&bye, &notify])?;
            let other = end(step.after, [&notify, &bye])?;
            let (a, b) = (Look::at(&one), Look::at(&other));
            if status == 200 && one != other {
                return broken(BOTH, format!("{one:?}\nbut\n{other:?}"));
            }
            let stages = |look: &Look| {
                look.calls
                    .iter()
                    .map(|call| (call.stage, call.role))
                    .collect::<Vec<_>>()
            };
            if stages(&a) != stages(&b) {
                return broken(
                    BOTH,
                    format!(
                        "{status}, BYE of {hangs_up:?}: {:?} or {:?}",
                        stages(&a),
                        stages(&b)
                    ),
                );
            }
        }
    }
    Ok(())
}

const BOTH: &str = "a BYE of either side and the final NOTIFY give the same end in both orders";

fn end(world: &World, inputs: [&Input; 2]) -> Result<World, Broken> {
    let mut world = world.clone();
    for input in inputs {
        one(&mut world, input)?;
    }
    // Every far side agrees to what is asked, and every BYE is answered.
    for _ in 0..12 {
        let open = world.legs.iter().find_map(|leg| match leg.far {
            Far::Byed | Far::Cancelled => Some((leg.id, WireEvent::Gone)),
            Far::Up if leg.reinvite.is_some() => Some((leg.id, WireEvent::Renegotiated(leg.can))),
            _ => None,
        });
        let Some((leg, event)) = open else { break };
        one(&mut world, &Input::Wire { leg, event })?;
    }
    world.canonical();
    Ok(world)
}

fn one(world: &mut World, input: &Input) -> Result<(), Broken> {
    world.happens(input);
    let actions = world.phone.step(NOW, input.clone());
    world.done(&actions)?;
    let look = Look::at(world);
    world.owed(&actions, &look.calls)?;
    world.forget_refers(&look.calls, false);
    Ok(())
}
