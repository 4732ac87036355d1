//! Every state of the call-state core, searched: breadth-first, every input in every state, every rule in every step.
//!
//! `model` is the world around the phone, `inputs` all that can happen in it, `bfs` the search, `rules` what must hold,
//! `law` the tables of RULES.md, `faults` the proof that the search would find what it looks for: each `mutation` makes a `mutant`, a
//! phone that is wrong on purpose. `sketch` is what the search sees of a phone. None of it is in the product.
mod bfs;
mod faults;
mod inputs;
mod law;
mod model;
mod mutant;
mod mutation;
mod rules;
mod sketch;
mod worlds;

use crate::{ActKind, Column, Stage};
use bfs::{EVERY_ACTION, Found, Search};
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Search, print, and stop at what is wrong, with the shortest way to it.
fn hold(search: &Search) -> Found {
    let at = std::time::Instant::now();
    let found = search.run();
    println!(
        "{}: {} states, {} edges, {} deep{} ({:?})",
        search.name,
        found.states,
        found.edges,
        found.depth,
        if search.depth.is_some() {
            ", and no further"
        } else {
            ", and no new state"
        },
        at.elapsed(),
    );
    if let Some(broken) = &found.broken {
        let way: Vec<String> = found
            .way
            .iter()
            .map(|input| format!("  {input:?}"))
            .collect();
        panic!(
            "{} in {}\n{}\n{}",
            broken.rule,
            search.name,
            way.join("\n"),
            broken.how
        );
    }
    assert!(
        found.states <= search.most,
        "{}: more states than was thought",
        search.name
    );
    found
}

/// All of them, as many at once as there are processors.
fn hold_all(searches: &[Search]) -> (BTreeSet<&'static str>, BTreeSet<(Stage, Column, ActKind)>) {
    let next = AtomicUsize::new(0);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let one_after_the_other = || {
        let mine = std::iter::from_fn(|| searches.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.map(hold).collect::<Vec<Found>>()
    };
    let found: Vec<Found> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..processors)
            .map(|_| scope.spawn(one_after_the_other))
            .collect();
        let results = workers.into_iter().map(|worker| worker.join());
        results
            .flat_map(|found| found.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    let (mut actions, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for found in found {
        actions.extend(found.actions);
        cells.extend(found.cells.allowed.into_keys());
    }
    (actions, cells)
}

#[test]
fn an_owner_with_two_legs_keeps_every_rule() {
    hold_all(&worlds::owners());
}

#[test]
fn a_guest_keeps_every_rule() {
    hold_all(&worlds::guests());
}

#[test]
fn a_customers_phone_keeps_every_rule() {
    hold_all(&worlds::customers());
}

#[test]
fn parallel_calls_keep_every_rule() {
    hold_all(&worlds::parallel());
}

#[test]
fn a_second_call_beside_a_conference_keeps_every_rule() {
    hold_all(&worlds::second_calls());
}

#[test]
fn each_action_and_each_allowed_cell_of_the_table_is_seen() {
    let (actions, cells) = hold_all(&worlds::core());
    assert_eq!(actions.len(), EVERY_ACTION, "{actions:?}");
    for stage in law::STAGES {
        for column in law::COLUMNS {
            for act in law::ACTS {
                let yes = law::allows(stage, column, act);
                // Hold and resume share a cell: it is the one or the other.
                let twin = match act {
                    ActKind::Hold => ActKind::Resume,
                    ActKind::Resume => ActKind::Hold,
                    other => other,
                };
                let seen = [act, twin]
                    .into_iter()
                    .any(|act| cells.contains(&(stage, column, act)));
                // A guest's phone has no such state: there it rings, or the guest is in the consult already.
                let elsewhere = (stage, column) == (Stage::ConsultRequested, Column::Guest);
                let beside = act == ActKind::WrapUp;
                assert!(
                    !yes || seen || elsewhere || beside,
                    "{act:?} by the {column:?} is allowed in {stage:?}, but never was"
                );
            }
        }
    }
}
