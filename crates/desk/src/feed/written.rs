//! The core's records, notices and refusals in the API's words.
use super::change::Fact;
use crate::model::{Began, Notice, Refused, What};
use crate::view::{self, Look};
use crate::{act, messages};
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
                role: act::role_name(role).to_owned(),
                peer,
                view: seen(call, now),
            };
            if incoming {
                What::CallOffered(began)
            } else {
                What::CallPlaced(began)
            }
        }
        CallRecord::Connected { call, .. } => What::CallAnswered { call: call.0 },
        CallRecord::Owned { call, peer, .. } => What::CallOwned { call: call.0, peer },
        CallRecord::Finished { call, outcome, .. } => What::CallEnded {
            call: call.0,
            outcome: act::outcome_name(outcome).to_owned(),
            status: match outcome {
                Outcome::Refused(status) => Some(status),
                _ => None,
            },
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
        CallRecord::WrapUpDropped { id, .. } => What::WrapUpDropped { wrap_up: id.0 },
        CallRecord::WrapUpSubmitted {
            id,
            call,
            reason,
            timed,
            ..
        } => What::WrapUpSubmitted {
            wrap_up: id.0,
            call: call.0,
            reason,
            timed,
        },
    })
}

fn seen(call: CallId, now: &Look) -> Option<Box<crate::model::Call>> {
    let view = now.snapshot.calls.iter().find(|view| view.id == call)?;
    Some(Box::new(view::call(view, now.identity.start)))
}

/// An act that was refused.
pub(super) fn refused(asked: &Input, refusal: Refusal) -> Refused {
    let (act, call, wrap_up) = match asked {
        Input::Act { call, act } => (act::name(act), Some(call.0), None),
        Input::WrapUp { id, act } => {
            let act = match act {
                WrapUpAct::Draft(_) => "draft",
                WrapUpAct::Submit(_) => "submit",
                WrapUpAct::Extend => "extend",
            };
            (act, None, Some(id.0))
        }
        Input::Hook => ("hook", None, None),
        Input::Presence(_) => ("presence", None, None),
        Input::Terminate => ("shutdown", None, None),
        Input::Dial { .. }
        | Input::PageOpen(_)
        | Input::Wire { .. }
        | Input::Media { .. }
        | Input::Device(_)
        | Input::NetworkChanged
        | Input::Deadline => ("call", None, None),
    };
    let words = messages::refusal(refusal);
    Refused {
        act: act.to_owned(),
        call,
        wrap_up,
        refused: messages::refusal_code(refusal).to_owned(),
        reason: words.en,
        reason_de: words.de,
    }
}

/// A notice of the core in the API's words.
fn notice(notice: &trialog_call::Notice) -> Notice {
    use trialog_call::Notice as N;
    let words = messages::notice(notice);
    let (party, status) = match notice {
        N::GuestRefused {
            guest: party,
            status,
            ..
        }
        | N::HoldRefused { party, status, .. }
        | N::ResumeRefused { party, status, .. } => (Some(party.clone()), Some(*status)),
        N::SwapUndone { status, .. } | N::TransferFailed { status, .. } => (None, Some(*status)),
        N::GuestLeft { guest: party, .. }
        | N::NoAudio { party, .. }
        | N::AudioBack { party, .. } => (Some(party.clone()), None),
        N::TransferDeclined { .. }
        | N::TransferWithdrawn { .. }
        | N::Transferred { .. }
        | N::Anchored { .. }
        | N::NowOwner { .. }
        | N::CustomerLeft { .. }
        | N::DeviceGone
        | N::DeviceBack
        | N::Dtmf { .. }
        | N::AskEndForAll { .. } => (None, None),
    };
    let digit = match notice {
        N::Dtmf { digit, .. } => Some(char::from(*digit).to_string()),
        _ => None,
    };
    Notice {
        kind: messages::notice_kind(notice).to_owned(),
        call: messages::notice_call(notice).map(|call| call.0),
        party,
        status,
        digit,
        text: words.en,
        text_de: words.de,
    }
}
