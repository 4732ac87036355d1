//! The core's records as the store's entries.
use crate::clock::Clock;
use std::sync::Arc;
use trialog_call::{
    CallId, CallOrigin, CallRecord, EndReason, Notice, Outcome, PartyIdentity, WrapUpId,
};
use trialog_desk::{messages, names};
use trialog_store::{Began, CallNumber, Entry, Origin, Party, TurnedAway, WrapUpNumber};

pub(super) fn call_number(call: CallId) -> CallNumber {
    CallNumber(call.0)
}

pub(super) fn wrap_up_number(wrap_up: WrapUpId) -> WrapUpNumber {
    WrapUpNumber(wrap_up.0)
}

pub(crate) fn party(identity: &PartyIdentity) -> Party {
    let PartyIdentity {
        name,
        number,
        uri,
        asserted,
        anonymous,
    } = identity.clone();
    Party {
        name,
        number,
        uri,
        asserted,
        anonymous,
    }
}

pub(crate) fn identity(party: Party) -> PartyIdentity {
    let Party {
        name,
        number,
        uri,
        asserted,
        anonymous,
    } = party;
    PartyIdentity {
        name,
        number,
        uri,
        asserted,
        anonymous,
    }
}

fn origin(origin: &CallOrigin) -> Origin {
    Origin {
        called: origin.called.as_ref().map(party),
        diverted_from: origin.diverted_from.iter().map(party).collect(),
        referred_by: origin.referred_by.as_ref().map(party),
    }
}

/// A record as an entry.
pub(super) fn entry(record: &CallRecord, clock: Clock) -> Entry {
    match record {
        CallRecord::Began {
            call,
            role,
            peer,
            origin: from,
            incoming,
            at,
        } => Entry::Began(Box::new(Began {
            call: call_number(*call),
            role: names::role(*role).name().to_owned(),
            peer: party(peer),
            origin: origin(from),
            incoming: *incoming,
            at_us: clock.wall_us(*at),
        })),
        CallRecord::Connected { call, at } => Entry::Connected {
            call: call_number(*call),
            at_us: clock.wall_us(*at),
        },
        CallRecord::Owned { call, peer, at } => Entry::Owned {
            call: call_number(*call),
            peer: party(peer),
            at_us: clock.wall_us(*at),
        },
        CallRecord::Identified { call, peer, .. } => Entry::Identified {
            call: call_number(*call),
            peer: party(peer),
        },
        CallRecord::Finished {
            call, outcome, at, ..
        } => Entry::Finished {
            call: call_number(*call),
            outcome: names::outcome(*outcome).name().to_owned(),
            status: match outcome {
                Outcome::Refused(status) => Some(*status),
                _ => None,
            },
            at_us: clock.wall_us(*at),
        },
        CallRecord::TurnedAway {
            peer,
            how,
            calls,
            at,
        } => Entry::TurnedAway(Box::new(TurnedAway {
            peer: party(peer),
            status: how.status,
            why: names::away_reason(how.why).name().to_owned(),
            calls: *calls,
            at_us: clock.wall_us(*at),
        })),
        CallRecord::WrapUpOpened { id, call, due, at } => Entry::WrapUpOpened {
            wrap_up: wrap_up_number(*id),
            call: call_number(*call),
            due: *due,
            at_us: clock.wall_us(*at),
        },
        CallRecord::WrapUpDrafted {
            id, reason, note, ..
        } => Entry::WrapUpDrafted {
            wrap_up: wrap_up_number(*id),
            reason: reason.clone(),
            note: note.clone(),
        },
        CallRecord::WrapUpSubmitted {
            id,
            reason,
            note,
            timed,
            at,
            ..
        } => Entry::WrapUpSubmitted {
            wrap_up: wrap_up_number(*id),
            reason: reason.clone(),
            note: note.clone(),
            timed: *timed,
            at_us: clock.wall_us(*at),
        },
    }
}

/// What a far side has stated of a call's end, as the header Reason has it (RFC 3326): `SIP 600 Busy everywhere`.
pub(super) fn words(reason: &EndReason) -> String {
    let cause = reason.cause.map(|cause| cause.to_string());
    let said = messages::end_reason(reason).map(|text| text.en);
    let words = [Some(reason.protocol.clone()), cause, said];
    let words: Vec<String> = words.into_iter().flatten().collect();
    words.join(" ")
}

/// The party that a notice is about, and the status or the words in it.
pub(super) fn about(notice: &Notice) -> (Option<Arc<PartyIdentity>>, Option<String>) {
    let with =
        |party: &Arc<PartyIdentity>, detail: Option<String>| (Some(Arc::clone(party)), detail);
    match notice {
        Notice::GuestRefused {
            guest: party,
            status,
            ..
        }
        | Notice::HoldRefused { party, status, .. }
        | Notice::ResumeRefused { party, status, .. } => with(party, Some(status.to_string())),
        Notice::SwapUndone { status, .. }
        | Notice::TransferFailed { status, .. }
        | Notice::TransferFailedCustomerGone { status, .. } => (None, Some(status.to_string())),
        Notice::Reason { party, reason, .. } => {
            with(party, messages::end_reason(reason).map(|text| text.en))
        }
        Notice::Redirected { party, to, .. } => with(party, Some(to.clone())),
        Notice::TransferRequested { to, .. } => with(&to.party, None),
        Notice::GuestLeft { guest: party, .. }
        | Notice::AnsweredElsewhere { party, .. }
        | Notice::AnsweredUnasked { party, .. }
        | Notice::NoAudio { party, .. }
        | Notice::AudioBack { party, .. } => with(party, None),
        Notice::TakenUp { .. }
        | Notice::CallLost { .. }
        | Notice::TransferDeclined { .. }
        | Notice::TransferWithdrawn { .. }
        | Notice::Transferred { .. }
        | Notice::Anchored { .. }
        | Notice::NowOwner { .. }
        | Notice::CustomerLeft { .. }
        | Notice::Message { .. }
        | Notice::StrangersTurnedAway { .. }
        | Notice::TurnedAway { .. }
        | Notice::NotAnswered { .. }
        | Notice::WrapUpNotKept { .. }
        | Notice::RecordsFailing { .. }
        | Notice::RecordsKept
        | Notice::Webhook { .. }
        | Notice::DeviceGone
        | Notice::DeviceBack
        | Notice::SpeaksMuted { .. }
        | Notice::Dtmf { .. }
        | Notice::AskEndForAll { .. } => (None, None),
    }
}
