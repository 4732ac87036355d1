//! Acts by name, as in the path of a request and on the command line.
use trialog_call::{Act, LegId, Outcome, Role, Stage};

/// The fixed name of an act.
#[must_use]
pub fn name(act: &Act) -> &'static str {
    match act {
        Act::Answer => "answer",
        Act::Reject => "reject",
        Act::Forward(_) => "forward",
        Act::Cancel => "cancel",
        Act::Hold => "hold",
        Act::Resume => "resume",
        Act::Mute => "mute",
        Act::Unmute => "unmute",
        Act::Consult(_) => "consult",
        Act::EndConsult => "end-consult",
        Act::Swap => "swap",
        Act::Conference => "conference",
        Act::Transfer(_) => "transfer",
        Act::Withdraw => "withdraw",
        Act::Accept => "accept",
        Act::Decline => "decline",
        Act::Exit => "exit",
        Act::End => "end",
        Act::Stay => "stay",
        Act::Dtmf(_) => "dtmf",
    }
}

/// The key of the body that an act takes.
pub(crate) fn takes(act: &Act) -> Option<&'static str> {
    match act {
        Act::Forward(_) | Act::Consult(_) | Act::Transfer(Some(_)) => Some("to"),
        Act::Dtmf(_) => Some("digit"),
        _ => None,
    }
}

/// The fixed name of a state.
#[must_use]
pub fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Offered => "offered",
        Stage::Dialling => "dialling",
        Stage::Connected => "connected",
        Stage::Held => "held",
        Stage::ConsultRequested => "consult-requested",
        Stage::Consulting => "consulting",
        Stage::Swapped => "swapped",
        Stage::Conference => "conference",
        Stage::TransferPending => "transfer-pending",
        Stage::Anchored => "anchored",
        Stage::PostCall => "post-call",
        Stage::Ending => "ending",
    }
}

/// The fixed name of a role.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Owner => "owner",
        Role::Guest => "guest",
    }
}

/// A leg's name: `p0` for a placed one, `r1` for a received one.
#[must_use]
pub fn leg_name(leg: LegId) -> String {
    match leg {
        LegId::Placed(number) => format!("p{number}"),
        LegId::Received(number) => format!("r{number}"),
    }
}

/// The fixed name of how a call ended.
#[must_use]
pub fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotAnswered => "not-answered",
        Outcome::Refused(_) => "refused",
        Outcome::Ended => "ended",
        Outcome::FarEnded => "far-ended",
        Outcome::Transferred => "transferred",
        Outcome::Exited => "exited",
        Outcome::Failed => "failed",
    }
}
