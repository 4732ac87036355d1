//! Acts by name, as in the path of a request and on the command line.
use crate::body::ActBody;
use trialog_call::{Act, LegId, Role, Stage, Target};

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

/// Why a request's act could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// There is no act of this name.
    NoSuchAct,
    /// The act wants this key in the body.
    Missing(&'static str),
    /// The act takes no such key.
    Superfluous(&'static str),
}

/// The act of a request.
pub(crate) fn read(name: &str, body: ActBody) -> Result<Act, Unreadable> {
    let ActBody { to, digit } = body;
    let takes_to = matches!(name, "forward" | "consult" | "transfer");
    let act = match name {
        "answer" => Act::Answer,
        "reject" => Act::Reject,
        "forward" => Act::Forward(Target(to.clone().ok_or(Unreadable::Missing("to"))?)),
        "cancel" => Act::Cancel,
        "hold" => Act::Hold,
        "resume" => Act::Resume,
        "mute" => Act::Mute,
        "unmute" => Act::Unmute,
        "consult" => Act::Consult(Target(to.clone().ok_or(Unreadable::Missing("to"))?)),
        "end-consult" => Act::EndConsult,
        "swap" => Act::Swap,
        "conference" => Act::Conference,
        "transfer" => Act::Transfer(to.clone().map(Target)),
        "withdraw" => Act::Withdraw,
        "accept" => Act::Accept,
        "decline" => Act::Decline,
        "exit" => Act::Exit,
        "end" => Act::End,
        "stay" => Act::Stay,
        "dtmf" => Act::Dtmf(one_byte(
            digit.as_deref().ok_or(Unreadable::Missing("digit"))?,
        )),
        _ => return Err(Unreadable::NoSuchAct),
    };
    if to.is_some() && !takes_to {
        return Err(Unreadable::Superfluous("to"));
    }
    if digit.is_some() && name != "dtmf" {
        return Err(Unreadable::Superfluous("digit"));
    }
    Ok(act)
}

/// A digit as the core has it; what is no single byte becomes 0, which the core refuses as no digit.
fn one_byte(digit: &str) -> u8 {
    match digit.as_bytes() {
        [digit] => digit.to_ascii_uppercase(),
        _ => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_read_back_by_its_name() {
        let to = || Target(String::from("sip:a@b"));
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
            Act::Transfer(None),
            Act::Withdraw,
            Act::Accept,
            Act::Decline,
            Act::Exit,
            Act::End,
            Act::Stay,
            Act::Dtmf(b'5'),
        ] {
            let body = ActBody {
                to: match &act {
                    Act::Forward(_) | Act::Consult(_) | Act::Transfer(Some(_)) => {
                        Some(String::from("sip:a@b"))
                    }
                    _ => None,
                },
                digit: matches!(act, Act::Dtmf(_)).then(|| String::from("5")),
            };
            assert_eq!(read(name(&act), body), Ok(act));
        }
    }

    #[test]
    fn a_key_that_the_act_does_not_take_is_named() {
        let body = ActBody {
            to: Some(String::from("sip:a@b")),
            digit: None,
        };
        assert_eq!(read("hold", body), Err(Unreadable::Superfluous("to")));
        assert_eq!(
            read("consult", ActBody::default()),
            Err(Unreadable::Missing("to"))
        );
        assert_eq!(
            read("explode", ActBody::default()),
            Err(Unreadable::NoSuchAct)
        );
    }
}
