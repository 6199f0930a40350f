//! The audit: what would go unnoticed if a constraint were missing, and what a prover may choose.
//!
//! Both questions are asked of honest windows, in two passes.
//!
//! The *survey* changes one cell at a time; the cells that follow from it are filled anew or left alone. Then
//! - if no constraint fails, and the window sends or provides something else although it receives and consumes the same,
//!   the cell is *open*: the inputs do not determine the outputs, and a prover may choose;
//! - if no constraint fails and no message changes, in any window of the chip, the cell is *idle*: nothing ever reads it;
//! - if exactly one constraint fails, that constraint is *needed*: the others do not imply it, and without it a prover could
//!   make this change wherever the messages of the change find partners.
//!
//! The *search* changes several cells together and solves for others: for each constraint that the survey left undecided it
//! looks for a window that violates this constraint alone; for each cell that seems idle, for a window that holds in which a
//! change of the cell is noticed; and for each chip for windows that hold and say something else than an honest one although
//! they hear the same: a *choice*. The key of a fact that a window provides counts as heard: what may not differ is what the
//! fact says of it.
//!
//! A constraint for which neither pass finds a window is redundant, or no event shows its use, or the search is too weak:
//! an [`Exception`] beside the circuit says why. Local constraints alone are looked at, and no message that a changed window
//! says or hears needs to find a partner.
//! Everything is the same in every run.

mod exception;
mod forge;
mod linear;
mod model;
mod neighbours;
mod random;
mod search;
mod survey;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use exception::{Exception, Finding, Settlement};

use crate::chip::ChipDef;
use crate::circuit::Circuit;
use crate::expr::Cell;
use crate::grid::Grid;

/// A cell of a chip's window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChipCell {
    /// The chip.
    pub chip: &'static str,
    /// The column's name.
    pub column: String,
    /// The row of the window.
    pub row: i16,
}

impl ChipCell {
    fn new(circuit: &Circuit, chip: &ChipDef, cell: Cell) -> Self {
        Self { chip: chip.name, column: circuit.main[usize::from(cell.column)].clone(), row: cell.rotation }
    }
}

impl fmt::Display for ChipCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in row {}", self.column, self.row)
    }
}

/// A field of a message that a chip may say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// The chip.
    pub chip: &'static str,
    /// The message's slot.
    pub slot: String,
    /// The field of the message; none if it is a choice whether to send it.
    pub field: Option<String>,
    /// The row of the window.
    pub row: i16,
}

impl Choice {
    /// The field, or `whether`.
    fn field(&self) -> &str {
        self.field.as_deref().unwrap_or("whether")
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} in row {}", self.slot, self.field(), self.row)
    }
}

/// What the audit of one circuit found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Every constraint of every chip that has a window, with whether a change needs it.
    pub constraints: BTreeMap<(&'static str, String), bool>,
    /// Cells that change what a window says although it hears the same.
    pub open: BTreeSet<ChipCell>,
    /// What several cells together change of what a window says although it hears the same.
    pub choices: BTreeSet<Choice>,
    /// Every cell, with whether anything ever noticed a change of it.
    pub noticed: BTreeMap<ChipCell, bool>,
    /// How many windows of each chip were looked at.
    pub windows: BTreeMap<&'static str, usize>,
    /// How many cells were changed.
    pub cells: usize,
}

impl Audit {
    /// How many constraints some change needs.
    pub fn needed(&self) -> usize {
        self.constraints.values().filter(|needed| **needed).count()
    }

    /// The constraints that no change needs.
    pub fn redundant(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.constraints.iter().filter(|(_, needed)| !**needed).map(|(label, _)| label)
    }

    /// The cells whose changes nothing ever noticed.
    pub fn idle(&self) -> impl Iterator<Item = &ChipCell> {
        self.noticed.iter().filter(|(_, noticed)| !**noticed).map(|(cell, _)| cell)
    }

    /// The chips that no window was seen of.
    pub fn unseen(&self) -> impl Iterator<Item = &'static str> {
        self.windows.iter().filter(|(_, windows)| **windows == 0).map(|(chip, _)| *chip)
    }
}

/// Audits up to `sample` windows of every chip of a filled shard, spread over all of them: [`Audit::survey`], then
/// [`Audit::search`].
pub fn audit(grid: &mut Grid, sample: usize) -> Audit {
    let mut audit = Audit::default();
    audit.survey(grid, sample);
    audit.search(grid, sample);
    audit
}

/// Up to `sample` windows of a chip, spread over all of them.
fn windows(grid: &Grid, chip: usize, sample: usize) -> Vec<usize> {
    let rows: Vec<usize> = grid.windows.iter().filter(|window| window.chip == chip).map(|window| window.row).collect();
    let step = rows.len().div_ceil(sample.max(1)).max(1);
    rows.into_iter().step_by(step).collect()
}
