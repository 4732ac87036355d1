//! R7–R10: handing over, as owner, as guest and as customer.
use super::{Look, Step, is};
use crate::proof::bfs::NOW;
use crate::proof::model::{Broken, Far, World, broken};
use crate::proof::sketch::Sketch;
use crate::{
    Act, Action, EndCause, Input, LegId, Notice, Party, ReferTo, ReferralPolicy, Role, Stage,
    WireEvent,
};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    r7_the_owner_can_transfer(step)?;
    r8_the_wrap_up_opens(step)?;
    r9_the_guest_is_asked(step)?;
    r10_the_guest_is_the_owner(step)?;
    r10_the_owner_is_out(step)?;
    only_a_final_2xx_is_success(step)?;
    the_next_variant_and_then_anchored(step)?;
    refused_is_with_the_owner(step)?;
    a_transfer_is_decided_in_time(step)?;
    withdrawn(step)?;
    a_replaced_sides_bye_decides_nothing(step)?;
    both_orders(step)
}

fn r7_the_owner_can_transfer(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R7: the owner can hand over, out of the consult or the conference";
    let Some((Act::Transfer(to), call)) = step.act() else {
        return Ok(());
    };
    let (Some(customer), now) = (call.first, step.now(call)) else {
        return Ok(());
    };
    let refer = |leg: LegId, to: &ReferTo| {
        step.says(
            |action| matches!(action, Action::Refer { leg: l, to: t } if *l == leg && t == to),
        )
    };
    let now = now.map(|now| now.stage);
    if let Some(to) = to {
        let fine = if customer.can.refer {
            refer(customer.id, &ReferTo::Target(to.clone())) && now == Some(Stage::TransferPending)
        } else {
            now == Some(Stage::ConsultRequested)
        };
        return if fine {
            Ok(())
        } else {
            broken(RULE, format!("blind: {:?}", step.actions))
        };
    }
    let Some(guest) = call.second.filter(|guest| guest.up) else {
        return match now {
            Some(Stage::ConsultRequested) => Ok(()),
            other => broken(RULE, format!("to a ringing guest: {other:?}")),
        };
    };
    let replaces = customer.can.replaces && guest.can.replaces;
    let a = replaces && customer.can.refer;
    let b = replaces && guest.can.refer && guest.can.trialog;
    // Out of the conference the guest is asked first (R9); out of the consult the customer is sent first.
    let fine = if b && (call.stage == Stage::Conference || !a) {
        refer(guest.id, &ReferTo::Leg(customer.id))
    } else if a {
        refer(customer.id, &ReferTo::Leg(guest.id))
    } else {
        now == Some(Stage::Anchored)
    };
    if fine {
        Ok(())
    } else {
        broken(RULE, format!("in {:?}: {:?}", call.stage, step.actions))
    }
}

fn r8_the_wrap_up_opens(step: &Step<'_>) -> Result<(), Broken> {
    let Some((Act::Transfer(_), call)) = step.act() else {
        return Ok(());
    };
    if step.has_wrap_up(call.id, false) {
        return Ok(());
    }
    broken(
        "R8: when the transfer is asked for, the owner's wrap-up opens",
        "it does not",
    )
}

fn r9_the_guest_is_asked(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R9: the guest accepts or declines";
    let follows = step.says(|action| {
        matches!(
            action,
            Action::Invite {
                referral: Some(_),
                ..
            }
        )
    });
    let declines = step.says(|action| matches!(action, Action::ReferralResult { status: 603, .. }));
    let asked =
        |call: &Sketch| call.stage == Stage::TransferPending && call.column == crate::Column::Guest;
    let said = match step.input {
        Input::Act { act, call } => step.was.call(*call).map(|call| (act, call)),
        _ => None,
    };
    match said {
        Some((Act::Accept, _)) if !follows || declines => {
            return broken(RULE, format!("yes: {:?}", step.actions));
        }
        Some((Act::Decline, _)) if !declines || follows => {
            return broken(RULE, format!("no: {:?}", step.actions));
        }
        Some(_) => return Ok(()),
        None => {}
    }
    let Some((leg, WireEvent::Referred(_), call)) = step.said() else {
        if follows {
            return broken(RULE, "an INVITE that nobody agreed to");
        }
        return Ok(());
    };
    if call.role == Role::Customer {
        return Ok(());
    }
    let accepted = step.says(|action| matches!(action, Action::AcceptReferral(to) if *to == leg));
    let refused =
        step.says(|action| matches!(action, Action::RefuseReferral { leg: to, .. } if *to == leg));
    let is_asked = step.now(call).is_some_and(asked);
    let by_policy = match step.before.transfers {
        ReferralPolicy::Ask => None,
        ReferralPolicy::Accept => Some(follows && accepted || refused && !accepted),
        ReferralPolicy::Decline | ReferralPolicy::Never => Some(refused && !accepted && !follows),
    };
    if let Some(fine) = by_policy {
        return if fine {
            Ok(())
        } else {
            broken(RULE, format!("by policy: {:?}", step.actions))
        };
    }
    if follows || accepted == refused || (accepted && !is_asked) {
        return broken(RULE, format!("{:?}", step.actions));
    }
    let guest = matches!(
        call.stage,
        Stage::Consulting | Stage::Swapped | Stage::Conference
    );
    let free = call.role == Role::Guest && guest && call.next.is_none();
    if free && !accepted {
        return broken(RULE, "a guest who is free is not asked");
    }
    Ok(())
}

/// On the phone of the guest, and of whoever else was sent.
fn r10_the_guest_is_the_owner(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R10: after the transfer the guest is the owner";
    for call in &step.was.calls {
        let Some((next, old)) = call.next else {
            continue;
        };
        let Some(now) = step.is.call(call.id) else {
            continue;
        };
        if !is(now.first, next) || now.stage == Stage::Dialling {
            // Routed to one of both, never to both.
            let heard = |leg| {
                step.is
                    .entry(Party::Leg(leg))
                    .is_some_and(|entry| entry.speaks)
            };
            let both = old.is_some_and(heard) && heard(next);
            if both {
                return broken(RULE, "both legs are mixed");
            }
            continue;
        }
        let role = if call.role == Role::Customer {
            Role::Customer
        } else {
            Role::Owner
        };
        if now.role != role {
            return broken(RULE, format!("{:?} is now {:?}", call.role, now.role));
        }
    }
    Ok(())
}

/// On the phone of the old owner.
fn r10_the_owner_is_out(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R10: after the transfer the call goes on between guest and customer";
    let Some((leg, WireEvent::ReferNotified { status: 200..=299 }, call)) = step.said() else {
        return Ok(());
    };
    if call.referred != Some(leg) {
        return Ok(());
    }
    let now = step.now(call);
    let out = now.is_none_or(|now| now.stage == Stage::Ending && !now.local);
    if !out || !step.has_wrap_up(call.id, true) {
        return broken(RULE, format!("{now:?}"));
    }
    Ok(())
}

fn only_a_final_2xx_is_success(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a 202 is not success, only a final 2xx NOTIFY is";
    let Some((leg, event, call)) = step.said() else {
        return Ok(());
    };
    let provisional = matches!(
        event,
        WireEvent::ReferAccepted | WireEvent::ReferNotified { status: 100..=199 }
    );
    if provisional && call.referred == Some(leg) && step.now(call) != Some(call) {
        return broken(RULE, format!("{event:?}: {:?}", step.actions));
    }
    let done = step.says(|action| matches!(action, Action::Notice(Notice::Transferred { .. })));
    if done && !matches!(event, WireEvent::ReferNotified { status: 200..=299 }) {
        return broken(RULE, format!("{event:?}: {:?}", step.actions));
    }
    Ok(())
}

fn the_next_variant_and_then_anchored(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str =
        "who can't be referred: the next variant, then anchored; a person's no never anchors";
    for call in &step.is.calls {
        let new =
            call.anchored_here && !step.was.call(call.id).is_some_and(|was| was.anchored_here);
        if !new {
            continue;
        }
        let fine = match step.input {
            Input::Act {
                act: Act::Transfer(None),
                ..
            } => true,
            Input::Wire { event, .. } => matches!(
                event,
                WireEvent::Answered(_)
                    | WireEvent::ReferRefused {
                        status: 405 | 420 | 501
                    }
            ),
            _ => false,
        };
        let told = step.says(|action| matches!(action, Action::Notice(Notice::Anchored { .. })));
        let held = [call.first, call.second]
            .into_iter()
            .flatten()
            .any(|leg| leg.hold);
        if !fine || !told || held || call.local || !step.has_wrap_up(call.id, true) {
            return broken(RULE, format!("{:?}: {call:?}", step.input));
        }
    }
    let Some((
        leg,
        WireEvent::ReferRefused {
            status: 405 | 420 | 501,
        },
        call,
    )) = step.said()
    else {
        return Ok(());
    };
    if call.referred != Some(leg) || call.replaced_gone {
        return Ok(());
    }
    let now = step.now(call).map(|now| now.stage);
    let expected: &[Stage] = if call.blind {
        &[Stage::ConsultRequested]
    } else {
        &[Stage::TransferPending, Stage::Anchored]
    };
    if !now.is_some_and(|now| expected.contains(&now)) {
        return broken(RULE, format!("{now:?}"));
    }
    // The other one is tried where it can be.
    let (Some(customer), Some(guest)) = (call.first, call.second) else {
        return Ok(());
    };
    let replaces = customer.can.replaces && guest.can.replaces;
    let other_can = if leg == guest.id {
        customer.can.refer
    } else {
        guest.can.refer && guest.can.trialog
    };
    let first = call.first_choice(leg, replaces);
    let tried = step.says(|action| matches!(action, Action::Refer { .. }));
    if first && replaces && other_can != tried {
        return broken(RULE, format!("next variant tried: {tried}"));
    }
    Ok(())
}

/// The variant that comes first from where the transfer was asked for.
trait FirstChoice {
    fn first_choice(&self, referred: LegId, replaces: bool) -> bool;
}

impl FirstChoice for Sketch {
    fn first_choice(&self, referred: LegId, replaces: bool) -> bool {
        let (Some(customer), Some(guest)) = (self.first, self.second) else {
            return false;
        };
        let a = replaces && customer.can.refer;
        let b = replaces && guest.can.refer && guest.can.trialog;
        if self.conference {
            (b && referred == guest.id) || (!b && a)
        } else {
            (a && referred == customer.id) || (!a && b)
        }
    }
}

fn refused_is_with_the_owner(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a refused transfer leaves the customer with the owner";
    let Some((leg, event, call)) = step.said() else {
        return Ok(());
    };
    let refused = match event {
        WireEvent::ReferRefused { status } => !matches!(status, 405 | 420 | 501),
        WireEvent::ReferNotified { status } => *status == 0 || *status >= 300,
        _ => false,
    };
    if !refused || call.referred != Some(leg) || call.stage != Stage::TransferPending {
        return Ok(());
    }
    let Some(now) = step.now(call) else {
        return broken(RULE, "the call is gone");
    };
    let told = step.says(|action| {
        matches!(
            action,
            Action::Notice(Notice::TransferFailed { .. } | Notice::TransferDeclined { .. })
        )
    });
    let fine = match (call.first, call.second) {
        _ if call.replaced_gone => now.stage != Stage::TransferPending,
        (Some(_), Some(guest)) if call.conference => {
            now.stage == Stage::Conference && !step.touches(guest.id)
        }
        // Being swapped to the customer, or with him already.
        (Some(_), Some(guest)) => {
            now.stage == Stage::Swapped
                || (now.stage == Stage::Consulting && now.stepping && is(now.second, guest.id))
        }
        _ => now.first.is_some_and(|customer| !customer.hold),
    };
    let kept = call.wrap_up.is_none() || now.wrap_up == call.wrap_up;
    if !told || !fine || !kept {
        return broken(
            RULE,
            format!(
                "{event:?}: {:?}, told: {told}, draft kept: {kept}",
                now.stage
            ),
        );
    }
    Ok(())
}

fn a_transfer_is_decided_in_time(step: &Step<'_>) -> Result<(), Broken> {
    let pending = step.is.calls.iter().any(|call| call.referred.is_some());
    if pending && step.after.phone.next_deadline().is_none() {
        return broken(
            "no final NOTIFY in 60 s: transfer failed",
            "nothing is waited for",
        );
    }
    Ok(())
}

fn withdrawn(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a transfer is taken back by ending the REFER's subscription";
    if let Some((Act::Withdraw, call)) = step.act() {
        let Some(leg) = call.referred else {
            return broken(RULE, "there is none");
        };
        let told = step.says(|action| matches!(action, Action::WithdrawRefer(to) if *to == leg));
        let trialog = step.before.leg(leg).is_some_and(|far| far.can.trialog);
        let now = step.now(call).map(|now| now.stage);
        if !told || !trialog || now == Some(Stage::TransferPending) || now == Some(Stage::Ending) {
            return broken(
                RULE,
                format!("{:?}, a Trialog: {trialog}, {now:?}", step.actions),
            );
        }
    }
    if let Some((_, WireEvent::ReferralWithdrawn, call)) = step.said() {
        let asked = call.stage == Stage::TransferPending && call.next.is_none();
        let told =
            step.says(|action| matches!(action, Action::Notice(Notice::TransferWithdrawn { .. })));
        let still = step
            .now(call)
            .is_some_and(|now| now.stage == Stage::TransferPending);
        if asked && call.column == crate::Column::Guest && (!told || still) {
            return broken(RULE, format!("told: {told}, still asked: {still}"));
        }
    }
    Ok(())
}

/// While a REFER runs, a BYE on the leg to be replaced is not leaving.
fn a_replaced_sides_bye_decides_nothing(step: &Step<'_>) -> Result<(), Broken> {
    let Some((leg, call)) = step.left() else {
        return Ok(());
    };
    let lost = matches!(step.input, Input::Media { .. });
    let replaced = call.referred.is_some_and(|referred| referred != leg) && call.next.is_none();
    if !replaced || call.replaced_gone || lost {
        return Ok(());
    }
    let pending = step
        .now(call)
        .is_some_and(|now| now.stage == Stage::TransferPending);
    if !pending || !step.actions.is_empty() {
        return broken(
            "while a REFER runs, a BYE on the leg to be replaced is not leaving",
            format!("{:?}", step.actions),
        );
    }
    Ok(())
}

/// The final NOTIFY decides, in either order.
fn both_orders(step: &Step<'_>) -> Result<(), Broken> {
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
        for status in [200, 603] {
            let bye = Input::Wire {
                leg: replaced,
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
                    format!("{status}: {:?} or {:?}", stages(&a), stages(&b)),
                );
            }
        }
    }
    Ok(())
}

const BOTH: &str =
    "a BYE on the replaced leg and the final NOTIFY give the same end in both orders";

fn end(world: &World, inputs: [&Input; 2]) -> Result<World, Broken> {
    let mut world = world.clone();
    for input in inputs {
        one(&mut world, input)?;
    }
    // Everybody agrees to what is asked, and every BYE is answered.
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
