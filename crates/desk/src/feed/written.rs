//! The core's records, notices and refusals in the API's words.
use super::change::Fact;
use crate::view::{self, Look};
use crate::{messages, names};
use trialog_api::{Asked, Began, Notice, PhoneAct, Refused, What};
use trialog_call::{CallId, CallRecord, Input, Outcome, Refusal, WrapUpAct};

/// What the core said, as an event; `now`: the phone at the end of the turn.
pub(super) fn fact(fact: Fact, now: &Look) -> Option<What> {
    match fact {
        Fact::Record(record) => record_as_event(record, now),
        Fact::Notice(said) => Some(What::Notice {
            notice: notice(&said),
        }),
        Fact::Refused(refused) => Some(What::Refused(refused)),
    }
}

fn record_as_event(record: CallRecord, now: &Look) -> Option<What> {
    Some(match record {
        CallRecord::Began {
            call,
            role,
            peer,
            incoming,
            ..
        } => {
            let began = Began {
                call: call.0,
                role: names::role(role),
                peer: names::party(&peer),
                view: seen(call, now),
            };
            if incoming {
                What::CallOffered(began)
            } else {
                What::CallPlaced(began)
            }
        }
        CallRecord::Connected { call, .. } => What::CallAnswered { call: call.0 },
        CallRecord::Owned { call, peer, .. } => What::CallOwned {
            call: call.0,
            peer: names::party(&peer),
        },
        CallRecord::Identified { call, peer, .. } => What::CallIdentified {
            call: call.0,
            peer: names::party(&peer),
        },
        CallRecord::Finished {
            call,
            outcome,
            reason,
            ..
        } => What::CallEnded {
            call: call.0,
            outcome: names::outcome(outcome),
            status: match outcome {
                Outcome::Refused(status) => Some(status),
                _ => None,
            },
            reason: reason.as_deref().map(names::end_reason),
        },
        CallRecord::TurnedAway {
            peer, how, calls, ..
        } => What::CallTurnedAway {
            peer: names::party(&peer),
            status: how.status,
            why: names::away_reason(how.why),
            calls,
        },
        CallRecord::WrapUpOpened {
            id,
            call,
            due: true,
            ..
        } => What::WrapUpDue {
            wrap_up: id.0,
            call: call.0,
        },
        CallRecord::WrapUpOpened { id, call, .. } => What::WrapUpDrafted {
            wrap_up: id.0,
            call: call.0,
        },
        // It is seen by how the wrap-up looks.
        CallRecord::WrapUpDrafted { .. } => return None,
        CallRecord::WrapUpSubmitted {
            id,
            call,
            reason,
            note,
            timed,
            ..
        } => What::WrapUpSubmitted {
            wrap_up: id.0,
            call: call.0,
            reason,
            note,
            timed,
        },
    })
}

fn seen(call: CallId, now: &Look) -> Option<Box<trialog_api::Call>> {
    let view = now.snapshot.calls.iter().find(|view| view.id == call)?;
    Some(Box::new(view::call(view, &now.identity)))
}

/// An act that was refused.
pub(super) fn refused(asked: &Input, refusal: Refusal) -> Refused {
    let (act, call, wrap_up) = match asked {
        Input::Act { call, act } => (Asked::Call(names::act(act)), Some(call.0), None),
        Input::WrapUp { id, act } => {
            let act = match act {
                WrapUpAct::Draft { .. } => PhoneAct::Draft,
                WrapUpAct::Submit { .. } => PhoneAct::Submit,
                WrapUpAct::Extend => PhoneAct::Extend,
            };
            (Asked::Phone(act), None, Some(id.0))
        }
        Input::Hook => (Asked::Phone(PhoneAct::Hook), None, None),
        Input::Dial { .. } => (Asked::Phone(PhoneAct::Call), None, None),
        // The core refuses none of these.
        Input::Presence(_)
        | Input::Terminate
        | Input::PageOpen(_)
        | Input::WrapUpKept { .. }
        | Input::Wire { .. }
        | Input::Media { .. }
        | Input::Device(_)
        | Input::RtpPorts(_)
        | Input::NetworkChanged
        | Input::Deadline => {
            debug_assert!(false, "{asked:?} was refused: {refusal:?}");
            (Asked::Phone(PhoneAct::Call), None, None)
        }
    };
    let words = messages::refusal(refusal);
    Refused {
        act,
        call,
        wrap_up,
        refused: names::refusal(refusal),
        reason: words.en,
        reason_de: words.de,
    }
}

/// Whether it tells of something that went wrong, and waits to be read. What stands in the call itself, or in the records' state, need
/// not.
fn is_grave(notice: &trialog_call::Notice) -> bool {
    use trialog_call::Notice as N;
    matches!(
        notice,
        N::GuestRefused { .. }
            | N::HoldRefused { .. }
            | N::ResumeRefused { .. }
            | N::SwapUndone { .. }
            | N::TransferFailed { .. }
            | N::TransferFailedCustomerGone { .. }
            | N::TransferDeclined { .. }
            | N::Anchored { .. }
            | N::NoAudio { .. }
            | N::NotAnswered { .. }
            | N::TakenUp { .. }
            | N::CallLost { .. }
            | N::DeviceGone
    )
}

/// A notice of the core in the API's words.
pub(crate) fn notice(notice: &trialog_call::Notice) -> Notice {
    use trialog_call::Notice as N;
    let words = messages::notice(notice);
    let (party, status) = match notice {
        N::GuestRefused {
            guest: party,
            status,
            ..
        }
        | N::HoldRefused { party, status, .. }
        | N::ResumeRefused { party, status, .. } => (Some(party), Some(*status)),
        N::TransferRequested { to, .. } => (Some(&to.by), None),
        N::TurnedAway { peer, how, .. } => (Some(peer), Some(how.status)),
        N::SwapUndone { status, .. }
        | N::TransferFailed { status, .. }
        | N::TransferFailedCustomerGone { status, .. } => (None, Some(*status)),
        N::GuestLeft { guest: party, .. }
        | N::Message { from: party, .. }
        | N::AnsweredElsewhere { party, .. }
        | N::Reason { party, .. }
        | N::AnsweredUnasked { party, .. }
        | N::Redirected { party, .. }
        | N::NoAudio { party, .. }
        | N::AudioBack { party, .. } => (Some(party), None),
        N::TakenUp { .. }
        | N::CallLost { .. }
        | N::TransferDeclined { .. }
        | N::TransferWithdrawn { .. }
        | N::Transferred { .. }
        | N::Anchored { .. }
        | N::NowOwner { .. }
        | N::CustomerLeft { .. }
        | N::StrangersTurnedAway { .. }
        | N::NotAnswered { .. }
        | N::WrapUpNotKept { .. }
        | N::RecordsFailing { .. }
        | N::RecordsKept
        | N::Webhook { .. }
        | N::DeviceGone
        | N::DeviceBack
        | N::SpeaksMuted { .. }
        | N::Dtmf { .. }
        | N::AskEndForAll { .. } => (None, None),
    };
    let digit = match notice {
        N::Dtmf { digit, .. } => Some(char::from(*digit).to_string()),
        _ => None,
    };
    let calls = match notice {
        N::TurnedAway { calls, .. } | N::NotAnswered { calls } => Some(*calls),
        _ => None,
    };
    let words_of = match notice {
        N::Reason { reason, .. } => messages::end_reason(reason).map(|words| words.en),
        N::Message { text: words, .. } => Some(words.clone()),
        _ => None,
    };
    Notice {
        kind: names::notice(notice),
        grave: is_grave(notice),
        call: messages::notice_call(notice).map(|call| call.0),
        party: party.map(|party| names::party(party)),
        status,
        calls,
        digit,
        words: words_of,
        text: words.en,
        text_de: words.de,
    }
}
