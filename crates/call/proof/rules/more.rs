//! The headset's hook, more calls, presence, switching off.
use super::Step;
use crate::proof::model::{Broken, broken};
use crate::{Act, Action, Column, Input, Party, Stage, WireEvent};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    one_microphone(step)?;
    the_hook(step)?;
    new_calls(step)?;
    switching_off(step)
}

fn one_microphone(step: &Step<'_>) -> Result<(), Broken> {
    let with_us = step.is.calls.iter().filter(|call| call.local).count();
    if with_us > 1 {
        return broken(
            "our microphone is with one call",
            format!("{with_us} calls"),
        );
    }
    let ours = step
        .is
        .routing
        .entries
        .iter()
        .filter(|entry| entry.party == Party::Local);
    let entries = ours.clone().count();
    // Beside all calls there may be a tone alone: ringing, or busy.
    let tone_alone = ours
        .clone()
        .all(|entry| entry.tone.is_some() && !entry.speaks && !entry.hears);
    if entries != with_us && !(with_us == 0 && entries == 1 && tone_alone) {
        return broken(
            "our microphone is with one call",
            format!("{:?}", step.is.routing),
        );
    }
    Ok(())
}

/// What the hook means, copied from the rules: the act that gives the same as the hook.
fn hook_means(stage: Stage, column: Column) -> Option<Act> {
    match stage {
        Stage::Offered => Some(Act::Answer),
        Stage::Dialling => Some(Act::Cancel),
        Stage::Connected | Stage::Held => Some(Act::End),
        Stage::ConsultRequested | Stage::Consulting | Stage::Swapped => Some(Act::EndConsult),
        Stage::Conference | Stage::TransferPending | Stage::PostCall | Stage::Anchored => {
            Some(if column == Column::Guest {
                Act::Exit
            } else {
                Act::End
            })
        }
        Stage::Ending => None,
    }
}

fn the_hook(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "the headset's hook means what the rules say";
    if *step.input != Input::Hook || step.was.calls.len() != 1 {
        return Ok(());
    }
    let call = &step.was.calls[0];
    let asks =
        step.says(|action| matches!(action, Action::Notice(crate::Notice::AskEndForAll { .. })));
    if asks {
        return Ok(());
    }
    let Some(act) = hook_means(call.stage, call.column) else {
        return broken(RULE, format!("in {:?}", call.stage));
    };
    let mut phone = step.before.phone.clone();
    let actions = phone.step(
        crate::proof::bfs::NOW,
        Input::Act {
            call: call.id,
            act: act.clone(),
        },
    );
    let refused = matches!(actions[..], [Action::Refuse(_)]);
    // R11: while a transfer is pending the hook ends for all, though the act is refused.
    let pending =
        call.stage == Stage::TransferPending && call.column == Column::Owner && !call.asking;
    if pending != refused || (!refused && (actions != step.actions || phone != step.after.phone)) {
        return broken(RULE, format!("in {:?}: {act:?}", call.stage));
    }
    Ok(())
}

fn new_calls(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "more calls: one is answered and the other held; in a consult it waits";
    if let Input::Wire {
        leg,
        event: WireEvent::Incoming(incoming),
    } = step.input
        && incoming.replaces.is_none()
    {
        let answered = step.actions.iter().filter(|action| match action {
            Action::Ring(l) | Action::Answer(l) => l == leg,
            Action::Reject { leg: l, .. } => l == leg,
            _ => false,
        });
        if answered.count() != 1 {
            return broken(RULE, format!("{:?}", step.actions));
        }
    }
    let Some((Act::Answer | Act::Resume, call)) = step.act() else {
        return Ok(());
    };
    for other in step
        .was
        .calls
        .iter()
        .filter(|other| other.id != call.id && other.local)
    {
        let talks = matches!(other.stage, Stage::Connected | Stage::Held);
        let held = step
            .now(other)
            .is_some_and(|now| now.first.is_some_and(|leg| leg.hold));
        if !talks || !held {
            return broken(RULE, format!("the other is in {:?}", other.stage));
        }
    }
    Ok(())
}

fn switching_off(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "switching off waits for a conference or an anchored call once";
    if *step.input != Input::Terminate {
        return Ok(());
    }
    let waits = step.was.calls.iter().any(|call| {
        call.column == Column::Owner && matches!(call.stage, Stage::Conference | Stage::Anchored)
    });
    let first = !step.before.phone.is_shutting_down();
    let dropped = step.says(|action| matches!(action, Action::Bye { .. }));
    if first && waits && dropped {
        return broken(RULE, "it does not wait");
    }
    if !first && step.is.calls.iter().any(|call| call.stage != Stage::Ending) {
        return broken(RULE, "the second does not end it");
    }
    Ok(())
}
