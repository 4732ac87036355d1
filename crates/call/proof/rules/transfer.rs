//! R7–R10: handing over, as owner, as guest and as customer.
use super::{Step, both_orders, is};
use crate::proof::model::{Broken, Far, broken};
use crate::proof::sketch::{LegSketch, Sketch};
use crate::{
    Act, Action, CallId, CallRecord, CallRequest, Grade, Input, LegId, Notice, Party, ReferTo,
    ReferralPolicy, Role, Stage, WireEvent,
};

pub(crate) fn all(step: &Step<'_>) -> Result<(), Broken> {
    r7_the_owner_can_transfer(step)?;
    r8_the_wrap_up_opens(step)?;
    r9_the_guest_is_asked(step)?;
    r10_the_guest_is_the_owner(step)?;
    r10_another_party_on_the_guests_leg(step)?;
    r10_the_owner_is_out(step)?;
    only_a_final_2xx_is_success(step)?;
    the_next_variant_and_then_anchored(step)?;
    refused_is_with_the_owner(step)?;
    a_transfer_is_decided_in_time(step)?;
    withdrawn(step)?;
    a_bye_in_a_transfer_decides_nothing(step)?;
    failed_and_the_customer_is_gone(step)?;
    the_customer_is_probed(step)?;
    both_orders::all(step)
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

/// Outside of any call: a stranger asks in vain, the registrar's word needs the agent's, and a colleague's may have policy's.
fn call_asked(
    step: &Step<'_>,
    leg: LegId,
    request: &CallRequest,
    follows: bool,
    declines: bool,
) -> Result<(), Broken> {
    const RULE: &str = "a call that is asked for outside of any is the agent's to place";
    let refused =
        step.says(|action| matches!(action, Action::RefuseReferral { leg: to, .. } if *to == leg));
    let asks = step
        .is
        .calls
        .iter()
        .filter(|call| call.stage == Stage::Asked)
        .count();
    let asked = step
        .was
        .calls
        .iter()
        .filter(|call| call.stage == Stage::Asked)
        .count();
    let grade = request.referral.grade;
    let wrong = asks > 1
        || !grade.is_trusted() && !refused
        || follows && grade != Grade::Colleague
        || follows && step.was.calls.iter().any(|call| call.local)
        || usize::from(refused) + usize::from(follows) + usize::from(declines) + asks - asked != 1;
    if wrong {
        return broken(RULE, format!("{grade:?}: {:?}", step.actions));
    }
    Ok(())
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
    // While we call it is a redirection that is accepted or declined.
    let calls = |call: &Sketch| matches!(call.stage, Stage::Dialling | Stage::ConsultRequested);
    if let Input::Wire {
        leg,
        event: WireEvent::CallAsked(request),
    } = step.input
    {
        return call_asked(step, *leg, request, follows, declines);
    }
    match said.filter(|(_, call)| !calls(call)) {
        Some((Act::Accept, _)) if !follows || declines => {
            return broken(RULE, format!("yes: {:?}", step.actions));
        }
        Some((Act::Decline, _)) if !declines || follows => {
            return broken(RULE, format!("no: {:?}", step.actions));
        }
        Some(_) => return Ok(()),
        None => {}
    }
    let Some((leg, WireEvent::Referred(referral), call)) = step.said() else {
        if follows {
            return broken(RULE, "an INVITE that no agent and no policy agreed to");
        }
        return Ok(());
    };
    let stranger = !referral.grade.is_trusted();
    let accepted = step.says(|action| matches!(action, Action::AcceptReferral(to) if *to == leg));
    let refused =
        step.says(|action| matches!(action, Action::RefuseReferral { leg: to, .. } if *to == leg));
    // A 603 to the REFER itself is a phone that can't: policy's no goes by NOTIFY, also that of a customer's phone.
    let no = || !follows && accepted == declines && accepted != refused;
    if call.role == Role::Customer {
        let refuses =
            step.says(|action| matches!(action, Action::RefuseReferral { status: 603, .. }));
        let told_apart = !refuses && (step.before.transfers != ReferralPolicy::Decline || no());
        if stranger && follows {
            return broken(RULE, "a phone without an agent follows a stranger");
        }
        return if told_apart {
            Ok(())
        } else {
            broken(RULE, format!("by a customer's phone: {:?}", step.actions))
        };
    }
    let is_asked = step.now(call).is_some_and(asked);
    let by_policy = match step.before.transfers {
        ReferralPolicy::Ask => None,
        // No stranger's word is followed without the agent's.
        ReferralPolicy::Accept if stranger => None,
        ReferralPolicy::Accept => Some(follows && accepted || refused && !accepted),
        ReferralPolicy::Decline => Some(no()),
        ReferralPolicy::Never => Some(refused && !accepted && !follows),
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
        return broken(RULE, "a guest that is free is not asked");
    }
    Ok(())
}

/// On the phone of the guest, and of any other party that was sent.
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

/// On the phone of the guest, where a PBX has transferred the call: another party is stated on its leg. No other statement of who a party
/// is changes a role.
fn r10_another_party_on_the_guests_leg(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "R10: a guest on whose leg another party is stated is its owner";
    let Some((leg, WireEvent::Identity(party), call)) = step.said() else {
        return Ok(());
    };
    let Some(now) = step.now(call) else {
        return broken(RULE, "the call is gone");
    };
    let former = step.before.phone.party(leg);
    let another = party.asserted && former.is_some_and(|former| !former.is_same_party(party));
    let owns = call.role == Role::Guest && another;
    let role = if owns { Role::Owner } else { call.role };
    let recorded = step.says(|action| matches!(action, Action::Record(CallRecord::Owned { .. })));
    let told = step.says(|action| matches!(action, Action::Notice(Notice::NowOwner { .. })));
    let up = owns && call.stage != Stage::Offered;
    if now.role != role || recorded != up || told != up || owns && step.touches(leg) {
        return broken(
            RULE,
            format!("{:?} is {:?}: {:?}", call.role, now.role, step.actions),
        );
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

/// The REFER's answer means that the party is not able to be referred: 405, 420, 501, or a 603 at once of a peer that is no Trialog.
fn cannot_be_referred(step: &Step<'_>) -> bool {
    let Some((leg, WireEvent::ReferRefused { status }, call)) = step.said() else {
        return false;
    };
    match status {
        405 | 420 | 501 => true,
        603 => {
            let far = step.before.leg(leg);
            let of = [call.first, call.second].into_iter().flatten();
            let trialog = of.filter(|own| own.id == leg).any(|own| own.can.trialog);
            call.at_once && !trialog && far.is_some_and(|far| far.far == Far::Up)
        }
        _ => false,
    }
}

fn the_next_variant_and_then_anchored(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "a party that can't be referred: the next variant, then anchored; a person's no never anchors";
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
            Input::Wire {
                event: WireEvent::Answered(_),
                ..
            } => true,
            Input::Wire { .. } => cannot_be_referred(step),
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
    let Some((leg, WireEvent::ReferRefused { .. }, call)) = step.said() else {
        return Ok(());
    };
    if !cannot_be_referred(step) {
        return Ok(());
    }
    if call.referred != Some(leg) || call.replaced_gone || call.referred_gone {
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
        WireEvent::ReferRefused { .. } => !cannot_be_referred(step),
        WireEvent::ReferNotified { status } => *status == 0 || *status >= 300,
        _ => false,
    };
    if !refused || call.referred != Some(leg) || call.stage != Stage::TransferPending {
        return Ok(());
    }
    let Some(now) = step.now(call) else {
        // Both sides had hung up.
        return if call.first.is_none() && call.second.is_none() {
            Ok(())
        } else {
            broken(RULE, "the call is gone")
        };
    };
    let told = step.says(|action| {
        matches!(
            action,
            Action::Notice(
                Notice::TransferFailed { .. }
                    | Notice::TransferDeclined { .. }
                    | Notice::TransferFailedCustomerGone { .. }
            )
        )
    });
    let fine = match (call.first, call.second) {
        (None, _) => now.stage != Stage::TransferPending,
        (Some(_), Some(guest)) if call.conference => {
            now.stage == Stage::Conference && !step.touches(guest.id)
        }
        // Being swapped to the customer, or there already.
        (Some(_), Some(guest)) => {
            now.stage == Stage::Swapped
                || (now.stage == Stage::Consulting && now.stepping && is(now.second, guest.id))
        }
        _ => now.first.is_some_and(|customer| !customer.hold),
    };
    let kept = call.wrap_up.is_none() || now.wrap_up == call.wrap_up;
    if !(told || now.probing) || !fine || !kept {
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

/// While a REFER runs, a BYE on the leg to be replaced or on the referred leg is not leaving.
fn a_bye_in_a_transfer_decides_nothing(step: &Step<'_>) -> Result<(), Broken> {
    let Some((leg, call)) = step.left() else {
        return Ok(());
    };
    let lost = matches!(step.input, Input::Media { .. });
    let replaced = call.referred.is_some_and(|referred| referred != leg) && call.next.is_none();
    if lost || !replaced && !step.is_a_bye_in_a_transfer() {
        return Ok(());
    }
    let pending = step
        .now(call)
        .is_some_and(|now| now.stage == Stage::TransferPending);
    if !pending || !step.actions.is_empty() {
        return broken(
            "while a REFER runs, a BYE on the leg to be replaced or on the referred leg is not leaving",
            format!("{:?}", step.actions),
        );
    }
    Ok(())
}

/// The final NOTIFY decides also where its sender has hung up; without one `transfer_time` does.
fn failed_and_the_customer_is_gone(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str = "transfer failed, and the customer is gone: the agent is told just that";
    for call in step.was.calls.iter().filter(|call| call.referred.is_some()) {
        let told = |what: fn(&Notice) -> Option<CallId>| {
            step.says(|action| matches!(action, Action::Notice(n) if what(n) == Some(call.id)))
        };
        let with_you = told(|notice| match notice {
            Notice::TransferFailed { call, .. } | Notice::TransferDeclined { call } => Some(*call),
            _ => None,
        });
        let gone = told(|notice| match notice {
            Notice::TransferFailedCustomerGone { call, .. } => Some(*call),
            _ => None,
        });
        if with_you && call.first.is_none() || gone && call.first.is_some() && !call.probing {
            return broken(RULE, format!("{:?} after {call:?}", step.actions));
        }
        let still = step.now(call).is_some_and(|now| now.referred.is_some());
        let due = *step.input == Input::Deadline && !still && !call.asking;
        if due && call.first.is_none() && !gone {
            return broken(RULE, format!("not told: {:?}", step.actions));
        }
        let post_call = step.before.phone_lets_them_talk_on() && call.second.is_some();
        let now = step.now(call).map(|now| now.stage);
        if gone && (now == Some(Stage::PostCall)) != post_call {
            return broken(RULE, format!("{now:?}"));
        }
    }
    Ok(())
}

/// "The customer is with you" is said when its phone has answered a re-INVITE since the transfer failed, and not before.
fn the_customer_is_probed(step: &Step<'_>) -> Result<(), Broken> {
    const RULE: &str =
        "after a failed transfer the customer's leg is probed before it is said to be there";
    let told = |call: CallId, what: fn(&Notice) -> Option<CallId>| {
        step.says(|action| matches!(action, Action::Notice(notice) if what(notice) == Some(call)))
    };
    for call in &step.was.calls {
        let with_you = told(call.id, |notice| match notice {
            Notice::TransferFailed { call, .. } => Some(*call),
            _ => None,
        });
        if !call.probing {
            if with_you {
                return broken(RULE, format!("not asked: {:?}", step.input));
            }
            continue;
        }
        let gone = told(call.id, |notice| match notice {
            Notice::TransferFailedCustomerGone { call, .. } => Some(*call),
            _ => None,
        });
        let left = told(call.id, |notice| match notice {
            Notice::CustomerLeft { call } => Some(*call),
            _ => None,
        });
        let done = told(call.id, |notice| match notice {
            Notice::Transferred { call } => Some(*call),
            _ => None,
        });
        let now = step.now(call).filter(|now| now.stage != Stage::Ending);
        let over = now.is_none_or(|now| now.first.is_none());
        let by_us = matches!(
            step.input,
            Input::Act { .. } | Input::Hook | Input::Terminate | Input::Deadline
        );
        let decided = now.is_none_or(|now| !now.probing);
        // Another transfer has begun, or the two talk on without the agent.
        let anew = now.is_some_and(|now| now.referred.is_some() || now.anchored_here);
        if over && left || decided && !(with_you || gone || done || by_us && over || anew) {
            return broken(RULE, format!("{:?}: {:?}", step.input, step.actions));
        }
        let answered = matches!(step.input, Input::Wire { leg, event } if is(call.first, *leg)
            && matches!(event, WireEvent::Renegotiated(_) | WireEvent::RenegotiationRefused { .. }));
        // A leg that takes the customer's place, or its own that is answered.
        let another = now.is_some_and(|now| {
            let up = |leg: Option<LegSketch>| leg.is_some_and(|leg| leg.up);
            now.first.map(|leg| leg.id) != call.first.map(|leg| leg.id)
                || up(now.first) && !up(call.first)
        });
        if with_you && !answered && !another {
            return broken(RULE, format!("{:?} is no answer of it", step.input));
        }
    }
    for call in step.is.calls.iter().filter(|call| call.probing) {
        let Some(customer) = call.first else {
            return broken(RULE, format!("there is none: {call:?}"));
        };
        let far = step.far(customer.id);
        let asked = far.is_some_and(|far| far.reinvite.is_some() || far.far != Far::Up);
        if !asked && !call.parting && call.stage != Stage::Ending {
            return broken(RULE, format!("it is not asked: {call:?}"));
        }
    }
    Ok(())
}
