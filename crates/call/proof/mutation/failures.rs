//! What the faults of "what goes wrong", of more calls and of the table make of a step.
use super::help::*;
use super::{Happened, Mutation};
use crate::call::{Call, State, Step};
use crate::leg::Phase;
use crate::legs::Side;
use crate::{
    Act, Action, ByeReason, CallRecord, Direction, EndCause, Input, MediaEvent, Notice, Outcome,
    Phone, Presence, Role, SessionIntent, Stage, WireEvent,
};
use alloc::vec::Vec;

#[expect(
    clippy::collapsible_match,
    reason = "an arm is a fault; its condition is when it shows"
)]
#[expect(clippy::too_many_lines, reason = "an arm for each fault")]
pub(super) fn tamper(
    fault: Mutation,
    phone: &mut Phone,
    happened: &Happened<'_>,
    actions: &mut Vec<Action>,
) {
    let Happened {
        before,
        input,
        act,
        said,
    } = *happened;
    match fault {
        Mutation::HoldRefusedUntold => {
            strip(actions, |a| {
                matches!(a, Action::Notice(Notice::HoldRefused { .. }))
            });
        }
        Mutation::HoldNotAwaited => {
            let waiting = |call: &Call| {
                matches!(call.state, State::ConsultRequested { .. })
                    && call.leg(Side::Guest).is_none()
            };
            let waits = phone.calls.iter().find(|call| waiting(call));
            if let Some(id) = waits.map(|call| call.id) {
                with(phone, id, invite_guest, actions);
            }
        }
        Mutation::GuestRungForNobody => {
            if let Some((_, WireEvent::Ended(_), Side::Peer, call)) = said
                && matches!(call.state, State::ConsultRequested { .. })
                && call.leg(Side::Guest).is_none()
            {
                with(phone, call.id, invite_guest, actions);
            }
        }
        Mutation::BusyUntold => {
            strip(actions, |a| {
                matches!(a, Action::Notice(Notice::GuestRefused { .. }))
            });
        }
        Mutation::BusyResumes => {
            if let Some((_, WireEvent::Refused { .. }, Side::Guest, _)) = said
                && let Some(first) = phone
                    .calls
                    .sharing_mut()
                    .first_mut()
                    .and_then(|call| call.leg_mut(Side::Peer))
                && first.asked.is_none()
                && first.held
            {
                first.hold = false;
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
        Mutation::BusyDropsCustomer => {
            if let Some((_, WireEvent::Refused { .. }, Side::Guest, call)) = said {
                let end =
                    |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
        Mutation::CrossedAnswerForgotten => {
            if let Input::Wire {
                leg,
                event: WireEvent::Answered(_),
            } = input
            {
                for call in phone.calls.sharing_mut() {
                    call.leaving.retain(|leaving| leaving.id != *leg);
                }
            }
        }
        Mutation::BeginsTooEarly => {
            if let Some((_, Act::Conference, call)) = act {
                set_state(phone, call, State::Conference);
            }
        }
        Mutation::FailedStartIsAStart => {
            if let Some((_, WireEvent::RenegotiationRefused { .. }, _, call)) = said
                && matches!(
                    call.state,
                    State::Consult {
                        step: Step::Joining,
                        ..
                    }
                )
            {
                set_state(phone, call, State::Conference);
            }
        }
        Mutation::GuestByeLeavesHeld => {
            if let Some((_, WireEvent::Ended(_), Side::Guest, call)) = said
                && matches!(
                    call.state,
                    State::Consult {
                        step: Step::Joining,
                        ..
                    }
                )
                && let Some(first) = phone
                    .calls
                    .sharing_mut()
                    .first_mut()
                    .and_then(|call| call.leg_mut(Side::Peer))
            {
                first.hold = true;
            }
        }
        Mutation::SwapNotUndone => {
            if actions
                .iter()
                .any(|a| matches!(a, Action::Notice(Notice::SwapUndone { .. })))
            {
                strip(actions, |a| matches!(a, Action::Reinvite { .. }));
                for call in phone.calls.sharing_mut() {
                    for leg in call.legs.iter_mut() {
                        leg.hold = true;
                        leg.asked = None;
                    }
                }
            }
        }
        Mutation::CannotIsNo => {
            if let Some((leg, WireEvent::ReferRefused { status: 405 }, _, call)) = said {
                undo(phone, before, actions);
                let id = call.id;
                with(
                    phone,
                    id,
                    |call, out| call.refer_refused(leg, 403, out),
                    actions,
                );
            }
        }
        Mutation::NoAnchors => {
            if let Some((_, WireEvent::ReferRefused { status: 603 }, _, call)) = said
                && call.leg(Side::Guest).is_some()
            {
                undo(phone, before, actions);
                with(phone, call.id, |call, out| call.anchor(out), actions);
            }
        }
        Mutation::AtOnceIsNo | Mutation::LateNoIsCannot | Mutation::TrialogsNoIsCannot => {
            if let Some((leg, WireEvent::ReferRefused { status: 603 }, _, call)) = said
                && let State::Transfer(transfer) = &call.state
                && let Some(refer) = transfer.refer(leg)
            {
                let trialog = call.legs.get(leg).is_some_and(|leg| leg.can.trialog);
                let at_once = refer.at_once.is_some();
                let status = match fault {
                    Mutation::AtOnceIsNo if at_once => 403,
                    Mutation::LateNoIsCannot if !at_once && !trialog => 405,
                    Mutation::TrialogsNoIsCannot if trialog => 405,
                    _ => return,
                };
                undo(phone, before, actions);
                let refused = |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| {
                    call.refer_refused(leg, status, out);
                };
                with(phone, call.id, refused, actions);
            }
        }
        Mutation::PolicysNoIsCannot => {
            if let Some((leg, WireEvent::Referred(_), _, _)) = said
                && actions
                    .iter()
                    .any(|a| matches!(a, Action::ReferralResult { status: 603, .. }))
            {
                *actions = vec![Action::RefuseReferral { leg, status: 603 }];
            }
        }
        Mutation::AcceptedIsDone => {
            if let Some((leg, WireEvent::ReferAccepted, _, call)) = said {
                with(
                    phone,
                    call.id,
                    |call, out| call.refer_notified(leg, 200, out),
                    actions,
                );
            }
        }
        Mutation::RefusalEndsConference => {
            if refused(phone, before, actions)
                && before
                    .calls
                    .iter()
                    .any(|call| call.stage() == Stage::TransferPending)
            {
                for call in phone
                    .calls
                    .sharing_mut()
                    .iter_mut()
                    .filter(|call| call.state == State::Conference)
                {
                    call.state = State::Consult {
                        front: Side::Guest,
                        step: Step::Rest,
                    };
                }
            }
        }
        Mutation::RefusalLeavesHeld => {
            if refused(phone, before, actions) {
                for call in phone.calls.sharing_mut() {
                    if let State::Consult {
                        front: Side::Guest,
                        step: Step::Parting,
                    } = call.state
                    {
                        call.state = State::Consult {
                            front: Side::Guest,
                            step: Step::Rest,
                        };
                        call.set_hold(Side::Guest, false);
                        let guest = call.leg_mut(Side::Guest);
                        if let Some(guest) = guest
                            && !guest.held
                        {
                            guest.asked = None;
                            let id = guest.id;
                            strip(
                                actions,
                                |a| matches!(a, Action::Reinvite { leg, .. } if *leg == id),
                            );
                        }
                    }
                }
            }
        }
        Mutation::RefusalUntold => strip(actions, is_refusal),
        Mutation::RefusalLosesDraft => {
            if refused(phone, before, actions) {
                for call in phone.calls.sharing_mut() {
                    let id = call.wrap_up.take();
                    phone
                        .common
                        .wrap_ups
                        .retain(|wrap_up| Some(wrap_up.id) != id);
                }
            }
        }
        Mutation::ByeIsLeaving => {
            if let Some((leg, WireEvent::Ended(_), _, call)) = said
                && let State::Transfer(transfer) = &call.state
                && transfer.refer(leg).is_none()
            {
                let left = |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| {
                    call.transfer_failed(480, out);
                };
                with(phone, call.id, left, actions);
            }
        }
        Mutation::ReferredByeIsLeaving => {
            if let Some((leg, WireEvent::Ended(_), side, call)) = said
                && let State::Transfer(transfer) = &call.state
                && transfer.refer(leg).is_some()
            {
                let left = |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| {
                    if matches!(call.state, State::Transfer(_)) && side == Side::Peer {
                        call.customer_left(out);
                    }
                };
                with(phone, call.id, left, actions);
            }
        }
        Mutation::FocusMakesAGuest => {
            if let Some((_, WireEvent::Focus(true), Side::Peer, call)) = said
                && call.state == State::Single
                && call.role == Role::Owner
            {
                let demote = |call: &mut Call, _: &mut crate::step_context::StepContext<'_>| {
                    call.become_role(Role::Guest);
                    call.state = State::Guest { post: false };
                };
                with(phone, call.id, demote, actions);
            }
        }
        Mutation::GoneIsWithYou => {
            for action in actions {
                if let Action::Notice(Notice::TransferFailedCustomerGone { call, status }) = *action
                {
                    *action = Action::Notice(Notice::TransferFailed { call, status });
                }
            }
        }
        Mutation::ProbeNotAwaited => {
            for call in phone.calls.sharing_mut() {
                if let Some(status) = call.probing.take() {
                    let call = call.id;
                    actions.push(Action::Notice(Notice::TransferFailed { call, status }));
                }
            }
        }
        Mutation::ProbeUnsent => {
            let was = |id| before.calls.iter().find(|call: &&Call| call.id == id);
            for call in phone.calls.sharing_mut() {
                let fails =
                    call.probing.is_some() && was(call.id).is_some_and(|was| was.probing.is_none());
                if fails && let Some(customer) = call.leg_mut(Side::Peer) {
                    let id = customer.id;
                    customer.asked = None;
                    strip(
                        actions,
                        |a| matches!(a, Action::Reinvite { leg, .. } if *leg == id),
                    );
                }
            }
        }
        Mutation::ProbeFindsNobody => {
            for action in actions {
                if let Action::Notice(Notice::TransferFailedCustomerGone { call, .. }) = *action
                    && before
                        .calls
                        .iter()
                        .any(|was| was.id == call && was.probing.is_some())
                {
                    *action = Action::Notice(Notice::CustomerLeft { call });
                }
            }
        }
        Mutation::ElsewhereIsMissed => {
            for action in actions {
                if let Action::Record(CallRecord::Finished { outcome, .. }) = action
                    && *outcome == Outcome::AnsweredElsewhere
                {
                    *outcome = Outcome::NotAnswered;
                }
            }
        }
        Mutation::RonaForgotten => {
            if phone.common.presence == Presence::NotAnswered {
                phone.common.presence = Presence::Available;
            }
        }
        Mutation::RonaElsewhere => {
            if let Some((_, WireEvent::Ended(EndCause::AnsweredElsewhere), _, _)) = said
                && before.common.policy.rona_after.is_some()
            {
                phone.common.presence = Presence::NotAnswered;
            }
        }
        Mutation::TurnedAwayUnrecorded => {
            strip(actions, |a| {
                matches!(a, Action::Record(CallRecord::TurnedAway { .. }))
            });
        }
        Mutation::WithdrawUntold => {
            strip(actions, |a| matches!(a, Action::WithdrawRefer(_)));
        }
        Mutation::SilenceUntold => {
            strip(actions, |a| {
                matches!(a, Action::Notice(Notice::NoAudio { .. }))
            });
        }
        Mutation::SilenceAgain => {
            if let Input::Media {
                leg,
                event: MediaEvent::Silent,
            } = input
                && let Some(leg) = leg_mut(phone, *leg)
                && leg.silent
                && leg.asked.is_none()
                && leg.phase == Phase::Up
            {
                let direction = Direction::SendRecv;
                let session = SessionIntent {
                    direction,
                    focus: false,
                };
                leg.asked = Some(session);
                actions.push(Action::Reinvite {
                    leg: leg.id,
                    session,
                });
            }
        }
        Mutation::LostIsForgotten => {
            if let Input::Media {
                leg,
                event: MediaEvent::Lost,
            } = input
            {
                strip(
                    actions,
                    |a| matches!(a, Action::Bye { leg: l, .. } if l == leg),
                );
                for call in phone.calls.sharing_mut() {
                    call.leaving.retain(|leaving| leaving.id != *leg);
                }
            }
        }
        Mutation::DeviceMutes => {
            if *input == Input::Device(false) {
                for call in phone.calls.sharing_mut() {
                    call.muted = true;
                }
            }
        }
        Mutation::NetworkUntold => {
            if *input == Input::NetworkChanged {
                undo(phone, before, actions);
            }
        }
        Mutation::DraftUnrecorded => {
            strip(actions, |a| {
                matches!(a, Action::Record(CallRecord::WrapUpDrafted { .. }))
            });
        }
        Mutation::ReasonUnrecorded => {
            strip(actions, |a| {
                matches!(a, Action::Record(CallRecord::WrapUpSubmitted { .. }))
            });
        }
        Mutation::UnkeptIsForgotten => {
            if let Input::WrapUpKept { id, kept: false } = input {
                phone.common.wrap_ups.retain(|wrap_up| wrap_up.id != *id);
            }
        }
        Mutation::SecondWrapUp => {
            let opened = actions.iter().find(|a| is_wrap_up(a)).cloned();
            if let Some(Action::Record(CallRecord::WrapUpOpened { due: true, .. })) = opened {
                actions.extend(opened);
            }
        }
        Mutation::RefusedActMutes => {
            if matches!(actions[..], [Action::Refuse(_)])
                && let Some(call) = phone.calls.sharing_mut().first_mut()
            {
                call.muted = !call.muted;
            }
        }
        Mutation::TwoMicrophones => {
            if let Some((id, Act::Answer, _)) = act {
                for call in phone
                    .calls
                    .sharing_mut()
                    .iter_mut()
                    .filter(|call| call.id != id)
                {
                    if let Some(peer) = call.leg_mut(Side::Peer) {
                        peer.hold = false;
                    }
                }
            }
        }
        Mutation::TermDoesNotWait => {
            if *input == Input::Terminate {
                let ids: Vec<_> = phone.calls.iter().map(|call| call.id).collect();
                for id in ids {
                    let end = |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| {
                        if call.is_live() {
                            call.end(out);
                        }
                    };
                    with(phone, id, end, actions);
                }
            }
        }
        Mutation::GuestHookEnds => {
            if *input == Input::Hook {
                for action in actions {
                    if let Action::Bye { reason, .. } = action
                        && *reason == ByeReason::Exit
                    {
                        *reason = ByeReason::ConferenceEnded;
                    }
                }
            }
        }
        Mutation::HoldFailureDrops => {
            if let Some((_, WireEvent::RenegotiationRefused { .. }, Side::Peer, call)) = said
                && call.is_live()
            {
                let end =
                    |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
        _ => {}
    }
}
