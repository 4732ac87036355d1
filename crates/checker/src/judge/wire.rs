//! The claims that are decided by the SIP.
use super::Finding;
use crate::Party::{self, Agent1, Agent2, Customer};
use crate::WireFact;
use crate::course::{anchoring, conference_start, taken_up};
use crate::wire::{Dialog, Direction, Offer, Refer, Wire};

pub(super) fn decide(fact: WireFact, wire: &Wire) -> Finding {
    match fact {
        WireFact::CustomerCalls => customer_calls(wire),
        WireFact::HeldBeforeConsult => held_before_consult(wire),
        WireFact::AnsweredBeforeConference => answered_before_conference(wire),
        WireFact::SwapInOrder => swap_in_order(wire),
        WireFact::FocusToBoth => focus_to_both(wire),
        WireFact::NoSecondRinging => no_second_ringing(wire),
        WireFact::GuestReferred => referred(guests(wire)?, Agent2, |status| status == 200),
        WireFact::GuestReplaces => guest_replaces(wire),
        WireFact::OldDialogsEnd => old_dialogs_end(wire),
        WireFact::CustomerHangsUp => customer_hangs_up(wire),
        WireFact::CustomerReferred => customer_referred(wire, true),
        WireFact::CustomerReferredBlind => customer_referred(wire, false),
        WireFact::GuestExits => guest_exits(wire),
        WireFact::OwnerEndsForAll => owner_ends_for_all(wire),
        WireFact::CustomerLeaves => customer_leaves(wire),
        WireFact::NoHoldInPostCall => no_hold_in_post_call(wire),
        WireFact::GuestDeclines => referred(guests(wire)?, Agent2, |status| status == 603),
        WireFact::NobodyDropped => nobody_dropped(wire),
        WireFact::NobodyCanBeReferred => nobody_can_be_referred(wire),
        WireFact::BridgeStays => bridge_stays(wire),
        WireFact::TransferRefused => referred(customers(wire)?, Customer, |status| status == 603),
        WireFact::CustomerTakenBack => customer_taken_back(wire),
        WireFact::GuestBusy => guest_busy(wire),
        WireFact::TakenUp => both_asked_anew(wire),
    }
}

fn customers(wire: &Wire) -> Result<&Dialog, String> {
    wire.customers()
        .ok_or_else(|| "no dialog of customer and agent 1".to_owned())
}

fn guests(wire: &Wire) -> Result<&Dialog, String> {
    wire.guests()
        .ok_or_else(|| "no dialog of agent 1 and agent 2".to_owned())
}

fn ms(us: i64) -> String {
    format!("{:.0} ms", us as f64 / 1e3)
}

fn is_hold(offer: &Offer) -> bool {
    matches!(offer.direction, Direction::SendOnly | Direction::Inactive)
}

fn customer_calls(wire: &Wire) -> Finding {
    let a = customers(wire)?;
    let up = a.up_us.ok_or("never answered")?;
    let right = a.caller == Customer && a.callee == Agent1;
    Ok((format!("answered after {}", ms(up - a.invited_us)), right))
}

fn held_before_consult(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let hold = a
        .offers
        .iter()
        .find(|o| is_hold(o) && o.by == Agent1)
        .ok_or("no hold")?;
    let held = hold.accepted().ok_or("the hold was not accepted")?;
    let early = b.invited_us - held;
    let word = match hold.direction {
        Direction::SendOnly => "sendonly",
        _ => "not sendonly",
    };
    Ok((
        format!("{word}, 200, INVITE {} later", ms(early)),
        early >= 0 && hold.direction == Direction::SendOnly,
    ))
}

fn answered_before_conference(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let up = b.up_us.ok_or("agent 2 never answered")?;
    let start = first_focus(a, b).ok_or("no conference was asked for")?;
    Ok((
        format!("answered {:.1} s before", (start - up) as f64 / 1e6),
        up < start,
    ))
}

fn first_focus(a: &Dialog, b: &Dialog) -> Option<i64> {
    a.offers
        .iter()
        .chain(&b.offers)
        .filter(|o| o.by == Agent1 && o.focus)
        .map(|o| o.at_us)
        .min()
}

fn swap_in_order(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let mine = |d: &Dialog, hold: bool, after: i64| {
        d.offers
            .iter()
            .find(|o| !o.first && o.by == Agent1 && is_hold(o) == hold && o.at_us > after)
            .cloned()
    };
    let hold_b = mine(b, true, 0).ok_or("agent 2 was never held")?;
    let free_a = mine(a, false, hold_b.at_us).ok_or("the customer was never un-held")?;
    let hold_a = mine(a, true, free_a.at_us).ok_or("the customer was not held again")?;
    let free_b = mine(b, false, hold_a.at_us).ok_or("agent 2 was not un-held")?;
    let there = hold_b.accepted().ok_or("agent 2's hold was not accepted")?;
    let back = hold_a
        .accepted()
        .ok_or("the customer's hold was not accepted")?;
    Ok((
        format!(
            "there {} after the 200, back {}",
            ms(free_a.at_us - there),
            ms(free_b.at_us - back)
        ),
        free_a.at_us >= there && free_b.at_us >= back,
    ))
}

fn focus_to_both(wire: &Wire) -> Finding {
    let both = [("customer", customers(wire)?), ("agent 2", guests(wire)?)];
    let mut measured = Vec::new();
    let mut holds = true;
    for (who, dialog) in both {
        let found = dialog
            .offers
            .iter()
            .rev()
            .find(|o| o.by == Agent1 && o.focus && o.direction == Direction::SendRecv);
        let accepted = found.and_then(Offer::accepted).is_some();
        holds &= accepted;
        let word = match found {
            None => "none",
            Some(_) if accepted => "200",
            Some(_) => "not accepted",
        };
        measured.push(format!("{who} {word}"));
    }
    Ok((measured.join(", "), holds))
}

fn no_second_ringing(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let start = first_focus(a, b).ok_or("no conference was asked for")?;
    let end = b.bye.as_ref().map_or(i64::MAX, |bye| bye.at_us);
    let invites = wire
        .dialogs
        .iter()
        .filter(|d| d.callee == Agent2 && d.invited_us <= end)
        .count();
    let rang = wire
        .dialogs
        .iter()
        .filter(|d| d.callee == Agent2)
        .flat_map(|d| &d.rang_us)
        .filter(|t| start <= **t && **t <= end)
        .count();
    Ok((
        format!("{invites} INVITE, {rang} ringing after the conference was asked for"),
        invites == 1 && rang == 0,
    ))
}

/// A REFER in this dialog to this party, answered 202 and ended as wanted, or answered at once as wanted.
fn referred(dialog: &Dialog, to: Party, wanted: fn(u16) -> bool) -> Finding {
    let refer = the_refer(dialog, to)?;
    let (_, answer) = refer.answer.ok_or("the REFER was not answered")?;
    if answer >= 300 {
        return Ok((format!("REFER {answer}"), wanted(answer)));
    }
    let (at, status) = refer.ended().ok_or("no final NOTIFY")?;
    Ok((
        format!(
            "REFER {answer}, NOTIFY {status} after {}",
            ms(at - refer.at_us)
        ),
        wanted(status),
    ))
}

fn the_refer(dialog: &Dialog, to: Party) -> Result<&Refer, String> {
    dialog
        .refers
        .iter()
        .rfind(|r| r.to == to && r.by == Agent1)
        .ok_or_else(|| format!("no REFER to {}", to.name()))
}

fn guest_replaces(wire: &Wire) -> Finding {
    let a = customers(wire)?;
    let t = wire
        .transferred()
        .ok_or("no dialog of agent 2 and customer")?;
    let replaces = t.replaces.as_deref().ok_or("the INVITE has no Replaces")?;
    let named = a.is_named_by(replaces, Customer);
    let up = t.up_us.ok_or("not answered")?;
    let words = if named {
        "names the dialog"
    } else {
        "names another dialog"
    };
    let rang = if t.rang_us.is_empty() {
        "no ringing"
    } else {
        "rang"
    };
    Ok((
        format!("{words}, {rang}, 200 after {}", ms(up - t.invited_us)),
        named && t.caller == Agent2 && t.rang_us.is_empty(),
    ))
}

fn old_dialogs_end(wire: &Wire) -> Finding {
    let t = wire
        .transferred()
        .ok_or("no dialog of agent 2 and customer")?;
    let up = t.up_us.ok_or("not answered")?;
    let mut measured = Vec::new();
    let mut holds = true;
    let old = [
        ("customer's", wire.customers()),
        ("agent 2's", wire.guests()),
    ];
    for (whose, dialog) in old {
        let Some(dialog) = dialog else { continue };
        let Some(bye) = &dialog.bye else {
            measured.push(format!("{whose} goes on"));
            holds = false;
            continue;
        };
        holds &= bye.at_us >= up;
        let sign = if bye.at_us >= up { "after" } else { "BEFORE" };
        measured.push(format!("{whose} BYE {} {sign}", ms((bye.at_us - up).abs())));
    }
    holds &= wire.customers().is_some();
    Ok((measured.join(", "), holds))
}

fn customer_hangs_up(wire: &Wire) -> Finding {
    let t = wire
        .transferred()
        .ok_or("no dialog of agent 2 and customer")?;
    let bye = t.bye.as_ref().ok_or("no BYE")?;
    Ok((
        format!("BYE from {}", bye.by.name()),
        bye.by == Customer && bye.answered.is_some(),
    ))
}

fn customer_referred(wire: &Wire, attended: bool) -> Finding {
    let a = customers(wire)?;
    let refer = the_refer(a, Customer)?;
    let asked = crate::wire::replaces_in(&refer.refer_to);
    let t = wire
        .transferred()
        .ok_or("no dialog of customer and agent 2")?;
    let right = if attended {
        let b = guests(wire)?;
        let named = |replaces: &Option<String>| {
            replaces
                .as_deref()
                .is_some_and(|r| b.is_named_by(r, Agent2))
        };
        named(&asked) && named(&t.replaces)
    } else {
        asked.is_none() && t.replaces.is_none()
    };
    let (words, ended) = referred(a, Customer, |status| status == 200)?;
    let named = if right { "" } else { ", but Replaces is wrong" };
    Ok((
        format!("{words}{named}"),
        right && ended && t.caller == Customer,
    ))
}

fn guest_exits(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let bye = b.bye.as_ref().ok_or("no BYE")?;
    let turned = a
        .offers
        .iter()
        .filter(|o| o.at_us > bye.at_us && o.direction != Direction::SendRecv)
        .count();
    let in_conference = conference_start(a).is_some_and(|(_, t)| t < bye.at_us);
    let survives = a
        .bye
        .as_ref()
        .is_none_or(|end| end.at_us > bye.at_us + 1_000_000);
    Ok((
        format!(
            "BYE from {}, {turned} changes of the customer's direction",
            bye.by.name()
        ),
        bye.by == Agent2 && turned == 0 && in_conference && survives && bye.answered.is_some(),
    ))
}

fn owner_ends_for_all(wire: &Wire) -> Finding {
    let mut measured = Vec::new();
    let mut holds = true;
    for (who, dialog) in [("customer", customers(wire)?), ("agent 2", guests(wire)?)] {
        let Some(bye) = &dialog.bye else {
            measured.push(format!("{who}: no BYE"));
            holds = false;
            continue;
        };
        let answered = if bye.answered.is_some() {
            "200"
        } else {
            "no answer"
        };
        let reason = bye.reason.as_deref().unwrap_or("no Reason");
        measured.push(format!("{who}: {answered}, {reason}"));
        holds &= bye.by == Agent1 && bye.answered.is_some() && bye.reason.is_some();
    }
    holds &= conference_start(customers(wire)?).is_some();
    Ok((measured.join("; "), holds))
}

fn customer_leaves(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let bye = a.bye.as_ref().ok_or("the customer's dialog did not end")?;
    let end = b.bye.as_ref().map_or(wire.end_us(), |b| b.at_us);
    let on = (end - bye.at_us) as f64 / 1e6;
    Ok((
        format!("BYE from {}, the agents go on for {on:.1} s", bye.by.name()),
        bye.by == Customer && on >= 2.0,
    ))
}

fn no_hold_in_post_call(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let bye = a.bye.as_ref().ok_or("the customer's dialog did not end")?;
    let holds = b
        .offers
        .iter()
        .filter(|o| is_hold(o) && o.at_us > bye.at_us)
        .count();
    Ok((format!("{holds} holds offered"), holds == 0))
}

fn nobody_dropped(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let refer = the_refer(b, Agent2)?;
    let at = refer
        .ended()
        .or(refer.answer)
        .map(|(t, _)| t)
        .ok_or("the REFER was not answered")?;
    let on = |d: &Dialog| {
        let end = d.bye.as_ref().map_or(wire.end_us(), |bye| bye.at_us);
        (end - at) as f64 / 1e6
    };
    let (customer, guest) = (on(a), on(b));
    Ok((
        format!("customer {customer:.1} s, agent 2 {guest:.1} s on"),
        customer >= 2.0 && guest >= 2.0,
    ))
}

fn nobody_can_be_referred(wire: &Wire) -> Finding {
    let mut measured = Vec::new();
    let mut holds = true;
    for (party, dialog) in [(Customer, customers(wire)?), (Agent2, guests(wire)?)] {
        let able = dialog
            .abilities
            .iter()
            .find(|(p, ..)| *p == party)
            .ok_or_else(|| format!("{} never said what it allows", party.name()))?;
        let refused = dialog
            .refers
            .iter()
            .any(|r| r.to == party && r.answer.is_some_and(|(_, s)| [405, 420, 501].contains(&s)));
        holds &= !able.1 || refused;
        let word = match (able.1, refused) {
            (false, _) => "no REFER in Allow",
            (true, true) => "refuses REFER",
            (true, false) => "allows REFER",
        };
        measured.push(format!(
            "{}: {word}",
            party.name().trim_start_matches("the ")
        ));
    }
    Ok((measured.join(", "), holds))
}

fn bridge_stays(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let at = anchoring(wire, Some(b)).ok_or("no INFO to agent 2")?;
    let first = [&a.bye, &b.bye]
        .into_iter()
        .flatten()
        .min_by_key(|bye| bye.at_us)
        .ok_or("nobody hangs up")?;
    let on = (first.at_us - at) as f64 / 1e6;
    Ok((
        format!("{on:.1} s on, then BYE from {}", first.by.name()),
        on >= 2.0 && first.by != Agent1 && wire.transferred().is_none(),
    ))
}

fn customer_taken_back(wire: &Wire) -> Finding {
    let (a, b) = (customers(wire)?, guests(wire)?);
    let failed = match b.refused {
        Some((t, _)) => t,
        None => {
            let refer = the_refer(a, Customer)?;
            let end = refer.ended().or(refer.answer);
            end.map(|(t, _)| t).ok_or("nothing failed")?
        }
    };
    let back = a
        .offers
        .iter()
        .filter(|o| o.by == Agent1 && o.at_us > failed && o.direction == Direction::SendRecv)
        .find_map(Offer::accepted)
        .ok_or("the customer was not un-held")?;
    let dropped = a.bye.as_ref().is_some_and(|bye| bye.at_us < back);
    Ok((
        format!(
            "un-held {:.1} s after the failure",
            (back - failed) as f64 / 1e6
        ),
        !dropped,
    ))
}

fn both_asked_anew(wire: &Wire) -> Finding {
    let (from, to) = taken_up(wire).ok_or("no session is offered anew to both")?;
    let (a, b) = (customers(wire)?, guests(wire)?);
    let ended = [a, b].into_iter().filter_map(|d| d.bye.as_ref());
    let first = ended.map(|bye| bye.at_us).min().unwrap_or(wire.end_us());
    Ok((
        format!(
            "both 200 within {}, {:.1} s before the first BYE",
            ms(to - from),
            (first - to) as f64 / 1e6
        ),
        to < first,
    ))
}

fn guest_busy(wire: &Wire) -> Finding {
    let b = guests(wire)?;
    let (_, status) = b.refused.ok_or("agent 2 did not refuse")?;
    Ok((format!("{status}"), status == 486))
}
