//! One cell at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;

use super::neighbours::{Effects, Readers, row_of};
use super::view::{View, view};
use super::{Audit, ChipCell, windows};
use crate::chip::ChipDef;
use crate::circuit::Selector;
use crate::expr::{Cell, F};
use crate::grid::Grid;
use crate::program::Scratch;

/// A window under survey.
struct Subject<'c> {
    chip: &'c ChipDef,
    index: usize,
    row: usize,
    /// Its cells, with their honest values.
    owned: Vec<(Cell, F)>,
    before: View,
    readers: &'c Readers,
}

impl Audit {
    /// Changes one cell at a time of up to `sample` windows of every chip. The grid is the same afterwards.
    pub fn survey(&mut self, grid: &mut Grid, sample: usize) {
        let circuit = Arc::clone(&grid.circuit);
        let readers = Readers::new(&circuit);
        let mut scratch = Scratch::default();
        for (index, chip) in circuit.chips.iter().enumerate() {
            let windows = windows(grid, index, sample);
            *self.windows.entry(chip.name).or_default() += windows.len();
            if windows.is_empty() {
                continue;
            }
            for constraint in &chip.constraints {
                self.constraints.entry((chip.name, constraint.label.clone())).or_default();
            }
            for row in windows {
                let before = view(&circuit, chip, row, |cell, row| grid.read(cell, row), &mut scratch);
                let owned = chip.cells.iter().map(|cell| (*cell, grid.read(*cell, row))).collect();
                let subject = Subject { chip, index, row, owned, before, readers: &readers };
                subject.survey(grid, self);
            }
        }
    }
}

impl Subject<'_> {
    fn survey(&self, grid: &mut Grid, audit: &mut Audit) {
        let mut scratch = Scratch::default();
        for (cell, value) in &self.owned {
            audit.cells += 1;
            for change in [F::ONE, -F::ONE, -*value, F::from(0x1234_5678_9abc_def1)] {
                if bool::from(change.is_zero()) {
                    continue;
                }
                for rederive in [false, true] {
                    grid.write(*cell, self.row, *value + change);
                    if rederive {
                        self.derive_others(grid, *cell);
                    }
                    let (failing, now) = (self.failing(grid, &mut scratch), self.view(grid, &mut scratch));
                    let changes = self.restore(grid);
                    self.judge(grid, *cell, &failing, &now, &changes, audit);
                }
            }
        }
    }

    /// Fills again what follows from other cells, but for `cell` itself.
    fn derive_others(&self, grid: &mut Grid, cell: Cell) {
        for derive in &self.chip.derived {
            for (target, value) in derive.values(|expr| grid.evaluate(expr, self.row)) {
                if target != cell {
                    grid.write(target, self.row, value);
                }
            }
        }
    }

    fn failing(&self, grid: &Grid, scratch: &mut Scratch) -> Vec<usize> {
        let values = self.chip.program.run(grid, self.row, scratch);
        values.enumerate().filter(|(_, value)| !bool::from(value.is_zero())).map(|(index, _)| index).collect()
    }

    fn view(&self, grid: &Grid, scratch: &mut Scratch) -> View {
        view(&grid.circuit, self.chip, self.row, |cell, row| grid.read(cell, row), scratch)
    }

    /// Puts the honest values back, and answers what was there instead.
    fn restore(&self, grid: &mut Grid) -> Vec<(Cell, F)> {
        let mut changes = Vec::new();
        for (cell, honest) in &self.owned {
            let value = grid.read(*cell, self.row);
            if value != *honest {
                changes.push((*cell, value));
                grid.write(*cell, self.row, *honest);
            }
        }
        changes
    }

    fn judge(&self, grid: &Grid, cell: Cell, failing: &[usize], now: &View, changes: &[(Cell, F)], audit: &mut Audit) {
        let name = ChipCell::new(&grid.circuit, self.chip, cell);
        let noticed = audit.noticed.entry(name.clone()).or_default();
        *noticed |= !failing.is_empty() || self.before != *now;
        let (hears, says) = (self.before.hears != now.hears, self.before.says != now.says);
        let label = |index: usize| (self.chip.name, self.chip.constraints[index].label.clone());
        let undecided = match failing {
            [] => !*noticed || (!hears && says),
            [only] => !audit.constraints[&label(*only)],
            _ => false,
        };
        if !undecided {
            return;
        }
        let effects = self.effects(grid, changes);
        *noticed |= !effects.failing.is_empty() || effects.hears || effects.says;
        match failing {
            [] if effects.failing.is_empty() && !hears && !effects.hears && (says || effects.says) => {
                audit.open.insert(name);
            }
            [only] if effects.failing.iter().all(|constraint| *constraint == (self.index, *only)) => {
                audit.constraints.insert(label(*only), true);
            }
            _ => {}
        }
    }

    fn effects(&self, grid: &Grid, changes: &[(Cell, F)]) -> Effects {
        if matches!(self.chip.selector, Selector::Main(_)) {
            return Effects::default();
        }
        let position = |(cell, value): &(Cell, F)| ((cell.column, row_of(grid, *cell, self.row)), *value);
        let changes: BTreeMap<_, _> = changes.iter().map(position).collect();
        self.readers.effects(grid, (self.index, self.row), &changes)
    }
}
