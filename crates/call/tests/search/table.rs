//! The table "who may do what", copied by hand from the rules and apart from the core's own.
use trialog_call::{ActKind, Column, Stage};

/// `row: owner | guest`, each a list of acts; `+` allowed, `-` shown greyed with its reason. What is not there is a dash.
const ROWS: &[(Stage, &str, &str)] = &[
    (
        Stage::Offered,
        "+answer +reject +forward +end",
        "+answer +reject +forward +endconsult",
    ),
    (Stage::Dialling, "+mute +cancel +end", ""),
    (
        Stage::Connected,
        "+hold +mute +consult +transfer +end +dtmf",
        "",
    ),
    (Stage::Held, "+hold -mute +consult +transfer +end", ""),
    (
        Stage::ConsultRequested,
        "+mute +endconsult -swap -conference +transfer -end",
        "+endconsult",
    ),
    (
        Stage::Consulting,
        "+mute +endconsult +swap +conference +transfer -end +dtmf",
        "+mute +endconsult +dtmf",
    ),
    (
        Stage::Swapped,
        "+mute +endconsult +swap +conference +transfer -end +dtmf",
        "+mute +endconsult +dtmf",
    ),
    (
        Stage::Conference,
        "-hold +mute -consult +transfer -exit +end +stay +dtmf",
        "-hold +mute -consult +exit -end -wrapup +dtmf",
    ),
    (
        Stage::TransferPending,
        "-hold +mute -consult +withdraw -transfer -end +stay +wrapup +dtmf",
        "-hold +mute -consult +accept +decline +exit -end +dtmf",
    ),
    (
        Stage::Anchored,
        "-hold -mute -consult +end +wrapup",
        "+mute +exit +dtmf",
    ),
    (
        Stage::PostCall,
        "-hold +mute -consult +end +wrapup +dtmf",
        "-hold +mute -consult +exit -end +dtmf",
    ),
    (Stage::Ending, "", ""),
];

/// The customer only talks and hangs up (R5).
const CUSTOMER: &[(Stage, &str)] = &[
    (Stage::Offered, "+answer +reject +end"),
    (
        Stage::Dialling,
        "+mute +cancel +end -hold -consult -swap -conference -transfer",
    ),
    (
        Stage::Connected,
        "+mute +end +dtmf -hold -consult -swap -conference -transfer",
    ),
];

fn word(act: ActKind) -> &'static str {
    match act {
        ActKind::Answer => "answer",
        ActKind::Reject => "reject",
        ActKind::Forward => "forward",
        ActKind::Cancel => "cancel",
        ActKind::Hold | ActKind::Resume => "hold",
        ActKind::Mute | ActKind::Unmute => "mute",
        ActKind::Consult => "consult",
        ActKind::EndConsult => "endconsult",
        ActKind::Swap => "swap",
        ActKind::Conference => "conference",
        ActKind::Transfer => "transfer",
        ActKind::Withdraw => "withdraw",
        ActKind::Accept => "accept",
        ActKind::Decline => "decline",
        ActKind::Exit => "exit",
        ActKind::End => "end",
        ActKind::Stay => "stay",
        ActKind::Dtmf => "dtmf",
        ActKind::WrapUp => "wrapup",
    }
}

fn row(stage: Stage, column: Column) -> &'static str {
    let agents = ROWS.iter().find(|(row, _, _)| *row == stage);
    let customers = CUSTOMER.iter().find(|(row, _)| *row == stage);
    match column {
        Column::Owner => agents.map_or("", |(_, owner, _)| owner),
        Column::Guest => agents.map_or("", |(_, _, guest)| guest),
        Column::Customer => customers.map_or("", |(_, customer)| customer),
    }
}

fn has(stage: Stage, column: Column, mark: char, act: ActKind) -> bool {
    row(stage, column)
        .split(' ')
        .any(|cell| cell.strip_prefix(mark) == Some(word(act)))
}

/// ✔.
pub(crate) fn allows(stage: Stage, column: Column, act: ActKind) -> bool {
    has(stage, column, '+', act)
}

/// ✖.
pub(crate) fn greyed(stage: Stage, column: Column, act: ActKind) -> bool {
    has(stage, column, '-', act)
}

pub(crate) const STAGES: [Stage; 12] = [
    Stage::Offered,
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
