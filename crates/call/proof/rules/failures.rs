//! The rows of "what goes wrong" that are not a transfer's.
use super::{Step, is};
use crate::proof::model::{Broken, Far, broken};
use crate::{
    Act, Action, CallRecord, Direction, Input, MediaEvent, Notice, Party, Role, Stage, Tone,
    WireEvent, WrapUpAct,
};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    the_guest_is_not_rung_until_the_customer_is_held(step)?;
    hold_refused(step)?;
    guest_not_reached(step)?;
    un_hold_refused(step)?;
    guest_leaves_while_the_conference_starts(step)?;
    consult_ended(step)?;
    silence_is_told(step)?;
    the_headset_goes(step)?;
    the_network_changes(step)?;
    drafts_and_reasons_are_kept(step)?;
    leg_lost(step)
}

fn the_guest_is_not_rung_until_the_customer_is_held(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "the guest is not rung until the customer is held";
    for action in step.actions {
        let Action::Invite {
            leg,
            as_guest: true,
            ..
        } = action
        else {
            continue;
        };
        let call = step.is.calls.iter().find(|call| is(call.second, *leg));
        let customer = call.and_then(|call| call.first);
        let held = customer
            .and_then(|customer| step.far(customer.id))
            .is_some_and(|far| far.held);
        if !held {
            return broken(RULE, format!("{:?}", step.input));
        }
    }
    for call in step.is.calls.iter().filter(|call| call.role == Role::Owner) {
        let waiting = matches!(call.stage, Stage::ConsultRequested) && call.second.is_none();
        let idle = call
            .first
            .is_some_and(|customer| customer.held && !customer.asked);
        if waiting && idle {
            return broken(
                "consult: INVITE to the guest when the customer is held",
                "no guest is called",
            );
        }
    }
    Ok(())
}

fn refused_session(step: &Step<'_>) -> Option<(crate::LegId, Direction, bool)> {
    let Input::Wire {
        leg,
        event: WireEvent::RenegotiationRefused { .. },
    } = step.input
    else {
        return None;
    };
    let far = step.before.leg(*leg)?;
    let session = far.reinvite?;
    let changes = (session.direction == Direction::SendOnly) != far.held;
    Some((*leg, session.direction, changes))
}

fn hold_refused(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "hold refused: nothing is as if it were held, and the agent is told";
    let Some((leg, Direction::SendOnly, true)) = refused_session(step) else {
        return Ok(());
    };
    let Some(call) = step.was.call_of(leg) else {
        return Ok(());
    };
    let wanted = [call.first, call.second]
        .into_iter()
        .flatten()
        .any(|l| l.id == leg && l.hold);
    if !wanted || call.stage == Stage::Ending {
        return Ok(());
    }
    let told = step.says(|action| {
        matches!(
            action,
            Action::Notice(Notice::HoldRefused { .. } | Notice::SwapUndone { .. })
        )
    });
    let now = step.now(call);
    let consult = call.stage == Stage::ConsultRequested;
    let back =
        !consult || now.is_some_and(|now| now.stage == Stage::Connected && now.second.is_none());
    if !told || !back {
        return broken(
            RULE,
            format!("told: {told}, {:?}", now.map(|now| now.stage)),
        );
    }
    Ok(())
}

fn guest_not_reached(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "guest busy, declines, does not answer: said by name; the customer stays held, resume is one act";
    let Some((leg, WireEvent::Refused { status }, call)) = step.said() else {
        return Ok(());
    };
    if !is(call.second, leg) || call.stage != Stage::ConsultRequested {
        return Ok(());
    }
    let told = step.says(|action| {
        matches!(action, Action::Notice(Notice::GuestRefused { guest, status: s, .. }) if s == status && guest.shown().is_some())
    });
    let Some(now) = step.now(call) else {
        return broken(RULE, "the call is gone");
    };
    let gave_up = now.probing;
    let music = now.first.is_some_and(|customer| {
        step.is
            .entry(Party::Leg(customer.id))
            .is_some_and(|entry| entry.tone == Some(Tone::Music))
    });
    let resume = step.after.phone.permits(call.id, &Act::Resume).is_ok();
    if !told || now.stage != Stage::Held || !music || !(resume || gave_up) {
        return broken(
            RULE,
            format!(
                "told: {told}, {:?}, music: {music}, resume: {resume}",
                now.stage
            ),
        );
    }
    Ok(())
}

fn un_hold_refused(step: &Step<'_>) -> Result<(), Broken> {
    let Some((leg, Direction::SendRecv, true)) = refused_session(step) else {
        return Ok(());
    };
    let Some(call) = step.was.call_of(leg) else {
        return Ok(());
    };
    let wanted = [call.first, call.second]
        .into_iter()
        .flatten()
        .any(|l| l.id == leg && !l.hold);
    if !wanted || call.role != Role::Owner || matches!(call.stage, Stage::Ending | Stage::PostCall)
    {
        return Ok(());
    }
    let Some(now) = step.now(call) else {
        return broken(
            "un-hold fails for good: stays as it was",
            "the call is gone",
        );
    };
    let told = step.says(|action| {
        matches!(
            action,
            Action::Notice(Notice::ResumeRefused { .. } | Notice::SwapUndone { .. })
        )
    });
    if !told {
        return broken(
            "un-hold fails for good: says why",
            format!("in {:?}", call.stage),
        );
    }
    if call.joining {
        let sound = |look: &super::Look| look.routing.clone();
        if !matches!(now.stage, Stage::Consulting | Stage::Swapped)
            || now.joining
            || sound(step.was) != sound(step.is)
        {
            return broken(
                "un-hold fails for good: stays consulting, both audio paths as they were",
                format!("{now:?}"),
            );
        }
    } else if call.stepping {
        // The second step of a swap: the first is undone.
        let other = [call.first, call.second]
            .into_iter()
            .flatten()
            .find(|l| l.id != leg);
        let undone = other.is_none_or(|other| {
            step.reinvites(other.id, Direction::SendRecv)
                || step
                    .far(other.id)
                    .is_some_and(|far| far.reinvite.is_some() || !far.held)
        });
        if !undone || now.stage != call.stage {
            return broken(
                "second step of a swap fails: the first is undone",
                format!("{:?}", step.actions),
            );
        }
    }
    Ok(())
}

fn guest_leaves_while_the_conference_starts(step: &Step<'_>) -> Result<(), Broken> {
    let Some((leg, call)) = step.left() else {
        return Ok(());
    };
    if !call.joining || !is(call.second, leg) || call.next.is_some() {
        return Ok(());
    }
    let now = step.now(call);
    if now.is_some_and(|now| now.first.is_some_and(|customer| !customer.hold)) {
        return Ok(());
    }
    broken(
        "guest's BYE while the un-hold is in flight: connected",
        format!("{now:?}"),
    )
}

/// Owner alone; the customer stays held until resumed, or goes on talking.
fn consult_ended(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "consult ended by either: the customer stays, held until resumed";
    let call = match step.act() {
        Some((Act::EndConsult, call))
            if call.role == Role::Owner && call.stage != Stage::Offered =>
        {
            call
        }
        Some(_) => return Ok(()),
        None => match step.left() {
            Some((leg, call)) if is(call.second, leg) => call,
            _ => return Ok(()),
        },
    };
    let consult = matches!(
        call.stage,
        Stage::ConsultRequested | Stage::Consulting | Stage::Swapped
    );
    if !consult || call.role != Role::Owner || call.next.is_some() {
        return Ok(());
    }
    let Some(now) = step.now(call) else {
        return broken(RULE, "the call is gone");
    };
    let held = now.first.is_some_and(|customer| customer.hold);
    let behind = call.first.is_some_and(|customer| customer.hold);
    let rested = behind && !call.stepping && call.stage == Stage::Consulting;
    let swapped = !call.stepping && call.stage == Stage::Swapped;
    let fine = now.second.is_none()
        && matches!(now.stage, Stage::Held | Stage::Connected)
        && (!rested || held)
        && (!swapped || !held);
    if fine {
        Ok(())
    } else {
        broken(RULE, format!("{now:?}"))
    }
}

fn silence_is_told(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "no audio for 5 s: the party is named, and re-INVITEd once";
    let Input::Media {
        leg,
        event: MediaEvent::Silent,
    } = step.input
    else {
        return Ok(());
    };
    let Some(call) = step.was.call_of(*leg) else {
        return Ok(());
    };
    let Some(was) = [call.first, call.second]
        .into_iter()
        .flatten()
        .find(|l| l.id == *leg)
    else {
        return Ok(());
    };
    let named = step.says(|action| matches!(action, Action::Notice(Notice::NoAudio { party, .. }) if party.shown().is_some()));
    let asked = step.says(|action| matches!(action, Action::Reinvite { leg: l, .. } if l == leg));
    let expected = !was.silent && !was.far_held && !was.held;
    let far = step
        .before
        .leg(*leg)
        .is_some_and(|far| far.reinvite.is_none());
    if named != expected || asked != (expected && far && call.stage != Stage::Ending) {
        return broken(RULE, format!("named: {named}, re-INVITE: {asked}"));
    }
    Ok(())
}

fn the_headset_goes(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a headset goes away: customer and guest hear no gap";
    let Input::Device(_) = step.input else {
        return Ok(());
    };
    let quiet = step.actions.iter().all(|action| {
        matches!(
            action,
            Action::Notice(Notice::DeviceGone | Notice::DeviceBack)
        )
    });
    if !quiet
        || step.was.routing != step.is.routing
        || step.was.calls != step.is.calls
        || (step.actions.is_empty() && step.before.phone != step.after.phone)
    {
        return broken(RULE, format!("{:?}", step.actions));
    }
    Ok(())
}

fn the_network_changes(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "the network changes: each leg is re-INVITEd from the new address";
    if *step.input != Input::NetworkChanged {
        return Ok(());
    }
    for call in step
        .was
        .calls
        .iter()
        .filter(|call| call.stage != Stage::Ending)
    {
        for leg in [call.first, call.second].into_iter().flatten() {
            let free = step
                .before
                .leg(leg.id)
                .is_some_and(|far| far.far == Far::Up && far.reinvite.is_none());
            let asked = step
                .says(|action| matches!(action, Action::Reinvite { leg: l, .. } if *l == leg.id));
            if free && !asked {
                return broken(RULE, format!("{leg:?} is not"));
            }
        }
    }
    Ok(())
}

fn drafts_and_reasons_are_kept(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a wrap-up draft and a submitted reason survive a crash: each is recorded in its step, and owed until it is kept";
    let recorded = |what: fn(&CallRecord) -> bool| {
        step.says(|action| matches!(action, Action::Record(record) if what(record)))
    };
    let before = step.before.phone.wrap_up_list();
    let after = step.after.phone.wrap_up_list();
    if let Input::WrapUp { act, .. } = step.input {
        let fine = match act {
            WrapUpAct::Draft { .. } => recorded(|r| matches!(r, CallRecord::WrapUpDrafted { .. })),
            WrapUpAct::Submit { .. } => {
                recorded(|r| matches!(r, CallRecord::WrapUpSubmitted { .. }))
            }
            WrapUpAct::Extend => true,
        };
        if !fine {
            return broken(RULE, format!("{act:?}"));
        }
    }
    let gone = before
        .iter()
        .filter(|(id, _, _)| !after.iter().any(|(now, _, _)| now == id))
        .map(|(id, _, _)| *id);
    let kept = match step.input {
        Input::WrapUpKept { id, kept: true } => Some(*id),
        _ => None,
    };
    let (waited, waits) = (step.before.phone.handed_in(), step.after.phone.handed_in());
    if let Input::WrapUpKept { id, kept } = step.input {
        let told =
            step.says(|action| matches!(action, Action::Notice(Notice::WrapUpNotKept { .. })));
        if waits.contains(id) || told == *kept {
            return broken(RULE, format!("{id:?} and the disk's {kept}"));
        }
    }
    let handed_in = waits.iter().filter(|id| !waited.contains(id)).count();
    let written = step
        .actions
        .iter()
        .filter(|action| matches!(action, Action::Record(CallRecord::WrapUpSubmitted { .. })));
    let opened = step
        .actions
        .iter()
        .filter(|action| matches!(action, Action::Record(CallRecord::WrapUpOpened { .. })));
    let new = after.iter().filter(|now| !before.contains(now)).count();
    if !gone.eq(kept) || handed_in != written.count() || new > opened.count() {
        return broken(RULE, format!("{before:?} → {after:?}: {:?}", step.actions));
    }
    Ok(())
}

/// RTP and RTCP silent beyond the limit is leaving: the dialog is ended, too.
fn leg_lost(step: &Step<'_>) -> Result<(), Broken> {
    let Input::Media {
        leg,
        event: MediaEvent::Lost,
    } = step.input
    else {
        return Ok(());
    };
    let ours = step.was.call_of(*leg).is_some();
    if ours && !step.byes(*leg) {
        return broken(
            "a leg silent beyond the limit has left: its dialog is ended",
            format!("{leg:?}"),
        );
    }
    Ok(())
}
