//! Parallel calls: each as on a phone of its own, found whatever it is found by, and ended by the clock.
use super::Step;
use crate::proof::model::{Broken, broken};
use crate::proof::sketch::Sketch;
use crate::{Action, CallId, Input, LegId, Stage, WireEvent};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    if !step.after.phone.is_parallel() {
        return Ok(());
    }
    none_has_our_microphone(step)?;
    each_is_found(step)?;
    no_other_is_touched(step)?;
    the_clock_runs(step)
}

fn none_has_our_microphone(step: &Step<'_>) -> Result<(), Broken> {
    let entries = &step.is.routing.entries;
    if entries.is_empty() {
        return Ok(());
    }
    broken(
        "parallel: no call has our microphone and ear",
        format!("{entries:?}"),
    )
}

fn each_is_found(step: &Step<'_>) -> Result<(), Broken> {
    if step.after.phone.is_indexed() {
        return Ok(());
    }
    broken(
        "parallel: each call is found by its legs and its deadline, and by no other",
        format!("{:?}", step.after.phone),
    )
}

/// The calls that this input is about; `None`: it may be about all.
fn about(step: &Step<'_>) -> Option<Vec<CallId>> {
    let call_of = |leg: LegId| step.was.calls.iter().find(|call| has_leg(call, leg));
    let leg = match step.input {
        Input::Act { call, .. } => return Some(vec![*call]),
        Input::Wire {
            event: WireEvent::Incoming(incoming),
            ..
        } => incoming.replaces?,
        Input::Wire { leg, .. } | Input::Media { leg, .. } => *leg,
        Input::Dial { .. }
        | Input::Hook
        | Input::PageOpen(_)
        | Input::WrapUp { .. }
        | Input::WrapUpKept { .. }
        | Input::Device(_)
        | Input::RtpPorts(_) => return Some(Vec::new()),
        Input::Presence(_) | Input::NetworkChanged | Input::Deadline | Input::Terminate => {
            return None;
        }
    };
    Some(call_of(leg).map(|call| call.id).into_iter().collect())
}

fn has_leg(call: &Sketch, leg: LegId) -> bool {
    let legs = [call.first, call.second].into_iter().flatten();
    let next = call.next.map(|(next, _)| next);
    let mut all = legs
        .map(|leg| leg.id)
        .chain(next)
        .chain(call.leaving.iter().copied());
    all.any(|of| of == leg)
}

fn no_other_is_touched(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "parallel: what happens to one call changes no other";
    let Some(about) = about(step) else {
        return Ok(());
    };
    for other in step.was.calls.iter().filter(|c| !about.contains(&c.id)) {
        let touched = step.says(|action| match action {
            Action::Bye { leg, .. }
            | Action::Reinvite { leg, .. }
            | Action::Reject { leg, .. }
            | Action::Answer(leg)
            | Action::Cancel(leg) => has_leg(other, *leg),
            _ => false,
        });
        if touched || step.now(other) != Some(other) {
            return broken(RULE, format!("{:?}: {other:?}", step.input));
        }
    }
    Ok(())
}

/// A call that rings is answered, and one that is connected is ended, as policy says.
fn the_clock_runs(step: &Step<'_>) -> Result<(), Broken> {
    let phone = &step.after.phone;
    let (answers, ends) = phone.clock();
    let waits = step.is.calls.iter().any(|call| match call.stage {
        Stage::Offered => answers,
        Stage::Ending => false,
        _ => ends && call.connected,
    });
    if waits && phone.next_deadline().is_none() {
        return broken(
            "parallel: policy answers and ends each call by the clock",
            "no deadline runs",
        );
    }
    Ok(())
}
