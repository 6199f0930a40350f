//! Checking without proving: every constraint on every row, by name.

use rayon::prelude::*;

use crate::bus::origin;
use crate::circuit::{ACTIVE, Constraint, Selector};
use crate::expr::F;
use crate::grid::Grid;
use crate::program::{BATCH, Program, Scratch};

/// A constraint that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The circuit.
    pub circuit: &'static str,
    /// The chip, or `dispatch` for the constraints on selectors.
    pub chip: &'static str,
    /// The constraint's label.
    pub label: String,
    /// The row in the shard.
    pub row: usize,
    /// What the window was filled from.
    pub origin: u64,
    /// What should have been zero.
    pub value: F,
}

/// The outcome of a check of one shard.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Everything that does not hold.
    pub failures: Vec<Failure>,
    /// How many constraints were evaluated.
    pub evaluated: u64,
}

impl Report {
    /// Adds what `other` found.
    pub fn merge(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.evaluated += other.evaluated;
    }
}

/// Evaluates every local constraint of a shard, whatever its windows claim: the selectors in the cells decide.
pub fn check(grid: &Grid) -> Report {
    let circuit = &grid.circuit;
    let dispatch = Program::new(circuit.dispatch.iter().map(|c| &c.expr));
    let edges = Program::new(circuit.edges.iter().map(|c| &c.expr));
    let chunk = 1 << 12;
    let usable = grid.rows().usable;
    let reports: Vec<Report> = (0..usable.div_ceil(chunk))
        .into_par_iter()
        .map(|index| {
            let range = index * chunk..usable.min((index + 1) * chunk);
            let mut part = Part { grid, scratch: Scratch::default(), report: Report::default() };
            let active = grid.selected(Selector::Fixed(ACTIVE), range.clone());
            part.evaluate("dispatch", &circuit.dispatch, &dispatch, &active);
            if let Some(edge) = circuit.edge {
                part.evaluate("dispatch", &circuit.edges, &edges, &grid.selected(Selector::Fixed(edge), range.clone()));
            }
            for chip in &circuit.chips {
                let mut rows = grid.selected(chip.selector, range.clone());
                rows.retain(|row| grid.fixed[ACTIVE][*row] != F::zero());
                part.evaluate(chip.name, &chip.constraints, &chip.program, &rows);
            }
            part.report.failures.sort_by_key(|failure| failure.row);
            part.report
        })
        .collect();
    reports.into_iter().fold(Report::default(), |mut all, part| {
        all.merge(part);
        all
    })
}

/// Some rows of a shard.
struct Part<'g> {
    grid: &'g Grid,
    scratch: Scratch,
    report: Report,
}

impl Part<'_> {
    fn evaluate(&mut self, chip: &'static str, constraints: &[Constraint], program: &Program, rows: &[usize]) {
        if constraints.is_empty() {
            return;
        }
        self.report.evaluated += (constraints.len() * rows.len()) as u64;
        for rows in rows.chunks(BATCH) {
            let values = program.run_batch(self.grid, rows, 0, &mut self.scratch);
            for (index, row) in rows.iter().enumerate() {
                for (constraint, value) in constraints.iter().zip(values.row(index)) {
                    if *value == F::zero() {
                        continue;
                    }
                    self.report.failures.push(Failure {
                        circuit: self.grid.circuit.name,
                        chip,
                        label: constraint.label.clone(),
                        row: *row,
                        origin: origin(self.grid, *row),
                        value: *value,
                    });
                }
            }
        }
    }
}
