//! What the faults make of what is derived: routing, deadlines, and the table's answers.
use super::{Mutation, parallel};
use crate::call::{Call, State};
use crate::leg::Leg;
use crate::legs::Side;
use crate::{Act, ActKind, Party, Phone, Refusal, Routing, Time, Tone};

/// What a fault makes of the routing.
pub(crate) fn tamper_routing(fault: Mutation, phone: &Phone, routing: &mut Routing) {
    let call = phone.calls.iter().next();
    let seat_of = |leg: Option<&Leg>| leg.map(|leg| Party::Leg(leg.id));
    let second = seat_of(call.and_then(|call| call.leg(Side::Guest)));
    let crowd = call.is_some_and(|call| call.state == State::Conference);
    for entry in &mut routing.entries {
        match fault {
            Mutation::R3GuestIsDeaf if crowd && Some(entry.party) == second => entry.hears = false,
            Mutation::NoMusicMeanwhile if entry.tone == Some(Tone::Music) => {
                let leg = call.and_then(|call| call.leg(Side::Peer));
                if leg.is_some_and(|leg| !leg.hold && Party::Leg(leg.id) == entry.party) {
                    (entry.tone, entry.hears, entry.speaks) = (None, true, true);
                }
            }
            Mutation::FarMusicPlays
                if crowd && entry.tone.is_none() && entry.party != Party::Local =>
            {
                entry.speaks = true;
            }
            Mutation::BothMixed => entry.speaks = true,
            _ => {}
        }
    }
    parallel::tamper_routing(fault, phone, routing);
    if fault == Mutation::R3HearsHimself
        && crowd
        && let Some(entry) = routing.entries.first().copied()
    {
        routing.entries.push(entry);
    }
    if fault == Mutation::AnchoredEar
        && let Some(call) = call.filter(|call| call.state == State::Anchored)
    {
        let group = crate::Group((call.id.0 & 0xffff) as u16);
        let (party, tone) = (Party::Local, None);
        routing.entries.push(crate::RouteEntry {
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
    fault: Mutation,
    call: &Call,
    act: &Act,
    said: Result<(), Refusal>,
) -> Result<(), Refusal> {
    match fault {
        Mutation::FlipCell(stage, column, kind)
            if (stage, column, kind) == (call.stage(), call.column(), act.kind()) =>
        {
            if said.is_ok() {
                Err(Refusal::NotHere(stage))
            } else {
                Ok(())
            }
        }
        Mutation::WithdrawForeign if said == Err(Refusal::CannotWithdraw) => Ok(()),
        _ => said,
    }
}

/// What a fault makes of the deadlines.
pub(crate) fn tamper_deadline(fault: Mutation, next: Option<Time>) -> Option<Time> {
    next.filter(|_| fault != Mutation::TransferForever)
}

/// The same for the table's last column, whose acts name no call.
pub(crate) fn tamper_wrap_up(
    fault: Mutation,
    phone: &Phone,
    said: Result<(), Refusal>,
) -> Result<(), Refusal> {
    let here = |stage, column| {
        phone
            .calls
            .iter()
            .any(|call| (call.stage(), call.column()) == (stage, column))
    };
    match fault {
        Mutation::FlipCell(stage, column, ActKind::WrapUp) if here(stage, column) => {
            if said.is_ok() {
                Err(Refusal::NotHere(stage))
            } else {
                Ok(())
            }
        }
        _ => said,
    }
}
