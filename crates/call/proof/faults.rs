//! The search is searched itself: each fault on purpose must be found, and the rule or the cell that finds it is named.
use crate::proof::bfs::{NOW, Search};
use crate::proof::inputs::{acts, inputs};
use crate::proof::model::World;
use crate::proof::mutation::{FAULTS, Mutation};
use crate::proof::{law, worlds};
use crate::{Act, ActKind, Action, Column, Input, Refusal, Stage};
use std::collections::HashMap;

#[test]
fn each_fault_is_caught_by_a_rule() {
    // Without a fault there is nothing to be found.
    for search in worlds::small() {
        let found = Search {
            endings: false,
            ..search
        }
        .run();
        assert_eq!(found.broken, None);
    }
    let mut missed = Vec::new();
    for fault in FAULTS {
        // The shortest way first: most faults show within a few inputs.
        let depths = [4, 6, 10].into_iter().flat_map(|depth| {
            worlds::small()
                .into_iter()
                .map(move |search| (depth, search))
        });
        let caught = depths.into_iter().find_map(|(depth, search)| {
            let depth = Some(search.depth.map_or(depth, |most| depth.min(most)));
            let start = World {
                phone: search.start.phone.clone().with_fault(*fault),
                ..search.start
            };
            let found = Search {
                start,
                depth,
                endings: false,
                ..search
            }
            .run();
            found.broken.map(|broken| (broken, found.way.len()))
        });
        match caught {
            Some((broken, steps)) => println!("{fault:?}: {} (after {steps} inputs)", broken.rule),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
    // A fault that leaves the list does not go unnoticed.
    assert_eq!(FAULTS.len(), 86);
}

type Cell = (Stage, Column, ActKind);

/// For each ✔ and ✖ a state that shows it.
fn specimens() -> HashMap<Cell, (World, Input)> {
    let mut specimens = HashMap::new();
    for search in worlds::core() {
        search.each_state(|world| {
            for call in world.phone.sketch() {
                for act in acts() {
                    let cell = (call.stage, call.column, act.kind());
                    let said = world.phone.permits(call.id, &act);
                    let shows = match said {
                        Ok(()) => {
                            law::allows(call.stage, call.column, act.kind())
                                && (!call.asking || act == Act::Stay)
                        }
                        Err(refusal) => {
                            law::greyed(call.stage, call.column, act.kind())
                                && !matches!(refusal, Refusal::NotHere(_))
                        }
                    };
                    if shows {
                        let input = Input::Act { call: call.id, act };
                        specimens
                            .entry(cell)
                            .or_insert_with(|| (world.clone(), input));
                    }
                }
                wrap_up_specimen(world, (call.stage, call.column), &mut specimens);
            }
        });
    }
    specimens
}

/// The table's last column has inputs of its own.
fn wrap_up_specimen(
    world: &World,
    row: (Stage, Column),
    specimens: &mut HashMap<Cell, (World, Input)>,
) {
    let cell = (row.0, row.1, ActKind::WrapUp);
    if specimens.contains_key(&cell) {
        return;
    }
    let yes = law::allows(row.0, row.1, ActKind::WrapUp);
    let no = law::greyed(row.0, row.1, ActKind::WrapUp);
    let mut all = Vec::new();
    inputs(world, &worlds::core()[0].alphabet, &mut all);
    for input in all
        .into_iter()
        .filter(|input| matches!(input, Input::WrapUp { .. }))
    {
        let said = world.phone.clone().step(NOW, input.clone());
        let refused = matches!(said[..], [Action::Refuse(Refusal::GuestHasNoWrapUp)]);
        let done = !matches!(said[..], [Action::Refuse(_)]);
        if (yes && done) || (no && refused) {
            specimens.insert(cell, (world.clone(), input));
            return;
        }
    }
}

#[test]
fn each_cell_that_says_the_contrary_is_caught() {
    let specimens = specimens();
    let mut cells = 0;
    for stage in law::STAGES {
        for column in law::COLUMNS {
            for act in law::ACTS {
                let cell = (stage, column, act);
                let yes = law::allows(stage, column, act);
                let no = law::greyed(stage, column, act);
                // No state of a guest's phone is called so: there it rings.
                if !(yes || no) || (stage, column) == (Stage::ConsultRequested, Column::Guest) {
                    continue;
                }
                let Some((world, input)) =
                    specimens.get(&cell).or_else(|| specimens.get(&twin(cell)))
                else {
                    panic!("no state shows {cell:?}");
                };
                let flip = Mutation::FlipCell(stage, column, said_by(input));
                let mut phone = world.phone.clone().with_fault(flip);
                let allowed = !matches!(phone.step(NOW, input.clone())[..], [Action::Refuse(_)]);
                assert_ne!(
                    allowed, yes,
                    "the cell {cell:?} was the contrary, and no state showed it"
                );
                cells += 1;
                println!(
                    "{stage:?}, {column:?}: {act:?} {}",
                    if yes { "✔ → ✖" } else { "✖ → ✔" }
                );
            }
        }
    }
    println!("{cells} cells, each caught");
    assert_eq!(cells, 154);
}

/// Hold and resume share a cell: which of the two makes sense depends on the moment.
fn twin((stage, column, act): Cell) -> Cell {
    let act = match act {
        ActKind::Hold => ActKind::Resume,
        ActKind::Resume => ActKind::Hold,
        other => other,
    };
    (stage, column, act)
}

fn said_by(input: &Input) -> ActKind {
    match input {
        Input::Act { act, .. } => Act::kind(act),
        _ => ActKind::WrapUp,
    }
}
