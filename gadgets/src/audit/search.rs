//! Several cells together.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::forge::{Changes, Goal, Start};
use super::model::{Model, Subject};
use super::neighbours::{Effects, Readers};
use super::random::Random;
use super::{Audit, ChipCell, Choice, windows};
use crate::chip::ChipDef;
use crate::circuit::Selector;
use crate::expr::Cell;
use crate::grid::Grid;

/// How often the search tries to violate a constraint alone, at least.
const ATTEMPTS: usize = 16_000;

/// How often in each window, on average, where there are many.
const ATTEMPTS_PER_WINDOW: usize = 12_000;

/// How often it looks for choices in the windows of a chip.
const CHOICES: usize = 3000;

/// How often it tries to make a change of an idle cell matter.
const MOVES: usize = 2000;

/// The greatest number of windows at fixed rows that are searched: each is a model of its own.
const FIXED_WINDOWS: usize = 16;

/// Windows of a chip, ready to be searched.
struct Ground<'g> {
    grid: &'g Grid,
    chip: usize,
    readers: Readers,
    models: Vec<Model>,
    /// For each window its row, and its model.
    windows: Vec<(usize, usize)>,
}

impl Audit {
    /// Changes several cells together, in up to `sample` windows of every chip: for every constraint that is not known to be
    /// needed, for every cell that no survey saw noticed, and for choices.
    pub fn search(&mut self, grid: &Grid, sample: usize) {
        let circuit = &grid.circuit;
        let found: Vec<_> = (0..circuit.chips.len())
            .into_par_iter()
            .filter_map(|chip| {
                let ground = Ground::new(grid, chip, sample)?;
                let starts = ground.starts();
                let (undecided, idle) = (self.undecided(&circuit.chips[chip]), self.idle_cells(grid, chip));
                let violated = |index: &usize| ground.is_violated_alone(*index, &starts);
                let noticed = |(_, cell): &(ChipCell, Cell)| ground.is_noticed(*cell, &starts);
                let needed: Vec<usize> = undecided.into_par_iter().filter(violated).collect();
                let noticed: Vec<_> = idle.into_par_iter().filter(noticed).collect();
                Some((chip, needed, noticed, ground.choices(&starts)))
            })
            .collect();
        for (chip, needed, noticed, choices) in found {
            let chip = &circuit.chips[chip];
            for index in needed {
                self.constraints.insert((chip.name, chip.constraints[index].label.clone()), true);
            }
            self.noticed.extend(noticed.into_iter().map(|(name, _)| (name, true)));
            self.choices.extend(choices);
        }
    }

    /// The cells of a chip that nothing has noticed yet.
    fn idle_cells(&self, grid: &Grid, chip: usize) -> Vec<(ChipCell, Cell)> {
        let chip = &grid.circuit.chips[chip];
        let cells = chip.cells.iter().map(|cell| (ChipCell::new(&grid.circuit, chip, *cell), *cell));
        cells.filter(|(name, _)| self.noticed.get(name) == Some(&false)).collect()
    }

    /// The constraints of a chip that are not known to be needed.
    fn undecided(&self, chip: &ChipDef) -> Vec<usize> {
        let needed = |index: &usize| {
            let label = (chip.name, chip.constraints[*index].label.clone());
            self.constraints.get(&label).copied().unwrap_or_default()
        };
        (0..chip.constraints.len()).filter(|index| !needed(index)).collect()
    }
}

impl<'g> Ground<'g> {
    /// None if the chip has no window.
    fn new(grid: &'g Grid, chip: usize, sample: usize) -> Option<Self> {
        let readers = Readers::new(&grid.circuit);
        let fixed = matches!(grid.circuit.chips[chip].selector, Selector::Fixed(_));
        let rows = windows(grid, chip, if fixed { sample.min(FIXED_WINDOWS) } else { sample });
        let first = *rows.first()?;
        let (models, windows) = if fixed {
            let models = rows.iter().map(|row| Model::new(grid, (chip, *row), &readers)).collect();
            (models, rows.into_iter().enumerate().map(|(model, row)| (row, model)).collect())
        } else {
            (vec![Model::new(grid, (chip, first), &readers)], rows.into_iter().map(|row| (row, 0)).collect())
        };
        Some(Self { grid, chip, readers, models, windows })
    }

    /// The honest windows, each with its row.
    fn starts(&self) -> Vec<(usize, Start<'_>)> {
        let start = |(row, model): &(usize, usize)| {
            let model = &self.models[*model];
            (*row, Start::new(model, model.read(self.grid, *row)))
        };
        self.windows.iter().map(start).collect()
    }

    /// Whether some window violates the constraint alone.
    fn is_violated_alone(&self, index: usize, starts: &[(usize, Start<'_>)]) -> bool {
        let goal = Goal::Violate(self.chip, index);
        let mut random = Random::new(index as u64);
        let targets: Vec<_> = starts.iter().map(|(_, start)| start.targets(&goal)).collect();
        (0..ATTEMPTS.max(ATTEMPTS_PER_WINDOW * starts.len())).any(|attempt| {
            let window = attempt % starts.len();
            let (row, start) = &starts[window];
            let found = start.attempt(&goal, &targets[window], &mut random);
            found.is_some_and(|changes| self.others_hold(start.model, *row, &changes, Some(index)))
        })
    }

    /// What the changes do to the windows that share cells with this one.
    fn effects(&self, model: &Model, row: usize, changes: &Changes) -> Effects {
        let position = |(cell, value): (&usize, &_)| (model.position(self.grid, *cell, row), *value);
        let changes: BTreeMap<_, _> = changes.iter().map(position).collect();
        self.readers.effects(self.grid, (self.chip, row), &changes)
    }

    /// Whether the windows that share cells with this one hold as well, but for the constraint that is violated.
    fn others_hold(&self, model: &Model, row: usize, changes: &Changes, violated: Option<usize>) -> bool {
        let failing = self.effects(model, row, changes).failing;
        failing.iter().all(|(chip, index)| *chip == self.chip && Some(*index) == violated)
    }

    fn others_hear(&self, model: &Model, row: usize, changes: &Changes) -> bool {
        self.effects(model, row, changes).hears
    }

    /// Whether in some window that holds somebody notices a change of the cell.
    fn is_noticed(&self, cell: Cell, starts: &[(usize, Start<'_>)]) -> bool {
        let mut random = Random::new(u64::from(cell.column));
        (0..MOVES).any(|attempt| {
            let (row, start) = &starts[attempt % starts.len()];
            let variable = start.model.variable(self.grid, cell, *row);
            let found = variable.and_then(|variable| start.attempt_to_notice(variable, &mut random));
            found.is_some_and(|changes| self.others_hold(start.model, *row, &changes, None))
        })
    }

    /// What the windows may say otherwise although they hear the same.
    fn choices(&self, starts: &[(usize, Start<'_>)]) -> BTreeSet<Choice> {
        let mut random = Random::new(u64::MAX);
        let targets: Vec<_> = starts.iter().map(|(_, start)| start.targets(&Goal::Choose)).collect();
        let mut choices = BTreeSet::new();
        for attempt in 0..CHOICES {
            let window = attempt % starts.len();
            let (row, start) = &starts[window];
            let Some(changes) = start.attempt(&Goal::Choose, &targets[window], &mut random) else { continue };
            if self.others_hold(start.model, *row, &changes, None) && !self.others_hear(start.model, *row, &changes) {
                choices.extend(start.said(&changes).into_iter().filter_map(|subject| self.name(subject)));
            }
        }
        choices
    }

    /// The name of something said.
    fn name(&self, subject: &Subject) -> Option<Choice> {
        let Subject::Said(index, field) = subject else { return None };
        let chip = &self.grid.circuit.chips[self.chip];
        let message = &chip.messages[*index];
        let slot = &self.grid.circuit.slots[message.slot];
        let field = field.map(|field| slot.names[field].clone());
        Some(Choice { chip: chip.name, slot: slot.name.clone(), field, row: message.row })
    }
}
