//! What the faults of "what goes wrong", of more calls and of the table make of a step.
use super::help::*;
use super::{Happened, Mutation};
use crate::call::{Call, Slot, State, Step};
use crate::leg::Phase;
use crate::{
    Act, Action, ByeReason, CallRecord, Direction, Input, MediaEvent, Notice, Phone, SessionIntent,
    Stage, WireEvent,
};
use alloc::vec::Vec;

#[expect(
    clippy::collapsible_match,
    reason = "an arm is a fault; its condition is when it shows"
)]
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
                matches!(call.state, State::ConsultRequested { .. }) && call.second.is_none()
            };
            if let Some(id) = phone
                .calls
                .iter()
                .find(|call| waiting(call))
                .map(|call| call.id)
            {
                with(phone, id, invite_guest, actions);
            }
        }
        Mutation::GuestRungForNobody => {
            if let Some((_, WireEvent::Ended(_), Slot::First, call)) = said
                && matches!(call.state, State::ConsultRequested { .. })
                && call.second.is_none()
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
            if let Some((_, WireEvent::Refused { .. }, Slot::Second, _)) = said
                && let Some(first) = phone.calls.first_mut().and_then(|call| call.first.as_mut())
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
            if let Some((_, WireEvent::Refused { .. }, Slot::Second, call)) = said {
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
                for call in &mut phone.calls {
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
            if let Some((_, WireEvent::Ended(_), Slot::Second, call)) = said
                && matches!(
                    call.state,
                    State::Consult {
                        step: Step::Joining,
                        ..
                    }
                )
                && let Some(first) = phone.calls.first_mut().and_then(|call| call.first.as_mut())
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
                for call in &mut phone.calls {
                    for leg in [call.first.as_mut(), call.second.as_mut()]
                        .into_iter()
                        .flatten()
                    {
                        leg.hold = true;
                        leg.asked = None;
                    }
                }
            }
        }
        Mutation::CannotIsNo => {
            if let Some((_, WireEvent::ReferRefused { status: 405 }, slot, call)) = said {
                undo(phone, before, actions);
                let id = call.id;
                with(
                    phone,
                    id,
                    |call, out| call.refer_refused(slot, 603, out),
                    actions,
                );
            }
        }
        Mutation::NoAnchors => {
            if let Some((_, WireEvent::ReferRefused { status: 603 }, _, call)) = said
                && call.second.is_some()
            {
                undo(phone, before, actions);
                with(phone, call.id, |call, out| call.anchor(out), actions);
            }
        }
        Mutation::AcceptedIsDone => {
            if let Some((_, WireEvent::ReferAccepted, slot, call)) = said {
                with(
                    phone,
                    call.id,
                    |call, out| call.refer_notified(slot, 200, out),
                    actions,
                );
            }
        }
        Mutation::RefusalEndsConference => {
            if refused(actions)
                && before
                    .calls
                    .iter()
                    .any(|call| call.stage() == Stage::TransferPending)
            {
                for call in phone
                    .calls
                    .iter_mut()
                    .filter(|call| call.state == State::Conference)
                {
                    call.state = State::Consult {
                        front: Slot::Second,
                        step: Step::Rest,
                    };
                }
            }
        }
        Mutation::RefusalLeavesHeld => {
            if refused(actions) {
                for call in &mut phone.calls {
                    if let State::Consult {
                        front: Slot::Second,
                        step: Step::Parting,
                    } = call.state
                    {
                        call.state = State::Consult {
                            front: Slot::Second,
                            step: Step::Rest,
                        };
                        call.set_hold(Slot::Second, false);
                        let guest = call.second.as_mut();
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
            if refused(actions) {
                for call in &mut phone.calls {
                    let id = call.wrap_up.take();
                    phone
                        .common
                        .wrap_ups
                        .retain(|wrap_up| Some(wrap_up.id) != id);
                }
            }
        }
        Mutation::ByeIsLeaving => {
            if let Some((_, WireEvent::Ended(_), slot, call)) = said
                && let State::Transfer(transfer) = &call.state
                && transfer.referred() != slot
            {
                let left = |call: &mut Call, out: &mut crate::step_context::StepContext<'_>| {
                    call.transfer_failed(480, out);
                };
                with(phone, call.id, left, actions);
            }
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
                for call in &mut phone.calls {
                    call.leaving.retain(|leaving| leaving.id != *leg);
                }
            }
        }
        Mutation::DeviceMutes => {
            if *input == Input::Device(false) {
                for call in &mut phone.calls {
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
        Mutation::SecondWrapUp => {
            let opened = actions.iter().find(|a| is_wrap_up(a)).cloned();
            if let Some(Action::Record(CallRecord::WrapUpOpened { due: true, .. })) = opened {
                actions.extend(opened);
            }
        }
        Mutation::RefusedActMutes => {
            if matches!(actions[..], [Action::Refuse(_)])
                && let Some(call) = phone.calls.first_mut()
            {
                call.muted = !call.muted;
            }
        }
        Mutation::TwoMicrophones => {
            if let Some((id, Act::Answer, _)) = act {
                for call in phone.calls.iter_mut().filter(|call| call.id != id) {
                    call.set_hold(Slot::First, false);
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
            if let Some((_, WireEvent::RenegotiationRefused { .. }, Slot::First, call)) = said
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
