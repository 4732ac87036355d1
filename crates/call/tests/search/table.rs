//! Who may do what: the table of the rules, written down by hand a second time, apart from the core's own.
use trialog_call::{Act, Role, Stage};

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// ✔: allowed, but for a step that is just under way.
    Yes,
    /// ✖: shown greyed, with a reason of its own.
    No,
    /// –: does not exist here.
    Absent,
    /// The table is silent.
    Open,
}

/// An act without its argument. A blind transfer stands apart from the attended one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Answer,
    Reject,
    Forward,
    Cancel,
    Hold,
    Resume,
    Mute,
    Unmute,
    Consult,
    EndConsult,
    Swap,
    Conference,
    Transfer,
    Blind,
    Withdraw,
    Accept,
    Decline,
    Exit,
    End,
    Stay,
    Dtmf,
}

/// The column that an act stands in.
pub fn column(act: &Act) -> Column {
    match act {
        Act::Answer => Column::Answer,
        Act::Reject => Column::Reject,
        Act::Forward(_) => Column::Forward,
        Act::Cancel => Column::Cancel,
        Act::Hold => Column::Hold,
        Act::Resume => Column::Resume,
        Act::Mute => Column::Mute,
        Act::Unmute => Column::Unmute,
        Act::Consult(_) => Column::Consult,
        Act::EndConsult => Column::EndConsult,
        Act::Swap => Column::Swap,
        Act::Conference => Column::Conference,
        Act::Transfer(None) => Column::Transfer,
        Act::Transfer(Some(_)) => Column::Blind,
        Act::Withdraw => Column::Withdraw,
        Act::Accept => Column::Accept,
        Act::Decline => Column::Decline,
        Act::Exit => Column::Exit,
        Act::End => Column::End,
        Act::Stay => Column::Stay,
        Act::Dtmf(_) => Column::Dtmf,
    }
}

/// What the rules say of this act, for this role, in this row.
pub fn cell(role: Role, stage: Stage, column: Column) -> Cell {
    use Cell::{Absent, No, Open, Yes};
    use Column as C;
    if matches!(column, C::Dtmf | C::Stay) {
        return Open;
    }
    match (stage, role) {
        (Stage::Ending, _) => Absent,
        (Stage::Offered, Role::Owner | Role::Customer) => match column {
            C::Answer | C::Reject => Yes,
            C::Forward if role == Role::Owner => Yes,
            C::Forward | C::End => Open,
            _ => Absent,
        },
        (Stage::Offered, Role::Guest) => match column {
            C::Answer | C::EndConsult => Yes,
            C::Reject | C::Forward | C::Decline => Open,
            _ => Absent,
        },
        (Stage::Dialling, Role::Owner | Role::Customer) => match column {
            C::Mute | C::Unmute | C::Cancel => Yes,
            C::End => Open,
            _ => Absent,
        },
        // The customer only talks and hangs up (R5).
        (Stage::Connected | Stage::TransferPending, Role::Customer) => match column {
            C::Mute | C::Unmute => Yes,
            C::End => {
                if stage == Stage::Connected {
                    Yes
                } else {
                    Open
                }
            }
            C::Accept | C::Decline if stage == Stage::TransferPending => Open,
            C::Hold | C::Resume | C::Consult | C::Conference | C::Blind => No,
            _ => Open,
        },
        (Stage::Connected, Role::Owner) => match column {
            C::Hold | C::Mute | C::Unmute | C::Consult | C::Blind | C::End => Yes,
            C::Resume | C::Transfer => Open,
            _ => Absent,
        },
        (Stage::Held, Role::Owner) => match column {
            C::Resume | C::Consult | C::Blind | C::End => Yes,
            C::Mute | C::Unmute => No,
            C::Hold | C::Transfer => Open,
            _ => Absent,
        },
        (Stage::ConsultRequested, Role::Owner) => match column {
            C::Mute | C::Unmute | C::EndConsult | C::Transfer => Yes,
            C::Swap | C::Conference | C::End => No,
            C::Cancel | C::Blind => Open,
            _ => Absent,
        },
        (Stage::Consulting | Stage::Swapped, Role::Owner) => match column {
            C::Mute | C::Unmute | C::EndConsult | C::Swap | C::Conference | C::Transfer => Yes,
            C::End => No,
            C::Blind => Open,
            _ => Absent,
        },
        (Stage::Consulting | Stage::Swapped, Role::Guest) => match column {
            C::Mute | C::Unmute | C::EndConsult => Yes,
            _ => Absent,
        },
        (Stage::Conference, Role::Owner) => match column {
            C::Mute | C::Unmute | C::Transfer | C::End => Yes,
            C::Hold | C::Resume | C::Consult | C::Exit => No,
            C::Blind => Open,
            _ => Absent,
        },
        (Stage::Conference, Role::Guest) => match column {
            C::Mute | C::Unmute | C::Exit => Yes,
            C::Hold | C::Resume | C::Consult | C::End => No,
            _ => Absent,
        },
        (Stage::TransferPending, Role::Owner) => match column {
            C::Mute | C::Unmute | C::Withdraw => Yes,
            C::Hold | C::Resume | C::Consult | C::End => No,
            C::Transfer | C::Blind => Open,
            _ => Absent,
        },
        (Stage::TransferPending, Role::Guest) => match column {
            C::Mute | C::Unmute | C::Accept | C::Decline | C::Exit => Yes,
            C::Hold | C::Resume | C::Consult | C::End => No,
            _ => Absent,
        },
        (Stage::Anchored, Role::Owner) => match column {
            C::End => Yes,
            C::Hold | C::Resume | C::Mute | C::Unmute | C::Consult => No,
            _ => Absent,
        },
        (Stage::Anchored, Role::Guest) => match column {
            C::Mute | C::Unmute | C::Exit => Yes,
            _ => Absent,
        },
        (Stage::PostCall, Role::Owner) => match column {
            C::Mute | C::Unmute | C::End => Yes,
            C::Hold | C::Resume | C::Consult => No,
            _ => Absent,
        },
        (Stage::PostCall, Role::Guest) => match column {
            C::Mute | C::Unmute | C::Exit => Yes,
            C::Hold | C::Resume | C::Consult | C::End => No,
            _ => Absent,
        },
        // A guest does not dial, hold or get connected as anything but a guest; a customer never comes here.
        (
            Stage::Dialling | Stage::Connected | Stage::Held | Stage::ConsultRequested,
            Role::Guest,
        ) => Open,
        (
            Stage::Held
            | Stage::ConsultRequested
            | Stage::Consulting
            | Stage::Swapped
            | Stage::Conference
            | Stage::Anchored
            | Stage::PostCall,
            Role::Customer,
        ) => Open,
    }
}
