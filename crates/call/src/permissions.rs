//! The rules' table "who may do what": the one place where an act is allowed or refused by row and column.
//!
//! What the table cannot say (a step is under way, another call comes first) is added in `acts`.
use crate::{Act, Refusal, Stage};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Has the customer's call.
    Owner,
    /// Was drawn in, or is asked to take the call, or owns what another phone carries.
    Guest,
    /// Only talks and hangs up (R5).
    Customer,
}

/// An act without its argument: a column group of the table, split where two acts share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the act of the same name")]
pub enum ActKind {
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
    Withdraw,
    Accept,
    Decline,
    Exit,
    End,
    Stay,
    Dtmf,
    WrapUp,
}

impl Act {
    /// The act without its argument.
    #[must_use]
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Answer => ActKind::Answer,
            Self::Reject(_) => ActKind::Reject,
            Self::Forward(_) => ActKind::Forward,
            Self::Cancel => ActKind::Cancel,
            Self::Hold => ActKind::Hold,
            Self::Resume => ActKind::Resume,
            Self::Mute => ActKind::Mute,
            Self::Unmute => ActKind::Unmute,
            Self::Consult(_) | Self::ConsultBy { .. } => ActKind::Consult,
            Self::EndConsult => ActKind::EndConsult,
            Self::Swap => ActKind::Swap,
            Self::Conference => ActKind::Conference,
            Self::Transfer(_) => ActKind::Transfer,
            Self::Withdraw => ActKind::Withdraw,
            Self::Accept => ActKind::Accept,
            Self::Decline => ActKind::Decline,
            Self::Exit => ActKind::Exit,
            Self::End => ActKind::End,
            Self::Stay => ActKind::Stay,
            Self::Dtmf(_) => ActKind::Dtmf,
        }
    }
}

/// One cell: `Ok` is ✔, `Err` is ✖ with its reason, or `NotHere` for a dash.
///
/// # Errors
/// Why the act is refused here.
pub fn cell(stage: Stage, column: Column, act: ActKind) -> Result<(), Refusal> {
    match column {
        Column::Owner => owner(stage, act),
        Column::Guest => guest(stage, act),
        Column::Customer => customer(stage, act),
    }
}

fn owner(stage: Stage, act: ActKind) -> Result<(), Refusal> {
    use ActKind as A;
    use Refusal as R;
    use Stage as S;
    match (stage, act) {
        (S::Offered, A::Answer | A::Reject | A::Forward | A::End)
        | (S::Asked, A::Accept | A::Decline)
        | (S::Dialling, A::Mute | A::Unmute | A::Cancel | A::Accept | A::Decline | A::End) => {
            Ok(())
        }

        (S::Connected | S::Held, A::Hold | A::Resume | A::Consult | A::Transfer | A::End)
        | (S::Connected, A::Mute | A::Unmute | A::Dtmf) => Ok(()),
        (S::Held, A::Mute | A::Unmute) => Err(R::MutedByHold),

        (
            S::ConsultRequested,
            A::Mute | A::Unmute | A::EndConsult | A::Transfer | A::Accept | A::Decline,
        ) => Ok(()),
        (S::ConsultRequested, A::Swap | A::Conference) => Err(R::ConsultNotAnswered),

        (
            S::Consulting | S::Swapped,
            A::Mute | A::Unmute | A::EndConsult | A::Swap | A::Conference | A::Transfer | A::Dtmf,
        ) => Ok(()),
        (S::ConsultRequested | S::Consulting | S::Swapped, A::End) => Err(R::EndConsultFirst),

        (S::Conference, A::Mute | A::Unmute | A::Transfer | A::End | A::Stay | A::Dtmf)
        | (S::TransferPending, A::Mute | A::Unmute | A::Withdraw | A::Stay | A::Dtmf | A::WrapUp) => {
            Ok(())
        }
        (S::Conference | S::TransferPending, A::Hold | A::Resume) => Err(R::NoHoldInConference),
        (S::Conference | S::TransferPending, A::Consult) => Err(R::NoConsultInConference),
        (S::Conference, A::Exit) => Err(R::OwnerCannotExit),
        (S::TransferPending, A::End | A::Transfer) => Err(R::TransferPending),

        (S::Anchored, A::End | A::WrapUp) => Ok(()),
        (S::Anchored, A::Hold | A::Resume | A::Mute | A::Unmute | A::Consult) => Err(R::Anchored),

        (S::PostCall, A::Mute | A::Unmute | A::End | A::Dtmf | A::WrapUp) => Ok(()),
        (S::PostCall, A::Hold | A::Resume | A::Consult) => Err(R::NotInPostCall),

        _ => Err(R::NotHere(stage)),
    }
}

fn guest(stage: Stage, act: ActKind) -> Result<(), Refusal> {
    use ActKind as A;
    use Refusal as R;
    use Stage as S;
    match (stage, act) {
        (S::Offered, A::Answer | A::Reject | A::Forward | A::EndConsult)
        | (S::ConsultRequested, A::EndConsult)
        | (S::Consulting | S::Swapped, A::Mute | A::Unmute | A::EndConsult | A::Dtmf)
        | (S::Conference, A::Mute | A::Unmute | A::Exit | A::Dtmf)
        | (S::TransferPending, A::Mute | A::Unmute | A::Accept | A::Decline | A::Exit | A::Dtmf)
        | (S::Anchored | S::PostCall, A::Mute | A::Unmute | A::Exit | A::Dtmf) => Ok(()),
        (S::Conference | S::TransferPending, A::Hold | A::Resume) => Err(R::NoHoldInConference),
        (S::Conference | S::TransferPending, A::Consult) => Err(R::NoConsultInConference),
        (S::PostCall, A::Hold | A::Resume | A::Consult) => Err(R::NotInPostCall),
        (S::Conference | S::TransferPending | S::PostCall, A::End) => Err(R::GuestCannotEnd),
        (S::Conference, A::WrapUp) => Err(R::GuestHasNoWrapUp),
        _ => Err(R::NotHere(stage)),
    }
}

/// R5: the customer only talks and hangs up.
fn customer(stage: Stage, act: ActKind) -> Result<(), Refusal> {
    use ActKind as A;
    use Refusal as R;
    use Stage as S;
    match (stage, act) {
        (S::Offered, A::Answer | A::Reject | A::End)
        | (S::Dialling, A::Mute | A::Unmute | A::Cancel | A::End)
        | (S::Connected, A::Mute | A::Unmute | A::End | A::Dtmf) => Ok(()),
        (
            S::Dialling | S::Connected,
            A::Hold | A::Resume | A::Consult | A::Swap | A::Conference | A::Transfer,
        ) => Err(R::CustomerOnlyTalks),
        _ => Err(R::NotHere(stage)),
    }
}
