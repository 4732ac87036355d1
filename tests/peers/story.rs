//! The stories: what happens in each, whom it needs, and by which variant a transfer ended.
use crate::cast::{Cast, is};
use crate::listening::{Change, Listening};
use crate::wire;
use trialog_client::api::{ActName, Role, Stage};
use trialog_tests::foreign::Role::{Agent1, Agent2, Customer};
use trialog_tests::foreign::{Abilities, CallState, Can, Done, Fault, Manner, wait_for};

/// A story of the matrix.
pub(crate) struct Story {
    /// As in the table's head.
    pub(crate) name: &'static str,
    /// What happens, in one sentence.
    pub(crate) about: &'static str,
    /// Whether customer and agent 2 can play it.
    pub(crate) can: fn(&Abilities, &Abilities) -> Can,
    /// Plays it; the note is the variant by which a transfer ended.
    pub(crate) play: fn(&mut Cast) -> Done<String>,
}

/// All stories, in the order in which they are played: those that need a manner come last.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "conference",
        about: "hold, consult, swap and back, conference, transfer out of it",
        can: |_, _| Ok(()),
        play: conference,
    },
    Story {
        name: "exit",
        about: "agent 2 leaves the conference; agent 1 and the customer go on",
        can: |_, _| Ok(()),
        play: exit,
    },
    Story {
        name: "end",
        about: "agent 1 ends the conference for all",
        can: |_, _| Ok(()),
        play: end,
    },
    Story {
        name: "customer-leaves",
        about: "the customer leaves the conference; the agents go on in post-call",
        can: |_, _| Ok(()),
        play: customer_leaves,
    },
    Story {
        name: "consult-ends",
        about: "agent 2 hangs up in the consult; agent 1 takes the customer back",
        can: |_, _| Ok(()),
        play: consult_ends,
    },
    Story {
        name: "leaves-held",
        about: "the customer hangs up during the consult; the agents go on in post-call",
        can: |_, _| Ok(()),
        play: leaves_held,
    },
    Story {
        name: "consult-transfer",
        about: "transfer out of the consult",
        can: |_, _| Ok(()),
        play: consult_transfer,
    },
    Story {
        name: "blind",
        about: "agent 1 sends the customer to agent 2 unannounced",
        can: |_, _| Ok(()),
        play: blind,
    },
    Story {
        name: "busy",
        about: "agent 2 declines the consult; agent 1 takes the customer back",
        can: |_, _| Ok(()),
        play: busy,
    },
    Story {
        name: "customer-holds",
        about: "the customer's phone holds in the conference, and comes back",
        can: |customer, _| customer.holds_in_conference,
        play: customer_holds,
    },
    Story {
        name: "guest-holds",
        about: "agent 2's phone holds in the conference, and comes back",
        can: |_, guest| guest.holds_in_conference,
        play: guest_holds,
    },
    Story {
        name: "decline",
        about: "agent 2 declines the transfer; the conference goes on",
        can: |customer, guest| customer.replaces.and(guest.asks),
        play: decline,
    },
    Story {
        name: "refused",
        about: "the customer's phone refuses the transfer with 603; agent 1 has the customer",
        can: |customer, guest| {
            customer
                .replaces
                .and(guest.replaces)
                .and(customer.refuses_transfers)
        },
        play: refused,
    },
    Story {
        name: "anchored",
        about: "nobody can be referred: agent 1's phone carries customer and agent 2 on",
        can: |customer, guest| {
            if customer.replaces.and(guest.replaces).is_err() {
                return Err("the transfers of the stories before end so");
            }
            customer.cannot_be_referred.and(guest.cannot_be_referred)
        },
        play: anchored,
    },
];

fn conference(cast: &mut Cast) -> Done<String> {
    cast.call()?;
    cast.listen(Listening::to(
        "in the call",
        &[(Customer, &[Agent1]), (Agent1, &[Customer]), (Agent2, &[])],
    ));
    cast.owner.act(ActName::Hold, None)?;
    cast.owner.comes_to(Stage::Held)?;
    cast.listen(Listening::to("on hold", &[(Agent1, &[])]).music(Customer));
    cast.consult()?;
    let agents =
        |when| Listening::to(when, &[(Agent1, &[Agent2]), (Agent2, &[Agent1])]).music(Customer);
    cast.listen(agents("in the consult"));
    cast.owner.act(ActName::Swap, None)?;
    cast.owner.comes_to(Stage::Swapped)?;
    cast.listen(
        Listening::to("swapped", &[(Customer, &[Agent1]), (Agent1, &[Customer])]).music(Agent2),
    );
    cast.owner.act(ActName::Swap, None)?;
    cast.owner.comes_to(Stage::Consulting)?;
    cast.listen(agents("swapped back"));
    cast.without_gap(
        "at the conference's start",
        Change::Direction,
        Cast::conference,
    )?;
    cast.listen(Listening::conference("in the conference"));
    let note = transfer(cast)?;
    transferred(cast)?;
    Ok(note)
}

/// Agent 1 hands over; the note says by which variant.
fn transfer(cast: &mut Cast) -> Done<String> {
    let trace = cast.owner.trace();
    let before = wire::lines(&trace);
    cast.owner.act(ActName::Transfer, None)?;
    let mut asked = cast.abilities(Agent2).asks.is_err();
    let mut began = false;
    let anchored = wait_for("the transfer is done, or anchored", || {
        let stage = cast.owner.stage()?;
        began |= stage == Some(Stage::TransferPending);
        if began
            && let Some(stage @ (Stage::Conference | Stage::Swapped | Stage::Connected)) = stage
        {
            let tried = variant(cast, &trace, before, false);
            return Err(Fault(format!(
                "the transfer ({tried}) failed: agent 1 is in “{stage}”"
            )));
        }
        if !asked && stage == Some(Stage::TransferPending) {
            // Not every transfer asks agent 2: variant A does not.
            asked = cast.guest.consent_if_asked()?;
        }
        Ok(match stage {
            None => Some(false),
            Some(Stage::Anchored) => Some(true),
            _ => None,
        })
    })?;
    Ok(variant(cast, &trace, before, anchored))
}

fn variant(cast: &Cast, trace: &std::path::Path, before: usize, anchored: bool) -> String {
    let mut steps: Vec<&str> = wire::referred(trace, before)
        .iter()
        .map(|(user, replaces)| match replaces {
            false => "blind",
            true if user == cast.user(Customer) => "A",
            true => "B",
        })
        .collect();
    if anchored {
        steps.push("anchored");
    }
    steps.join("→")
}

/// Customer and agent 2 talk, without agent 1, after a transfer; the customer hangs up.
fn transferred(cast: &mut Cast) -> Done {
    is(
        &mut cast.customer,
        "the customer has one call",
        &[CallState::Up],
    )?;
    is(&mut cast.guest, "agent 2 has one call", &[CallState::Up])?;
    // Where agent 1's phone goes on between the two, a B2BUA tells agent 2 so by that phone's word.
    cast.guest_is(Role::Owner)?;
    cast.listen_anew(Listening::to(
        "after the transfer",
        &[(Customer, &[Agent2]), (Agent1, &[]), (Agent2, &[Customer])],
    ));
    cast.customer.hang_up()?;
    cast.over()
}

fn exit(cast: &mut Cast) -> Done<String> {
    cast.meet()?;
    cast.without_gap("when agent 2 exits", Change::Nothing, |cast| {
        cast.guest.hang_up()?;
        cast.owner.comes_to(Stage::Connected)
    })?;
    cast.listen(Listening::to(
        "after agent 2's exit",
        &[(Customer, &[Agent1]), (Agent1, &[Customer]), (Agent2, &[])],
    ));
    cast.customer.hang_up()?;
    cast.over()?;
    Ok(String::new())
}

fn end(cast: &mut Cast) -> Done<String> {
    cast.meet()?;
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    Ok(String::new())
}

fn customer_leaves(cast: &mut Cast) -> Done<String> {
    cast.meet()?;
    cast.customer.hang_up()?;
    cast.owner.comes_to(Stage::PostCall)?;
    cast.listen(Listening::to(
        "in post-call",
        &[(Customer, &[]), (Agent1, &[Agent2]), (Agent2, &[Agent1])],
    ));
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    Ok(String::new())
}

fn consult_ends(cast: &mut Cast) -> Done<String> {
    cast.call()?;
    cast.consult()?;
    cast.guest.hang_up()?;
    cast.owner.comes_to(Stage::Held)?;
    cast.owner.act(ActName::Resume, None)?;
    cast.owner.comes_to(Stage::Connected)?;
    cast.listen(Listening::to(
        "after the consult",
        &[(Customer, &[Agent1]), (Agent1, &[Customer]), (Agent2, &[])],
    ));
    cast.customer.hang_up()?;
    cast.over()?;
    Ok(String::new())
}

fn leaves_held(cast: &mut Cast) -> Done<String> {
    cast.call()?;
    cast.consult()?;
    cast.customer.hang_up()?;
    cast.owner.comes_to(Stage::PostCall)?;
    cast.listen(Listening::to(
        "in post-call",
        &[(Customer, &[]), (Agent1, &[Agent2]), (Agent2, &[Agent1])],
    ));
    cast.guest.hang_up()?;
    cast.over()?;
    Ok(String::new())
}

fn consult_transfer(cast: &mut Cast) -> Done<String> {
    cast.call()?;
    cast.consult()?;
    let note = transfer(cast)?;
    transferred(cast)?;
    Ok(note)
}

fn blind(cast: &mut Cast) -> Done<String> {
    cast.call()?;
    let trace = cast.owner.trace();
    let before = wire::lines(&trace);
    let to = cast.guest.uri();
    cast.owner.act(ActName::Transfer, Some(&to))?;
    is(&mut cast.guest, "agent 2 rings", &[CallState::Offered])?;
    cast.guest.answer()?;
    let anchored = wait_for("the transfer is done, or anchored", || {
        Ok(match cast.owner.stage()? {
            None => Some(false),
            Some(Stage::Anchored) => Some(true),
            _ => None,
        })
    })?;
    let note = variant(cast, &trace, before, anchored);
    transferred(cast)?;
    Ok(note)
}

fn busy(cast: &mut Cast) -> Done<String> {
    cast.call()?;
    cast.ask()?;
    cast.guest.hang_up()?;
    cast.owner.comes_to(Stage::Held)?;
    cast.owner.act(ActName::Resume, None)?;
    cast.owner.comes_to(Stage::Connected)?;
    cast.listen(Listening::to(
        "after agent 2 was busy",
        &[(Customer, &[Agent1]), (Agent1, &[Customer]), (Agent2, &[])],
    ));
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    Ok(String::new())
}

fn customer_holds(cast: &mut Cast) -> Done<String> {
    cast.meet_at_rest()?;
    cast.customer.hold()?;
    far_held(cast, 0, true)?;
    cast.listen(Listening::to(
        "while the customer's phone holds",
        &[(Agent1, &[Agent2]), (Agent2, &[Agent1])],
    ));
    cast.customer.resume()?;
    far_held(cast, 0, false)?;
    cast.listen(Listening::conference("after the customer's phone held"));
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    Ok(String::new())
}

fn guest_holds(cast: &mut Cast) -> Done<String> {
    cast.meet_at_rest()?;
    cast.guest.hold()?;
    far_held(cast, 1, true)?;
    cast.listen(Listening::to(
        "while agent 2's phone holds",
        &[(Customer, &[Agent1]), (Agent1, &[Customer])],
    ));
    cast.guest.resume()?;
    far_held(cast, 1, false)?;
    cast.listen(Listening::conference("after agent 2's phone held"));
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    Ok(String::new())
}

/// Waits until agent 1 sees this leg held by the far side, or no longer.
fn far_held(cast: &mut Cast, leg: usize, held: bool) -> Done {
    wait_for(
        &format!("agent 1 sees that leg {leg} holds: {held}"),
        || {
            let status = cast.owner.status()?;
            let seen = status.calls.first().and_then(|call| call.legs.get(leg));
            let is_so = seen.is_some_and(|leg| leg.far_held == held);
            Ok(is_so.then_some(()))
        },
    )
}

fn decline(cast: &mut Cast) -> Done<String> {
    cast.meet()?;
    cast.owner.act(ActName::Transfer, None)?;
    cast.guest.consent(false)?;
    cast.owner.comes_to(Stage::Conference)?;
    cast.listen(Listening::conference("after agent 2 declined"));
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    Ok(String::new())
}

fn refused(cast: &mut Cast) -> Done<String> {
    cast.customer.behave(Manner::RefusesTransfers)?;
    cast.call()?;
    cast.consult()?;
    cast.owner.act(ActName::Transfer, None)?;
    cast.owner.comes_to(Stage::Swapped)?;
    cast.listen(
        Listening::to(
            "after the refused transfer",
            &[(Customer, &[Agent1]), (Agent1, &[Customer])],
        )
        .music(Agent2),
    );
    cast.owner.act(ActName::EndConsult, None)?;
    cast.owner.comes_to(Stage::Connected)?;
    cast.owner.act(ActName::End, None)?;
    cast.over()?;
    cast.customer.behave(Manner::Plain)?;
    Ok(String::new())
}

fn anchored(cast: &mut Cast) -> Done<String> {
    cast.customer.behave(Manner::CannotBeReferred)?;
    cast.guest.behave(Manner::CannotBeReferred)?;
    cast.meet()?;
    let note = transfer(cast)?;
    if !note.ends_with("anchored") {
        return Err(Fault(format!(
            "the transfer ended by {note}, expected anchored"
        )));
    }
    transferred(cast)?;
    cast.customer.behave(Manner::Plain)?;
    cast.guest.behave(Manner::Plain)?;
    Ok(note)
}
