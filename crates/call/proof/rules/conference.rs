//! R1–R6, R11–R18: the conference, and how each party leaves it.
use super::{Step, is};
use crate::proof::model::{Broken, Far, broken};
use crate::proof::sketch::Sketch;
use crate::{
    Act, Action, ByeReason, Column, Direction, Input, Party, Role, Stage, Time, Tone, WireEvent,
};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    r1_out_of_an_answered_consult(step)?;
    r2_one_act(step)?;
    r3_all_hear_each_other(step)?;
    r4_no_new_call(step)?;
    r5_the_customer_cannot(step)?;
    no_owner_becomes_a_guest(step)?;
    r6_no_party_is_held(step)?;
    r11_r12_the_owner_ends_it(step)?;
    r13_the_guest_exits(step)?;
    r14_the_guest_leaves(step)?;
    r16_r17_the_customer_leaves(step)?;
    r18_post_call(step)
}

fn conference(call: &Sketch) -> bool {
    call.conference && call.role == Role::Owner
}

fn r1_out_of_an_answered_consult(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R1: a conference starts only out of a consult that was answered";
    for call in step.is.calls.iter().filter(|call| conference(call)) {
        let was = step.was.call(call.id);
        if was.is_some_and(conference) {
            continue;
        }
        let from = was.map(|was| was.stage);
        let answered = call
            .second
            .and_then(|guest| step.far(guest.id))
            .map(|far| far.far);
        let consult = matches!(from, Some(Stage::Consulting | Stage::Swapped));
        if !consult || !matches!(answered, Some(Far::Up | Far::Unacknowledged)) {
            return broken(RULE, format!("out of {from:?}, guest {answered:?}"));
        }
    }
    Ok(())
}

/// R2: one act, and nothing else of the owner's, leads there when the far sides agree.
fn r2_one_act(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R2: the owner starts it with one act";
    let Some((Act::Conference, call)) = step.act() else {
        return Ok(());
    };
    let mut phone = step.after.phone.clone();
    let mut open: Vec<Action> = step.actions.to_vec();
    // Unanswered since before.
    for leg in [call.first, call.second]
        .into_iter()
        .flatten()
        .filter(|leg| leg.asked)
    {
        agree(&mut phone, step, leg.id, &mut open);
    }
    for _ in 0..6 {
        let asked = std::mem::take(&mut open);
        for action in asked {
            if let Action::Reinvite { leg, .. } = action {
                agree(&mut phone, step, leg, &mut open);
            }
        }
    }
    let there = phone
        .sketch()
        .iter()
        .any(|now| now.id == call.id && now.stage == Stage::Conference);
    if there {
        Ok(())
    } else {
        broken(RULE, "all have agreed, and it has not begun")
    }
}

fn agree(
    phone: &mut crate::proof::mutant::Mutant,
    step: &Step<'_>,
    leg: crate::LegId,
    open: &mut Vec<Action>,
) {
    let can = step.before.leg(leg).map(|far| far.can).unwrap_or_default();
    let event = WireEvent::Renegotiated(can);
    open.extend(phone.step(
        Time(std::time::Duration::from_secs(1)),
        Input::Wire { leg, event },
    ));
}

fn r3_all_hear_each_other(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R3: in a conference all three hear each other";
    for call in step.is.calls.iter().filter(|call| conference(call)) {
        let (Some(customer), Some(guest)) = (call.first, call.second) else {
            // Either side may have gone already while the transfer is undecided.
            if call.replaced_gone || call.referred_gone {
                continue;
            }
            return broken(RULE, format!("{call:?}"));
        };
        let entries: Vec<_> = [Party::Local, Party::Leg(customer.id), Party::Leg(guest.id)]
            .into_iter()
            .filter_map(|party| step.is.entry(party))
            .collect();
        let together =
            entries.len() == 3 && entries.iter().all(|entry| entry.group == entries[0].group);
        if !together
            || !entries
                .iter()
                .all(|entry| entry.hears && entry.tone != Some(Tone::Music))
        {
            return broken(RULE, format!("{entries:?}"));
        }
        for (entry, speaks) in
            entries
                .iter()
                .zip([!call.muted, !customer.far_held, !guest.far_held])
        {
            if entry.speaks != speaks {
                return broken(RULE, format!("{entry:?}, and it should speak: {speaks}"));
            }
        }
    }
    Ok(())
}

fn r4_no_new_call(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R4: the guest is drawn in from the consult as it stands";
    let joining = |call: &Sketch| call.joining || conference(call);
    for call in step.is.calls.iter().filter(|call| joining(call)) {
        let placed =
            step.says(|action| matches!(action, Action::Invite { .. } | Action::Cancel(_)));
        if step.was.call(call.id).is_some_and(conference) {
            continue;
        }
        let was = step.was.call(call.id).and_then(|was| was.second);
        let replaced = step.says(|action| {
            matches!(
                action,
                Action::Bye {
                    reason: ByeReason::Replaced,
                    ..
                }
            )
        }) || step.was.call(call.id).is_some_and(|was| was.next.is_some());
        let same = was.map(|leg| leg.id) == call.second.map(|leg| leg.id);
        if placed || !(same || replaced) {
            return broken(RULE, format!("{:?}", step.actions));
        }
    }
    Ok(())
}

fn r5_the_customer_cannot(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R5: the customer only talks and hangs up";
    for call in step
        .is
        .calls
        .iter()
        .filter(|call| call.role == Role::Customer)
    {
        let talks = matches!(
            call.stage,
            Stage::Offered | Stage::Dialling | Stage::Connected | Stage::Ending
        );
        let first = call.first.map(|leg| leg.id);
        let holds = first.is_some_and(|leg| step.reinvites(leg, Direction::SendOnly));
        if !talks || call.second.is_some() || holds {
            return broken(RULE, format!("{:?} {:?}", call.stage, step.actions));
        }
    }
    Ok(())
}

/// `isfocus` or a header in a customer's call never makes its owner a guest.
fn no_owner_becomes_a_guest(step: &Step<'_>) -> Result<(), Broken> {
    for call in step.is.calls.iter().filter(|call| call.role == Role::Guest) {
        let was = step.was.call(call.id).map(|was| was.role);
        if was.is_some_and(|was| was != Role::Guest) {
            return broken(
                "a guest is who was called as one: an owner never becomes a guest",
                format!("{:?}", step.input),
            );
        }
    }
    Ok(())
}

fn r6_no_party_is_held(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R6: no party is held in a conference";
    for call in &step.is.calls {
        let legs = [call.first, call.second].into_iter().flatten();
        for leg in legs {
            let guest = call.column == Column::Guest && call.stage == Stage::Conference;
            let inside = conference(call) || guest;
            if inside && (leg.hold || leg.held || step.reinvites(leg.id, Direction::SendOnly)) {
                return broken(RULE, format!("{leg:?}"));
            }
            if call.role == Role::Guest && step.reinvites(leg.id, Direction::SendOnly) {
                return broken(RULE, "a guest holds its owner");
            }
        }
    }
    Ok(())
}

fn r11_r12_the_owner_ends_it(step: &Step<'_>) -> Result<(), Broken> {
    let ends = match step.input {
        Input::Act { act: Act::End, .. } => true,
        Input::Hook => !step.says(|action| matches!(action, Action::Notice(_))),
        _ => false,
    };
    let call = match step.input {
        Input::Act { call, .. } => step.was.call(*call),
        _ => step.was.calls.iter().find(|call| call.local),
    };
    let Some(call) = call.filter(|call| ends && conference(call)) else {
        return Ok(());
    };
    for leg in [call.first, call.second].into_iter().flatten() {
        if !step.byes(leg.id) {
            return broken(
                "R11: the owner can end the conference for all",
                format!("{leg:?} stays"),
            );
        }
    }
    if !step.has_wrap_up(call.id, true) {
        return broken(
            "R12: when the owner ended it, the owner's wrap-up opens",
            "it does not",
        );
    }
    Ok(())
}

fn r13_the_guest_exits(step: &Step<'_>) -> Result<(), Broken> {
    if *step.input != Input::Hook {
        return Ok(());
    }
    let Some(call) = step.was.calls.iter().find(|call| call.local) else {
        return Ok(());
    };
    if call.role != Role::Guest {
        return Ok(());
    }
    let exit = step.says(|action| {
        matches!(
            action,
            Action::Bye {
                reason: ByeReason::Exit,
                ..
            }
        )
    });
    if exit {
        Ok(())
    } else {
        broken(
            "R13: a guest's hook is exit, never end",
            format!("{:?}", step.actions),
        )
    }
}

fn r14_the_guest_leaves(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R14: the guest exits, and owner and customer go on with no gap";
    let Some((leg, call)) = step.left() else {
        return Ok(());
    };
    if call.stage != Stage::Conference
        || !conference(call)
        || !is(call.second, leg)
        || call.next.is_some()
    {
        return Ok(());
    }
    let Some(customer) = call.first else {
        return Ok(());
    };
    let stage = step.now(call).map(|now| now.stage);
    if stage != Some(Stage::Connected) || step.touches(customer.id) {
        return broken(RULE, format!("{stage:?} {:?}", step.actions));
    }
    let entry = |look: &super::Look| {
        look.entry(Party::Leg(customer.id))
            .map(|entry| (entry.group, entry.hears, entry.tone))
    };
    if entry(step.was) != entry(step.is) {
        return broken(RULE, "the customer's entry has changed");
    }
    Ok(())
}

fn r16_r17_the_customer_leaves(step: &Step<'_>) -> Result<(), Broken> {
    let Some((leg, call)) = step.left() else {
        return Ok(());
    };
    if call.role != Role::Owner || !is(call.first, leg) || call.next.is_some() || !call.connected {
        return Ok(());
    }
    let replaced = call.referred.is_some_and(|referred| referred != leg);
    if replaced || step.is_a_bye_in_a_transfer() || call.stage == Stage::Ending {
        return Ok(());
    }
    if !step.has_wrap_up(call.id, false) {
        return broken(
            "R16: when the customer leaves, the owner's wrap-up is due",
            format!("in {:?}", call.stage),
        );
    }
    let guest = call.second.is_some_and(|guest| guest.up);
    let now = step.now(call);
    let expected = guest && call.stage != Stage::Anchored && step.before.phone_lets_them_talk_on();
    let talks_on =
        now.is_some_and(|now| now.stage == Stage::PostCall && now.second.is_some_and(|g| !g.hold));
    if expected != talks_on {
        return broken(
            "R17: when the customer leaves, the agents can go on talking",
            format!("in {:?}: {:?}", call.stage, now.map(|now| now.stage)),
        );
    }
    if !guest && !step.has_wrap_up(call.id, true) {
        return broken(
            "R16: when the customer leaves, the owner's wrap-up is due",
            "alone, and at once",
        );
    }
    Ok(())
}

fn r18_post_call(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R18: in post-call no party is held and none consulted";
    for call in step
        .is
        .calls
        .iter()
        .filter(|call| call.stage == Stage::PostCall)
    {
        let legs = [call.first, call.second].into_iter().flatten();
        if legs.into_iter().any(|leg| leg.hold)
            || (call.role == Role::Owner && call.first.is_some())
        {
            return broken(RULE, format!("{call:?}"));
        }
    }
    Ok(())
}
