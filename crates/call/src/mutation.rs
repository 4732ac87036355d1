//! Faults on purpose. Each stands for a rule or for a row of "what goes wrong": after a step of the sound core the fault
//! spoils what it did, as a wrong line in the core would. The search must find every one.
use crate::call::{Call, Slot, State, Step};
use crate::leg::{Leg, Phase};
use crate::{
    Act, ActKind, Action, ByeReason, CallRecord, Capabilities, Column, Direction, Input, LegId,
    MediaEvent, Notice, Party, Phone, Refusal, Role, Routing, Session, Stage, Time, Tone,
    WireEvent,
};
use alloc::vec::Vec;

/// Defines the faults and the list of all.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mutation {
            /// A cell of the table says the contrary.
            FlipCell(Stage, Column, ActKind),
            $($(#[$doc])* $name,)*
        }

        /// All but the cells.
        pub const FAULTS: &[Mutation] = &[$(Mutation::$name),*];
    };
}

faults! {
    /// A conference starts while the guest still rings.
    R1RingingGuestJoins,
    /// The first press of "Konferenz" does nothing.
    R2OnePressIsNotEnough,
    /// The guest does not hear the others.
    R3GuestIsDeaf,
    /// Somebody has two seats and hears himself.
    R3HearsHimself,
    /// The guest is called anew for the conference.
    R4GuestIsCalledAgain,
    /// The customer's phone can hold.
    R5CustomerHolds,
    /// A mute in a conference holds the customer.
    R6MuteHolds,
    /// The guest's phone holds its owner.
    R6GuestHolds,
    /// "Übergeben" does nothing.
    R7NoTransfer,
    /// The transfer opens no wrap-up.
    R8NoWrapUp,
    /// The guest is not asked.
    R9GuestIsNotAsked,
    /// His no is taken for a yes.
    R9NoIsYes,
    /// The guest who took the call stays a guest.
    R10GuestStaysGuest,
    /// The old owner stays in.
    R10OwnerStaysIn,
    /// End for all leaves the customer's leg.
    R11CustomerIsLeft,
    /// No wrap-up is owed when the owner ended it.
    R12NoWrapUp,
    /// A guest who leaves ends it for all.
    R13GuestEndsIt,
    /// The customer is re-INVITEd when the guest exits.
    R14CustomerIsTouched,
    /// The guest owes a wrap-up.
    R15GuestWrapsUp,
    /// The customer's leaving opens no wrap-up.
    R16NoWrapUp,
    /// The customer's leaving ends it for both.
    R17NoPostCall,
    /// A mute in post-call holds the guest.
    R18MuteHolds,
    /// Hold refused, and the agent is not told.
    HoldRefusedUntold,
    /// Hold not awaited: the guest rings at once.
    HoldNotAwaited,
    /// The customer has left while being held, and the guest is rung all the same.
    GuestRungForNobody,
    /// The guest is busy, and nobody says so.
    BusyUntold,
    /// The guest is busy, and the customer is taken off hold.
    BusyResumes,
    /// The guest is busy, and the customer goes.
    BusyDropsCustomer,
    /// A 200 that crossed our CANCEL is forgotten.
    CrossedAnswerForgotten,
    /// The conference begins before the customer's 200.
    BeginsTooEarly,
    /// No music while an un-hold is under way.
    NoMusicMeanwhile,
    /// The un-hold fails, and the conference is said to be on.
    FailedStartIsAStart,
    /// The guest's BYE during the start leaves the customer held.
    GuestByeLeavesHeld,
    /// The second step of a swap fails, and both stay held.
    SwapNotUndone,
    /// Who can't be referred is taken for one who will not.
    CannotIsNo,
    /// A person's no anchors.
    NoAnchors,
    /// Anchored, and the owner's ear stays in.
    AnchoredEar,
    /// 202 is taken for success.
    AcceptedIsDone,
    /// A transfer waits for ever.
    TransferForever,
    /// A refused transfer ends the conference.
    RefusalEndsConference,
    /// A refused transfer out of a consult leaves the customer held.
    RefusalLeavesHeld,
    /// A refused transfer is not told.
    RefusalUntold,
    /// A refused transfer loses the draft.
    RefusalLosesDraft,
    /// The replaced side's BYE is taken for leaving.
    ByeIsLeaving,
    /// Withdrawn, and nobody is told.
    WithdrawUntold,
    /// A foreign guest's transfer can be taken back.
    WithdrawForeign,
    /// Silence is not told.
    SilenceUntold,
    /// Silence re-INVITEs again and again.
    SilenceAgain,
    /// Lost sound leaves the dialog behind.
    LostIsForgotten,
    /// The headset's going mutes the call.
    DeviceMutes,
    /// The new address is told to nobody.
    NetworkUntold,
    /// A draft is not recorded, so that a crash loses it.
    DraftUnrecorded,
    /// A submitted reason is not recorded.
    ReasonUnrecorded,
    /// A second wrap-up is owed.
    SecondWrapUp,
    /// A refused act mutes the call.
    RefusedActMutes,
    /// A far-held party's music plays to the others.
    FarMusicPlays,
    /// Two calls have the microphone.
    TwoMicrophones,
    /// The first SIGTERM ends the conference.
    TermDoesNotWait,
    /// A guest's hook ends instead of exits.
    GuestHookEnds,
    /// Both legs of a guest who takes over are mixed.
    BothMixed,
    /// The customer is dropped when a hold fails.
    HoldFailureDrops,
}

fn leg_mut(phone: &mut Phone, id: LegId) -> Option<&mut Leg> {
    let call = phone
        .calls
        .iter_mut()
        .find(|call| call.slot_of(id).is_some())?;
    let slot = call.slot_of(id)?;
    call.leg_mut(slot)
}

fn hold(leg: &mut Leg, actions: &mut Vec<Action>) {
    leg.hold = true;
    let session = Session {
        direction: Direction::SendOnly,
        focus: false,
    };
    leg.asked = Some(session);
    actions.push(Action::Reinvite {
        leg: leg.id,
        session,
    });
}

fn strip(actions: &mut Vec<Action>, what: impl Fn(&Action) -> bool) {
    actions.retain(|action| !what(action));
}

fn is_wrap_up(action: &Action) -> bool {
    matches!(action, Action::Record(CallRecord::WrapUpOpened { .. }))
}

/// Forget the wrap-ups that this step has opened.
fn no_wrap_up(phone: &mut Phone, before: &Phone, actions: &mut Vec<Action>) {
    phone.common.wrap_ups.clone_from(&before.common.wrap_ups);
    strip(actions, is_wrap_up);
    for call in &mut phone.calls {
        let was = before.calls.iter().find(|was| was.id == call.id);
        call.wrap_up = was.and_then(|was| was.wrap_up);
    }
}

/// What a fault makes of a step.
pub(crate) fn tamper(phone: &mut Phone, before: &Phone, input: &Input, actions: &mut Vec<Action>) {
    let Some(fault) = phone.common.mutation else {
        return;
    };
    let was = |id| before.calls.iter().find(|call: &&Call| call.id == id);
    let act = match input {
        Input::Act { call, act } if !matches!(actions[..], [Action::Refuse(_)]) => {
            was(*call).map(|was| (*call, act, was))
        }
        _ => None,
    };
    let said = match input {
        Input::Wire { leg, event } => before
            .calls
            .iter()
            .find_map(|call| call.slot_of(*leg).map(|slot| (*leg, event, slot, call))),
        _ => None,
    };
    match fault {
        Mutation::FlipCell(..)
        | Mutation::R3GuestIsDeaf
        | Mutation::R3HearsHimself
        | Mutation::NoMusicMeanwhile
        | Mutation::AnchoredEar
        | Mutation::TransferForever
        | Mutation::WithdrawForeign
        | Mutation::FarMusicPlays
        | Mutation::BothMixed => {}
        Mutation::R1RingingGuestJoins => {
            if let Some((_, WireEvent::Progress { .. }, Slot::Second, call)) = said {
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
                let call = phone.calls.iter_mut().find(|call| call.id == id);
                if let Some(call) = call
                    && let Some(old) = call.second.take()
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
                    });
                    let dialling = Phase::Dialling(crate::leg::Ring::Silent);
                    call.second = Some(Leg::new(leg, "b", dialling, Capabilities::default()));
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
                let wrap_up = phone.calls.first().and_then(|call| call.wrap_up);
                undo(phone, before, actions);
                phone.common.wrap_ups = drafts;
                phone.common.last_wrap_up = phone.common.wrap_ups.len() as u32;
                *actions = kept;
                if let Some(call) = phone.calls.first_mut() {
                    call.wrap_up = wrap_up;
                }
            }
        }
        Mutation::R8NoWrapUp => {
            if let Some((_, Act::Transfer(_), _)) = act {
                no_wrap_up(phone, before, actions);
                for call in &mut phone.calls {
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
            if let Some((id, Act::Decline, _)) = act {
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
                    .iter_mut()
                    .filter(|call| call.state == State::Single)
                {
                    call.role = Role::Guest;
                }
            }
        }
        Mutation::R10OwnerStaysIn => {
            let done = |a: &Action| matches!(a, Action::Notice(Notice::Transferred { .. }));
            for call in &mut phone.calls {
                if actions.iter().any(done) && matches!(call.state, State::Handover { .. }) {
                    call.state = State::Conference;
                }
            }
        }
        Mutation::R11CustomerIsLeft => {
            if let Some((_, Act::End, call)) = act
                && call.state == State::Conference
                && let Some(first) = &call.first
                && let Some(now) = phone.calls.iter_mut().find(|now| now.id == call.id)
            {
                strip(
                    actions,
                    |a| matches!(a, Action::Bye { leg, .. } if *leg == first.id),
                );
                now.leaving.retain(|leaving| leaving.id != first.id);
                now.first = Some(first.clone());
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
            if let Some((_, WireEvent::Ended(_), Slot::Second, call)) = said
                && call.state == State::Conference
            {
                let end = |call: &mut Call, out: &mut crate::out::Out<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
        Mutation::R14CustomerIsTouched => {
            if let Some((_, WireEvent::Ended(_), Slot::Second, call)) = said
                && call.state == State::Conference
                && let Some(first) = phone.calls.first_mut().and_then(|call| call.first.as_mut())
                && first.asked.is_none()
            {
                let session = Session {
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
            if let Some((_, WireEvent::Ended(_), Slot::First, call)) = said
                && matches!(call.state, State::Conference | State::Consult { .. })
            {
                no_wrap_up(phone, before, actions);
            }
        }
        Mutation::R17NoPostCall => {
            if phone.calls.iter().any(|call| call.state == State::PostCall)
                && let Some((_, WireEvent::Ended(_), Slot::First, call)) = said
            {
                let end = |call: &mut Call, out: &mut crate::out::Out<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
        Mutation::R18MuteHolds => {
            if let Some((_, Act::Mute, call)) = act
                && call.state == State::PostCall
                && let Some(guest) = phone
                    .calls
                    .first_mut()
                    .and_then(|call| call.second.as_mut())
                && guest.asked.is_none()
            {
                hold(guest, actions);
            }
        }
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
                let session = Session {
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
                let end = |call: &mut Call, out: &mut crate::out::Out<'_>| call.end(out);
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
                let left = |call: &mut Call, out: &mut crate::out::Out<'_>| {
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
                let session = Session {
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
                    let end = |call: &mut Call, out: &mut crate::out::Out<'_>| {
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
                let end = |call: &mut Call, out: &mut crate::out::Out<'_>| call.end(out);
                with(phone, call.id, end, actions);
            }
        }
    }
}

fn is_refusal(action: &Action) -> bool {
    matches!(
        action,
        Action::Notice(Notice::TransferFailed { .. } | Notice::TransferDeclined { .. })
    )
}

fn refused(actions: &[Action]) -> bool {
    actions.iter().any(is_refusal)
}

fn set_state(phone: &mut Phone, call: &Call, state: State) {
    if let Some(now) = phone.calls.iter_mut().find(|now| now.id == call.id) {
        now.state = state;
    }
}

fn undo(phone: &mut Phone, before: &Phone, actions: &mut Vec<Action>) {
    phone.clone_from(before);
    actions.clear();
}

fn hold_first(phone: &mut Phone, call: &Call, actions: &mut Vec<Action>) {
    let now = phone.calls.iter_mut().find(|now| now.id == call.id);
    if let Some(first) = now.and_then(|now| now.first.as_mut())
        && first.asked.is_none()
        && first.phase == Phase::Up
    {
        hold(first, actions);
    }
}

fn invite_guest(call: &mut Call, out: &mut crate::out::Out<'_>) {
    let target = crate::Target("sip:b@x".into());
    call.second = Some(call.invite(&target, true, None, out));
}

/// Let a call do something more in this step.
fn with(
    phone: &mut Phone,
    id: crate::CallId,
    then: impl FnOnce(&mut Call, &mut crate::out::Out<'_>),
    actions: &mut Vec<Action>,
) {
    let Some(call) = phone.calls.iter_mut().find(|call| call.id == id) else {
        return;
    };
    let mut out = crate::out::Out {
        now: crate::Time::ZERO,
        common: &mut phone.common,
        local_elsewhere: false,
        actions: core::mem::take(actions),
    };
    then(call, &mut out);
    call.settle(&mut out);
    call.watch_stage(out.now);
    *actions = out.actions;
}

/// What a fault makes of the routing.
pub(crate) fn tamper_routing(phone: &Phone, routing: &mut Routing) {
    let Some(fault) = phone.common.mutation else {
        return;
    };
    let call = phone.calls.first();
    let seat_of = |leg: Option<&Leg>| leg.map(|leg| Party::Leg(leg.id));
    let second = seat_of(call.and_then(|call| call.second.as_ref()));
    let crowd = call.is_some_and(|call| call.state == State::Conference);
    for seat in &mut routing.seats {
        match fault {
            Mutation::R3GuestIsDeaf if crowd && Some(seat.party) == second => seat.hears = false,
            Mutation::NoMusicMeanwhile if seat.tone == Some(Tone::Music) => {
                let leg = call.and_then(|call| call.first.as_ref());
                if leg.is_some_and(|leg| !leg.hold && Party::Leg(leg.id) == seat.party) {
                    (seat.tone, seat.hears, seat.speaks) = (None, true, true);
                }
            }
            Mutation::FarMusicPlays
                if crowd && seat.tone.is_none() && seat.party != Party::Local =>
            {
                seat.speaks = true;
            }
            Mutation::BothMixed => seat.speaks = true,
            _ => {}
        }
    }
    if fault == Mutation::R3HearsHimself
        && crowd
        && let Some(seat) = routing.seats.first().copied()
    {
        routing.seats.push(seat);
    }
    if fault == Mutation::AnchoredEar
        && let Some(call) = call.filter(|call| call.state == State::Anchored)
    {
        let group = crate::Group((call.id.0 & 0xffff) as u16);
        let (party, tone) = (Party::Local, None);
        routing.seats.push(crate::Seat {
            party,
            group,
            speaks: true,
            hears: true,
            tone,
        });
    }
}

/// What a fault makes of an answer of the table.
pub(crate) fn tamper_permit(
    phone: &Phone,
    call: &Call,
    act: &Act,
    said: Result<(), Refusal>,
) -> Result<(), Refusal> {
    match phone.common.mutation {
        Some(Mutation::FlipCell(stage, column, kind))
            if (stage, column, kind) == (call.stage(), call.column(), act.kind()) =>
        {
            if said.is_ok() {
                Err(Refusal::NotHere(stage))
            } else {
                Ok(())
            }
        }
        Some(Mutation::WithdrawForeign) if said == Err(Refusal::CannotWithdraw) => Ok(()),
        _ => said,
    }
}

/// What a fault makes of the deadlines.
pub(crate) fn tamper_deadline(phone: &Phone, next: Option<Time>) -> Option<Time> {
    next.filter(|_| phone.common.mutation != Some(Mutation::TransferForever))
}

/// The same for the table's last column, whose acts name no call.
pub(crate) fn tamper_wrap_up(phone: &Phone, said: Result<(), Refusal>) -> Result<(), Refusal> {
    let here = |stage, column| {
        phone
            .calls
            .iter()
            .any(|call| (call.stage(), call.column()) == (stage, column))
    };
    match phone.common.mutation {
        Some(Mutation::FlipCell(stage, column, ActKind::WrapUp)) if here(stage, column) => {
            if said.is_ok() {
                Err(Refusal::NotHere(stage))
            } else {
                Ok(())
            }
        }
        _ => said,
    }
}
