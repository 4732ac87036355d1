//! The exhaustive search: from a fresh phone, every input in every state, until no new state appears.
//!
//! - `world`: what the wire may do next, kept leg by leg (the environment that the phone is searched in);
//! - `moves`: every input that is possible in a state;
//! - `coverage`: which inputs and actions were met;
//! - `invariants`: what must hold, each named after its rule;
//! - `table`: who may do what, written down a second time by hand;
//! - `explore`: breadth-first over canonical states, and backwards for "can be brought to an end".
mod coverage;
mod explore;
mod invariants;
mod moves;
mod table;
mod world;

use explore::{Limits, Report, never_allowed, search};
use moves::Setting;
use std::time::Duration;
use trialog_call::{Hangup, Phone, Policy, Reason};

/// A phone with all that a policy can ask for.
fn policy() -> Policy {
    Policy {
        reasons: vec![Reason {
            code: "sale".into(),
            en: "Sale".into(),
            de: "Verkauf".into(),
        }],
        default_reason: Some("sale".into()),
        wrap_up_time: Some(Duration::from_secs(60)),
        hangup: Hangup::Ask,
        ..Policy::default()
    }
}

/// Searches, prints, and stops with the way to the first rule that does not hold.
fn holds(name: &str, fresh: &Phone, setting: Setting, limits: Limits) -> Report {
    let report = search(fresh, setting, limits);
    println!(
        "{name}: {} states, {} edges, {} steps deep",
        report.states, report.edges, report.depth
    );
    if let Some((broken, way)) = &report.broken {
        let way: Vec<_> = way.iter().map(|input| format!("  {input:?}")).collect();
        panic!(
            "{name}: {}\n{}\nafter\n{}",
            broken.rule,
            broken.seen,
            way.join("\n")
        );
    }
    let missing = never_allowed(&report);
    assert!(
        missing.is_empty(),
        "{name}: ✔ in the table, but never allowed: {missing:?}"
    );
    report
}

const WHOLE: Limits = Limits {
    depth: u32::MAX,
    states: 3_000_000,
    endings: true,
};

#[test]
fn an_owner_with_two_legs_keeps_every_rule() {
    holds("owner", &Phone::new(policy(), 1), Setting::Owner, WHOLE);
}

#[test]
fn a_guest_keeps_every_rule() {
    holds("guest", &Phone::new(policy(), 1), Setting::Guest, WHOLE);
}

#[test]
fn a_customers_phone_keeps_every_rule() {
    let policy = Policy {
        agent: false,
        ..policy()
    };
    holds("customer", &Phone::new(policy, 1), Setting::Customer, WHOLE);
}
