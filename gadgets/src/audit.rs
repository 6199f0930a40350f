//! The audit: what would go unnoticed if a constraint were missing, and which cells nobody constrains.
//!
//! Both questions are asked of honest windows, one cell at a time. A cell is changed, and the cells that follow from it are
//! filled anew or left alone. Then
//! - if no constraint fails, and the window sends or provides something else although it receives and consumes the same,
//!   the cell is *open*: the inputs do not determine the outputs, and a prover may choose;
//! - if no constraint fails and no message changes, in any window of the chip, the cell is *idle*: nothing ever reads it;
//! - if exactly one constraint fails, that constraint is *needed*: the others do not imply it, and without it a prover could
//!   make this change wherever the messages of the change find partners.
//!
//! A constraint for which no such change is found is reported: it is redundant, or no event of the block shows its use, or it
//! takes more than one change, which is for a test of its own to make.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::arithmetic::Field;

use crate::chip::{ChipDef, Derive, Role};
use crate::expr::{Cell, F};
use crate::grid::{Grid, Window};
use crate::program::Scratch;

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

/// What the audit of one circuit found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Every constraint of every chip that has a window, with whether a test needs it.
    pub constraints: BTreeMap<(&'static str, String), bool>,
    /// Cells that change what a window says although it hears the same.
    pub open: BTreeSet<ChipCell>,
    /// Every cell, with whether anything ever noticed a change of it.
    pub noticed: BTreeMap<ChipCell, bool>,
    /// How many windows were looked at.
    pub windows: usize,
    /// How many cells were changed.
    pub cells: usize,
}

impl Audit {
    /// How many constraints some test needs.
    pub fn needed(&self) -> usize {
        self.constraints.values().filter(|needed| **needed).count()
    }

    /// The constraints that no test needs.
    pub fn redundant(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.constraints.iter().filter(|(_, needed)| !**needed).map(|(label, _)| label)
    }

    /// The cells whose changes nothing ever noticed.
    pub fn idle(&self) -> impl Iterator<Item = &ChipCell> {
        self.noticed.iter().filter(|(_, noticed)| !**noticed).map(|(cell, _)| cell)
    }

    /// Adds what `other` found.
    pub fn merge(&mut self, other: Self) {
        for (label, needed) in other.constraints {
            *self.constraints.entry(label).or_default() |= needed;
        }
        for (cell, noticed) in other.noticed {
            *self.noticed.entry(cell).or_default() |= noticed;
        }
        self.open.extend(other.open);
        self.windows += other.windows;
        self.cells += other.cells;
    }
}

/// What can be seen of a window from outside: slots, multiplicities and tuples.
#[derive(Debug, Default, PartialEq, Eq)]
struct View {
    /// What it receives and consumes.
    hears: Vec<(usize, F, Vec<F>)>,
    /// What it sends and provides; not how often it provides.
    says: Vec<(usize, F, Vec<F>)>,
    /// How often it provides: the bus notices.
    provides: Vec<F>,
}

/// Audits up to `sample` windows of every chip of a filled shard, spread over all of them.
pub fn audit(grid: &mut Grid, sample: usize) -> Audit {
    let mut audit = Audit::default();
    let circuit = std::sync::Arc::clone(&grid.circuit);
    for (index, chip) in circuit.chips.iter().enumerate() {
        let windows: Vec<Window> = grid.windows.iter().copied().filter(|window| window.chip == index).collect();
        if windows.is_empty() {
            continue;
        }
        for constraint in &chip.constraints {
            audit.constraints.entry((chip.name, constraint.label.clone())).or_default();
        }
        let step = windows.len().div_ceil(sample.max(1)).max(1);
        for window in windows.iter().step_by(step) {
            audit_window(grid, chip, window.row, &mut audit);
        }
    }
    audit
}

fn audit_window(grid: &mut Grid, chip: &ChipDef, row: usize, audit: &mut Audit) {
    audit.windows += 1;
    let mut scratch = Scratch::default();
    let before = view(grid, chip, row, &mut scratch);
    let owned: Vec<(Cell, F)> = chip.cells.iter().map(|cell| (*cell, grid.read(*cell, row))).collect();
    for (cell, value) in &owned {
        audit.cells += 1;
        for change in [F::ONE, -F::ONE, -*value, F::from(0x1234_5678_9abc_def1)] {
            if bool::from(change.is_zero()) {
                continue;
            }
            for rederive in [false, true] {
                grid.write(*cell, row, *value + change);
                if rederive {
                    derive_others(grid, chip, row, *cell);
                }
                let failing = failing(grid, chip, row, &mut scratch);
                let now = view(grid, chip, row, &mut scratch);
                judge(grid, chip, *cell, (&failing, &before, &now), audit);
                owned.iter().for_each(|(cell, value)| grid.write(*cell, row, *value));
            }
        }
    }
}

fn judge(grid: &Grid, chip: &ChipDef, cell: Cell, seen: (&[usize], &View, &View), audit: &mut Audit) {
    let (failing, before, now) = seen;
    let column = grid.circuit.main[usize::from(cell.column)].clone();
    let name = ChipCell { chip: chip.name, column, row: cell.rotation };
    let noticed = !failing.is_empty() || before != now;
    *audit.noticed.entry(name.clone()).or_default() |= noticed;
    match failing {
        [] if before.hears == now.hears && before.says != now.says => {
            audit.open.insert(name);
        }
        [only] => {
            audit.constraints.insert((chip.name, chip.constraints[*only].label.clone()), true);
        }
        _ => {}
    }
}

/// Fills again what follows from other cells, but for `cell` itself.
fn derive_others(grid: &mut Grid, chip: &ChipDef, row: usize, cell: Cell) {
    for derive in &chip.derived {
        let targets: BTreeSet<Cell> = match derive {
            Derive::Equal(target, _)
            | Derive::Inverse(target, _)
            | Derive::IsZero(target, _)
            | Derive::Less(target, _, _) => [*target].into(),
            Derive::Limbs16(targets, _) => targets.iter().copied().collect(),
        };
        if !targets.contains(&cell) {
            grid.derive(derive, row);
        }
    }
}

fn failing(grid: &Grid, chip: &ChipDef, row: usize, scratch: &mut Scratch) -> Vec<usize> {
    let values = chip.program.run(grid, row, scratch);
    values.enumerate().filter(|(_, value)| !bool::from(value.is_zero())).map(|(index, _)| index).collect()
}

fn view(grid: &Grid, chip: &ChipDef, row: usize, scratch: &mut Scratch) -> View {
    let multiplicities: Vec<F> = chip.multiplicities.run(grid, row, scratch).collect();
    let mut view = View::default();
    for (message, multiplicity) in chip.messages.iter().zip(multiplicities) {
        let at = row + message.row as usize;
        let program = &grid.circuit.slot_programs[message.slot];
        let silent = bool::from(multiplicity.is_zero()) && message.role != Role::Provide;
        let tuple = if silent { Vec::new() } else { program.run(grid, at, scratch).collect() };
        match message.role {
            Role::Receive | Role::Consume => view.hears.push((message.slot, multiplicity, tuple)),
            Role::Send => view.says.push((message.slot, multiplicity, tuple)),
            Role::Provide => {
                view.says.push((message.slot, F::ONE, tuple));
                view.provides.push(multiplicity);
            }
        }
    }
    view
}
