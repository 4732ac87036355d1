//! Faults on purpose. Each stands for a rule, a row of "what goes wrong" or a cell of the table; the search must find it.
use crate::{ActKind, Column, Stage};

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Mutation {
    /// The cell says the contrary.
    FlipCell(Stage, Column, ActKind),
    None_,
}
