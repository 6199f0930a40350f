//! Which other windows a change of a window's cells touches.
//!
//! Windows that a main column selects share no cell. Those at fixed rows do.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::arithmetic::Field;

use super::view::{View, view};
use crate::circuit::{Circuit, Selector};
use crate::expr::{Area, Cell, F};
use crate::grid::Grid;
use crate::program::Scratch;

/// A cell of a grid: main column and row.
pub(super) type Position = (u16, usize);

/// A window of a grid: its chip and its first row.
pub(super) type Spot = (usize, usize);

/// Where a cell lies in a grid, as seen from `row`.
pub(super) fn row_of(grid: &Grid, cell: Cell, row: usize) -> usize {
    row.wrapping_add_signed(cell.distance(grid.k) as isize) & (grid.rows().total - 1)
}

/// For each main column, the chips at fixed rows that read it.
#[derive(Debug)]
pub(super) struct Readers {
    columns: Vec<Vec<(usize, Cell)>>,
}

/// What a change does to other windows.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The constraints that fail, by chip and index.
    pub(super) failing: BTreeSet<(usize, usize)>,
    /// Whether any of them hears anything else.
    pub(super) hears: bool,
    /// Whether any of them says anything else.
    pub(super) says: bool,
}

impl Readers {
    /// The readers of a circuit's cells.
    pub(super) fn new(circuit: &Circuit) -> Self {
        let mut columns = vec![Vec::new(); circuit.main.len()];
        for (index, chip) in circuit.chips.iter().enumerate() {
            if matches!(chip.selector, Selector::Fixed(_)) {
                chip.cells.iter().for_each(|cell| columns[usize::from(cell.column)].push((index, *cell)));
            }
        }
        Self { columns }
    }

    /// The windows at fixed rows that read any of these cells.
    pub(super) fn of(&self, grid: &Grid, cells: impl IntoIterator<Item = Position>) -> BTreeSet<Spot> {
        let mut spots = BTreeSet::new();
        for (column, at) in cells {
            for (chip, cell) in &self.columns[usize::from(column)] {
                let row = at.wrapping_add_signed(-(cell.distance(grid.k) as isize)) & (grid.rows().total - 1);
                if !bool::from(grid.evaluate(&grid.circuit.chips[*chip].selector.expr(), row).is_zero()) {
                    spots.insert((*chip, row));
                }
            }
        }
        spots
    }

    /// What `changes` do to the windows other than `own`.
    pub(super) fn effects(&self, grid: &Grid, own: Spot, changes: &BTreeMap<Position, F>) -> Effects {
        let mut effects = Effects::default();
        let mut scratch = Scratch::default();
        let spots = self.of(grid, changes.keys().copied());
        for (index, row) in spots.into_iter().filter(|spot| *spot != own) {
            let chip = &grid.circuit.chips[index];
            let honest = |cell: Cell, row: usize| grid.read(cell, row);
            let changed = |cell: Cell, row: usize| {
                let position = (cell.column, row_of(grid, cell, row));
                let change = changes.get(&position).filter(|_| cell.area == Area::Main);
                change.copied().unwrap_or_else(|| grid.read(cell, row))
            };
            let values = chip.program.values(|cell| changed(cell, row), &mut scratch);
            let failing = values.enumerate().filter(|(_, value)| !bool::from(value.is_zero()));
            effects.failing.extend(failing.map(|(constraint, _)| (index, constraint)));
            let before: View = view(&grid.circuit, chip, row, honest, &mut scratch);
            let after = view(&grid.circuit, chip, row, changed, &mut scratch);
            effects.hears |= before.hears != after.hears;
            effects.says |= before.says != after.says || before.provides != after.provides;
        }
        effects
    }
}
