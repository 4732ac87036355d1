//! The tables "who may do what", read out of `RULES.md`: the law, apart from the core's own table.
use crate::{ActKind, Column, Stage};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The law.
pub(crate) const RULES: &str = include_str!("../RULES.md");

/// The marks by row, column of the law and column head.
static MARKS: LazyLock<HashMap<(&str, Column, &str), char>> = LazyLock::new(|| {
    let mut marks = HashMap::new();
    for (corner, columns) in [
        ("owner / guest", &[Column::Owner, Column::Guest][..]),
        ("customer", &[Column::Customer]),
    ] {
        let mut rows = RULES
            .lines()
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .skip_while(|cells: &Vec<_>| cells[0] != corner);
        let heads = rows.next().unwrap_or_else(|| panic!("no table {corner}"));
        for row in rows.skip(1).take_while(|cells| cells.len() > 1) {
            assert_eq!(row.len(), heads.len(), "the row {row:?} is ragged");
            for (head, cell) in heads.iter().zip(&row).skip(1) {
                let said: Vec<&str> = cell.split('/').collect();
                assert_eq!(said.len(), columns.len(), "{}, {head}: {cell}", row[0]);
                for (column, mark) in columns.iter().zip(said) {
                    let mark = mark.chars().next().filter(|mark| "✔✖–".contains(*mark));
                    let mark = mark.unwrap_or_else(|| panic!("{}, {head}: {cell}", row[0]));
                    assert_eq!(marks.insert((row[0], *column, *head), mark), None);
                }
            }
        }
    }
    marks
});

/// The head of the state's row.
fn row(stage: Stage) -> &'static str {
    match stage {
        Stage::Offered => "offered",
        Stage::Asked => "asked",
        Stage::Dialling => "dialling",
        Stage::Connected => "connected",
        Stage::Held => "held",
        Stage::ConsultRequested => "consult requested",
        Stage::Consulting => "consulting",
        Stage::Swapped => "swapped",
        Stage::Conference => "conference",
        Stage::TransferPending => "transfer pending",
        Stage::Anchored => "anchored",
        Stage::PostCall => "post-call",
        Stage::Ending => "ending",
    }
}

/// The head of the act's column.
fn word(act: ActKind) -> &'static str {
    match act {
        ActKind::Answer => "answer",
        ActKind::Reject => "reject",
        ActKind::Forward => "forward",
        ActKind::Cancel => "cancel",
        ActKind::Hold | ActKind::Resume => "hold, resume",
        ActKind::Mute | ActKind::Unmute => "mute, unmute",
        ActKind::Consult => "consult",
        ActKind::EndConsult => "end consult",
        ActKind::Swap => "swap",
        ActKind::Conference => "conference",
        ActKind::Transfer => "transfer",
        ActKind::Withdraw => "withdraw",
        ActKind::Accept => "accept",
        ActKind::Decline => "decline",
        ActKind::Exit => "exit",
        ActKind::End => "end",
        ActKind::Stay => "stay",
        ActKind::Dtmf => "digits",
        ActKind::WrapUp => "wrap-up",
    }
}

/// "The customer's phone knows three states; in every other it has no act": its table has these rows alone.
fn has_row(stage: Stage, column: Column) -> bool {
    match stage {
        Stage::Offered | Stage::Dialling | Stage::Connected => true,
        Stage::Asked
        | Stage::Held
        | Stage::ConsultRequested
        | Stage::Consulting
        | Stage::Swapped
        | Stage::Conference
        | Stage::TransferPending
        | Stage::Anchored
        | Stage::PostCall
        | Stage::Ending => column != Column::Customer,
    }
}

/// The law's mark.
fn mark(stage: Stage, column: Column, act: ActKind) -> char {
    let cell = (row(stage), column, word(act));
    match (has_row(stage, column), MARKS.get(&cell)) {
        (true, Some(mark)) => *mark,
        (false, None) => '–',
        (true, None) => panic!("RULES.md has no cell {cell:?}"),
        (false, Some(_)) => panic!("RULES.md has a cell {cell:?}, and says that there is none"),
    }
}

/// ✔.
pub(crate) fn allows(stage: Stage, column: Column, act: ActKind) -> bool {
    mark(stage, column, act) == '✔'
}

/// ✖.
pub(crate) fn greyed(stage: Stage, column: Column, act: ActKind) -> bool {
    mark(stage, column, act) == '✖'
}

pub(crate) const STAGES: [Stage; 13] = [
    Stage::Offered,
    Stage::Asked,
    Stage::Dialling,
    Stage::Connected,
    Stage::Held,
    Stage::ConsultRequested,
    Stage::Consulting,
    Stage::Swapped,
    Stage::Conference,
    Stage::TransferPending,
    Stage::Anchored,
    Stage::PostCall,
    Stage::Ending,
];

pub(crate) const COLUMNS: [Column; 3] = [Column::Owner, Column::Guest, Column::Customer];

pub(crate) const ACTS: [ActKind; 21] = [
    ActKind::Answer,
    ActKind::Reject,
    ActKind::Forward,
    ActKind::Cancel,
    ActKind::Hold,
    ActKind::Resume,
    ActKind::Mute,
    ActKind::Unmute,
    ActKind::Consult,
    ActKind::EndConsult,
    ActKind::Swap,
    ActKind::Conference,
    ActKind::Transfer,
    ActKind::Withdraw,
    ActKind::Accept,
    ActKind::Decline,
    ActKind::Exit,
    ActKind::End,
    ActKind::Stay,
    ActKind::Dtmf,
    ActKind::WrapUp,
];

#[test]
fn every_cell_of_the_law_is_the_cores() {
    let mut wrong = Vec::new();
    for stage in STAGES {
        for column in COLUMNS {
            for act in ACTS {
                let core = match crate::cell(stage, column, act) {
                    Ok(()) => '✔',
                    Err(crate::Refusal::NotHere(_)) => '–',
                    Err(_) => '✖',
                };
                let law = mark(stage, column, act);
                if core != law {
                    wrong.push(format!(
                        "{stage:?}, {column:?}, {act:?}: law {law}, core {core}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_cell_of_the_law_is_about_a_state_and_an_act_of_the_core() {
    for (state, _, head) in MARKS.keys() {
        assert!(STAGES.iter().any(|stage| row(*stage) == *state), "{state}");
        assert!(ACTS.iter().any(|act| word(*act) == *head), "{head}");
    }
}

#[test]
fn the_customers_phone_knows_as_many_states_as_the_law_says() {
    assert!(RULES.contains("knows three states; in every other it has no act."));
    let states = STAGES.map(|stage| has_row(stage, Column::Customer));
    assert_eq!(states.into_iter().filter(|has| *has).count(), 3);
}

#[test]
fn every_rule_has_its_row_in_the_law() {
    for number in 1..=18 {
        let row = format!("| R{number} |");
        assert!(RULES.contains(&row), "{row}");
    }
    assert!(!RULES.contains("| R19 |"));
}
