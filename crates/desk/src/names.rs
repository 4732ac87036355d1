//! The core's states, roles, acts and refusals by their names in the API.
use crate::messages::{self, Text};
use trialog_api::{
    ActName, AwayReason, EndReason, Member, NotSecured, NoticeKind, Outcome, Party, Presence,
    RefusalCode, Role, Stage,
};
use trialog_call as call;
use trialog_call::{Act, LegId, Notice, PartyIdentity, Refusal, WebhookState};

/// The name of an act.
#[must_use]
pub fn act(act: &Act) -> ActName {
    match act {
        Act::Answer => ActName::Answer,
        Act::Reject(_) => ActName::Reject,
        Act::Forward(_) => ActName::Forward,
        Act::Cancel => ActName::Cancel,
        Act::Hold => ActName::Hold,
        Act::Resume => ActName::Resume,
        Act::Mute => ActName::Mute,
        Act::Unmute => ActName::Unmute,
        Act::Consult(_) | Act::ConsultBy { .. } => ActName::Consult,
        Act::EndConsult => ActName::EndConsult,
        Act::Swap => ActName::Swap,
        Act::Conference => ActName::Conference,
        Act::Transfer(_) => ActName::Transfer,
        Act::Withdraw => ActName::Withdraw,
        Act::Accept => ActName::Accept,
        Act::Decline => ActName::Decline,
        Act::Exit => ActName::Exit,
        Act::End => ActName::End,
        Act::Stay => ActName::Stay,
        Act::Dtmf(_) => ActName::Dtmf,
    }
}

/// A party as the API tells it.
#[must_use]
pub fn party(identity: &PartyIdentity) -> Party {
    let name = messages::party(identity);
    Party {
        name_de: (name.de != name.en).then_some(name.de),
        name: name.en,
        number: identity.number.clone(),
        uri: identity.uri.clone(),
        asserted: identity.asserted,
        anonymous: identity.anonymous,
    }
}

/// Why a party's side has ended a call, as the API tells it.
#[must_use]
pub fn end_reason(reason: &call::EndReason) -> EndReason {
    let said = messages::end_reason(reason);
    let (text, text_de) = said.map(|Text { en, de }| (en, de)).unzip();
    EndReason {
        protocol: reason.protocol.clone(),
        not_secured: reason.not_secured.map(not_secured),
        cause: reason.cause,
        // A far side has said it in one language.
        text_de: text_de.filter(|de| text.as_ref() != Some(de)),
        text,
    }
}

fn not_secured(why: call::NotSecured) -> NotSecured {
    match why {
        call::NotSecured::OtherName => NotSecured::OtherName,
        call::NotSecured::Expired => NotSecured::Expired,
        call::NotSecured::NotYetValid => NotSecured::NotYetValid,
        call::NotSecured::UnknownIssuer => NotSecured::UnknownIssuer,
        call::NotSecured::RefusesOurs => NotSecured::RefusesOurs,
        call::NotSecured::NoTls => NotSecured::NoTls,
    }
}

/// The member of the body that an act takes.
#[must_use]
pub fn member(act: &Act) -> Option<Member> {
    match act {
        Act::Forward(_) | Act::Consult(_) | Act::ConsultBy { .. } | Act::Transfer(Some(_)) => {
            Some(Member::To)
        }
        Act::Dtmf(_) => Some(Member::Digit),
        _ => None,
    }
}

/// The name of a call's state.
#[must_use]
pub fn stage(stage: call::Stage) -> Stage {
    match stage {
        call::Stage::Offered => Stage::Offered,
        call::Stage::Asked => Stage::Asked,
        call::Stage::Dialling => Stage::Dialling,
        call::Stage::Connected => Stage::Connected,
        call::Stage::Held => Stage::Held,
        call::Stage::ConsultRequested => Stage::ConsultRequested,
        call::Stage::Consulting => Stage::Consulting,
        call::Stage::Swapped => Stage::Swapped,
        call::Stage::Conference => Stage::Conference,
        call::Stage::TransferPending => Stage::TransferPending,
        call::Stage::Anchored => Stage::Anchored,
        call::Stage::PostCall => Stage::PostCall,
        call::Stage::Ending => Stage::Ending,
    }
}

/// The name of a role.
#[must_use]
pub fn role(role: call::Role) -> Role {
    match role {
        call::Role::Customer => Role::Customer,
        call::Role::Owner => Role::Owner,
        call::Role::Guest => Role::Guest,
    }
}

/// The name of what a new caller meets: why it is refused, else what the agent has set.
#[must_use]
pub fn presence(snapshot: &call::Snapshot) -> Presence {
    match (snapshot.turns_away.map(|how| how.why), snapshot.presence) {
        (Some(call::AwayReason::Idle), _) => Presence::Idle,
        (Some(call::AwayReason::NotAnswered), _) => Presence::NotAnswered,
        (Some(call::AwayReason::NoDevice), _) => Presence::NoDevice,
        (Some(call::AwayReason::WrapUp), _) => Presence::WrapUp,
        (Some(call::AwayReason::Busy | call::AwayReason::NoRtpPort), _) => Presence::Busy,
        (Some(call::AwayReason::Ending), _) => Presence::Ending,
        (Some(call::AwayReason::NotKnown) | None, call::Presence::Available) => Presence::Available,
        (Some(call::AwayReason::NotKnown) | None, call::Presence::Idle) => Presence::Idle,
        (Some(call::AwayReason::NotKnown) | None, call::Presence::NotAnswered) => {
            Presence::NotAnswered
        }
    }
}

/// The name of why a caller was turned away.
#[must_use]
pub fn away_reason(why: call::AwayReason) -> AwayReason {
    match why {
        call::AwayReason::Idle => AwayReason::Idle,
        call::AwayReason::NotAnswered => AwayReason::NotAnswered,
        call::AwayReason::NoDevice => AwayReason::NoDevice,
        call::AwayReason::WrapUp => AwayReason::WrapUp,
        call::AwayReason::Busy => AwayReason::Busy,
        call::AwayReason::NoRtpPort => AwayReason::NoRtpPort,
        call::AwayReason::NotKnown => AwayReason::NotKnown,
        call::AwayReason::Ending => AwayReason::Ending,
    }
}

/// The name of how a call ended.
#[must_use]
pub fn outcome(outcome: call::Outcome) -> Outcome {
    match outcome {
        call::Outcome::NotAnswered => Outcome::NotAnswered,
        call::Outcome::AnsweredElsewhere => Outcome::AnsweredElsewhere,
        call::Outcome::Refused(_) => Outcome::Refused,
        call::Outcome::Ended => Outcome::Ended,
        call::Outcome::FarEnded => Outcome::FarEnded,
        call::Outcome::Transferred => Outcome::Transferred,
        call::Outcome::Exited => Outcome::Exited,
        call::Outcome::Failed => Outcome::Failed,
    }
}

/// A leg's name: `p0` for a placed one, `r1` for a received one.
#[must_use]
pub fn leg(leg: LegId) -> String {
    match leg {
        LegId::Placed(number) => format!("p{number}"),
        LegId::Received(number) => format!("r{number}"),
    }
}

/// The code of a refusal.
#[must_use]
pub fn refusal(refusal: Refusal) -> RefusalCode {
    match refusal {
        Refusal::NoSuchCall => RefusalCode::NoSuchCall,
        Refusal::NoSuchWrapUp => RefusalCode::NoSuchWrapUp,
        Refusal::NoSuchAccount => RefusalCode::NoSuchAccount,
        Refusal::NotHere(_) => RefusalCode::NotHere,
        Refusal::NoHoldInConference => RefusalCode::NoHoldInConference,
        Refusal::NoConsultInConference => RefusalCode::NoConsultInConference,
        Refusal::NotInPostCall => RefusalCode::NotInPostCall,
        Refusal::GuestCannotEnd => RefusalCode::GuestCannotEnd,
        Refusal::OwnerCannotExit => RefusalCode::OwnerCannotExit,
        Refusal::CustomerOnlyTalks => RefusalCode::CustomerOnlyTalks,
        Refusal::ConsultNotAnswered => RefusalCode::ConsultNotAnswered,
        Refusal::EndConsultFirst => RefusalCode::EndConsultFirst,
        Refusal::GuestHasNoWrapUp => RefusalCode::GuestHasNoWrapUp,
        Refusal::MutedByHold => RefusalCode::MutedByHold,
        Refusal::Anchored => RefusalCode::Anchored,
        Refusal::Busy => RefusalCode::Busy,
        Refusal::TransferPending => RefusalCode::TransferPending,
        Refusal::CannotWithdraw => RefusalCode::CannotWithdraw,
        Refusal::OtherCallFirst => RefusalCode::OtherCallFirst,
        Refusal::TooManyCalls => RefusalCode::TooManyCalls,
        Refusal::NoRtpPort => RefusalCode::NoRtpPort,
        Refusal::NoSuchReason => RefusalCode::NoSuchReason,
        Refusal::StillTalking => RefusalCode::StillTalking,
        Refusal::NoTimer => RefusalCode::NoTimer,
        Refusal::NotADigit => RefusalCode::NotADigit,
        Refusal::Terminating => RefusalCode::Terminating,
    }
}

/// The code of a notice.
#[must_use]
pub fn notice(notice: &Notice) -> NoticeKind {
    match notice {
        Notice::GuestRefused { .. } => NoticeKind::GuestRefused,
        Notice::HoldRefused { .. } => NoticeKind::HoldRefused,
        Notice::ResumeRefused { .. } => NoticeKind::ResumeRefused,
        Notice::SwapUndone { .. } => NoticeKind::SwapUndone,
        Notice::TransferFailed { .. } => NoticeKind::TransferFailed,
        Notice::TransferFailedCustomerGone { .. } => NoticeKind::TransferFailedCustomerGone,
        Notice::TransferDeclined { .. } => NoticeKind::TransferDeclined,
        Notice::TransferWithdrawn { .. } => NoticeKind::TransferWithdrawn,
        Notice::Transferred { .. } => NoticeKind::Transferred,
        Notice::Anchored { .. } => NoticeKind::Anchored,
        Notice::NowOwner { .. } => NoticeKind::NowOwner,
        Notice::GuestLeft { .. } => NoticeKind::GuestLeft,
        Notice::AnsweredElsewhere { .. } => NoticeKind::AnsweredElsewhere,
        Notice::Reason { .. } => NoticeKind::Reason,
        Notice::CustomerLeft { .. } => NoticeKind::CustomerLeft,
        Notice::NoAudio { .. } => NoticeKind::NoAudio,
        Notice::AudioBack { .. } => NoticeKind::AudioBack,
        Notice::Message { .. } => NoticeKind::Message,
        Notice::StrangersTurnedAway { .. } => NoticeKind::StrangersTurnedAway,
        Notice::TurnedAway { .. } => NoticeKind::TurnedAway,
        Notice::NotAnswered { .. } => NoticeKind::NotAnswered,
        Notice::WrapUpNotKept { .. } => NoticeKind::WrapUpNotKept,
        Notice::RecordsFailing { .. } => NoticeKind::RecordsFailing,
        Notice::RecordsKept => NoticeKind::RecordsKept,
        Notice::Webhook { state, .. } => match state {
            WebhookState::Failing { .. } => NoticeKind::WebhookFailing,
            WebhookState::Well => NoticeKind::WebhookWell,
            WebhookState::Dropped { .. } => NoticeKind::WebhookDropped,
            WebhookState::Off => NoticeKind::WebhookOff,
        },
        Notice::TakenUp { .. } => NoticeKind::TakenUp,
        Notice::CallLost { .. } => NoticeKind::CallLost,
        Notice::DeviceGone => NoticeKind::DeviceGone,
        Notice::DeviceBack => NoticeKind::DeviceBack,
        Notice::SpeaksMuted { .. } => NoticeKind::SpeaksMuted,
        Notice::TransferRequested { .. } => NoticeKind::TransferRequested,
        Notice::Redirected { .. } => NoticeKind::Redirected,
        Notice::AnsweredUnasked { .. } => NoticeKind::AnsweredUnasked,
        Notice::Dtmf { .. } => NoticeKind::Dtmf,
        Notice::AskEndForAll { .. } => NoticeKind::AskEndForAll,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages;

    #[test]
    fn each_refusal_of_the_core_has_a_code_of_its_own() {
        let codes: Vec<_> = messages::every_refusal().into_iter().map(refusal).collect();
        assert_eq!(codes, RefusalCode::ALL);
    }
}
