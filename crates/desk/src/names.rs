//! The fixed names that may stand in each place of the API's JSON, for its document.
use crate::table::{Does, OPERATIONS};
use crate::{act, messages, view};
use trialog_call::{CallId, Notice, Outcome, Presence, Role, Stage};

pub(crate) fn stages() -> Vec<&'static str> {
    [
        Stage::Offered,
        Stage::Dialling,
        Stage::Connected,
        Stage::Held,
        Stage::ConsultRequested,
        Stage::Consulting,
        Stage::Swapped,
        Stage::Conference,
        Stage::TransferPending,
        Stage::Anchored,
        Stage::PostCall,
        Stage::Ending,
    ]
    .map(act::stage_name)
    .to_vec()
}

pub(crate) fn roles() -> Vec<&'static str> {
    [Role::Customer, Role::Owner, Role::Guest]
        .map(act::role_name)
        .to_vec()
}

pub(crate) fn presences() -> Vec<&'static str> {
    [Presence::Available, Presence::Idle]
        .map(view::presence)
        .to_vec()
}

pub(crate) fn registrations() -> Vec<&'static str> {
    vec![
        "direct",
        "registering",
        "registered",
        "failed",
        "unregistered",
    ]
}

pub(crate) fn outcomes() -> Vec<&'static str> {
    [
        Outcome::NotAnswered,
        Outcome::Refused(486),
        Outcome::Ended,
        Outcome::FarEnded,
        Outcome::Transferred,
        Outcome::Exited,
        Outcome::Failed,
    ]
    .map(act::outcome_name)
    .to_vec()
}

pub(crate) fn refusals() -> Vec<&'static str> {
    messages::every_refusal()
        .into_iter()
        .map(messages::refusal_code)
        .collect()
}

/// The acts on a call, as in a path.
pub(crate) fn acts() -> Vec<&'static str> {
    OPERATIONS
        .iter()
        .filter(|operation| matches!(operation.does, Does::Act(_)))
        .filter_map(|operation| operation.path.rsplit('/').next())
        .collect()
}

/// All that can be asked for and refused by the core.
pub(crate) fn refusable() -> Vec<&'static str> {
    let others = ["call", "hook", "submit", "draft", "extend"];
    acts().into_iter().chain(others).collect()
}

pub(crate) fn notices() -> Vec<&'static str> {
    every_notice().iter().map(messages::notice_kind).collect()
}

/// Each notice once.
pub(crate) fn every_notice() -> Vec<Notice> {
    let call = CallId(1);
    let (guest, party) = (|| "Gus".to_owned(), || "Carla".to_owned());
    vec![
        Notice::GuestRefused {
            call,
            guest: guest(),
            status: 486,
        },
        Notice::HoldRefused {
            call,
            party: party(),
            status: 488,
        },
        Notice::ResumeRefused {
            call,
            party: party(),
            status: 488,
        },
        Notice::SwapUndone { call, status: 488 },
        Notice::TransferFailed { call, status: 603 },
        Notice::TransferDeclined { call },
        Notice::TransferWithdrawn { call },
        Notice::Transferred { call },
        Notice::Anchored { call },
        Notice::NowOwner { call },
        Notice::GuestLeft {
            call,
            guest: guest(),
        },
        Notice::CustomerLeft { call },
        Notice::NoAudio {
            call,
            party: party(),
        },
        Notice::AudioBack {
            call,
            party: party(),
        },
        Notice::DeviceGone,
        Notice::DeviceBack,
        Notice::Dtmf { call, digit: b'5' },
        Notice::AskEndForAll { call },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use trialog_call::{Act, Target};

    #[test]
    fn every_name_stands_once() {
        for names in [
            stages(),
            roles(),
            presences(),
            registrations(),
            outcomes(),
            refusals(),
            refusable(),
            notices(),
        ] {
            let set: HashSet<_> = names.iter().collect();
            assert_eq!(set.len(), names.len(), "{names:?}");
        }
    }

    #[test]
    fn an_act_is_asked_for_by_the_name_that_the_status_gives_it() {
        let to = || Target("sip:a@b".to_owned());
        let body = br#"{"to":"sip:a@b","digit":"5"}"#;
        for act in [
            Act::Answer,
            Act::Reject,
            Act::Forward(to()),
            Act::Cancel,
            Act::Hold,
            Act::Resume,
            Act::Mute,
            Act::Unmute,
            Act::Consult(to()),
            Act::EndConsult,
            Act::Swap,
            Act::Conference,
            Act::Transfer(Some(to())),
            Act::Withdraw,
            Act::Accept,
            Act::Decline,
            Act::Exit,
            Act::End,
            Act::Stay,
            Act::Dtmf(b'5'),
        ] {
            let path = format!("/api/calls/{{call}}/{}", act::name(&act));
            let mut there = OPERATIONS.iter().filter(|of| of.path == path);
            let operation = there.next().unwrap();
            let members: serde_json::Value = serde_json::from_slice(body).unwrap();
            let mut wanted = serde_json::Map::new();
            for field in operation.body {
                wanted.insert(field.name.to_owned(), members[field.name].clone());
            }
            let wanted = serde_json::Value::Object(wanted).to_string();
            let given = crate::field::of_body(operation.body, wanted.as_bytes()).unwrap();
            let Does::Act(read) = operation.does else {
                panic!("{path} is no act");
            };
            assert_eq!(read(&given), act);
        }
        assert_eq!(acts().len(), 20);
    }
}
