//! What the faults of R1–R18 make of a step.
use super::help::*;
use super::{Happened, Mutation};
use crate::call::{Call, State};
use crate::leg::{Leg, Phase};
use crate::legs::Side;
use crate::{
    Act, Action, ByeReason, CallRecord, Capabilities, Direction, Notice, PartyIdentity, Phone,
    Role, SessionIntent, WireEvent,
};
use alloc::vec::Vec;

#[expect(clippy::too_many_lines, reason = "an arm for each fault")]
pub(super) fn tamper(
    fault: Mutation,
    phone: &mut Phone,
    happened: &Happened<'_>,
    actions: &mut Vec<Action>,
) {
    let Happened {
        before, act, said, ..
    } = *happened;
    match fault {
        Mutation::R1RingingGuestJoins => {
            if let Some((_, WireEvent::Rings, Side::Guest, call)) = said {
                set_state(phone, call, State::Conference);
            }
        }
        Mutation::R2OnePressIsNotEnough => {
            if let Some((_, Act::Conference, _)) = act {
                undo(phone, before, actions);
            }
        }
        Mutation::R4GuestIsCalledAgain => {
            if let Some((id, Act::Conference, _)) = act {
                let leg = phone.common.leg_id();
                let call = phone
                    .calls
                    .sharing_mut()
                    .iter_mut()
                    .find(|call| call.id == id);
                if let Some(call) = call
                    && let Some(old) = call.take_present(Side::Guest)
                {
                    let target = crate::Target("sip:again".into());
                    let account = call.account;
                    let (as_guest, referral) = (true, None);
                    actions.push(Action::Invite {
                        leg,
                        account,
                        target,
                        as_guest,
                        referral,
                    });
                    strip(
                        actions,
                        |a| matches!(a, Action::Reinvite { leg, .. } if *leg == old.id),
                    );
                    actions.push(Action::Bye {
                        leg: old.id,
                        reason: ByeReason::Ended,
                    });
                    call.leaving.push(crate::call::Leaving {
                        id: old.id,
                        until: None,
                        hears: false,
                    });
                    // As if it had answered: a conference has its legs, also in a core that is wrong here.
                    let can = Capabilities::default();
                    call.legs.add(Leg::new(
                        leg,
                        Role::Guest,
                        PartyIdentity::named("b").into(),
                        Phase::Up,
                        can,
                    ));
                }
            }
        }
        Mutation::R5CustomerHolds => {
            if let Some((_, Act::Mute, call)) = act
                && call.role == Role::Customer
            {
                hold_first(phone, call, actions);
            }
        }
        Mutation::R6MuteHolds => {
            if let Some((_, Act::Mute, call)) = act
                && call.state == State::Conference
            {
                hold_first(phone, call, actions);
            }
        }
        Mutation::R6GuestHolds => {
            if let Some((_, Act::Mute, call)) = act
                && call.role == Role::Guest
            {
                hold_first(phone, call, actions);
            }
        }
        Mutation::R7NoTransfer => {
            if let Some((_, Act::Transfer(_), _)) = act {
                let drafts = phone.common.wrap_ups.clone();
                let kept: Vec<Action> = actions.iter().filter(|a| is_wrap_up(a)).cloned().collect();
                let wrap_up = phone.calls.iter().next().and_then(|call| call.wrap_up);
                undo(phone, before, actions);
                phone.common.wrap_ups = drafts;
                phone.common.last_wrap_up = phone.common.wrap_ups.len() as u32;
                *actions = kept;
                if let Some(call) = phone.calls.sharing_mut().first_mut() {
                    call.wrap_up = wrap_up;
                }
            }
        }
        Mutation::R8NoWrapUp => {
            if let Some((_, Act::Transfer(_), _)) = act {
                no_wrap_up(phone, before, actions);
                for call in phone.calls.sharing_mut() {
                    call.owed = false;
                }
            }
        }
        Mutation::R9GuestIsNotAsked => {
            if let Some((_, WireEvent::Referred(_), _, call)) = said {
                with(phone, call.id, |call, out| call.accept(out), actions);
            }
        }
        Mutation::R9NoIsYes => {
            if let Some((id, Act::Decline, call)) = act
                && call.referral.is_some()
            {
                undo(phone, before, actions);
                with(phone, id, |call, out| call.accept(out), actions);
            }
        }
        Mutation::R10GuestStaysGuest => {
            let owned = |a: &Action| matches!(a, Action::Record(CallRecord::Owned { .. }));
            if actions.iter().any(owned) {
                strip(actions, owned);
                for call in phone
                    .calls
                    .sharing_mut()
                    .iter_mut()
                    .filter(|call| call.state == State::Single)
                {
                    call.role = Role::Guest;
                }
            }
        }
        Mutation::R10OwnerStaysIn => {
            let done = |a: &Action| matches!(a, Action::Notice(Notice::Transferred { .. }));
            for call in phone.calls.sharing_mut() {
                if actions.iter().any(done) && matches!(call.state, State::Handover { .. }) {
                    call.state = State::Conference;
                }
            }
        }
        Mutation::R11CustomerIsLeft => {
            if let Some((_, Act::End, call)) = act
                && call.state == State::Conference
                && let Some(first) = call.leg(Side::Peer)
                && let Some(now) = phone
                    .calls
                    .sharing_mut()
                    .iter_mut()
                    .find(|now| now.id == call.id)
            {
                strip(
                    actions,
                    |a| matches!(a, Action::Bye { leg, .. } if *leg == first.id),
                );
                now.leaving.retain(|leaving| leaving.id != first.id);
                now.legs.add(first.clone());
                now.state = State::Single;
            }
        }
        Mutation::R12NoWrapUp => {
            if let Some((_, Act::End, call)) = act
                && call.state == State::Conference
            {
                no_wrap_up(phone, before, actions);
            }
        }
        Mutation::R13GuestEndsIt => {
            if let Some((_, WireEvent::Ended(_), Side::Guest, call)) = said
                && call.state == State::Conference
            {
                let end =
                    |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
        Mutation::R14CustomerIsTouched => {
            if let Some((_, WireEvent::Ended(_), Side::Guest, call)) = said
                && call.state == State::Conference
                && let Some(first) = phone
                    .calls
                    .sharing_mut()
                    .first_mut()
                    .and_then(|call| call.leg_mut(Side::Peer))
                && first.asked.is_none()
            {
                let session = SessionIntent {
                    direction: Direction::SendRecv,
                    focus: false,
                };
                first.asked = Some(session);
                actions.push(Action::Reinvite {
                    leg: first.id,
                    session,
                });
            }
        }
        Mutation::R15GuestWrapsUp => {
            if let Some((id, Act::Exit, call)) = act
                && call.role == Role::Guest
            {
                let at = crate::Time::ZERO;
                let wrap_up = phone.common.wrap_up_id();
                let record = CallRecord::WrapUpOpened {
                    id: wrap_up,
                    call: id,
                    due: true,
                    at,
                };
                actions.push(Action::Record(record));
            }
        }
        Mutation::R16NoWrapUp => {
            if let Some((_, WireEvent::Ended(_), Side::Peer, call)) = said
                && matches!(call.state, State::Conference | State::Consult { .. })
            {
                no_wrap_up(phone, before, actions);
            }
        }
        Mutation::R17NoPostCall => {
            if phone.calls.iter().any(|call| call.state == State::PostCall)
                && let Some((_, WireEvent::Ended(_), Side::Peer, call)) = said
            {
                let end =
                    |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
        Mutation::R18MuteHolds => {
            if let Some((_, Act::Mute, call)) = act
                && call.state == State::PostCall
                && let Some(guest) = phone
                    .calls
                    .sharing_mut()
                    .first_mut()
                    .and_then(|call| call.leg_mut(Side::Guest))
                && guest.asked.is_none()
            {
                hold(guest, actions);
            }
        }
        _ => {}
    }
}
