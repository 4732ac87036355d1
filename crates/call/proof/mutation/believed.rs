//! What the faults of what a peer may make us do make of a step.
use super::help::{leg_mut, strip, undo, with};
use super::{Happened, Mutation};
use crate::{Action, Grade, Input, Phone, Referral, Role, WireEvent};
use alloc::sync::Arc;
use alloc::vec::Vec;

pub(super) fn tamper(
    fault: Mutation,
    phone: &mut Phone,
    happened: &Happened<'_>,
    actions: &mut Vec<Action>,
) {
    match fault {
        Mutation::R10AnotherPartyChangesNothing => {
            if let Some((leg, WireEvent::Identity(party), _, call)) = happened.said
                && call.role == Role::Guest
            {
                undo(phone, happened.before, actions);
                if let Some(leg) = leg_mut(phone, leg) {
                    leg.party = Arc::clone(party);
                }
            }
        }
        Mutation::StrangerIsFollowed => {
            let refuses =
                |action: &Action| matches!(action, Action::RefuseReferral { status: 403, .. });
            if let Some((leg, WireEvent::Referred(referral), _, call)) = happened.said
                && actions.iter().any(refuses)
            {
                let trusted = Referral {
                    grade: Grade::Colleague,
                    ..referral.clone()
                };
                strip(actions, refuses);
                with(
                    phone,
                    call.id,
                    |call, out| call.referred(leg, trusted, out),
                    actions,
                );
            }
        }
        Mutation::RedirectionFollowedUnasked => {
            if let Input::Wire {
                leg,
                event: WireEvent::Redirected(_),
            } = happened.input
                && let Some(leg) = leg_mut(phone, *leg)
                && leg.redirected.take().is_some()
            {
                actions.push(Action::FollowRedirection(leg.id));
            }
        }
        Mutation::StrangerIsAnswered => {
            if let Input::Wire {
                event: WireEvent::Incoming(incoming),
                ..
            } = happened.input
                && incoming.grade == Grade::Stranger
                && actions
                    .iter()
                    .any(|action| matches!(action, Action::Ring(_)))
                && let Some(new) = phone.calls.sharing().last().map(|call| call.id)
            {
                strip(actions, |action| matches!(action, Action::Ring(_)));
                with(phone, new, |call, out| call.answer_unasked(out), actions);
            }
        }
        Mutation::AnsweredWithoutTone => {
            for call in phone.calls.sharing_mut() {
                call.tone_until = None;
            }
        }
        _ => {}
    }
}
