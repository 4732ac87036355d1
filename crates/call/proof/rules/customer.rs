//! The one promise above all: the customer is never dropped, and never left in silence unannounced, by a thing that
//! failed.
use super::{Step, is};
use crate::proof::model::{Broken, Far, broken};
use crate::{Act, Action, ByeReason, Input, MediaEvent, Party, Role, Stage, Tone, WireEvent};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    no_leg_is_forgotten(step)?;
    no_party_is_routed_to_itself(step)?;
    a_customer_that_is_there_hears_a_party_or_music(step)?;
    a_customer_is_released_by_a_rule_only(step)?;
    no_guests_input_releases_owner_or_customer(step)
}

/// Every dialog that there is belongs to a call, and every leg of a call is a dialog.
fn no_leg_is_forgotten(step: &Step<'_>) -> Result<(), Broken> {
    // Of a party that has hung up its REFER's subscription is left, and no leg.
    for far in step.after.legs.iter().filter(|far| far.far != Far::HungUp) {
        if !step.after.phone.knows(far.id) {
            return broken("every leg belongs to a call", format!("{far:?} does not"));
        }
    }
    for call in &step.is.calls {
        for leg in [call.first, call.second].into_iter().flatten() {
            let there = step.far(leg.id).map(|far| far.far);
            let fits = match there {
                Some(Far::Up) => leg.up,
                Some(Far::Unacknowledged) => leg.up,
                Some(Far::Invited | Far::Redirected | Far::Declined | Far::Calling) => !leg.up,
                Some(Far::Cancelled | Far::Byed | Far::HungUp | Far::Asks) | None => false,
            };
            if !fits {
                return broken(
                    "every leg belongs to a call",
                    format!("{leg:?} is {there:?} out there"),
                );
            }
        }
        let undecided = call.referred_gone && (call.replaced_gone || call.blind);
        if !undecided
            && !matches!(call.stage, Stage::Asked | Stage::Ending)
            && call.first.is_none()
            && call.second.is_none()
        {
            return broken("every leg belongs to a call", format!("{call:?} has none"));
        }
    }
    Ok(())
}

fn no_party_is_routed_to_itself(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R3: no party is routed to itself";
    let entries = &step.is.routing.entries;
    for (place, entry) in entries.iter().enumerate() {
        if entries[..place]
            .iter()
            .any(|other| other.party == entry.party)
        {
            return broken(RULE, format!("{entry:?} twice"));
        }
        if let Party::Leg(leg) = entry.party
            && step.far(leg).is_none()
        {
            return broken(RULE, format!("{entry:?} has no leg"));
        }
    }
    Ok(())
}

fn a_customer_that_is_there_hears_a_party_or_music(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "the customer is never left in silence";
    for call in &step.is.calls {
        let Some(customer) = call.first.filter(|leg| leg.up) else {
            continue;
        };
        if call.role != Role::Owner || call.stage == Stage::Ending {
            continue;
        }
        let Some(entry) = step.is.entry(Party::Leg(customer.id)) else {
            return broken(RULE, "the customer has no entry");
        };
        let company = step.is.routing.entries.iter().any(|other| {
            other.party != entry.party
                && other.group == entry.group
                // An agent that did not answer is told so first.
                && (other.hears || other.tone == Some(Tone::Answered))
                && (other.speaks
                    || other.party == Party::Local
                    || call.second.is_some_and(|g| g.far_held))
        });
        let music = entry.tone == Some(Tone::Music);
        if !(music || entry.hears && company) {
            return broken(RULE, format!("in {:?}: {:?}", call.stage, step.is.routing));
        }
        if music && entry.speaks {
            return broken(RULE, "the customer speaks, and has music");
        }
    }
    Ok(())
}

fn a_customer_is_released_by_a_rule_only(step: &Step<'_>) -> Result<(), Broken> {
    for call in &step.was.calls {
        let Some(customer) = call.first.filter(|leg| leg.up) else {
            continue;
        };
        if call.role != Role::Owner || !step.byes(customer.id) {
            continue;
        }
        let over = matches!(call.stage, Stage::Anchored | Stage::Ending);
        let replaced = step.says(|action| {
            matches!(action, Action::Bye { leg, reason: ByeReason::Replaced } if *leg == customer.id)
        });
        let released = match step.input {
            Input::Act { act, .. } => matches!(act, Act::End | Act::Exit),
            Input::Hook | Input::Terminate => true,
            Input::Media { leg, event } => match event {
                MediaEvent::Lost => *leg == customer.id || over,
                MediaEvent::Heard => replaced,
                MediaEvent::Silent | MediaEvent::Stopped | MediaEvent::Dtmf(_) => false,
            },
            Input::Deadline => over || call.asking || replaced,
            Input::Wire { leg, event } => match event {
                // R10, and the other side of an anchored or handed-over call.
                WireEvent::ReferNotified { status } => (200..300).contains(status),
                WireEvent::Ended(_) | WireEvent::Gone => over || *leg == customer.id,
                _ => false,
            },
            Input::Dial { .. }
            | Input::PageOpen(_)
            | Input::Presence(_)
            | Input::WrapUp { .. }
            | Input::WrapUpKept { .. }
            | Input::Device(_)
            | Input::RtpPorts(_)
            | Input::NetworkChanged => false,
        };
        // Waiting for a conference, the phone was told to end; it does as soon as it may.
        if !released && !step.before.phone.is_shutting_down() {
            return broken(
                "the customer is never dropped by a thing that failed",
                format!("in {:?}", call.stage),
            );
        }
    }
    Ok(())
}

fn no_guests_input_releases_owner_or_customer(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R13: no guest's input releases owner or customer";
    let leg = match step.input {
        Input::Wire { leg, .. } | Input::Media { leg, .. } => *leg,
        _ => return Ok(()),
    };
    let Some(call) = step.was.call_of(leg) else {
        return Ok(());
    };
    if call.role != Role::Owner || !is(call.second, leg) || step.before.phone.is_shutting_down() {
        return Ok(());
    }
    let done = matches!(step.input, Input::Wire { event: WireEvent::ReferNotified { status }, .. }
        if (200..300).contains(status));
    let over = matches!(
        call.stage,
        Stage::Anchored | Stage::Ending | Stage::PostCall
    );
    if done || over {
        return Ok(());
    }
    let both_gone = call.replaced_gone && call.first.is_none();
    let now = step.now(call);
    if !both_gone && now.is_none_or(|now| now.stage == Stage::Ending) {
        return broken(RULE, format!("{:?} in {:?}", step.input, call.stage));
    }
    Ok(())
}
