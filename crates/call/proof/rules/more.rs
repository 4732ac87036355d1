//! The headset's hook, more calls, presence, switching off.
use super::Step;
use crate::proof::bfs::NOW;
use crate::proof::model::{Broken, Caller, World, broken};
use crate::proof::sketch::Sketch;
use crate::{
    Act, Action, CallRecord, Column, EndCause, Grade, Input, Notice, Outcome, Party, Presence,
    RedirectionPolicy, Role, Stage, Tone, WireEvent,
};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    one_microphone(step)?;
    the_hook(step)?;
    new_calls(step)?;
    answered_elsewhere_is_not_missed(step)?;
    a_caller_that_is_turned_away_is_kept(step)?;
    rona(step)?;
    answered_unasked(step)?;
    followed_by_leave(step)?;
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
        Stage::Asked | Stage::Ending => None,
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

fn answered_elsewhere_is_not_missed(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str =
        "a call that another phone has answered is not missed, and the agent is told";
    let Some((_, WireEvent::Ended(cause), call)) = step.said() else {
        return Ok(());
    };
    if call.stage != Stage::Offered {
        return Ok(());
    }
    let elsewhere = step.says(|action| {
        let Action::Record(CallRecord::Finished {
            call: of, outcome, ..
        }) = action
        else {
            return false;
        };
        *of == call.id && *outcome == Outcome::AnsweredElsewhere
    });
    let told =
        step.says(|action| matches!(action, Action::Notice(Notice::AnsweredElsewhere { .. })));
    let expected = *cause == EndCause::AnsweredElsewhere;
    if elsewhere != expected || told != expected {
        return broken(RULE, format!("{cause:?}: {:?}", step.actions));
    }
    Ok(())
}

fn a_caller_that_is_turned_away_is_kept(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a caller that is turned away leaves a record, and the agent is told";
    let Input::Wire {
        event: WireEvent::Incoming(incoming),
        ..
    } = step.input
    else {
        return Ok(());
    };
    let status = step.actions.iter().find_map(|action| match action {
        Action::Reject { status, .. } => Some(*status),
        _ => None,
    });
    if incoming.replaces.is_some() {
        return Ok(());
    }
    let kept = step.says(|action| {
        matches!(action, Action::Record(CallRecord::TurnedAway { how, .. }) if Some(how.status) == status)
    });
    let told = step.says(|action| matches!(action, Action::Notice(Notice::TurnedAway { .. })));
    let shown = step.before.phone.snapshot(NOW).turns_away;
    if kept != status.is_some() || told != kept || shown.map(|how| how.status) != status {
        return broken(RULE, format!("{shown:?}: {:?}", step.actions));
    }
    Ok(())
}

/// In no way of a call whose caller is believed so far: a stranger's that but rings, or one that is but asked for.
fn is_beside(world: &World, call: &Sketch, grade: Grade) -> bool {
    let caller = call.first.and_then(|first| world.leg(first.id));
    let of_stranger = caller.is_some_and(|far| far.caller.grade == Grade::Stranger);
    let rings = call.stage == Stage::Offered && call.role == Role::Owner;
    call.stage == Stage::Asked || rings && grade.is_trusted() && of_stranger
}

/// RONA: who lets calls ring gets no more of them, until the agent says otherwise.
fn rona(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str =
        "an agent who was free and let calls ring counts as away, and nobody else does";
    let (was, is) = (step.before.phone.presence(), step.after.phone.presence());
    let Some(after) = step.before.rona_after else {
        return if is == Presence::NotAnswered {
            broken(RULE, "without the policy")
        } else {
            Ok(())
        };
    };
    let lets_ring = matches!(step.said(), Some((_, WireEvent::Ended(EndCause::Cancelled), call))
        if call.stage == Stage::Offered && call.role == Role::Owner)
        && step.said().is_some_and(|(leg, _, own)| {
            let grade = step
                .before
                .leg(leg)
                .map_or(Grade::Stranger, |far| far.caller.grade);
            let mut others = step.was.calls.iter().filter(|call| call.id != own.id);
            others.all(|call| is_beside(step.before, call, grade))
        })
        && was == Presence::Available;
    let set = is == Presence::NotAnswered && was != is;
    let told = step.says(|action| matches!(action, Action::Notice(Notice::NotAnswered { .. })));
    let fine = set == told && (!set || lets_ring) && (!lets_ring || set || after > 1);
    let stays =
        was != Presence::NotAnswered || is == was || matches!(step.input, Input::Presence(_));
    if !fine || !stays {
        return broken(RULE, format!("{:?}: {was:?}, {is:?}", step.input));
    }
    Ok(())
}

/// A redirection is followed within the domain by policy, else by the agent's word; and the agent sees where to.
fn followed_by_leave(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a redirection is followed by policy or by the agent's word";
    let policy = step.before.redirections;
    for action in step.actions {
        let Action::FollowRedirection(_) = action else {
            continue;
        };
        let fine = match step.input {
            Input::Act {
                act: Act::Accept, ..
            } => policy == RedirectionPolicy::Ask,
            Input::Wire {
                event: WireEvent::Redirected(redirection),
                ..
            } => policy == RedirectionPolicy::SameDomain && redirection.same_domain,
            _ => false,
        };
        if !fine {
            return broken(RULE, format!("{policy:?}: {:?}", step.input));
        }
    }
    if let Some((_, WireEvent::Redirected(_), call)) = step.said() {
        let asked = step.says(|action| {
            matches!(
                action,
                Action::Notice(Notice::Redirected { asked: true, .. })
            )
        });
        let asks = policy == RedirectionPolicy::Ask && call.role != crate::Role::Customer;
        if asked != asks {
            return broken(RULE, format!("asked: {asked}"));
        }
    }
    Ok(())
}

/// A call is answered without the agent's doing only where policy covers its caller, beside no other call, with tone and notice.
fn answered_unasked(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a call is answered without the agent's doing by policy, alone, with a tone";
    if matches!(step.input, Input::Act { .. } | Input::Hook) || step.before.phone.is_parallel() {
        return Ok(());
    }
    for action in step.actions {
        let Action::Answer(leg) = action else {
            continue;
        };
        let (caller, replaces) = match step.input {
            Input::Wire {
                leg: new,
                event: WireEvent::Incoming(incoming),
            } if new == leg => (Caller::of(incoming), incoming.replaces.is_some()),
            _ => (
                step.before
                    .leg(*leg)
                    .map(|far| far.caller)
                    .unwrap_or_default(),
                false,
            ),
        };
        if replaces {
            continue;
        }
        let covers = |least: Option<Grade>| least.is_some_and(|least| caller.grade >= least);
        let world = step.before;
        let by_policy = covers(world.auto_answer);
        let granted = by_policy || caller.asks && covers(world.answer_on_request);
        let others = step.was.calls.iter().filter(|call| {
            let own = call.first.is_some_and(|first| first.id == *leg);
            let gone = step.now(call).is_none_or(|now| now.stage == Stage::Ending);
            let waits = by_policy && call.stage == Stage::Offered;
            let waits = waits || is_beside(world, call, caller.grade);
            !own && !waits && !gone && call.stage != Stage::Anchored
        });
        let told = |action: &Action| matches!(action, Action::Notice(Notice::AnsweredUnasked { on_request, .. }) if *on_request != by_policy);
        let ear = step.is.entry(Party::Local);
        let tone =
            ear.is_some_and(|ear| ear.tone == Some(Tone::Answered) && !ear.speaks && !ear.hears);
        if !granted || others.count() > 0 || !step.says(told) || !tone {
            return broken(RULE, format!("{caller:?}: {:?}, {ear:?}", step.actions));
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
