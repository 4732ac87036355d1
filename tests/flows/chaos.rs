//! Three phones whose users press whatever they may, at any time, in bad weather: what must always be true stays true, and in
//! the end nothing is left. A failure names its seed.
use crate::seconds;
use std::collections::BTreeSet;
use std::time::Duration;
use trialog_call::{Act, CallView, Role, Stage};
use trialog_tests::chance::Chance;
use trialog_tests::{CUSTOMER, GUEST, Link, Meddling, Model, OWNER, PhoneId, Wanted, World};

/// A far side refuses the next few requests of a kind.
fn something_fails(trio: &mut World, chance: &mut Chance) {
    let status = [491, 486, 488, 500, 501, 603][below(chance, 6)];
    let wanted = match below(chance, 3) {
        0 => Wanted::reinvite(),
        1 => Wanted::first_invite(),
        _ => Wanted::request("REFER"),
    };
    trio.network
        .meddle(wanted, Meddling::Refuse(status), 1 + below(chance, 3));
}

/// Somebody does something that he may do, or everybody waits.
fn something_happens(trio: &mut World, chance: &mut Chance) {
    let phone = [CUSTOMER, OWNER, OWNER, GUEST][below(chance, 4)];
    let calls: Vec<CallView> = trio.calls(phone);
    let Some(call) = (!calls.is_empty()).then(|| calls[below(chance, calls.len())].clone()) else {
        return;
    };
    let allowed: Vec<Act> = call
        .acts
        .iter()
        .filter(|shown| shown.refusal.is_none())
        .map(|shown| shown.act.clone())
        .collect();
    if allowed.is_empty() {
        return;
    }
    let act = match allowed[below(chance, allowed.len())].clone() {
        Act::Consult(_) => Act::Consult(trio.target(somebody_else(phone, chance))),
        Act::Forward(_) => Act::Forward(trio.target(GUEST)),
        Act::Transfer(Some(_)) => Act::Transfer(Some(trio.target(somebody_else(phone, chance)))),
        Act::Dtmf(_) => Act::Dtmf(b'5'),
        act => act,
    };
    if lets_the_customer_go(&act, &call) && phone != GUEST
        || phone == GUEST && act == Act::End
        || phone == CUSTOMER
    {
        trio.let_go();
    }
    let _ = trio.try_act_on(phone, call.id, act);
}

/// All is over: the agents hand in what they owe, no far side refuses any more, and the customer calls again.
fn the_next_call(mut trio: World) -> World {
    trio.let_go();
    trio.network.stop_meddling();
    trio.run_for(seconds(60));
    for agent in [OWNER, GUEST] {
        while !trio.wrap_ups(agent).is_empty() {
            trio.submit(agent, "sale");
        }
    }
    trio.connected()
}

fn lets_the_customer_go(act: &Act, call: &CallView) -> bool {
    match act {
        Act::End | Act::Reject | Act::Forward(_) | Act::Cancel => true,
        // Blind: whether he is taken there is not ours to promise.
        Act::Transfer(Some(_)) => true,
        Act::Exit => call.stage == Stage::Anchored || call.role == Role::Owner,
        _ => false,
    }
}

fn somebody_else(phone: PhoneId, chance: &mut Chance) -> PhoneId {
    loop {
        let other = [CUSTOMER, OWNER, GUEST][below(chance, 3)];
        if other != phone {
            return other;
        }
    }
}

fn below(chance: &mut Chance, end: usize) -> usize {
    usize::try_from(chance.below(end as u64)).expect("it is below a size")
}

fn chaos(seed: u64, link: Link, from: fn(World) -> World) -> BTreeSet<Stage> {
    let mut seen = BTreeSet::new();
    let mut trio = from(World::trio_of(
        seed,
        link,
        &Model::customer(),
        &Model::agent(),
        &Model::agent(),
    ));
    let mut chance = Chance::new(seed ^ 0xC4A05);
    for _ in 0..60 {
        if [CUSTOMER, OWNER, GUEST]
            .iter()
            .all(|phone| trio.calls(*phone).is_empty())
        {
            trio = the_next_call(trio);
        }
        if chance.happens(100) {
            something_fails(&mut trio, &mut chance);
        }
        something_happens(&mut trio, &mut chance);
        let longest = if chance.happens(200) { 20_000 } else { 400 };
        trio.run_for(Duration::from_millis(chance.below(longest)));
        seen.extend(
            [CUSTOMER, OWNER, GUEST]
                .iter()
                .flat_map(|phone| trio.at(*phone).stages(trio.now())),
        );
    }
    trio.run_for(seconds(60));
    trio.close();
    seen
}

/// Plays all seeds, and sees to it that they led everywhere.
fn many(link: Link, from: fn(World) -> World) {
    let asked = std::env::var("TRIALOG_SEEDS")
        .ok()
        .and_then(|count| count.parse().ok());
    let seen: BTreeSet<Stage> = (0..asked.unwrap_or(200))
        .flat_map(|seed| chaos(seed, link, from))
        .collect();
    for stage in [
        Stage::Offered,
        Stage::Connected,
        Stage::Held,
        Stage::ConsultRequested,
        Stage::Consulting,
        Stage::Swapped,
        Stage::Conference,
        Stage::TransferPending,
        Stage::PostCall,
        Stage::Ending,
    ] {
        assert!(seen.contains(&stage), "nobody came to {stage:?}");
    }
}

#[test]
fn whatever_is_pressed_out_of_a_call_in_good_weather_all_promises_hold() {
    many(Link::GOOD, World::connected);
}

#[test]
fn whatever_is_pressed_out_of_a_call_in_bad_weather_all_promises_hold() {
    many(Link::BAD, World::connected);
}

#[test]
fn whatever_is_pressed_out_of_a_conference_in_good_weather_all_promises_hold() {
    many(Link::GOOD, World::conference);
}

#[test]
fn whatever_is_pressed_out_of_a_conference_in_bad_weather_all_promises_hold() {
    many(Link::BAD, World::conference);
}
