//! What must hold at every step, each named after the rule that asks for it.
use crate::moves::acts;
use crate::table::{Cell, Column, cell, column};
use crate::world::{Referral, Wire, World};
use trialog_call::{
    Act, Action, CallRecord, CallView, Direction, Input, LegId, LegView, MediaEvent, Names, Party, Phone,
    Refusal, Role, Routing, Seat, Snapshot, Stage, Tone, WireEvent,
};

/// One step, with all that can be seen before and after it.
pub struct Step<'a> {
    pub before: &'a Phone,
    pub view_before: &'a Snapshot,
    pub input: &'a Input,
    pub actions: &'a [Action],
    pub after: &'a Phone,
    pub view: &'a Snapshot,
    pub world: &'a World,
    /// The legs and calls that the phone knows after it.
    pub names: &'a Names,
}

/// A rule that does not hold, and what was seen instead.
#[derive(Clone, Debug)]
pub struct Broken {
    pub rule: String,
    pub seen: String,
}

fn broken(rule: &str, seen: impl Into<String>) -> Result<(), Broken> {
    Err(Broken {
        rule: rule.into(),
        seen: seen.into(),
    })
}

/// Each rule over one step.
pub fn check(step: &Step<'_>) -> Result<(), Broken> {
    r6_nobody_is_held_in_a_conference(step)?;
    r3_nobody_is_routed_to_himself(&step.after.routing())?;
    r3_in_a_conference_all_hear_each_other(step)?;
    promise_the_customer_is_routed_or_has_music_or_is_anchored(step)?;
    promise_who_is_held_has_music(step)?;
    promise_no_leg_is_forgotten(step)?;
    promise_the_customer_is_released_by_a_rule_only(step)?;
    r13_no_input_of_the_guest_releases_owner_or_customer(step)?;
    a_refused_act_changes_nothing_and_sends_nothing(step)?;
    r12_r15_one_wrap_up_a_period_of_ownership(step)?;
    r1_a_conference_starts_out_of_an_answered_consult(step)?;
    r4_no_new_call_is_placed_for_a_conference(step)?;
    r8_the_transfer_opens_the_owners_wrap_up(step)?;
    r11_the_end_for_all_releases_both(step)?;
    r14_the_guests_going_leaves_owner_and_customer_talking(step)?;
    r16_the_customers_going_makes_the_wrap_up_due_or_drafted(step)?;
    r17_the_agents_talk_on_when_the_customer_has_gone(step)?;
    every_referral_is_answered_in_its_step(step)?;
    Ok(())
}

/// The table, cell by cell, in a state.
pub fn check_table(
    phone: &Phone,
    view: &Snapshot,
    world: &World,
    mut allowed: impl FnMut(Role, Stage, Column),
) -> Result<(), Broken> {
    for call in &view.calls {
        let role = column_role(call, world);
        for act in acts() {
            let column = column(&act);
            let permit = phone.permits(call.id, &act);
            let listed = call
                .acts
                .iter()
                .find(|shown| crate::table::column(&shown.act) == column);
            let name = || format!("cell {:?} × {:?} × {column:?}", call.stage, role);
            if permit.is_ok() {
                allowed(role, call.stage, column);
            }
            let expected = match (column, call.muted) {
                (Column::Mute, true) | (Column::Unmute, false) => {
                    match cell(role, call.stage, column) {
                        Cell::Yes => Cell::Open,
                        other => other,
                    }
                }
                _ => cell(role, call.stage, column),
            };
            match (expected, permit) {
                (Cell::Yes, Err(refusal)) if !transient(refusal) => {
                    return broken(&name(), format!("✔ in the table, refused with {refusal:?}"));
                }
                (Cell::No, Ok(())) => return broken(&name(), "✖ in the table, allowed"),
                (Cell::No, Err(Refusal::NotHere(_))) => {
                    return broken(&name(), "✖ in the table, refused as if it did not exist");
                }
                (Cell::No, Err(refusal))
                    if listed.and_then(|shown| shown.refusal) != Some(refusal) =>
                {
                    return broken(
                        &name(),
                        format!("✖ in the table, {refusal:?}, and shown as {listed:?}"),
                    );
                }
                (Cell::Absent, Ok(())) => return broken(&name(), "– in the table, allowed"),
                _ => {}
            }
            if let Some(shown) = listed
                && shown.refusal.is_none() != permit.is_ok()
            {
                return broken(&name(), format!("shown as {shown:?}, answered {permit:?}"));
            }
        }
    }
    Ok(())
}

/// Whose column holds: who is referred, and who owns what another phone carries, may do what a guest may.
fn column_role(call: &CallView, world: &World) -> Role {
    let referred = |leg: &LegView| {
        let there = world.legs.get(&leg.id);
        there.is_some_and(|there| there.referral != Referral::None)
    };
    let carried = call.stage == Stage::Anchored && call.legs.len() == 1;
    let pending = call.stage == Stage::TransferPending && call.legs.iter().any(referred);
    if call.role == Role::Owner && (carried || pending) {
        Role::Guest
    } else {
        call.role
    }
}

/// Refusals that pass with the moment: the cell of the table stands.
fn transient(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Busy
            | Refusal::OtherCallFirst
            | Refusal::TooManyCalls
            | Refusal::Terminating
            | Refusal::TransferPending
            | Refusal::CannotWithdraw
    )
}

fn call_of<'a>(view: &'a Snapshot, leg: LegId) -> Option<&'a CallView> {
    view.calls
        .iter()
        .find(|call| call.legs.iter().any(|l| l.id == leg))
}

fn leg_of(call: &CallView, role: Role) -> Option<LegId> {
    call.legs
        .iter()
        .find(|leg| leg.role == role && leg.up)
        .map(|leg| leg.id)
}

fn seat(routing: &Routing, leg: LegId) -> Option<&Seat> {
    routing
        .seats
        .iter()
        .find(|seat| seat.party == Party::Leg(leg))
}

fn hears(routing: &Routing, ear: Party, mouth: Party) -> bool {
    let find = |party| {
        routing
            .seats
            .iter()
            .find(|seat: &&Seat| seat.party == party)
    };
    match (find(ear), find(mouth)) {
        (Some(ear), Some(mouth)) => {
            ear.party != mouth.party && ear.group == mouth.group && ear.hears && mouth.speaks
        }
        _ => false,
    }
}

fn r6_nobody_is_held_in_a_conference(step: &Step<'_>) -> Result<(), Broken> {
    for call in step
        .view
        .calls
        .iter()
        .filter(|call| call.stage == Stage::Conference)
    {
        if let Some(held) = call.legs.iter().find(|leg| leg.held) {
            return broken("r6_nobody_is_held_in_a_conference", format!("{held:?}"));
        }
        for action in step.actions {
            if let Action::Reinvite { leg, session } = action
                && call.legs.iter().any(|l| l.id == *leg)
                && session.direction != Direction::SendRecv
            {
                return broken("r6_nobody_is_held_in_a_conference", format!("{action:?}"));
            }
        }
    }
    Ok(())
}

fn r3_nobody_is_routed_to_himself(routing: &Routing) -> Result<(), Broken> {
    for (place, seat) in routing.seats.iter().enumerate() {
        if routing.seats[..place]
            .iter()
            .any(|other| other.party == seat.party)
        {
            return broken(
                "r3_nobody_is_routed_to_himself",
                format!("two seats: {seat:?}"),
            );
        }
    }
    Ok(())
}

fn r3_in_a_conference_all_hear_each_other(step: &Step<'_>) -> Result<(), Broken> {
    let routing = step.after.routing();
    for call in &step.view.calls {
        if call.stage != Stage::Conference || call.role != Role::Owner {
            continue;
        }
        let up: Vec<_> = call
            .legs
            .iter()
            .filter(|leg| leg.up && !leg.far_held)
            .collect();
        for ear in &up {
            for mouth in up.iter().filter(|mouth| mouth.id != ear.id) {
                if !hears(&routing, Party::Leg(ear.id), Party::Leg(mouth.id)) {
                    return broken(
                        "r3_in_a_conference_all_hear_each_other",
                        format!("{ear:?} {mouth:?}"),
                    );
                }
            }
            if !hears(&routing, Party::Local, Party::Leg(ear.id)) {
                return broken(
                    "r3_in_a_conference_all_hear_each_other",
                    format!("the owner does not hear {ear:?}"),
                );
            }
            if !call.muted && !hears(&routing, Party::Leg(ear.id), Party::Local) {
                return broken(
                    "r3_in_a_conference_all_hear_each_other",
                    format!("{ear:?} does not hear the owner"),
                );
            }
        }
        // R6's other half: a far side's hold cuts its own music from the mix.
        for held in call.legs.iter().filter(|leg| leg.far_held) {
            if routing
                .seats
                .iter()
                .any(|seat| hears(&routing, seat.party, Party::Leg(held.id)))
            {
                return broken("far_held_is_cut_from_the_mix", format!("{held:?}"));
            }
        }
    }
    Ok(())
}

fn promise_the_customer_is_routed_or_has_music_or_is_anchored(
    step: &Step<'_>,
) -> Result<(), Broken> {
    let routing = step.after.routing();
    for call in step
        .view
        .calls
        .iter()
        .filter(|call| call.role == Role::Owner)
    {
        // A leg that is about to take the customer's place is heard from its first packet on; until then the old one is.
        for leg in call
            .legs
            .iter()
            .filter(|leg| leg.role == Role::Customer)
            .take(1)
        {
            if step
                .world
                .legs
                .get(&leg.id)
                .is_none_or(|there| there.wire != Wire::Up)
            {
                continue;
            }
            let has_music =
                seat(&routing, leg.id).is_some_and(|seat| seat.tone == Some(Tone::Music));
            let is_heard = call
                .legs
                .iter()
                .map(|other| Party::Leg(other.id))
                .chain([Party::Local])
                .any(|mouth| hears(&routing, Party::Leg(leg.id), mouth));
            let muted = call.muted && hears(&routing, Party::Local, Party::Leg(leg.id));
            let cut = call
                .legs
                .iter()
                .any(|other| other.id != leg.id && other.far_held)
                && leg.up;
            if !(has_music || is_heard || muted || cut || leg.far_held) {
                return broken(
                    "promise_the_customer_is_routed_or_has_music_or_is_anchored",
                    format!(
                        "{:?} in {:?}: {:?}",
                        leg,
                        call.stage,
                        seat(&routing, leg.id)
                    ),
                );
            }
        }
    }
    Ok(())
}

fn promise_who_is_held_has_music(step: &Step<'_>) -> Result<(), Broken> {
    let routing = step.after.routing();
    for call in &step.view.calls {
        for leg in call.legs.iter().filter(|leg| leg.held && leg.up) {
            let up = step
                .world
                .legs
                .get(&leg.id)
                .is_some_and(|there| there.wire == Wire::Up);
            if up && !seat(&routing, leg.id).is_some_and(|seat| seat.tone == Some(Tone::Music)) {
                return broken(
                    "promise_who_is_held_has_music",
                    format!("{leg:?} in {:?}", call.stage),
                );
            }
        }
    }
    Ok(())
}

fn promise_no_leg_is_forgotten(step: &Step<'_>) -> Result<(), Broken> {
    for (id, leg) in &step.world.legs {
        if !step.names.legs.iter().any(|(known, _)| known == id) {
            return broken("promise_no_leg_is_forgotten", format!("{id:?} {leg:?}"));
        }
    }
    for call in &step.view.calls {
        if let Some(leg) = call
            .legs
            .iter()
            .find(|leg| !step.world.legs.contains_key(&leg.id))
        {
            return broken(
                "promise_no_leg_is_forgotten",
                format!("{leg:?} is over on the wire"),
            );
        }
    }
    Ok(())
}

fn promise_the_customer_is_released_by_a_rule_only(step: &Step<'_>) -> Result<(), Broken> {
    if step.view_before.terminating {
        return Ok(());
    }
    for action in step.actions {
        let Action::Bye { leg, reason } = action else {
            continue;
        };
        let Some(call) = call_of(step.view_before, *leg) else {
            continue;
        };
        if call.role != Role::Owner
            || !call
                .legs
                .iter()
                .any(|l| l.id == *leg && l.role == Role::Customer)
        {
            continue;
        }
        let allowed = match step.input {
            Input::Act { act, .. } => matches!(act, Act::End | Act::Exit),
            Input::Hook | Input::Terminate => true,
            // The question "for everyone?" that nobody answered.
            Input::Deadline => *reason == trialog_call::ByeReason::ConferenceEnded,
            Input::Wire { leg: from, event } => match event {
                WireEvent::ReferNotified { status } => (200..300).contains(status),
                WireEvent::Ended(_) | WireEvent::Refused { .. } => {
                    from == leg
                        || call.stage == Stage::Anchored
                        || *reason == trialog_call::ByeReason::Transferred
                }
                WireEvent::Incoming(_) | WireEvent::Confirmed | WireEvent::Answered(_) => {
                    *reason == trialog_call::ByeReason::Replaced
                }
                WireEvent::RenegotiationRefused { .. } | WireEvent::Renegotiated(_) => {
                    call.stage == Stage::Ending
                }
                WireEvent::Gone => call.stage == Stage::Ending,
                _ => false,
            },
            Input::Media { leg: from, event } => {
                matches!(event, MediaEvent::Lost) && (from == leg || call.stage == Stage::Anchored)
            }
            _ => false,
        };
        if !allowed {
            return broken(
                "promise_the_customer_is_released_by_a_rule_only",
                format!("{action:?} in {:?}", call.stage),
            );
        }
    }
    Ok(())
}

fn r13_no_input_of_the_guest_releases_owner_or_customer(step: &Step<'_>) -> Result<(), Broken> {
    let Input::Wire { leg, event } = step.input else {
        return Ok(());
    };
    let Some(call) = call_of(step.view_before, *leg) else {
        return Ok(());
    };
    let from_guest = call
        .legs
        .iter()
        .any(|l| l.id == *leg && l.role == Role::Guest);
    // Success of the transfer that the owner asked for is the owner's act; anchored, either side's BYE is the end.
    let by_owner = matches!(event, WireEvent::ReferNotified { status } if (200..300).contains(status))
        || matches!(event, WireEvent::Incoming(_))
        || call.stage == Stage::Anchored
        || call.stage == Stage::Ending
        || step.view_before.terminating;
    if call.role != Role::Owner || !from_guest || by_owner {
        return Ok(());
    }
    for action in step.actions {
        if let Action::Bye { leg: out, reason } = action
            && out != leg
            && *reason != trialog_call::ByeReason::Transferred
            && call
                .legs
                .iter()
                .any(|l| l.id == *out && l.role == Role::Customer)
        {
            return broken(
                "r13_no_input_of_the_guest_releases_owner_or_customer",
                format!("{action:?}"),
            );
        }
    }
    Ok(())
}

fn a_refused_act_changes_nothing_and_sends_nothing(step: &Step<'_>) -> Result<(), Broken> {
    let refused = step
        .actions
        .iter()
        .any(|action| matches!(action, Action::Refuse(_)));
    if refused && (step.actions.len() != 1 || step.before != step.after) {
        return broken(
            "a_refused_act_changes_nothing_and_sends_nothing",
            format!("{:?}", step.actions),
        );
    }
    if let Input::Act { call, act } = step.input {
        let permit = step.before.permits(*call, act);
        if permit.is_err() != refused {
            return broken(
                "a_refused_act_changes_nothing_and_sends_nothing",
                format!("permits says {permit:?}, step says {:?}", step.actions),
            );
        }
        if let (Err(said), [Action::Refuse(done)]) = (permit, step.actions)
            && said != *done
        {
            return broken(
                "a_refused_act_changes_nothing_and_sends_nothing",
                format!("{said:?} or {done:?}?"),
            );
        }
    }
    Ok(())
}

fn r12_r15_one_wrap_up_a_period_of_ownership(step: &Step<'_>) -> Result<(), Broken> {
    const NAME: &str = "r12_r15_one_wrap_up_a_period_of_ownership";
    for (call, ledger) in &step.world.calls {
        if ledger.opened > 1 {
            return broken(NAME, format!("{call:?} has a second wrap-up"));
        }
        if ledger.opened > 0 && !ledger.owner {
            return broken(
                NAME,
                format!("{call:?}: a wrap-up for somebody who does not own it"),
            );
        }
    }
    for action in step.actions {
        if let Action::Record(CallRecord::Finished { call, .. }) = action
            && let Some(ledger) = step.world.calls.get(call)
            && ledger.due != (ledger.owner && ledger.connected)
        {
            return broken(NAME, format!("{call:?} finished with {ledger:?}"));
        }
    }
    Ok(())
}

fn stage_before(step: &Step<'_>, call: &CallView) -> Option<Stage> {
    Some(
        step.view_before
            .calls
            .iter()
            .find(|c| c.id == call.id)?
            .stage,
    )
}

fn r1_a_conference_starts_out_of_an_answered_consult(step: &Step<'_>) -> Result<(), Broken> {
    for call in &step.view.calls {
        if call.stage == Stage::Conference && call.role == Role::Owner {
            let before = stage_before(step, call);
            if !matches!(
                before,
                Some(
                    Stage::Conference | Stage::Consulting | Stage::Swapped | Stage::TransferPending
                )
            ) {
                return broken(
                    "r1_a_conference_starts_out_of_an_answered_consult",
                    format!("{before:?}"),
                );
            }
            if call.legs.iter().filter(|leg| leg.up).count() < 2 {
                return broken(
                    "r1_a_conference_starts_out_of_an_answered_consult",
                    format!("{:?}", call.legs),
                );
            }
        }
    }
    Ok(())
}

fn r4_no_new_call_is_placed_for_a_conference(step: &Step<'_>) -> Result<(), Broken> {
    let asked = matches!(
        step.input,
        Input::Act {
            act: Act::Conference,
            ..
        }
    );
    if asked
        && step
            .actions
            .iter()
            .any(|action| matches!(action, Action::Invite { .. }))
    {
        return broken(
            "r4_no_new_call_is_placed_for_a_conference",
            format!("{:?}", step.actions),
        );
    }
    if asked
        && step
            .actions
            .iter()
            .any(|a| matches!(a, Action::Bye { .. } | Action::Cancel(_)))
    {
        return broken(
            "r4_no_new_call_is_placed_for_a_conference",
            format!("{:?}", step.actions),
        );
    }
    if asked && !matches!(step.actions, [Action::Refuse(_)]) {
        let invited = step
            .actions
            .iter()
            .any(|action| matches!(action, Action::Reinvite { .. }));
        let begun = step
            .view
            .calls
            .iter()
            .any(|call| call.stage == Stage::Conference);
        if !invited && !begun {
            return broken(
                "r2_one_act_starts_the_conference",
                format!("{:?}", step.actions),
            );
        }
    }
    Ok(())
}

fn r8_the_transfer_opens_the_owners_wrap_up(step: &Step<'_>) -> Result<(), Broken> {
    for call in &step.view.calls {
        let asked =
            matches!(step.input, Input::Act { call: id, act: Act::Transfer(_) } if *id == call.id);
        let refused = matches!(step.actions, [Action::Refuse(_)]);
        if asked
            && !refused
            && call.stage == Stage::TransferPending
            && call.role == Role::Owner
            && !step
                .view
                .wrap_ups
                .iter()
                .any(|wrap_up| wrap_up.call == call.id)
        {
            return broken(
                "r8_the_transfer_opens_the_owners_wrap_up",
                format!("{:?}", step.actions),
            );
        }
    }
    Ok(())
}

fn r11_the_end_for_all_releases_both(step: &Step<'_>) -> Result<(), Broken> {
    let Input::Act {
        call,
        act: Act::End,
    } = step.input
    else {
        return Ok(());
    };
    let Some(before) = step.view_before.calls.iter().find(|c| c.id == *call) else {
        return Ok(());
    };
    if before.stage != Stage::Conference
        || before.role != Role::Owner
        || matches!(step.actions, [Action::Refuse(_)])
    {
        return Ok(());
    }
    for leg in before.legs.iter().filter(|leg| leg.up) {
        let released = step
            .actions
            .iter()
            .any(|action| matches!(action, Action::Bye { leg: out, .. } if *out == leg.id));
        let up = step
            .world
            .legs
            .get(&leg.id)
            .is_some_and(|there| there.wire == Wire::Up);
        if !released && up {
            return broken(
                "r11_the_end_for_all_releases_both",
                format!("{leg:?} stays"),
            );
        }
    }
    Ok(())
}

fn r14_the_guests_going_leaves_owner_and_customer_talking(step: &Step<'_>) -> Result<(), Broken> {
    let Input::Wire {
        leg,
        event: WireEvent::Ended(_),
    } = step.input
    else {
        return Ok(());
    };
    let Some(before) = call_of(step.view_before, *leg) else {
        return Ok(());
    };
    let guest = leg_of(before, Role::Guest) == Some(*leg);
    if before.stage != Stage::Conference || before.role != Role::Owner || !guest {
        return Ok(());
    }
    let Some(after) = step.view.calls.iter().find(|call| call.id == before.id) else {
        return broken(
            "r14_the_guests_going_leaves_owner_and_customer_talking",
            "the call is gone",
        );
    };
    let routing = step.after.routing();
    let customer = leg_of(after, Role::Customer);
    let far_held = after.legs.iter().any(|l| l.far_held);
    let ok = after.stage == Stage::Connected
        && customer.is_some_and(|leg| far_held || hears(&routing, Party::Local, Party::Leg(leg)));
    let touched = step
        .actions
        .iter()
        .any(|action| matches!(action, Action::Bye { leg, .. } if Some(*leg) == customer));
    if !ok || touched {
        return broken(
            "r14_the_guests_going_leaves_owner_and_customer_talking",
            format!("{:?} {:?}", after.stage, step.actions),
        );
    }
    Ok(())
}

fn customer_left<'a>(step: &'a Step<'_>) -> Option<&'a CallView> {
    let leg = match step.input {
        Input::Wire {
            leg,
            event: WireEvent::Ended(_),
        }
        | Input::Media {
            leg,
            event: MediaEvent::Lost,
        } => leg,
        _ => return None,
    };
    let before = call_of(step.view_before, *leg)?;
    (before.role == Role::Owner
        && leg_of(before, Role::Customer) == Some(*leg)
        && !matches!(
            before.stage,
            Stage::TransferPending | Stage::Anchored | Stage::Ending
        )
        && !step.view_before.terminating
        && step.world.calls.get(&before.id).is_some_and(|ledger| ledger.connected)
        // Somebody else may have taken his place.
        && !step.view.calls.iter().any(|after| after.id == before.id && leg_of(after, Role::Customer).is_some()))
    .then_some(before)
}

fn r16_the_customers_going_makes_the_wrap_up_due_or_drafted(step: &Step<'_>) -> Result<(), Broken> {
    let Some(before) = customer_left(step) else {
        return Ok(());
    };
    if !step
        .view
        .wrap_ups
        .iter()
        .any(|wrap_up| wrap_up.call == before.id)
    {
        return broken(
            "r16_the_customers_going_makes_the_wrap_up_due_or_drafted",
            format!("left in {:?}: {:?}", before.stage, step.actions),
        );
    }
    Ok(())
}

fn r17_the_agents_talk_on_when_the_customer_has_gone(step: &Step<'_>) -> Result<(), Broken> {
    let Some(before) = customer_left(step) else {
        return Ok(());
    };
    let Some(guest) = leg_of(before, Role::Guest) else {
        return Ok(());
    };
    let guest_up = step
        .world
        .legs
        .get(&guest)
        .is_some_and(|leg| leg.wire == Wire::Up);
    if !matches!(before.stage, Stage::Conference | Stage::Consulting) || !guest_up {
        return Ok(());
    }
    let routing = step.after.routing();
    let after = step.view.calls.iter().find(|call| call.id == before.id);
    let far_held = before
        .legs
        .iter()
        .any(|leg| leg.id == guest && leg.far_held);
    if !after.is_some_and(|call| call.stage == Stage::PostCall)
        || !(far_held || hears(&routing, Party::Local, Party::Leg(guest)))
    {
        return broken(
            "r17_the_agents_talk_on_when_the_customer_has_gone",
            format!(
                "left in {:?}: {:?}",
                before.stage,
                after.map(|call| call.stage)
            ),
        );
    }
    Ok(())
}

fn every_referral_is_answered_in_its_step(step: &Step<'_>) -> Result<(), Broken> {
    for (id, leg) in &step.world.legs {
        if leg.referral == Referral::Asked {
            return broken("every_referral_is_answered_in_its_step", format!("{id:?}"));
        }
    }
    Ok(())
}

/// A stray event about a leg that there never was changes nothing.
pub fn check_stray(phone: &Phone) -> Result<(), Broken> {
    for event in [
        WireEvent::Ended(trialog_call::EndCause::Bye),
        WireEvent::Gone,
        WireEvent::Answered(trialog_call::Capabilities::default()),
        WireEvent::ReferNotified { status: 200 },
        WireEvent::ReferralWithdrawn,
        WireEvent::RenegotiationRefused { status: 500 },
    ] {
        let mut after = phone.clone();
        let actions = after.step(
            trialog_call::Time::ZERO,
            Input::Wire {
                leg: LegId::Placed(u32::MAX),
                event: event.clone(),
            },
        );
        if !actions.is_empty() || after != *phone {
            return broken(
                "a_stray_event_changes_nothing",
                format!("{event:?}: {actions:?}"),
            );
        }
    }
    Ok(())
}
